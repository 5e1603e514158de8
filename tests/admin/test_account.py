"""The pages on which people see and change their own account."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import event, select
from starlette.testclient import TestClient

from admin_site import audit
from admin_site.models import AuditEntry, Course, RecoveryCode, SecondFactor, User, UserSession, utc_now
from admin_site.permissions import identity_of
from admin_site.services.sessions import start_session
from admin_site.services.viewing import view_as
from tests.admin.html_forms import read_forms, words
from tests.admin.sites import open_site
from tests.factories import CHEAP, PASSWORD, make_role, make_user

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
NEW = "nine ladders beside a cello"


@pytest.fixture
def ada(session) -> User:
    return make_user(
        session, password=PASSWORD, user_name="ada", email_address="ada@example.org", first_name="Ada"
    )


@pytest.fixture
def here(database_url: str, session, ada: User) -> TestClient:
    """A browser that Ada is signed in with."""
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    give_cookie(client, start_session(session, ada, ip_address="198.51.100.7", user_agent=FIREFOX))
    session.commit()
    return client


def give_cookie(client: TestClient, token: str) -> None:
    cookie = client.app.state.site.cookie
    client.cookies.set(cookie.name, cookie.attributes(token)["value"])


def form_at(client: TestClient, path: str, action: str) -> dict[str, list[str]]:
    """Return what the form of a page sends that goes to `action`."""
    return next(form for form in read_forms(client.get(path).text) if form.action == action).data()


def begin(client: TestClient) -> tuple[str, str]:
    """Begin to set up a second factor; return the page and the secret on it."""
    page = client.post("/admin/account/second-factor", data={"step": "begin"})
    assert page.status_code == 200
    secret = re.search(r'<code dir="ltr">([A-Z2-7 ]+)</code>', page.text)
    return page.text, secret[1].replace(" ", "")


def turn_on(client: TestClient) -> list[str]:
    """Set up a second factor; return the recovery codes."""
    _, secret = begin(client)
    page = client.post(
        "/admin/account/second-factor", data={"step": "confirm", "code": pyotp.TOTP(secret).now()}
    )
    assert page.status_code == 200
    return codes_on(page.text)


def codes_on(page: str) -> list[str]:
    return re.findall(r'<code dir="ltr">([0-9a-z-]+)</code>', page)


def age_password(session, ada: User) -> None:
    """Let it be an hour ago that the password was typed."""
    for row in session.scalars(select(UserSession).where(UserSession.user_id == ada.user_id)):
        row.authenticated_at = utc_now() - timedelta(hours=1)
    session.commit()


def test_the_menu_leads_everybody_to_their_own_account(here):
    menu = here.get("/admin/").text

    assert 'href="/admin/account"' in menu
    page = here.get("/admin/account")
    assert page.status_code == 200
    assert "ada@example.org" in page.text


def test_people_see_where_they_are_signed_in_in_words(here, session, ada):
    start_session(session, ada, ip_address="2001:db8::7", user_agent=IPHONE, is_kept=True)
    stale = start_session(session, ada, user_agent="ended long ago")
    session.flush()
    for row in session.scalars(select(UserSession).where(UserSession.user_agent == "ended long ago")):
        row.expiration_time = row.start_time
    session.commit()

    told = words(here.get("/admin/account").text)

    assert "Firefox on Linux This browser 198.51.100.7" in told
    assert "Safari on iPhone Stays signed in 2001:db8::7" in told
    assert "ended long ago" not in told
    assert stale not in here.get("/admin/account").text


def test_nobody_sees_the_sessions_or_sign_ins_of_another(here, session):
    grace = make_user(session, user_name="grace")
    start_session(session, grace, ip_address="203.0.113.77", user_agent=IPHONE)
    audit.attribute(session, audit.Act(None, "not signed in", ip_address="203.0.113.78"))
    audit.note(session, "sign_in_failed", grace)
    session.commit()

    page = here.get("/admin/account").text

    assert "203.0.113.7" not in page


@pytest.mark.parametrize(
    "path", ["", "/password", "/second-factor", "/second-factor/remove", "/recovery-codes"]
)
def test_who_looks_at_the_site_as_somebody_else_does_not_see_their_account(database_url, session, ada, path):
    grace = make_user(session, superuser=True)
    start_session(session, ada, ip_address="203.0.113.5")
    support = open_site(database_url)
    give_cookie(support, start_session(session, grace))
    here = session.scalars(select(UserSession).where(UserSession.user_id == grace.user_id)).one()
    view_as(session, identity_of(session, grace, here.session_id), ada, "They asked for help.")
    session.commit()

    page = support.get(f"/admin/account{path}")

    assert page.status_code == 403
    assert "203.0.113.5" not in page.text
    assert 'href="/admin/account"' not in support.get("/admin/").text


def test_choosing_how_pages_look_is_no_change_of_the_record(here, session, ada):
    before = ada.updated_at

    here.post("/admin/account/preferences", data={"theme": "dark", "language": "de"})

    session.refresh(ada)
    assert (ada.theme, ada.updated_at) == ("dark", before)
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).all() == []


def test_recent_sign_ins_say_who_else_had_a_hand_in_them(here, session, ada):
    audit.attribute(session, audit.Act("somebody", "Grace Hopper (grace)", ip_address="203.0.113.9"))
    audit.note(session, "send_link", ada)
    audit.attribute(session, audit.Act(None, "not signed in", ip_address="203.0.113.10"))
    audit.note(session, "sign_in_failed", ada, changes={"device": [None, "Firefox on Windows"]})
    session.commit()

    told = words(here.get("/admin/account").text)

    assert "A password link was sent (by Grace Hopper (grace) )" in told
    assert "203.0.113.9" not in told
    assert "Somebody failed to sign in Firefox on Windows · 203.0.113.10" in told


def test_preferences_are_kept_with_the_account(here, session, ada):
    data = form_at(here, "/admin/account", "/admin/account/preferences")
    answer = here.post(
        "/admin/account/preferences",
        data=data | {"language": "de", "time_zone": "Pacific/Chatham", "theme": "dark"},
    )

    assert answer.headers["location"] == "/admin/account"
    session.refresh(ada)
    assert (ada.language, ada.time_zone, ada.theme) == ("de", "Pacific/Chatham", "dark")
    page = here.get("/admin/account").text
    assert re.search(r'<html [^>]*data-bs-theme="dark" data-zone="Pacific/Chatham"', page)
    assert form_at(here, "/admin/account", "/admin/account/preferences")["time_zone"] == ["Pacific/Chatham"]


def test_another_browser_of_theirs_looks_the_same(here, session, ada, database_url):
    here.post("/admin/account/preferences", data={"theme": "dark", "time_zone": "Asia/Tokyo"})
    other = open_site(database_url)
    give_cookie(other, start_session(session, ada))
    session.commit()

    assert re.search('<html [^>]*data-bs-theme="dark" data-zone="Asia/Tokyo"', other.get("/admin/").text)


def test_a_browser_remembers_the_look_when_its_session_ends(here):
    here.post("/admin/account/preferences", data={"theme": "dark"})
    here.cookies.delete(here.app.state.site.cookie.name)

    assert re.search('<html [^>]*data-bs-theme="dark"', here.get("/admin/login").text)


def test_leaving_it_to_the_browser_again_forgets_what_was_chosen(here, session, ada):
    here.post(
        "/admin/account/preferences", data={"language": "de", "time_zone": "Asia/Tokyo", "theme": "dark"}
    )
    here.post("/admin/account/preferences", data={"language": "", "time_zone": "", "theme": ""})

    session.refresh(ada)
    assert (ada.language, ada.time_zone, ada.theme) == (None, None, None)
    assert {"theme", "language"} & set(here.cookies) == set()
    assert "data-zone" not in here.get("/admin/account").text


@pytest.mark.parametrize(
    "chosen",
    [
        {"language": "tlh"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"theme": "dark\r\nSet-Cookie: a=b"},
        {"theme": '"><script>'},
        {"language": "x" * 10_000},
    ],
)
def test_what_cannot_be_chosen_is_refused_in_words_beside_its_field(here, session, ada, chosen):
    answer = here.post("/admin/account/preferences", data={"theme": "light"} | chosen)

    assert answer.status_code == 400
    name = next(iter(chosen))
    assert f'href="#{name}"' in answer.text
    assert "<script>" not in answer.text.partition("<main")[2]
    session.refresh(ada)
    assert ada.theme is None


def test_days_are_meant_in_the_chosen_zone_whatever_the_browser_says(here, session, ada):
    late = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)  # the second of January in Nepal
    session.add(Course(name="Cello", start_date=late.date(), created_at=late))
    ada.roles.append(make_role(session, ("course", "list")))
    session.commit()
    here.cookies.set("zone", "Europe/Lisbon")
    filtered = "/admin/course/list?created_at=2026-01-02"
    assert "Cello" not in here.get(filtered).text

    here.post("/admin/account/preferences", data={"time_zone": "Asia/Kathmandu"})

    assert "Cello" in here.get(filtered).text


def test_the_theme_of_the_menu_is_kept_and_leads_back_to_the_page(here, session, ada):
    answer = here.post(
        "/admin/account/theme",
        data={"theme": "dark"},
        headers={"referer": "http://testserver/admin/account?x=1"},
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/account?x=1"
    session.refresh(ada)
    assert ada.theme == "dark"
    assert here.post("/admin/account/theme", data={"theme": "light"}).headers["location"] == "/admin/"
    assert here.post("/admin/account/theme", data={"theme": "pink"}).status_code == 400


def test_a_wrong_present_password_changes_nothing_and_is_on_record(here, session, ada):
    before = ada.password_hash

    answer = here.post(
        "/admin/account/password",
        data={"current_password": "not it", "password": NEW, "password_again": NEW},
    )

    assert answer.status_code == 400
    assert "This is not your password." in answer.text
    session.refresh(ada)
    assert ada.password_hash == before
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "confirm_password_failed")).one()


@pytest.mark.parametrize("missing", ["current_password", "password", "password_again"])
def test_a_form_without_one_of_its_fields_is_answered_in_words(here, missing):
    data = {"current_password": PASSWORD, "password": NEW, "password_again": NEW}
    data.pop(missing)

    assert here.post("/admin/account/password", data=data).status_code == 400


def test_the_two_new_passwords_have_to_be_the_same(here, session, ada):
    data = {"current_password": PASSWORD, "password": NEW, "password_again": NEW + "s"}

    answer = here.post("/admin/account/password", data=data)

    assert answer.status_code == 400
    assert "The two new passwords are not the same." in answer.text
    assert NEW not in answer.text


def test_a_kept_session_stays_kept_when_the_password_changes(here, session, ada):
    give_cookie(here, start_session(session, ada, is_kept=True))
    session.commit()

    answer = here.post(
        "/admin/account/password",
        data={"current_password": PASSWORD, "password": NEW, "password_again": NEW},
    )

    assert "expires=" in answer.headers["set-cookie"].lower()
    assert here.get("/admin/account").status_code == 200


def test_a_second_factor_is_set_up_with_a_picture_and_a_code(here, session, ada):
    page, secret = begin(here)
    picture = re.search(r'src="data:image/svg\+xml[^"]*"', page)
    assert picture
    assert "style=" not in page
    wrong = here.post("/admin/account/second-factor", data={"step": "confirm", "code": "12"})
    assert wrong.status_code == 400
    assert secret in wrong.text.replace(" ", "")

    codes = turn_on(here)

    assert len(codes) == len(set(codes)) == 10
    assert session.scalars(select(SecondFactor.confirmed_at)).one() is not None
    told = words(here.get("/admin/account").text)
    assert "Second factor On 10 recovery codes left" in told


def test_nothing_is_asked_for_before_the_first_right_code(here, session, ada):
    begin(here)

    assert session.scalars(select(SecondFactor.confirmed_at)).one() is None
    assert "Second factor Off" in words(here.get("/admin/account").text)


def test_neither_the_secret_nor_the_codes_are_ever_shown_again(here, session, ada):
    _, secret = begin(here)
    codes = turn_on(here)
    pages = ["", "/password", "/second-factor", "/recovery-codes", "/second-factor/remove"]

    texts = [here.get(f"/admin/account{page}").text.replace(" ", "") for page in pages]

    assert not any(told in text for told in (secret, *codes) for text in texts)
    stored = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not set(stored) & set(codes)


def test_recovery_codes_come_as_a_file_that_needs_no_script(here):
    _, secret = begin(here)
    page = here.post(
        "/admin/account/second-factor", data={"step": "confirm", "code": pyotp.TOTP(secret).now()}
    ).text

    link = re.search(r'href="data:text/plain;charset=utf-8;base64,([^"]+)" download="([^"]+)"', page)

    text = base64.b64decode(link[1]).decode()
    assert link[2] == "recovery-codes.txt"
    assert all(code in text for code in codes_on(page))
    assert secret not in text


def test_setting_it_up_a_second_time_leads_to_what_is_on(here):
    turn_on(here)

    again = here.post("/admin/account/second-factor", data={"step": "begin"})

    assert again.status_code == 303
    assert again.headers["location"] == "/admin/account/second-factor"


def test_new_recovery_codes_end_the_old_ones(here, session):
    old = turn_on(here)
    assert "stop working" in here.get("/admin/account/recovery-codes").text

    new = codes_on(here.post("/admin/account/recovery-codes").text)

    assert len(new) == 10
    assert not set(new) & set(old)
    assert len(session.scalars(select(RecoveryCode)).all()) == 10


def test_without_a_second_factor_there_are_no_codes_to_renew(here):
    assert here.post("/admin/account/recovery-codes").status_code == 409


def test_a_second_factor_is_removed_after_a_question(here, session):
    turn_on(here)
    question = here.get("/admin/account/second-factor/remove")
    assert "Remove your second factor?" in question.text
    assert session.scalars(select(SecondFactor)).one()

    here.post("/admin/account/second-factor/remove")

    session.rollback()
    assert session.scalars(select(SecondFactor)).all() == []
    assert "It is off" in here.get("/admin/account/second-factor").text


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("second-factor", {"step": "begin"}),
        ("second-factor", {"step": "confirm", "code": "123456"}),
        ("recovery-codes", {}),
        ("second-factor/remove", {}),
    ],
)
def test_the_password_is_asked_for_again_before_a_second_factor_changes(here, session, ada, path, data):
    age_password(session, ada)

    page = here.post(f"/admin/account/{path}", data=data)

    assert page.status_code in (401, 403)
    assert session.scalars(select(SecondFactor)).all() == []


def test_after_too_many_wrong_present_passwords_the_right_one_has_to_wait(here, session, ada):
    wrong = {"current_password": "not it", "password": NEW, "password_again": NEW}
    answers = [here.post("/admin/account/password", data=wrong) for _ in range(12)]
    assert answers[0].status_code == 400
    assert answers[-1].status_code == 429

    right = here.post("/admin/account/password", data=wrong | {"current_password": PASSWORD})

    assert right.status_code == 429
    assert int(right.headers["retry-after"]) > 0
    assert here.get("/admin/account").status_code == 200


@pytest.mark.parametrize("name", ["current_password", "password", "password_again"])
def test_a_password_of_a_megabyte_is_refused_quickly(here, name):
    data = {"current_password": PASSWORD, "password": NEW, "password_again": NEW}

    answer = here.post("/admin/account/password", data=data | {name: "x" * 1_000_000})

    assert answer.status_code in (400, 413)
    assert answer.elapsed.total_seconds() < 2


def test_what_a_browser_says_of_itself_is_no_part_of_the_page(here, session, ada):
    start_session(session, ada, user_agent='"><script>alert(1)</script>', ip_address="<b>")
    session.commit()

    page = here.get("/admin/account").text

    assert "<script>alert" not in page
    assert "<b>" not in page


def test_a_form_that_is_sent_twice_signs_out_once(here, session, ada):
    for _ in range(2):
        start_session(session, ada)
    session.commit()
    data = form_at(here, "/admin/account", "/admin/account/sessions") | {"session": "others"}

    answers = [here.post("/admin/account/sessions", data=data) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "end_sessions")).all()) == 1


@pytest.mark.parametrize("step", ["", "begin\x00", "remove", "x" * 5000])
def test_a_step_that_is_none_is_answered_in_words(here, step):
    assert here.post("/admin/account/second-factor", data={"step": step}).status_code == 400


@pytest.mark.parametrize("code", ["", "000000", "1234567", "１２３４５６", "x" * 5000, "\x00"])
def test_a_code_that_is_none_shows_the_same_picture_again(here, code):
    _, secret = begin(here)

    answer = here.post("/admin/account/second-factor", data={"step": "confirm", "code": code})

    assert answer.status_code == 400
    assert secret in answer.text.replace(" ", "")


def test_the_page_of_an_account_asks_the_database_little(here, session, ada):
    asked: list[str] = []
    here.get("/admin/account")
    for _ in range(20):
        start_session(session, ada)
    session.commit()
    engine = here.app.state.site.database.engine
    event.listen(engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))

    here.get("/admin/account")

    assert len([statement for statement in asked if statement.startswith("SELECT")]) <= 5
