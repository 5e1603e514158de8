"""What would go, be cleared, or stand in the way if a record were deleted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, case, func, or_, select
from sqlalchemy import tuple_ as row
from sqlalchemy.orm import Mapper, Session, object_mapper

from admin_site.services.references import Effect, Place, Reference, References, is_stored

__all__ = ["Affected", "Effect", "Step", "consequences", "steps_of"]


@dataclass(frozen=True)
class Affected:
    """A number of rows of one table that a deletion meets."""

    effect: Effect
    table: Table
    number: int
    ways: tuple[Reference, ...] = field(default=(), compare=False)  # that lead to them


@dataclass(frozen=True)
class Step:
    """Rows of one table that a deletion meets in the same way."""

    effect: Effect
    table: Table
    condition: ColumnElement[bool]
    number: int
    references: tuple[Reference, ...]  # the ways that lead to them

    @property
    def is_by_database(self) -> bool:
        return any(reference.is_by_database for reference in self.references)


def consequences(session: Session, record: Any) -> list[Affected]:
    """Measure what deleting `record` would do to other rows, a line per table and effect.

    Follows foreign keys and the mapper's own cascades as far as they lead, with a number of statements that
    depends on tables and not on rows. A row counts once, whatever ways lead to it; a circle of several
    tables is followed once around.
    """
    alike: dict[tuple[Effect, Table], list[Step]] = defaultdict(list)
    for step in steps_of(session, [record]):
        alike[step.effect, step.table].append(step)
    return [
        Affected(*place, _number_in(session, steps), tuple(way for step in steps for way in step.references))
        for place, steps in alike.items()
    ]


def steps_of(session: Session, records: Sequence[Any]) -> list[Step]:
    """Return the steps that meet rows in the deletion of records of one class; none if they are no rows."""
    if not is_stored(object_mapper(records[0])):
        return []
    with session.no_autoflush:
        return list(_Walk(session, records).steps())


def _number_in(session: Session, steps: Sequence[Step]) -> int:
    first, *others = steps
    if not others:
        return first.number
    return _count(session, first.table, or_(*(step.condition for step in steps)))


def _count(session: Session, table: Table, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(condition)) or 0


class _Walk:
    """The way of a deletion from table to table."""

    def __init__(self, session: Session, records: Sequence[Any]) -> None:
        self._session = session
        mapper = object_mapper(records[0])
        self._references = References(mapper)
        tables = [table for table in mapper.tables if isinstance(table, Table)]
        self._own = {table: _is_among(records, mapper, table) for table in tables}
        self._roots = {Place(table, mapper, is_exact=True): table for table in tables}
        self._going: dict[Place, ColumnElement[bool]] = {}
        self._met: dict[Place, list[tuple[Reference, ColumnElement[bool]]]] = defaultdict(list)
        self._staying: list[tuple[Reference, ColumnElement[bool]]] = []

    def steps(self) -> Iterator[Step]:
        for place in self._order():
            if place in self._roots:
                self._leave(place, self._own[place.table])
            elif place in self._met:
                yield from self._delete(place, self._met[place])
        for reference, condition in self._staying:
            table = reference.place.table
            condition = and_(condition, *self._not_going(reference))
            if number := _count(self._session, table, condition):
                yield Step(reference.effect, table, condition, number, (reference,))

    def _order(self) -> Iterable[Place]:
        """Return the places that rows may go from, each after those that lead to it."""
        order: dict[Place, None] = {}
        visited: set[Place] = set()

        def visit(place: Place) -> None:
            visited.add(place)
            for reference in self._references.to(place):
                if reference.effect is Effect.DELETED and reference.place not in visited:
                    visit(reference.place)
            order[place] = None

        for root in self._roots:
            visit(root)
        return reversed(order)

    def _delete(self, place: Place, met: Sequence[tuple[Reference, ColumnElement[bool]]]) -> Iterator[Step]:
        """Count the rows of a place that go; those that are parts of records counted elsewhere are not."""
        condition = self._with_descendants(place, or_(*(condition for _, condition in met)))
        others = [reference for reference, _ in met if not reference.is_same_record]
        if others:
            counted = or_(*(each for reference, each in met if not reference.is_same_record))
            counted = and_(self._with_descendants(place, counted), *self._not_own(place.table))
            number = _count(self._session, place.table, counted)
            if number:
                yield Step(Effect.DELETED, place.table, counted, number, tuple(others))
            elif len(others) == len(met):
                return
        self._leave(place, condition)

    def _leave(self, place: Place, condition: ColumnElement[bool]) -> None:
        """Note that the rows of a place go, and what refers to them."""
        self._going[place] = condition
        for reference in self._references.to(place):
            if reference.place == place:
                continue
            going = select(*reference.sources).where(condition).correlate(None)
            is_met = _one_of(reference.columns).in_(going)
            if reference.effect is Effect.DELETED:
                self._met[reference.place].append((reference, is_met))
            else:
                self._staying.append((reference, is_met))

    def _with_descendants(self, place: Place, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return the condition that a row goes, or one above it in the same table goes."""
        own = [each for each in self._references.to(place) if each.place == place]
        own = [each for each in own if each.effect is Effect.DELETED]
        key = list(place.table.primary_key)
        if not own or not key:
            return condition
        sources = {column for reference in own for column in reference.sources}
        wanted = list(dict.fromkeys([*key, *sources]))
        above = select(*wanted).where(condition).correlate(None).cte(recursive=True)
        is_below = or_(
            *(
                and_(
                    *(
                        column == above.c[source.key]
                        for column, source in zip(each.columns, each.sources, strict=True)
                    )
                )
                for each in own
            )
        )
        tree = above.union(select(*wanted).join(above, is_below))
        in_tree: ColumnElement[bool] = _one_of(key).in_(select(*(tree.c[column.key] for column in key)))
        return in_tree

    def _not_going(self, reference: Reference) -> Iterator[ColumnElement[bool]]:
        """Yield that a row is none of those that go; RESTRICT looks at these too."""
        if reference.rule == "RESTRICT":
            return
        for place, condition in self._going.items():
            if place.table is reference.place.table:
                yield _is_not(condition)

    def _not_own(self, table: Table) -> Iterator[ColumnElement[bool]]:
        if table in self._own:
            yield _is_not(self._own[table])


def _is_among(records: Sequence[Any], mapper: Mapper[Any], table: Table) -> ColumnElement[bool]:
    """Return the condition that a row of `table` is a part of one of the records."""
    key: list[Any] = list(table.primary_key) or [
        column for column in mapper.primary_key if column.table is table
    ]
    names = [mapper.get_property_by_column(column).key for column in key]
    keys = [tuple(getattr(record, name) for name in names) for record in records]
    among: ColumnElement[bool] = _one_of(key).in_(keys if len(key) > 1 else [part for (part,) in keys])
    return among


def _one_of(columns: Sequence[Column[Any]]) -> Any:
    return row(*columns) if len(columns) > 1 else columns[0]


def _is_not(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return that a condition does not hold, be it false or NULL."""
    return case((condition, 0), else_=1) == 1
