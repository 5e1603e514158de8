"""The members of a relation in the form of its record: a page of them, never all."""

import re
from typing import Any

import pytest
from sqlalchemy import Select, func, insert, select
from starlette.requests import Request
from starlette.testclient import TestClient

from admin_site import AdminView
from admin_site.database import Database
from admin_site.models import Role, User, user_roles
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_role, make_user

JSON = {"Accept": "application/json"}


def a_role(database: Database, members: int, name: str = "Reader") -> str:
    """Store a role with so many members, called after it; return its key."""
    with database.session() as session:
        key = make_role(session, name=name).role_id
    names = (f"{name.lower()}{place:04}" for place in range(members))
    people = [{"user_name": name, "email_address": f"{name}@example.org"} for name in names]
    with database.engine.begin() as connection:
        if people:
            made = connection.scalars(insert(User.__table__).returning(User.user_id), people)
            connection.execute(insert(user_roles), [{"user_id": each, "role_id": key} for each in made])
    return str(key)


def names_of_members(database: Database, key: str) -> set[str]:
    with database.session() as session:
        return set(session.scalars(select(User.user_name).join(User.roles).where(Role.role_id == int(key))))


def shown(html: str) -> list[str]:
    return re.findall(r'class="member-label"[^>]*>([^<]*)<', html)


def ticked(html: str, name: str) -> list[str]:
    return [value for field, value in record_form(html).pairs if field == name]


def test_a_short_relation_is_shown_whole_by_name(client: TestClient, database: Database):
    key = a_role(database, 3)
    page = client.get(f"/admin/role/edit/{key}").text

    assert shown(page) == ["reader0000", "reader0001", "reader0002"]
    assert "Search within Users" not in page
    assert "Show more" not in page


def test_a_long_relation_shows_a_page_and_says_how_many_there_are(client: TestClient, database: Database):
    key = a_role(database, 60)
    page = client.get(f"/admin/role/edit/{key}").text

    assert len(shown(page)) == 25
    assert "60 in all" in page
    assert "Search within Users" in page
    assert "Show more" in page


def test_more_than_a_thousand_members_are_not_counted(client: TestClient, database: Database):
    key = a_role(database, 1001)

    page = client.get(f"/admin/role/edit/{key}")

    assert "1,000+ in all" in page.text
    assert len(page.content) < 100_000


def test_many_members_cost_one_statement_more(client: TestClient, database: Database, statements: list[str]):
    few, many = a_role(database, 3), a_role(database, 90, name="Crowd")
    client.get(f"/admin/role/edit/{few}")  # whatever is learned once
    statements.clear()
    client.get(f"/admin/role/edit/{few}")
    before = len(statements)
    statements.clear()
    client.get(f"/admin/role/edit/{many}")

    assert len(statements) == before + 1


def test_all_members_are_found_page_by_page(client: TestClient, database: Database):
    key = a_role(database, 60)
    seen, after = [], ""
    while True:
        asked = {"name": "users", "after": after}
        answer = client.get(f"/admin/role/members/{key}", params=asked, headers=JSON).json()
        seen += [member["label"] for member in answer["members"]]
        after = answer["after"]
        if not after:
            break

    assert len(seen) == len(set(seen)) == 60
    assert set(seen) == names_of_members(database, key)


def test_members_alone_are_searched(client: TestClient, database: Database):
    key = a_role(database, 30)
    a_role(database, 30, name="Other")
    asked = {"name": "users", "term": "0007"}

    answer = client.get(f"/admin/role/members/{key}", params=asked, headers=JSON).json()

    assert [member["label"] for member in answer["members"]] == ["reader0007"]


def test_the_members_have_a_page_of_their_own(client: TestClient, database: Database):
    key = a_role(database, 30)
    page = client.get(f"/admin/role/members/{key}?name=users", headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert len(shown(page.text)) == 25
    following = re.search(r'href="([^"]+)">Next page', page.text)[1].replace("&amp;", "&")
    assert len(shown(client.get(following, headers={"Accept": "text/html"}).text)) == 5
    nothing = client.get(f"/admin/role/members/{key}?name=users&term=zzz", headers={"Accept": "text/html"})
    assert "Nothing matches." in nothing.text


def test_marks_survive_paging_and_searching_without_scripts(client: TestClient, database: Database):
    key = a_role(database, 60)
    page = client.get(f"/admin/role/edit/{key}").text
    marked = re.findall(r'name="users:remove" value="([^"]+)"', page)[:2]
    form = record_form(page)

    data = form.data(name="Typed") | {"users:remove": marked, ":find": ["users:next"]}
    second = client.post(form.action, data=data).text
    assert ticked(second, "users:remove") == sorted(marked)
    assert len(shown(second)) == 27  # the marked ones, and a page of others

    form = record_form(second)
    data = form.data() | {"users:within": ["reader0005"], ":find": ["users:members"]}
    third = client.post(form.action, data=data).text
    assert set(marked) == set(ticked(third, "users:remove"))
    assert "reader0005" in shown(third)
    assert dict(record_form(third).pairs)["name"] == "Typed"
    assert len(names_of_members(database, key)) == 60

    form = record_form(third)
    assert client.post(form.action, data=form.data()).status_code == 303
    assert len(names_of_members(database, key)) == 58


def test_marks_and_additions_are_there_again_after_a_refusal(client: TestClient, database: Database):
    key = a_role(database, 3)
    with database.session() as session:
        other = str(make_user(session, user_name="joins").user_id)
    page = client.get(f"/admin/role/edit/{key}").text
    marked = re.findall(r'name="users:remove" value="([^"]+)"', page)[0]
    form = record_form(page)

    refused = client.post(form.action, data=form.data(name="", users__remove=marked, users__add=other))

    assert refused.status_code == 400
    assert ticked(refused.text, "users:remove") == [marked]
    assert ticked(refused.text, "users:add") == [other]


class Visible(AdminView, model=User):
    def list_query(self, request: Request) -> Select[Any]:
        return select(User).where(User.user_name.not_like("hidden%"))


def test_members_out_of_scope_are_not_shown_found_counted_or_removed(database: Database):
    key = a_role(database, 30)
    with database.session() as session:
        role = session.get_one(Role, int(key))
        hidden = make_user(session, user_name="hidden", roles=(role,))
        hidden_key = str(hidden.user_id)
    client = a_site(database, views=[Visible])

    page = client.get(f"/admin/role/edit/{key}").text
    assert "30 in all" in page
    asked = {"name": "users", "term": "hidden"}
    assert client.get(f"/admin/role/members/{key}", params=asked, headers=JSON).json()["members"] == []
    form = record_form(page)
    answer = client.post(form.action, data=form.data(users__remove=hidden_key))
    assert answer.status_code == 400
    assert "hidden" not in shown(answer.text)
    assert "hidden" in names_of_members(database, key)


@pytest.mark.parametrize(
    ("grants", "status"),
    [((("role", "edit"), ("user", "list")), 200), ((("role", "edit"),), 403), ((("user", "list"),), 403)],
)
def test_only_who_edits_the_record_and_sees_the_others_sees_members(
    database: Database, grants: Any, status: int
):
    key = a_role(database, 1)
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, *grants)

    answer = client.get(f"/admin/role/members/{key}?name=users", headers=JSON)

    assert answer.status_code == status
    assert ("reader0000" in answer.text) == (status == 200)


@pytest.mark.parametrize("address", ["1?name=name", "1?name=nothing", "1", "1?name=users&after=x"])
def test_what_has_no_members_is_refused(client: TestClient, database: Database, address: str):
    key = a_role(database, 1)

    answer = client.get(f"/admin/role/members/{address.replace('1', key, 1)}", headers=JSON)

    assert answer.status_code == 400


def test_one_joins_and_one_leaves_and_the_rest_is_not_touched(client: TestClient, database: Database):
    key = a_role(database, 40)
    with database.session() as session:
        joins = make_user(session, user_name="joins")
        leaves = session.scalars(select(User).where(User.user_name == "reader0031")).one()
    form = record_form(client.get(f"/admin/role/edit/{key}").text)

    data = form.data(users__add=str(joins.user_id), users__remove=str(leaves.user_id))
    assert client.post(form.action, data=data).status_code == 303

    names = names_of_members(database, key)
    assert len(names) == 40
    assert "joins" in names
    assert "reader0031" not in names
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(user_roles)) == 40
