"""In which order records are deleted of which the database deletes some with others of them."""

from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table
from sqlalchemy.orm import Mapper, object_mapper

from admin_site.services.references import Effect, Place, References, is_stored


def may_take_each_other(records: Sequence[Any]) -> bool:
    """Return whether the database may delete some of these records by itself when others of them go."""
    mappers = {object_mapper(record) for record in records}
    return len(records) > 1 and any(map(_reaches_itself, mappers))


def children_first(records: Sequence[Any]) -> Sequence[Any]:
    """Return the records so that each comes before those it refers to, as far as there is such an order."""
    by_key: dict[tuple[Table, tuple[str, ...], tuple[Any, ...]], int] = {}
    constraints = [list(_among_themselves(object_mapper(record))) for record in records]
    for number, record in enumerate(records):
        for constraint in constraints[number]:
            names = _names(object_mapper(record), [each.column for each in constraint.elements])
            by_key[constraint.referred_table, names, _values(record, names)] = number
    graph: dict[int, set[int]] = {number: set() for number in range(len(records))}
    for number, record in enumerate(records):
        mapper = object_mapper(record)
        for constraint in constraints[number]:
            names = _names(mapper, [each.column for each in constraint.elements])
            held = _values(record, _names(mapper, constraint.columns))
            above = by_key.get((constraint.referred_table, names, held))
            if above is not None and above != number:
                graph[above].add(number)
    try:
        return [records[number] for number in TopologicalSorter(graph).static_order()]
    except CycleError:
        return records


def _reaches_itself(mapper: Mapper[Any]) -> bool:
    """Return whether a deletion by the database leads from the rows of a mapper to others of them."""
    if not is_stored(mapper):
        return False
    references = References(mapper)
    own = [table for table in mapper.tables if isinstance(table, Table)]
    waiting = [Place(table, mapper, is_exact=True) for table in own]
    met = set(waiting)
    while waiting:
        for reference in references.to(waiting.pop()):
            if reference.effect is not Effect.DELETED or reference.is_same_record:
                continue
            if reference.is_by_database and reference.place.table in own:
                return True
            if reference.place not in met:
                met.add(reference.place)
                waiting.append(reference.place)
    return False


def _among_themselves(mapper: Mapper[Any]) -> Iterator[ForeignKeyConstraint]:
    """Yield the foreign keys with which records of a mapper refer to others of them."""
    for table in mapper.tables:
        for constraint in table.foreign_key_constraints if isinstance(table, Table) else ():
            held = [*constraint.columns, *(each.column for each in constraint.elements)]
            is_mapped = all(map(mapper.columns.contains_column, held))
            if constraint.referred_table in mapper.tables and is_mapped and not _is_of_the_key(constraint):
                yield constraint


def _is_of_the_key(constraint: ForeignKeyConstraint) -> bool:
    """Return whether it ties the parts of one record, which lie in several tables."""
    return constraint.referred_table is not constraint.table and set(constraint.columns) <= set(
        constraint.table.primary_key
    )


def _names(mapper: Mapper[Any], columns: Iterable[Any]) -> tuple[str, ...]:
    return tuple(mapper.get_property_by_column(column).key for column in columns)


def _values(record: Any, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in names)
