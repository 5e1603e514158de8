"""Whether a record would collide is known before it is stored, and is what the flush says then."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Index, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from admin_site.descriptions import describe
from admin_site.services.constraints import TAKEN, TAKEN_TOGETHER
from admin_site.services.rules import state_of
from admin_site.services.uniqueness import collisions
from tests import zoo
from tests.zoo.constraints import Rental
from tests.zoo.inheritance import Taxi


class Base(DeclarativeBase):
    pass


class Badge(Base):
    __tablename__ = "badges"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None]
    colour: Mapped[str | None]

    __table_args__ = (
        Index("uq_badges_code", text("lower(code)"), unique=True),
        Index(
            "uq_badges_odd",
            "colour",
            unique=True,
            postgresql_where=text("length(code) % 2 = 1"),
            sqlite_where=text("length(code) % 2 = 1"),
        ),
    )


@pytest.fixture
def rental(session):
    zoo.create(session.get_bind())
    rental = Rental(
        code="AB-123", status="open", email="Ada@b", plate="X 1", room="7", starts=date(2026, 1, 1)
    )
    session.add(rental)
    session.flush()
    return rental


def collide(session, record: Any, **values: Any) -> dict[str, str]:
    """Return what is taken for new values of a record, or of a new one where `record` is a class."""
    description = describe(record if isinstance(record, type) else type(record))
    stored = None if isinstance(record, type) else record
    return collisions(session, description, stored, state_of(description, stored, values), values)


def test_an_index_over_small_letters(session, rental):
    assert collide(session, Rental, email="ADA@B") == {"email": TAKEN}
    assert collide(session, Rental, email="bob@b") == {}
    assert collide(session, Rental, email=None) == {}


def test_an_index_over_some_rows(session, rental):
    assert collide(session, Rental, plate="X 1") == {"plate": TAKEN}
    assert collide(session, Rental, plate="X 1", is_active=False) == {}
    rental.is_active = False
    session.flush()
    assert collide(session, Rental, plate="X 1") == {}


def test_several_columns_together(session, rental):
    day = date(2026, 1, 1)

    assert collide(session, Rental, room="7", starts=day) == dict.fromkeys(("room", "starts"), TAKEN_TOGETHER)
    assert collide(session, Rental, room="7") == {}
    assert collide(session, Rental, room="7", starts=None) == {}


def test_only_what_was_changed_is_told(session, rental):
    other = Rental(code="CD-123", status="open", room="8", starts=date(2026, 1, 1))
    session.add(other)
    session.flush()

    assert collide(session, other, room="7") == {"room": TAKEN_TOGETHER}
    assert collide(session, other, note="x") == {}


def test_a_record_does_not_collide_with_itself(session, rental):
    assert collide(session, rental, email="ada@B", plate="X 1", room="7") == {}


def test_a_key(session, rental):
    assert collide(session, Rental, id=rental.id) == {"id": TAKEN}


def test_a_subclass_collides_in_the_tables_of_all_its_parents(session):
    zoo.create(session.get_bind())
    taxi = Taxi(name="Cab", doors=4, licence="L")
    session.add(taxi)
    session.flush()

    assert collide(session, Taxi, licence="L") == {"licence": TAKEN}
    assert collide(session, taxi, licence="L") == {}


def test_an_index_that_is_written_as_text(session):
    Base.metadata.create_all(session.get_bind())
    session.add(Badge(code="Abc", colour="red"))
    session.flush()

    assert collide(session, Badge, code="aBC") == {"code": TAKEN}
    assert collide(session, Badge, code="xyz") == {}


def test_an_index_over_rows_that_nobody_can_tell_is_left_to_the_database(session):
    Base.metadata.create_all(session.get_bind())
    session.add(Badge(code="abc", colour="red"))
    session.flush()

    assert collide(session, Badge, code="x", colour="red") == {}
