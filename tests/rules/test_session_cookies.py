"""Rules 4, 6, 8 and 9: what a session rests on, how long it lasts, and how it ends."""

import base64
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from admin_site import Settings, create_app
from admin_site.database import Database
from admin_site.models import User, UserSession
from admin_site.models.accounts import SESSION_LIFETIME
from tests.admin.html_forms import read_forms
from tests.admin.sites import SETTINGS, open_site, sign_in
from tests.factories import CHEAP, PASSWORD, make_role, make_user
from tests.processes import SECRET_KEY, command

UNAUDITED = {"unaudited": "a test turns the clock"}
MINUTE = timedelta(minutes=1)
CREDENTIALS = {"username": "ada", "password": PASSWORD}

# For what the database has no part in.
ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def ada(database: Database) -> User:
    with database.session() as session:
        return make_user(session, password=PASSWORD, user_name="ada", email_address="ada@example.org")


def enter(client: TestClient, **fields: str) -> str:
    """Sign in as Ada and return the cookie."""
    answer = client.post("/admin/login", data={**CREDENTIALS, **fields})
    assert answer.status_code == 303, answer.text
    return client.cookies["session"]


def is_in(client: TestClient, cookie: str | None = None) -> bool:
    if cookie is not None:
        client.cookies.clear()
        client.cookies.set("session", cookie)
    return client.get("/admin/").status_code == 200


def let_pass(database: Database, time: timedelta) -> None:
    """Turn the clock of every session on."""
    names = ("start_time", "expiration_time", "last_seen_at", "authenticated_at")
    with database.session() as session:
        for row in session.scalars(select(UserSession)):
            earlier = {name: getattr(row, name) - time for name in names}
            session.execute(
                update(UserSession).where(UserSession.session_id == row.session_id).values(earlier),
                execution_options=UNAUDITED,
            )


# --- rule 4 -------------------------------------------------------------------------------------------------


def test_rule_4_every_sign_in_has_a_new_session_and_the_one_before_is_dead(visitor, session, ada):
    before = enter(visitor)
    after = enter(visitor)

    assert before != after
    assert not is_in(visitor, before)
    assert is_in(visitor, after)
    assert len(session.scalars(select(UserSession)).all()) == 1


def test_rule_4_a_cookie_from_before_signing_in_is_not_taken_up(visitor, session, ada):
    planted = visitor.app.state.site.cookie.attributes("planted-by-somebody-else")["value"]
    visitor.cookies.set("session", planted)

    answer = visitor.post("/admin/login", data=CREDENTIALS)

    set_to = SimpleCookie(answer.headers["set-cookie"])["session"].value
    assert set_to != planted
    assert not is_in(visitor, planted)


def test_rule_4_a_token_has_128_random_bits_or_more_and_no_two_are_alike(visitor, ada):
    tokens = [enter(visitor).rpartition(".")[0] for _ in range(5)]

    assert all(len(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))) >= 16 for token in tokens)
    assert len({token[:8] for token in tokens}) == 5


def test_rule_4_nothing_in_the_table_can_be_used_as_a_cookie(visitor, session, ada):
    token = enter(visitor).rpartition(".")[0]
    cookie = visitor.app.state.site.cookie
    row = session.scalars(select(UserSession)).one()
    stored = [str(value) for value in (row.token_hash, row.session_id, row.session_id.hex, row.user_id)]

    assert token not in str(vars(row))
    for text in stored:
        assert not is_in(visitor, text)
        assert not is_in(visitor, cookie.attributes(text)["value"])


def test_rule_4_a_change_of_rights_ends_the_session_it_was_made_for(visitor, database, database_url, ada):
    old = enter(visitor)
    admin = open_site(database_url)
    sign_in(admin, database, superuser=True)
    with database.session() as session:
        role = make_role(session, ("course", "list"), name="Reader")
    path = f"/admin/user/edit/{ada.user_id}"
    form = next(form for form in read_forms(admin.get(path).text) if "user_name" in form.data())

    answer = admin.post(path, data=form.data(roles__add=str(role.role_id)))

    assert answer.status_code == 303, answer.text
    assert not is_in(visitor, old)
    visitor.cookies.clear()
    enter(visitor)
    assert is_in(visitor)


@pytest.mark.parametrize(
    "forge",
    [
        lambda mine, other: mine[:-1],
        lambda mine, other: mine[: len(mine) // 2],
        lambda mine, other: mine.rpartition(".")[0],
        lambda mine, other: mine.rpartition(".")[0] + ".",
        lambda mine, other: mine.rpartition(".")[0] + "." + other.rpartition(".")[2],
        lambda mine, other: other.rpartition(".")[0] + "." + mine.rpartition(".")[2],
        lambda mine, other: mine.swapcase(),
        lambda mine, other: mine + mine,
        lambda mine, other: mine + ".x",
        lambda mine, other: "." + mine,
        lambda mine, other: "x" * 100_000,
        lambda mine, other: "",
        lambda mine, other: "%00",
        lambda mine, other: "null",
    ],
)
def test_rule_4_a_cut_or_forged_cookie_lets_nobody_in(visitor, database_url, ada, forge):
    mine, other = enter(visitor), enter(open_site_with_cheap_passwords(database_url))

    assert not is_in(visitor, forge(mine, other))
    assert is_in(visitor, mine)


def open_site_with_cheap_passwords(database_url: str) -> TestClient:
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    return client


def test_rule_4_a_cookie_that_another_key_signed_lets_nobody_in(visitor, database_url, ada):
    settings = Settings(
        **{**SETTINGS, "secret_key": "another secret, long enough as well"}, database_url=database_url
    )
    elsewhere = TestClient(create_app(settings), follow_redirects=False)
    elsewhere.app.state.site.passwords = CHEAP

    assert not is_in(visitor, enter(elsewhere))


def test_rule_4_a_cookie_is_that_of_one_person(visitor, database, database_url, ada):
    with database.session() as session:
        make_user(session, user_name="grace", password=PASSWORD, first_name="Grace")
    enter(visitor)
    other = open_site_with_cheap_passwords(database_url)
    other.post("/admin/login", data={"username": "grace", "password": PASSWORD})

    assert "Grace" in other.get("/admin/").text
    assert "Grace" not in visitor.get("/admin/").text


# --- rule 6 -------------------------------------------------------------------------------------------------


def test_rule_6_a_session_that_nobody_uses_for_half_an_hour_has_ended(visitor, database, ada):
    enter(visitor)
    let_pass(database, 29 * MINUTE)
    assert is_in(visitor)
    let_pass(database, 29 * MINUTE)
    assert is_in(visitor)

    let_pass(database, 30 * MINUTE)

    assert not is_in(visitor)
    let_pass(database, -20 * MINUTE)
    assert is_in(visitor)  # only the clock had ended it


def test_rule_6_one_that_stays_signed_in_lasts_though_nobody_uses_it(visitor, database, ada):
    enter(visitor, keep="yes")

    let_pass(database, SESSION_LIFETIME - MINUTE)
    assert is_in(visitor)
    let_pass(database, MINUTE)
    assert not is_in(visitor)


@pytest.mark.parametrize("fields", [{}, {"keep": "yes"}])
def test_rule_6_a_busy_client_ends_at_the_absolute_limit(visitor, database, session, ada, fields):
    enter(visitor, **fields)
    ends_at = session.scalars(select(UserSession.expiration_time)).one()
    started_at = session.scalars(select(UserSession.start_time)).one()
    assert ends_at - started_at == SESSION_LIFETIME
    with database.session() as other:  # seven days less an hour, all of them busy
        for row in other.scalars(select(UserSession)):
            row.start_time -= SESSION_LIFETIME - 60 * MINUTE
            row.expiration_time -= SESSION_LIFETIME - 60 * MINUTE

    for _ in range(3):
        let_pass(database, 19 * MINUTE)
        assert is_in(visitor)
    let_pass(database, 4 * MINUTE)

    assert not is_in(visitor)


def test_rule_6_the_browser_forgets_a_session_with_its_window_unless_it_stays(visitor, ada):
    plain = visitor.post("/admin/login", data=CREDENTIALS).headers["set-cookie"]
    kept = visitor.post("/admin/login", data={**CREDENTIALS, "keep": "yes"}).headers["set-cookie"]

    assert SimpleCookie(plain)["session"]["max-age"] == ""
    assert SimpleCookie(plain)["session"]["expires"] == ""
    assert SimpleCookie(kept)["session"]["max-age"] == str(7 * 24 * 3600)


def test_rule_6_the_box_to_stay_is_empty_at_first_and_kept_after_a_wrong_password(visitor, ada):
    first = visitor.get("/admin/login").text
    again = visitor.post("/admin/login", data={**CREDENTIALS, "password": "wrong", "keep": "yes"}).text

    assert 'name="keep" value="yes">' in first
    assert 'name="keep" value="yes" checked>' in again


# --- rule 8 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_rule_8_signing_out_is_a_post(visitor, ada, method):
    enter(visitor)

    assert visitor.request(method, "/admin/logout").status_code == 405
    assert is_in(visitor)


def test_rule_8_signing_out_ends_the_session_on_the_server_and_clears_the_browser(visitor, session, ada):
    cookie = enter(visitor)

    answer = visitor.post("/admin/logout")

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login")
    cleared = answer.headers["clear-site-data"]
    assert all(f'"{kind}"' in cleared for kind in ("cache", "cookies", "storage"))
    assert SimpleCookie(answer.headers["set-cookie"])["session"]["max-age"] == "0"
    assert session.scalars(select(UserSession)).all() == []
    assert not is_in(visitor, cookie)


def test_rule_8_signing_out_here_leaves_other_browsers_signed_in(visitor, database_url, ada):
    enter(visitor)
    other = open_site_with_cheap_passwords(database_url)
    enter(other)

    visitor.post("/admin/logout")

    assert not is_in(visitor)
    assert is_in(other)


# --- rule 9 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("public_url", "name", "is_secure"),
    [("https://admin.example.org", "__Host-session", True), ("http://testserver", "session", False)],
)
@pytest.mark.parametrize("fields", [{}, {"keep": "yes"}])
def test_rule_9_scripts_and_other_sites_never_get_the_cookie(
    database_url, ada, public_url, name, is_secure, fields
):
    app = create_app(Settings(**{**SETTINGS, "public_url": public_url}, database_url=database_url))
    app.state.site.passwords = CHEAP
    client = TestClient(app, base_url=public_url, follow_redirects=False)

    answer = client.post("/admin/login", data={**CREDENTIALS, **fields})

    cookies = SimpleCookie(answer.headers["set-cookie"])
    assert list(cookies) == [name]
    morsel = cookies[name]
    assert morsel["httponly"]
    assert morsel["samesite"].lower() == "lax"
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    assert bool(morsel["secure"]) is is_secure
    assert client.get("/admin/").status_code == 200


@ON_SQLITE
@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "too short"}, "at least 32 characters"),
        ({"PUBLIC_URL": "http://admin.example.org"}, "https://"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL"),
    ],
)
def test_rule_9_production_refuses_to_start_without_a_key_or_on_http(database_url, missing, words):
    settings = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_URL": "https://admin.example.org",
        "PORT": "0",
    }

    done = command("serve", **{name: value for name, value in (settings | missing).items() if value})

    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
