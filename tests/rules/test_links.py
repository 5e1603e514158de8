"""Rules 12 to 15: links that set a password."""

import base64
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from admin_site.database import Database
from admin_site.models import (
    AuditEntry,
    CredentialToken,
    LinkPurpose,
    OutgoingMail,
    SecondFactor,
    User,
    UserSession,
    utc_now,
)
from admin_site.security.tokens import hash_token, new_token
from admin_site.services import second_factors
from admin_site.services.mail import MailKind
from admin_site.services.sessions import start_session
from tests.admin.html_forms import read_forms
from tests.factories import PASSWORD, make_user
from tests.mailing.servers import html_of, link_in, text_of
from tests.mailing.sites import NEW_PASSWORD, MailSite, is_in, set_password, sign_in, site_with_mail

UNAUDITED = {"unaudited": "a test turns the clock"}


@pytest.fixture
def site(database: Database) -> Iterator[MailSite]:
    with site_with_mail(database) as site:
        yield site


@pytest.fixture
def ada(database: Database) -> User:
    with database.session() as session:
        return make_user(session, password=PASSWORD, user_name="ada", email_address="ada@example.org")


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


def is_dead(site: MailSite, link: str) -> bool:
    """Return whether a link ends in the one page, for who looks and for who sends the form."""
    browser = site.browser()
    opened = browser.get(link)
    answers = [browser.get(opened.headers["location"]), set_password(browser, "seven quiet lamps on a roof")]
    if {answer.status_code for answer in answers} != {410}:
        return False
    (headings, *_) = {answer.text.count("This link no longer works</h1>") for answer in answers}
    return headings == 1


# --- rule 12 ------------------------------------------------------------------------------------------------


def test_rule_12_a_link_is_random_and_only_its_hash_is_stored(site, session, ada):
    tokens = {token_of(site.link_for("ada")) for _ in range(3)}

    assert len(tokens) == 3
    for token in tokens:
        assert len(base64.urlsafe_b64decode(token + "=")) * 8 >= 128
    stored = session.scalars(select(CredentialToken)).all()
    assert {link.token_hash for link in stored} == set(map(hash_token, tokens))
    everything = [
        session.execute(select(table)).all()
        for table in (CredentialToken.__table__, OutgoingMail.__table__, AuditEntry.__table__)
    ]
    assert not any(token in repr(everything) for token in tokens)


def test_rule_12_a_link_lives_for_one_hour(site, database, session, ada):
    link = site.link_for("ada")
    stored = session.scalars(select(CredentialToken)).one()
    assert stored.expires_at - stored.created_at == timedelta(hours=1)
    browser = site.browser()
    browser.get(link)
    assert browser.get("/admin/set-password").status_code == 200

    past = update(CredentialToken).values(expires_at=utc_now())
    with database.session() as other:
        other.execute(past, execution_options=UNAUDITED)

    assert browser.get("/admin/set-password").status_code == 410
    assert set_password(browser).status_code == 410
    assert is_dead(site, link)
    assert not is_in_with(site, "ada", NEW_PASSWORD)


def test_rule_12_a_link_works_once(site, session, ada):
    link = site.link_for("ada")
    browser = site.browser()
    browser.get(link)

    assert set_password(browser).status_code == 303
    assert set_password(browser, "seven quiet lamps on a roof").status_code == 410

    assert is_dead(site, link)
    assert is_in_with(site, "ada", NEW_PASSWORD)
    used = session.scalars(select(CredentialToken)).one()
    assert used.used_at is not None


def test_rule_12_all_siblings_die_with_the_one_that_is_used(site, database, ada):
    links = [site.link_for("ada")]
    with database.session() as session:  # as if several could live at once
        for _ in range(2):
            token, now = new_token(), utc_now()
            session.add(
                CredentialToken(
                    purpose=LinkPurpose.FIRST_PASSWORD,
                    user_id=ada.user_id,
                    token_hash=hash_token(token),
                    created_at=now,
                    expires_at=now + timedelta(hours=1),
                )
            )
            links.append(f"/admin/set-password/{token}")
    browser = site.browser()
    browser.get(links[1])

    assert set_password(browser).status_code == 303

    assert [is_dead(site, link) for link in links] == [True] * 3


def test_rule_12_a_newer_link_takes_the_place_of_an_earlier_one(site, ada):
    first, second = site.link_for("ada"), site.link_for("ada")

    assert is_dead(site, first)
    assert not is_dead(site, second)


def test_rule_12_a_link_dies_when_its_person_signs_in(site, ada):
    link = site.link_for("ada")

    sign_in(site.browser(), "ada", "not the password")
    opened = site.browser()
    opened.get(link)
    assert opened.get("/admin/set-password").status_code == 200
    sign_in(site.browser(), "ada")

    assert opened.get("/admin/set-password").status_code == 410
    assert set_password(opened).status_code == 410
    assert is_dead(site, link)
    assert is_in_with(site, "ada", PASSWORD)


def test_rule_12_a_link_dies_when_its_person_changes_the_password(site, database, ada):
    browser = site.browser()
    sign_in(browser, "ada")
    link = site.link_for("ada")
    form = read_forms(browser.get("/admin/account/password").text)[-1]
    typed = {
        "current_password": PASSWORD,
        "password": "seven quiet lamps on a roof",
        "password_again": "seven quiet lamps on a roof",
    }

    assert browser.post("/admin/account/password", data=form.data(**typed)).status_code == 303

    assert is_dead(site, link)


@pytest.mark.parametrize(
    "change", [{"email_address": "elsewhere@example.net"}, {"is_active": "false"}], ids=["e-mail", "active"]
)
def test_rule_12_a_link_dies_when_the_address_or_the_account_changes(site, database, ada, change):
    link = site.link_for("ada")
    boss = a_superuser(site, database)
    page = f"/admin/user/edit/{ada.user_id}"
    form = next(form for form in read_forms(boss.get(page).text) if form.data().get("user_name"))

    answer = boss.post(page, data=form.data(**change))
    assert answer.status_code == 303, re.findall("(?s)role=.alert.*?</div>", answer.text)

    assert is_dead(site, link)


def test_rule_12_a_link_that_waits_to_be_mailed_dies_too(site, database, ada):
    site.ask("ada")

    sign_in(site.browser(), "ada")

    assert site.deliver() == []


def test_rule_12_of_two_parallel_uses_one_succeeds(site, database, session, ada):
    link = site.link_for("ada")
    passwords = ["five cheerful otters swim", "seven quiet lamps on a roof"]
    browsers = [site.browser() for _ in passwords]
    for browser in browsers:
        browser.get(link)
    start = threading.Barrier(len(browsers))
    answers = {}

    def use(browser, password):
        start.wait(10)
        answers[password] = set_password(browser, password)

    threads = [threading.Thread(target=use, args=pair) for pair in zip(browsers, passwords, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(answer.status_code for answer in answers.values()) == [303, 410]
    for password, answer in answers.items():
        assert is_in_with(site, "ada", password) is (answer.status_code == 303)
    events = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "redeem_link")).all()
    assert events == ["redeem_link"]


def test_rule_12_whatever_is_no_link_ends_in_the_one_page(site, database, ada):
    link = site.link_for("ada")
    with database.session() as session:
        of_a_session = start_session(session, session.get_one(User, ada.user_id))
    token = token_of(link)
    others = [
        token[:-1],
        token + "x",
        token[::-1],
        token.upper(),
        hash_token(token),
        of_a_session,
        "x",
        "%00",
        "%F0%9F%8E%BB",
        "x" * 5000,
        "..%2f..%2fetc",
        "' OR 1=1 --",
    ]

    pages = set()
    for other in others:
        browser = site.browser()
        browser.get(f"/admin/set-password/{other}")
        answer = browser.get("/admin/set-password")
        assert answer.status_code == 410, other
        pages.add(re.sub(r"nonce[^>]*", "", answer.text))
    browser = site.browser()
    for cookie in ("", token, "x.y", "x" * 3000):
        browser.cookies.set("password_link", cookie)
        pages.add(re.sub(r"nonce[^>]*", "", browser.get("/admin/set-password").text))

    assert len(pages) == 1
    page = pages.pop()
    assert "This link no longer works" in page
    assert 'href="/admin/forgot-password"' in page
    assert not is_dead(site, link)


def test_rule_12_a_link_signs_nobody_in_and_a_session_is_no_link(site, ada):
    link = site.link_for("ada")
    cookie = site.app.state.site.cookie
    browser = site.browser()

    browser.cookies.set(cookie.name, cookie.attributes(token_of(link))["value"])

    assert not is_in(browser)


def test_rule_12_a_password_that_will_not_do_leaves_the_link_as_it_was(site, ada):
    browser = site.browser()
    browser.get(site.link_for("ada"))

    for password in ("short", "password" * 3, "ada@example.org", "x" * 20):
        assert set_password(browser, password).status_code == 400

    assert set_password(browser).status_code == 303


# --- rule 13 ------------------------------------------------------------------------------------------------


def test_rule_13_the_first_get_takes_the_token_out_of_the_address(site, ada):
    link = site.link_for("ada")
    browser = site.browser()

    opened = browser.get(link)
    page = browser.get(opened.headers["location"])

    assert opened.status_code == 303
    assert opened.headers["location"] == "/admin/set-password"
    assert opened.headers["referrer-policy"] == "no-referrer"
    assert opened.headers["cache-control"] == "no-store"
    assert "httponly" in opened.headers["set-cookie"].lower()
    assert page.status_code == 200
    assert token_of(link) not in page.text
    assert token_of(link) not in opened.text
    assert token_of(link) not in repr(dict(page.headers))


def test_rule_13_the_cookie_of_a_link_is_for_https_where_the_site_is(database, ada):
    with site_with_mail(database, public_url="https://admin.example.org") as site:
        opened = site.browser().get(site.link_for("ada"))

    assert "secure" in opened.headers["set-cookie"].lower()
    assert "path=/admin/set-password" in opened.headers["set-cookie"].lower()


def test_rule_13_the_get_of_a_scanner_consumes_nothing(site, database, session, ada):
    link = site.link_for("ada")
    before = _state(session)
    scanner = site.browser()

    for _ in range(3):
        scanner.head(link)
        scanner.get(link, follow_redirects=True)
        site.browser().get(link, headers={"user-agent": "Mail scanner"}, follow_redirects=True)

    session.rollback()
    assert _state(session) == before
    browser = site.browser()
    browser.get(link)
    assert set_password(browser).status_code == 303


def test_rule_13_the_latest_link_that_was_opened_counts(site, database, ada):
    with database.session() as session:
        make_user(session, user_name="bob", email_address="bob@example.org", password=PASSWORD)
    browser = site.browser()

    browser.get(site.link_for("ada"))
    browser.get(site.link_for("bob"))

    assert "bob" in browser.get("/admin/set-password").text
    browser.get("/admin/set-password/" + "x" * 6000)
    assert browser.get("/admin/set-password").status_code == 410


# --- rule 14 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "testserver:80@evil.example"},
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-proto": "https", "x-forwarded-for": "evil.example"},
        {"forwarded": "host=evil.example"},
        {"x-original-url": "https://evil.example/"},
        {"x-rewrite-url": "//evil.example/"},
        {"referer": "http://testserver/?evil.example"},
    ],
)
def test_rule_14_what_a_request_says_of_hosts_never_reaches_a_mail(site, ada, headers):
    site.ask("ada", **headers)

    (message,) = site.deliver()
    for text in (text_of(message), html_of(message)):
        assert "evil.example" not in text
        assert set(re.findall(r"https?://[^/\s\"]+", text)) == {"http://testserver"}
    assert "evil.example" not in message.as_string()


def test_rule_14_links_are_built_from_the_public_url_alone(database, ada):
    with site_with_mail(database, public_url="https://admin.example.org:8443") as site:
        site.ask("ada")
        (message,) = site.deliver()

    assert "https://admin.example.org:8443" + link_in(message) in text_of(message)


def test_rule_14_without_a_public_url_mail_is_refused_and_not_guessed(database, session, ada):
    with site_with_mail(database, public_url=None) as site:
        page = site.browser().get("/admin/forgot-password")
        answer = site.browser().post("/admin/forgot-password", data={"username": "ada"})
        waiting = session.scalars(select(OutgoingMail)).all()
        with database.session() as other:
            other.add(OutgoingMail(kind=MailKind.PASSWORD_CHANGED, user_id=ada.user_id, facts={}))
        sent = site.deliver()

    for each in (page, answer):
        assert "This site sends no mail." in each.text
    assert (page.status_code, answer.status_code) == (200, 409)
    assert waiting == []
    assert sent == []
    session.rollback()
    assert "PUBLIC_URL" in session.scalars(select(OutgoingMail)).one().error


def test_rule_14_without_a_mail_server_production_refuses_in_words(database, session, ada):
    with site_with_mail(database, smtp_host="", public_url="https://admin.example.org") as site:
        answer = site.browser().post("/admin/forgot-password", data={"username": "ada"})

    assert answer.status_code == 409
    assert "Ask a colleague" in answer.text
    assert session.scalars(select(OutgoingMail)).all() == []


# --- rule 15 ------------------------------------------------------------------------------------------------


def test_rule_15_after_a_reset_the_person_is_told_and_every_session_is_over(site, session, ada):
    browsers = [site.browser() for _ in range(2)]
    link = site.link_for("ada")
    with_link = site.browser()
    with_link.get(link)
    for browser in browsers:
        _signed_in_without_ending_links(site, session, ada, browser)
    assert all(is_in(browser) for browser in browsers)

    answer = set_password(with_link)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/login"
    assert not any(is_in(browser) for browser in browsers)
    assert not is_in(with_link)
    session.rollback()
    assert session.scalars(select(UserSession)).all() == []
    (notice,) = site.deliver()
    assert notice["To"] == "ada@example.org"
    assert notice["Subject"] == "Your password for Admin was set by a link"
    assert "/admin/set-password/" not in text_of(notice) + html_of(notice)
    assert NEW_PASSWORD not in notice.as_string()


def test_rule_15_nobody_is_signed_in_by_a_reset(site, ada):
    browser = site.browser()
    browser.get(site.link_for("ada"))

    answer = set_password(browser)

    assert site.app.state.site.cookie.name not in {each.name for each in browser.cookies.jar}
    assert "Your password is set. Sign in with it." in browser.get(answer.headers["location"]).text
    assert not is_in(browser)
    sign_in(browser, "ada", NEW_PASSWORD)
    assert is_in(browser)


def test_rule_15_the_second_factor_outlives_a_reset(site, database, session, ada):
    secret = _with_second_factor(database, ada)
    browser = site.browser()
    browser.get(site.link_for("ada"))

    assert set_password(browser, "kv7#qdzp").status_code == 303  # eight characters, beside a second factor

    assert session.get_one(SecondFactor, ada.user_id).secret == secret
    answer = sign_in(browser, "ada", "kv7#qdzp")
    assert answer.headers["location"].startswith("/admin/login/code")
    assert not is_in(browser)
    code = pyotp.TOTP(secret).at(int(time.time()))
    assert browser.post("/admin/login/code", data={"code": code}).status_code == 303
    assert is_in(browser)


def test_rule_15_the_page_of_a_link_says_how_long_the_password_must_be(site, database, ada):
    browser = site.browser()
    browser.get(site.link_for("ada"))
    assert "At least 15 characters" in browser.get("/admin/set-password").text
    assert set_password(browser, "kv7#qdzp").status_code == 400

    _with_second_factor(database, ada)
    browser.get(site.link_for("ada"))

    assert "At least 8 characters" in browser.get("/admin/set-password").text


def a_superuser(site: MailSite, database: Database):
    with database.session() as session:
        boss = make_user(session, superuser=True, password=PASSWORD)
    browser = site.browser()
    sign_in(browser, boss.user_name)
    assert is_in(browser)
    return browser


def is_in_with(site: MailSite, name: str, password: str) -> bool:
    browser = site.browser()
    sign_in(browser, name, password)
    return is_in(browser)


def _signed_in_without_ending_links(site, session, user, browser) -> None:
    """Let `browser` be signed in since before the link was asked for."""
    token = start_session(session, session.get_one(User, user.user_id))
    session.commit()
    cookie = site.app.state.site.cookie
    browser.cookies.set(cookie.name, cookie.attributes(token)["value"])


def _with_second_factor(database: Database, user: User) -> str:
    earlier = datetime.now(UTC) - timedelta(minutes=10)
    with database.session() as session:
        person = session.get_one(User, user.user_id)
        secret = second_factors.offer(session, person, now=earlier).secret
        second_factors.confirm(session, person, pyotp.TOTP(secret).at(earlier), now=earlier)
        told = update(OutgoingMail).values(due_at=None)  # of that, which is not what the test is about
        session.execute(told, execution_options=UNAUDITED)
    return secret


def _state(session) -> list:
    columns = CredentialToken.used_at, CredentialToken.expires_at, CredentialToken.token_hash
    people = select(User.password_hash, User.password_changed_at, User.updated_at)
    entries = select(AuditEntry.entry_id)
    return [list(session.execute(each)) for each in (select(*columns), people, entries)]
