"""Rules 1, 3 and 16: how passwords are hashed, which may be chosen, and those given for a day."""

import io
import re
import sys
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from sqlalchemy import select, update
from starlette.testclient import TestClient

from admin_site import audit
from admin_site.database import Database
from admin_site.models import AuditEntry, LinkPurpose, SecondFactor, User, UserSession, utc_now
from admin_site.security.passwords import Passwords, Policy
from admin_site.services.links import create_link
from admin_site.services.sessions import start_session
from tests.admin.html_forms import record_form, words
from tests.admin.sites import open_site, sign_in
from tests.commands import Commands
from tests.factories import CHEAP, PASSWORD, make_user

UNAUDITED = {audit.UNAUDITED: "a test lets time pass"}
NEW = "seven clouds over a cello"


@pytest.fixture
def visitor(database_url: str) -> TestClient:
    """A browser that nobody is signed in with, of a site called Northwind College."""
    client = open_site(database_url)
    client.app.state.site.passwords = Passwords(
        Policy(memory_kib=8, time_cost=1, parallelism=1), site_names=("Northwind College", "testserver")
    )
    return client


def ada(database: Database, **values) -> User:
    named = {"user_name": "ada", "email_address": "ada@lovelace.example.org", "first_name": "Augusta Ada"}
    with database.session() as session:
        return make_user(session, **{"password": PASSWORD, **named, **values})


def stored_hash(database: Database) -> str | None:
    with database.session() as session:
        return session.scalar(select(User.password_hash).where(User.user_name == "ada"))


def log_in(client: TestClient, password: str, **more: str):
    return client.post("/admin/login", data={"username": "ada", "password": password, **more})


# --- rule 1: how they are hashed ---


def test_rule_1_a_site_hashes_with_argon2id_as_rfc_9106_says_for_little_memory(database_url, database):
    client = open_site(database_url)
    with database.session() as session:
        link = create_link(session, make_user(session, user_name="ada"), LinkPurpose.FIRST_PASSWORD)
    client.get(f"/admin/set-password/{link.token}")

    assert (
        client.post("/admin/set-password", data={"password": NEW, "password_again": NEW}).status_code == 303
    )

    assert stored_hash(database).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_rule_1_commands_hash_as_the_site_does(commands, database):
    assert commands.create_user(NEW).code == 0

    made = extract_parameters(stored_hash(database))
    assert (made.type, made.memory_cost, made.time_cost, made.parallelism) == (Type.ID, 65536, 3, 4)


@pytest.mark.parametrize(
    "weaker",
    [
        PasswordHasher(memory_cost=8, time_cost=2, parallelism=1),
        PasswordHasher(memory_cost=64, time_cost=1, parallelism=1),
        PasswordHasher(memory_cost=64, time_cost=2, parallelism=1, type=Type.I),
    ],
)
def test_rule_1_a_weaker_hash_is_replaced_by_a_right_sign_in_only(visitor, database, weaker):
    visitor.app.state.site.passwords = Passwords(Policy(memory_kib=64, time_cost=2, parallelism=1))
    before = weaker.hash(PASSWORD)
    ada(database, password=None, password_hash=before)

    assert log_in(visitor, "wrong").status_code == 400
    assert stored_hash(database) == before
    assert log_in(visitor, PASSWORD).status_code == 303
    after = stored_hash(database)
    assert after.startswith("$argon2id$v=19$m=64,t=2,p=1$")
    assert log_in(visitor, PASSWORD).status_code == 303
    assert stored_hash(database) == after


def test_rule_1_a_stronger_hash_stays(visitor, database):
    stronger = PasswordHasher(memory_cost=64, time_cost=2, parallelism=1).hash(PASSWORD)
    ada(database, password=None, password_hash=stronger)

    assert log_in(visitor, PASSWORD).status_code == 303
    assert stored_hash(database) == stronger


# --- rule 3: which may be chosen, on every path ---

TOO_SHORT, OWN, COMMON, TOO_LONG = "at least", "your own name", "easy to guess", "at most"

TRIED = {
    "": TOO_SHORT,
    "fourteen chars": TOO_SHORT,
    "k7#vQz!m": TOO_SHORT,
    "\U0001f3bb" * 14: TOO_SHORT,
    "ada.ada.ada.ada.1": OWN,
    "ada@lovelace.example.org": OWN,
    "adalovelaceexampleorg": OWN,
    "passwordpassword": COMMON,
    "Password1234567!": COMMON,
    "iloveyouforever1": COMMON,
    "zaq12wsxcde34rfv": COMMON,
    "aaaaaaaaaaaaaaaaaaaa": COMMON,
    "123456789012345678": COMMON,
    "qwertyuiopasdfghjkl": COMMON,
    "Summer2024Summer2024": COMMON,
    "x" * 5_000: TOO_LONG,
    "seven clouds over a cello": "",
    "   violin   and  a cello   ": "",
    "пароль на каждый день недели": "",
    "839201748263950": "",
    "x9!Kq#2mZ$8vLp@": "",
    "one two three four five six seven eight nine ten eleven twelve th": "",
    "".join(f"word{number * 7919 % 1000}" for number in range(200))[:1024]: "",
}
ONLY_IN_THE_SITE = {"Northwind College": OWN, "northwindcollege2024!": OWN, "Augusta Ada 1815": OWN}


class Shell:
    """The commands, which read a password from their standard input."""

    def __init__(self, run: Commands, patch: pytest.MonkeyPatch) -> None:
        self._run, self._patch = run, patch

    def create_user(self, password: str):
        line = io.TextIOWrapper(io.BytesIO(f"{password}\n".encode()))
        self._patch.setattr(sys, "stdin", line)
        return self._run("create-user", "ada", "ada@lovelace.example.org", "--password-stdin")


@pytest.fixture
def commands(database_url, monkeypatch, capsys, tmp_path) -> Shell:
    return Shell(Commands(monkeypatch, capsys, tmp_path, database_url), monkeypatch)


def name_of(password: str) -> str:
    return f"{password[:20]!r} {len(password)}"


@pytest.mark.parametrize(("password", "refusal"), TRIED.items(), ids=map(name_of, TRIED))
def test_rule_3_a_new_account_of_a_command(commands, database, password, refusal):
    done = commands.create_user(password)

    assert done.code == (1 if refusal else 0)
    assert refusal.casefold() in done.err.casefold()
    stored = stored_hash(database)
    assert (stored is None) is bool(refusal)
    assert refusal or Passwords().verify(stored, password)


@pytest.mark.parametrize(
    ("password", "refusal"), (TRIED | ONLY_IN_THE_SITE).items(), ids=map(name_of, TRIED | ONLY_IN_THE_SITE)
)
def test_rule_3_the_own_password_changed(visitor, database, password, refusal):
    ada(database)
    assert log_in(visitor, PASSWORD).status_code == 303
    before = stored_hash(database)

    typed = {"current_password": PASSWORD, "password": password, "password_again": password}
    answer = visitor.post("/admin/account/password", data=typed)

    assert answer.status_code == (400 if refusal else 303)
    assert refusal.casefold() in words(answer.text).casefold()
    assert (stored_hash(database) == before) is bool(refusal)
    assert refusal or CHEAP.verify(stored_hash(database), password)


@pytest.mark.parametrize(
    ("password", "refusal"), (TRIED | ONLY_IN_THE_SITE).items(), ids=map(name_of, TRIED | ONLY_IN_THE_SITE)
)
def test_rule_3_a_password_set_by_link(visitor, database, password, refusal):
    user = ada(database, password=None)
    with database.session() as session:
        link = create_link(session, session.get(User, user.user_id), LinkPurpose.FIRST_PASSWORD)
    visitor.get(f"/admin/set-password/{link.token}")

    answer = visitor.post("/admin/set-password", data={"password": password, "password_again": password})

    assert answer.status_code == (400 if refusal else 303)
    assert refusal.casefold() in words(answer.text).casefold()
    assert refusal or CHEAP.verify(stored_hash(database), password)
    assert not refusal or stored_hash(database) is None


@pytest.mark.parametrize(
    ("password", "refusal"),
    {
        "k7#vQz!m": "",
        "frog.violin.7": "",
        "k7#vQz!": "at least 8",
        "password1": COMMON,
        "Summer2024!": COMMON,
        "ada12345": OWN,
        "12345678": COMMON,
    }.items(),
)
@pytest.mark.parametrize("path", ["own change", "link"])
def test_rule_3_beside_a_second_factor_eight_characters_will_do(visitor, database, path, password, refusal):
    user = ada(database)
    with database.session() as session:
        session.add(SecondFactor(user_id=user.user_id, secret="A" * 32, confirmed_at=utc_now()))
    typed = {"current_password": PASSWORD, "password": password, "password_again": password}
    if path == "link":
        with database.session() as session:
            link = create_link(session, session.get(User, user.user_id), LinkPurpose.RESET_PASSWORD)
        visitor.get(f"/admin/set-password/{link.token}")
        answer = visitor.post("/admin/set-password", data=typed)
    else:
        with database.session() as session:
            token = start(session, user)
        visitor.cookies.set(visitor.app.state.site.cookie.name, cookie_of(visitor, token))
        assert "At least 8 characters" in visitor.get("/admin/account/password").text
        answer = visitor.post("/admin/account/password", data=typed)

    assert answer.status_code == (400 if refusal else 303)
    assert refusal in words(answer.text)
    assert CHEAP.verify(stored_hash(database), password) is not bool(refusal)


def start(session, user: User) -> str:
    return start_session(session, session.get(User, user.user_id))


def cookie_of(client: TestClient, token: str) -> str:
    return client.app.state.site.cookie.attributes(token)["value"]


def test_rule_3_every_character_counts(visitor, database):
    long = "".join(f"word{number * 7919 % 1000}" for number in range(200))[:1024]
    ada(database, password=long)

    assert log_in(visitor, long[:-1] + "#").status_code == 400
    assert log_in(visitor, long[:72]).status_code == 400
    assert log_in(visitor, long).status_code == 303


def test_rule_3_no_password_has_to_be_changed_because_it_is_old(visitor, database):
    ada(database, password_changed_at=utc_now() - timedelta(days=3_650))

    assert log_in(visitor, PASSWORD).headers["location"] == "/admin/"
    assert visitor.get("/admin/").status_code == 200


@pytest.mark.parametrize("size", [1_000_000, 2_000_000])
def test_rule_3_a_password_of_a_megabyte_is_refused_on_every_path(visitor, database, size):
    user = ada(database)
    password = "x" * size
    typed = {"current_password": PASSWORD, "password": password, "password_again": password}
    with database.session() as session:
        link = create_link(session, session.get(User, user.user_id), LinkPurpose.RESET_PASSWORD)
    visitor.get(f"/admin/set-password/{link.token}")
    before = stored_hash(database)

    assert visitor.post("/admin/set-password", data=typed).status_code == 413
    assert log_in(visitor, password).status_code == 413
    assert log_in(visitor, PASSWORD).status_code == 303
    assert visitor.post("/admin/account/password", data=typed).status_code in (400, 413)
    wrong = {"current_password": password, "password": NEW, "password_again": NEW}
    assert visitor.post("/admin/account/password", data=wrong).status_code in (400, 413)
    assert stored_hash(database) == before


# --- rule 16: a password for a day ---


class Given(SimpleNamespace):
    """A temporary password that support gave to Ada, and the browser she has."""


@pytest.fixture
def given(visitor: TestClient, database_url: str, database: Database) -> Given:
    user = ada(database, superuser=True)
    desk = open_site(database_url)
    desk.app.state.site.passwords = CHEAP
    sign_in(desk, database, superuser=True)
    asked = desk.post(f"/admin/support/{user.user_id}/temporary-password")
    assert asked.status_code == 303
    page = desk.get(asked.headers["location"])
    (password,) = set(re.findall(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){4}\b", page.text))
    return Given(
        password=password, browser=visitor, desk=desk, page=asked.headers["location"], key=user.user_id
    )


def let_pass(database: Database, **time: int) -> None:
    with database.session() as session:
        expires_at = session.scalars(select(User.password_expires_at).where(User.user_name == "ada")).one()
        moved = (
            update(User)
            .where(User.user_name == "ada")
            .values(password_expires_at=expires_at - timedelta(**time))
        )
        session.execute(moved, execution_options=UNAUDITED)


def change(client: TestClient, current: str, new: str):
    typed = {"current_password": current, "password": new, "password_again": new}
    return client.post("/admin/account/password", data=typed)


PAGES = [
    ("GET", "/admin/"),
    ("GET", "/admin/user/list"),
    ("GET", "/admin/user/create"),
    ("POST", "/admin/user/create"),
    ("GET", "/admin/user/export/csv"),
    ("GET", "/admin/account"),
    ("GET", "/admin/account/second-factor"),
    ("GET", "/admin/confirm-password"),
    ("POST", "/admin/account/theme"),
    ("POST", "/admin/drafts"),
    ("GET", "/admin/support"),
]


def test_rule_16_a_temporary_password_is_shown_once_and_not_stored(given: Given, database):
    assert given.password not in given.desk.get(given.page).text
    with database.session() as session:
        trail = str([vars(entry) for entry in session.scalars(select(AuditEntry))])
    assert "temporary_password" in trail
    assert given.password not in trail


@pytest.mark.parametrize(("method", "page"), PAGES)
def test_rule_16_until_it_is_changed_every_page_leads_there(given: Given, method, page):
    assert log_in(given.browser, given.password).status_code == 303

    sent_on = given.browser.request(method, page)
    told = given.browser.request(method, page, headers={"Accept": "application/json"})
    script = given.browser.request(method, page, headers={"X-Panel": "yes"})

    assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/admin/account/password")
    assert (told.status_code, told.json()) == (403, {"error": "Choose a password of your own first."})
    assert (script.status_code, script.headers["hx-redirect"]) == (204, "/admin/account/password")


def test_rule_16_the_page_to_change_it_the_files_it_needs_and_sign_out_stay_open(given: Given):
    log_in(given.browser, given.password)

    page = given.browser.get("/admin/account/password")
    assert page.status_code == 200
    assert given.browser.get("/admin/statics/admin.css").status_code == 200
    assert given.browser.post("/admin/logout").status_code == 303
    assert given.browser.get("/admin/account/password").headers["location"].startswith("/admin/login")


def test_rule_16_once_it_is_changed_one_goes_on(given: Given, database):
    log_in(given.browser, given.password)

    assert change(given.browser, given.password, NEW).status_code == 303

    assert given.browser.get("/admin/").status_code == 200
    let_in = log_in(given.browser, NEW)
    assert urlsplit(let_in.headers["location"]).path == "/admin/"
    with database.session() as session:
        user = session.scalars(select(User).where(User.user_name == "ada")).one()
        assert (user.must_change_password, user.password_expires_at) == (False, None)
    assert log_in(given.browser, given.password).status_code == 400


def test_rule_16_it_cannot_be_kept_by_changing_it_to_itself(given: Given):
    log_in(given.browser, given.password)

    for same in (given.password, "".join(chr(ord(char) + 0xFEE0) for char in given.password)):
        kept = change(given.browser, given.password, same)
        assert kept.status_code == 400
        assert "Choose another one" in words(kept.text)
    assert given.browser.get("/admin/").headers["location"] == "/admin/account/password"


def test_rule_16_it_cannot_be_kept_by_a_link(given: Given, database):
    with database.session() as session:
        link = create_link(session, session.get(User, given.key), LinkPurpose.RESET_PASSWORD)
    given.browser.get(f"/admin/set-password/{link.token}")

    typed = {"password": given.password, "password_again": given.password}
    kept = given.browser.post("/admin/set-password", data=typed)

    assert kept.status_code == 400
    assert "Choose another one" in words(kept.text)
    assert (
        given.browser.post("/admin/set-password", data={"password": NEW, "password_again": NEW}).status_code
        == 303
    )


def test_rule_16_it_cannot_be_kept_by_a_form(given: Given, database):
    form = record_form(given.desk.get(f"/admin/user/edit/{given.key}").text)

    kept = given.desk.post(form.action, data=form.data(must_change_password="false"))

    assert kept.status_code == 400
    assert "cannot be kept" in words(kept.text)
    with database.session() as session:
        assert session.get(User, given.key).must_change_password


def test_rule_16_it_lets_nobody_in_after_24_hours(given: Given, database):
    let_pass(database, hours=23, minutes=59)
    assert log_in(given.browser, given.password).status_code == 303
    let_pass(database, minutes=1)

    late = log_in(TestClient(given.browser.app, follow_redirects=False), given.password)
    assert late.status_code == 400
    assert "not right" in words(late.text)


def test_rule_16_who_came_in_with_it_cannot_change_it_after_24_hours(given: Given, database):
    log_in(given.browser, given.password)
    let_pass(database, hours=24)

    assert change(given.browser, given.password, NEW).status_code == 400
    assert log_in(TestClient(given.browser.app, follow_redirects=False), NEW).status_code == 400


def test_rule_16_giving_it_ends_the_sessions_and_the_links(visitor, database_url, database):
    user = ada(database)
    log_in(visitor, PASSWORD)
    with database.session() as session:
        link = create_link(session, session.get(User, user.user_id), LinkPurpose.RESET_PASSWORD)
    desk = open_site(database_url)
    desk.app.state.site.passwords = CHEAP
    helper = sign_in(desk, database, superuser=True)

    assert desk.post(f"/admin/support/{user.user_id}/temporary-password").status_code == 303

    assert visitor.get("/admin/").headers["location"] == "/admin/login"
    assert log_in(visitor, PASSWORD).status_code == 400
    visitor.get(f"/admin/set-password/{link.token}")
    assert visitor.get("/admin/set-password").status_code == 410
    with database.session() as session:
        assert session.scalars(select(UserSession.user_id)).all() == [helper.user_id]
