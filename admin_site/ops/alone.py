"""Work on the database that one process does at a time: migrating it, and sweeping it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection, Engine, func, select, text

from admin_site.errors import ConfigurationError

POLL_SECONDS = 0.2
LOCK_KEY = 0x61646D696E  # "admin": the advisory lock of PostgreSQL that stands for such work


@contextmanager
def alone(engine: Engine, wait: float) -> Iterator[bool]:
    """Keep out of the block every other process that asks for the same; give False after `wait` seconds.

    Raises ConfigurationError where the lock cannot be had at all.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        lock = _lock_file(connection) if engine.dialect.name == "sqlite" else _AdvisoryLock(connection)
        with closing(lock):
            deadline = time.monotonic() + wait
            while not (is_alone := lock.acquire()) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            yield is_alone


class _AdvisoryLock:
    """A lock of PostgreSQL, released with its connection.

    It is asked for again and again, never waited for inside the server: the snapshot of such a wait would be
    what CREATE INDEX CONCURRENTLY, in the process that has the lock, waits for in turn.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def acquire(self) -> bool:
        return bool(self._connection.scalar(select(func.pg_try_advisory_lock(LOCK_KEY))))

    def close(self) -> None:
        self._connection.invalidate()


class _LockFile:
    """A second SQLite database, of which only the lock is used: it is released when its process dies."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def acquire(self) -> bool:
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if "locked" not in str(error):
                raise self._refusal(error) from error
            return False
        return True

    def close(self) -> None:
        self._connection.close()

    def _refusal(self, error: sqlite3.Error) -> ConfigurationError:
        return ConfigurationError(
            f"Nothing was done to the database: the lock file {self._path} cannot be written: {error}"
        )


def _lock_file(connection: Connection) -> _LockFile:
    path = connection.scalar(text("SELECT file FROM pragma_database_list WHERE name = 'main'"))
    if not path:
        raise ConfigurationError("DATABASE_URL cannot be used: a database in memory ends with its process")
    return _LockFile(f"{path}-migrate")
