"""All rows of a list, one after the other in its order, in memory that does not grow with them.

Two ways lead through the list. `tuples` reads what a plan says, without making a record of any row; it is
what most lists need and about as quick as a cursor used by hand. `records` gives records with their labels as
a page has them, for what only a record can tell: properties, labels that are anyone's code, how many others
there are.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import CursorResult, Select, select
from sqlalchemy.orm import Session

from admin_site.listing.counting import count_related
from admin_site.listing.keyset import segments
from admin_site.listing.listings import Listing
from admin_site.listing.loading import options_for, settle
from admin_site.listing.pages import Page
from admin_site.listing.plans import Columns, Plan
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import dialect_of, narrowed, readable, run_plain

FIRST = 100  # rows of the first part, which somebody is waiting for
SIZE = 500  # of the others
RECORDS = 500  # at a time, where records are made


def snapshot(session: Session, listing: Listing) -> None:
    """Let a new session see the database as it is now until its transaction ends, and write nothing.

    So a list that takes minutes to read holds each row once, however people go on working. In SQLite every
    transaction is like that.
    """
    if dialect_of(session, listing) == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        session.connection(bind_arguments={"mapper": listing.description.mapper}, execution_options=options)


def interrupter(session: Session, listing: Listing) -> Callable[[], None]:
    """Return what stops, from another thread, the statement that the session waits for."""
    connection = session.connection(bind_arguments={"mapper": listing.description.mapper})
    driver: Any = connection.connection.driver_connection
    stop: Callable[[], None] = driver.interrupt if connection.dialect.name == "sqlite" else driver.cancel
    return stop


def tuples(session: Session, listing: Listing, query: ListQuery, plan: Plan) -> Iterator[Columns]:
    """Yield the planned columns of all rows `query` finds, whatever page it is on.

    The first part is small. Raises BadRequest when the database cannot read a value in the query.
    """
    size = FIRST
    for each in _segments(session, listing, query, plan.statement(listing.description.model)):
        result = run_plain(session, listing, each, stream_results=True, max_row_buffer=SIZE)
        while rows := _fetched(result, size):
            yield plan.columns(rows)
            size = SIZE


def records(session: Session, listing: Listing, query: ListQuery, columns: Sequence[str]) -> Iterator[Page]:
    """Yield all records `query` finds, some at a time, loaded and labelled as on a page of `columns`.

    The session forgets those of a page that nobody holds any more. Raises BadRequest when the database cannot
    read a value in the query.
    """
    description = listing.description
    relations = [item for item in description.relations if item.many and item.name in columns]
    statement: Select[Any] = select(description.model).options(*options_for(listing, columns))
    for each in _segments(session, listing, query, statement):
        with readable():
            result = session.execute(each, execution_options={"yield_per": RECORDS})
        parts = result.scalars().partitions()
        while found := _next(parts):
            yield Page(
                rows=found,
                before=None,
                after=None,
                start=None,
                labels=settle(session, listing, found, columns),
                counts=count_related(session, listing, relations, found),
            )


def _segments(
    session: Session, listing: Listing, query: ListQuery, statement: Select[Any]
) -> Iterator[Select[Any]]:
    """Yield the statements that one after the other read the whole list in its order."""
    joined = query.order.join(narrowed(statement, listing, query))
    for segment in segments(query.order, None, dialect_of(session, listing), backward=False):
        yield joined.where(*segment.conditions).order_by(*segment.order_by)


def _fetched(rows: CursorResult[Any], size: int) -> Sequence[Any]:
    with readable():
        return rows.fetchmany(size)


def _next(parts: Iterator[Sequence[Any]]) -> Sequence[Any]:
    with readable():
        return next(parts, ())
