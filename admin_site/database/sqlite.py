"""SQLite, made to serve several threads and processes at once."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, Dialect, ExecutionContext
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

BUSY_SECONDS = 5  # how long a writer waits for another one to finish, unless the URL has a timeout

_IS_WRITING = "admin_site.is_writing"
_READS = re.compile(
    r"\s*(SELECT|VALUES|EXPLAIN|PRAGMA|BEGIN|COMMIT|WITH(?!.*\b(INSERT|UPDATE|DELETE|REPLACE)\b))\b",
    re.IGNORECASE | re.DOTALL,
)


def create_sqlite_engine(url: URL, **pool: Any) -> Engine:
    """Return an engine with write-ahead log, foreign keys and transactions that begin where they should.

    Everybody reads at once and writers take turns. A database in memory lives in its one connection, for
    which threads take turns too.
    """
    if not _is_file(url):
        pool |= {"pool_size": 1, "max_overflow": 0}
    engine = create_engine(
        url,
        poolclass=QueuePool,
        hide_parameters=True,
        connect_args={"check_same_thread": False} | _busy_timeout(url),
        **pool,
    )
    event.listen(engine, "do_connect", _create_folder)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "before_cursor_execute", _lock_before_writing)
    return engine


def _busy_timeout(url: URL) -> dict[str, float]:
    return {} if "timeout" in url.query else {"timeout": BUSY_SECONDS}


def _is_file(url: URL) -> bool:
    return url.database not in (None, "", ":memory:", "file::memory:") and url.query.get("mode") != "memory"


def _create_folder(
    dialect: Dialect, entry: ConnectionPoolEntry, arguments: list[str], options: dict[str, Any]
) -> None:
    file = arguments[0]
    if file != ":memory:" and not options.get("uri"):
        Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # else sqlite3 leaves SELECT, DDL and SAVEPOINT outside the transaction
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    is_autocommit = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    connection.info[_IS_WRITING] = is_autocommit
    if not is_autocommit:
        connection.exec_driver_sql("BEGIN")


def _lock_before_writing(
    connection: Connection,
    cursor: DBAPICursor,
    statement: str,
    parameters: Any,
    context: ExecutionContext | None,
    many: bool,
) -> None:
    """Before a transaction first writes, end its snapshot and wait for the lock that writers share.

    A transaction that has read may otherwise not write once somebody else has: "database is locked", at once
    (https://www.sqlite.org/isolation.html). What it read may have changed, as in PostgreSQL's read
    committed; SELECT ... FOR UPDATE, which SQLite lacks, therefore takes the lock as well.
    """
    if connection.info.get(_IS_WRITING, True) or (_READS.match(statement) and not _is_for_update(context)):
        return
    connection.exec_driver_sql("COMMIT")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError:
        connection.exec_driver_sql("BEGIN")  # the caller takes itself to be in a transaction
        raise
    connection.info[_IS_WRITING] = True


def _is_for_update(context: ExecutionContext | None) -> bool:
    statement = getattr(getattr(context, "compiled", None), "statement", None)
    return getattr(statement, "_for_update_arg", None) is not None
