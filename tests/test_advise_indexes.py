"""Indexes that lists lack: found, written as a revision, applied, taken back."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest
from alembic import command as alembic
from alembic.config import Config
from sqlalchemy import ForeignKey, String, Text, create_engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.pool import NullPool

from admin_site.app import find_site
from admin_site.config import ROOT
from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.errors import BadRequest, ConfigurationError
from admin_site.listing import Listing, ListQuery, fetch
from admin_site.listing.needs import needs
from admin_site.models import Item, User
from admin_site.ops.advice import in_words
from admin_site.ops.existing import Part, count_rows, existing_indexes
from admin_site.ops.index_revisions import environment, statements, write_revision
from admin_site.ops.indexes import Report, advise
from admin_site.ops.plans import plan_of
from tests.test_migrations import project

__all__ = ["project"]  # a fixture

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class TownBase(DeclarativeBase):
    pass


class Town(TownBase):
    __tablename__ = "towns"
    town_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


class Person(TownBase):
    __tablename__ = "people"
    person_id: Mapped[int] = mapped_column(primary_key=True)
    last_name: Mapped[str] = mapped_column(String(100))
    nickname: Mapped[str | None] = mapped_column(Text)
    born: Mapped[date | None]
    is_member: Mapped[bool] = mapped_column(default=True)
    town_id: Mapped[int | None] = mapped_column(ForeignKey("towns.town_id"))
    town: Mapped[Town | None] = relationship()


def listing_of(model=Person, **changes) -> Listing:
    return Listing.of(describe(inspect(model)), **changes)


def sorted_by(*sort: str) -> Listing:
    """Return a list that offers one sort and nothing else."""
    terms = tuple((name.lstrip("-"), name.startswith("-")) for name in sort)
    return listing_of(sortable=(), default_sort=terms, searchable=(), filters={})


@pytest.fixture
def towns(empty_database_url: str) -> Iterator[Database]:
    with Database(empty_database_url, base=TownBase) as database:
        fill(database)
        yield database


def fill(database: Database) -> None:
    database.create_tables()
    with database.engine.begin() as connection:
        connection.execute(Town.__table__.insert(), [{"town_id": n, "name": f"Town {n}"} for n in range(5)])
        rows = [
            {
                "last_name": f"Name {n % 97}",
                "nickname": f"Nick {n}",
                "born": date(1990, 1, 1),
                "town_id": n % 5,
            }
            for n in range(300)
        ]
        connection.execute(Person.__table__.insert(), [row | {"is_member": True} for row in rows])


def execute(database: Database, *lines: str) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for line in lines:
            connection.exec_driver_sql(line.replace("%", "%%"))


def wanted(database: Database, *listings: Listing, least_rows: int = 100) -> dict[str, list[str]]:
    """Return the columns of the advised indexes with their uses."""
    report = advise(database, listings or [listing_of()], least_rows)
    return {", ".join(map(spelled, advice.parts)): list(advice.uses) for advice in report.advice}


def spelled(part: Part) -> str:
    nulls = {None: "", True: " nulls first", False: " nulls last"}[part.nulls_first]
    return part.column + (" desc" if part.descending else "") + nulls


# -- What is missing -----------------------------------------------------------------------------------------


def test_every_sort_and_filter_without_an_index_is_found_once(towns):
    found = wanted(towns)

    assert found["last_name, person_id"] == ["sort by last_name", "filter by last_name"]
    assert found["born, person_id"] == ["sort by born", "filter by born"]
    assert found["town_id, person_id"] == ["sort by town_id", "filter by town_id"]
    assert not any(columns.startswith("person_id") for columns in found)


def test_columns_of_yes_or_no_are_no_filter_that_an_index_helps(towns):
    assert "filter by is_member" not in str(wanted(towns))


def test_tables_with_few_rows_are_left_out(towns):
    assert wanted(towns, least_rows=301) == {}
    assert wanted(towns, listing_of(Town)) == {}
    assert "name" not in wanted(towns, listing_of(Town), least_rows=0)


def test_views_and_tables_that_are_not_there_are_left_out(towns):
    execute(towns, "ALTER TABLE people RENAME TO inhabitants")
    assert wanted(towns, least_rows=0) == {}

    execute(towns, "CREATE VIEW people AS SELECT * FROM inhabitants")
    assert wanted(towns, least_rows=0) == {}


@ON_POSTGRESQL
def test_partitioned_tables_are_named_and_left_out(towns):
    execute(
        towns,
        "ALTER TABLE people RENAME TO inhabitants",
        "CREATE TABLE people (LIKE inhabitants) PARTITION BY RANGE (person_id)",
    )

    report = advise(towns, [listing_of()], 0)

    assert report.advice == ()
    assert "cannot index partitioned tables concurrently: people." in "".join(
        in_words(report, 0, "postgresql")
    )


def test_what_matters_most_comes_first(towns):
    report = advise(towns, [listing_of(Town), listing_of()], 0)

    weights = [advice.weight for advice in report.advice]
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize(
    ("sort", "index", "is_enough"),
    [
        (["last_name"], "last_name, person_id", True),
        (["-last_name"], "last_name, person_id", True),
        (["last_name"], "last_name DESC, person_id DESC", True),
        (["last_name"], "last_name, person_id, born", True),
        (["last_name"], "last_name, person_id DESC", False),
        (["last_name"], "lower(last_name), person_id", False),
        (["last_name"], "born, last_name, person_id", False),
        (["last_name", "is_member"], "last_name, person_id", False),
        (["-last_name", "is_member"], "last_name DESC, is_member, person_id DESC", True),
        (["-last_name", "is_member"], "last_name, is_member DESC, person_id", True),
        (["-last_name", "is_member"], "last_name, is_member, person_id", False),
        (["person_id"], "born", True),
    ],
)
def test_an_index_serves_a_sort_in_its_order_either_way(towns, sort, index, is_enough):
    execute(towns, f"CREATE INDEX some_index ON people ({index})")

    assert (wanted(towns, sorted_by(*sort)) == {}) is is_enough


def test_an_index_on_some_of_the_rows_serves_no_list(towns):
    execute(towns, "CREATE INDEX some_index ON people (last_name, person_id) WHERE town_id = 1")

    assert wanted(towns, sorted_by("last_name")) != {}


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("index", "is_enough"),
    [
        ("last_name, born DESC NULLS LAST, person_id", True),
        ("last_name DESC, born NULLS FIRST, person_id DESC", True),
        ("last_name, born DESC, person_id", False),
    ],
)
def test_empty_values_of_later_columns_have_their_place(towns, index, is_enough):
    execute(towns, f"CREATE INDEX some_index ON people ({index})")

    assert (wanted(towns, sorted_by("last_name", "-born")) == {}) is is_enough


@ON_POSTGRESQL
@pytest.mark.parametrize(
    "definition",
    ["USING hash (last_name)", "(last_name text_pattern_ops, person_id)", "USING brin (last_name)"],
)
def test_indexes_of_another_kind_serve_no_sort(towns, definition):
    execute(towns, f"CREATE INDEX some_index ON people {definition}")

    assert wanted(towns, sorted_by("last_name")) != {}


@ON_POSTGRESQL
def test_an_index_that_was_never_finished_counts_for_nothing(towns):
    execute(
        towns,
        "CREATE INDEX some_index ON people (last_name, person_id)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'some_index'::regclass",
    )

    assert wanted(towns, sorted_by("last_name")) != {}


@ON_SQLITE
def test_every_index_of_sqlite_ends_in_the_row_id(towns):
    execute(towns, "CREATE INDEX some_index ON people (last_name)")

    assert wanted(towns, sorted_by("last_name")) == {}


@ON_SQLITE
def test_an_index_without_regard_to_case_serves_no_sort_with(towns):
    execute(towns, "CREATE INDEX some_index ON people (last_name COLLATE NOCASE)")

    assert wanted(towns, sorted_by("last_name")) != {}


def test_the_advised_indexes_are_all_that_was_missing(towns):
    listings = [listing_of(), sorted_by("last_name", "-born"), sorted_by("-born", "last_name")]
    execute(towns, *statements(advise(towns, listings, 100), towns.engine.dialect))

    assert wanted(towns, *listings) == {}


def test_the_database_reads_a_page_by_what_was_advised(towns):
    listing = sorted_by("last_name", "-born")
    [before] = advise(towns, [listing], 100).advice
    execute(towns, *statements(advise(towns, [listing], 100), towns.engine.dialect), "ANALYZE")
    asked = next(need for need in needs(listing) if len(need.columns) == 3)

    with towns.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # it would do for 300 rows
        after = plan_of(connection, asked)

    assert (before.plan.reads_all, before.plan.sorts) == (True, True)
    assert (after.reads_all, after.sorts) == (False, False)


def test_the_number_of_rows_is_that_of_the_table(towns):
    with towns.engine.connect() as connection:
        assert count_rows(connection, Person.__table__) == 300
    execute(towns, "ANALYZE")
    with towns.engine.connect() as connection:
        assert count_rows(connection, Person.__table__) == 300


def test_the_report_says_what_an_index_is_for_and_what_it_replaces(towns):
    backend = towns.engine.dialect.name
    words = "\n".join(in_words(advise(towns, [listing_of()], 100), 100, backend))

    assert "people: last_name, person_id" in words
    assert "sort by last_name; filter by last_name" in words
    assert "reads and sorts the whole table" in words
    assert "300 rows" in words
    assert ("(cost " in words) is (backend == "postgresql")
    assert "people.last_name, people.nickname" in words  # no index here looks inside them
    assert ("install PostgreSQL's contrib modules" in words) is (backend == "postgresql")


def test_a_report_of_nothing_says_so(towns):
    assert "nothing to gain" in "".join(in_words(advise(towns, [listing_of()], 999), 999, "sqlite"))
    assert "lack no index" in "".join(in_words(advise(towns, [sorted_by("person_id")], 9), 9, "sqlite"))


def test_names_of_indexes_fit_and_stay_apart(towns):
    class Base(DeclarativeBase):
        pass

    class Other(Base):
        __tablename__ = "a_table_with_a_name_as_long_as_people_like_to_make_them"
        first_id: Mapped[int] = mapped_column(primary_key=True)
        one_column: Mapped[int]
        one_column_more: Mapped[int]

    Other.metadata.create_all(towns.engine)
    report = advise(towns, [listing_of(Other)], 0)

    names = [advice.name for advice in report.advice]
    assert len(set(names)) == len(names) == 2
    assert all(len(name) <= 63 for name in names)
    execute(towns, *statements(report, towns.engine.dialect))


# -- The revision --------------------------------------------------------------------------------------------


OURS = [Listing.of(describe(inspect(model))) for model in (User, Item)]


def config_of(project: Path, url: str) -> Config:
    config = Config(project / "alembic.ini", stdout=StringIO())
    config.attributes["url"] = url
    return config


def advised(url: str) -> Report:
    with Database(url) as database:
        return advise(database, OURS, 0, lambda table: table.name in ("users", "items"))


def write(url: str, config: Config) -> Path:
    with Database(url) as database:
        return write_revision(advised(url), database.engine.dialect, config, is_ours=True)


def names_of_indexes(url: str) -> list[str]:
    with Database(url) as database, database.engine.connect() as connection:
        found = existing_indexes(connection, User.__table__)
    return [index.name for index in found if index.name.startswith("advised_")]


def test_the_written_revision_goes_up_stays_clean_and_comes_down(project, database_url):
    config = config_of(project, database_url)
    revision = write(database_url, config)
    assert revision.is_relative_to(project / "alembic" / "versions")

    alembic.upgrade(config, "head")
    alembic.check(config)
    assert advised(database_url).advice == ()
    assert names_of_indexes(database_url)

    alembic.downgrade(config, "-1")
    assert not names_of_indexes(database_url)


@ON_SQLITE
def test_the_written_revision_is_in_the_house_style(project, database_url):
    revision = write(database_url, config_of(project, database_url))

    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "-q", revision], cwd=project, check=True)
    subprocess.run([*ruff, "format", "-q", "--check", revision], cwd=project, check=True)


def test_the_written_revision_can_be_printed(project, database_url):
    config = config_of(project, database_url)
    write(database_url, config)
    config.output_buffer = StringIO()

    alembic.upgrade(config, "head", sql=True)

    assert "advised_users_last_name_user_id ON users (last_name, user_id)" in config.output_buffer.getvalue()


@ON_POSTGRESQL
def test_an_interrupted_revision_can_be_applied_again(project, database_url):
    config = config_of(project, database_url)
    revision = write(database_url, config)
    whole = revision.read_text()
    revision.write_text(
        whole.replace("\n\n\ndef downgrade", "\n    raise InterruptedError\n\n\ndef downgrade")
    )
    with pytest.raises(InterruptedError):
        alembic.upgrade(config, "head")

    revision.write_text(whole)
    alembic.upgrade(config, "head")

    assert advised(database_url).advice == ()


@ON_POSTGRESQL
def test_building_waits_for_a_long_transaction_and_gives_the_limit_back(project, database_url):
    config = config_of(project, database_url)
    revision = write(database_url, config)
    end = "    op.execute(\"CREATE TABLE limits AS SELECT current_setting('lock_timeout') AS after\")\n"
    revision.write_text(revision.read_text().replace("\n\n\ndef downgrade", f"\n{end}\n\ndef downgrade"))

    alembic.upgrade(config, "head")

    with Database(database_url) as database, database.engine.connect() as connection:
        assert connection.scalar(text("SELECT after FROM limits")) == "2s"


# -- Another app ---------------------------------------------------------------------------------------------

SHOP = """
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
    from admin_site import Settings, create_app

    class Base(DeclarativeBase):
        pass

    class Order(Base):
        __tablename__ = "orders"
        order_id: Mapped[int] = mapped_column(primary_key=True)
        number: Mapped[str]

    app = create_app(models=[Base])
    other = "no app"
"""


@pytest.fixture
def shop(tmp_path, database_url):
    """A folder with somebody's app, whose table is in the database."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.py").write_text(dedent(SHOP))
    with Database(database_url) as database:
        execute(database, "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, number VARCHAR NOT NULL)")
    return folder


def advise_shop(shop, url, *options):
    settings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATABASE_URL": url}
    return subprocess.run(
        [sys.executable, "-m", "admin_site", "advise-indexes", "--rows", "0", *options],
        cwd=shop,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_statements_for_another_apps_tables_alone_can_be_printed(shop, database_url):
    done = advise_shop(shop, database_url, "--app", "shop:app", "--sql")

    kind = " CONCURRENTLY" if database_url.startswith("postgresql") else ""
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"CREATE INDEX{kind} advised_orders_number_order_id ON orders (number, order_id);\n"


@ON_SQLITE
def test_the_revision_for_another_app_goes_to_its_own_migrations(shop, database_url):
    alembic.init(Config(shop / "alembic.ini", stdout=StringIO()), str(shop / "migrations"))

    done = advise_shop(shop, database_url, "--app", "shop:app", "--write")

    assert done.returncode == 0
    assert "orders: number, order_id" in done.stdout
    assert "include_name=is_not_advised" in done.stdout
    [revision] = shop.glob("migrations/versions/*.py")
    assert "advised_orders_number_order_id" in revision.read_text()
    compile(revision.read_text(), revision, "exec")


def test_without_migrations_in_this_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError, match=r"no alembic\.ini"):
        environment(is_ours=False)


@ON_SQLITE
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere:app", "no module 'nowhere'"),
        ("shop:nothing", "no app at 'shop:nothing'"),
        ("shop:other", "not what create_app returned"),
        (":", "no app at ':'"),
    ],
)
def test_an_app_that_is_not_there_is_named(shop, database_url, monkeypatch, name, words):
    monkeypatch.setattr(sys, "path", [str(shop), *sys.path])
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.delitem(sys.modules, "shop", raising=False)

    with pytest.raises(BadRequest, match=words):
        find_site(name)


# -- Searches inside texts, for which the PostgreSQL of the other tests lacks an extension -------------------


@pytest.fixture(scope="module")
def debian_postgresql() -> Iterator[URL]:
    """The URL of a private server from Debian's packages, which has pg_trgm."""
    if not PROGRAMS:
        pytest.skip("not tested: Debian's package postgresql is not installed")
    programs = PROGRAMS[-1].parent
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="admin-site-debian-"))
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments],
            user=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    run("pg_ctl", "-w", "-s", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield URL.create("postgresql+psycopg2", username="postgres", query={"host": str(folder)})
    finally:
        run("pg_ctl", "-w", "-s", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def texts(debian_postgresql: URL) -> Iterator[Database]:
    server = create_engine(
        debian_postgresql.set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS texts WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE texts TEMPLATE template0")
    with Database(debian_postgresql.set(database="texts"), base=TownBase) as database:
        fill(database)
        yield database
    server.dispose()


def test_searches_get_trigrams_where_the_server_has_them(texts):
    report = advise(texts, [listing_of()], 100)

    searches = {advice.name: advice for advice in report.advice if advice.is_trigram}
    assert set(searches) == {"advised_people_last_name_trgm", "advised_people_nickname_trgm"}
    assert searches["advised_people_last_name_trgm"].uses == ("search in last_name",)
    assert report.searches == ()
    words = "\n".join(in_words(report, 100, "postgresql"))
    assert "people: last_name, trigrams" in words
    assert "CREATE EXTENSION pg_trgm" in words


@pytest.mark.parametrize("schema", [None, "public", "extensions"])
def test_the_trigrams_serve_the_search_of_a_list_wherever_the_extension_is(texts, schema):
    if schema:
        execute(texts, f"CREATE SCHEMA IF NOT EXISTS {schema}", f"CREATE EXTENSION pg_trgm SCHEMA {schema}")
    listing = listing_of()

    execute(texts, *statements(advise(texts, [listing], 100), texts.engine.dialect))

    assert wanted(texts, listing) == {}
    with texts.session() as session:
        found = fetch(session, listing, ListQuery.parse([("search", '"ick 17"')], listing)).rows
        assert len(found) == 11
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.scalars(text("EXPLAIN SELECT * FROM people WHERE nickname ILIKE '%ick 17%'")).all()
    assert "advised_people_nickname_trgm" in "".join(plan)


def test_the_written_revision_brings_the_extension(texts, project):
    url = texts.engine.url.render_as_string(hide_password=False)
    config = config_of(project, url)
    execute(texts, "DROP TABLE audit_entries")
    alembic.upgrade(config, "head")

    revision = write(url, config)

    assert "gin_trgm_ops" in revision.read_text()
    alembic.upgrade(config, "head")
    alembic.check(config)
    assert advised(url).advice == ()
    alembic.downgrade(config, "-1")
    config.output_buffer = StringIO()
    config.attributes["url"] = "sqlite://"
    alembic.upgrade(config, "head", sql=True)
    assert "_trgm" not in config.output_buffer.getvalue()  # the revision is for SQLite as well
