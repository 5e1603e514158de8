"""One page of a list."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.errors import Conflict
from admin_site.listing import jumps
from admin_site.listing.counting import RelatedCounts, count_related
from admin_site.listing.cursors import Cursor, decode, encode, selected, values_of
from admin_site.listing.defaults import LABEL
from admin_site.listing.keyset import Segment, segments, whole
from admin_site.listing.listings import Listing
from admin_site.listing.loading import options_for, settle
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import dialect_of, narrowed, run

# What types raise for a stored value that is not theirs: an Enum for a member that is gone, a DATE for ''.
# AssertionError is SQLAlchemy's, for a row of a kind (polymorphic_identity) that no class has.
UNREADABLE = (LookupError, ValueError, TypeError, ArithmeticError, AssertionError)


@dataclass(frozen=True, eq=False)
class Page:
    """Records in their order, with what is needed to show them and to go on.

    `after` and `before` are the cursors of the next and the previous page, or None where there is none.
    `start` is the place of the first row, from 1, where it is known. `counts` tells of each relation to many
    that is shown how many there are, by the record's key.
    """

    rows: Sequence[Any]
    before: str | None
    after: str | None
    start: int | None
    counts: RelatedCounts = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict, repr=False)
    later: Callable[[], Mapping[int, str]] = field(default=dict, repr=False)  # labels that no column shows

    @property
    def has_previous(self) -> bool:
        return self.before is not None

    @property
    def has_next(self) -> bool:
        return self.after is not None

    @property
    def stop(self) -> int | None:
        """The place of the last row."""
        return None if self.start is None else self.start + len(self.rows) - 1

    def label(self, record: object) -> str:
        """Return the human label of a row, or of a related record that is shown."""
        label = self.labels.get(id(record)) or self._labels_of_rows.get(id(record))
        return describe(type(record)).label_of(record) if label is None else label

    @cached_property
    def _labels_of_rows(self) -> Mapping[int, str]:
        return self.later()


@dataclass(frozen=True)
class _Window:
    rows: list[Row[Any]]
    has_previous: bool
    has_next: bool
    start: int | None


def fetch(session: Session, listing: Listing, query: ListQuery) -> Page:
    """Return the page `query` asks for.

    A place behind the last row is the last page, one before the first row the first. The number of statements
    depends neither on rows nor on columns. Raises BadRequest for a cursor that no row of this list made.
    """
    window = _window(session, listing, query)
    if not window.rows and (query.after or query.before or query.page > 1 or query.jump):
        query = query.with_(last=not query.before)
        window = _window(session, listing, query)
    records = [row[0] for row in window.rows]
    relations = [item for item in listing.description.relations if item.many and item.name in query.columns]
    return Page(
        rows=records,
        before=_cursor(query, window, 0) if window.has_previous else None,
        after=_cursor(query, window, -1) if window.has_next else None,
        start=window.start,
        labels=settle(session, listing, records, query.columns, label_records=LABEL in query.columns),
        later=partial(settle, session, listing, records, (LABEL,)),
        counts=count_related(session, listing, relations, records),
    )


def _window(session: Session, listing: Listing, query: ListQuery) -> _Window:
    statement = rows_of(session, listing, query)
    if query.page > 1:
        return _numbered(session, statement, query)
    if query.jump:
        return _jumped(session, listing, statement, query)
    return _beside(session, listing, statement, query)


def rows_of(session: Session, listing: Listing, query: ListQuery) -> Select[Any]:
    """Return the SELECT of records with their sort values, without a place."""
    dialect = dialect_of(session, listing)

    def make() -> Select[Any]:
        values = [selected(term, dialect).label(None) for term in query.order.terms]
        return select(listing.description.model, *values).options(*options_for(listing, query.columns))

    kept: Select[Any] = listing.keep(("rows", query.sort, query.columns, dialect), make)
    return query.order.join(narrowed(kept, listing, query))


def _numbered(session: Session, statement: Select[Any], query: ListQuery) -> _Window:
    skipped = (query.page - 1) * query.size
    page = statement.order_by(*whole(query.order)).limit(query.size + 1).offset(skipped)
    rows = _rows(session, page)
    return _Window(rows[: query.size], True, len(rows) > query.size, skipped + 1 if rows else None)


def _jumped(session: Session, listing: Listing, statement: Select[Any], query: ListQuery) -> _Window:
    order, dialect = query.order, dialect_of(session, listing)
    begin = jumps.beginning(order, listing.description, query.jump, query.zone)
    rows = read(
        session, statement, segments(order, None, dialect, backward=False, begin=begin), query.size + 1
    )
    if not rows:
        return _Window([], False, False, None)
    first = Cursor(values_of(order, rows[0]))
    has_previous = bool(read(session, statement, segments(order, first, dialect, backward=True), 1))
    return _Window(rows[: query.size], has_previous, len(rows) > query.size, None if has_previous else 1)


def _beside(session: Session, listing: Listing, statement: Select[Any], query: ListQuery) -> _Window:
    """Return the rows after a cursor, before one, or at either end of the list."""
    order, backward = query.order, bool(query.before) or query.last
    text = query.after or query.before
    cursor = decode(order, text) if text else None
    parts = segments(order, cursor, dialect_of(session, listing), backward=backward)
    rows = read(session, statement, parts, query.size + 1)
    has_more, rows = len(rows) > query.size, rows[: query.size]
    if backward:
        rows.reverse()
        return _Window(rows, has_more, bool(cursor), _start(cursor, -len(rows), is_first=not has_more))
    return _Window(rows, bool(cursor), has_more, _start(cursor, 1, is_first=cursor is None))


def read(session: Session, statement: Select[Any], parts: Iterable[Segment], limit: int) -> list[Row[Any]]:
    """Return the first rows of an order, from as many of its segments as that takes."""
    rows: list[Row[Any]] = []
    for segment in parts:
        rows += _rows(session, segment.read(statement, limit - len(rows)))
        if len(rows) >= limit:
            break
    return rows


def _rows(session: Session, statement: Select[Any]) -> list[Row[Any]]:
    try:
        return list(run(session, statement).all())
    except UNREADABLE as error:
        raise Conflict(f"A stored value cannot be read: {error}") from error


def _start(cursor: Cursor | None, step: int, *, is_first: bool) -> int | None:
    """Return the place `step` rows from the cursor's; a list that changed meanwhile may have shifted it."""
    if is_first:
        return 1
    if cursor is None or cursor.position is None:
        return None
    return cursor.position + step if cursor.position + step > 1 else None


def _cursor(query: ListQuery, window: _Window, index: int) -> str | None:
    if not window.rows:
        return None
    position = None if window.start is None else window.start + (index % len(window.rows))
    return encode(query.order, Cursor(values_of(query.order, window.rows[index]), position))
