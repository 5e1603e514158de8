"""The pages of people, their sessions, what they were granted and what they did."""

import re
from datetime import date
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from sqladmin import action
from sqlalchemy import Select, select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from admin_site import AdminView
from admin_site.admin.flashes import COOKIE
from admin_site.database import Database
from admin_site.models import AuditEntry, Course, Role, RoleGrant, UserType
from admin_site.services.links import LinkPurpose, create_link
from admin_site.services.sessions import start_session
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import PASSWORD, make_role, make_user

AUDITOR = (("*", "list"), ("*", "details"))
GARDENER = "/admin/user-type/edit/7"
HIDDEN_ADDRESS, SEEN_ADDRESS = "192.0.2.66", "192.0.2.11"


def rename(client: TestClient, name: str) -> None:
    """Give the type number 7 another name."""
    form = record_form(client.get(GARDENER).text)
    assert client.post(GARDENER, data=form.data(name=name)).status_code == 303


@pytest.fixture
def visitor(database_url: str) -> TestClient:
    """A browser that nobody is signed in with."""
    return open_site(database_url)


def another(client: TestClient) -> TestClient:
    """Return a second browser on the same site."""
    return TestClient(client.app, follow_redirects=False)


# -- Sessions and links --------------------------------------------------------------------------------------


@pytest.fixture
def sessions(database: Database) -> dict[str, str]:
    """The keys of a superuser's session and of that of somebody without rights."""
    with database.session() as session:
        boss, clerk = make_user(session, superuser=True), make_user(session)
        start_session(session, boss, ip_address=HIDDEN_ADDRESS, user_agent="Netscape of the boss")
        start_session(session, clerk, ip_address=SEEN_ADDRESS, user_agent="Lynx")
        for user in (boss, clerk):
            create_link(session, user, LinkPurpose.RESET_PASSWORD)
        return {
            "boss": str(boss.user_id),
            "hidden": str(boss.sessions[0].session_id),
            "seen": str(clerk.sessions[0].session_id),
        }


SESSION_PAGES = [
    "user-session/list",
    "user-session/list?search=Netscape",
    "user-session/list?ip_address=192.0.2.66",
    "user-session/details/{hidden}",
    "user-session/delete?pks={hidden}",
    "user/details/{boss}",
    "credential-token/list?user={boss}",
]


@pytest.mark.parametrize("page", SESSION_PAGES)
def test_where_the_mighty_are_signed_in_is_nothing_for_weaker_people(visitor, database, sessions, page: str):
    sign_in(visitor, database, *AUDITOR, ("user-session", "delete"))

    answer = visitor.get(f"/admin/{page.format(**sessions)}")

    assert answer.status_code in (200, 404)
    main = answer.text[answer.text.index("<main") :].replace("ip_address=192.0.2.66", "")
    assert "Netscape of" not in main
    assert f">{HIDDEN_ADDRESS}<" not in main
    assert sessions["hidden"] not in main.replace(f"details/{sessions['hidden']}", "")


def test_the_sessions_of_who_holds_no_more_are_seen_and_by_superusers_all(visitor, database, sessions):
    sign_in(visitor, database, *AUDITOR)
    page = visitor.get("/admin/user-session/list").text
    assert SEEN_ADDRESS in page
    assert HIDDEN_ADDRESS not in page

    page = a_site(database).get("/admin/user-session/list").text
    assert SEEN_ADDRESS in page
    assert HIDDEN_ADDRESS in page


# -- The audit trail -----------------------------------------------------------------------------------------


@pytest.fixture
def deeds(database: Database) -> None:
    with database.session() as session:
        session.add(Course(name="Botany", start_date=date(2030, 1, 7)))
        session.add(UserType(name="Gardener"))


def test_entries_are_about_what_one_may_see_all_of(visitor, database, deeds):
    sign_in(
        visitor,
        database,
        ("audit-entry", "*"),
        ("course", "list"),
        ("course", "details"),
        ("user-type", "list"),
    )
    page = visitor.get("/admin/audit-entry/list").text
    assert "Botany" in page
    assert "Gardener" not in page

    with database.session() as session:
        hidden = session.scalars(select(AuditEntry.entry_id).where(AuditEntry.label == "Gardener")).one()
    assert visitor.get(f"/admin/audit-entry/details/{hidden}").status_code == 404


class OpenCourses(AdminView, model=Course):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Course).where(Course.name != "Botany")


def test_entries_about_rows_of_which_some_are_hidden_are_hidden_with_them(database_url, database, deeds):
    client = open_site(database_url, views=[OpenCourses])
    sign_in(client, database, ("audit-entry", "*"), ("course", "*"))

    assert "Botany" not in client.get("/admin/audit-entry/list").text


def test_who_may_see_everything_sees_every_entry(visitor, database, deeds):
    stranger = another(visitor)
    stranger.post("/admin/login", data={"username": "nobody", "password": PASSWORD})
    sign_in(visitor, database, *AUDITOR)

    for client in (visitor, a_site(database)):
        page = client.get("/admin/audit-entry/list").text
        for label in ("Botany", "Gardener", "unknown name"):
            assert label in page


def test_an_entry_reads_as_a_sentence_and_leads_to_its_record(database, deeds):
    client = a_site(database)
    with database.session() as session:
        course, entry = (
            session.scalars(select(Course)).one(),
            session.scalars(select(AuditEntry).where(AuditEntry.label == "Botany")).one(),
        )

    page = client.get("/admin/audit-entry/list").text
    assert f'<a href="/admin/course/details/{course.course_id}">Botany</a>' in page
    assert "The site itself" in page
    assert "added" in page
    assert "sign_in" not in page
    details = client.get(f"/admin/audit-entry/details/{entry.entry_id}").text
    assert "The site itself added Botany" in details

    client.post(f"/admin/course/delete?pks={course.course_id}")
    page = client.get("/admin/audit-entry/list?action=delete").text
    assert "deleted" in page
    assert f"/admin/course/details/{course.course_id}" not in page


def test_what_leaves_no_entries_has_no_history(client, database, deeds, sessions):
    with database.session() as session:
        entry = session.scalars(select(AuditEntry.entry_id)).first()
        course = session.scalars(select(Course.course_id)).one()

    for page in (f"audit-entry/details/{entry}", f"user-session/details/{sessions['hidden']}"):
        assert 'id="history-panel"' not in client.get(f"/admin/{page}").text
    assert 'id="history-panel"' in client.get(f"/admin/course/details/{course}").text


def test_the_history_of_a_record_is_not_that_of_another_with_its_number(client, database):
    with database.session() as session:
        session.add(UserType(user_type_id=7, name="Gardener"))
    rename(client, "Head gardener")
    client.post("/admin/user-type/delete?pks=7")
    with database.session() as session:
        session.add(UserType(user_type_id=7, name="Pilot"))
    rename(client, "Captain")

    page = client.get("/admin/user-type/details/7").text

    history = page[page.index('id="history-panel"') :]
    assert re.findall(r"</strong> (\w+)", history) == ["changed", "added"]
    assert "ardener" not in history


def test_home_tells_who_signed_in(visitor, database):
    with database.session() as session:
        make_user(session, user_name="ada", first_name="Ada", password=PASSWORD, superuser=True)
    visitor.post("/admin/login", data={"username": "ada", "password": PASSWORD})

    page = re.sub(r"<[^>]+>|\s+", " ", visitor.get("/admin/").text)

    assert re.search(r"Ada \(ada\)\s+signed in", page)
    assert "not signed in" not in page


# -- Grants --------------------------------------------------------------------------------------------------


def test_what_can_be_granted_is_offered_in_words(client, database, session):
    with database.session() as other:
        role = make_role(other)
    page = client.get("/admin/role-grant/create").text

    for words in ("All models", "Courses (course)", "All actions", "Edit: Change records.", "Reset password"):
        assert words in page
    data = {"role": str(role.role_id), "model": "course", "action": "edit"}
    assert client.post("/admin/role-grant/create", data=data).status_code == 303
    assert [str(grant) for grant in session.get_one(Role, role.role_id).grants] == ["edit on course"]
    answer = client.post("/admin/role-grant/create", data={**data, "model": "curse"})
    assert answer.status_code == 400
    assert "Choose one of the values offered." in answer.text


def test_a_grant_of_what_is_no_longer_there_stays_until_it_is_changed(client, database, session):
    with database.session() as other:
        role = make_role(other, ("gone", "list"))
        grant = role.grants[0].grant_id
    url = f"/admin/role-grant/edit/{grant}"

    form = record_form(client.get(url).text)
    assert ("model", "gone") in form.pairs
    assert client.post(url, data=form.data()).status_code == 303
    assert client.post(url, data=form.data(action="edit")).status_code == 400
    assert client.post(url, data=form.data(action="edit", model="course")).status_code == 303
    assert str(session.get_one(RoleGrant, grant)) == "edit on course"


# -- SQLAdmin's actions --------------------------------------------------------------------------------------


class Approving(AdminView, model=Course):
    done: ClassVar[list[str]] = []

    def list_query(self, request: Request) -> Select[Any]:
        return select(Course).where(Course.name != "Hidden")

    async def check_can_edit(self, request: Request, model: Any) -> bool:
        return bool(model.name != "Locked")

    @action(name="approve", label="Approve")
    async def approve(self, request: Request) -> Response:
        self.done.append(request.query_params.get("pks", ""))
        return PlainTextResponse("approved")


@pytest.fixture
def courses(database: Database) -> dict[str, int]:
    with database.session() as session:
        made = [Course(name=name, start_date=date(2030, 1, 7)) for name in ("Open", "Hidden", "Locked")]
        session.add_all(made)
        session.flush()
        return {course.name: course.course_id for course in made}


@pytest.mark.parametrize(
    ("rights", "keys", "status"),
    [
        (("details", "action:approve"), ["Open"], 200),
        (("details", "action:approve"), [], 200),
        (("details",), ["Open"], 403),
        (("action:approve",), ["Open"], 403),
        (("details", "action:approve"), ["Hidden"], 404),
        (("details", "action:approve"), ["Open", "Hidden"], 404),
        (("details", "action:approve"), ["Open", "Locked"], 403),
        (("details", "action:approve"), ["nonsense"], 404),
    ],
)
def test_an_action_runs_only_for_records_one_may_see_and_change(
    database_url, database, courses, rights, keys, status
):
    Approving.done.clear()
    client = open_site(database_url, views=[Approving])
    sign_in(client, database, *(("course", right) for right in rights))
    url = f"/admin/course/action/approve?pks={','.join(str(courses.get(key, key)) for key in keys)}"

    for method in ("GET", "POST"):
        assert client.request(method, url).status_code == status, method
    assert len(Approving.done) == (status == 200)


def test_an_action_is_refused_whichever_way_its_keys_are_given(database_url, database, courses):
    Approving.done.clear()
    client = open_site(database_url, views=[Approving])
    sign_in(client, database, ("course", "*"))

    url = f"/admin/course/action/approve?pks={courses['Open']}&pks={courses['Hidden']}"
    assert client.post(url).status_code == 404
    assert Approving.done == []


REFUSED = [
    "user/delete?pks={boss}",
    "user/action/reset-password?pks={boss}",
    "course/create",
    "user/edit/{boss}",
]


@pytest.mark.parametrize("page", REFUSED)
def test_a_refusal_is_on_record_whichever_door_was_tried(visitor, database, session, sessions, page: str):
    person = sign_in(visitor, database, ("user", "*"))

    answer = visitor.post(f"/admin/{page.format(**sessions)}", data={"first_name": "x"})

    assert answer.status_code == 403
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
    assert entry.actor_id == str(person.user_id)
    assert entry.label == f"/admin/{page.format(**sessions)}".partition("?")[0]


# -- Messages ------------------------------------------------------------------------------------------------


def test_a_message_is_for_the_person_it_was_left_for(client, database):
    with database.session() as session:
        session.add(UserType(user_type_id=7, name="Gardener"))
    rename(client, "Pilot")
    message = client.cookies[COOKIE]
    other = another(client)
    sign_in(other, database, superuser=True)
    other.cookies.set(COOKIE, message)

    assert "Pilot” was saved." not in other.get("/admin/").text
    assert "Pilot” was saved." in client.get("/admin/").text
    assert "Pilot” was saved." not in client.get("/admin/").text


@pytest.mark.parametrize("forged", ["", "x", "e30.x", quote("{}")])
def test_a_forged_message_says_nothing(client, forged):
    client.cookies.set(COOKIE, forged)

    assert client.get("/admin/").status_code == 200


# -- Passwords -----------------------------------------------------------------------------------------------


def test_the_name_of_the_site_is_no_password(database_url, database):
    client = open_site(database_url)
    client.app.state.site.passwords = type(client.app.state.site.passwords)(
        site_names=("Winterbourne School",)
    )
    with database.session() as session:
        link = create_link(session, make_user(session), LinkPurpose.FIRST_PASSWORD)
    client.get(f"/admin/set-password/{link.token}")

    def choose(password: str) -> Response:
        return client.post("/admin/set-password", data={"password": password, "password_again": password})

    refused = choose("winterbourneschool1")
    assert refused.status_code == 400
    assert "the site&#39;s name" in refused.text
    assert choose(PASSWORD).status_code == 303


def test_the_site_knows_its_own_names(client):
    assert client.app.state.site.passwords.site_names == ("Admin", "testserver")
