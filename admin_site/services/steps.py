"""The way of a deletion from table to table."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, case, func, literal, or_, select
from sqlalchemy import tuple_ as row
from sqlalchemy.orm import Mapper, Session, object_mapper

from admin_site.services.counting import Count, Counter, Exactly, rows_of
from admin_site.services.references import Effect, Place, Reference, References, is_stored


@dataclass(frozen=True)
class Step:
    """Rows of one table that a deletion meets in the same way."""

    effect: Effect
    table: Table
    condition: ColumnElement[bool]
    count: Count
    references: tuple[Reference, ...]  # the ways that lead to them
    level: int = 1  # how many steps from the records that are deleted
    above: Table | None = None  # whose rows the first of the ways begins at; None: those records
    origin: ColumnElement[bool] | None = None  # which rows these are, where all that refer to them are met

    @property
    def number(self) -> int:
        """How many rows, as far as they were counted."""
        return self.count.number or 0

    @property
    def is_by_database(self) -> bool:
        return any(reference.is_by_database for reference in self.references)


@dataclass(frozen=True)
class _Way:
    """Rows that a reference leads to from a place whose rows go."""

    reference: Reference
    condition: ColumnElement[bool]
    start: Place


def steps_of(
    session: Session, records: Sequence[Any], count: Counter | None = None, *, is_locking: bool = False
) -> list[Step]:
    """Return the steps that meet rows in the deletion of records of one class; none if they are no rows.

    With `is_locking` rows that go, and that others may refer to, are locked before the others are counted:
    where the database knows of the references, what was counted cannot become more until the transaction
    ends. The records must be locked already.
    """
    if not is_stored(object_mapper(records[0])):
        return []
    with session.no_autoflush:
        return list(_Walk(session, records, count or Exactly(session), is_locking).steps())


class _Walk:
    def __init__(self, session: Session, records: Sequence[Any], count: Counter, is_locking: bool) -> None:
        self._session = session
        self._count = count
        self._is_locking = is_locking
        self._size = len(records)
        mapper = object_mapper(records[0])
        self._references = References(mapper)
        tables = [table for table in mapper.tables if isinstance(table, Table)]
        self._own = {table: _is_among(records, mapper, table) for table in tables}
        self._roots = {Place(table, mapper, is_exact=True): table for table in tables}
        self._going: dict[Place, ColumnElement[bool]] = {}
        self._met: dict[Place, list[_Way]] = defaultdict(list)
        self._staying: list[_Way] = []
        self._levels: dict[Place, int] = dict.fromkeys(self._roots, 0)
        self._shown_as: dict[Place, Table | None] = dict.fromkeys(self._roots)

    def steps(self) -> Iterator[Step]:
        for place in self._order():
            if place in self._roots:
                self._leave(place, self._own[place.table])
            elif place in self._met:
                yield from self._delete(place, self._met[place])
        for way in self._staying:
            table = way.reference.place.table
            others = list(self._not_going(way.reference))
            condition = and_(way.condition, *others)
            if (count := self._count(rows_of(table, condition))).number != 0:
                yield self._step(way.reference.effect, table, condition, count, [way], is_all=not others)

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

    def _delete(self, place: Place, met: Sequence[_Way]) -> Iterator[Step]:
        """Count the rows of a place that go; those that are parts of records counted elsewhere are not."""
        others = [way for way in met if not way.reference.is_same_record]
        self._place(place, others, met)
        if others:
            start = or_(*(way.condition for way in others))
            spared = list(self._not_own(place.table))
            count = self._count_going(place, start, spared)
            if count.number != 0:
                counted = and_(self._with_descendants(place, start), *spared)
                is_all = not spared and not self._own_references(place)
                yield self._step(Effect.DELETED, place.table, counted, count, others, is_all=is_all)
            elif len(others) == len(met):
                return
        self._leave(place, self._with_descendants(place, or_(*(way.condition for way in met))))

    def _count_going(self, place: Place, start: ColumnElement[bool], spared: Sequence[Any]) -> Count:
        """Count the rows of a place that go; of a tree no more is walked than the count needs."""
        most = None if self._count.most is None else self._count.most + self._size + 1
        return self._count(rows_of(place.table, and_(self._with_descendants(place, start, most), *spared)))

    def _place(self, place: Place, others: Sequence[_Way], met: Sequence[_Way]) -> None:
        """Note how far from the records a place is, and under which table its rows are told of."""
        nearest = min((way.start for way in others or met), key=self._levels.__getitem__)
        self._levels[place] = self._levels[nearest] + bool(others)
        self._shown_as[place] = place.table if others else self._shown_as[nearest]

    def _step(
        self,
        effect: Effect,
        table: Table,
        condition: ColumnElement[bool],
        count: Count,
        ways: Sequence[_Way],
        *,
        is_all: bool,
    ) -> Step:
        nearest = min((way.start for way in ways), key=self._levels.__getitem__)
        return Step(
            effect,
            table,
            condition,
            count,
            tuple(way.reference for way in ways),
            self._levels[nearest] + 1,
            self._shown_as[nearest],
            self._going[nearest] if is_all and len(ways) == 1 else None,
        )

    def _leave(self, place: Place, condition: ColumnElement[bool]) -> None:
        """Note that the rows of a place go, and what refers to them."""
        self._going[place] = condition
        references = self._references.to(place)
        if references and self._is_locking and place not in self._roots:
            self._lock(place.table, condition)
        for reference in references:
            if reference.place == place:
                continue
            going = select(*reference.sources).where(condition).correlate(None)
            way = _Way(reference, _one_of(reference.columns).in_(going), place)
            if reference.effect is Effect.DELETED:
                self._met[reference.place].append(way)
            else:
                self._staying.append(way)

    def _lock(self, table: Table, condition: ColumnElement[bool]) -> None:
        """Let nobody refer to these rows any more; none of them is fetched."""
        rows = select(literal(1)).select_from(table).where(condition).with_for_update()
        self._session.execute(select(func.count()).select_from(rows.subquery()))

    def _own_references(self, place: Place) -> list[Reference]:
        own = (each for each in self._references.to(place) if each.place == place)
        return [each for each in own if each.effect is Effect.DELETED]

    def _with_descendants(
        self, place: Place, condition: ColumnElement[bool], most: int | None = None
    ) -> ColumnElement[bool]:
        """Return the condition that a row goes, or one above it in the same table goes.

        With `most` it holds for so many of the rows only, and the database looks at no more of the tree:
        it computes no further row of a recursive query than it is asked for.
        """
        own = self._own_references(place)
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
        keys = select(*(tree.c[column.key] for column in key)).limit(most)
        in_tree: ColumnElement[bool] = _one_of(key).in_(keys)
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
