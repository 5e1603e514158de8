"""Columns of other people's models that are called like secrets: never shown, but typed."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import AuditEntry
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    password: Mapped[str]
    api_key: Mapped[str | None]
    token_hash: Mapped[str | None]


@pytest.fixture
def accounts(database: Database) -> TestClient:
    Base.metadata.create_all(database.engine)
    with database.session() as session:
        session.add(Account(name="Ada", password="hunter2", api_key="key-123", token_hash="abcdef"))
    return a_site(database, models=[Base])


def _row(database: Database) -> tuple[str, ...]:
    with database.engine.connect() as connection:
        return tuple(
            connection.execute(text("SELECT name, password, api_key, token_hash FROM accounts")).one()
        )


@pytest.mark.parametrize(
    "page", ["list", "list?columns=name,password,api_key", "list?search=hunter2", "details/1", "edit/1"]
)
def test_no_page_shows_them(accounts, page: str):
    answer = accounts.get(f"/admin/account/{page}")

    assert answer.status_code in (200, 400)
    for secret in ("hunter2", "key-123", "abcdef"):
        assert secret not in answer.text.replace("search=hunter2", "").replace('value="hunter2"', "")


def test_nothing_typed_keeps_what_is_stored(accounts, database):
    form = record_form(accounts.get("/admin/account/edit/1").text)

    assert accounts.post("/admin/account/edit/1", data=form.data(name="Bea")).status_code == 303
    assert _row(database) == ("Bea", "hunter2", "key-123", "abcdef")


def test_what_is_typed_is_stored_and_masked_in_the_history(accounts, database, session):
    form = record_form(accounts.get("/admin/account/edit/1").text)

    assert accounts.post("/admin/account/edit/1", data=form.data(password="s3cret")).status_code == 303
    assert _row(database) == ("Ada", "s3cret", "key-123", "abcdef")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).one()
    assert entry.changes == {"password": ["••••", "••••"]}


def test_one_that_may_be_empty_can_be_removed(accounts, database):
    form = record_form(accounts.get("/admin/account/edit/1").text)

    answer = accounts.post("/admin/account/edit/1", data=form.data(api_key__clear="true"))

    assert answer.status_code == 303, answer.text
    assert _row(database) == ("Ada", "hunter2", None, "abcdef")


def test_a_new_record_needs_those_that_may_not_be_empty(accounts):
    form = record_form(accounts.get("/admin/account/create").text)

    refused = accounts.post("/admin/account/create", data=form.data(name="Eve"))
    assert refused.status_code == 400
    assert "This field needs a value." in refused.text
    assert accounts.post("/admin/account/create", data=form.data(name="Eve", password="x")).status_code == 303
    assert "token_hash" not in dict(form.pairs)
