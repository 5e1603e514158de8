"""Models whose tables lie beside the admin's own."""

import logging

import pytest
from sqlalchemy import Column, Integer, Table, text
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import registry
from starlette.testclient import TestClient

from admin_site import Settings, create_app
from admin_site.errors import ConfigurationError
from tests.admin.sites import SETTINGS, a_site

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def a_model(table, schema=None):
    """Return a class of somebody else that is mapped to a table of this name."""
    other = registry()

    @other.mapped
    class Person:
        __table__ = Table(table, other.metadata, Column("id", Integer, primary_key=True), schema=schema)

    return Person


@pytest.mark.parametrize(
    ("backend", "table", "schema"),
    [
        ("sqlite", "users", None),
        ("sqlite", "Users", None),
        ("sqlite", "users", "main"),
        ("sqlite", "AUDIT_entries", "MAIN"),
        ("postgresql", "users", None),
        ("postgresql", "users", "public"),
    ],
    indirect=["backend"],
)
def test_a_table_that_would_be_the_same_as_ours_is_refused_and_the_setting_named(settings, table, schema):
    with pytest.raises(ConfigurationError, match=f"{table}.* Set ACCOUNTS_SCHEMA"):
        create_app(settings, models=[a_model(table, schema)])


@pytest.mark.parametrize(
    ("backend", "table", "schema"),
    [
        ("sqlite", "users", "attached"),
        ("postgresql", "Users", None),
        ("postgresql", "users", "shop"),
        ("postgresql", "users", "Public"),
    ],
    indirect=["backend"],
)
def test_a_table_elsewhere_is_none_of_ours(settings, table, schema):
    create_app(settings, models=[a_model(table, schema)])


@ON_POSTGRESQL
def test_the_schema_that_the_url_looks_in_first_is_where_ours_are(settings):
    url = settings.database_url + ("&" if "?" in settings.database_url else "?")
    settings = Settings(**SETTINGS, database_url=f"{url}options=-csearch_path%3Dshop,public")

    create_app(settings, models=[a_model("users", "public")])
    with pytest.raises(ConfigurationError, match=r"shop\.users"):
        create_app(settings, models=[a_model("users", "shop")])


def test_with_a_schema_of_their_own_only_that_schema_is_taken(settings):
    settings = settings.model_copy(update={"accounts_schema": "admin_site"})

    create_app(settings, models=[a_model("users")])
    with pytest.raises(ConfigurationError, match=r"admin_site\.users"):
        create_app(settings, models=[a_model("users", "admin_site")])


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_our_own_tables_read_back_from_the_database_are_left_out(database):
    with database.engine.begin() as connection:
        user = "CHAR(32)" if database.engine.dialect.name == "sqlite" else "UUID"
        connection.execute(
            text(f"CREATE TABLE cats (id INTEGER PRIMARY KEY, owner_id {user} REFERENCES users (user_id))")
        )
        connection.execute(text("INSERT INTO cats (id) VALUES (7)"))
    base = automap_base()
    base.prepare(autoload_with=database.engine)

    client = a_site(database, models=[base])

    views = client.app.state.site.model_views
    assert [view.model.__table__.name for view in views if view.model.metadata is base.metadata] == ["cats"]
    for path in ("cats/list", "cats/details/7", "cats/edit/7", "cats/create", "user/list"):
        assert client.get(f"/admin/{path}").status_code == 200, path


@pytest.mark.parametrize("name", ["main", "temp", "pg_catalog", "information_schema"])
def test_a_schema_that_databases_keep_for_themselves_is_refused(name):
    with pytest.raises(ValueError, match="ACCOUNTS_SCHEMA"):
        Settings(**SETTINGS, accounts_schema=name)


def test_a_site_over_a_database_without_our_tables_says_so_when_it_starts(empty_database_url, caplog):
    app = create_app(Settings(**SETTINGS, database_url=empty_database_url))

    with caplog.at_level(logging.ERROR, "admin_site"), TestClient(app) as client:
        assert client.get("/healthz").text == "ok"

    [said] = [record.getMessage() for record in caplog.records if record.name == "admin_site"]
    assert "python -m admin_site migrate" in said
