"""No page offers what the server would refuse, and a refusal keeps what was typed."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import AuditEntry, User, UserType
from tests.admin.html_forms import record_form
from tests.admin.sites import open_site, sign_in
from tests.factories import make_role, make_user

STEWARD = (("user", "*"), ("role", "*"))


@pytest.fixture
def steward(database_url: str, database: Database) -> TestClient:
    """The browser of somebody who may do everything with people, but is no superuser."""
    client = open_site(database_url)
    client.person = sign_in(client, database, *STEWARD)
    return client


@pytest.fixture
def superuser(database: Database) -> User:
    with database.session() as session:
        return make_user(session, superuser=True, first_name="Grace", last_name="Hopper")


def disabled(html: str) -> list[str]:
    """Return what the buttons say that lead nowhere."""
    found = re.findall(r'<button[^>]* aria-disabled="true"[^>]*>(.*?)</button>', html, re.DOTALL)
    return [re.sub(r"<[^>]+>|\s", "", text) for text in found]


def test_a_person_with_more_rights_is_shown_with_the_reason_why_nothing_can_be_done(steward, superuser):
    page = steward.get(f"/admin/user/details/{superuser.user_id}").text

    assert disabled(page) == ["Resetpassword", "Delete…", "Edit"]
    assert "Grace Hopper holds rights that you lack, so you may not change this account." in page
    assert "/admin/user/edit/" not in page.partition("<main")[2]


def test_a_person_with_fewer_rights_can_be_changed(steward, database):
    with database.session() as session:
        other = make_user(session)

    assert disabled(steward.get(f"/admin/user/details/{other.user_id}").text) == []


def test_oneself_and_the_last_superuser_are_not_offered_for_deletion(client, database, session):
    me = session.scalars(select(User).where(User.is_superuser)).one()

    details = client.get(f"/admin/user/details/{me.user_id}").text
    question = client.get(f"/admin/user/delete?pks={me.user_id}").text

    assert "Delete…" in disabled(details)
    assert "cannot be deleted" in question
    assert "This is the last active superuser." in question
    assert '<button class="btn btn-danger">' not in question


def test_the_form_of_a_person_with_more_rights_is_not_shown(steward, superuser):
    answer = steward.get(f"/admin/user/edit/{superuser.user_id}")

    assert answer.status_code == 403
    assert "Grace Hopper holds rights that you lack" in answer.text
    assert f'href="/admin/user/details/{superuser.user_id}"' in answer.text


def test_only_a_superuser_finds_who_is_a_superuser_in_a_form(steward, client, database):
    with database.session() as session:
        other = make_user(session)
    url = f"/admin/user/edit/{other.user_id}"

    assert 'name="is_superuser"' in client.get(url).text
    assert 'name="is_superuser"' not in steward.get(url).text
    assert "Only a superuser may decide who is a superuser." in steward.get(url).text
    assert "is_superuser" not in steward.get("/admin/user/create").text


@pytest.mark.parametrize("page", ["create", "edit"])
def test_a_forged_superuser_is_refused_on_record_and_keeps_what_was_typed(
    steward, database, session: Session, page: str
):
    with database.session() as other:
        user = make_user(other)
    url = "/admin/user/create" if page == "create" else f"/admin/user/edit/{user.user_id}"
    data = record_form(steward.get(url).text).data(user_name="mallory", email_address="m@example.org")

    answer = steward.post(url, data=data | {"is_superuser": "true"})

    assert answer.status_code == 403
    assert "Only a superuser may decide who is a superuser." in answer.text
    assert dict(record_form(answer.text).pairs)["user_name"] == "mallory"
    assert session.scalars(select(User).where(User.is_superuser)).all() == []
    assert session.scalars(select(User).where(User.user_name == "mallory")).all() == []
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
    assert (entry.actor_id, entry.label) == (str(steward.person.user_id), url)


def test_a_refusal_while_saving_keeps_the_form(steward, database, session):
    with database.session() as other:
        role = make_role(other, ("course", "edit"), name="Registrar")
    url = "/admin/user/create"
    data = record_form(steward.get(url).text).data(user_name="ann", email_address="ann@example.org")

    answer = steward.post(url, data=data | {"roles:add": [str(role.role_id)]})

    assert answer.status_code == 403
    assert "The role “Registrar” holds rights that you lack." in answer.text
    form = record_form(answer.text)
    assert dict(form.pairs)["user_name"] == "ann"
    assert ("roles:add", str(role.role_id)) in form.pairs
    assert session.scalars(select(User).where(User.user_name == "ann")).all() == []


def test_what_stands_in_the_way_of_a_deletion_can_be_opened(client, database):
    with database.session() as session:
        kind = UserType(name="Student")
        session.add(kind)
        session.flush()
        make_user(session, user_type_id=kind.user_type_id, first_name="Ada")
        make_user(session, first_name="Someone", last_name="Else")

    question = client.get(f"/admin/user-type/delete?pks={kind.user_type_id}").text

    url = re.search(r'<a href="(/admin/user/list[^"]*)"><span>Users</span>', question)[1].replace(
        "&amp;", "&"
    )
    assert url == f"/admin/user/list?user_type={kind.user_type_id}"
