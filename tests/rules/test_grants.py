"""Rule 17: nobody grants what he lacks, nor raises himself, from whichever side and however little it is."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import AuditEntry, Role, RoleGrant, User
from admin_site.permissions import LimitedGrant, Right
from tests.admin.html_forms import record_form
from tests.admin.sites import open_site, sign_in
from tests.factories import make_role, make_user

OWN = LimitedGrant("enrollment", "edit", frozenset({"end_date", "enrolled_date"}), "active-courses")
MANAGES = (("user", "*"), ("role", "*"), ("role-grant", "*"), OWN)
WIDER: dict[str, Right] = {
    "every model": ("*", "*"),
    "another action": ("enrollment", "delete"),
    "the whole of it": ("enrollment", "edit"),
    "every action": LimitedGrant("enrollment", "*", OWN.fields, OWN.scope),
    "every row": LimitedGrant("enrollment", "edit", OWN.fields),
    "every field": LimitedGrant("enrollment", "edit", scope=OWN.scope),
    "a further field": LimitedGrant("enrollment", "edit", OWN.fields | {"course"}, OWN.scope),
}
NARROWER: dict[str, Right] = {
    "the same": OWN,
    "one of the fields": LimitedGrant("enrollment", "edit", frozenset({"end_date"}), OWN.scope),
}


@dataclass
class House:
    """A browser of somebody who manages roles, and the keys of an empty role and a colleague without any."""

    client: TestClient
    person: str
    role: str
    colleague: str


@pytest.fixture
def house(database_url: str, database: Database) -> House:
    client = open_site(database_url)
    person = sign_in(client, database, *MANAGES)
    with database.session() as session:
        role, colleague = make_role(session, name="Empty"), make_user(session)
        return House(client, str(person.user_id), str(role.role_id), str(colleague.user_id))


def typed(house: House, right: Right) -> dict[str, str]:
    limits = right if isinstance(right, LimitedGrant) else LimitedGrant(*right)
    return {
        "role": house.role,
        "model": limits.model,
        "action": limits.action,
        "fields": ", ".join(limits.fields),
        "scope": limits.scope,
    }


def rights_of(session: Session, role: str) -> set[tuple[str, ...]]:
    session.rollback()
    grants = session.scalars(select(RoleGrant).where(RoleGrant.role_id == int(role)))
    return {(grant.model, grant.action, grant.fields, grant.scope) for grant in grants}


def refusals(session: Session) -> int:
    return len(session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).all())


@pytest.mark.parametrize("what", WIDER)
def test_rule_17_nobody_grants_more_than_they_hold(house: House, session: Session, what: str):
    url = "/admin/role-grant/create"
    data = record_form(house.client.get(url).text).data(**typed(house, WIDER[what]))

    answer = house.client.post(url, data=data)

    assert answer.status_code == 403
    assert rights_of(session, house.role) == set()
    assert refusals(session) == 1


@pytest.mark.parametrize("what", NARROWER)
def test_rule_17_what_somebody_holds_they_may_grant(house: House, session: Session, what: str):
    url = "/admin/role-grant/create"
    data = record_form(house.client.get(url).text).data(**typed(house, NARROWER[what]))

    assert house.client.post(url, data=data).status_code == 303
    assert len(rights_of(session, house.role)) == 1


@pytest.mark.parametrize("change", [{"fields": ""}, {"scope": ""}, {"action": "*"}, {"model": "*"}])
def test_rule_17_a_grant_is_not_widened_either(
    house: House, database: Database, session: Session, change: dict[str, str]
):
    with database.session() as other:
        role = other.get_one(Role, int(house.role))
        role.grants.append(
            RoleGrant(model=OWN.model, action=OWN.action, fields=",".join(OWN.fields), scope=OWN.scope)
        )
        other.flush()
        key = role.grants[0].grant_id
    before = rights_of(session, house.role)
    url = f"/admin/role-grant/edit/{key}"
    data = record_form(house.client.get(url).text).data(**change)

    answer = house.client.post(url, data=data)

    assert answer.status_code in (400, 403)
    assert rights_of(session, house.role) == before


@pytest.mark.parametrize("what", WIDER)
def test_rule_17_a_role_with_more_rights_is_given_to_nobody_from_either_side(
    house: House, database: Database, session: Session, what: str
):
    with database.session() as other:
        role = str(make_role(other, WIDER[what]).role_id)
    forged = [
        (f"user/edit/{house.person}", {"roles__add": role}),
        (f"user/edit/{house.colleague}", {"roles__add": role}),
        (f"role/edit/{role}", {"users__add": house.person}),
    ]

    for path, change in forged:
        shown = house.client.get(f"/admin/{path}")
        page = shown if shown.status_code == 200 else house.client.get(f"/admin/role/edit/{house.role}")
        data = record_form(page.text).data(**change)
        assert house.client.post(f"/admin/{path}", data=data).status_code == 403, path

    session.rollback()
    held = session.get_one(Role, int(role)).users
    assert held == []
    assert refusals(session) == len(forged)


@pytest.mark.parametrize("what", WIDER)
def test_rule_17_nobody_touches_a_person_or_role_with_more_rights(
    house: House, database: Database, session: Session, what: str
):
    with database.session() as other:
        role = make_role(other, WIDER[what])
        boss = make_user(other, roles=(role,))
        grant, key, person = role.grants[0].grant_id, role.role_id, boss.user_id
    forged = {
        f"user/edit/{person}": {"first_name": "Fool"},
        f"user/delete?pks={person}": {},
        f"role/edit/{key}": {"name": "Fools"},
        f"role/delete?pks={key}": {},
        f"role-grant/edit/{grant}": {"action": "list"},
        f"role-grant/delete?pks={grant}": {},
    }

    for path, data in forged.items():
        assert house.client.post(f"/admin/{path}", data=data).status_code == 403, path

    session.rollback()
    assert session.get_one(User, person).first_name is None
    assert len(session.get_one(Role, key).grants) == 1
    assert refusals(session) == len(forged)


def test_rule_17_a_form_offers_no_role_that_would_be_refused(house: House, database: Database):
    with database.session() as other:
        for number, right in enumerate(WIDER.values()):
            make_role(other, right, name=f"Wider {number}")

    found = house.client.get("/admin/user/ajax/lookup?name=roles", headers={"accept": "application/json"})

    names = {option["text"] for option in found.json()["results"]}
    assert "Empty" in names
    assert not any(name.startswith("Wider") for name in names)
