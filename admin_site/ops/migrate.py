"""Bringing the schema of the database up to the code, one process at a time."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from alembic import command
from sqlalchemy import Connection, Engine, func, select, text

from admin_site.config import Settings
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.ops.revisions import configuration

WAIT_SECONDS = 600.0  # for another process that migrates
POLL_SECONDS = 0.2
LOCK_KEY = 0x61646D696E  # "admin": the advisory lock of PostgreSQL that stands for our migrations


def migrate(settings: Settings, wait: float = WAIT_SECONDS) -> tuple[str, ...]:
    """Apply the revisions the database lacks and return their ids, oldest first.

    Two processes may do so at once: one works, the other waits up to `wait` seconds and finds it done.
    Raises ConfigurationError when the database is out of reach, locked for longer, or ahead of the code.
    """
    applied: list[str] = []
    config = configuration(settings.accounts_url)
    config.attributes["on_version_apply"] = (lambda step, **_: applied.append(step.up_revision_id),)
    with Database.from_settings(settings) as database:
        database.check()
        with _alone(database.engine, wait):
            command.upgrade(config, "head")  # what goes wrong, our env.py says in words
    return tuple(applied)


@contextmanager
def _alone(engine: Engine, wait: float) -> Iterator[None]:
    """Keep other processes out of the block; give up after `wait` seconds."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        lock = _lock_file(connection) if engine.dialect.name == "sqlite" else _AdvisoryLock(connection)
        with closing(lock):
            deadline = time.monotonic() + wait
            while not lock.acquire():
                if time.monotonic() > deadline:
                    raise ConfigurationError(
                        "Another process is still migrating the database; try again later"
                    )
                time.sleep(POLL_SECONDS)
            yield


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
            f"The database was not migrated: the lock file {self._path} cannot be written: {error}"
        )


def _lock_file(connection: Connection) -> _LockFile:
    path = connection.scalar(text("SELECT file FROM pragma_database_list WHERE name = 'main'"))
    if not path:
        raise ConfigurationError("DATABASE_URL cannot be used: a database in memory ends with its process")
    return _LockFile(f"{path}-migrate")
