"""Rule 20: a second factor, one use per code, throttled, with recovery codes; a role can require it."""

import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from admin_site import create_app
from admin_site.admin.code_step import LIFETIME
from admin_site.database import Database
from admin_site.models import AuditEntry, Course, LinkPurpose, RecoveryCode, SecondFactor, User, UserSession
from admin_site.services import second_factors
from admin_site.services.links import create_link
from tests.admin.html_forms import read_forms
from tests.admin.sites import open_site, settings_for
from tests.factories import CHEAP, PASSWORD, make_role, make_user

PAGES = [
    ("GET", "/admin/"),
    ("GET", "/admin/user/list"),
    ("GET", "/admin/user/create"),
    ("POST", "/admin/user/create"),
    ("GET", "/admin/account"),
    ("GET", "/admin/account/recovery-codes"),
    ("GET", "/admin/user/export/csv"),
    ("POST", "/admin/course/check"),
    ("POST", "/admin/drafts"),
]


@pytest.fixture
def visitor(database_url: str) -> TestClient:
    """A browser that nobody is signed in with."""
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    return client


class Ada:
    """Somebody with a second factor, and the app that shows its codes."""

    def __init__(self, database: Database, **values) -> None:
        hour_ago = datetime.now(UTC) - timedelta(minutes=10)
        with database.session() as session:
            user = make_user(session, password=PASSWORD, user_name="ada", **values)
            self.key = user.user_id
            self.secret = second_factors.offer(session, user, now=hour_ago).secret
            code = pyotp.TOTP(self.secret).at(hour_ago)
            self.recovery_codes = second_factors.confirm(session, user, code, now=hour_ago)

    def code(self, steps: int = 0) -> str:
        """Return what the app shows, or showed so many half minutes ago."""
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps)

    def wrong_code(self) -> str:
        shown = {self.code(steps) for steps in range(-2, 3)}
        return next(code for code in map("{:06}".format, range(10)) if code not in shown)


@pytest.fixture
def ada(database: Database) -> Ada:
    return Ada(database)


def begin(client: TestClient, password: str = PASSWORD, **fields: str):
    return client.post("/admin/login", data={"username": "ada", "password": password, **fields})


def finish(client: TestClient, code: str, **fields: str):
    return client.post("/admin/login/code", data={"code": code, **fields})


def is_in(client: TestClient) -> bool:
    return client.get("/admin/").status_code == 200


def test_rule_20_a_code_is_asked_for_after_the_right_password(visitor, session, ada):
    asked = begin(visitor)

    assert (asked.status_code, asked.headers["location"]) == (303, "/admin/login/code")
    assert not is_in(visitor)
    assert session.scalars(select(UserSession)).all() == []
    session.rollback()
    page = visitor.get("/admin/login/code")
    assert "Code of your authenticator app" in page.text
    let_in = finish(visitor, ada.code())
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/admin/")
    assert is_in(visitor)
    assert session.scalars(select(UserSession.user_id)).all() == [ada.key]


def test_rule_20_who_has_none_is_not_asked(visitor, database):
    with database.session() as session:
        make_user(session, password=PASSWORD, user_name="ada")

    assert begin(visitor).headers["location"] == "/admin/"
    assert is_in(visitor)


def test_rule_20_a_wrong_password_never_leads_to_the_code(visitor, ada):
    refused = begin(visitor, password="wrong")

    assert refused.status_code == 400
    assert "set-cookie" not in refused.headers
    assert visitor.get("/admin/login/code").headers["location"] == "/admin/login"
    assert finish(visitor, ada.code()).headers["location"] == "/admin/login"
    assert not is_in(visitor)


def test_rule_20_no_code_works_twice(visitor, ada):
    code = ada.code()
    begin(visitor)
    assert finish(visitor, code).status_code == 303
    visitor.cookies.clear()

    begin(visitor)
    replayed = finish(visitor, code)

    assert replayed.status_code == 400
    assert "This code is not right" in replayed.text
    assert not is_in(visitor)
    assert finish(visitor, ada.code(1)).status_code == 303
    assert is_in(visitor)


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "0" * 5_000, "\x00", "١٢٣٤٥٦", "-1", "1e5"])
def test_rule_20_anything_else_is_refused_in_words(visitor, session, ada, typed):
    begin(visitor)

    answer = finish(visitor, typed)

    assert answer.status_code == 400
    assert "This code is not right" in answer.text
    assert not is_in(visitor)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "sign_in_failed")).one()
    assert entry.key == str(ada.key)
    assert not typed or typed not in str(entry.changes)


def test_rule_20_codes_are_throttled_with_the_account(visitor, ada):
    begin(visitor)
    answers = [finish(visitor, ada.wrong_code()).status_code for _ in range(12)]

    assert answers[0] == 400
    assert answers[-1] == 429
    right = finish(visitor, ada.code())
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) > 0
    assert "too many" in right.text.lower()
    assert begin(visitor).status_code == 429
    assert not is_in(visitor)


def test_rule_20_a_right_password_does_not_make_wrong_codes_count_anew(visitor, ada):
    answers = []
    for _ in range(12):
        if (first := begin(visitor)).status_code == 429:
            break
        assert first.status_code == 303
        answers.append(finish(visitor, ada.wrong_code()).status_code)

    assert len(answers) < 12
    assert set(answers) <= {400, 429}


def test_rule_20_a_recovery_code_works_once_in_the_place_of_a_code(visitor, session, ada):
    begin(visitor)
    assert visitor.post("/admin/login/code", data={"recovery_code": ada.recovery_codes[0]}).status_code == 303
    assert is_in(visitor)
    visitor.cookies.clear()

    begin(visitor)
    replayed = visitor.post("/admin/login/code", data={"recovery_code": ada.recovery_codes[0]})

    assert replayed.status_code == 400
    assert not is_in(visitor)
    assert (
        visitor.post("/admin/login/code", data={"recovery_code": ada.recovery_codes[1].upper()}).status_code
        == 303
    )
    stored = session.scalars(select(RecoveryCode)).all()
    assert len([code for code in stored if code.used_at]) == 2
    assert not {code.code_hash for code in stored} & set(ada.recovery_codes)


def test_rule_20_the_way_to_the_code_is_open_for_five_minutes(visitor, ada):
    begin(visitor)
    site = visitor.app.state.site
    seal = site.seals.about("code step")
    user_id, password, is_kept, asked_at = seal.read(visitor.cookies["code"])

    visitor.cookies.clear()
    seconds = int(LIFETIME.total_seconds())
    visitor.cookies.set("code", seal.sign([user_id, password, is_kept, asked_at - seconds - 1]))
    assert finish(visitor, ada.code()).headers["location"] == "/admin/login"
    assert not is_in(visitor)
    visitor.cookies.set("code", seal.sign([user_id, password, is_kept, asked_at - seconds + 10]))
    assert finish(visitor, ada.code()).headers["location"] == "/admin/"
    assert seconds == 300


@pytest.mark.parametrize("cookie", ["", "x", "W10.x", "eyJ1IjoxfQ.AAAA", "é" * 3, "a" * 4000])
def test_rule_20_nobody_makes_that_way_up(visitor, ada, cookie):
    made_up = {"Cookie": f"code={cookie}".encode()}

    asked = visitor.get("/admin/login/code", headers=made_up)
    answer = visitor.post("/admin/login/code", headers=made_up, data={"code": ada.code()})

    assert asked.headers["location"] == answer.headers["location"] == "/admin/login"
    assert not is_in(visitor)


@pytest.mark.parametrize(
    "change", [{"password_hash": CHEAP.hash("another one, and longer")}, {"is_active": False}]
)
def test_rule_20_that_way_is_closed_when_the_account_changes(visitor, session, ada, change):
    begin(visitor)
    session.execute(update(User).values(**change), execution_options={"unaudited": "a test"})
    session.commit()

    assert finish(visitor, ada.code()).headers["location"] == "/admin/login"
    assert not is_in(visitor)


def test_rule_20_the_cookie_of_that_way_is_for_this_site_alone(database_url, database):
    ada = Ada(database)
    settings = settings_for(database_url).model_copy(update={"public_url": "https://testserver"})
    client = TestClient(create_app(settings), base_url="https://testserver", follow_redirects=False)
    client.app.state.site.passwords = CHEAP

    cookie = begin(client).headers["set-cookie"]

    assert cookie.startswith("__Host-code=")
    for part in ("HttpOnly", "Secure", "Path=/", "SameSite=lax", "Max-Age=300"):
        assert part in cookie
    assert finish(client, ada.code()).status_code == 303


def test_rule_20_one_goes_on_to_where_one_was_going(visitor, ada):
    asked = begin(visitor, next="/admin/account")
    assert asked.headers["location"] == "/admin/login/code?next=/admin/account"
    (form,) = read_forms(visitor.get(asked.headers["location"]).text)

    answer = visitor.post(form.action, data=form.data(code=ada.code()))

    assert answer.headers["location"] == "/admin/account"


@pytest.mark.parametrize("target", ["//evil.example", "https:evil.example", "/\\evil.example"])
def test_rule_20_nobody_is_sent_to_another_site(visitor, ada, target):
    begin(visitor, next=target)

    assert "evil" not in visitor.get("/admin/login/code", params={"next": target}).text
    assert finish(visitor, ada.code(), next=target).headers["location"] == "/admin/"


def test_rule_20_a_form_that_was_sent_when_the_session_ended_is_kept_through_the_code(
    visitor, database, session
):
    ada = Ada(database, superuser=True)
    held = visitor.post("/admin/course/create", data={"name": "Violins under clouds"})
    (form,) = read_forms(held.text)

    asked = visitor.post(form.action, data=form.data(username="ada", password=PASSWORD))
    (form,) = read_forms(asked.text)
    wrong = visitor.post(form.action, data=form.data(code=ada.wrong_code()))
    (form,) = read_forms(wrong.text)
    answer = visitor.post(form.action, data=form.data(code=ada.code()))

    assert answer.status_code == 303
    assert "Violins under clouds" in visitor.get(answer.headers["location"]).text
    assert session.scalars(select(Course)).all() == []


def test_rule_20_staying_signed_in_is_remembered_through_the_code(visitor, session, ada):
    begin(visitor, keep="yes")

    answer = finish(visitor, ada.code())

    assert session.scalars(select(UserSession.is_kept)).one()
    assert "Max-Age=604800" in answer.headers["set-cookie"]


def test_rule_20_a_new_password_by_link_keeps_the_second_factor(visitor, database, session, ada):
    with database.session() as other:
        link = create_link(other, other.get(User, ada.key), LinkPurpose.RESET_PASSWORD)
    visitor.get(f"/admin/set-password/{link.token}")
    new = "seven clouds over a cello"
    assert (
        visitor.post("/admin/set-password", data={"password": new, "password_again": new}).status_code == 303
    )

    assert begin(visitor, password=new).headers["location"] == "/admin/login/code"
    assert not is_in(visitor)
    assert finish(visitor, ada.code()).status_code == 303


# --- required by a role ---


@pytest.fixture
def beginner(visitor, database) -> TestClient:
    """A browser of somebody whose role requires a second factor, which they have not set up."""
    with database.session() as session:
        role = make_role(session, ("user", "list"))
        role.requires_second_factor = True
        make_user(session, password=PASSWORD, user_name="ada", roles=(role,))
    begin(visitor)
    return visitor


@pytest.mark.parametrize(("method", "page"), PAGES)
def test_rule_20_until_a_role_has_its_second_factor_every_page_leads_there(beginner, method, page):
    asked = beginner.request(method, page)

    assert (asked.status_code, asked.headers["location"]) == (303, "/admin/account/second-factor")
    told = beginner.request(method, page, headers={"Accept": "application/json"})
    assert (told.status_code, told.json()) == (403, {"error": "Set up a second factor first."})


def test_rule_20_with_the_second_factor_of_its_role_one_goes_on(beginner, session):
    page = beginner.get("/admin/account/second-factor")
    assert page.status_code == 200
    begun = beginner.post("/admin/account/second-factor", data={"step": "begin"})
    secret = session.scalars(select(SecondFactor.secret)).one()
    assert secret[:4] in begun.text
    wrong = beginner.post("/admin/account/second-factor", data={"step": "confirm", "code": "x"})
    assert wrong.status_code == 400
    assert beginner.get("/admin/").status_code == 303

    code = pyotp.TOTP(secret).now()
    done = beginner.post("/admin/account/second-factor", data={"step": "confirm", "code": code})

    assert done.status_code == 200
    assert is_in(beginner)


def test_rule_20_who_has_to_set_one_up_may_leave(beginner):
    assert beginner.post("/admin/logout").status_code == 303
    assert beginner.get("/admin/").headers["location"] == "/admin/login"
