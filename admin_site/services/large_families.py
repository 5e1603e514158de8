"""Records in such numbers that a deletion leaves them to the database, where that does the very same.

The unit of work loads all that it deletes or clears, to do so record by record. Where a foreign key says the
same as the mapper (ON DELETE CASCADE or SET NULL, all the way down) and no code listens to single deletions,
it is told that there is nobody: the database then does its part, as with `passive_deletes`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Table, inspect
from sqlalchemy.orm import Mapper, PassiveFlag, RelationshipProperty, object_mapper
from sqlalchemy.orm.attributes import set_committed_value

from admin_site.services.references import Effect, Place, References
from admin_site.services.steps import Step

_QUERIES = ("dynamic", "write_only")


def leave_to_database(
    records: Sequence[Any], references: References, steps: Sequence[Step], most: int
) -> set[int]:
    """Let relations be empty through which more than `most` rows would be loaded; return by id() the steps.

    The records are of one class and about to be deleted.
    """
    many = [step for step in steps if step.number > most]
    found: set[int] = set()
    if many:
        for record in records:
            _leave(record, references, many, found, set())
    return found


def _leave(
    record: Any, references: References, many: Sequence[Step], found: set[int], seen: set[int]
) -> None:
    if id(record) in seen:
        return
    seen.add(id(record))
    mapper = object_mapper(record)
    for relation in _loading(mapper):
        steps = [step for step in many if _is_along(step, relation)]
        if steps and _is_same_by_database(mapper, relation, references):
            set_committed_value(record, relation.key, () if relation.uselist else None)
            found.update(map(id, steps))
        elif relation.cascade.delete:
            for member in _members(record, relation):
                _leave(member, references, many, found, seen)


def _loading(mapper: Mapper[Any]) -> Iterator[RelationshipProperty[Any]]:
    """Yield the relations to whose records the unit of work does something, after loading them."""
    for relation in mapper.relationships:
        is_outward = relation.secondary is None and relation.direction.name == "ONETOMANY"
        is_left_alone = relation.viewonly or relation.passive_deletes or relation.lazy in _QUERIES
        if is_outward and not is_left_alone:
            yield relation


def _is_along(step: Step, relation: RelationshipProperty[Any]) -> bool:
    columns = {held for _, held in relation.synchronize_pairs}
    return any(set(reference.columns) == columns for reference in step.references)


def _is_same_by_database(
    mapper: Mapper[Any], relation: RelationshipProperty[Any], references: References
) -> bool:
    columns = frozenset(held for _, held in relation.synchronize_pairs)
    found = [
        reference
        for table in mapper.tables
        if isinstance(table, Table)
        for reference in references.to(Place(table))
        if frozenset(reference.columns) == columns
    ]
    if not relation.cascade.delete:
        return any(each.effect is Effect.CLEARED and each.rule == "SET NULL" for each in found)
    is_deleted = any(each.effect is Effect.DELETED for each in found)
    return is_deleted and _goes_alike(relation.mapper, references, set())


def _goes_alike(mapper: Mapper[Any], references: References, seen: set[Mapper[Any]]) -> bool:
    """Return whether the deletion of rows by the database does all that the mapper's does."""
    if mapper in seen:
        return True
    seen.add(mapper)
    table = mapper.local_table
    if not isinstance(table, Table) or any(_listens(each) for each in mapper.self_and_descendants):
        return False
    by_database = {frozenset(each.columns): each.effect for each in references.to(Place(table))}
    for each in references.to(Place(table, mapper)):
        if by_database.get(frozenset(each.columns)) is not each.effect:
            return False
        below = each.place.mapper
        if each.effect is Effect.DELETED and below is not None and not _goes_alike(below, references, seen):
            return False
    return True


def _listens(mapper: Mapper[Any]) -> bool:
    return bool(mapper.dispatch.before_delete) or bool(mapper.dispatch.after_delete)


def _members(record: Any, relation: RelationshipProperty[Any]) -> Iterable[Any]:
    """Return those in a relation, loaded as a flush does it, whatever the class says of loading."""
    history = inspect(record).get_history(relation.key, PassiveFlag.PASSIVE_OFF | PassiveFlag.NO_RAISE)
    return [member for member in (*(history.unchanged or ()), *(history.added or ())) if member is not None]
