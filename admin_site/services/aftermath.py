"""What else goes when records are deleted, made ready for the audit trail."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, Table, inspect, select
from sqlalchemy.orm import Mapper, PassiveFlag, RelationshipProperty, Session, lazyload, object_mapper
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import UnmappedColumnError

from admin_site.audit import Aftermath, is_recorded
from admin_site.services.large_families import leave_to_database
from admin_site.services.references import Effect, References
from admin_site.services.steps import Step, steps_of

MAX_LISTED = 1_000  # rows that are recorded one by one; of tables with more, the number is

_QUERIES = ("dynamic", "write_only")


def foresee(session: Session, records: Sequence[Any]) -> Aftermath:
    """Return what deleting records of one class does behind the back of the unit of work.

    Rows that the database deletes or clears by itself are loaded, to be recorded one by one: small tables
    first, and MAX_LISTED rows in all. What is left, and rows of tables without a mapper, are counted. Who the
    records were linked with is loaded too, unless they are many and the database removes the links itself;
    and so are rows that the unit of work deletes or clears, unless they are many and the database does that.
    """
    mapper = object_mapper(records[0])
    references = References(mapper)
    aftermath = Aftermath(records[0])
    with session.no_autoflush:
        steps = sorted(steps_of(session, records), key=lambda step: step.number)
        named, counted = _links(records, mapper, steps)
        left = leave_to_database(records, references, steps, MAX_LISTED)
        for step in steps:
            other = references.mapper_of(step.table)
            is_silent = other is not None and not is_recorded(other.class_)
            is_left = step.table in counted or id(step) in left
            is_unseen = is_left or (step.is_by_database and step.table not in named)
            if is_unseen and not is_silent:
                _add(session, aftermath, step, other)
    return aftermath


def settle(session: Session, aftermath: Aftermath) -> None:
    """Let go of what the database has deleted, and forget what it has changed."""
    for record in aftermath.deleted:
        if inspect(record).persistent:
            session.expunge(record)
    for record, names in aftermath.cleared:
        if inspect(record).persistent:
            session.expire(record, names)


def _links(
    records: Sequence[Any], mapper: Mapper[Any], steps: Sequence[Step]
) -> tuple[set[Table], set[Table]]:
    """Load many-to-many relations; return the link tables that this tells of, and those to be counted."""
    named: set[Table] = set()
    counted: set[Table] = set()
    for relation in mapper.relationships:
        table = relation.secondary
        if not isinstance(table, Table) or relation.viewonly or not relation.uselist:
            continue
        number = sum(step.number for step in steps if step.table is table)
        is_left_to_the_database = number > MAX_LISTED and _has_cascade(relation, table)
        (counted if is_left_to_the_database or relation.lazy in _QUERIES else named).add(table)
        for record in records if relation.lazy not in _QUERIES else ():
            if is_left_to_the_database:
                set_committed_value(record, relation.key, ())
            else:
                # As a flush does it, whatever the class says of loading (lazy="raise").
                inspect(record).get_history(relation.key, PassiveFlag.PASSIVE_OFF | PassiveFlag.NO_RAISE)
    return named, counted


def _has_cascade(relation: RelationshipProperty[Any], table: Table) -> bool:
    columns = {held for _, held in relation.synchronize_pairs}
    return any(
        set(constraint.columns) == columns and (constraint.ondelete or "").upper() == "CASCADE"
        for constraint in table.foreign_key_constraints
    )


def _add(session: Session, aftermath: Aftermath, step: Step, mapper: Mapper[Any] | None) -> None:
    room = MAX_LISTED - len(aftermath.deleted) - len(aftermath.cleared)
    is_listed = mapper is not None and step.number <= room
    names = _emptied(mapper, step) if mapper is not None else ()
    if step.effect is Effect.DELETED and mapper is not None and is_listed:
        aftermath.deleted.extend(_rows(session, mapper, step))
    elif step.effect is Effect.CLEARED and mapper is not None and is_listed and names:
        aftermath.cleared.extend((record, names) for record in _rows(session, mapper, step))
    elif step.effect is not Effect.BLOCKING:
        what = "rows" if step.effect is Effect.DELETED else "references"
        aftermath.numbers[f"{step.table.fullname} {what}"] = [step.number, 0]


def _rows(session: Session, mapper: Mapper[Any], step: Step) -> Iterator[Any]:
    statement: Select[Any] = select(mapper.class_).where(step.condition).options(lazyload("*"))
    yield from session.scalars(statement).unique()


def _emptied(mapper: Mapper[Any], step: Step) -> tuple[str, ...]:
    """Return the attributes that become empty; none where the database puts something else there."""
    (reference,) = step.references[:1]
    if reference.rule == "SET DEFAULT":
        return ()
    try:
        return tuple(mapper.get_property_by_column(column).key for column in reference.columns)
    except UnmappedColumnError:
        return ()
