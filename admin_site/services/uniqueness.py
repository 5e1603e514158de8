"""Whether a record would collide with another one, asked before it is stored; the flush stays the judge."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, false, literal, not_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import UnmappedColumnError
from sqlalchemy.sql import visitors

from admin_site.descriptions import Description
from admin_site.descriptions.rules import Unique
from admin_site.services.constraints import TAKEN, TAKEN_TOGETHER
from admin_site.services.judgement import UNKNOWN, judge

State = Mapping[str, Any]


def collisions(
    session: Session, description: Description, record: Any, state: State, changed: Collection[str]
) -> dict[str, str]:
    """Return what is taken, by the fields that were `changed`.

    `record` is the stored one that the values are for, None for a new one; `state` is what it would hold by
    field, as in services.rules. Each key, UNIQUE constraint and unique index over a changed field costs one
    query; one that needs a value which is not known is left to the database.
    """
    errors: dict[str, str] = {}
    for unique in description.uniques:
        blamed = [name for name in unique.fields if name in changed]
        if blamed and _is_taken(session, description, record, unique, state):
            words = TAKEN if len(unique.fields) == 1 else TAKEN_TOGETHER
            errors |= {name: words for name in blamed if name not in errors}
    return errors


def _is_taken(session: Session, description: Description, record: Any, unique: Unique, state: State) -> bool:
    values = [state.get(name, UNKNOWN) for name in unique.fields]
    if UNKNOWN in values or (None in values and not unique.nulls_are_equal):
        return False
    fields = {field.name: field for field in description.fields}
    # Where the index is only about some rows, this must surely be one of them.
    if unique.where is not None and not unique.conditions:
        return False
    if any(judge(condition, state, fields) is not True for condition in unique.conditions):
        return False
    others = [*_alike(description, unique, state), *_others(description, record, unique.table)]
    if unique.where is not None:
        others.append(unique.where)  # type: ignore[arg-type]
    asked = select(literal(1)).select_from(unique.table).where(and_(*others)).limit(1)
    with session.no_autoflush:
        return session.execute(asked).first() is not None


def _alike(description: Description, unique: Unique, state: State) -> Iterator[ColumnElement[bool]]:
    """Yield that a row has the same in each part of a key, computed by the database as the key is."""
    names = {description.field(name).column: name for name in unique.fields}

    def value_of(element: Any, **_: Any) -> Any:
        is_column = element in names
        return bindparam(None, state[names[element]], type_=element.type) if is_column else None

    for expression in unique.expressions:
        wanted = visitors.replacement_traverse(expression, {}, value_of)
        yield expression.is_not_distinct_from(wanted) if unique.nulls_are_equal else expression == wanted


def _others(description: Description, record: Any, table: Table) -> Iterator[ColumnElement[bool]]:
    """Yield that a row is not the one of the record itself."""
    if record is None:
        return
    # Each table of an inherited class has a key of its own, which may be called as it likes.
    mapper = description.mapper
    try:
        names = {column: mapper.get_property_by_column(column).key for column in table.primary_key}
    except UnmappedColumnError:
        yield false()  # nobody can tell its rows apart: the database will
        return
    own = [column == getattr(record, name) for column, name in names.items()]
    if own:
        yield not_(and_(*own))
