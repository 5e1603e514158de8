"""One page of a list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.listing.counting import (
    Count,
    RelatedCounts,
    count_related,
    is_counted_quickly,
    total_columns,
    total_of,
)
from admin_site.listing.cursors import Cursor, encode, values_of
from admin_site.listing.defaults import LABEL
from admin_site.listing.listings import Listing
from admin_site.listing.loading import settle
from admin_site.listing.plans import Columns, Plan
from admin_site.listing.query import ListQuery
from admin_site.listing.windows import Reader, Window


@dataclass(frozen=True, eq=False)
class Page:
    """Records in their order, with what is needed to show them and to go on.

    A page that was read by a plan has the keys of the records for `rows`, and in `columns` what they hold.
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
    columns: Columns | None = field(default=None, repr=False)
    total: Count | None = None

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


def fetch(
    session: Session, listing: Listing, query: ListQuery, plan: Plan | None = None, *, with_total: bool = True
) -> Page:
    """Return the page `query` asks for, of records or, with a `plan`, of what it reads instead of them.

    A planned page knows its total as well, where that is counted quickly. A place behind the last row is the
    last page, one before the first row the first. The number of statements depends neither on rows nor on
    columns. Raises BadRequest for a cursor that no row of this list made.
    """
    is_counted = with_total and plan is not None and is_counted_quickly(session, listing, query)
    further = total_columns(session, listing, query) if is_counted else ()
    reader = Reader(session, listing, query, plan, further)
    window = reader.window()
    if not window.rows and (query.after or query.before or query.page > 1 or query.jump):
        query = query.with_(last=not query.before)
        window = replace(reader, query=query).window()
    if plan is not None:
        return replace(
            _planned(listing, query, plan, window), total=_total(window, plan) if further else None
        )
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


def _planned(listing: Listing, query: ListQuery, plan: Plan, window: Window) -> Page:
    """Return a page of what a plan reads; the key and the sort values of each row come after that."""
    terms, parts = len(query.order.terms), len(listing.description.key)
    return Page(
        rows=[tuple(row[-terms - parts : -terms]) for row in window.rows],
        columns=plan.columns(window.rows) if window.rows else [],
        before=_cursor(query, window, 0) if window.has_previous else None,
        after=_cursor(query, window, -1) if window.has_next else None,
        start=window.start,
    )


def _total(window: Window, plan: Plan) -> Count | None:
    """Return what the first row tells of the total, after what the plan reads."""
    return total_of(*window.rows[0][plan.width : plan.width + 2]) if window.rows else None


def _cursor(query: ListQuery, window: Window, index: int) -> str | None:
    if not window.rows:
        return None
    position = None if window.start is None else window.start + (index % len(window.rows))
    return encode(query.order, Cursor(values_of(query.order, window.rows[index]), position))
