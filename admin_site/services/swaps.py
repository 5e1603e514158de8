"""Values that only one record may have, when several records change them at once.

Databases look at every row by itself: of two lines that change places, the first to be written meets the
other one, which has not moved yet. So the changes are put in an order in which a value is free before it is
taken; where they go round in a circle, one of them steps aside first.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, func, inspect, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.exc import UnmappedColumnError

from admin_site.audit import UNAUDITED
from admin_site.descriptions import Description, Field, Kind, describe

STEPS_ASIDE = {UNAUDITED: "a value steps aside for a moment; the flush that follows is recorded"}
MIN_TEXT = 12  # characters that nobody else's text is likely to be

Values = Mapping[str, Any]
Move = tuple[tuple[Any, ...], tuple[Any, ...]]  # what some attributes hold, and are to hold

_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)
_DAYS = (Kind.DATE, Kind.DATETIME, Kind.INSTANT)


def in_order(session: Session, description: Description, changes: Sequence[tuple[Any, Values]]) -> list[int]:
    """Return the places of changes, records with new values, in the order in which they can be stored.

    Where none exists, a value in the database is parked out of the way; where that cannot be done either,
    the database will refuse, as it does for one record.
    """
    waits: dict[int, dict[int, set[str]]] = {place: {} for place in range(len(changes))}
    for names in _unique_sets(description) if len(changes) > 1 else ():
        moves = [_move(description, record, values, names) for record, values in changes]
        holders = {old: place for place, (old, new) in enumerate(moves) if old != new}
        for place, (old, new) in enumerate(moves):
            holder = holders.get(new, place)
            if old != new and holder != place:
                waits[place].setdefault(holder, set()).add(_movable(description, names, moves[holder]))
    while True:
        try:
            return list(TopologicalSorter(waits).static_order())
        except CycleError as error:
            first, second = error.args[1][:2]  # each one comes before the next, which waits for it
            for name in sorted(waits[second].pop(first) - {""}):
                _park(session, description, changes[first][0], name)


def _unique_sets(description: Description) -> Iterator[tuple[str, ...]]:
    """Yield the attributes that no two records may have the same of."""
    for table in description.mapper.tables:
        if not isinstance(table, Table):
            continue
        rules: Iterable[Iterable[Any]] = [
            *(rule.columns for rule in table.constraints if isinstance(rule, UniqueConstraint)),
            *(index.expressions for index in table.indexes if index.unique),
        ]
        for columns in rules:
            with suppress(UnmappedColumnError, AttributeError):  # an index may be on an expression
                yield tuple(description.mapper.get_property_by_column(column).key for column in columns)


def _move(description: Description, record: Any, values: Values, names: tuple[str, ...]) -> Move:
    held = tuple(getattr(record, name) for name in names)
    wanted = dict(values)
    for relation in description.relations:
        if relation.columns and relation.name in values:
            wanted |= _key_in(description, relation.name, values[relation.name])
    return held, tuple(wanted.get(name, value) for name, value in zip(names, held, strict=True))


def _key_in(description: Description, name: str, partner: Any) -> dict[str, Any]:
    """Return what a relation to `partner` puts into the columns it stands for."""
    pairs = [
        (description.mapper.get_property_by_column(held).key, source)
        for source, held in description.mapper.relationships[name].synchronize_pairs
    ]
    if partner is None:
        return {own: None for own, _ in pairs}
    target = describe(type(partner)).mapper
    return {own: getattr(partner, target.get_property_by_column(source).key) for own, source in pairs}


def _movable(description: Description, names: tuple[str, ...], move: Move) -> str:
    """Return an attribute that changes and can hold another value for a moment, "" when none can."""
    fields = [description.field(name) for name, old, new in zip(names, *move, strict=True) if old != new]
    return next((item.name for item in fields if _can_be_other(item)), "")


def _can_be_other(field: Field) -> bool:
    if field.column is None or field.nullable:
        return field.column is not None
    if field.column.foreign_keys:
        return False
    if field.kind in _TEXTS:
        return (field.length or MIN_TEXT) >= MIN_TEXT
    return field.kind in (*_NUMBERS, *_DAYS, Kind.UUID)


def _park(session: Session, description: Description, record: Any, name: str) -> None:
    """Give the row of `record` a value that stands in nobody's way; the record keeps what it knows."""
    field, state = description.field(name), inspect(record)
    column = field.column
    assert column is not None  # noqa: S101 - only such are movable
    table: Any = column.table
    mapper: Mapper[Any] = state.mapper
    # Each of joined tables has a key of its own, some under a name of its own.
    key = list(table.primary_key) or [part for part in mapper.primary_key if part.table is table]
    is_it = [part == getattr(record, mapper.get_property_by_column(part).key) for part in key]
    # A rule of the table may refuse the value: then nothing has moved, and the flush is refused in words.
    with suppress(DBAPIError), session.begin_nested():
        value = None if field.nullable else _other(session, field, column)
        session.execute(update(table).where(*is_it).values({column: value}), execution_options=STEPS_ASIDE)


def _other(session: Session, field: Field, column: Column[Any]) -> Any:
    """Return a value that no row has in a column."""
    if field.kind is Kind.UUID:
        return uuid.uuid4() if getattr(column.type, "as_uuid", True) else str(uuid.uuid4())
    if field.kind in _TEXTS:
        return uuid.uuid4().hex[: field.length or None]
    greatest = session.scalar(select(func.max(column)))
    return greatest + (timedelta(days=1) if field.kind in _DAYS else 1)
