"""What cannot be deleted is refused in words, on both databases."""

from collections.abc import Iterator

import pytest
from sqlalchemy import ForeignKey, String, Table, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, WriteOnlyMapped, mapped_column, relationship
from starlette.testclient import TestClient

from admin_site.audit import UNAUDITED
from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.errors import Conflict
from admin_site.permissions import COMMAND_LINE
from admin_site.services import records
from admin_site.services.constraints import READ_ONLY
from admin_site.services.deletion import consequences
from admin_site.services.records import UNREADABLE_MEMBERS
from tests.admin.sites import a_site


class Base(DeclarativeBase):
    pass


class Owner(Base):
    """Its pets are only written to, and nothing says what becomes of them."""

    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))

    pets: WriteOnlyMapped["Pet"] = relationship()


class Pet(Base):
    __tablename__ = "pets"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"))


class Street(Base):
    __tablename__ = "streets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class Dangling(Base):
    """Refers to a table that nobody has described."""

    __tablename__ = "danglings"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("elsewhere.id"))


_query = select(Street.id.label("id"), Street.name.label("name")).where(Street.id > 0).subquery()


class Queried(Base):
    __table__ = _query
    __mapper_args__ = {"primary_key": [_query.c.id]}


class Viewed(Base):
    """A view over a union, which no database writes through."""

    __tablename__ = "street_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class Grouped(Base):
    """A view whose rows are groups, which cannot be locked either."""

    __tablename__ = "street_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


REFUSALS = [
    (Owner, UNREADABLE_MEMBERS),
    (Dangling, "they refer to elsewhere.id, which no model has."),
    (Queried, "are read from a query, which cannot be changed."),
    (Viewed, READ_ONLY),
    (Grouped, READ_ONLY),
]
TABLES = (
    "CREATE TABLE elsewhere (id INTEGER PRIMARY KEY)",
    "CREATE TABLE danglings (id INTEGER PRIMARY KEY, name VARCHAR(20), other_id INTEGER)",
    "CREATE VIEW street_view AS SELECT id, name FROM streets UNION SELECT 99, 'x'",
    "CREATE VIEW street_groups AS SELECT id, count(*) AS number FROM streets GROUP BY id",
    "INSERT INTO owners VALUES (1, 'Ada')",
    "INSERT INTO streets VALUES (1, 'Elm Street')",
    "INSERT INTO danglings VALUES (1, 'x', NULL)",
)


@pytest.fixture
def town(database: Database) -> Database:
    for model in (Owner, Pet, Street):
        table = model.__table__
        assert isinstance(table, Table)
        table.create(database.engine)
    with database.engine.begin() as connection:
        for statement in TABLES:
            connection.execute(text(statement))
    return database


@pytest.fixture
def session_there(town: Database) -> Iterator[Session]:
    with town.new_session_maker()() as session:
        yield session


@pytest.mark.parametrize(("model", "words"), REFUSALS)
def test_the_service_says_why_it_does_not_delete(session_there, model, words):
    record = session_there.get_one(model, 1)
    consequences(session_there, record)

    with pytest.raises(Conflict) as refused:
        records.delete(session_there, COMMAND_LINE, describe(model), record)

    assert words in str(refused.value)


def test_a_view_cannot_be_written_either(session_there):
    with pytest.raises(Conflict, match="it may be a view"):
        records.create(session_there, COMMAND_LINE, describe(Viewed), {"id": 2, "name": "y"})
    session_there.rollback()
    with pytest.raises(Conflict, match="it may be a view"):
        records.update(
            session_there, COMMAND_LINE, describe(Viewed), session_there.get_one(Viewed, 1), {"name": "y"}
        )


@pytest.fixture
def client(town: Database) -> TestClient:
    return a_site(town, models=[Base])


@pytest.mark.parametrize("model", [Owner, Dangling, Queried, Viewed, Grouped])
def test_the_pages_say_so_too(client, model):
    url = f"/admin/{describe(model).identity}/delete?pks=1"

    assert client.get(url).status_code in (200, 403)
    assert client.post(url).status_code in (403, 409)


def test_a_table_that_nobody_knows_stops_the_deletion_of_nothing_else(session_there):
    records.delete(session_there, COMMAND_LINE, describe(Street), session_there.get_one(Street, 1))
    session_there.commit()

    assert (
        session_there.execute(text("SELECT * FROM streets"), execution_options={UNAUDITED: "a test"}).all()
        == []
    )
