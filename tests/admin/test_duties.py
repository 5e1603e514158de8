"""What somebody has to do before they may do anything else."""

from typing import Any

import pytest
from sqladmin import BaseView, expose
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from admin_site.admin.duties import OPEN, PAGES, WORDS
from admin_site.models import Role
from admin_site.permissions import Duty
from tests.admin.sites import open_site, sign_in

DUTIES = {
    Duty.CHANGE_PASSWORD: {"must_change_password": True},
    Duty.SET_UP_SECOND_FACTOR: {},
}


class Report(BaseView):
    name = "Report"
    ran = 0

    @expose("/report", methods=["GET", "POST"])
    async def report(self, request: Request) -> Any:
        Report.ran += 1
        return PlainTextResponse("the report")


def require_second_factors(database) -> None:
    with database.session() as session:
        for role in session.scalars(select(Role)):
            role.requires_second_factor = True


def somebody(database_url, database, duty: Duty):
    client = open_site(database_url, views=[Report])
    user = sign_in(client, database, ("*", "*"), **DUTIES[duty])
    if duty is Duty.SET_UP_SECOND_FACTOR:
        require_second_factors(database)
    return client, user


def routes_of(client) -> list[tuple[str, str, str]]:
    """Return the method, name and path of every page that takes somebody who is signed in."""
    site = client.app.state.site
    public = ("login", "login_code", "forgot_password", "password_link", "set_password")
    return [
        (method, route.name, route.path)
        for route in site.admin.router.routes
        if isinstance(route, Route) and route.name not in public
        for method in sorted(route.methods - {"HEAD"})
    ]


@pytest.mark.parametrize("duty", Duty)
def test_every_page_but_those_that_stay_open_leads_to_what_is_to_be_done(database_url, database, duty):
    client, user = somebody(database_url, database, duty)
    values = {"identity": "user", "pk": str(user.user_id), "pk:path": str(user.user_id), "number:int": "1"}
    ran = Report.ran

    tried = 0
    for method, name, path in routes_of(client):
        if name in OPEN[duty]:
            continue
        for part in (
            "pk:path",
            "pk:uuid",
            "number:int",
            "identity",
            "pk",
            "name",
            "slug",
            "deed",
            "export_type",
        ):
            path = path.replace(f"{{{part}}}", values.get(part, str(user.user_id) if "pk" in part else "csv"))
        answer = client.request(method, f"/admin{path}")
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"] == f"/admin{PAGES[duty]}", (method, path)
        told = client.request(method, f"/admin{path}", headers={"Accept": "application/json"})
        assert (told.status_code, told.json()) == (403, {"error": WORDS[duty]}), (method, path)
        tried += 1

    assert tried > 40
    assert Report.ran == ran


@pytest.mark.parametrize("duty", Duty)
def test_what_is_to_be_done_can_be_done_and_one_may_leave(database_url, database, duty):
    client, _ = somebody(database_url, database, duty)

    assert client.get(f"/admin{PAGES[duty]}").status_code == 200
    assert client.post("/admin/logout").status_code == 303


def test_who_has_to_do_nothing_goes_where_they_like(database_url, database):
    client = open_site(database_url, views=[Report])
    sign_in(client, database, superuser=True, password_expires_at=None)

    assert client.get("/admin/report").text == "the report"
    assert client.get("/admin/").status_code == 200


def test_of_two_duties_the_password_comes_first(database_url, database):
    client = open_site(database_url)
    sign_in(client, database, ("course", "list"), must_change_password=True)
    require_second_factors(database)

    assert client.get("/admin/").headers["location"] == "/admin/account/password"
