import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from admin_site.audit import UnauditedStatement
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.models import AuditEntry, Base, Item, Role, UserType
from tests.factories import make_user


class ForeignBase(DeclarativeBase):
    pass


class Planet(ForeignBase):
    __tablename__ = "planets"
    planet_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


MOONS = MetaData()
Table("moons", MOONS, Column("moon_id", Integer, primary_key=True))

COMETS = registry()
Table("comets", COMETS.metadata, Column("comet_id", Integer, primary_key=True))


# -- Sessions ------------------------------------------------------------------------------------------------


def test_a_session_commits_when_its_block_ends(database):
    with database.session() as session:
        session.add(UserType(name="Student"))

    with database.session() as session:
        assert session.scalars(select(UserType.name)).all() == ["Student"]


def test_a_session_undoes_everything_when_its_block_raises(database):
    def add_and_fail():
        with database.session() as session:
            session.add(UserType(name="Student"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()

    with database.session() as session:
        assert session.scalars(select(UserType.name)).all() == []


def test_records_stay_readable_after_their_session_has_ended(database):
    with database.session() as session:
        kind = UserType(name="Student")
        session.add(kind)

    assert kind.name == "Student"


def test_every_session_is_audited(database):
    with database.session() as session:
        session.add(UserType(name="Student"))
        with pytest.raises(UnauditedStatement):
            session.execute(UserType.__table__.update().values(name="Teacher"))

    with database.new_session_maker()() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["create"]


def test_a_factory_belongs_to_whoever_asked_for_it(database):
    database.new_session_maker().configure(autoflush=False)

    with database.session() as session:
        assert session.autoflush


def test_a_savepoint_is_undone_alone(database):
    def add_a_student():
        with session.begin_nested():
            session.add(UserType(name="Student"))

    with database.session() as session:
        session.add(UserType(name="Student"))
        with pytest.raises(IntegrityError):
            add_a_student()
        session.add(UserType(name="Teacher"))

    with database.session() as session:
        assert set(session.scalars(select(UserType.name))) == {"Student", "Teacher"}


def test_a_savepoint_opened_first_thing_goes_with_the_transaction(database):
    def add_and_fail():
        with database.session() as session:
            with session.begin_nested():
                session.add(UserType(name="Student"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()

    with database.session() as session:
        assert session.scalars(select(UserType.name)).all() == []


def test_creating_a_table_is_part_of_the_transaction(database):
    with database.engine.connect() as connection:
        connection.execute(text("CREATE TABLE comets (comet_id INTEGER)"))
        connection.rollback()

    assert not inspect(database.engine).has_table("comets")


# -- Several at once -----------------------------------------------------------------------------------------


def test_two_transactions_that_read_before_they_write_both_succeed(database):
    both_have_read = Barrier(2, timeout=10)

    def add(name: str) -> None:
        with database.session() as session:
            session.scalars(select(UserType)).all()
            both_have_read.wait()
            session.add(UserType(name=name))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add, ("Student", "Teacher")))

    with database.session() as session:
        assert set(session.scalars(select(UserType.name))) == {"Student", "Teacher"}


def _select_a_role(session):
    return session.scalar(select(Role).with_for_update())


def _get_a_role(session):
    return session.get(Role, session.scalar(select(Role.role_id)), with_for_update=True)


def _refresh_a_role(session):
    role = session.scalar(select(Role))
    session.refresh(role, with_for_update=True)
    return role


@pytest.mark.parametrize("lock", [_select_a_role, _get_a_role, _refresh_a_role])
def test_a_row_read_for_update_is_not_changed_meanwhile(database, lock):
    with database.session() as session:
        session.add(Role(name="Counter", description="0"))
    both_are_ready = Barrier(2, timeout=10)

    def count(_: int) -> None:
        with database.session() as session:
            session.scalar(select(func.count()).select_from(Role))
            both_are_ready.wait()
            role = lock(session)
            role.description = str(int(role.description) + 1)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(count, range(2)))

    with database.session() as session:
        assert session.scalar(select(Role.description)) == "2"


def test_readers_do_not_wait_for_a_writer(database):
    with database.session() as writer:
        writer.add(UserType(name="Student"))
        writer.flush()

        with database.session() as reader:
            assert reader.scalars(select(UserType)).all() == []


def test_one_pool_serves_many_threads(database):
    def add(number: int) -> None:
        with database.session() as session:
            session.add(UserType(name=f"Kind {number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))

    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(UserType)) == 40


def _add_kinds(url: str, name: str) -> None:
    with Database(url) as database:
        for number in range(20):
            with database.session() as session:
                before = session.scalar(select(func.count()).select_from(UserType))
                session.add(UserType(name=f"{name} {number}, after {before}"))


def test_many_processes_write_to_one_database(database_url, database):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_add_kinds, args=(database_url, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0]
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(UserType)) == 40


# -- The engine ----------------------------------------------------------------------------------------------


def test_leaving_the_block_closes_every_connection(database_url):
    with Database(database_url) as database:
        with database.session() as session:
            session.execute(text("SELECT 1"))
        assert database.engine.pool.checkedin() == 1

    assert database.engine.pool.checkedin() == 0


def test_pool_settings_reach_the_engine(settings):
    settings = settings.model_copy(update={"pool_size": 2, "max_overflow": 1, "pool_pre_ping": False})
    with Database.from_settings(settings) as database:
        pool = database.engine.pool
        assert (pool.size(), pool._max_overflow, pool._pre_ping) == (2, 1, False)


def test_errors_do_not_show_values(session):
    make_user(session, email_address="secret@example.org")
    with pytest.raises(IntegrityError) as caught:
        make_user(session, email_address="secret@example.org")

    assert "[parameters" not in str(caught.value)
    assert caught.value.hide_parameters


def test_connections_to_postgresql_say_whose_they_are_and_do_not_wait_forever():
    with Database("postgres://someone@example.org/school") as database:
        assert database.engine.url.query == {"application_name": "admin_site", "connect_timeout": "10"}
        assert database.engine.url.drivername == "postgresql+psycopg2"


def test_the_url_may_choose_its_own_application_name():
    with Database("postgresql://example.org/school?application_name=mine&sslmode=require") as database:
        assert database.engine.url.query["application_name"] == "mine"
        assert database.engine.url.query["sslmode"] == "require"


# -- SQLite --------------------------------------------------------------------------------------------------


def test_every_pooled_sqlite_connection_logs_ahead_and_checks_foreign_keys(tmp_path):
    with Database(f"sqlite:///{tmp_path / 'admin.sqlite3'}", pool_size=3) as database:
        connections = [database.engine.connect() for _ in range(3)]
        for connection in connections:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
            connection.close()


def test_the_folder_of_a_sqlite_file_is_created_when_it_is_needed(tmp_path):
    file = tmp_path / "a" / "b" / "admin.sqlite3"
    with Database(f"sqlite:///{file}") as database:
        assert not file.parent.exists()
        database.check()

    assert file.exists()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"])
def test_a_database_in_memory_is_one_for_all_threads(url):
    def add(number: int) -> None:
        with database.session() as session:
            session.add(UserType(name=f"Kind {number}"))

    with Database(url) as database:
        database.create_tables()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(8)))

        with database.session() as session:
            assert session.scalar(select(func.count()).select_from(UserType)) == 8


def test_a_writer_that_cannot_get_the_lock_may_go_on_reading(tmp_path):
    file = tmp_path / "admin.sqlite3"
    with Database(f"sqlite:///{file}", base=ForeignBase) as database:
        database.create_tables()
        other = sqlite3.connect(file, isolation_level=None)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(OperationalError, match="locked"):
                connection.execute(Planet.__table__.insert().values(name="Mars"))
            assert connection.execute(select(Planet.name)).all() == []
            other.execute("ROLLBACK")

            connection.execute(Planet.__table__.insert().values(name="Mars"))
            connection.rollback()
            assert connection.execute(select(Planet.name)).all() == []
        other.close()


def test_common_table_expressions_that_read_do_not_wait_for_writers(tmp_path):
    file = tmp_path / "admin.sqlite3"
    with Database(f"sqlite:///{file}", base=ForeignBase) as database:
        database.create_tables()
        names = select(Planet.name).cte("names")
        with database.session() as writer:
            writer.add(Planet(name="Mars"))
            writer.flush()
            with database.session() as reader:
                reader.connection().exec_driver_sql("PRAGMA busy_timeout = 0")
                assert reader.execute(select(names)).all() == []


def test_a_statement_outside_any_transaction_stays_outside(tmp_path):
    with Database(f"sqlite:///{tmp_path / 'admin.sqlite3'}", base=ForeignBase) as database:
        database.create_tables()
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(Planet.__table__.insert().values(name="Mars"))
            connection.exec_driver_sql("VACUUM")
        with database.session() as session:
            assert session.scalars(select(Planet.name)).all() == ["Mars"]


# -- Tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "tables"),
    [
        (ForeignBase, {"planets"}),
        (MOONS, {"moons"}),
        (COMETS, {"comets"}),
        ([ForeignBase, MOONS, COMETS, MOONS], {"planets", "moons", "comets"}),
    ],
    ids=["declarative base", "metadata", "registry", "several"],
)
def test_tables_of_any_base_are_created_and_dropped(empty_database_url, base, tables):
    with Database(empty_database_url, base=base) as database:
        database.create_tables()
        database.create_tables()
        assert set(inspect(database.engine).get_table_names()) == tables | {"audit_entries"}

        database.drop_tables()
        assert inspect(database.engine).get_table_names() == ["audit_entries"]


def test_records_of_any_base_are_stored_and_audited(empty_database_url):
    with Database(empty_database_url, base=ForeignBase) as database:
        database.create_tables()
        with database.session() as session:
            session.add(Planet(name="Mars"))

        with database.session() as session:
            assert session.scalars(select(Planet.name)).all() == ["Mars"]
            assert session.scalars(select(AuditEntry.model)).all() == ["planets"]


def test_the_tables_are_ours_unless_told_otherwise(empty_database_url):
    with Database(empty_database_url) as database:
        database.create_tables()
        assert set(inspect(database.engine).get_table_names()) == set(Base.metadata.tables)
        with database.session() as session:
            owner = make_user(session)
            session.add(Item(title="Violin", owner=owner))

        database.drop_tables()
        assert inspect(database.engine).get_table_names() == []


def test_dropping_tables_leaves_those_of_others(empty_database_url):
    with Database(empty_database_url) as ours, Database(empty_database_url, base=ForeignBase) as theirs:
        ours.create_tables()
        theirs.create_tables()
        theirs.drop_tables()

        assert set(inspect(ours.engine).get_table_names()) == set(Base.metadata.tables)


# -- Wrong URLs ----------------------------------------------------------------------------------------------

NOT_A_URL = "it must look like"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", NOT_A_URL),
        ("school", NOT_A_URL),
        ("nosuch://somebody:sekret@localhost/school", NOT_A_URL),
        ("postgresql+nosuch://somebody:sekret@localhost/school", NOT_A_URL),
        ("postgresql+asyncpg://somebody:sekret@localhost/school", NOT_A_URL),
        ("postgresql://somebody:sekret@localhost:port/school", NOT_A_URL),
        ("sqlite://school.sqlite3", NOT_A_URL),
        ("postgres://somebody:sekret@127.0.0.1:1/school", "no server answers at 127.0.0.1, port 1"),
        ("postgres://somebody:sekret@no-host.invalid/school", "there is no host named no-host.invalid"),
        ("postgres://somebody:sekret@/school?host=/no/socket", "no server answers at /no/socket"),
        ("postgres://somebody:very@sekret@localhost/school", "must be percent-encoded"),
        ("postgres://somebody:sekret@localhost/school?nosuch=1", "after the question mark is wrong"),
        ("postgres://somebody:sekret@localhost:99999/school", "the port is not one"),
    ],
)
def test_a_wrong_url_is_explained_in_one_line_without_the_password(url, words):
    with pytest.raises(ConfigurationError) as caught, Database(url) as database:
        database.check()

    message = str(caught.value)
    assert message.startswith("DATABASE_URL cannot be used: ")
    assert words in message
    assert "\n" not in message
    assert "sekret" not in message


def test_a_database_that_does_not_exist_is_explained(postgresql_server):
    url = postgresql_server.url.set(database="no_such_database")
    with Database(url) as database, pytest.raises(ConfigurationError, match="no database 'no_such_database'"):
        database.check()


def test_a_user_who_does_not_exist_is_explained(postgresql_server):
    url = postgresql_server.url.set(username="nobody", password="sekret")
    with Database(url) as database, pytest.raises(ConfigurationError, match="'nobody'") as caught:
        database.check()

    assert "sekret" not in str(caught.value)


def test_a_file_that_is_no_database_is_explained(tmp_path):
    file = tmp_path / "letter.txt"
    file.write_text("Dear all, " * 200)
    _expect_refusal(f"sqlite:///{file}", "is not a SQLite database")


def test_a_folder_in_place_of_a_file_is_explained(tmp_path):
    _expect_refusal(f"sqlite:///{tmp_path}", "cannot be opened")


def test_a_folder_that_cannot_be_created_is_explained(tmp_path):
    (tmp_path / "file").touch()
    _expect_refusal(f"sqlite:///{tmp_path}/file/admin.sqlite3", "cannot be opened: ")


def _expect_refusal(url: str, words: str) -> None:
    with Database(url) as database, pytest.raises(ConfigurationError) as caught:
        database.check()
    assert make_url(url).database in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
