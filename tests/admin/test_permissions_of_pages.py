"""Who may open which page and press which button."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import AuditEntry, Course, Role, RoleGrant, User
from admin_site.permissions import NEVER
from tests.admin.html_forms import record_form
from tests.admin.sites import open_site, sign_in
from tests.factories import make_role, make_user

PAGES = {
    ("get", "list"): "list",
    ("get", "details/{key}"): "details",
    ("get", "create"): "create",
    ("post", "create"): "create",
    ("get", "edit/{key}"): "edit",
    ("post", "edit/{key}"): "edit",
    ("get", "delete?pks={key}"): "delete",
    ("post", "delete?pks={key}"): "delete",
}
"""The grant that each page of a model asks for."""


@pytest.fixture
def visitor(database_url: str) -> TestClient:
    """A browser that nobody is signed in with."""
    return open_site(database_url)


@pytest.fixture
def course(database: Database) -> Course:
    with database.session() as session:
        course = Course(name="Botany", start_date=date(2030, 1, 7))
        session.add(course)
    return course


@pytest.mark.parametrize("action", ["list", "details", "create", "edit", "delete", "nothing"])
def test_each_page_asks_for_its_own_grant(visitor, database, course, action: str):
    sign_in(visitor, database, ("course", action))

    for (method, path), needed in PAGES.items():
        url = f"/admin/course/{path.format(key=course.course_id)}"
        answer = visitor.request(method, url, data={"nonsense": "1"} if method == "post" else None)
        if needed == action:
            assert answer.status_code not in (403, 404), (method, path)
        else:
            assert answer.status_code == 403, (method, path)


def test_a_page_without_any_right_says_so_and_offers_nothing(visitor, database):
    sign_in(visitor, database)

    home = visitor.get("/admin/")

    assert home.status_code == 200
    assert "/admin/course/list" not in home.text
    assert visitor.get("/admin/course/list").status_code == 403


def test_the_menu_and_the_buttons_are_those_one_may_use(visitor, database, course):
    sign_in(visitor, database, ("course", "list"), ("course", "details"))

    page = visitor.get("/admin/course/list").text

    assert "/admin/course/list" in page
    assert "/admin/user/list" not in page
    assert "/create" not in page
    assert "/edit/" not in page
    assert "Delete" not in visitor.get(f"/admin/course/details/{course.course_id}").text


@pytest.mark.parametrize(
    "path", ["", "user/list", "user/create", "user/details/1", "user/ajax/lookup?name=roles"]
)
def test_who_is_not_signed_in_is_sent_to_sign_in_and_on_from_there(visitor, path: str):
    answer = visitor.get(f"/admin/{path}")

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/login")


def test_a_post_by_nobody_changes_nothing(visitor, session):
    answer = visitor.post("/admin/course/create", data={"name": "x", "start_date": "2030-01-01"})

    assert answer.status_code == 401
    assert "<h1>Sign in</h1>" in answer.text
    assert session.scalars(select(Course)).all() == []


@pytest.mark.parametrize(("model", "action"), sorted(NEVER))
def test_what_the_site_writes_itself_not_even_a_superuser_writes(client, model: str, action: str):
    path = {"create": "create", "edit": "edit/1", "delete": "delete?pks=1", "import": "import"}[action]

    for method in ("GET", "POST"):
        assert client.request(method, f"/admin/{model}/{path}").status_code in (403, 404)


def test_a_relation_one_may_not_see_cannot_be_chosen_from(visitor, database):
    sign_in(visitor, database, ("item", "create"), ("item", "edit"))

    page = visitor.get("/admin/item/create")
    lookup = visitor.get("/admin/item/ajax/lookup?name=owner&term=a", headers={"accept": "application/json"})

    assert 'name="owner"' not in page.text
    assert lookup.status_code == 403
    assert "You may not see users." in lookup.json()["error"]


def _page(client: TestClient, url: str) -> dict[str, list[str]]:
    """Return what the form at an address sends when nothing is typed."""
    return record_form(client.get(url).text).data()


FORGED = [
    ("is_superuser", {"is_superuser": "true"}),
    ("a role with more rights", {"roles:add": "{role}"}),
]


@pytest.mark.parametrize(("_", "forged"), FORGED)
def test_nobody_raises_himself_by_a_forged_form(visitor, database, session, _: str, forged: dict[str, str]):
    with database.session() as other:
        role = make_role(other, ("*", "*"))
    rights = [("user", "edit"), ("user", "list"), ("role", "list"), ("user", "details")]
    person = sign_in(visitor, database, *rights)
    data = {name: value.format(role=role.role_id) for name, value in forged.items()}

    url = f"/admin/user/edit/{person.user_id}"
    answer = visitor.post(url, data=_page(visitor, url) | data)

    assert answer.status_code == 403
    stored = session.get_one(User, person.user_id)
    assert not stored.is_superuser
    assert role.name not in {held.name for held in stored.roles}
    refused = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
    assert refused.actor_id == str(person.user_id)


def test_nobody_raises_himself_from_the_side_of_the_role(visitor, database, session):
    with database.session() as other:
        role = make_role(other, ("*", "*"))
    person = sign_in(visitor, database, ("role", "edit"), ("user", "list"))

    url = f"/admin/role/edit/{role.role_id}"
    answer = visitor.post(url, data={"users:add": str(person.user_id)})

    assert answer.status_code == 403
    assert session.get_one(Role, role.role_id).users == []


def test_nobody_grants_what_he_lacks(visitor, database, session):
    with database.session() as other:
        role = make_role(other)
    sign_in(visitor, database, ("role-grant", "create"), ("role", "list"))

    answer = visitor.post(
        "/admin/role-grant/create", data={"role": str(role.role_id), "model": "*", "action": "*"}
    )

    assert answer.status_code == 403
    assert session.scalars(select(RoleGrant).where(RoleGrant.role_id == role.role_id)).all() == []


def test_nobody_edits_or_deletes_a_person_who_holds_more(visitor, database, session):
    with database.session() as other:
        boss = make_user(other, superuser=True, first_name="Boss")
    sign_in(visitor, database, ("user", "*"))

    edited = visitor.post(f"/admin/user/edit/{boss.user_id}", data={"first_name": "Fool"})
    deleted = visitor.post(f"/admin/user/delete?pks={boss.user_id}")

    assert (edited.status_code, deleted.status_code) == (403, 403)
    assert session.get_one(User, boss.user_id).first_name == "Boss"


def test_the_last_superuser_cannot_be_demoted_or_deleted(client, session):
    person = session.scalars(select(User)).one()

    url = f"/admin/user/edit/{person.user_id}"
    demoted = client.post(url, data=_page(client, url) | {"is_superuser": "false"})
    deleted = client.post(f"/admin/user/delete?pks={person.user_id}")

    assert (demoted.status_code, deleted.status_code) == (409, 409)
    assert "last active superuser" in demoted.text
    session.expire_all()
    assert session.scalars(select(User)).one().is_superuser


def test_a_demoted_person_is_signed_out_by_the_next_request(client, visitor, database):
    person = sign_in(visitor, database, superuser=True)

    url = f"/admin/user/edit/{person.user_id}"
    answer = client.post(url, data=_page(client, url) | {"is_superuser": "false"})

    assert answer.status_code == 303
    assert visitor.get("/admin/").status_code == 303


SECRET = "canary-of-a-secret"


def test_secrets_are_on_no_page(client, database, session: Session):
    with database.session() as other:
        user = make_user(other, password_hash=SECRET)
    pages = [
        "/admin/user/list",
        f"/admin/user/list?search={SECRET[:6]}",
        f"/admin/user/details/{user.user_id}",
        f"/admin/user/edit/{user.user_id}",
        f"/admin/user/delete?pks={user.user_id}",
        "/admin/user/create",
        "/admin/audit-entry/list",
        "/admin/",
    ]

    for page in pages:
        text = client.get(page).text.replace(f'value="{SECRET[:6]}"', "")
        assert SECRET not in text, page
        assert "password_hash" not in text, page
    answer = client.post(f"/admin/user/edit/{user.user_id}", data={"password_hash": "x"})
    assert answer.status_code == 400
    assert record_form(client.get(f"/admin/user/edit/{user.user_id}").text)
    assert session.get_one(User, user.user_id).password_hash == SECRET
