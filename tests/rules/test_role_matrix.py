"""Rules 17, 19 and 29 on the page of a role's rights: nobody grants there what they lack, however sent."""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site import AdminView, audit
from admin_site.database import Database
from admin_site.models import AuditEntry, Role, RoleGrant, User, UserSession, utc_now
from admin_site.permissions import Identity, LimitedGrant, Right, as_fields
from tests.admin.html_forms import PageForm, read_forms, words
from tests.admin.sites import open_site, sign_in
from tests.factories import CHEAP, PASSWORD, make_role, make_user

OWN = LimitedGrant("enrollment", "edit", frozenset({"end_date", "enrolled_date"}), "active-courses")
MANAGES = (
    ("user", "list"),
    ("user", "details"),
    ("role", "*"),
    ("role-grant", "*"),
    ("course", "list"),
    OWN,
)
LACKING = ("* *", "* list", "course *", "course edit", "item list", "user action:reset-password")
WIDER: dict[str, Right] = {
    "the whole of it": ("enrollment", "edit"),
    "every row": LimitedGrant("enrollment", "edit", OWN.fields),
    "every field": LimitedGrant("enrollment", "edit", scope=OWN.scope),
    "a further field": LimitedGrant("enrollment", "edit", OWN.fields | {"course"}, OWN.scope),
}
MORE: tuple[Right, ...] = (("*", "*"), ("item", "list"), *WIDER.values())


@dataclass
class House:
    """A browser of somebody who manages roles, and the keys of their own role and of an empty one."""

    client: TestClient
    person: str
    own: str
    role: str

    def url(self, role: str) -> str:
        return f"/admin/role/permissions/{role}"

    def form(self, role: str) -> dict[str, list[str]]:
        data = form_in(self.client.get(self.url(role)).text).data()
        return {"grant": [], **data}

    def send(self, role: str, do: str, data: dict):
        return self.client.post(self.url(role), data={**data, "do": do})


@pytest.fixture
def house(database_url: str, database: Database) -> House:
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    person = sign_in(client, database, *MANAGES, password=PASSWORD)
    with database.session() as session:
        own = session.get_one(User, person.user_id).roles[0].role_id
        role = make_role(session, ("course", "list"), name="Clerk").role_id
        make_user(session, user_name="ann", roles=(session.get_one(Role, role),))
    return House(client, str(person.user_id), str(own), str(role))


def form_in(html: str, name: str = ":base") -> PageForm:
    return next(form for form in read_forms(html) if any(field == name for field, _ in form.pairs))


def box(html: str, cell: str) -> str:
    found = re.search(rf'<input [^>]*name="grant" value="{re.escape(cell)}"[^>]*>', html)
    return unescape(found[0]) if found else ""


def rights_of(session: Session, role: str) -> set[tuple[str, ...]]:
    session.rollback()
    grants = session.scalars(select(RoleGrant).where(RoleGrant.role_id == int(role)))
    return {(grant.model, grant.action, grant.fields, grant.scope) for grant in grants}


def refusals(session: Session) -> int:
    session.rollback()
    return len(session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).all())


def as_limits(right: Right) -> dict[str, str]:
    if not isinstance(right, LimitedGrant):
        return {"fields:enrollment edit": "", "scope:enrollment edit": ""}
    return {"fields:enrollment edit": as_fields(right.fields), "scope:enrollment edit": right.scope}


@pytest.mark.parametrize("cell", LACKING)
def test_rule_17_a_cell_that_somebody_lacks_is_closed_with_the_reason(house: House, cell: str):
    shown = box(house.client.get(house.url(house.role)).text, cell)

    assert " disabled" in shown
    assert "You do not hold this right yourself" in shown


@pytest.mark.parametrize("cell", LACKING)
@pytest.mark.parametrize("which", ["role", "own"])
def test_rule_17_a_forged_tick_is_refused_and_recorded(house: House, session: Session, cell: str, which: str):
    role = getattr(house, which)
    data, before = house.form(role), rights_of(session, role)

    answer = house.send(role, "review", {**data, "grant": [*data["grant"], cell]})

    assert answer.status_code == 403
    assert rights_of(session, role) == before
    assert refusals(session) == 1


@pytest.mark.parametrize("what", WIDER)
def test_rule_17_limits_beyond_ones_own_are_refused_and_recorded(house: House, session: Session, what: str):
    data = {**house.form(house.role), "grant": ["course list", "enrollment edit"], **as_limits(WIDER[what])}

    assert house.send(house.role, "review", data).status_code == 403
    assert rights_of(session, house.role) == {("course", "list", "", "")}
    assert refusals(session) == 1


def test_rule_17_who_holds_a_part_of_a_right_grants_that_part(house: House, session: Session):
    data = {**house.form(house.role), "grant": ["course list", "enrollment edit"]}

    review = house.send(house.role, "review", data)
    assert "only End date, Enrolled date; Only those in active courses" in words(review.text)
    answer = house.send(house.role, "save", form_in(review.text, ":reviewed").data())

    assert answer.status_code == 303
    assert ("enrollment", "edit", as_fields(OWN.fields), OWN.scope) in rights_of(session, house.role)


@pytest.mark.parametrize("right", MORE)
def test_rule_17_a_role_with_more_rights_is_shown_and_not_changed(
    house: House, database: Database, session: Session, right: Right
):
    data = house.form(house.role)
    with database.session() as other:
        role = str(make_role(other, ("course", "list"), right, name="Mighty").role_id)
    before = rights_of(session, role)

    page = house.client.get(house.url(role))
    assert page.status_code == 200
    assert "The role “Mighty” holds rights that you lack." in page.text
    assert "Review changes" not in page.text
    for do in ("review", "save", "back"):
        assert house.send(role, do, {**data, "grant": []}).status_code == 403
    opened = house.client.post(house.url(role), data={**data, ":open": "course list"})

    assert opened.status_code == 403
    assert rights_of(session, role) == before
    assert refusals(session) == 4


def test_rule_17_a_review_is_of_no_use_to_anybody_else(house: House, database: Database, session: Session):
    superuser = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(superuser, database, superuser=True)
    data = form_in(superuser.get(house.url(house.role)).text).data()
    review = superuser.post(house.url(house.role), data={**data, "grant": "* *", "do": "review"})

    stolen = form_in(review.text, ":reviewed").data()
    answer = house.send(house.role, "save", stolen)

    assert answer.status_code == 400
    assert rights_of(session, house.role) == {("course", "list", "", "")}
    assert superuser.post(house.url(house.role), data={**stolen, "do": "save"}).status_code == 303


def test_rule_17_a_right_lost_since_the_review_is_not_granted(
    house: House, database: Database, session: Session
):
    data = {**house.form(house.role), "grant": ["course list", "enrollment edit"]}
    review = house.send(house.role, "review", data)
    with database.session() as other:
        grants = other.get_one(Role, int(house.own)).grants
        other.delete(next(grant for grant in grants if grant.model == "enrollment"))

    answer = house.send(house.role, "save", form_in(review.text, ":reviewed").data())

    assert answer.status_code == 403
    assert rights_of(session, house.role) == {("course", "list", "", "")}
    assert refusals(session) == 1


@pytest.mark.parametrize("lacking", ["create", "edit", "delete"])
def test_rule_17_who_may_not_write_rights_changes_none(
    database: Database, database_url: str, house: House, session: Session, lacking: str
):
    data, client = house.form(house.role), open_site(database_url)
    actions = {"list", "details", "create", "edit", "delete"} - {lacking}
    sign_in(client, database, ("role", "*"), ("course", "*"), *(("role-grant", each) for each in actions))

    answer = client.post(house.url(house.role), data={**data, "grant": [], "do": "review"})

    assert answer.status_code == 403
    assert rights_of(session, house.role) == {("course", "list", "", "")}


def test_rule_17_who_may_not_change_a_role_sets_no_second_factor(
    database: Database, database_url: str, house: House, session: Session
):
    client = open_site(database_url)
    sign_in(client, database, ("role", "list"), ("role", "details"), ("role-grant", "*"), ("course", "*"))
    page = client.get(house.url(house.role))
    assert re.search(r'name="second_factor"[^>]* disabled', page.text)

    data = form_in(page.text).data(second_factor="yes")
    answer = client.post(house.url(house.role), data={**data, "do": "review"})

    assert answer.status_code == 403
    assert not session.get_one(Role, int(house.role)).requires_second_factor
    assert refusals(session) == 1


def test_rule_17_nobody_who_is_signed_out_sees_or_changes_rights(house: House, session: Session):
    data = house.form(house.role)
    house.client.cookies.clear()

    assert house.client.get(house.url(house.role)).status_code in (302, 303)
    assert house.send(house.role, "review", {**data, "grant": []}).status_code != 200
    assert rights_of(session, house.role) == {("course", "list", "", "")}


def test_rule_19_the_password_is_asked_again_and_then_the_rights_are_saved(
    house: House, database: Database, session: Session
):
    review = house.send(house.role, "review", {**house.form(house.role), "grant": []})
    with database.session() as other:
        other.execute(
            update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=16)),
            execution_options={audit.UNAUDITED: "a test"},
        )

    asked = house.send(house.role, "save", form_in(review.text, ":reviewed").data())

    assert asked.status_code == 403
    assert "Enter your password again" in asked.text
    assert rights_of(session, house.role) == {("course", "list", "", "")}
    again = form_in(asked.text, ":reviewed")
    name = re.search(
        r'<input[^>]*type="password"[^>]*name="([^"]+)"|name="([^"]+)"[^>]*type="password"', asked.text
    )
    assert name is not None
    data = {**again.data(), (name[1] or name[2]): PASSWORD}
    assert house.client.post(house.url(house.role), data=data).status_code == 303
    assert rights_of(session, house.role) == set()


class Colleagues(AdminView, model=User):
    def scope(self, statement: Select, identity: Identity) -> Select:
        return statement.where(User.user_name != "hidden")


def test_rule_29_people_out_of_scope_are_neither_counted_nor_named(database: Database, database_url: str):
    client = open_site(database_url, views=[Colleagues])
    sign_in(client, database, *MANAGES)
    with database.session() as session:
        role = make_role(session, name="Clerk")
        make_user(session, user_name="ann", roles=(role,))
        make_user(session, user_name="hidden", roles=(role,))
        key = role.role_id
    url = f"/admin/role/permissions/{key}"

    page = client.get(url).text
    data = form_in(page).data()
    review = client.post(url, data={**data, "grant": "course list", "do": "review"}).text

    assert "Held by 1 person of those you may see: ann" in words(page)
    assert "1 person gains 1 right ann" in words(review)
    assert "Only the people whom you may see are counted." in review
    assert "hidden" not in words(page) + words(review)
