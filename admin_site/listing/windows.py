"""The rows of one page, found by its place in the list."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Result, Row, Select, literal_column, select
from sqlalchemy.orm import Session

from admin_site.errors import Conflict
from admin_site.listing import jumps
from admin_site.listing.cursors import Cursor, decode, selected, values_of
from admin_site.listing.keyset import Segment, segments, whole
from admin_site.listing.listings import Listing
from admin_site.listing.loading import options_for
from admin_site.listing.plans import Plan
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import dialect_of, narrowed, run, run_plain

# What types raise for a stored value that is not theirs: an Enum for a member that is gone, a DATE for ''.
# AssertionError is SQLAlchemy's, for a row of a kind (polymorphic_identity) that no class has.
UNREADABLE = (LookupError, ValueError, TypeError, ArithmeticError, AssertionError)


@dataclass(frozen=True)
class Window:
    """Some rows in their order, what is around them, and the place of the first one where it is known."""

    rows: list[Row[Any]]
    has_previous: bool
    has_next: bool
    start: int | None


@dataclass(frozen=True)
class Reader:
    """The rows that a query asks for: records, or what a plan reads, each with its sort values at the end."""

    session: Session
    listing: Listing
    query: ListQuery
    plan: Plan | None
    further: tuple[Any, ...] = ()  # what a planned row has too, between what the plan reads and the key

    def window(self) -> Window:
        if self.query.page > 1:
            return self._numbered()
        return self._jumped() if self.query.jump else self._beside()

    @cached_property
    def statement(self) -> Select[Any]:
        """The SELECT of all rows, without an order."""
        return narrowed(self._kept("rows", self._make), self.listing, self.query)

    def _make(self) -> Select[Any]:
        order, description = self.query.order, self.listing.description
        values = [selected(term, self._dialect).label(None) for term in order.terms]
        if self.plan is not None:
            key = (getattr(description.model, name) for name in description.key)
            return order.join(self.plan.statement(description.model, *self.further, *key, *values))
        rows: Select[Any] = select(description.model, *values)
        return order.join(rows.options(*options_for(self.listing, self.query.columns)))

    def _numbered(self) -> Window:
        size = self.query.size
        skipped = (self.query.page - 1) * size
        page = self.statement.order_by(*whole(self.query.order)).limit(size + 1).offset(skipped)
        rows = self._read([page], size + 1)
        return Window(rows[:size], True, len(rows) > size, skipped + 1 if rows else None)

    def _jumped(self) -> Window:
        order, size = self.query.order, self.query.size
        begin = jumps.beginning(order, self.listing.description, self.query.jump, self.query.zone)
        parts = segments(order, None, self._dialect, backward=False, begin=begin)
        rows = self._read(reads(self.statement, parts, size + 1), size + 1)
        if not rows:
            return Window([], False, False, None)
        parts = segments(order, Cursor(values_of(order, rows[0])), self._dialect, backward=True)
        anything: Select[Any] = self.statement.with_only_columns(
            literal_column("1"), maintain_column_froms=True
        )
        has_previous = bool(read(self._run_plain, reads(anything, parts, 1), 1))
        return Window(rows[:size], has_previous, len(rows) > size, None if has_previous else 1)

    def _beside(self) -> Window:
        """Return the rows after a cursor, before one, or at either end of the list."""
        order, size = self.query.order, self.query.size
        backward = bool(self.query.before) or self.query.last
        text = self.query.after or self.query.before
        cursor = decode(order, text) if text else None
        rows = self._read(self._reads(cursor, backward), size + 1)
        has_more, rows = len(rows) > size, rows[:size]
        if backward:
            rows.reverse()
            return Window(rows, has_more, bool(cursor), _start(cursor, -len(rows), is_first=not has_more))
        return Window(rows, bool(cursor), has_more, _start(cursor, 1, is_first=cursor is None))

    def _reads(self, cursor: Cursor | None, backward: bool) -> Iterable[Select[Any]]:
        limit = self.query.size + 1

        def make() -> list[Select[Any]]:
            parts = segments(self.query.order, cursor, self._dialect, backward=backward)
            return list(reads(self.statement, parts, limit))

        if cursor is None and self.statement is self._kept("rows", self._make):
            ends: list[Select[Any]] = self._kept(f"rows at an end, {backward=}, {limit=}", make)
            return ends
        return make()

    def _read(self, statements: Iterable[Select[Any]], limit: int) -> list[Row[Any]]:
        return read(self._run, statements, limit)

    def _run(self, statement: Select[Any]) -> Result[Any]:
        return run(self.session, statement) if self.plan is None else self._run_plain(statement)

    def _run_plain(self, statement: Select[Any]) -> Result[Any]:
        return run_plain(self.session, self.listing, statement)

    def _kept(self, what: str, make: Callable[[], Any]) -> Any:
        of = (self.plan, self.further, self.query.sort, self.query.columns, self._dialect)
        return self.listing.keep((what, *of), make)

    @property
    def _dialect(self) -> str:
        return dialect_of(self.session, self.listing)


def reads(statement: Select[Any], parts: Iterable[Segment], limit: int) -> Iterator[Select[Any]]:
    """Yield the statements that one after the other give the first rows of an order."""
    return (part.read(statement, limit) for part in parts)


def read(
    run: Callable[[Select[Any]], Result[Any]], statements: Iterable[Select[Any]], limit: int
) -> list[Row[Any]]:
    """Return the first rows of an order, from as many of its statements as that takes."""
    rows: list[Row[Any]] = []
    for statement in statements:
        try:
            rows += run(statement).all()
        except UNREADABLE as error:
            raise Conflict(f"A stored value cannot be read: {error}") from error
        if len(rows) >= limit:
            break
    return rows[:limit]


def _start(cursor: Cursor | None, step: int, *, is_first: bool) -> int | None:
    """Return the place `step` rows from the cursor's; a list that changed meanwhile may have shifted it."""
    if is_first:
        return 1
    if cursor is None or cursor.position is None:
        return None
    return cursor.position + step if cursor.position + step > 1 else None
