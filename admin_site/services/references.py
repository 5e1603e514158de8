"""What the deletion of rows does to the rows that refer to them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Join, Table
from sqlalchemy.exc import NoReferencedColumnError, NoReferencedTableError
from sqlalchemy.orm import Mapper, RelationshipDirection, RelationshipProperty


class Effect(StrEnum):
    DELETED = "deleted"
    CLEARED = "cleared"  # the reference becomes empty, the record stays
    BLOCKING = "blocking"


class Manner(StrEnum):
    """How a deletion meets rows: who does what to them."""

    CASCADE = "cascade"  # the database deletes them by itself
    MAPPER = "mapper"  # the mapper deletes them, one by one
    LINKS = "links"  # rows of a many-to-many relation; the records they link stay
    EMPTIED = "emptied"  # their reference becomes NULL
    DEFAULT = "default"  # their reference gets the default of its column
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Place:
    """Rows of a table that go.

    `mapper` deletes them record by record, with all that its relations say; it is None where the database
    deletes them and only its own rules hold. `is_exact` says that they are of the mapper's very class.
    """

    table: Table
    mapper: Mapper[Any] | None = None
    is_exact: bool = False


@dataclass(frozen=True, eq=False)
class Reference:
    """What becomes of the rows of `place` whose `columns` hold what `sources` of a row that goes hold."""

    effect: Effect
    place: Place
    columns: tuple[Column[Any], ...]
    sources: tuple[Column[Any], ...]
    is_by_database: bool  # which does it by itself; else the unit of work does it, row by row
    is_same_record: bool = False  # the rows are parts of the same records, in another table
    rule: str = ""  # what ON DELETE says
    is_link: bool = False  # the rows are those of a many-to-many relation

    @property
    def manner(self) -> Manner:
        if self.effect is Effect.BLOCKING:
            return Manner.BLOCKED
        if self.effect is Effect.CLEARED:
            is_default = self.is_by_database and self.rule == "SET DEFAULT"
            return Manner.DEFAULT if is_default else Manner.EMPTIED
        if self.is_link:
            return Manner.LINKS
        return Manner.CASCADE if self.is_by_database else Manner.MAPPER


class References:
    """The references that the mappers of one registry and their tables know of."""

    def __init__(self, mapper: Mapper[Any]) -> None:
        self._mappers: dict[Any, Mapper[Any]] = {}
        for each in sorted(mapper.registry.mappers, key=_depth):
            self._mappers.setdefault(each.local_table, each)
        self._links = {
            relation.secondary for each in mapper.registry.mappers for relation in each.relationships
        } - self._mappers.keys()
        self._found: dict[Place, tuple[Reference, ...]] = {}

    def mapper_of(self, table: Table) -> Mapper[Any] | None:
        """Return the topmost mapper of those that share a table."""
        return self._mappers.get(table)

    def to(self, place: Place) -> tuple[Reference, ...]:
        """Return what the deletion of the rows of `place` meets, always the same for the same place."""
        if place not in self._found:
            self._found[place] = tuple(self._to(place))
        return self._found[place]

    def _to(self, place: Place) -> Iterator[Reference]:
        constraints = list(_constraints_to(place.table))
        for constraint in constraints:
            if not self._is_inheritance(constraint):
                yield _along(place, constraint, is_link=constraint.table in self._links)
            elif not place.is_exact:
                yield self._to_subclass(place, constraint)
        yield from _without_constraint(place, constraints)
        if place.mapper is not None and not place.is_exact:
            yield from self._to_base_class(place)

    def _is_inheritance(self, constraint: ForeignKeyConstraint) -> bool:
        """Whether it ties a subclass's row to that of the class it inherits from."""
        mapper = self.mapper_of(constraint.table)
        return (
            mapper is not None
            and mapper.inherits is not None
            and not mapper.concrete
            and constraint.referred_table is mapper.inherits.local_table
            and set(constraint.columns) <= set(constraint.table.primary_key)
        )

    def _to_subclass(self, place: Place, constraint: ForeignKeyConstraint) -> Reference:
        is_followed = place.mapper is not None or _rule(constraint) == "CASCADE"
        mapper = self.mapper_of(constraint.table) if place.mapper is not None else None
        return Reference(
            Effect.DELETED if is_followed else Effect.BLOCKING,
            Place(constraint.table, mapper),
            _columns(constraint),
            _referred(constraint),
            is_by_database=place.mapper is None,
            is_same_record=is_followed,
        )

    def _to_base_class(self, place: Place) -> Iterator[Reference]:
        for constraint in place.table.foreign_key_constraints:
            if self._is_inheritance(constraint):
                base = constraint.referred_table
                yield Reference(
                    Effect.DELETED,
                    Place(base, self.mapper_of(base)),
                    _referred(constraint),
                    _columns(constraint),
                    is_by_database=False,
                    is_same_record=True,
                )


def is_stored(mapper: Mapper[Any]) -> bool:
    """Whether records are rows of tables, and not what a query makes of some."""
    return isinstance(mapper.local_table, Table | Join)


def _along(place: Place, constraint: ForeignKeyConstraint, *, is_link: bool) -> Reference:
    columns = _columns(constraint)
    relations = [
        relation
        for relation in _active_relations(place)
        if set(columns) == {held for _, held in relation.synchronize_pairs}
    ]
    effect, mapper = _mapped_effect(relations, columns) if relations else (_database_effect(constraint), None)
    return Reference(
        effect,
        Place(constraint.table, mapper),
        columns,
        _referred(constraint),
        is_by_database=not relations,
        rule=_rule(constraint),
        is_link=is_link,
    )


def _without_constraint(place: Place, constraints: Iterable[ForeignKeyConstraint]) -> Iterator[Reference]:
    """Yield what relations do along columns that the database does not know to be references."""
    known = {frozenset(constraint.columns) for constraint in constraints}
    for relation in _active_relations(place):
        pairs: list[Any] = list(relation.synchronize_pairs)
        columns, sources = tuple(held for _, held in pairs), tuple(source for source, _ in pairs)
        table = columns[0].table
        is_here = all(source.table is place.table for source in sources)
        if is_here and isinstance(table, Table) and frozenset(columns) not in known:
            known.add(frozenset(columns))
            effect, mapper = _mapped_effect([relation], columns)
            is_link = relation.secondary is not None
            yield Reference(
                effect, Place(table, mapper), columns, sources, is_by_database=False, is_link=is_link
            )


def _mapped_effect(
    relations: Sequence[RelationshipProperty[Any]], columns: Sequence[Column[Any]]
) -> tuple[Effect, Mapper[Any] | None]:
    """Return what the unit of work does to the rows behind its relations, and through which mapper."""
    if any(relation.secondary is not None for relation in relations):
        return Effect.DELETED, None
    for relation in relations:
        if relation.cascade.delete:
            return Effect.DELETED, relation.mapper
    return _when_emptied(columns), None


def _database_effect(constraint: ForeignKeyConstraint) -> Effect:
    rule = _rule(constraint)
    if rule in ("CASCADE", "SET DEFAULT"):
        return Effect.DELETED if rule == "CASCADE" else Effect.CLEARED
    return _when_emptied(_columns(constraint)) if rule == "SET NULL" else Effect.BLOCKING


def _when_emptied(columns: Iterable[Column[Any]]) -> Effect:
    return Effect.CLEARED if all(column.nullable for column in columns) else Effect.BLOCKING


def _active_relations(place: Place) -> Iterator[RelationshipProperty[Any]]:
    """Yield the relations of the records that go along which the unit of work does something."""
    mapper = place.mapper
    if mapper is None:
        return
    for owner in (mapper,) if place.is_exact else mapper.base_mapper.self_and_descendants:
        for relation in owner.relationships:
            is_outward = relation.direction is not RelationshipDirection.MANYTOONE and not relation.viewonly
            if is_outward and not relation.passive_deletes:
                yield relation


def _constraints_to(table: Table) -> Iterator[ForeignKeyConstraint]:
    for other in table.metadata.tables.values():  # sorted, they would have to be known one and all
        for constraint in other.foreign_key_constraints:
            # A table that this metadata lacks is another's.
            with suppress(NoReferencedTableError, NoReferencedColumnError):
                if constraint.referred_table is table:
                    yield constraint


def _rule(constraint: ForeignKeyConstraint) -> str:
    return (constraint.ondelete or "").upper()


def _columns(constraint: ForeignKeyConstraint) -> tuple[Column[Any], ...]:
    return tuple(constraint.columns)


def _referred(constraint: ForeignKeyConstraint) -> tuple[Column[Any], ...]:
    return tuple(element.column for element in constraint.elements)


def _depth(mapper: Mapper[Any]) -> int:
    return len(list(mapper.iterate_to_root()))
