"""What people read when the database refuses, on both databases."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    cast,
    column,
    func,
    text,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.errors import Conflict, Invalid
from admin_site.models import Course, Enrollment, Flow, Role, RoleGrant, User, UserType
from admin_site.permissions import COMMAND_LINE
from admin_site.services import records
from admin_site.services.constraints import explain
from admin_site.services.records import Members
from tests import zoo
from tests.factories import make_user
from tests.zoo import columns, keys, names, postgresql

TAKEN = "Another record already has this value."
TAKEN_TOGETHER = "Another record already has these values together."
REQUIRED = "This field needs a value."
NOT_ALLOWED = "This value is not allowed."
NO_SUCH_RECORD = "The record this refers to does not exist."
STILL_USED = "Other records still refer to this one."
JARGON = ("sql", "insert", "update", "constraint", "violat", "_", "key (", "%(", "?", "relation", "column")
SECRET = "canary-7f1c"


OPEN = text("is_open")


class Base(DeclarativeBase):
    pass


class Hall(Base):
    __tablename__ = "halls"

    number: Mapped[int] = mapped_column("hall_no", primary_key=True)
    name: Mapped[str] = mapped_column("title", String(10), unique=True)
    city: Mapped[str | None] = mapped_column(String(20))
    street: Mapped[str | None] = mapped_column(String(20))
    alias: Mapped[str | None] = mapped_column("also_known_as")
    code: Mapped[str | None]
    is_open: Mapped[bool] = mapped_column(default=True)
    seats: Mapped[int | None] = mapped_column(CheckConstraint("seats <> 13"))
    rows: Mapped[int | None] = mapped_column(CheckConstraint("rows % 13 <> 0", name="chk_halls_unlucky"))
    doors: Mapped[int | None] = mapped_column(
        CheckConstraint("doors % 2 = 0", name="even", comment="Doors come in pairs.")
    )
    opened: Mapped[date | None]
    closed: Mapped[date | None]
    low: Mapped[int | None]
    high: Mapped[int | None]
    odd: Mapped[int | None]
    left: Mapped[int | None]
    right: Mapped[int | None]
    kind: Mapped[str | None]
    small: Mapped[int | None] = mapped_column(SmallInteger)
    price: Mapped[Any] = mapped_column(Numeric(4, 2), nullable=True)
    mood: Mapped[str | None] = mapped_column(Enum("good", "bad", name="hall_mood"))

    concerts: Mapped[list["Concert"]] = relationship(
        back_populates="hall", foreign_keys="Concert.hall_number"
    )

    __table_args__ = (
        UniqueConstraint("city", "street"),
        Index("uq_halls_alias_lower", func.lower(alias), unique=True),
        Index("uq_halls_open_code", "code", unique=True, postgresql_where=OPEN, sqlite_where=OPEN),
        CheckConstraint("closed >= opened", name="closes_after_opening"),
        CheckConstraint("low < high OR kind = 'odd'"),
        CheckConstraint('"left" - "right" <> 0'),
        CheckConstraint(cast(column("odd"), Integer) % 2 == 1),
    )


class Concert(Base):
    __tablename__ = "concerts"

    id: Mapped[int] = mapped_column(primary_key=True)
    hall_number: Mapped[int] = mapped_column(ForeignKey("halls.hall_no"))
    backup_number: Mapped[int | None] = mapped_column(ForeignKey("halls.hall_no", ondelete="RESTRICT"))
    seen_in: Mapped[int | None] = mapped_column("seen", ForeignKey("halls.hall_no"))
    title: Mapped[str]

    hall: Mapped[Hall] = relationship(foreign_keys=[hall_number], back_populates="concerts")
    backup: Mapped[Hall | None] = relationship(foreign_keys=[backup_number])

    __table_args__ = (UniqueConstraint("hall_number", "title"),)


class Tour(Base):
    """One column is a part of two references."""

    __tablename__ = "tours"

    band: Mapped[str] = mapped_column(String(10), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Stop(Base):
    __tablename__ = "stops"

    id: Mapped[int] = mapped_column(primary_key=True)
    band: Mapped[str | None] = mapped_column(String(10))
    year: Mapped[int | None] = mapped_column()
    next_year: Mapped[int | None] = mapped_column()

    tour: Mapped[Tour | None] = relationship(foreign_keys=[band, year])
    next_tour: Mapped[Tour | None] = relationship(foreign_keys=[band, next_year], overlaps="tour")

    __table_args__ = (
        ForeignKeyConstraint(["band", "year"], ["tours.band", "tours.year"]),
        ForeignKeyConstraint(["band", "next_year"], ["tours.band", "tours.year"]),
    )


class PostgresBase(DeclarativeBase):
    pass


class Booking(PostgresBase):
    __tablename__ = "bookings"

    id: Mapped[int] = mapped_column(primary_key=True)
    during: Mapped[Any] = mapped_column(pg.INT4RANGE)
    a_column_with_a_name_as_long_as_possible_to_make_names_long: Mapped[int | None] = mapped_column(
        BigInteger
    )

    __table_args__ = (
        pg.ExcludeConstraint(("during", "&&"), name="no_double_booking", using="gist"),
        CheckConstraint(
            "a_column_with_a_name_as_long_as_possible_to_make_names_long % 7 <> 0", name="never_seven"
        ),
    )


@pytest.fixture
def hall_session(database: Database, backend: str) -> Iterator[Session]:
    """A session with our tables and those of this module."""
    Base.metadata.create_all(database.engine)
    if backend == "postgresql":
        PostgresBase.metadata.create_all(database.engine)
    with database.new_session_maker()() as session:
        yield session


@pytest.fixture
def zoo_session(database: Database) -> Iterator[Session]:
    zoo.create(database.engine)
    with database.new_session_maker()() as session:
        yield session


def store(session: Session, *stored: Any) -> Any:
    session.add_all(stored)
    session.commit()
    return stored[0]


def refusal_of_new(session: Session, model: type, **values: Any) -> dict[str, str]:
    """Return the errors, by field, of a record that cannot be created."""
    with pytest.raises(Invalid) as refused:
        records.create(session, COMMAND_LINE, describe(model), values)
    session.rollback()
    return plain(refused.value)


def refusal_of_change(session: Session, record: Any, **values: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        records.update(session, COMMAND_LINE, describe(type(record)), record, values)
    session.rollback()
    return plain(refused.value)


def plain(refusal: Invalid) -> dict[str, str]:
    """Return the errors, having seen that nothing in them is for programmers."""
    for words in refusal.errors.values():
        assert not [jargon for jargon in JARGON if jargon in words.lower()], words
        assert SECRET not in words
    return refusal.errors


# -- Unique --------------------------------------------------------------------------------------------------


def test_a_value_that_is_taken(hall_session):
    hall = store(hall_session, Hall(name="Opera"), Hall(name="Arena"))

    assert refusal_of_new(hall_session, Hall, name="Opera") == {"name": TAKEN}
    assert refusal_of_change(hall_session, hall, name="Arena") == {"name": TAKEN}


def test_values_that_are_taken_together(hall_session):
    store(hall_session, Hall(name="a", city="Wien", street="Ring"))

    assert refusal_of_new(hall_session, Hall, name="b", city="Wien", street="Ring") == {
        "city": TAKEN_TOGETHER,
        "street": TAKEN_TOGETHER,
    }


def test_a_value_that_is_taken_in_another_case(hall_session):
    store(hall_session, Hall(name="a", alias="Old House"))

    assert refusal_of_new(hall_session, Hall, name="b", alias="OLD house") == {"alias": TAKEN}


def test_a_value_that_is_taken_among_some(hall_session):
    store(hall_session, Hall(name="a", code="X"))

    assert refusal_of_new(hall_session, Hall, name="b", code="X") == {"code": TAKEN}
    records.create(hall_session, COMMAND_LINE, describe(Hall), {"name": "b", "code": "X", "is_open": False})


def test_a_key_that_is_taken(zoo_session):
    store(zoo_session, keys.TextKey(code="a"))
    zoo_session.expunge_all()
    assert refusal_of_new(zoo_session, keys.TextKey, code="a") == {"code": TAKEN}


def test_a_composite_key_that_is_taken(zoo_session):
    values = {"street": "a", "house": 1, "built": date(2026, 1, 1)}
    store(zoo_session, keys.CompositeKey(**values))
    zoo_session.expunge_all()
    assert refusal_of_new(zoo_session, keys.CompositeKey, **values) == dict.fromkeys(values, TAKEN_TOGETHER)


def test_an_attribute_named_unlike_its_column(zoo_session):
    store(zoo_session, names.Unlike(headline="x", amount=1))

    assert refusal_of_new(zoo_session, names.Unlike, headline="x") == {"headline": TAKEN}


def test_references_that_are_taken_together_stand_beside_their_relations(session):
    user = make_user(session)
    course = Course(name="Biology", start_date=date(2026, 1, 1))
    store(session, Enrollment(user=user, course=course))

    assert refusal_of_new(session, Enrollment, user=user, course=course) == {
        "user": TAKEN_TOGETHER,
        "course": TAKEN_TOGETHER,
    }


def test_names_of_people_are_taken_without_regard_to_case(session):
    make_user(session, user_name="ada")
    session.commit()

    assert refusal_of_new(session, User, user_name="ADA", email_address="a@b") == {"user_name": TAKEN}


def test_a_subclass_is_refused_because_of_any_of_its_tables(zoo_session):
    from tests.zoo.inheritance import Taxi

    store(zoo_session, Taxi(name="Cab", doors=4, licence="L"))
    assert refusal_of_new(zoo_session, Taxi, name="Cab", doors=4, licence="L") == {"licence": TAKEN}
    assert refusal_of_new(zoo_session, Taxi, doors=4, licence="M") == {"name": REQUIRED}


# -- Needed --------------------------------------------------------------------------------------------------


def test_a_value_that_is_needed(hall_session):
    assert refusal_of_new(hall_session, Hall, city="Wien") == {"name": REQUIRED}
    assert refusal_of_change(hall_session, store(hall_session, Hall(name="a")), name=None) == {
        "name": REQUIRED
    }


def test_a_reference_that_is_needed_stands_beside_its_relation(hall_session):
    assert refusal_of_new(hall_session, Concert, title="x") == {"hall": REQUIRED}


def test_a_member_that_cannot_do_without_its_record_is_not_blamed_on_a_field(hall_session):
    hall = store(hall_session, Hall(name="a"))
    concert = store(hall_session, Concert(hall=hall, title="x"))
    with pytest.raises(Conflict) as refused:
        records.update(
            hall_session, COMMAND_LINE, describe(Hall), hall, {"concerts": Members(remove=(concert,))}
        )
    assert "cannot be without" in str(refused.value)


# -- Checks --------------------------------------------------------------------------------------------------


def test_a_rule_in_words(hall_session):
    assert refusal_of_new(hall_session, Hall, name="a", seats=13) == {
        "seats": "Enter something other than 13."
    }


def test_a_rule_without_words_and_without_a_name(hall_session):
    assert refusal_of_new(hall_session, Hall, name="a", odd=2) == {"odd": NOT_ALLOWED}


def test_a_rule_with_a_name_but_without_words(hall_session):
    assert refusal_of_new(hall_session, Hall, name="a", rows=13) == {"rows": "Refused by the rule “unlucky”."}


def test_a_rule_with_a_comment(hall_session):
    assert refusal_of_new(hall_session, Hall, name="a", doors=13) == {"doors": "Doors come in pairs."}


def test_a_rule_about_two_fields_is_told_beside_the_one_that_was_to_change(hall_session):
    dates = {"opened": date(2026, 2, 1), "closed": date(2026, 1, 1)}
    words = "Closed must not be before opened."
    assert refusal_of_new(hall_session, Hall, name="a", **dates) == {"closed": words}

    hall = store(hall_session, Hall(name="a", opened=dates["opened"]))
    assert refusal_of_change(hall_session, hall, closed=dates["closed"], name="b") == {"closed": words}
    hall = store(hall_session, Hall(name="c", closed=dates["closed"]))
    assert refusal_of_change(hall_session, hall, opened=dates["opened"]) == {
        "opened": "Opened must not be after closed."
    }


def test_a_rule_about_several_fields(hall_session):
    words = "Low must be less than high, or kind must be “odd”."
    errors = refusal_of_new(hall_session, Hall, name="a", low=2, high=1, kind="even")
    assert errors == {"kind": words}
    hall = store(hall_session, Hall(name="a", low=1, high=2, kind="even"))
    assert refusal_of_change(hall_session, hall, low=3) == {"low": words}


def test_a_rule_about_several_fields_without_words_blames_those_that_were_to_change(hall_session):
    words = "These values do not go together."
    assert refusal_of_new(hall_session, Hall, name="a", left=1, right=1) == {"left": words, "right": words}
    hall = store(hall_session, Hall(name="a", left=1, right=2))
    assert refusal_of_change(hall_session, hall, left=2) == {"left": words}


def test_a_rule_that_a_form_has_words_for(zoo_session):
    assert refusal_of_new(zoo_session, columns.Limits, positive=0, price=Decimal("0.5")) == {
        "positive": "Enter 1 or more."
    }
    assert refusal_of_new(zoo_session, columns.Limits, positive=6, percent=101) == {
        "percent": "Enter 0 to 100."
    }


def test_rules_of_our_own(session):
    dates = {"start_date": date(2026, 2, 1), "end_date": date(2026, 1, 1)}
    assert refusal_of_new(session, Course, name="x", **dates) == {
        "end_date": "End date must not be before start date."
    }
    assert refusal_of_new(session, User, user_name="a", email_address="a@b", age=0) == {
        "age": "Enter 1 or more."
    }


def test_a_rule_with_a_long_name(hall_session, backend):
    if backend == "sqlite":
        pytest.skip("Booking is a table of PostgreSQL's")
    long = "a_column_with_a_name_as_long_as_possible_to_make_names_long"
    assert refusal_of_new(hall_session, Booking, during=pg.Range(1, 2), **{long: 7}) == {
        long: "Refused by the rule “never seven”."
    }


def test_values_of_a_domain(zoo_session, backend):
    if backend == "sqlite":
        pytest.skip("SQLite has no domains")
    assert list(refusal_of_new(zoo_session, postgresql.Postgres, positive=-1)) == ["positive"]
    assert list(refusal_of_new(zoo_session, postgresql.Postgres, post_code="x")) == ["post_code"]


# -- References ----------------------------------------------------------------------------------------------


def test_a_reference_to_nothing(hall_session):
    hall = store(hall_session, Hall(name="a"))

    assert refusal_of_new(hall_session, Concert, title="x", hall=hall, seen_in=77) == {
        "seen_in" if hall_session.get_bind().dialect.name == "postgresql" else "": NO_SUCH_RECORD
    }
    concert = store(hall_session, Concert(title="x", hall=hall))
    assert refusal_of_change(hall_session, concert, seen_in=77, title="y") == {"seen_in": NO_SUCH_RECORD}


def test_a_reference_to_nothing_stands_beside_the_relation_that_holds_it(hall_session, backend):
    hall = store(hall_session, Hall(name="a"))
    concert = store(hall_session, Concert(title="x", hall=hall))
    expected = "hall" if backend == "postgresql" else "hall_number"  # SQLite does not say which

    assert refusal_of_change(hall_session, concert, hall_number=77) == {expected: NO_SUCH_RECORD}


def test_of_two_relations_that_share_a_column_the_right_one_is_blamed(hall_session, backend):
    if backend == "sqlite":
        pytest.skip("SQLite does not say which reference is broken")
    store(hall_session, Tour(band="a", year=1))

    assert refusal_of_new(hall_session, Stop, band="a", year=1, next_year=2) == {"next_tour": NO_SUCH_RECORD}
    assert refusal_of_new(hall_session, Stop, band="a", year=2) == {"tour": NO_SUCH_RECORD}


def test_a_record_that_others_refer_to_stays(hall_session):
    hall, backup = Hall(name="a"), Hall(name="b")
    store(hall_session, Concert(title="x", hall=hall, backup=backup))
    for record in (hall, backup):
        with pytest.raises(Conflict) as refused:
            records.delete(hall_session, COMMAND_LINE, describe(Hall), record)
        hall_session.rollback()
        assert str(refused.value).startswith(("Other records still", "Another record cannot be without"))


def test_a_user_type_in_use_stays(session):
    user_type = UserType(name="Student")
    make_user(session, user_type=user_type)
    session.commit()
    with pytest.raises(Conflict, match=STILL_USED):
        records.delete(session, COMMAND_LINE, describe(UserType), user_type)


def test_a_record_that_its_like_refers_to_stays(zoo_session):
    above = store(zoo_session, names.Unlike(headline="above"))
    store(zoo_session, names.Unlike(headline="below", above_number=above.number))
    with pytest.raises(Conflict, match=STILL_USED):
        records.delete(zoo_session, COMMAND_LINE, describe(names.Unlike), above)


def test_tables_of_one_name_in_two_schemas_are_told_apart(zoo_session, backend):
    if backend == "sqlite":
        pytest.skip("SQLite has no schemas")
    host = store(zoo_session, postgresql.Host(address="10.0.0.1"))
    ledger = store(zoo_session, postgresql.Ledger(title="x", host=host))

    with pytest.raises(Conflict, match=STILL_USED):
        records.delete(zoo_session, COMMAND_LINE, describe(postgresql.Host), host)
    zoo_session.rollback()
    assert refusal_of_change(zoo_session, ledger, address="10.0.0.2") == {"host": NO_SUCH_RECORD}
    assert refusal_of_change(zoo_session, ledger, title=None) == {"title": REQUIRED}


def test_a_link_that_is_there_already_stands_beside_its_relation(session, database):
    user, flow = make_user(session), Flow(name="f")
    session.add(flow)
    session.commit()
    assert user.flows == []
    with database.session() as other:
        found = other.get_one(Flow, flow.flow_id)
        found.users.append(other.get_one(User, user.user_id))

    assert refusal_of_change(session, user, flows=Members(add=(flow,))) == {
        "flows": "One of these is there already, or belongs elsewhere."
    }


def test_members_that_collide_stand_beside_their_relation(session):
    role = store(session, Role(name="R"))
    twins = tuple(RoleGrant(model="user", action="list") for _ in range(2))

    assert list(refusal_of_change(session, role, grants=Members(add=twins))) == ["grants"]


# -- Values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "x" * 11}, "Enter at most 10 characters (these are 11)."),
        ({"small": 40_000}, "Enter 32767 or less."),
        ({"price": 1234}, "Enter at most 2 digits before the point."),
        ({"small": 2**70}, "Enter 32767 or less."),
        ({"city": "nul\0"}, "Remove the NUL character: no database can keep it."),
        ({"city": "half \ud800"}, "Remove the broken character: half of a pair is missing."),
        ({"mood": "sour"}, "Choose one of the values offered."),
        ({"opened": "someday"}, None),
        ({"is_open": "maybe"}, "The database cannot store this value."),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_stored(hall_session, backend, values, words):
    (name,) = values
    is_stored = backend == "sqlite" and values in (
        {"name": "x" * 11},
        {"small": 40_000},
        {"price": 1234},
        {"city": "nul\0"},
        {"mood": "sour"},
    )
    if is_stored:
        pytest.skip("SQLite stores this")
    errors = refusal_of_new(hall_session, Hall, **{"name": "a", **values})
    assert list(errors) == [name]
    assert words is None or errors[name] == words


def test_a_collision_that_is_none_of_equal_values(hall_session, backend):
    if backend == "sqlite":
        pytest.skip("SQLite has no exclusion constraints")
    store(hall_session, Booking(during=pg.Range(1, 5)))

    assert refusal_of_new(hall_session, Booking, during=pg.Range(4, 9)) == {
        "during": "This collides with another record."
    }


TRIGGERS = {
    "sqlite": [
        "CREATE TRIGGER closed BEFORE INSERT ON halls WHEN NEW.title = 'No' "
        "BEGIN SELECT RAISE(ABORT, 'No hall is built on Sundays.'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.title = 'No' THEN RAISE EXCEPTION 'No hall is built on Sundays.'; END IF; "
        "IF NEW.title = 'Check' THEN RAISE EXCEPTION 'Too late.' "
        "USING ERRCODE = 'check_violation', COLUMN = 'title'; END IF; "
        "RETURN NEW; END $$",
        "CREATE TRIGGER closed BEFORE INSERT ON halls FOR EACH ROW EXECUTE FUNCTION closed()",
    ],
}


def test_what_a_trigger_says_is_passed_on(hall_session, backend):
    for statement in TRIGGERS[backend]:
        hall_session.execute(text(statement))
    hall_session.commit()

    words = "The database refuses this: No hall is built on Sundays."
    assert refusal_of_new(hall_session, Hall, name="No") == {"": words}
    if backend == "postgresql":
        assert refusal_of_new(hall_session, Hall, name="Check") == {
            "name": "The database refuses this: Too late."
        }


def test_what_a_trigger_says_is_one_short_line(hall_session, backend):
    statements = [
        statement.replace("No hall is built on Sundays.", "x\x1b" * 500 + "\nDETAIL")
        for statement in TRIGGERS[backend]
    ]
    for statement in statements:
        hall_session.connection().exec_driver_sql(statement.replace("%", "%%"))
    hall_session.commit()
    (words,) = refusal_of_new(hall_session, Hall, name="No").values()

    assert words.isprintable()
    assert len(words) < 250


def test_no_value_stands_in_the_words(hall_session):
    store(hall_session, Hall(name="a", alias=SECRET, city=SECRET[:20], street="s"))
    refusal_of_new(hall_session, Hall, name="b", alias=SECRET)
    refusal_of_new(hall_session, Hall, name="b", city=SECRET[:20], street="s")
    refusal_of_new(hall_session, Hall, name="b", kind=SECRET, low=2, high=1)


# -- Somebody else -------------------------------------------------------------------------------------------


def test_two_who_change_the_same_at_once_are_told_to_try_again(hall_session, database, backend):
    hall = store(hall_session, Hall(name="a"))
    with database.new_session_maker()() as other:
        if backend == "postgresql":
            hall_session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        else:
            hall_session.execute(text("PRAGMA busy_timeout = 10"))
        hall_session.refresh(hall)
        other.get(Hall, hall.number).city = "Wien"
        other.flush()
        if backend == "postgresql":
            other.commit()
        with pytest.raises(Conflict, match="Try again"):
            records.update(hall_session, COMMAND_LINE, describe(Hall), hall, {"city": "Rom"})


def test_two_who_wait_for_each_other_are_told_to_try_again(hall_session, database, backend):
    if backend == "sqlite":
        pytest.skip("in SQLite one writes at a time")
    one, two = store(hall_session, Hall(name="a")), store(hall_session, Hall(name="b"))
    numbers = one.number, two.number
    barrier = threading.Barrier(2)
    refusals: list[Exception] = []

    def change(first: int, second: int) -> None:
        with database.new_session_maker()() as session:
            session.connection().execute(text("SET LOCAL deadlock_timeout = '100ms'"))
            halls = {number: session.get(Hall, number) for number in numbers}
            records.update(session, COMMAND_LINE, describe(Hall), halls[first], {"city": f"{first}"})
            barrier.wait()
            try:
                records.update(session, COMMAND_LINE, describe(Hall), halls[second], {"city": f"{first}"})
            except Conflict as refusal:
                refusals.append(refusal)

    threads = [threading.Thread(target=change, args=order) for order in (numbers, numbers[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [str(refusal) for refusal in refusals] == [
        "Somebody else is changing the same data right now. Try again."
    ]


# -- Faults of the site --------------------------------------------------------------------------------------


def test_a_lost_connection_is_no_fault_of_the_values(hall_session, database, backend):
    if backend == "sqlite":
        pytest.skip("a file is not connected to")
    hall = store(hall_session, Hall(name="a"))
    hall_session.refresh(hall)
    mine = hall_session.scalar(text("SELECT pg_backend_pid()"))
    with database.session() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
    with pytest.raises(OperationalError):
        records.update(hall_session, COMMAND_LINE, describe(Hall), hall, {"name": "b"})


def test_a_missing_table_is_no_fault_of_the_values(hall_session):
    hall_session.execute(text("DROP TABLE concerts"))
    with pytest.raises(DBAPIError):
        records.create(hall_session, COMMAND_LINE, describe(Concert), {"title": "x", "hall_number": 1})


def test_a_file_that_cannot_be_written_is_no_fault_of_the_values():
    error = sqlite3.OperationalError("attempt to write a readonly database")
    with pytest.raises(OperationalError):
        explain(OperationalError("INSERT", {}, error), describe(Hall))


def test_a_mistake_in_the_code_is_no_fault_of_the_values():
    with pytest.raises(StatementError):
        explain(StatementError("nonsense", "INSERT", {}, RuntimeError("nonsense")), describe(Hall))


# -- At the end of the transaction ---------------------------------------------------------------------------


def test_what_is_refused_only_at_the_end_is_explained_too(database, hall_session, backend):
    table = (
        "CREATE TABLE encores (id INTEGER PRIMARY KEY, hall_no INTEGER "
        "REFERENCES halls (hall_no) DEFERRABLE INITIALLY DEFERRED)"
    )
    hall_session.execute(text(table))
    hall_session.commit()
    hall_session.connection().exec_driver_sql("INSERT INTO encores VALUES (1, 77)")
    with pytest.raises(DBAPIError) as error:
        hall_session.commit()
    refusal = explain(error.value, describe(Hall))

    assert isinstance(refusal, Invalid | Conflict)
    assert "refer" in str(refusal)
