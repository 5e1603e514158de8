"""Signing in and out, and the links that set a password."""

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import AuditEntry, CredentialToken, LinkPurpose, User, UserSession, utc_now
from admin_site.services.links import create_link
from tests.admin.sites import open_site, sign_in
from tests.factories import PASSWORD, make_user


@pytest.fixture
def visitor(database_url: str) -> TestClient:
    """A browser that nobody is signed in with."""
    return open_site(database_url)


@pytest.fixture
def ada(database: Database) -> User:
    with database.session() as session:
        return make_user(session, password=PASSWORD, user_name="ada", email_address="ada@example.org")


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@example.org", " Ada@Example.Org "])
def test_a_name_or_an_address_and_the_password_let_one_in(visitor, session, ada, name: str):
    answer = visitor.post("/admin/login", data={"username": name, "password": PASSWORD})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/"
    assert visitor.get("/admin/").status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    stored = session.scalars(select(UserSession)).one()
    assert stored.token_hash not in answer.headers["set-cookie"]
    assert session.get_one(User, ada.user_id).last_login is not None


@pytest.mark.parametrize(
    "typed",
    [
        {"username": "ada", "password": "wrong"},
        {"username": "nobody", "password": PASSWORD},
        {"username": "ada"},
        {"password": PASSWORD},
        {},
        {"username": "a\x00da", "password": PASSWORD},
        {"username": "x" * 20_000, "password": "y" * 20_000},
    ],
)
def test_anything_else_is_refused_alike(visitor, session, ada, typed: dict[str, str]):
    answer = visitor.post("/admin/login", data=typed)

    assert answer.status_code == 400
    assert "The name or the password is not right." in answer.text
    assert "password" not in dict(answer.headers).get("set-cookie", "")
    assert session.scalars(select(UserSession)).all() == []
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "sign_in_failed")).one()


def test_signing_in_leads_on_to_where_one_was_going(visitor, ada):
    sent = visitor.get("/admin/user/list?search=a")
    assert sent.headers["location"] == "/admin/login?next=/admin/user/list%3Fsearch%3Da"

    page = visitor.get(sent.headers["location"])
    assert 'name="next" value="/admin/user/list?search=a"' in page.text
    answer = visitor.post(
        "/admin/login", data={"username": "ada", "password": PASSWORD, "next": "/admin/user/list?search=a"}
    )

    assert answer.headers["location"] == "/admin/user/list?search=a"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "/%09/evil.example",
        "\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "http://testserver@evil.example",
    ],
)
def test_nobody_is_sent_to_another_site(visitor, ada, target: str):
    answer = visitor.post("/admin/login", data={"username": "ada", "password": PASSWORD, "next": target})

    assert answer.headers["location"] == "/admin/"


def test_signing_out_ends_the_session_on_the_server(visitor, session, ada):
    visitor.post("/admin/login", data={"username": "ada", "password": PASSWORD})
    cookie = dict(visitor.cookies)

    answer = visitor.post("/admin/logout")

    assert answer.headers["location"] == "/admin/login"
    assert "cookies" in answer.headers["clear-site-data"]
    assert session.scalars(select(UserSession)).all() == []
    visitor.cookies.update(cookie)
    assert visitor.get("/admin/").status_code == 303


def test_a_session_from_before_signing_in_is_dead_after(visitor, session, ada):
    visitor.post("/admin/login", data={"username": "ada", "password": PASSWORD})
    before = dict(visitor.cookies)
    visitor.post("/admin/login", data={"username": "ada", "password": PASSWORD})
    after = dict(visitor.cookies)

    assert before != after
    visitor.cookies.clear()
    visitor.cookies.update(before)
    assert visitor.get("/admin/").status_code == 303


@pytest.mark.parametrize("method", ["POST"])
@pytest.mark.parametrize(
    "path", ["/admin/login", "/admin/logout", "/admin/user/create", "/admin/set-password"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"referer": "https://evil.example/"},
    ],
)
def test_a_post_from_another_site_is_refused(client, method: str, path: str, headers: dict[str, str]):
    assert client.request(method, path, headers=headers).status_code == 403
    assert client.get("/admin/").status_code == 200


def test_every_answer_has_the_security_headers(client, visitor):
    answers = [
        client.get("/admin/"),
        client.get("/admin/nonsense/list"),
        client.get("/nonsense"),
        client.put("/admin/"),
        client.post("/admin/login", headers={"origin": "null"}),
        visitor.get("/admin/login"),
        visitor.get("/admin/"),
        visitor.get("/admin/set-password"),
        visitor.get("/healthz"),
    ]
    for answer in answers:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"]


def test_a_support_person_resets_a_password_by_a_link_that_is_shown_once(
    visitor, database, session, ada, database_url
):
    with database.session() as other:
        other.merge(ada)
    browser = open_site(database_url)
    browser.post("/admin/login", data={"username": "ada", "password": PASSWORD})
    sign_in(visitor, database, ("user", "list"), ("user", "details"), ("user", "action:reset-password"))
    url = f"/admin/user/action/reset-password?pks={ada.user_id}"

    assert "Reset password" in visitor.get(f"/admin/user/details/{ada.user_id}").text
    question = visitor.get(url)
    assert question.status_code == 200
    assert session.scalars(select(CredentialToken)).all() == []
    done = visitor.post(url)
    assert done.status_code == 303
    shown = visitor.get(done.headers["location"])

    assert shown.status_code == 200
    assert browser.get("/admin/").status_code == 303
    link = _link(shown.text)
    assert link.startswith("http://testserver/admin/set-password/")
    _use(browser, link, "a brand new long password")
    assert browser.post("/admin/login", data={"username": "ada", "password": PASSWORD}).status_code == 400
    answer = browser.post("/admin/login", data={"username": "ada", "password": "a brand new long password"})
    assert answer.status_code == 303
    assert open_site(database_url).get(link).status_code == 303


def test_reloading_the_page_of_a_link_shows_and_makes_no_second_one(visitor, database, session, ada):
    sign_in(visitor, database, ("user", "list"), ("user", "details"), ("user", "action:reset-password"))
    page = visitor.post(f"/admin/user/action/reset-password?pks={ada.user_id}").headers["location"]
    token = _link(visitor.get(page).text).rpartition("/")[2]

    again = visitor.get(page)

    assert again.status_code == 200
    assert "The link has been shown" in again.text
    assert token not in again.text
    assert token not in page
    assert len(session.scalars(select(CredentialToken)).all()) == 1


def test_a_link_is_shown_to_whom_it_was_given_and_on_the_page_of_its_person(
    visitor, database, database_url, ada
):
    rights = ("user", "list"), ("user", "details"), ("user", "action:reset-password")
    sign_in(visitor, database, *rights)
    with database.session() as other:
        nobody = make_user(other)
    made = visitor.post(f"/admin/user/action/reset-password?pks={ada.user_id}")
    colleague = open_site(database_url)
    sign_in(colleague, database, *rights)
    colleague.cookies.set("reset_link", visitor.cookies["reset_link"])

    assert "has been shown" in colleague.get(made.headers["location"]).text
    assert "has been shown" in visitor.get(f"/admin/user/reset-link/{nobody.user_id}").text


@pytest.mark.parametrize("path", ["user/reset-link/{}", "course/reset-link/1", "user/reset-link/x"])
def test_the_page_of_a_link_is_for_who_may_make_one(visitor, database, ada, path: str):
    sign_in(visitor, database, ("user", "list"), ("user", "details"), ("course", "*"))

    assert visitor.get("/admin/" + path.format(ada.user_id)).status_code in (403, 404)


@pytest.mark.parametrize("rights", [[("user", "details")], [("user", "*")]])
def test_a_superuser_is_not_reset_by_support(visitor, database, session, rights):
    with database.session() as other:
        boss = make_user(other, superuser=True, password=PASSWORD)
    person = sign_in(visitor, database, *rights)

    answer = visitor.post(f"/admin/user/action/reset-password?pks={boss.user_id}")

    assert answer.status_code == 403
    assert session.scalars(select(CredentialToken)).all() == []
    refused = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
    assert refused.actor_id == str(person.user_id)


def test_opening_a_link_takes_its_token_out_of_the_address_and_uses_nothing_up(
    visitor, database, session, ada
):
    link = _new_link(database, ada)

    answer = visitor.get(f"/admin/set-password/{link}")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/set-password"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert visitor.get("/admin/set-password").status_code == 200
    assert session.scalars(select(CredentialToken.used_at)).one() is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"password": "short", "password_again": "short"}, "15"),
        ({"password": "a long enough password", "password_again": "another"}, "not the same"),
        ({}, "15"),
        ({"password": "ada@example.org", "password_again": "ada@example.org"}, "password"),
    ],
)
def test_a_password_that_will_not_do_is_refused_and_the_link_still_works(
    visitor, database, ada, typed, words
):
    visitor.get(f"/admin/set-password/{_new_link(database, ada)}")

    refused = visitor.post("/admin/set-password", data=typed)

    assert refused.status_code == 400
    assert words in refused.text
    good = {"password": "five cheerful otters swim", "password_again": "five cheerful otters swim"}
    assert visitor.post("/admin/set-password", data=good).status_code == 303


@pytest.mark.parametrize("why", ["used", "old", "unknown", "replaced", "no link at all", "inactive"])
def test_a_link_that_no_longer_works_is_one_page(visitor, database, ada, why: str):
    link = _new_link(database, ada)
    with database.session() as session:
        if why == "old":
            unaudited = {"unaudited": "a test turns the clock"}
            session.execute(update(CredentialToken).values(expires_at=utc_now()), execution_options=unaudited)
        if why == "replaced":
            create_link(session, session.get_one(User, ada.user_id), LinkPurpose.RESET_PASSWORD)
        if why == "inactive":
            session.get_one(User, ada.user_id).is_active = False
    if why == "used":
        _use(
            open_site(database.engine.url.render_as_string(hide_password=False)),
            f"/admin/set-password/{link}",
        )
    if why != "no link at all":
        visitor.get(f"/admin/set-password/{'x' if why == 'unknown' else link}")

    for answer in (
        visitor.get("/admin/set-password"),
        visitor.post("/admin/set-password", data={"password": "x" * 20}),
    ):
        assert answer.status_code == 410
        assert "This link no longer works" in answer.text
        assert "more than an hour old" in answer.text
        assert answer.text.count("no longer works</h1>") == 1


def _new_link(database: Database, user: User) -> str:
    with database.session() as session:
        return create_link(session, session.get_one(User, user.user_id), LinkPurpose.FIRST_PASSWORD).token


def _use(browser: TestClient, link: str, password: str = "five cheerful otters swim") -> None:
    browser.get(link)
    answer = browser.post("/admin/set-password", data={"password": password, "password_again": password})
    assert answer.status_code == 303, answer.text


def _link(html: str) -> str:
    start = html.index("http://testserver/admin/set-password/")
    return html[start : html.index('"', start)]
