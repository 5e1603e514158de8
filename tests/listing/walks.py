"""Lists read from one end to the other, and the statements that takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from admin_site.listing import Listing, ListQuery, fetch

MOST_PAGES = 1_000


def forwards(session: Session, listing: Listing, query: ListQuery) -> list[Any]:
    """Return the rows of all pages from the first, by "next"."""
    rows: list[Any] = []
    for _ in range(MOST_PAGES):
        page = fetch(session, listing, query)
        rows += page.rows
        if not page.has_next:
            return rows
        query = query.with_(after=page.after)
    raise AssertionError("the list does not end")


def backwards(session: Session, listing: Listing, query: ListQuery) -> list[Any]:
    """Return the rows of all pages in their order, read from the last one by "previous"."""
    rows: list[Any] = []
    query = query.with_(last=True)
    for _ in range(MOST_PAGES):
        page = fetch(session, listing, query)
        rows = [*page.rows, *rows]
        if not page.has_previous:
            return rows
        query = query.with_(before=page.before)
    raise AssertionError("the list does not begin")


def numbered(session: Session, listing: Listing, query: ListQuery, size: int) -> list[Any]:
    """Return the rows of pages 1, 2, 3 and so on, of which there must be `size` rows in all."""
    pages = [query.with_(page=number) for number in range(1, 1 + -(-size // query.size))]
    return [row for page in pages for row in fetch(session, listing, page).rows]


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """Give the list of the statements that reach the database."""
    heard: list[str] = []
    with _listening(session, lambda statement, parameters: heard.append(statement)):
        yield heard


@contextmanager
def _listening(session: Session, tell: Callable[[str, Any], None]) -> Iterator[None]:
    def hear(connection, cursor, statement, parameters, context, executemany):
        tell(statement, parameters)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def plans(session: Session, act: Callable[[], object], explain: str = "") -> list[str]:
    """Return how the database executes each statement of an act."""
    heard: list[tuple[str, Any]] = []
    with _listening(session, lambda *execution: heard.append(execution)):
        act()
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    prefix = explain or ("EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN")
    connection = session.connection()
    return [
        "\n".join(str(row) for row in connection.exec_driver_sql(f"{prefix} {statement}", parameters))
        for statement, parameters in heard
    ]
