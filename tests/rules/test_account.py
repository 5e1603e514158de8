"""The rules where people change their own account."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from admin_site.models import AuditEntry, RecoveryCode, SecondFactor, User, UserSession, utc_now
from admin_site.security.passwords import Passwords, Policy
from admin_site.services.sessions import start_session
from tests.admin.html_forms import read_forms
from tests.admin.sites import open_site
from tests.factories import CHEAP, PASSWORD, make_user

NEW = "nine ladders beside a cello"
AT_SIGN_IN = "/admin/login"


@pytest.fixture
def maria(session) -> User:
    return make_user(
        session,
        password=PASSWORD,
        user_name="maria.gonzalez",
        email_address="maria.gonzalez@example.org",
        first_name="Maria",
        last_name="Gonzalez",
    )


@pytest.fixture
def browser(database_url: str, session, maria: User) -> TestClient:
    return a_browser(database_url, session, maria)


def a_browser(database_url: str, session, user: User, **values) -> TestClient:
    """Return a browser that `user` is signed in with."""
    client = open_site(database_url)
    client.app.state.site.passwords = Passwords(Policy(8, 1, 1), site_names=("Lindenhof",))
    token = start_session(session, user, **values)
    session.commit()
    cookie = client.app.state.site.cookie
    client.cookies.set(cookie.name, cookie.attributes(token)["value"])
    return client


def change(browser: TestClient, new: str, current: str = PASSWORD):
    data = {"current_password": current, "password": new, "password_again": new}
    return browser.post("/admin/account/password", data=data)


def may_sign_in(database_url: str, password: str) -> bool:
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    answer = client.post("/admin/login", data={"username": "maria.gonzalez", "password": password})
    return answer.status_code == 303


def is_in(browser: TestClient) -> bool:
    answer = browser.get("/admin/account")
    assert answer.status_code == 200 or answer.headers["location"].startswith(AT_SIGN_IN)
    return answer.status_code == 200


def begin(browser: TestClient) -> dict[str, str]:
    """Begin to set up a second factor; return what turns it on."""
    page = browser.post("/admin/account/second-factor", data={"step": "begin"}).text
    secret = page.partition('<code dir="ltr">')[2].partition("</code>")[0].replace(" ", "")
    return {"step": "confirm", "code": pyotp.TOTP(secret).now()}


def end(browser: TestClient, session_id: object):
    return browser.post("/admin/account/sessions", data={"session": str(session_id)})


@pytest.mark.parametrize(
    "password",
    [
        "fourteen chars",  # 14
        "short",
        "",
        "password1234567",
        "passwordpassword",
        "qwertyuiopasdfgh",
        "123456789012345678",
        "aaaaaaaaaaaaaaaaaaaa",
        "maria.gonzalez1",
        "gonzalez-maria-gonzalez",
        "maria.gonzalez@example.org",
        "Lindenhof2026!!!",
        "lindenhof lindenhof",
        PASSWORD,
        "x" * 2000,
    ],
)
def test_rule_3_a_password_that_is_short_common_or_their_own_name_is_refused_on_change(
    browser, session, maria, password: str
):
    before = maria.password_hash

    answer = change(browser, password)

    assert answer.status_code == 400
    assert 'class="field-error"' in answer.text
    session.refresh(maria)
    assert maria.password_hash == before


@pytest.mark.parametrize(
    "password",
    [
        "cellos & otters",  # 15
        "nine ladders beside a cello",
        "только слова не цифры",
        "🦔🎻 seven clouds, a violin",
        "no digits and no capitals here",
        "x7Kq" * 3 + "".join(chr(0x21 + at) for at in range(64)),
        "clouds over violins " * 3 + "and 64 more: " + "".join(chr(0x4E00 + 7 * at) for at in range(64)),
    ],
)
def test_rule_3_long_passwords_of_any_characters_are_accepted_on_change_and_none_is_cut(
    browser, database_url, password: str
):
    answer = change(browser, password)

    assert answer.status_code == 303
    assert may_sign_in(database_url, password)
    assert not may_sign_in(database_url, password[:-1])


def test_rule_3_eight_characters_are_enough_on_change_beside_a_second_factor(browser):
    assert change(browser, "kv7#mPq2").status_code == 400
    browser.post("/admin/account/second-factor", data=begin(browser))

    assert "At least 8 characters" in browser.get("/admin/account/password").text
    assert change(browser, "kv7#mP2").status_code == 400
    assert change(browser, "kv7#mPq2").status_code == 303


def test_rule_4_the_cookie_from_before_a_change_of_the_password_is_dead(browser, database_url):
    cookie = browser.app.state.site.cookie
    before = browser.cookies[cookie.name]

    change(browser, NEW)

    assert is_in(browser)
    thief = open_site(database_url)
    thief.cookies.set(cookie.name, before)
    assert not is_in(thief)


def test_rule_5_changing_the_password_ends_all_other_sessions_by_their_next_request(
    browser, database_url, session, maria
):
    other = a_browser(database_url, session, maria)
    assert is_in(other)

    change(browser, NEW)

    assert not is_in(other)
    assert is_in(browser)
    assert not may_sign_in(database_url, PASSWORD)
    assert may_sign_in(database_url, NEW)


@pytest.mark.parametrize("path", ["second-factor", "second-factor/remove"])
def test_rule_5_changing_the_second_factor_ends_all_other_sessions_by_their_next_request(
    browser, database_url, session, maria, path: str
):
    confirmation = begin(browser)
    if path == "second-factor/remove":
        browser.post("/admin/account/second-factor", data=confirmation)
    other = a_browser(database_url, session, maria)
    assert is_in(other)

    answer = browser.post(f"/admin/account/{path}", data=confirmation)

    assert answer.status_code in (200, 303)
    assert not is_in(other)
    assert is_in(browser)


def test_rule_7_people_see_where_they_are_signed_in_and_end_one_of_their_sessions(
    browser, database_url, session, maria
):
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    other = a_browser(database_url, session, maria, ip_address="203.0.113.5", user_agent=agent)
    third = a_browser(database_url, session, maria)
    row = session.scalars(select(UserSession).where(UserSession.ip_address == "203.0.113.5")).one()
    named = str(row.session_id)
    session.commit()
    page = browser.get("/admin/account").text
    assert "Firefox on Windows" in page
    assert "203.0.113.5" in page
    assert named in page

    answer = end(browser, named)

    assert answer.status_code == 303
    assert not is_in(other)
    assert is_in(third)
    assert is_in(browser)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "end_sessions")).one()
    assert (entry.actor_id, entry.key) == (str(maria.user_id), str(maria.user_id))


def test_rule_7_people_end_all_their_sessions_but_this_one(browser, database_url, session, maria):
    others = [a_browser(database_url, session, maria) for _ in range(3)]

    end(browser, "others")

    assert not any(map(is_in, others))
    assert is_in(browser)


def test_rule_7_nobody_ends_the_session_of_another(browser, database_url, session):
    grace = make_user(session, superuser=True)
    theirs = a_browser(database_url, session, grace)
    row = session.scalars(select(UserSession).where(UserSession.user_id == grace.user_id)).one()

    answer = end(browser, row.session_id)

    assert answer.status_code == 404
    assert is_in(theirs)
    end(browser, "others")
    assert is_in(theirs)


@pytest.mark.parametrize("named", ["", "nonsense", "' OR 1=1", "x" * 5000, "\x00"])
def test_rule_7_a_session_that_is_none_is_answered_in_words(browser, named: str):
    answer = end(browser, named)

    assert answer.status_code == 400
    assert "does not say which browser" in answer.text
    assert is_in(browser)


@pytest.mark.parametrize("path", ["second-factor", "second-factor/remove", "recovery-codes"])
def test_rule_19_the_password_is_asked_again_before_a_second_factor_changes_then_it_goes_on(
    browser, session, maria, path: str
):
    if path != "second-factor":
        browser.post("/admin/account/second-factor", data=begin(browser))
    session.scalars(select(UserSession)).one().authenticated_at = utc_now() - timedelta(minutes=16)
    session.commit()
    before = _state(session)

    page = browser.post(f"/admin/account/{path}", data={"step": "begin"})

    assert page.status_code == 403
    form = next(form for form in read_forms(page.text) if form.action.endswith(path))
    field = re.search(r'type="password"[^>]*\bname="([^"]+)"', page.text)[1]
    assert browser.post(form.action, data=form.data() | {field: "wrong"}).status_code == 403
    assert _state(session) == before
    answer = browser.post(form.action, data=form.data() | {field: PASSWORD})
    assert answer.status_code in (200, 303)
    assert _state(session) != before
    assert is_in(browser)


def _state(session) -> tuple:
    """Return what is stored of second factors."""
    session.rollback()
    factors = session.execute(select(SecondFactor.secret, SecondFactor.confirmed_at)).all()
    return tuple(factors), tuple(
        session.scalars(select(RecoveryCode.code_hash).order_by(RecoveryCode.code_id))
    )


@pytest.mark.parametrize("path", ["sessions", "preferences", "theme"])
def test_rule_21_reading_an_address_changes_nothing_of_an_account(browser, path: str):
    assert browser.get(f"/admin/account/{path}").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "password",
        "second-factor",
        "second-factor/remove",
        "recovery-codes",
        "sessions",
        "preferences",
        "theme",
    ],
)
def test_rule_21_another_site_changes_nothing_of_an_account(browser, session, maria, path: str):
    before = session.execute(select(User.password_hash, User.theme, User.updated_at)).all()
    data = {
        "current_password": PASSWORD,
        "password": NEW,
        "password_again": NEW,
        "step": "begin",
        "session": "others",
        "theme": "dark",
    }

    answer = browser.post(
        f"/admin/account/{path}",
        data=data,
        headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    )

    assert answer.status_code == 403
    session.rollback()
    assert session.execute(select(User.password_hash, User.theme, User.updated_at)).all() == before
    assert session.scalars(select(SecondFactor)).all() == []


@pytest.mark.parametrize(
    "path", ["", "/password", "/second-factor", "/second-factor/remove", "/recovery-codes"]
)
def test_rule_22_pages_of_an_account_are_never_kept_by_a_browser(browser, path: str):
    answer = browser.get(f"/admin/account{path}")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "style=" not in answer.text
    assert "<script>" not in answer.text
