"""Stored values that their types cannot read: they are shown, left alone, mended and deleted."""

import enum
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from sqlite3 import connect
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import JSON, Enum, ForeignKey, Interval, String, TypeDecorator, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import AuditEntry
from admin_site.models import Base as OurBase
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site


class Base(DeclarativeBase):
    pass


class Seller(Base):
    __tablename__ = "sellers"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Status(enum.Enum):
    NEW = "new"
    PAID = "paid"


class Sealed(TypeDecorator[str]):
    """A text that only comes back when it was sealed with today's key."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else f"key:{value}"

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        if value is not None and not value.startswith("key:"):
            raise RuntimeError("sealed with another key")
        return None if value is None else value.removeprefix("key:")


class Shop(Base):
    __tablename__ = "shops"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Sealed(80))
    city: Mapped[str | None] = mapped_column(String(40))


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str | None] = mapped_column(String(80))
    status: Mapped[Status | None] = mapped_column(Enum(Status, native_enum=False, create_constraint=False))
    kind: Mapped[Status] = mapped_column(
        Enum(Status, native_enum=False, create_constraint=False), server_default="NEW"
    )
    sealed: Mapped[str | None] = mapped_column(Sealed(80))
    day: Mapped[date | None]
    moment: Mapped[datetime | None]
    span: Mapped[Any] = mapped_column(Interval, nullable=True)
    price: Mapped[Decimal | None]
    document: Mapped[Any] = mapped_column(JSON, nullable=True)
    token: Mapped[UUID | None]
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    seller_id: Mapped[UUID | None] = mapped_column(ForeignKey("sellers.id"))

    shop: Mapped[Shop | None] = relationship()
    seller: Mapped[Seller | None] = relationship()


BOTH = {"status": "GONE", "kind": "GONE", "sealed": "old:secret"}
# What each database keeps although the column's type cannot read it.
STORED: dict[str, dict[str, str]] = {
    "sqlite": {
        **BOTH,
        "day": "n/a",
        "moment": "",
        "span": "long",
        "price": "dear",
        "document": '{"a":',
        "token": "zz-top",
    },
    "postgresql": {
        **BOTH,
        "day": "0044-03-15 BC",
        "moment": "20001-01-01 00:00:00",
        "span": "99999999 years",
    },
}
MENDED = {
    "status": "PAID",
    "kind": "PAID",
    "sealed": "new",
    "day": "2031-05-06",
    "moment": "2031-05-06T07:08",
    "span": "3 days",
    "price": "12.50",
    "document": '{"a": 1}',
    "token": "00000000-0000-0000-0000-000000000007",
}


@pytest.fixture
def stored(backend: str) -> dict[str, str]:
    return STORED[backend]


@pytest.fixture
def shop(database: Database, stored: dict[str, str]) -> Iterator[TestClient]:
    """The site of a shop with three orders: of the second nothing can be read, the others are in order."""
    Base.metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO shops (id, name, city) VALUES (1, 'old:Corner', 'Ghent')"))
        for number in (1, 2, 3):
            values = {"id": number, "note": f"Order no. {number}", "kind": "NEW", "shop_id": 1}
            values |= stored if number == 2 else {}
            columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO orders ({columns}) VALUES ({places})"), values)
    return a_site(database, models=[Base])


def _row(database: Database, number: int) -> dict[str, Any]:
    columns = [f"CAST({name} AS VARCHAR) AS {name}" for name in (*STORED["sqlite"], "note")]
    with database.engine.connect() as connection:
        statement = f"SELECT {', '.join(columns)} FROM orders WHERE id = {number}"
        return dict(connection.execute(text(statement)).mappings().one())


def _words(html: str) -> str:
    return html.replace("&#34;", '"')


def test_a_list_shows_every_row_and_says_what_cannot_be_read(shop, stored):
    page = shop.get(f"/admin/order/list?columns=note,{','.join(stored)},shop")

    assert page.status_code == 200
    for number in (1, 2, 3):
        assert f"Order no. {number}" in page.text
    for raw in stored.values():
        assert f"unreadable: {raw or '(empty text)'}" in _words(page.text), raw


@pytest.mark.parametrize("direction", ["", "-"])
def test_a_list_can_be_sorted_by_what_cannot_be_read(shop, stored, direction):
    for name in stored:
        page = shop.get(f"/admin/order/list?columns=note&sort={direction}{name}")
        if name != "document":
            assert page.status_code == 200, name
            assert "Order no. 2" in page.text


def test_a_record_with_unreadable_values_opens(shop, stored):
    page = shop.get("/admin/order/details/2")

    assert page.status_code == 200
    for raw in stored.values():
        assert f"unreadable: {raw or '(empty text)'}" in _words(page.text), raw


def test_saving_another_field_leaves_unreadable_values_as_they_are(shop, database):
    before = _row(database, 2)
    form = record_form(shop.get("/admin/order/edit/2").text)

    answer = shop.post("/admin/order/edit/2", data=form.data(note="Changed"))

    assert answer.status_code == 303, answer.text
    assert _row(database, 2) == before | {"note": "Changed"}


def test_a_new_value_mends_an_unreadable_one(shop, database, stored):
    mended = {name: MENDED[name] for name in stored}
    for name, value in mended.items():
        form = record_form(shop.get("/admin/order/edit/2").text)
        answer = shop.post("/admin/order/edit/2", data=form.data(**{name: value}))
        assert answer.status_code == 303, f"{name}: {answer.text}"

    assert "unreadable:" not in shop.get("/admin/order/details/2").text
    form = record_form(shop.get("/admin/order/edit/2").text)
    for name, value in mended.items():
        assert form.data()[name][-1].startswith(value), name


def test_an_unreadable_value_can_be_emptied(shop, database, stored):
    emptied = set(stored) - {"kind"}
    form = record_form(shop.get("/admin/order/edit/2").text)

    answer = shop.post("/admin/order/edit/2", data=form.data(**dict.fromkeys(emptied, "")))

    assert answer.status_code == 303, answer.text
    row = _row(database, 2)
    assert {name for name in emptied if row[name] is not None} == set()


def test_another_value_that_makes_no_sense_is_refused_in_words(shop, database, stored):
    before = _row(database, 2)
    form = record_form(shop.get("/admin/order/edit/2").text)

    answer = shop.post("/admin/order/edit/2", data=form.data(day="tomorrow"))

    assert answer.status_code == 400
    assert "Enter a date" in answer.text
    assert _row(database, 2) == before


def test_a_record_with_unreadable_values_is_deleted_and_its_raw_texts_stay_on_record(
    shop, database, session, stored
):
    assert shop.get("/admin/order/delete?pks=2").status_code == 200

    answer = shop.post("/admin/order/delete?pks=2")

    assert answer.status_code == 303, answer.text
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "delete")).one()
    for name, raw in stored.items():
        assert entry.changes[name] == [raw, None]


def test_the_history_of_a_mended_value_tells_the_raw_text(shop, session, stored):
    form = record_form(shop.get("/admin/order/edit/2").text)

    shop.post("/admin/order/edit/2", data=form.data(day="2031-05-06"))

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).one()
    assert entry.changes == {"day": [stored["day"], "2031-05-06"]}
    assert stored["day"] in shop.get("/admin/order/details/2").text


def test_a_related_record_whose_name_cannot_be_read_is_called_by_its_key(shop):
    page = shop.get("/admin/order/list?columns=note,shop")

    assert page.status_code == 200
    assert "Shop 1" in page.text
    assert shop.get("/admin/shop/list").status_code == 200
    assert shop.get("/admin/order/ajax/lookup?name=shop&term=").status_code == 200


def test_a_reference_that_cannot_be_read_is_shown_and_mended(tmp_path):
    """SQLite keeps any text in a column of UUIDs; it came from a file that nobody checked."""
    with Database(f"sqlite:///{tmp_path / 'shop.sqlite3'}") as database:
        OurBase.metadata.create_all(database.engine)
        Base.metadata.create_all(database.engine)
        with closing(connect(tmp_path / "shop.sqlite3", isolation_level=None)) as unchecked:
            unchecked.execute("INSERT INTO orders (id, note, kind, seller_id) VALUES (1, 'x', 'NEW', 'Bob')")
        seller = UUID(int=7)
        with database.session() as session:
            session.add(Seller(id=seller, name="Bob"))
        shop = a_site(database, models=[Base])

        for page in ("list?columns=note,seller", "details/1", "edit/1"):
            answer = shop.get(f"/admin/order/{page}")
            assert answer.status_code == 200, page
            assert not page.startswith("details") or "unreadable: Bob" in answer.text
        form = record_form(shop.get("/admin/order/edit/1").text)
        answer = shop.post("/admin/order/edit/1", data=form.data(seller=str(seller)))

        assert answer.status_code == 303, answer.text
        assert "unreadable:" not in shop.get("/admin/order/details/1").text


class Animal(Base):
    __tablename__ = "animals"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))

    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "animal"}


def test_a_record_of_a_kind_that_is_gone_is_told_in_words(shop, database):
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO animals (id, kind) VALUES (1, 'dodo')"))

    for page in ("list", "details/1", "edit/1"):
        answer = shop.get(f"/admin/animal/{page}")
        assert answer.status_code == 409, page
        assert "dodo" in answer.text
