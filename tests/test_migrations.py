import logging
import multiprocessing
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from textwrap import dedent

import alembic
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from admin_site.config import ROOT, Settings
from admin_site.database import Database
from admin_site.database.accounts import VERSION_TABLE
from admin_site.errors import ConfigurationError
from admin_site.models import Base, Item
from admin_site.ops.alone import LOCK_KEY
from admin_site.ops.migrate import migrate
from tests.factories import make_user

# What Alembic says on stderr while all goes well.
CHATTER = re.compile("Context impl|Will assume|Running ")

HEAD = ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_current_head()


def run_alembic(*arguments: str, url: str = "", root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if url:
        environment["DATABASE_URL"] = url
    command = [sys.executable, "-m", "alembic", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def succeed(*arguments: str, url: str = "", root: Path = ROOT) -> str:
    done = run_alembic(*arguments, url=url, root=root)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a run that failed says, which is one line without a traceback."""
    assert (done.returncode, done.stdout) == (1, "")
    [words] = [line for line in done.stderr.splitlines() if not CHATTER.match(line)]
    return words


def tables(url: str) -> set[str]:
    with Database(url) as database:
        return set(inspect(database.engine).get_table_names())


def refused_by_alembic(url: str) -> str:
    return only_line(run_alembic("upgrade", "head", url=url))


def refused_by_migrate(url: str, **settings: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        migrate(Settings(_env_file=None, database_url=url, **settings))
    assert "\n" not in str(caught.value)
    return str(caught.value)


REFUSALS = {"alembic": refused_by_alembic, "migrate": refused_by_migrate}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the project in which revisions and models may be written."""
    monkeypatch.setattr(sys, "path", [*sys.path])  # Alembic puts the copy before the project itself
    root = tmp_path / "project"
    no_junk = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "alembic", root / "alembic", ignore=no_junk)
    shutil.copytree(ROOT / "admin_site", root / "admin_site", ignore=no_junk)
    for name in ("alembic.ini", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    return root


def write_revision(project: Path, upgrade: str) -> None:
    (project / "alembic" / "versions" / "next.py").write_text(
        dedent("""\
            import sqlalchemy as sa
            from alembic import op

            revision = "next"
            down_revision = {head!r}


            def upgrade():
                {upgrade}


            def downgrade():
                pass
            """).format(head=HEAD, upgrade=dedent(upgrade).strip().replace("\n", "\n    "))
    )


def generated(project: Path) -> Path:
    [file] = project.glob("alembic/versions/*_next.py")
    return file


# -- The command line of Alembic -----------------------------------------------------------------------------


def test_the_folder_of_revisions_does_not_hide_the_package():
    assert not Path(alembic.__file__).is_relative_to(ROOT / "alembic")


def test_the_schema_goes_up_and_down_and_up_again(empty_database_url):
    url = empty_database_url

    succeed("upgrade", "head", url=url)
    assert tables(url) == {*Base.metadata.tables, VERSION_TABLE}
    assert f"{HEAD} (head)" in succeed("current", url=url)
    assert "No new upgrade operations" in succeed("check", url=url)

    succeed("downgrade", "-1", url=url)
    succeed("downgrade", "base", url=url)
    assert tables(url) == {VERSION_TABLE}
    assert run_alembic("check", url=url).returncode != 0

    succeed("upgrade", "head", url=url)
    assert "No new upgrade operations" in succeed("check", url=url)


def test_the_history_is_readable():
    history = succeed("history")

    assert f" -> {HEAD} (head), " in history
    assert "<base> -> c3f1a5d20e84, Create the tables of the site." in history


def test_a_revision_generated_for_unchanged_models_is_empty(project, database_url):
    succeed("revision", "--autogenerate", "-m", "next", url=database_url, root=project)

    assert "op." not in generated(project).read_text()


NEW_MODEL = '''
"""Rooms of the school."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from admin_site.models.base import Base, Timestamped


class Room(Timestamped, Base):
    __tablename__ = "rooms"

    room_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100), index=True)
    is_free: Mapped[bool] = mapped_column(default=True, server_default=true())
    booked_at: Mapped[datetime | None]
    plan: Mapped[dict[str, Any]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), index=True)

    __table_args__ = (UniqueConstraint("name", "owner_id"),)
'''


def test_a_new_model_gets_a_revision_that_fits_every_database_and_the_house_style(project, database_url):
    (project / "admin_site" / "models" / "rooms.py").write_text(NEW_MODEL.lstrip())
    with (project / "admin_site" / "models" / "__init__.py").open("a") as module:
        module.write("\nfrom admin_site.models.rooms import Room\n")

    succeed("revision", "--autogenerate", "-m", "next", url=database_url, root=project)
    revision = generated(project).read_text()
    succeed("upgrade", "head", url=database_url, root=project)

    assert "No new upgrade operations" in succeed("check", url=database_url, root=project)
    for expected in (
        'sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True)',
        'sa.Column("is_free", sa.Boolean(), server_default=sa.true(), nullable=False)',
        'sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)',
        'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")',
        "fk_rooms_owner_id_users",
    ):
        assert expected in revision
    assert "admin_site" not in revision
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", generated(project)], cwd=project, check=True)
    subprocess.run([*ruff, "format", "--check", generated(project)], cwd=project, check=True)


def test_a_check_that_left_the_models_is_noticed(project, database_url):
    school = project / "admin_site" / "models" / "school.py"
    rule = '    __table_args__ = (CheckConstraint("end_date >= start_date", name="ends_after_start"),)\n'
    assert rule in school.read_text()
    school.write_text(school.read_text().replace(rule, ""))

    done = run_alembic("check", url=database_url, root=project)

    assert done.returncode != 0
    assert "ck_courses_ends_after_start" in done.stderr + done.stdout


def test_tables_of_others_in_the_same_database_are_left_alone(project, database_url):
    with Database(database_url) as database, database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE planets (planet_id INTEGER PRIMARY KEY)"))

    assert "No new upgrade operations" in succeed("check", url=database_url)


def test_the_printed_sql_makes_the_same_schema(empty_database_url):
    script = succeed("upgrade", "head", "--sql", url=empty_database_url)
    url = make_url(empty_database_url)
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(url.database)
        connection.executescript(script)
        connection.close()
    else:
        engine = create_engine(url.set(drivername="postgresql+psycopg2"), poolclass=NullPool)
        raw = engine.raw_connection()
        raw.cursor().execute(script)
        raw.close()

    assert "No new upgrade operations" in succeed("check", url=empty_database_url)


def test_the_printed_sql_prepares_for_what_the_migrations_meet():
    assert succeed("upgrade", "head", "--sql", url="sqlite://").startswith("PRAGMA foreign_keys = OFF;")
    assert succeed("upgrade", "head", "--sql", url="postgres://no-host.invalid/x").startswith(
        "SET lock_timeout"
    )


def test_the_printed_sql_goes_down_too():
    assert "DROP TABLE users;" in succeed("downgrade", f"{HEAD}:base", "--sql", url="sqlite://")


def test_the_url_is_read_from_the_env_file_and_from_the_command_line(project, tmp_path):
    (project / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path / 'env.sqlite3'}\n")

    succeed("upgrade", "head", root=project)
    succeed("-x", f"url=sqlite:///{tmp_path / 'given.sqlite3'}", "upgrade", "head", root=project)

    assert (tmp_path / "env.sqlite3").exists()
    assert (tmp_path / "given.sqlite3").exists()


@pytest.mark.parametrize("arguments", [("upgrade", "head"), ("current",), ("check",)])
@pytest.mark.parametrize(
    "url",
    [
        "postgres://somebody:sekret@127.0.0.1:1/school",
        "mysql://somebody:sekret@localhost/school",
        "nonsense:sekret",
    ],
)
def test_a_wrong_url_is_one_clear_line(arguments, url):
    done = run_alembic(*arguments, url=url)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("DATABASE_URL")
    assert "sekret" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [("upgrade", "nonsense"), ("downgrade", "-9"), ("current", "--check-heads")]
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_cannot_be_done_is_said_once(empty_database_url, arguments):
    words = only_line(run_alembic(*arguments, url=empty_database_url))

    assert words.startswith(("The database was not migrated: ", "This code lacks revision nonsense"))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_check_that_finds_something_says_so_once(database_url):
    with Database(database_url) as database, database.engine.begin() as connection:
        connection.execute(text("CREATE INDEX ix_superfluous ON items (description)"))

    done = run_alembic("check", url=database_url)

    assert done.returncode != 0
    assert (done.stdout + done.stderr).count("New upgrade operations detected") == 1


# -- Beside the tables of others -----------------------------------------------------------------------------


@pytest.fixture
def neighbours(empty_database_url):
    """Run statements in the database before ours are there."""

    def run(*statements: str) -> str:
        with Database(empty_database_url) as database, database.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        return empty_database_url

    return run


def test_the_revisions_of_another_app_in_the_same_database_do_not_mix_with_ours(neighbours):
    url = neighbours(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
        "INSERT INTO alembic_version VALUES ('theirs')",
    )

    succeed("upgrade", "head", url=url)
    assert f"{HEAD} (head)" in succeed("current", url=url)
    assert "No new upgrade operations" in succeed("check", url=url)
    succeed("downgrade", "base", url=url)

    with Database(url) as database, database.engine.connect() as connection:
        assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == ["theirs"]


@pytest.mark.parametrize("refused", REFUSALS.values(), ids=REFUSALS)
def test_tables_of_others_with_our_names_are_one_line_that_names_the_setting(neighbours, refused):
    url = neighbours("CREATE TABLE users (id INTEGER PRIMARY KEY)")

    words = refused(url)

    assert "users" in words
    assert "set ACCOUNTS_SCHEMA" in words
    assert tables(url) <= {"users", VERSION_TABLE}


# -- What a migration must not do ----------------------------------------------------------------------------


def test_a_revision_that_fails_leaves_nothing_behind(project, database_url):
    write_revision(project, 'op.create_table("planets", sa.Column("planet_id", sa.Integer()))\n1 / 0')

    assert run_alembic("upgrade", "head", url=database_url, root=project).returncode != 0

    assert "planets" not in tables(database_url)
    assert HEAD in succeed("current", url=database_url)


def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it_and_every_rule(project, database_url):
    with Database(database_url) as database, database.session() as session:
        session.add(Item(title="Violin", owner=make_user(session, user_name="ada")))
    write_revision(
        project,
        """
        with op.batch_alter_table("users") as users:
            users.alter_column("age", type_=sa.SmallInteger())
        """,
    )

    succeed("upgrade", "head", url=database_url, root=project)

    with Database(database_url) as database, database.session() as session:
        assert session.scalars(select(Item.title)).all() == ["Violin"]
        with pytest.raises(IntegrityError):
            make_user(session, user_name="ADA")
        session.rollback()
        with pytest.raises(IntegrityError, match="age_is_positive"):
            make_user(session, age=-1)
        session.rollback()


def test_a_revision_that_breaks_references_is_refused(project, database_url):
    with Database(database_url) as database, database.session() as session:
        session.add(Item(title="Violin", owner=make_user(session)))
    write_revision(
        project, """op.execute("UPDATE items SET owner_id = '00000000000000000000000000000000'")"""
    )

    done = run_alembic("upgrade", "head", url=database_url, root=project)

    assert done.returncode != 0
    with Database(database_url) as database, database.session() as session:
        assert session.scalars(select(Item)).one().owner is not None


def test_a_migration_gives_up_rather_than_make_everybody_wait(
    project, postgresql_server, postgresql_template
):
    name = f"{postgresql_template}_busy"
    with postgresql_server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
    url = postgresql_server.url.set(database=name).render_as_string(hide_password=False)
    write_revision(project, 'op.add_column("users", sa.Column("nickname", sa.String(50)))')
    try:
        with Database(url) as database, database.session() as reader:
            reader.execute(text("SELECT * FROM users"))
            done = run_alembic("upgrade", "head", url=url, root=project)
    finally:
        with postgresql_server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    assert done.returncode != 0
    assert "lock timeout" in done.stderr


# -- The command of the site ---------------------------------------------------------------------------------


@pytest.fixture
def empty_settings(empty_database_url):
    return Settings(_env_file=None, database_url=empty_database_url)


def test_migrating_brings_an_empty_database_to_the_head(empty_settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert migrate(empty_settings)[-1] == HEAD
    assert migrate(empty_settings) == ()
    assert tables(empty_settings.database_url) == {*Base.metadata.tables, VERSION_TABLE}


def test_migrating_says_nothing_and_leaves_the_logging_alone(empty_settings, capfd):
    before = (logging.getLogger().handlers[:], logging.getLogger("alembic").level)
    migrate(empty_settings)

    assert (logging.getLogger().handlers, logging.getLogger("alembic").level) == before
    assert capfd.readouterr() == ("", "")


def test_several_processes_may_migrate_at_once(empty_settings):
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        applied = pool.map(migrate, [empty_settings] * 3)

    assert sorted(map(len, applied)) == [0, 0, len(max(applied, key=len))]
    assert HEAD in max(applied, key=len)


def test_waiting_for_another_process_ends(empty_settings):
    url = make_url(empty_settings.database_url)
    with Database(url) as database, database.engine.connect() as connection:
        if url.get_backend_name() == "sqlite":
            lock = sqlite3.connect(f"{url.database}-migrate", isolation_level=None)
            lock.execute("BEGIN EXCLUSIVE")
        else:
            connection.execute(select(func.pg_advisory_lock(LOCK_KEY)))

        with pytest.raises(ConfigurationError, match="Another process is still migrating"):
            migrate(empty_settings, wait=0.3)

        if url.get_backend_name() == "sqlite":
            lock.close()


def test_a_database_newer_than_the_code_is_refused_in_words(settings):
    with Database.from_settings(settings) as database, database.engine.begin() as connection:
        connection.execute(text("UPDATE admin_site_alembic_version SET version_num = 'fromthefuture'"))

    with pytest.raises(
        ConfigurationError, match="lacks revision fromthefuture; a database that has it is newer"
    ):
        migrate(settings)


@pytest.mark.parametrize("url", ["postgres://somebody:sekret@127.0.0.1:1/school", "sqlite://"])
def test_migrating_what_cannot_be_migrated_is_refused_in_words(url):
    with pytest.raises(ConfigurationError, match="DATABASE_URL cannot be used"):
        migrate(Settings(_env_file=None, database_url=url))


# -- A database that refuses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("refused", REFUSALS.values(), ids=REFUSALS)
def test_a_file_that_may_only_be_read_is_one_line(tmp_path, refused):
    sqlite3.connect(tmp_path / "school.sqlite3").execute("PRAGMA journal_mode = WAL").connection.close()

    words = refused(f"sqlite:///file:{tmp_path}/school.sqlite3?mode=ro&uri=true")

    assert "may only be read" in words


@pytest.mark.parametrize("refused", REFUSALS.values(), ids=REFUSALS)
def test_a_file_that_another_process_keeps_locked_is_one_line(tmp_path, refused):
    other = sqlite3.connect(tmp_path / "school.sqlite3", isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("BEGIN IMMEDIATE")

    words = refused(f"sqlite:///{tmp_path}/school.sqlite3?timeout=0.1")

    assert "another process is writing" in words
    other.close()


def test_a_lock_file_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "school.sqlite3-migrate").mkdir()

    words = refused_by_migrate(f"sqlite:///{tmp_path}/school.sqlite3")

    assert "the lock file" in words


@pytest.fixture
def limited_url(empty_database_url, postgresql_server):
    """The URL of an empty database of PostgreSQL for somebody who may create nothing in it."""
    name = f"limited_{uuid.uuid4().hex}"
    with postgresql_server.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD 'swordfish'")
        url = make_url(empty_database_url).set(username=name, password="swordfish")
        yield url.render_as_string(hide_password=False)
        connection.exec_driver_sql(f"DROP ROLE {name}")


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("refused", REFUSALS.values(), ids=REFUSALS)
def test_a_user_without_the_right_to_create_tables_is_told_so_in_one_line(limited_url, refused):
    words = refused(limited_url)

    assert "permission denied for schema public: the user in DATABASE_URL needs that right" in words
    assert "swordfish" not in words


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_user_without_the_right_to_create_the_schema_is_told_so_in_one_line(limited_url):
    words = refused_by_migrate(limited_url, accounts_schema="admin_site")

    assert "may not create a schema" in words
