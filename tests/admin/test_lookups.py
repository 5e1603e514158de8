"""Choosing related records in a form: what is offered to whom, page by page."""

import re
from typing import Any, ClassVar

import pytest
from sqlalchemy import ForeignKey, Select, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.requests import Request
from starlette.testclient import TestClient

from admin_site import AdminView
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.models import Item, Role, User
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_role, make_user


class Base(DeclarativeBase):
    pass


class Section(Base):
    __tablename__ = "sections"

    section_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("sections.section_id"))

    parent: Mapped["Section | None"] = relationship(back_populates="children", remote_side=[section_id])
    children: Mapped[list["Section"]] = relationship(back_populates="parent")

    def __str__(self) -> str:
        return self.name


class Label(Base):
    """Refers to a section by its name, without a relation."""

    __tablename__ = "labels"

    label_id: Mapped[int] = mapped_column(primary_key=True)
    section: Mapped[str | None] = mapped_column(ForeignKey("sections.name"))


class Tree(AdminView, model=Section):
    tree = Section.parent
    form_columns: ClassVar = ["name", "parent", "children"]


@pytest.fixture
def sections(database: Database) -> TestClient:
    """A superuser's browser on a site with a root, two sections in it, and one in each of those."""
    Base.metadata.create_all(database.engine)
    with database.session() as session:
        rows = (1, "root", None), (2, "left", 1), (3, "right", 1), (4, "left leaf", 2), (5, "right leaf", 3)
        session.add_all(
            [Section(section_id=number, name=name, parent_id=above) for number, name, above in rows]
        )
    return a_site(database, models=[Base], views=[Tree])


def found(client: TestClient, address: str, **asked: Any) -> list[str]:
    answer = client.get(f"/admin/{address}", params=asked)
    assert answer.status_code == 200, answer.text
    return [result["text"] for result in answer.json()["results"]]


def people(database: Database, number: int) -> list[str]:
    with database.session() as session:
        users = [make_user(session, user_name=f"member{place:03}") for place in range(number)]
        return [user.user_name for user in users]


def test_a_lookup_goes_on_below_its_first_page(client: TestClient, database: Database):
    names = people(database, 60)
    seen: list[str] = []
    after, pages = "", 0
    while True:
        asked = {"name": "owner", "term": "member", "after": after}
        answer = client.get("/admin/item/ajax/lookup", params=asked).json()
        seen += [result["text"] for result in answer["results"]]
        after, pages = answer["after"], pages + 1
        if not answer["more"]:
            break

    assert sorted(seen) == names
    assert pages == 3
    assert after == ""


def test_labels_come_with_keys_but_for_those_that_say_them_already(client: TestClient, database: Database):
    with database.session() as session:
        role = make_role(session, name="Warden")
    (result,) = client.get("/admin/user/ajax/lookup", params={"name": "roles", "term": "ward"}).json()[
        "results"
    ]

    assert result == {
        "id": str(role.role_id),
        "text": "Warden",
        "key": str(role.role_id),
        "record": result["id"],
    }
    with database.session() as session:
        named = make_role(session, name="Number 7")
        session.get_one(Role, named.role_id).name = f"Number {named.role_id}"
        number = str(named.role_id)
    asked = {"name": "roles", "key": number}
    assert client.get("/admin/user/ajax/lookup", params=asked).json()["results"][0]["key"] == ""


def test_recent_choices_come_first_and_once(client: TestClient, database: Database):
    people(database, 5)
    with database.session() as session:
        chosen = session.scalars(select(User).where(User.user_name == "member003")).one()
        key = str(chosen.user_id)

    asked = {"name": "owner", "recent": [key, "nonsense", key]}
    results = client.get("/admin/item/ajax/lookup", params=asked).json()["results"]

    assert results[0]["text"] == "member003"
    assert [result["text"] for result in results].count("member003") == 1
    assert [result.get("recent", False) for result in results[:2]] == [True, False]
    assert found(client, "item/ajax/lookup", name="owner", term="member001", recent=key) == ["member001"]


class ScopedRoles(AdminView, model=Role):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Role).where(Role.name != "Hidden")


def test_what_is_out_of_scope_is_neither_offered_nor_recent_nor_saved(database: Database):
    with database.session() as session:
        hidden, shown = make_role(session, name="Hidden"), make_role(session, name="Shown")
        user = make_user(session)
    client = a_site(database, views=[ScopedRoles])
    keys = [str(hidden.role_id), str(shown.role_id)]

    for asked in ({}, {"term": "hidden"}, {"term": keys[0]}, {"recent": keys}, {"key": keys}):
        assert "Hidden" not in found(client, "user/ajax/lookup", name="roles", **asked)
    form = record_form(client.get(f"/admin/user/edit/{user.user_id}").text)
    answer = client.post(form.action, data=form.data(roles__add=keys[0]))

    assert answer.status_code == 400
    assert "Choose a record that exists." in answer.text
    assert "Hidden" not in answer.text


def test_roles_that_saving_would_refuse_are_not_offered(database: Database):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    me = sign_in(client, database, ("user", "*"), ("role", "*"), ("role-grant", "*"))
    with database.session() as session:
        make_role(session, ("course", "edit"), name="Wider")
        make_role(session, ("user", "list"), ("role", "edit"), name="Narrower")
        make_role(session, ("*", "*"), name="All")
        make_role(session, name="Empty")
        mighty = make_user(session, superuser=True)
        plain = make_user(session, user_name="plain")
        make_user(session, user_name="wider", roles=(make_role(session, ("item", "list")),))

    offered = found(client, "user/ajax/lookup", name="roles")
    assert {"Narrower", "Empty"} <= set(offered)
    assert {"Wider", "All"}.isdisjoint(offered)
    assert found(client, "role-grant/ajax/lookup", name="role", term="wider") == []
    assert found(client, "role-grant/ajax/lookup", name="role", term="narrower") == ["Narrower"]
    members = found(client, "role/ajax/lookup", name="users")
    assert {"plain", str(me)} <= set(members)
    assert {"wider", str(mighty)}.isdisjoint(members)
    # What is offered is what can be saved.
    form = record_form(client.get(f"/admin/user/edit/{plain.user_id}").text)
    for name, status in (("Narrower", 303), ("Wider", 403)):
        with database.session() as session:
            key = str(session.scalars(select(Role.role_id).where(Role.name == name)).one())
        form = record_form(client.get(f"/admin/user/edit/{plain.user_id}").text)
        assert client.post(form.action, data=form.data(roles__add=key)).status_code == status


def test_a_superuser_is_offered_every_role(client: TestClient, database: Database):
    with database.session() as session:
        make_role(session, ("*", "*"), name="All")

    assert "All" in found(client, "user/ajax/lookup", name="roles")


REFUSED = [
    ("item/ajax/lookup?name=owner&after=x", 400),
    ("item/ajax/lookup?name=title", 400),
    ("item/ajax/lookup?name=nothing", 400),
    ("item/ajax/lookup", 400),
    ("nothing/ajax/lookup?name=owner", 404),
    ("item/members/1?name=owner", 404),
    ("section/ajax/lookup?name=parent", 404),
]


@pytest.mark.parametrize(("address", "status"), REFUSED)
def test_what_makes_no_sense_is_refused_in_words(client: TestClient, address: str, status: int):
    assert client.get(f"/admin/{address}").status_code == status


LINKS = [
    ((), set()),
    ((("user", "create"),), {"add"}),
    ((("user", "edit"),), {"edit"}),
    ((("user", "*"),), {"add", "edit"}),
]


@pytest.mark.parametrize(("grants", "offered"), LINKS)
def test_related_records_are_added_and_edited_by_those_who_may(
    database: Database, grants: Any, offered: set[str]
):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, ("item", "*"), ("user", "list"), *grants)
    with database.session() as session:
        item = Item(title="Kite", owner=make_user(session))
        session.add(item)
        session.flush()
        key, owner = item.item_id, item.owner_id

    page = client.get(f"/admin/item/edit/{key}").text

    assert ('href="/admin/user/create"' in page) == ("add" in offered)
    assert (f'href="/admin/user/edit/{owner}"' in page) == ("edit" in offered)


def test_find_offers_pages_of_records_and_keeps_what_was_typed(client: TestClient, database: Database):
    people(database, 40)
    form = record_form(client.get("/admin/item/create").text)
    data = form.data(title="A kite", owner__search="member") | {":find": ["owner"]}

    first = client.post(form.action, data=data)
    again = record_form(first.text)
    offered = re.findall(r'data-text="(member\d+)"', first.text)
    second = client.post(again.action, data=again.data() | {":find": ["owner:more"]})

    assert first.status_code == second.status_code == 200
    assert "25 found, and there are more" in first.text
    assert len(offered) == 25
    rest = re.findall(r'data-text="(member\d+)"', second.text)
    assert len(rest) == 15
    assert set(rest).isdisjoint(offered)
    assert dict(record_form(second.text).pairs)["title"] == "A kite"


def test_a_form_in_a_dialog_is_bare_and_tells_what_was_saved(client: TestClient, database: Database):
    page = client.get("/admin/role/create", headers={"X-Panel": "dialog"})
    form = record_form(page.text)
    assert "<html" not in page.text
    assert "X-Panel" in page.headers["Vary"]

    refused = client.post(form.action, data=form.data(name=""), headers={"X-Panel": "dialog"})
    saved = client.post(form.action, data=form.data(name="Fresh"), headers={"X-Panel": "dialog"})

    assert refused.status_code == 400
    assert "<html" not in refused.text
    with database.session() as session:
        key = session.scalars(select(Role.role_id).where(Role.name == "Fresh")).one()
    assert (saved.status_code, saved.headers["X-Record"]) == (204, str(key))
    again = client.post(form.action, data=form.data(name="Fresh"), headers={"X-Panel": "dialog"})
    assert again.headers["X-Record"] == str(key)


def test_those_below_a_record_are_not_offered_above_it(sections: TestClient):
    assert found(sections, "section/ajax/lookup", name="parent", of="2") == ["right", "right leaf", "root"]
    assert found(sections, "section/ajax/lookup", name="children", of="4") == ["right", "right leaf"]
    assert found(sections, "section/ajax/lookup", name="parent", of="2", key="4") == []
    assert len(found(sections, "section/ajax/lookup", name="parent")) == 5
    assert "of=2" in sections.get("/admin/section/edit/2").text


def test_a_search_goes_on_until_something_fits(sections: TestClient, database: Database):
    with database.session() as session:
        below = [
            Section(section_id=100 + place, name=f"below {place:03}", parent_id=2) for place in range(60)
        ]
        session.add_all([*below, Section(section_id=99, name="below not", parent_id=None)])

    assert found(sections, "section/ajax/lookup", name="parent", of="2", term="below") == ["below not"]


def test_a_circle_is_refused_at_its_field(sections: TestClient):
    form = record_form(sections.get("/admin/section/edit/1").text)
    answer = sections.post(form.action, data=form.data(parent="4", name="typed"))

    assert answer.status_code == 400
    assert "“left leaf” lies below this record, so it cannot be its parent too." in answer.text
    assert dict(record_form(answer.text).pairs)["name"] == "typed"


def test_only_a_relation_to_the_same_kind_makes_a_tree(database: Database):
    class Wrong(AdminView, model=Item):
        tree = "owner"

    with pytest.raises(ConfigurationError, match="makes no tree"):
        a_site(database, views=[Wrong])


def test_a_foreign_key_without_a_relation_is_looked_up_by_what_it_refers_to(sections: TestClient):
    asked = {"name": "section", "term": "left leaf"}
    (result,) = sections.get("/admin/label/ajax/lookup", params=asked).json()["results"]
    assert (result["id"], result["record"], result["key"]) == ("left leaf", "4", "4")
    # A dialog that saved a record tells its key.
    asked = {"name": "section", "key": "4"}
    assert sections.get("/admin/label/ajax/lookup", params=asked).json()["results"] == [result]

    form = record_form(sections.get("/admin/label/create").text)
    assert sections.post(form.action, data=form.data(section="left leaf")).status_code == 303
    form = record_form(sections.get("/admin/label/create").text)
    assert sections.post(form.action, data=form.data(section="nothing")).status_code == 400
