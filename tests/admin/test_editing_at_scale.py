"""A form costs the same whatever stands around its record: a hundred thousand children, or none."""

from typing import ClassVar

import pytest
from sqlalchemy import ForeignKey, String, event, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from admin_site import AdminView, Inline
from admin_site.database import Database
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site

CHILDREN, TARGETS = 100_000, 20_000
NOBODY, FEW, MANY = 1, 2, 3  # the towns: without children, with a little more than a page of them, with all
MAX_PAGE = 100_000  # bytes
FURTHER = 1  # statement of a page that does not show all children: how many they are
MAX_SAVE = 6  # statements: who asks, the record, is it sent twice, UPDATE, its history, it was sent


class Base(DeclarativeBase):
    pass


class Region(Base):
    __tablename__ = "regions"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), index=True)


class Town(Base):
    __tablename__ = "towns"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"))

    region: Mapped[Region] = relationship()
    citizens: Mapped[list["Person"]] = relationship(
        back_populates="town", cascade="all, delete-orphan", foreign_keys="Person.town_id"
    )
    guests: Mapped[list["Person"]] = relationship(back_populates="host", foreign_keys="Person.host_id")


class Person(Base):
    """Edited in the form of a town as a row of it, and as one of its members who join and leave."""

    __tablename__ = "persons"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    town_id: Mapped[int] = mapped_column(ForeignKey("towns.id"), index=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("towns.id"), index=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"))

    town: Mapped[Town] = relationship(back_populates="citizens", foreign_keys=town_id)
    host: Mapped[Town] = relationship(back_populates="guests", foreign_keys=host_id)
    region: Mapped[Region] = relationship()


class Note(Base):
    """Nothing but fields."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    words: Mapped[str] = mapped_column(String(200), default="")


class Citizens(Inline, model=Person):
    relation = "citizens"
    columns: ClassVar = ["name", "region"]


class WithRows(AdminView, model=Town):
    form_columns: ClassVar = ["name", "region"]
    inlines: ClassVar = [Citizens]


class WithMembers(AdminView, model=Town):
    form_columns: ClassVar = ["name", "region", "guests"]
    inlines: ClassVar = []


ROWS = (
    "WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
    " SELECT {values} FROM numbers"
)


@pytest.fixture
def country(database: Database) -> Database:
    """Three towns among many regions."""
    Base.metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        if database.engine.dialect.name == "postgresql":  # which looks up each reference of each row
            for name in ("town_id", "host_id", "region_id"):
                connection.execute(text(f"ALTER TABLE persons DROP CONSTRAINT persons_{name}_fkey"))
        persons = "persons (id, name, town_id, host_id, region_id)"
        for into, first, last, values in (
            ("regions (id, name)", 1, TARGETS, "n, 'Region ' || n"),
            ("towns (id, name, region_id)", NOBODY, MANY, "n, 'Lagos', n"),
            (persons, 1, 60, f"n, 'Person ' || n, {FEW}, {FEW}, n"),
            (persons, 61, CHILDREN, f"n, 'Person ' || n, {MANY}, {MANY}, 1 + n % {TARGETS}"),
        ):
            rows = ROWS.format(first=first, last=last, values=values)
            connection.execute(text(f"INSERT INTO {into} {rows}"))
    return database


class Somebody:
    """A superuser's browser, and what each request asked of the database."""

    def __init__(self, database: Database, *views: type[AdminView]) -> None:
        self.client = a_site(database, models=[Base], views=views)
        self.statements: list[str] = []
        event.listen(self.client.app.state.site.database.engine, "before_cursor_execute", self._note)

    def _note(self, connection, cursor, statement, parameters, context, many) -> None:
        if statement.split(maxsplit=1)[0] not in ("BEGIN", "COMMIT"):
            self.statements.append(statement)

    def opens(self, url: str) -> tuple[str, int]:
        """Return a page, and the number of statements it took."""
        self.client.get(url)  # what a process learns once
        self.statements.clear()
        answer = self.client.get(url)
        assert answer.status_code == 200
        return answer.text, len(self.statements)

    def saves(self, page: str, url: str, **typed: str) -> int:
        """Save a form as its script sends it, without rows that nobody touched; count the statements."""
        data = {name: texts for name, texts in record_form(page).data(**typed).items() if "|" not in name}
        self.statements.clear()
        answer = self.client.post(url, data=data)
        assert answer.status_code == 303, answer.text
        return len(self.statements)


def test_a_form_is_as_light_and_as_cheap_beside_a_hundred_thousand_children(country):
    for view in (WithRows, WithMembers):
        somebody, pages, opening, saving = Somebody(country, view), {}, {}, {}
        for town in (NOBODY, FEW, MANY):
            url = f"/admin/town/edit/{town}"
            pages[town], opening[town] = somebody.opens(url)
            saving[town] = somebody.saves(pages[town], url, name=view.__name__)

        assert pages[NOBODY].count("Person ") == 0
        assert pages[MANY].count("Person ") == pages[FEW].count("Person ") >= 25
        assert len(pages[MANY].encode()) < MAX_PAGE
        assert opening[NOBODY] <= opening[FEW] <= opening[MANY] <= opening[NOBODY] + FURTHER
        assert saving[MANY] == saving[FEW] == saving[NOBODY]


def test_a_field_is_saved_with_its_history_by_six_statements(database):
    Base.metadata.create_all(database.engine)
    with database.session() as session:
        session.add(Note(id=1, title="Bread"))
    somebody = Somebody(database)
    page, _ = somebody.opens("/admin/note/edit/1")

    assert somebody.saves(page, "/admin/note/edit/1", title="Butter") <= MAX_SAVE, somebody.statements
