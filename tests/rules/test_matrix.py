"""Every role, every model, every action, every door: the site does what the table of permissions says."""

import re
import uuid
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import inspect, select
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.keys import decode_key, find
from admin_site.models import Base
from tests.admin.html_forms import record_form
from tests.admin.sites import open_site, sign_in
from tests.rules.matrix import DOORS, LED_TO, RECORDS, ROLES, TRIED_ELSEWHERE, Place, may

KEPT_ASIDE = {"audit_entries", "submissions", "drafts", "user_sessions", "throttles"}
"""Tables in which looking, and trying, leave traces of their own."""


@pytest.fixture
def places(database: Database) -> dict[str, tuple[str, str]]:
    """Store two records of each model; return their keys in addresses."""
    site = open_site(database.engine.url.render_as_string(hide_password=False)).app.state.site
    keys = {}
    for model, make in RECORDS.items():
        with database.session() as session:
            records = make(session), make(session)
            session.add_all(records)
            session.flush()
            keys[model] = tuple(map(site.find_view(model).key, records))
    return keys


def a_browser(database: Database, role: str) -> TestClient:
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    grants = ROLES[role]
    sign_in(client, database, *(grants or ()), superuser=grants is None)
    return client


def contents(database: Database) -> dict[str, list[Any]]:
    with database.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in Base.metadata.tables.values()
            if table.name not in KEPT_ASIDE
        }


def test_there_is_a_record_of_every_model(database_url: str):
    site = open_site(database_url).app.state.site

    assert {view.identity for view in site.model_views} == set(RECORDS)


def test_every_address_of_the_site_is_behind_a_door_or_tried_elsewhere(database_url: str):
    """A page that is added is tried too, or says where it is."""
    site = open_site(database_url).app.state.site
    names = {route.name for route in site.admin.router.routes}

    assert {name for name in names if not name.startswith("account")} - LED_TO - set(TRIED_ELSEWHERE) == set()


@pytest.mark.parametrize("role", ROLES)
def test_every_door_is_shut_and_changes_nothing_unless_the_table_opens_it(database, places, role: str):
    client = a_browser(database, role)
    before, wrong = contents(database), []

    for model, keys in places.items():
        place = Place(client, client.app.state.site.find_view(model), *keys)
        for door in DOORS:
            if door.leads_to(model) and not door.is_open(role, model):
                status = door.open(place).status_code
                if status not in door.refusals:
                    wrong.append(f"{model}: {door.name} answered {status}")

    assert not wrong, "\n".join(wrong)
    assert contents(database) == before


@pytest.mark.parametrize("role", ROLES)
def test_every_door_that_the_table_opens_is_open(database, places, role: str):
    client = a_browser(database, role)
    wrong = []

    for door in DOORS:
        for model, keys in places.items():
            place = Place(client, client.app.state.site.find_view(model), *keys)
            if door.leads_to(model) and door.is_open(role, model):
                status = door.open(place).status_code
                if status in (401, 403, 404, 405) or status >= 500:
                    wrong.append(f"{model}: {door.name} answered {status}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ROLES)
def test_what_a_form_does_not_offer_is_not_written(database, places, role: str):
    client = a_browser(database, role)
    tried = 0

    for model, (key, _) in places.items():
        view = client.app.state.site.find_view(model)
        page = client.get(f"/admin/{model}/edit/{key}")
        if page.status_code != 200:
            continue
        offered = set(re.findall(r'name="([^":|]+)', page.text))
        forged = {
            name: forgery(view.model, name) for name in {*view.description.mapper.columns.keys()} - offered
        }
        before = row(database, view, key)

        client.post(f"/admin/{model}/edit/{key}", data=record_form(page.text).data() | forged)

        after = row(database, view, key)
        tried += len(forged)
        touched = {name for name in forged if name != "updated_at" and before[name] != after[name]}
        assert not touched, f"{model}: forged {touched}"
    assert tried or not [model for model in places if may(role, model, "edit")]


def row(database: Database, view: Any, key: str) -> dict[str, Any]:
    description = view.description
    with database.session() as session:
        record = find(session, description, decode_key(description, key))
        return {name: getattr(record, name) for name in description.mapper.columns.keys()}  # noqa: SIM118 - it iterates over columns


def forgery(model: type, name: str) -> str:
    """Return a value that a column could hold."""
    kind = inspect(model).columns[name].type.python_type
    return {
        bool: "true",
        int: "7",
        uuid.UUID: str(uuid.uuid4()),
        datetime: "2031-01-01T00:00:00",
        date: "2031-01-01",
        dict: "{}",
    }.get(kind, "forged")
