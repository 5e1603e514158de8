"""One page of a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.errors import Conflict
from admin_site.listing.counting import RelatedCounts, count_related
from admin_site.listing.cursors import Cursor, decode, encode, selected, values_of
from admin_site.listing.keyset import segments, whole
from admin_site.listing.listings import Listing
from admin_site.listing.loading import options_for, settle
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import dialect_of, narrowed, run

# What types raise for a stored value that is not theirs: an Enum for a member that is gone, a DATE for ''.
UNREADABLE = (LookupError, ValueError, TypeError, ArithmeticError)


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
        label = self.labels.get(id(record))
        return describe(type(record)).label_of(record) if label is None else label


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
    if not window.rows and (query.after or query.before or query.page > 1):
        query = query.with_(last=not query.before)
        window = _window(session, listing, query)
    records = [row[0] for row in window.rows]
    relations = [item for item in listing.description.relations if item.many and item.name in query.columns]
    return Page(
        rows=records,
        before=_cursor(query, window, 0) if window.has_previous else None,
        after=_cursor(query, window, -1) if window.has_next else None,
        start=window.start,
        labels=settle(session, listing, records, query.columns),
        counts=count_related(session, listing, relations, records),
    )


def _window(session: Session, listing: Listing, query: ListQuery) -> _Window:
    statement = _statement(session, listing, query)
    if query.page > 1:
        return _numbered(session, statement, query)
    return _beside(session, listing, statement, query)


def _statement(session: Session, listing: Listing, query: ListQuery) -> Select[Any]:
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


def _beside(session: Session, listing: Listing, statement: Select[Any], query: ListQuery) -> _Window:
    """Return the rows after a cursor, before one, or at either end of the list."""
    order, backward = query.order, bool(query.before) or query.last
    text = query.after or query.before
    cursor = decode(order, text) if text else None
    rows: list[Row[Any]] = []
    for segment in segments(order, cursor, dialect_of(session, listing), backward=backward):
        rows += _rows(session, segment.read(statement, query.size + 1 - len(rows)))
        if len(rows) > query.size:
            break
    has_more, rows = len(rows) > query.size, rows[: query.size]
    if backward:
        rows.reverse()
        return _Window(rows, has_more, bool(cursor), _start(cursor, -len(rows), is_first=not has_more))
    return _Window(rows, bool(cursor), has_more, _start(cursor, 1, is_first=cursor is None))


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
