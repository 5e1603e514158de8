"""Where one record stands in a list."""

from functools import partial
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from admin_site.listing.cursors import Cursor, encode, selected, values_of
from admin_site.listing.keyset import segments
from admin_site.listing.listings import Listing
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import dialect_of, narrowed, run
from admin_site.listing.untyped import has_key
from admin_site.listing.windows import read, reads

Key = tuple[Any, ...]


def neighbours(
    session: Session, listing: Listing, query: ListQuery, record: object
) -> tuple[Key | None, Key | None]:
    """Return the keys of the records before and after `record` in the order of `query`, or None at an end.

    It need not match the query itself: a record that was just edited may stand outside.
    """
    cursor = _cursor(session, listing, query, record)
    if cursor is None:
        return None, None
    statement = _keys(session, listing, query)
    before, after = (
        _beside(session, listing, query, statement, cursor, backward=backward, limit=1)
        for backward in (True, False)
    )
    size = len(listing.description.key)
    return (
        tuple(before[-1][:size]) if before else None,
        tuple(after[-1][:size]) if after else None,
    )


def place(session: Session, listing: Listing, query: ListQuery, record: object) -> str:
    """Return the cursor `after` which the page begins that has `record` in its middle.

    It is "" for the first page, and for a record that is gone.
    """
    cursor = _cursor(session, listing, query, record)
    if cursor is None:
        return ""
    half = max(1, query.size // 2)
    statement = _keys(session, listing, query)
    before = _beside(session, listing, query, statement, cursor, backward=True, limit=half)
    return encode(query.order, Cursor(values_of(query.order, before[-1]))) if len(before) == half else ""


def _cursor(session: Session, listing: Listing, query: ListQuery, record: object) -> Cursor | None:
    description, dialect = listing.description, dialect_of(session, listing)
    values = [selected(term, dialect).label(None) for term in query.order.terms]
    statement = query.order.join(select(*values).select_from(description.model))
    is_record = has_key(description, description.key, description.key_of(record))
    row = run(session, statement.where(is_record)).first()
    return None if row is None else Cursor(tuple(row))


def _keys(session: Session, listing: Listing, query: ListQuery) -> Select[Any]:
    """Return the SELECT of the keys and sort values of all that match."""
    model, dialect = listing.description.model, dialect_of(session, listing)
    key = [getattr(model, name).label(None) for name in listing.description.key]
    values = [selected(term, dialect).label(None) for term in query.order.terms]
    return query.order.join(narrowed(select(*key, *values).select_from(model), listing, query))


def _beside(
    session: Session,
    listing: Listing,
    query: ListQuery,
    statement: Select[Any],
    cursor: Cursor,
    *,
    backward: bool,
    limit: int,
) -> list[Any]:
    parts = segments(query.order, cursor, dialect_of(session, listing), backward=backward)
    return read(partial(run, session), reads(statement, parts, limit), limit)
