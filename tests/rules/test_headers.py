"""Rule 22: what every response tells the browser, and that no page needs what it forbids."""

import re

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from admin_site import Settings, create_app
from tests.admin.sites import SETTINGS, a_site, open_site
from tests.factories import make_user
from tests.rules.crawl import crawl

POLICY = {
    "default-src": {"'self'"},
    "object-src": {"'none'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
    "form-action": {"'self'"},
}
INLINE = re.compile(
    r"<style|<script(?![^>]*\ssrc=)[^>]*>|<[^>]+\s(?:style|on[a-z]+)\s*=|javascript:", re.IGNORECASE
)
ERRORS = [
    ("GET", "/nowhere", 404),
    ("GET", "/admin/nowhere", 404),
    ("GET", "/admin/course/details/nobody", 404),
    ("GET", "/admin/course/list?sort=nothing", 400),
    ("GET", "/admin/logout", 405),
    ("PUT", "/admin/course/list", 405),
    ("POST", "/admin/course/create", 403),
    ("GET", "/admin/set-password/wrong", 303),
    ("GET", "/admin/set-password", 410),
    ("GET", "/healthz", 200),
    ("GET", "/", 303),
]


def expect_headers(answer: Response, address: str, *, is_static: bool = False) -> None:
    policies = answer.headers.get_list("content-security-policy", split_commas=False)
    directives = dict(_directive(part) for part in policies[0].split(";"))
    assert POLICY.items() <= directives.items(), address
    assert not any("unsafe" in source for sources in directives.values() for source in sources), address
    assert answer.headers["x-content-type-options"] == "nosniff", address
    assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer"), address
    assert answer.headers["cross-origin-opener-policy"] == "same-origin", address
    assert is_static or answer.headers["cache-control"] == "no-store", address


def _directive(text: str) -> tuple[str, frozenset[str] | set[str]]:
    name, *sources = text.split()
    return name, set(sources)


def test_rule_22_every_page_has_the_headers_and_no_inline_script_or_style(database, session):
    make_user(session, first_name="Ada")
    session.commit()
    client = a_site(database)
    number = 0

    for address, answer in crawl(client):
        number += 1
        expect_headers(answer, address)
        if "html" in answer.headers.get("content-type", ""):
            assert not INLINE.search(answer.text), f"{address}: {INLINE.findall(answer.text)[:3]}"
    assert number > 100, "the walk led nowhere"


@pytest.mark.parametrize(("method", "address", "status"), ERRORS)
def test_rule_22_every_refusal_has_the_headers(database, method: str, address: str, status: int):
    client = a_site(database)
    headers = {"Origin": "https://evil.example"} if status == 403 else {}

    answer = client.request(method, address, headers=headers)

    assert answer.status_code == status
    expect_headers(answer, address)


def test_rule_22_an_unforeseen_error_has_the_headers_and_tells_nothing_of_itself(database):
    signed_in = a_site(database)
    view = signed_in.app.state.site.find_view("course")
    view.label = None  # what no code foresees
    broken = TestClient(signed_in.app, raise_server_exceptions=False, cookies=signed_in.cookies)

    answer = broken.get("/admin/course/create")

    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "NoneType" not in answer.text
    expect_headers(answer, "500")


def test_rule_22_static_files_have_the_headers_and_may_be_kept(database_url: str):
    client = open_site(database_url)

    answer = client.get("/admin/statics/admin.js")

    assert answer.status_code == 200
    expect_headers(answer, "admin.js", is_static=True)


def test_rule_22_under_https_the_browser_is_told_to_stay_there(database_url: str):
    settings = Settings(**SETTINGS | {"public_url": "https://testserver"}, database_url=database_url)
    client = TestClient(create_app(settings), base_url="https://testserver", follow_redirects=False)

    for address in ("/admin/login", "/nowhere", "/admin/statics/admin.js", "/healthz"):
        assert "max-age=31536000" in client.get(address).headers["strict-transport-security"]
    assert "strict-transport-security" not in open_site(database_url).get("/admin/login").headers
