"""All rows of a list, one after the other in its order, in memory that does not grow with them.

Two ways lead through the list. `tuples` reads plain columns, and of related records the one column that names
them, without making a record of any row; it is what most lists need and about as quick as a cursor used
by hand. `records` gives records with their labels as a page has them, for what only a record can tell:
properties, labels that are anyone's code, how many relatives there are.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Select, select
from sqlalchemy.exc import DataError, DBAPIError, StatementError
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.types import Uuid

from admin_site.descriptions import Description, Field
from admin_site.descriptions.labels import MAX_LABEL
from admin_site.errors import BadRequest
from admin_site.keys import encode_key
from admin_site.listing.counting import count_related
from admin_site.listing.defaults import LABEL
from admin_site.listing.keyset import segments
from admin_site.listing.limits import restart_clock
from admin_site.listing.listings import Listing
from admin_site.listing.loading import options_for, settle
from admin_site.listing.orders import naming_field
from admin_site.listing.pages import Page
from admin_site.listing.paths import Path, foreign_key, resolve
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import dialect_of, narrowed
from admin_site.listing.untyped import untyped

FIRST = 100  # rows of the first part, which somebody is waiting for
SIZE = 500  # of the others
RECORDS = 500  # at a time, where records are made

_UNREADABLE = "The database cannot read a value in this address."

Columns = Sequence[Sequence[Any]]  # some rows, as the values of each column

Read = Callable[..., Any]  # one value of a row from what was selected for it
_Joins = dict[str, tuple[Any, Any]]  # by the way there: the relation to join, and the alias it ends in


@dataclass(frozen=True)
class _Source:
    """What is selected for one column, and what makes its value of that; None: it is the value."""

    expressions: tuple[Any, ...]
    read: Read | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """How to read some columns of a list without its records."""

    sources: tuple[_Source, ...]
    joins: tuple[Any, ...]


def snapshot(session: Session, listing: Listing) -> None:
    """Let a new session see the database as it is now until its transaction ends, and write nothing.

    So a list that takes minutes to read holds each row once, however people go on working. In SQLite every
    transaction is like that.
    """
    if dialect_of(session, listing) == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        session.connection(bind_arguments={"mapper": listing.description.mapper}, execution_options=options)


def interrupter(session: Session, listing: Listing) -> Callable[[], None]:
    """Return what stops, from another thread, the statement that the session waits for."""
    connection = session.connection(bind_arguments={"mapper": listing.description.mapper})
    driver: Any = connection.connection.driver_connection
    stop: Callable[[], None] = driver.interrupt if connection.dialect.name == "sqlite" else driver.cancel
    return stop


def plan(listing: Listing, names: Sequence[str], *, raw: bool = False) -> Plan | None:
    """Return how to read the columns, or None when that takes records.

    Of a related record it is the label that is read or, `raw`, the key, as it stands in addresses where it
    has several parts.
    """
    joins: _Joins = {}
    sources = []
    for name in names:
        source = _source(listing, name, joins, raw=raw)
        if source is None:
            return None
        sources.append(source)
    return Plan(tuple(sources), tuple(relation for relation, _ in joins.values()))


def tuples(session: Session, listing: Listing, query: ListQuery, plan: Plan) -> Iterator[Columns]:
    """Yield the planned columns of all rows `query` finds, whatever page it is on.

    The first part is small. Raises BadRequest when the database cannot read a value in the query.
    """
    selected = [expression for source in plan.sources for expression in source.expressions]
    statement: Select[Any] = select(*selected).select_from(listing.description.model)
    for relation in plan.joins:
        statement = statement.outerjoin(relation)
    size = FIRST
    for each in _segments(session, listing, query, statement):
        with _translated():
            result = _execute(session, listing, each)
        while rows := _fetched(result, size):
            yield list(_columns(plan, rows))
            size = SIZE


def records(session: Session, listing: Listing, query: ListQuery, columns: Sequence[str]) -> Iterator[Page]:
    """Yield all records `query` finds, some at a time, loaded and labelled as on a page of `columns`.

    The session forgets those of a page that nobody holds any more. Raises BadRequest when the database cannot
    read a value in the query.
    """
    description = listing.description
    relations = [item for item in description.relations if item.many and item.name in columns]
    statement: Select[Any] = select(description.model).options(*options_for(listing, columns))
    for each in _segments(session, listing, query, statement):
        with _translated():
            result = session.execute(each, execution_options={"yield_per": RECORDS})
        parts = result.scalars().partitions()
        while found := _next(parts):
            yield Page(
                rows=found,
                before=None,
                after=None,
                start=None,
                labels=settle(session, listing, found, columns),
                counts=count_related(session, listing, relations, found),
            )


def _segments(
    session: Session, listing: Listing, query: ListQuery, statement: Select[Any]
) -> Iterator[Select[Any]]:
    """Yield the statements that one after the other read the whole list in its order."""
    joined = query.order.join(narrowed(statement, listing, query))
    for segment in segments(query.order, None, dialect_of(session, listing), backward=False):
        yield joined.where(*segment.conditions).order_by(*segment.order_by)


def _execute(session: Session, listing: Listing, statement: Select[Any]) -> CursorResult[Any]:
    """Run a statement of columns on the session's connection: its rows need nothing of what an ORM does."""
    restart_clock(session)
    connection = session.connection(bind_arguments={"mapper": listing.description.mapper})
    options = {"stream_results": True, "max_row_buffer": SIZE}
    return connection.execute(statement, execution_options=options)


def _fetched(rows: CursorResult[Any], size: int) -> Sequence[Any]:
    with _translated():
        return rows.fetchmany(size)


def _next(parts: Iterator[Sequence[Any]]) -> Sequence[Any]:
    with _translated():
        return next(parts, ())


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (DataError, OverflowError) as error:
        raise BadRequest(_UNREADABLE) from error
    except StatementError as error:
        if isinstance(error, DBAPIError):
            raise
        raise BadRequest(_UNREADABLE) from error  # a type could not turn a value into a parameter


def _columns(plan: Plan, rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    selected = list(zip(*rows, strict=True))
    place = 0
    for source in plan.sources:
        values = selected[place : place + len(source.expressions)]
        place += len(source.expressions)
        yield list(map(source.read, *values)) if source.read else values[0]


def _source(listing: Listing, name: str, joins: _Joins, *, raw: bool) -> _Source | None:
    if name == LABEL:
        return _label(listing.description, listing.description.model)
    try:
        path = resolve(listing.description, name)
    except KeyError:
        return None
    if not path.leads_to_one or listing.is_closed(path):
        return None
    if path.field is not None:
        return _value(path, path.field, joins)
    if raw:
        return _foreign_key(path, joins)
    return _label(path.end, _owner(path, joins)) if _has_label(path.end) else None


def _value(path: Path, field: Field, joins: _Joins) -> _Source | None:
    if field.column is None or field.secret or field.name not in path.end.mapper.column_attrs:
        return None
    return _Source((_light(field, getattr(_owner(path, joins), field.name)),))


def _foreign_key(path: Path, joins: _Joins) -> _Source:
    """Return what reads a related record's key without the record."""
    *before, last = path.relations
    owner = _owner(Path(path.name, path.start, tuple(before), None), joins)
    description, end = path.owners[-2], path.end
    names = foreign_key(description, last)
    if len(names) == 1:
        return _Source((_light(description.field(names[0]), getattr(owner, names[0])),))

    def read(*key: Any) -> str | None:
        return None if None in key else encode_key(end, key)

    return _Source(tuple(getattr(owner, name) for name in names), read)


def _has_label(description: Description) -> bool:
    """Whether one column tells what each record is called, also those of further classes in the table."""
    return bool(naming_field(description)) and len(list(description.mapper.self_and_descendants)) == 1


def _label(description: Description, owner: Any) -> _Source | None:
    """Return what reads the label of a record, or of nobody."""
    if not _has_label(description):
        return None
    naming = naming_field(description)
    key = [(description.field(name), getattr(owner, name)) for name in description.key]

    def read(value: Any, *key: Any) -> str | None:
        if key[0] is None:
            return None
        if type(value) is str and _is_label(value):
            return value
        return description.label_of(_transient(description, {naming: value, **_named(description, key)}))

    return _Source((getattr(owner, naming), *(_light(*pair) for pair in key)), read)


def _is_label(text: str) -> bool:
    """Whether a text is its own label: one line, nothing odd in it, not too long."""
    return 0 < len(text) <= MAX_LABEL and text.isprintable() and " ".join(text.split()) == text


def _named(description: Description, key: Sequence[Any]) -> dict[str, Any]:
    """Return the parts of a key by name; one that was read lightly is made what it should be."""
    parts = zip(description.key, key, strict=True)
    return {name: UUID(str(part)) if _is_light(description.field(name)) else part for name, part in parts}


def _transient(description: Description, values: dict[str, Any]) -> Any:
    """Return a record that is in no session and holds `values` alone."""
    record = description.mapper.class_manager.new_instance()
    for name, value in values.items():
        set_committed_value(record, name, value)
    return record


def _is_light(field: Field) -> bool:
    return isinstance(field.column_type, Uuid) and not field.is_decorated


def _light(field: Field, expression: Any) -> Any:
    """Return what reads a UUID as the driver has it: to make one of it takes longer than all the rest."""
    return untyped(expression) if _is_light(field) else expression


def _owner(path: Path, joins: _Joins) -> Any:
    """Return the class the end of a path is read from; a related one is joined, once, under an alias."""
    owner: Any = path.start.model
    way = ""
    for relation in path.relations:
        way += f".{relation.name}"
        if way not in joins:
            alias: Any = aliased(relation.target)
            joins[way] = getattr(owner, relation.name).of_type(alias), alias
        owner = joins[way][1]
    return owner
