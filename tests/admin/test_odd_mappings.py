"""Classes mapped in unusual ways: what cannot be changed is refused in words, before anybody types."""

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.descriptions import VIEW, describe
from admin_site.errors import Conflict, Invalid
from admin_site.permissions import COMMAND_LINE
from admin_site.services import records
from tests import zoo
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site
from tests.zoo import mappings

READ_ONLY = {
    mappings.BoatCount: ("boat-count", "Boat counts are read from a query, which cannot be changed."),
    mappings.HarbourPapers: (
        "harbour-papers",
        "Harbour papers are read from a query, which cannot be changed.",
    ),
    mappings.BoatList: ("boat-list", VIEW),
    mappings.Stray: ("stray", "Strays cannot be saved: they refer to nobody_knows.id, which no model has."),
}


@pytest.fixture
def harbour(database: Database) -> TestClient:
    zoo.create(database.engine)
    with database.session() as session:
        zoo.fill(session)
    return a_site(database, models=zoo.PORTABLE)


def test_what_nobody_can_change_is_refused_in_words(harbour):
    for identity, reason in READ_ONLY.values():
        page = harbour.get(f"/admin/{identity}/list")
        assert page.status_code == 200
        assert f"/admin/{identity}/create" not in page.text
        assert f"/admin/{identity}/edit/" not in page.text
        for path in ("create", "edit/1", "delete?pks=1"):
            for answer in (
                harbour.get(f"/admin/{identity}/{path}"),
                harbour.post(f"/admin/{identity}/{path}"),
            ):
                assert answer.status_code == 403, path
                assert reason in answer.text


def test_the_services_refuse_it_too(harbour, session):
    for model in (mappings.BoatCount, mappings.Stray):
        description = describe(model)
        record = session.scalars(select(model)).first()
        with pytest.raises(Invalid):
            records.create(session, COMMAND_LINE, description, {})
        with pytest.raises(Invalid):
            records.update(session, COMMAND_LINE, description, record, {})
        with pytest.raises(Conflict):
            records.delete(session, COMMAND_LINE, description, record)


def test_relations_that_refuse_to_load_are_shown_and_edited(harbour):
    page = harbour.get("/admin/boat/details/1")
    assert "Harbour 1" in page.text
    assert "1/1" in page.text
    assert "Boat 1 of Harbour 1" in page.text
    assert "Boat 1 of Harbour 1" in harbour.get("/admin/harbour/details/1").text

    form = record_form(harbour.get("/admin/boat/edit/1").text)
    answer = harbour.post("/admin/boat/edit/1", data=form.data(harbour="2", home=""))

    assert answer.status_code == 303, answer.text
    assert "Boat 1 of Harbour 2" in harbour.get("/admin/boat/details/1").text


def test_a_column_that_refuses_to_load_is_shown_and_edited(harbour):
    form = record_form(harbour.get("/admin/harbour/edit/2").text)

    assert harbour.post("/admin/harbour/edit/2", data=form.data(depth="12")).status_code == 303
    assert record_form(harbour.get("/admin/harbour/edit/2").text).data()["depth"] == ["12"]


def test_a_class_without_a_table_of_its_own_lists_the_records_of_those_below(harbour):
    page = harbour.get("/admin/asset/list")

    assert page.status_code == 200
    assert "Share 1" in page.text
    assert harbour.get("/admin/bond/details/1").status_code == 200
