"""How long the statements of a list may take."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from admin_site.errors import TooSlow
from admin_site.listing.prefixes import prefix, without_prefix

CANCELED = "57014"  # PostgreSQL's code of a statement that was stopped

_CLOCK = "admin_site.list_clock"
_SAVEPOINT = "admin_site_limit"
_STEPS = 100_000  # of SQLite's machine between two looks at the clock: one or two milliseconds
_PLAIN = {"no_parameters": True}  # several commands may stand in one statement
_IS_ABORTED = 3  # libpq's PQTRANS_INERROR


@contextmanager
def limited(session: Session, seconds: float) -> Iterator[None]:
    """Let no statement in the block take longer than `seconds`.

    Raises TooSlow, worded for the person who waits. The session is usable after the block whatever a
    statement in it met, with all that was done before: PostgreSQL returns to a savepoint, in SQLite the
    statement alone ends. What the block itself wrote is lost with a refused statement on PostgreSQL. Blocks
    may lie within each other: the inner limit holds until the inner one ends. A commit or rollback in
    the block ends the limit. Other databases know none.
    """
    session.flush()  # what a savepoint takes back is never what the session believes to be stored
    with _guarded(_GUARDS, session, seconds):
        yield


@contextmanager
def limited_to_the_end(session: Session, seconds: float) -> Iterator[None]:
    """Let no statement in the block take longer than `seconds`, in a transaction that has only read so far.

    It does what `limited` does with fewer commands: on PostgreSQL the limit may hold until the transaction
    ends, which a refused statement ends.
    """
    with _guarded(_GUARDS | {"postgresql": _postgresql_to_the_end}, session, seconds):
        yield


@contextmanager
def _guarded(guards: Mapping[str, "_Guard"], session: Session, seconds: float) -> Iterator[None]:
    connection = session.connection()
    guard = guards.get(connection.dialect.name, _unlimited)
    try:
        with guard(session, connection, seconds):
            yield
    except OperationalError as error:
        if not _is_stopped(error.orig):
            raise
        raise TooSlow(words_for(seconds)) from error


def restart_clock(session: Session) -> None:
    """Begin to measure anew, for the next statement; PostgreSQL does so by itself."""
    clock = session.info.get(_CLOCK)
    if clock is not None:
        clock.started = monotonic()


def words_for(seconds: float) -> str:
    return (
        f"The database was stopped after {seconds:g} {'second' if seconds == 1 else 'seconds'}. Faster ways: "
        "search for the beginning of a name or for a key, look into one field (name:ann), or filter by "
        "a date, a choice or a related record first."
    )


@contextmanager
def _postgresql(session: Session, connection: Connection, seconds: float) -> Iterator[None]:
    transaction = session.get_transaction()
    before = connection.exec_driver_sql(
        f"SAVEPOINT {_SAVEPOINT}; SELECT current_setting('statement_timeout'), "
        f"set_config('statement_timeout', '{_milliseconds(seconds)}', true)",
        execution_options=_PLAIN,
    ).scalar_one()
    try:
        yield
    finally:
        if session.get_transaction() is transaction and not connection.invalidated:
            end = f"RELEASE SAVEPOINT {_SAVEPOINT}"
            if _is_aborted(connection):
                end = f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}; {end}"
            else:
                end += f"; SET LOCAL statement_timeout = '{before}'"
            connection.exec_driver_sql(end, execution_options=_PLAIN)


@contextmanager
def _postgresql_to_the_end(session: Session, connection: Connection, seconds: float) -> Iterator[None]:
    transaction = session.get_transaction()
    prefix(connection, f"SET LOCAL statement_timeout = {_milliseconds(seconds)}")
    try:
        yield
    finally:
        if session.get_transaction() is transaction and not connection.invalidated:
            without_prefix(connection)
            if _is_aborted(connection):
                session.rollback()


@dataclass
class _Clock:
    """What SQLite asks every few thousand steps whether to go on."""

    seconds: float
    thread: int = field(default_factory=threading.get_ident)
    started: float = field(default_factory=monotonic)

    def is_over(self) -> bool:
        return monotonic() - self.started > self.seconds and threading.get_ident() == self.thread


@contextmanager
def _sqlite(session: Session, connection: Connection, seconds: float) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    outer: _Clock | None = session.info.get(_CLOCK)
    session.info[_CLOCK] = clock = _Clock(seconds)
    driver.set_progress_handler(clock.is_over, _STEPS)
    try:
        yield
    finally:
        session.info[_CLOCK] = outer
        with suppress(sqlite3.ProgrammingError):  # somebody closed the connection
            driver.set_progress_handler(outer.is_over if outer else None, _STEPS)


@contextmanager
def _unlimited(session: Session, connection: Connection, seconds: float) -> Iterator[None]:
    yield


_Guard = Callable[[Session, Connection, float], AbstractContextManager[None]]

_GUARDS: dict[str, _Guard] = {
    "postgresql": _postgresql,
    "sqlite": _sqlite,
}


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _is_aborted(connection: Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    return int(driver.info.transaction_status) == _IS_ABORTED


def _is_stopped(error: BaseException | None) -> bool:
    code = getattr(error, "pgcode", None) or getattr(error, "sqlstate", None)
    return code == CANCELED or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
