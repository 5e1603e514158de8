"""What happens to every request before a page sees it, and to every response after."""

import uuid

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from admin_site.config import load_settings
from admin_site.errors import ConfigurationError
from admin_site.middleware import Identification, SameOrigin, SecurityHeaders
from admin_site.security.tokens import SessionCookie
from admin_site.services.sessions import start_session
from tests.admin.sites import settings_for
from tests.factories import make_role, make_user

COOKIE = SessionCookie("a secret of the tests, long enough", is_secure=False)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def who(request):
    identity = request.state.who.find()
    return JSONResponse(
        {
            "name": identity and identity.name,
            "grants": sorted(identity.grants) if identity else [],
            "request_id": request.state.request_id,
            "client": request.state.client_address,
        }
    )


def fine(request):
    return PlainTextResponse("fine")


def private(request):
    return PlainTextResponse("private", headers={"Referrer-Policy": "no-referrer", "Cache-Control": "public"})


def broken(request):
    raise RuntimeError("broken")


def client_of(*middleware, base_url="http://testserver"):
    routes = [
        Route("/who", who),
        Route("/private", private),
        Route("/broken", broken),
        Route("/static/{name:path}", fine),
        Route("/{path:path}", fine, methods=METHODS),
    ]
    return TestClient(
        Starlette(routes=routes, middleware=middleware), base_url=base_url, raise_server_exceptions=False
    )


# --- headers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/private", "/who/unknown/deep", "/static/app.css"])
def test_every_response_tells_the_browser_what_pages_never_do(path):
    response = client_of(Middleware(SecurityHeaders, is_secure=False)).get(path)

    policy = dict(
        part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";")
    )
    assert policy == {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
    }
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in response.headers


def test_around_everything_it_also_covers_unforeseen_errors():
    app = SecurityHeaders(Starlette(routes=[Route("/broken", broken)]), is_secure=False)

    response = TestClient(app, raise_server_exceptions=False).get("/broken")

    assert response.status_code == 500
    assert "content-security-policy" in response.headers
    assert response.headers["cache-control"] == "no-store"


def test_a_page_may_send_no_referrer_at_all():
    client = client_of(Middleware(SecurityHeaders, is_secure=False))

    assert client.get("/").headers["referrer-policy"] == "same-origin"
    assert client.get("/private").headers["referrer-policy"] == "no-referrer"


def test_only_static_files_are_ever_kept_by_a_browser():
    client = client_of(Middleware(SecurityHeaders, is_secure=False))

    assert client.get("/private").headers["cache-control"] == "no-store"
    assert client.get("/").headers["cache-control"] == "no-store"
    assert "cache-control" not in client.get("/static/app.css").headers


def test_over_https_browsers_are_told_to_stay_there():
    response = client_of(Middleware(SecurityHeaders, is_secure=True)).get("/")

    assert response.headers["strict-transport-security"].startswith("max-age=31536000")


# --- same origin --------------------------------------------------------------------------------------------

OURS = [
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://admin.example.org"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "https://admin.example.org"},
    {"Origin": "https://ADMIN.example.org:443"},
    {"Referer": "https://admin.example.org/admin/user/list"},
    {},
]
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://admin.example.org"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://sibling.example.org"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Mode": "navigate"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "http://admin.example.org"},
    {"Origin": "https://admin.example.org:8080"},
    {"Origin": "https://admin.example.org.evil.example"},
    {"Origin": "https://admin.example.org@evil.example"},
    {"Origin": "http://[", "Referer": "https://admin.example.org/"},
    {"Referer": "http://evil.example/admin.example.org"},
    {"Referer": "about:blank"},
]
# The host that a request names is whatever its sender, or a name that points here, says.
BY_ANOTHER_NAME = [
    {"Origin": "http://testserver"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
    {"Referer": "http://testserver/admin/user/list"},
]


@pytest.fixture(scope="module")
def guarded():
    return client_of(Middleware(SameOrigin, public_url="https://admin.example.org/"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("headers", OURS)
def test_our_own_pages_may_change_things(guarded, method, headers):
    assert guarded.request(method, "/admin/login", headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("headers", FOREIGN + BY_ANOTHER_NAME)
def test_pages_of_other_sites_may_not(guarded, method, headers):
    response = guarded.request(method, "/admin/login", headers=headers)

    assert response.status_code == 403
    assert "another site" in response.text
    assert "This site is at https://admin.example.org/" in response.text


def test_two_origins_in_one_request_are_not_ours(guarded):
    headers = [("Origin", "https://admin.example.org"), ("Origin", "http://evil.example")]

    assert guarded.post("/", headers=headers).status_code == 403


@pytest.mark.parametrize("headers", FOREIGN)
def test_everybody_may_link_to_us(guarded, headers):
    assert guarded.get("/", headers=headers).status_code == 200


def test_without_a_public_url_the_own_origin_is_the_one_that_was_asked():
    client = client_of(Middleware(SameOrigin), base_url="http://127.0.0.1:8000")

    assert client.post("/", headers={"Origin": "http://127.0.0.1:8000"}).status_code == 200
    assert client.post("/", headers={"Origin": "http://127.0.0.1:8001"}).status_code == 403


@pytest.mark.parametrize("asked", ["http://localhost:8000", "http://127.0.0.1:8000", "http://localhost:9000"])
def test_on_this_machine_every_way_to_ask_is_ours(asked):
    client = client_of(Middleware(SameOrigin, public_url="http://127.0.0.1:8000"), base_url=asked)

    for ours in (asked, "http://127.0.0.1:8000"):
        for more in ({}, {"Sec-Fetch-Site": "same-origin"}):
            assert client.post("/", headers={"Origin": ours, **more}).status_code == 200
    foreign = client.post("/", headers={"Origin": "http://localhost:1234"})
    assert (foreign.status_code, "This site is at" in foreign.text) == (403, False)


# --- identity -----------------------------------------------------------------------------------------------


@pytest.fixture
def client(database):
    return client_of(Middleware(Identification, database=database, cookie=COOKIE))


def test_the_cookie_says_who_asks(client, session):
    user = make_user(session, first_name="Maria", roles=(make_role(session, ("course", "list")),))
    client.cookies.set("session", COOKIE.attributes(start_session(session, user))["value"])
    session.commit()

    answer = client.get("/who").json()

    assert (answer["name"], answer["grants"]) == ("Maria", [["course", "list"]])


def test_without_our_cookie_nobody_asks(client, session):
    token = start_session(session, make_user(session))
    session.commit()

    for value in (None, token, token + ".x", "", "%00", COOKIE.attributes("unknown")["value"]):
        if value is not None:
            client.cookies.set("session", value)
        assert client.get("/who").json()["name"] is None


def test_every_request_has_an_id_of_its_own(client):
    answers = [client.get("/who", headers={"X-Request-Id": "mine"}).json() for _ in range(2)]

    first, second = (uuid.UUID(answer["request_id"]) for answer in answers)
    assert first != second
    assert answers[0]["client"] == "testclient"


@pytest.mark.parametrize(
    ("peer", "proxies", "forwarded", "address"),
    [
        ("203.0.113.9", "", "192.0.2.7", "203.0.113.9"),
        ("203.0.113.9", "10.0.0.0/8", "192.0.2.7", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.0/8", None, "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.0/8", "198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.0/8", "10.9.9.9, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.0/8", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.0/8", "192.0.2.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", "192.0.2.7,", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", "192.0.2.7:4711", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.0/8", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", "10.0.0.0/8", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "10.0.0.0/8", "::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:10.0.0.1", "10.0.0.0/8", "192.0.2.7", "192.0.2.7"),
        ("::1", "::1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.1,192.0.2.0/24", "198.51.100.1, 192.0.2.7", "198.51.100.1"),
    ],
)
def test_only_proxies_of_ours_say_where_a_request_comes_from(
    database_url, database, peer, proxies, forwarded, address
):
    settings = settings_for(database_url).model_copy(update={"trusted_proxies": proxies})
    middleware = Middleware(Identification, database=database, cookie=COOKIE, proxies=settings.proxies)
    app = Starlette(routes=[Route("/who", who)], middleware=[middleware])
    client = TestClient(app, client=(peer, 4711))

    answer = client.get("/who", headers={"X-Forwarded-For": forwarded} if forwarded is not None else {})

    assert answer.json()["client"] == address


@pytest.mark.parametrize("wrong", ["everybody", "10.0.0.0/99", "10.0.0.1;10.0.0.2", "*"])
def test_a_proxy_that_is_no_address_is_refused_by_the_name_of_its_setting(wrong, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUSTED_PROXIES", wrong)

    with pytest.raises(ConfigurationError, match="TRUSTED_PROXIES must be addresses or networks"):
        load_settings()


def test_static_files_ask_the_database_nothing(client, database, session):
    client.cookies.set("session", COOKIE.attributes(start_session(session, make_user(session)))["value"])
    session.rollback()
    database.close()
    checked_out = database.engine.pool.checkedout()

    assert client.get("/static/app.css").status_code == 200

    assert database.engine.pool.checkedout() == checked_out
    assert database.engine.pool.checkedin() == 0
