"""Rule 21: what changes something comes from a page of this site, and reading changes nothing."""

import re

import pytest
from sqlalchemy import MetaData, func, select

from admin_site.database import Database
from admin_site.models import Base, User, UserSession
from tests.admin.sites import sign_in
from tests.factories import PASSWORD, make_user

CREDENTIALS = {"username": "ada", "password": PASSWORD}
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "http://testserver:8443"},
    {"Origin": "https://testserver"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://testserver, https://evil.example"},
    {"Referer": "https://evil.example/http://testserver/"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Sec-Fetch-Mode": "navigate"},
    {"Origin": "https://evil.example", "Host": "evil.example"},
    {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"},
    {"Origin": "https://evil.example", "X-HTTP-Method-Override": "GET"},
]
OURS = [
    {"Origin": "http://testserver"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Referer": "http://testserver/admin/login"},
]


@pytest.fixture
def ada(database: Database) -> User:
    with database.session() as session:
        return make_user(session, password=PASSWORD, user_name="ada", superuser=True)


@pytest.mark.parametrize("headers", FOREIGN)
def test_rule_21_nobody_is_signed_in_or_out_from_another_site(visitor, session, ada, headers):
    assert visitor.post("/admin/login", data=CREDENTIALS, headers=headers).status_code == 403
    assert session.scalars(select(UserSession)).all() == []
    visitor.post("/admin/login", data=CREDENTIALS)

    assert visitor.post("/admin/logout", headers=headers).status_code == 403
    assert visitor.get("/admin/").status_code == 200


@pytest.mark.parametrize("headers", OURS)
def test_rule_21_pages_of_this_site_sign_in_and_out(visitor, ada, headers):
    assert visitor.post("/admin/login", data=CREDENTIALS, headers=headers).status_code == 303
    assert visitor.get("/admin/").status_code == 200
    assert visitor.post("/admin/logout", headers=headers).status_code == 303


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("headers", FOREIGN[:1] + FOREIGN[8:9])
def test_rule_21_holds_for_every_address_and_every_unsafe_method(visitor, database, method, headers):
    sign_in(visitor, database, superuser=True)
    routes = visitor.app.state.site.admin.router.routes
    paths = [re.sub(r"{[^}]*}", "1", route.path) for route in routes if hasattr(route, "endpoint")]

    for path in paths:
        assert visitor.request(method, f"/admin{path}", headers=headers).status_code == 403, path


def test_rule_21_a_sign_in_in_the_address_signs_nobody_in(visitor, session, ada):
    answer = visitor.get("/admin/login", params=CREDENTIALS)

    assert "set-cookie" not in answer.headers
    assert PASSWORD not in answer.text
    assert session.scalars(select(UserSession)).all() == []


def test_rule_21_reading_every_page_changes_nothing(visitor, database, ada):
    """What is sent to be read may only leave its own record: an export is an event."""
    visitor.post("/admin/login", data=CREDENTIALS)
    site = visitor.app.state.site
    before, asked = counts(database), 0

    for route in site.admin.router.routes:
        if "GET" not in (getattr(route, "methods", None) or ()):
            continue
        for identity, key in (("user", ada.user_id), ("course", 1)):
            path = re.sub(r"{identity}", identity, route.path)
            path = re.sub(r"{pk:path}", str(key), re.sub(r"{export_type}", "csv", path))
            path = re.sub(r"{slug}", "reset-password", re.sub(r"{[^}]*}", "1", path))
            query = f"?pks={key}&:field=user_name&name=user_name&term=a&save=yes&delete=yes&confirm=yes"
            assert visitor.get(f"/admin{path}{query}").status_code < 500, path
            asked += 1

    assert asked > 40
    assert counts(database) == before


def counts(database: Database) -> dict[str, int]:
    """Return how many rows every table has, those of the audit trail left out."""
    metadata: MetaData = Base.metadata
    with database.session() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
            if table.name != "audit_entries"
        }
