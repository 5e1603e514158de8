"""No word of a page that concerns a person is left in English."""

import re
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser

import pyotp
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from admin_site import create_app
from admin_site.languages import LANGUAGES
from admin_site.models import LinkPurpose, User, UserSession, utc_now
from admin_site.services.links import create_link
from admin_site.services.sessions import start_session
from tests.admin.sites import settings_for
from tests.factories import CHEAP, PASSWORD, make_role, make_user

OTHERS = sorted(set(LANGUAGES) - {"en"})

# What is the same everywhere: names, addresses, keys, and the titles of records and their kinds.
SAME = re.compile(
    r"Lindenhof|Ada Lovelace|ada@example\.org|Registrar|Accounts|School|Users|Courses|English|Deutsch|Español"
    r"|UTC|ada|Ctrl|Ctrl K|K|Enter|Esc|S|j|k|e|/|\?|L|AL"
)
NAMED = ("aria-label", "alt", "placeholder", "title")
CODE = re.compile(r"[0-9a-z]{4}(-[0-9a-z]{4}){5}|[A-Z2-7]{4}( [A-Z2-7]{4}){7}")


class Reader(HTMLParser):
    """Reads every text that somebody sees on a page, or hears; not the choice of a time zone."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag in ("script", "style", "time", "optgroup"):
            self._silent.append(tag)
        if not self._silent:
            self.texts += [given[name] or "" for name in NAMED if name in given]

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(" ".join(data.split()))


def words_of(html: str) -> list[str]:
    """Return the texts in which there are words that have to be translated."""
    texts = (text.removesuffix(" – Lindenhof").strip(" ·()–") for text in Reader(html).texts)
    is_word = re.compile(r"[^\W\d_]")
    return [
        text for text in texts if is_word.search(text) and not (SAME.fullmatch(text) or CODE.fullmatch(text))
    ]


@pytest.fixture
def ada(session) -> User:
    role = make_role(session, ("user", "list"), ("user", "details"), ("course", "list"), name="Registrar")
    user = make_user(
        session,
        roles=(role,),
        password=PASSWORD,
        user_name="ada",
        email_address="ada@example.org",
        first_name="Ada",
        last_name="Lovelace",
    )
    session.commit()
    return user


@pytest.fixture
def browser(database_url: str) -> TestClient:
    client = TestClient(
        create_app(settings_for(database_url).model_copy(update={"site_title": "Lindenhof"})),
        follow_redirects=False,
    )
    client.app.state.site.passwords = CHEAP
    return client


def sign_in(browser: TestClient, session, ada: User) -> None:
    cookie = browser.app.state.site.cookie
    browser.cookies.set(cookie.name, cookie.attributes(start_session(session, ada))["value"])
    session.commit()


def in_each(browser: TestClient, ask: Callable[[dict[str, str]], str]) -> None:
    """Make sure that what `ask` answers in other languages has no words in common with the English page."""
    english = set(words_of(ask({"accept-language": "en"})))
    assert len(english) > 3
    for language in OTHERS:
        html = ask({"accept-language": language})
        assert f'<html lang="{language}"' in html
        assert english & set(words_of(html)) == set()


@pytest.mark.parametrize(
    "path",
    ["/admin/login", "/admin/forgot-password", "/admin/forgot-password?sent=yes", "/admin/set-password"],
)
def test_pages_seen_from_outside_are_said_in_every_language(browser, path: str):
    in_each(browser, lambda headers: browser.get(path, headers=headers).text)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/admin/login", {"username": "ada", "password": "wrong"}),
        ("/admin/forgot-password", {"username": ""}),
        ("/admin/user/create", {"user_name": "x"}),
    ],
)
def test_refusals_seen_from_outside_are_said_in_every_language(browser, ada, path: str, data: dict[str, str]):
    in_each(browser, lambda headers: browser.post(path, data=data, headers=headers).text)


def test_too_many_attempts_are_told_in_every_language(browser, ada):
    for _ in range(12):
        browser.post("/admin/login", data={"username": "ada", "password": "wrong"})

    in_each(
        browser,
        lambda headers: (
            browser.post("/admin/login", data={"username": "ada", "password": "wrong"}, headers=headers).text
        ),
    )


def test_a_link_is_answered_in_every_language(browser, session, ada):
    link = create_link(session, ada, LinkPurpose.RESET_PASSWORD)
    session.commit()
    browser.get(f"/admin/set-password/{link.token}")

    in_each(browser, lambda headers: browser.get("/admin/set-password", headers=headers).text)
    for password in ("short", "ada lovelace ada", "password12345678"):
        data = {"password": password, "password_again": password}
        in_each(
            browser,
            lambda headers, data=data: browser.post("/admin/set-password", data=data, headers=headers).text,
        )


@pytest.mark.parametrize(
    "path", ["", "/password", "/second-factor", "/second-factor/remove", "/recovery-codes"]
)
def test_the_pages_of_an_account_are_said_in_every_language(browser, session, ada, path: str):
    sign_in(browser, session, ada)

    in_each(browser, lambda headers: browser.get(f"/admin/account{path}", headers=headers).text)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("password", {"current_password": "wrong", "password": "a", "password_again": "a"}),
        ("password", {"current_password": PASSWORD, "password": PASSWORD, "password_again": PASSWORD}),
        ("password", {"current_password": "a", "password": "b", "password_again": "c"}),
        ("second-factor", {"step": "begin"}),
        ("second-factor", {"step": "confirm", "code": "123"}),
        ("preferences", {"language": "xx", "time_zone": "xx", "theme": "xx"}),
    ],
)
def test_what_an_account_answers_is_said_in_every_language(
    browser, session, ada, path: str, data: dict[str, str]
):
    sign_in(browser, session, ada)

    in_each(browser, lambda headers: browser.post(f"/admin/account/{path}", data=data, headers=headers).text)


def test_the_second_step_of_a_sign_in_is_said_in_every_language(browser, session, ada):
    sign_in(browser, session, ada)
    page = browser.post("/admin/account/second-factor", data={"step": "begin"}).text
    secret = page.partition('<code dir="ltr">')[2].partition("</code>")[0].replace(" ", "")
    code = {"step": "confirm", "code": pyotp.TOTP(secret).now()}
    browser.post("/admin/account/second-factor", data=code)
    in_each(browser, lambda headers: browser.get("/admin/account/second-factor", headers=headers).text)
    in_each(browser, lambda headers: browser.post("/admin/account/recovery-codes", headers=headers).text)
    browser.cookies.clear()
    browser.post("/admin/login", data={"username": "ada", "password": PASSWORD})

    in_each(browser, lambda headers: browser.get("/admin/login/code", headers=headers).text)
    in_each(
        browser, lambda headers: browser.post("/admin/login/code", data={"code": "1"}, headers=headers).text
    )


def test_a_duty_and_the_password_asked_again_are_said_in_every_language(browser, session, ada):
    sign_in(browser, session, ada)
    session.scalars(select(UserSession)).one().authenticated_at = utc_now() - timedelta(hours=1)
    session.commit()
    in_each(
        browser, lambda headers: browser.get("/admin/confirm-password?next=/admin/", headers=headers).text
    )
    ada.must_change_password = True
    session.commit()

    in_each(browser, lambda headers: browser.get("/admin/account/password", headers=headers).text)


def test_what_a_person_chose_comes_before_what_their_browser_asks_for(browser, session, ada):
    sign_in(browser, session, ada)
    browser.post("/admin/account/preferences", data={"language": "es"}, headers={"accept-language": "de"})

    page = browser.get("/admin/account", headers={"accept-language": "de"}).text

    assert '<html lang="es"' in page
    assert "Sus preferencias están guardadas." not in page.partition("<main")[0]
    assert "Su cuenta" in page


def test_what_is_not_translated_says_that_it_is_english(browser, session, ada):
    sign_in(browser, session, ada)

    page = browser.get("/admin/course/list", headers={"accept-language": "de"}).text

    assert '<html lang="de"' in page
    assert '<main id="content" lang="en"' in page
    assert (
        '<main id="content" lang="de"'
        in browser.get("/admin/account", headers={"accept-language": "de"}).text
    )
