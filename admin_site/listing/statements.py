"""The statements of a list; all of them run through one function."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import CursorResult, Result, Select, select
from sqlalchemy.exc import DataError, DBAPIError, StatementError
from sqlalchemy.orm import Session
from sqlalchemy.sql import Executable

from admin_site.errors import BadRequest
from admin_site.listing.limits import restart_clock
from admin_site.listing.listings import Listing
from admin_site.listing.query import ListQuery

UNREADABLE_WORDS = "The database cannot read a value in this address."


def run(session: Session, statement: Executable) -> Result[Any]:
    """Run one statement of a list.

    Raises BadRequest when the database cannot read a value in it, after which PostgreSQL's transaction is
    over.
    """
    restart_clock(session)
    with readable():
        return session.execute(statement)


def run_plain(session: Session, listing: Listing, statement: Executable, **options: Any) -> CursorResult[Any]:
    """Run a statement of columns as `run` does: its rows need nothing of what an ORM does with them."""
    restart_clock(session)
    connection = session.connection(bind_arguments={"mapper": listing.description.mapper})
    with readable():
        return connection.execute(statement, execution_options=options)


@contextmanager
def readable() -> Iterator[None]:
    """Raise BadRequest when the database cannot read a value in a statement."""
    try:
        yield
    except (DataError, OverflowError) as error:
        raise BadRequest(UNREADABLE_WORDS) from error
    except StatementError as error:
        if isinstance(error, DBAPIError):
            raise
        raise BadRequest(UNREADABLE_WORDS) from error  # a type could not turn a value into a parameter


def matching(listing: Listing, query: ListQuery) -> Select[Any]:
    """Return the SELECT of the records a person may see that match the search and the filters, unsorted."""
    return narrowed(select(listing.description.model), listing, query)


def narrowed(statement: Select[Any], listing: Listing, query: ListQuery) -> Select[Any]:
    """Return a SELECT of the listing's model without what is hidden or does not match."""
    if listing.scope is not None:
        statement = listing.scope(statement)
    clauses = [condition.clause for condition in query.conditions if condition.clause is not None]
    if clauses or query.found:
        statement = statement.where(*clauses, *query.found)
    for condition in query.conditions:
        if condition.statement is not None:
            statement = condition.statement(statement)
    return statement


def dialect_of(session: Session, listing: Listing) -> str:
    return session.get_bind(listing.description.mapper).dialect.name
