"""Rows that are read without records look as those made of records do, for every class of the zoo."""

import pytest
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.testclient import TestClient

from admin_site.admin.list_rows import Rows, make_rows, plan_rows
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.database import Database
from admin_site.listing import LABEL, ListQuery, fetch
from admin_site.permissions import Identity
from tests import zoo
from tests.admin.sites import a_site

ANYBODY = Identity(user_id=None, session_id=None, name="Ada", is_superuser=True)


@pytest.fixture
def site(database: Database, backend: str) -> TestClient:
    zoo.create(database.engine)
    with database.session() as session:
        zoo.fill(session)
    return a_site(database, models=zoo.models_on(backend))


def test_planned_rows_look_as_those_of_records_do(site: TestClient, database: Database, backend: str):
    planned, wrong = set(), {}
    for view in site.app.state.site.model_views:
        if view.model not in zoo.models_on(backend):
            continue
        with database.session() as session:
            visit = _visit(site, view, session)
            for names in _columns(view):
                query = ListQuery.parse([("columns", ",".join(names)), ("size", "50")], view.listing)
                way = plan_rows(visit, view, query)
                if way is None:
                    continue
                planned.add(view.identity)
                by_plan, by_records = (fetch(session, view.listing, query, plan) for plan in (way, None))
                found = _html(visit, view, query, by_plan)
                if found != (expected := _html(visit, view, query, by_records)):
                    wrong[view.identity, names] = (found, expected)
                assert (by_plan.before, by_plan.after, by_plan.start) == (
                    by_records.before,
                    by_records.after,
                    by_records.start,
                )

    assert wrong == {}
    assert len(planned) > 30


def test_a_view_with_words_of_its_own_is_shown_by_records(site: TestClient, database: Database):
    view = next(view for view in site.app.state.site.model_views if view.listing.columns)
    query = ListQuery.parse([], view.listing)
    view._formatters = {query.columns[0]: lambda record, _: "mine"}

    with database.session() as session:
        assert plan_rows(_visit(site, view, session), view, query) is None


def _visit(site: TestClient, view: AdminView, session) -> Visit:
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/admin/{view.identity}/list",
        "headers": [],
        "query_string": b"",
        "state": {"identity": ANYBODY},
        "path_params": {"identity": view.identity},
    }
    return Visit(site.app.state.site, Request(scope), session, FormData())


def _columns(view: AdminView) -> list[tuple[str, ...]]:
    """Return the list's own columns, and then each that may be chosen by itself beside the label."""
    return [view.listing.columns, *((LABEL, name) for name in sorted(view.listing.choosable - {LABEL}))]


def _html(visit: Visit, view: AdminView, query: ListQuery, page) -> Rows | None:
    return make_rows(visit, view, query, page) if page.rows else None
