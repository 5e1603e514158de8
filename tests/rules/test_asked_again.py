"""Rule 19: the password is asked for again before what matters, when it was typed over 15 minutes ago."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import LargeBinary, String, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.testclient import TestClient

from admin_site import AdminView, audit
from admin_site.database import Database
from admin_site.models import AuditEntry, Role, RoleGrant, User, UserSession, utc_now
from admin_site.services.reauthentication import require_recent_password
from tests.admin.html_forms import read_forms, record_form, words
from tests.admin.sites import open_site, sign_in
from tests.factories import CHEAP, PASSWORD, make_role, make_user

AGAIN = "Enter your password again"


class Desk:
    """A browser of a superuser, and what is in the database beside them."""

    def __init__(self, client: TestClient, database: Database) -> None:
        self.client, self.database = client, database
        client.app.state.site.passwords = CHEAP
        self.me = sign_in(client, database, superuser=True, password=PASSWORD).user_id
        with database.session() as session:
            self.ada = make_user(session, user_name="ada", email_address="ada@example.org").user_id
            self.role = make_role(session, ("course", "list"), name="Readers").role_id

    def let_pass(self, **time: int) -> None:
        """Let it be so long ago that the password was typed."""
        moment = utc_now() - timedelta(**time)
        with self.database.session() as session:
            session.execute(
                update(UserSession).values(authenticated_at=moment),
                execution_options={audit.UNAUDITED: "a test"},
            )

    def edit(self, page: str, **changes: str):
        form = record_form(self.client.get(page).text)
        return self.client.post(form.action, data=form.data(**changes))

    def see(self, statement):
        with self.database.session() as session:
            return session.scalar(statement)

    def events(self) -> list[str]:
        with self.database.session() as session:
            return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.entry_id)))


@pytest.fixture
def desk(database_url: str, database: Database) -> Desk:
    return Desk(open_site(database_url), database)


def field_of(desk: Desk, name: str):
    return desk.see(select(getattr(User, name)).where(User.user_id == desk.ada))


def members(desk: Desk) -> int:
    return desk.see(select(func.count()).select_from(Role).join(Role.users).where(User.user_id == desk.ada))


DEEDS = {
    "an e-mail address": (
        lambda desk: desk.edit(f"/admin/user/edit/{desk.ada}", email_address="new@example.org"),
        lambda desk: field_of(desk, "email_address") == "new@example.org",
    ),
    "a superuser": (
        lambda desk: desk.edit(f"/admin/user/edit/{desk.ada}", is_superuser="true"),
        lambda desk: field_of(desk, "is_superuser"),
    ),
    "a role of a person": (
        lambda desk: desk.edit(f"/admin/user/edit/{desk.ada}", roles__add=str(desk.role)),
        lambda desk: members(desk) == 1,
    ),
    "a person of a role": (
        lambda desk: desk.edit(f"/admin/role/edit/{desk.role}", users__add=str(desk.ada)),
        lambda desk: members(desk) == 1,
    ),
    "a new superuser": (
        lambda desk: desk.edit(
            "/admin/user/create", user_name="bob", email_address="bob@example.org", is_superuser="true"
        ),
        lambda desk: desk.see(select(User.is_superuser).where(User.user_name == "bob")),
    ),
    "a new role": (
        lambda desk: desk.edit("/admin/role/create", name="Writers"),
        lambda desk: desk.see(select(Role.role_id).where(Role.name == "Writers")),
    ),
    "a second factor that a role requires": (
        lambda desk: desk.edit(f"/admin/role/edit/{desk.role}", requires_second_factor="true"),
        lambda desk: desk.see(select(Role.requires_second_factor)),
    ),
    "a new grant": (
        lambda desk: desk.edit(
            "/admin/role-grant/create",
            role=str(desk.role),
            model="course",
            action="edit",
            fields="",
            scope="",
        ),
        lambda desk: desk.see(select(RoleGrant.grant_id).where(RoleGrant.action == "edit")),
    ),
    "a grant that goes": (
        lambda desk: desk.client.post(f"/admin/role-grant/delete?pks={desk.see(select(RoleGrant.grant_id))}"),
        lambda desk: desk.see(select(func.count()).select_from(RoleGrant)) == 0,
    ),
    "a link for a new password": (
        lambda desk: desk.client.post(f"/admin/user/action/reset-password?pks={desk.ada}"),
        lambda desk: "reset_password" in desk.events() or "send_link" in desk.events(),
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_rule_19_the_password_is_asked_for_and_then_the_request_goes_on(desk: Desk, deed):
    do, is_done = DEEDS[deed]
    desk.let_pass(minutes=15)

    asked = do(desk)
    if asked.status_code == 200 and AGAIN not in asked.text:  # a question about it first
        form = read_forms(asked.text)[-1]
        asked = desk.client.post(form.action, data=form.data())

    assert asked.status_code == 403
    assert AGAIN in words(asked.text)
    assert not is_done(desk)
    form = next(form for form in read_forms(asked.text) if (":password", "") in form.pairs)
    answer = desk.client.post(form.action, data=form.data(**{":password": PASSWORD}))
    assert answer.status_code == 303
    assert is_done(desk)
    assert "confirm_password" in desk.events()


@pytest.mark.parametrize("deed", DEEDS)
def test_rule_19_who_typed_it_within_15_minutes_is_not_asked(desk: Desk, deed):
    do, is_done = DEEDS[deed]
    desk.let_pass(minutes=14)

    answer = do(desk)
    if answer.status_code == 200:
        form = read_forms(answer.text)[-1]
        answer = desk.client.post(form.action, data=form.data())

    assert answer.status_code == 303
    assert is_done(desk)


def test_rule_19_other_changes_do_not_ask(desk: Desk):
    desk.let_pass(days=1)

    assert desk.edit(f"/admin/user/edit/{desk.ada}", first_name="Ada").status_code == 303
    assert desk.edit(f"/admin/role/edit/{desk.role}", description="They read.").status_code == 303
    assert desk.edit("/admin/user-type/create", name="Guests").status_code == 303
    assert field_of(desk, "first_name") == "Ada"


@pytest.mark.parametrize("typed", ["", "wrong", "x" * 5_000, "half \ud800"])
def test_rule_19_a_wrong_password_does_nothing_and_the_form_is_still_there(desk: Desk, typed):
    desk.let_pass(minutes=20)
    asked = desk.edit(
        f"/admin/user/edit/{desk.ada}", email_address="new@example.org", first_name="Ada & <Co>"
    )
    form = next(form for form in read_forms(asked.text) if (":password", "") in form.pairs)

    sent = {**form.data(), ":password": [typed.encode("utf-8", "replace").decode()]}
    again = desk.client.post(form.action, data=sent)

    assert again.status_code == 403
    assert "This is not your password." in words(again.text)
    assert field_of(desk, "email_address") == "ada@example.org"
    assert "confirm_password_failed" in desk.events()
    kept = next(form for form in read_forms(again.text) if (":password", "") in form.pairs)
    assert kept.data() == form.data()
    assert ("first_name", "Ada & <Co>") in kept.pairs
    answer = desk.client.post(kept.action, data=kept.data(**{":password": PASSWORD}))
    assert answer.status_code == 303
    assert field_of(desk, "first_name") == "Ada & <Co>"


def test_rule_19_attempts_are_throttled(desk: Desk):
    desk.let_pass(minutes=20)

    def attempt(password):
        return desk.client.post("/admin/confirm-password?next=/admin/user/list", data={":password": password})

    statuses = [attempt("wrong").status_code for _ in range(12)]

    assert (statuses[0], statuses[-1]) == (403, 429)
    right = attempt(PASSWORD)
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) > 0
    assert AGAIN in right.text, "what was typed is not lost meanwhile"


def test_rule_19_the_session_has_another_id_afterwards(desk: Desk):
    desk.let_pass(minutes=20)
    cookie = desk.client.app.state.site.cookie
    before = desk.client.cookies[cookie.name]
    stored = desk.see(select(UserSession.token_hash))

    answer = desk.client.post("/admin/confirm-password", data={":password": PASSWORD})

    assert cookie.name in answer.cookies
    assert answer.cookies[cookie.name] != before
    assert desk.see(select(UserSession.token_hash)) != stored
    desk.client.cookies.clear()
    desk.client.cookies.set(cookie.name, before)
    assert desk.client.get("/admin/").headers["location"] == "/admin/login"
    desk.client.cookies.set(cookie.name, answer.cookies[cookie.name])
    assert desk.client.get("/admin/").status_code == 200


def test_rule_19_a_refusal_after_the_password_keeps_one_signed_in(desk: Desk):
    desk.let_pass(minutes=20)
    asked = desk.edit("/admin/role/create", name="Writers")
    form = next(form for form in read_forms(asked.text) if (":password", "") in form.pairs)
    with desk.database.session() as session:
        make_role(session, name="Writers")

    refused = desk.client.post(form.action, data=form.data(**{":password": PASSWORD}))

    assert refused.status_code == 400
    assert record_form(refused.text)
    assert desk.client.get("/admin/").status_code == 200


def test_rule_19_of_what_would_be_refused_anyway_nobody_is_asked(desk: Desk):
    desk.let_pass(minutes=20)

    answer = desk.edit(f"/admin/user/edit/{desk.me}", is_superuser="", user_name="")

    assert AGAIN not in answer.text


def test_rule_19_a_form_that_is_sent_twice_is_saved_once(desk: Desk):
    desk.let_pass(minutes=20)
    asked = desk.edit("/admin/role/create", name="Writers")
    form = next(form for form in read_forms(asked.text) if (":password", "") in form.pairs)

    first, second = (
        desk.client.post(form.action, data=form.data(**{":password": PASSWORD})) for _ in range(2)
    )

    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert desk.see(select(func.count()).select_from(Role).where(Role.name == "Writers")) == 1


class Base(DeclarativeBase):
    pass


class Badge(Base):
    __tablename__ = "rule_19_badges"

    badge_id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)


class BadgeView(AdminView, model=Badge):
    async def on_model_change(self, data, model, is_created, request):
        require_recent_password(request.state.identity)


@pytest.fixture
def badges(database_url: str, database: Database) -> Desk:
    """A desk where every change of a badge, which has a picture, takes the password."""
    Base.metadata.create_all(database.engine)
    return Desk(open_site(database_url, models=[Base], views=[BadgeView]), database)


def sent_by_a_browser(fields: dict[str, list[str]], file_name: str, content: bytes) -> dict[str, Any]:
    """Return the arguments of a request with a form and its picture; the test client sends no empty file."""
    named = [(f'name="{name}"', value.encode()) for name, values in fields.items() for value in values]
    parts = [*named, (f'name="picture"; filename="{file_name}"', content)]
    body = b"".join(
        b"--part\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (about.encode(), value)
        for about, value in parts
    )
    headers = {"Content-Type": "multipart/form-data; boundary=part"}
    return {"content": body + b"--part--\r\n", "headers": headers}


def send_badge(desk: Desk, file_name: str, content: bytes):
    form = record_form(desk.client.get("/admin/badge/create").text)
    sent = sent_by_a_browser(form.data(title="Reader"), file_name, content)
    asked = desk.client.post(form.action, **sent)
    return asked, next(form for form in read_forms(asked.text) if (":password", "") in form.pairs)


def test_rule_19_files_are_asked_for_again_and_nothing_else_is_lost(badges: Desk):
    badges.let_pass(minutes=20)

    asked, again = send_badge(badges, "face.png", b"a picture")

    assert "Choose its files once more" in words(asked.text)
    answer = badges.client.post(again.action, data=again.data(**{":password": PASSWORD}))
    assert answer.status_code == 303
    assert badges.see(select(Badge.badge_id)) is None
    assert ("title", "Reader") in record_form(badges.client.get(answer.headers["location"]).text).pairs


def test_rule_19_a_field_for_a_file_that_was_left_empty_stays_so(badges: Desk):
    badges.let_pass(minutes=20)

    asked, again = send_badge(badges, "", b"")

    assert '<input type="file" name="picture" hidden>' in asked.text
    assert 'enctype="multipart/form-data"' in asked.text
    sent = sent_by_a_browser(again.data(**{":password": PASSWORD}), "", b"")
    assert badges.client.post(again.action, **sent).status_code == 303
    assert badges.see(select(Badge.title)) == "Reader"
    assert badges.see(select(Badge.picture)) is None


def test_rule_19_in_a_dialog_it_is_asked_there(desk: Desk):
    desk.let_pass(minutes=20)
    form = record_form(desk.client.get("/admin/role/create").text)

    asked = desk.client.post(form.action, data=form.data(name="Writers"), headers={"X-Panel": "dialog"})

    assert asked.status_code == 403
    assert "<html" not in asked.text
    (again,) = read_forms(asked.text)
    answer = desk.client.post(
        again.action, data=again.data(**{":password": PASSWORD}), headers={"X-Panel": "dialog"}
    )
    assert (answer.status_code, answer.headers["x-record"]) == (
        204,
        str(desk.see(select(Role.role_id).where(Role.name == "Writers"))),
    )


def test_rule_19_a_script_is_told_where_the_password_is_typed(desk: Desk):
    desk.let_pass(minutes=20)

    answer = desk.client.get("/admin/user/export/csv", headers={"Accept": "application/json"})

    assert answer.status_code == 403
    assert answer.json()["confirm_url"] == "/admin/confirm-password?next=/admin/user/export/csv"


def test_rule_19_nothing_of_the_password_is_kept_when_the_session_ended_meanwhile(desk: Desk):
    desk.let_pass(minutes=20)
    asked = desk.edit("/admin/role/create", name="Writers")
    form = next(form for form in read_forms(asked.text) if (":password", "") in form.pairs)
    desk.client.cookies.clear()

    signed_out = desk.client.post(form.action, data=form.data(**{":password": PASSWORD}))

    (sign_in_form,) = read_forms(signed_out.text)
    seal = desk.client.app.state.site.seals.about("held form")
    held = seal.read(dict(sign_in_form.pairs)["held"])
    assert "Writers" in str(held)
    assert PASSWORD not in str(held)
    assert PASSWORD not in signed_out.text


# --- downloads ---


@pytest.mark.parametrize(
    "address",
    [
        "user/export/csv",
        "user/export/json?:columns=all",
        "user/export/xlsx?columns=user_name,email_address",
        "enrollment/export/csv?columns=user.email_address",
    ],
)
def test_rule_19_a_download_of_personal_columns_asks_and_goes_on(desk: Desk, address):
    desk.let_pass(minutes=20)

    asked = desk.client.get(f"/admin/{address}")
    assert asked.status_code == 303
    page = desk.client.get(asked.headers["location"])
    form = next(form for form in read_forms(page.text) if (":password", "") in form.pairs)
    begins = desk.client.post(form.action, data=form.data(**{":password": PASSWORD}))

    assert begins.status_code == 200
    assert "Your download begins" in words(begins.text)
    assert 'http-equiv="refresh"' in begins.text
    assert f'href="/admin/{address.split("/")[0]}/export' in begins.text
    assert desk.client.get(f"/admin/{address}").status_code == 200
    assert "export" in desk.events()


@pytest.mark.parametrize(
    "address", ["user/export/csv?columns=user_name,first_name", "role/export/csv", "course/export"]
)
def test_rule_19_other_downloads_do_not(desk: Desk, address):
    desk.let_pass(minutes=20)

    assert desk.client.get(f"/admin/{address}").status_code == 200


# --- the page itself ---


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/admin/user/list?search=a", "/admin/user/list?search=a"),
        ("", "/admin/"),
        ("//evil.example", "/admin/"),
        ("https:evil.example", "/admin/"),
        ("/\\evil.example", "/admin/"),
    ],
)
def test_rule_19_the_page_leads_on_within_this_site_alone(desk: Desk, target, goes_to):
    desk.let_pass(minutes=20)
    page = desk.client.get("/admin/confirm-password", params={"next": target})
    form = next(form for form in read_forms(page.text) if (":password", "") in form.pairs)
    assert "evil" not in words(page.text)

    answer = desk.client.post(form.action, data=form.data(**{":password": PASSWORD}))

    assert (answer.status_code, answer.headers["location"]) == (303, goes_to)
    again = desk.client.get("/admin/confirm-password", params={"next": target})
    assert again.headers["location"] == goes_to, "it was typed a moment ago"


def test_rule_19_the_page_is_for_who_is_signed_in(database_url):
    visitor = open_site(database_url)

    assert visitor.get("/admin/confirm-password").headers["location"].startswith("/admin/login")
    assert visitor.post("/admin/confirm-password", data={":password": PASSWORD}).status_code == 401
