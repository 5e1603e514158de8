"""The admin over a database whose own tables have the names of the admin's."""

from typing import Any

import pytest
from sqlalchemy import Column, MetaData, String, Table, delete, inspect, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.testclient import TestClient

from admin_site import Settings, audit, create_app
from admin_site.database import Database
from admin_site.database.accounts import VERSION_TABLE
from admin_site.models import AuditEntry, User
from admin_site.ops.migrate import migrate
from admin_site.ops.status import check_schema
from tests.admin.html_forms import record_form
from tests.admin.sites import SETTINGS, sign_in


class ShopBase(DeclarativeBase):
    pass


class ShopUser(ShopBase):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    nickname: Mapped[str]


class Role(ShopBase):
    __tablename__ = "roles"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


@pytest.fixture
def settings(empty_database_url: str) -> Settings:
    return Settings(**SETTINGS, database_url=empty_database_url, accounts_schema="admin_site")


@pytest.fixture
def shop(settings: Settings):
    migrate(settings)
    with Database.from_settings(settings) as database:
        ShopBase.metadata.create_all(database.engine)
        yield database


@pytest.fixture
def client(shop: Database, settings: Settings) -> TestClient:
    client = TestClient(create_app(settings, models=[ShopBase]), follow_redirects=False)
    sign_in(client, shop, superuser=True)
    return client


def test_migrations_go_to_the_schema_and_leave_the_rest_alone(shop: Database, settings: Settings):
    check_schema(shop)
    assert migrate(settings) == ()
    tables = inspect(shop.engine)
    assert set(tables.get_table_names()) == {"users", "roles"}
    assert {"users", "audit_entries", VERSION_TABLE} <= set(tables.get_table_names(schema="admin_site"))


def test_both_tables_of_a_name_have_pages_that_work(client: TestClient, shop: Database):
    theirs = next(view for view in client.app.state.site.model_views if view.model is Role)
    assert theirs.identity != "role"
    assert client.get("/admin/role/list").status_code == 200
    answer = _post(client, f"/admin/{theirs.identity}/create", title="Baker")
    assert answer.status_code == 303
    assert _post(client, "/admin/shop-user/create", nickname="Kim").status_code == 303
    with shop.session() as session:
        assert session.scalars(select(ShopUser.nickname)).one() == "Kim"
        assert session.scalars(select(User.user_name)).one()


def test_their_histories_do_not_mix(client: TestClient, shop: Database):
    theirs = next(view for view in client.app.state.site.model_views if view.model is Role)
    _post(client, f"/admin/{theirs.identity}/create", title="Baker")
    _post(client, "/admin/role/create", name="Auditor")

    with shop.session() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.label.in_(["Baker", "Auditor"]))).all()
        assert len({entry.model for entry in entries}) == 2
    for identity, name in ((theirs.identity, "title"), ("role", "name")):
        history = client.get(f"/admin/{identity}/details/1").text
        assert history.count("</strong> added") == 1, name


def test_rows_are_where_they_belong(client: TestClient, shop: Database):
    _post(client, "/admin/shop-user/create", nickname="Kim")

    with shop.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM users")) == 1
        assert connection.scalar(text("SELECT count(*) FROM admin_site.users")) == 1


def test_the_trail_is_append_only_there_and_a_table_of_its_name_is_not(client: TestClient, shop: Database):
    _post(client, "/admin/role/create", name="Auditor")
    theirs = Table("audit_entries", MetaData(), Column("label", String))
    with shop.engine.begin() as connection:
        theirs.create(connection)
        connection.execute(delete(theirs))

    for statement in (delete(AuditEntry), text("DELETE FROM admin_site.audit_entries")):
        with pytest.raises(audit.AppendOnly), shop.engine.begin() as connection:
            connection.execute(statement)


def _post(client: TestClient, url: str, **typed: str) -> Any:
    return client.post(url, data=record_form(client.get(url).text).data(**typed))
