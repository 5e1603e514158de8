"""What a person may not list is named and counted on no page about something else."""

from datetime import date
from typing import Any, ClassVar

import pytest
from sqlalchemy import Select, event, select
from starlette.requests import Request
from starlette.testclient import TestClient

from admin_site import AdminView
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.models import Course, Enrollment, Item, Role, User
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_role, make_user

SECRET = "Quidditch"


class OpenCourses(AdminView, model=Course):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Course).where(Course.name != SECRET)


class Enrollments(AdminView, model=Enrollment):
    column_list: ClassVar = ["enrollment_id", "course", "course.name", "user"]
    column_searchable_list: ClassVar = ["course.name"]
    column_details_list: ClassVar = ["course", "course.name", "enrolled_date"]


class OpenRoles(AdminView, model=Role):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Role).where(Role.name != SECRET)


VIEWS = [OpenCourses, Enrollments, OpenRoles]


@pytest.fixture
def school(database: Database) -> dict[str, str]:
    """The keys of a person with a role, and of two courses they take; one course and the role are hidden."""
    with database.session() as session:
        user = make_user(session, roles=(make_role(session, name=SECRET), make_role(session, name="Reader")))
        courses = [Course(name=name, start_date=date(2030, 1, 7)) for name in (SECRET, "Botany")]
        taken = [Enrollment(user=user, course=course) for course in courses]
        session.add_all(taken)
        session.flush()
        return {
            "user": str(user.user_id),
            "hidden": str(courses[0].course_id),
            "open": str(courses[1].course_id),
            "enrollment": str(taken[0].enrollment_id),
            "role": str(next(role.role_id for role in user.roles if role.name == SECRET)),
        }


@pytest.fixture
def scoped(database: Database, school: dict[str, str]) -> TestClient:
    """A superuser's browser on a site whose views hide some rows."""
    return a_site(database, views=VIEWS)


PAGES = [
    "",
    "enrollment/list",
    "enrollment/list?columns=course,__str__",
    "enrollment/list?course={hidden}",
    "enrollment/list?course__not={hidden}",
    "enrollment/details/{enrollment}",
    "enrollment/edit/{enrollment}",
    "enrollment/create?course={hidden}",
    "user/list?columns=roles",
    "user/list?roles={role}",
    "user/details/{user}",
    "user/edit/{user}",
    "user/create?roles:add={role}",
]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_record_that_its_view_hides(scoped: TestClient, school: dict[str, str], page: str):
    answer = scoped.get(f"/admin/{page.format(**school)}")

    assert answer.status_code in (200, 400)
    assert SECRET not in answer.text


REFUSED = [
    "enrollment/list?course={hidden}",
    "enrollment/list?course__not={hidden}",
    "enrollment/list?course=987654",
    "enrollment/list?course_id={hidden}",
    "enrollment/list?search=course:{hidden}",
    f"enrollment/list?search=course:{SECRET}",
    "enrollment/list?sort=course",
    "enrollment/list?columns=course.name",
    "user/list?roles={role}",
    "user/list?roles__empty=no",
]


@pytest.mark.parametrize("page", REFUSED)
def test_nothing_is_asked_about_hidden_records(scoped: TestClient, school: dict[str, str], page: str):
    assert scoped.get(f"/admin/{page.format(**school)}").status_code == 400


def test_what_is_hidden_is_told_from_what_is_empty(scoped: TestClient, school: dict[str, str]):
    assert 'title="You may not see this"' in scoped.get("/admin/enrollment/list").text
    details = scoped.get(f"/admin/enrollment/details/{school['enrollment']}").text
    assert details.count('title="You may not see this"') == 2


def test_related_records_that_may_be_seen_are_named_and_asked_for(scoped: TestClient, school: dict[str, str]):
    page = scoped.get(f"/admin/enrollment/list?course={school['open']}")

    assert page.status_code == 200
    assert "Course is Botany" in page.text
    assert "Nothing matches" in scoped.get(f"/admin/enrollment/list?search={SECRET}").text


def test_hidden_members_are_not_counted(scoped: TestClient, school: dict[str, str]):
    page = scoped.get("/admin/user/list?columns=user_name,roles&roles__not=&sort=user_name").text

    assert '<span class="num">1</span>' in page
    assert '<span class="num">2</span>' not in page


@pytest.fixture
def clerk(database_url: str, database: Database, school: dict[str, str]) -> TestClient:
    """The browser of somebody who may do everything with people and items, but list nothing else."""
    client = open_site(database_url)
    sign_in(client, database, ("user", "*"), ("item", "details"), ("item", "edit"))
    return client


def test_who_may_not_list_a_model_sees_none_of_its_labels(clerk: TestClient, school: dict[str, str]):
    for page in ("user/list?columns=user_name,roles", f"user/details/{school['user']}", ""):
        answer = clerk.get(f"/admin/{page}")
        assert answer.status_code == 200
        assert SECRET not in answer.text, page
    assert clerk.get(f"/admin/user/list?roles={school['role']}").status_code == 400
    assert '<span class="num">' not in clerk.get("/admin/user/list?columns=roles,credential_tokens").text


def test_a_locked_entry_shows_the_reason_alone(clerk: TestClient, school: dict[str, str]):
    page = clerk.get(f"/admin/user/edit/{school['user']}").text

    assert "You may not see roles." in page
    assert SECRET not in page
    assert "Reader" not in page


def test_the_owner_of_a_record_is_hidden_from_who_may_not_list_people(
    database_url: str, database: Database, school: dict[str, str]
):
    with database.session() as session:
        owner = make_user(session, user_name="voldemort", first_name="Voldemort")
        item = Item(title="Diary", owner=owner)
        session.add(item)
    client = open_site(database_url)
    sign_in(client, database, ("item", "*"))

    for page in ("item/list", f"item/details/{item.item_id}", f"item/edit/{item.item_id}"):
        answer = client.get(f"/admin/{page}")
        assert answer.status_code == 200
        assert "oldemort" not in answer.text, page


def test_nothing_hidden_costs_nothing(database: Database, school: dict[str, str]):
    client = a_site(database)
    plain, scoped = client, a_site(database, views=VIEWS)
    url = "/admin/enrollment/list?columns=course,user"
    plain.get(url), scoped.get(url)

    assert _queries(plain, url) == _queries(scoped, url) - 1


class Discreet(AdminView, model=Item):
    column_list: ClassVar = ["title"]
    column_details_exclude_list: ClassVar = ["description"]
    form_excluded_columns: ClassVar = ["description"]


@pytest.mark.parametrize("asked", ["columns=description", "description__contains=x", "sort=description"])
def test_what_a_view_excludes_is_neither_shown_nor_asked_for(database: Database, asked: str):
    client = a_site(database, views=[Discreet])

    assert client.get(f"/admin/item/list?{asked}").status_code == 400


@pytest.mark.parametrize("attribute", ["column_list", "column_details_list", "form_columns"])
@pytest.mark.parametrize(
    ("model", "name"), [(User, "password_hash"), (Item, "owner.password_hash")], ids=["plain", "dotted"]
)
def test_a_view_that_names_a_secret_is_refused_at_start(
    database_url: str, model: type, name: str, attribute: str
):
    view = type(AdminView)("Careless", (AdminView,), {attribute: [name]}, model=model)

    with pytest.raises(ConfigurationError, match="secret"):
        open_site(database_url, views=[view])


def test_the_history_of_a_record_tells_what_its_pages_show_at_most_300_characters_of_it(database: Database):
    with database.session() as session:
        item = Item(title="Diary", description="a", owner=make_user(session))
        session.add(item)
    with database.session() as session:
        stored = session.get_one(Item, item.item_id)
        stored.title, stored.description = "x" * 150, "y" * 1000
    url = f"/admin/item/details/{item.item_id}"

    discreet = a_site(database, views=[Discreet]).get(url).text
    usual = a_site(database).get(url).text

    assert "yyy" not in discreet
    assert '<span class="new" dir="auto">' + "y" * 300 + "…</span>" in usual


def _queries(client: TestClient, url: str) -> int:
    statements = []
    engine = client.app.state.site.database.engine

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(url).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements)
