"""The rules where one person does something to the account of another."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from admin_site.audit import UNAUDITED
from admin_site.errors import TooManyAttempts
from admin_site.models import (
    AuditEntry,
    CredentialToken,
    OutgoingMail,
    Role,
    RoleGrant,
    SecondFactor,
    Throttle,
    User,
    UserSession,
    Viewing,
    utc_now,
)
from admin_site.models.accounts import user_roles
from admin_site.permissions import Action
from admin_site.services import throttling
from admin_site.services.sessions import start_session
from tests.admin.html_forms import read_forms, record_form
from tests.admin.sites import open_site, sign_in
from tests.factories import CHEAP, PASSWORD, make_role, make_user

DEEDS = {
    "send-link": Action.RESET_PASSWORD,
    "temporary-password": Action.TEMPORARY_PASSWORD,
    "unlock": Action.UNLOCK,
    "end-sessions": Action.END_SESSIONS,
    "remove-second-factor": Action.REMOVE_SECOND_FACTOR,
    "deactivate": Action.ACTIVATE,
    "activate": Action.ACTIVATE,
    "view-as": Action.VIEW_AS,
}
SIGNED_OUT = "/admin/login"


@pytest.fixture
def client(database_url, database) -> TestClient:
    """The browser of a superuser."""
    client = browser_at(database_url)
    sign_in(client, database, superuser=True, password=PASSWORD)
    return client


@pytest.fixture
def desk(database_url, database) -> TestClient:
    """The browser of somebody who may do everything to people, and nothing else."""
    client = browser_at(database_url)
    sign_in(client, database, ("user", "*"), user_name="grace", first_name="Grace")
    return client


def browser_at(database_url: str) -> TestClient:
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    return client


def browser_of(database_url: str, database, user: User) -> TestClient:
    """Return a browser that `user` is signed in with."""
    client = browser_at(database_url)
    with database.session() as session:
        token = start_session(session, session.get_one(User, user.user_id), ip_address="192.0.2.7")
    cookie = client.app.state.site.cookie
    client.cookies.set(cookie.name, cookie.attributes(token)["value"])
    return client


def a_person(database, *grants: Any, **values: Any) -> User:
    with database.session() as session:
        roles = (make_role(session, *grants),) if grants else ()
        user = make_user(session, password=PASSWORD, roles=roles, **values)
        session.add(SecondFactor(user_id=user.user_id, secret="x" * 32, confirmed_at=utc_now()))
    return user


def do(client: TestClient, user: User, deed: str, **data: str):
    return client.post(f"/admin/support/{user.user_id}/{deed}", data={"reason": "a ticket", **data})


def is_in(client: TestClient) -> bool:
    answer = client.get("/admin/")
    assert answer.status_code == 200 or answer.headers["location"].startswith(SIGNED_OUT)
    return answer.status_code == 200


def facts(database, user: User) -> tuple[Any, ...]:
    """Return all of an account that a deed could change."""
    with database.session() as session:
        stored = session.get_one(User, user.user_id)
        columns = [
            getattr(stored, column.key) for column in User.__table__.columns if column.key != "last_login"
        ]
        return (
            *columns,
            sorted(role.name for role in stored.roles),
            *(
                session.scalar(select(func.count()).select_from(model))
                for model in (UserSession, SecondFactor, CredentialToken, OutgoingMail, Viewing, Throttle)
            ),
        )


def refusals(database) -> list[AuditEntry]:
    with database.session() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")))


# -- 5 and 7: sessions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "deed", ["send-link", "temporary-password", "remove-second-factor", "deactivate", "end-sessions"]
)
def test_rule_5_what_support_does_ends_every_session_by_its_next_request(
    desk, database, database_url, deed: str
):
    ada = a_person(database)
    phone, office = browser_of(database_url, database, ada), browser_of(database_url, database, ada)
    other = browser_of(database_url, database, a_person(database))
    assert [is_in(phone), is_in(office)] == [True, True]

    assert do(desk, ada, deed).status_code == 303

    assert [is_in(phone), is_in(office)] == [False, False]
    assert [is_in(other), is_in(desk)] == [True, True]


@pytest.mark.parametrize("change", [{"is_superuser": "false"}, {"is_active": "false"}])
def test_rule_5_demotion_and_deactivation_in_a_form_do_too(client, database, database_url, change):
    boss = a_person(database, superuser=True)
    theirs = browser_of(database_url, database, boss)
    url = f"/admin/user/edit/{boss.user_id}"

    assert client.post(url, data=record_form(client.get(url).text).data(**change)).status_code == 303

    assert not is_in(theirs)


@pytest.mark.parametrize("side", ["person", "role", "grant"])
def test_rule_5_a_change_of_rights_does_too_from_whichever_side(client, database, database_url, side: str):
    ada = a_person(database, ("course", "list"))
    theirs = browser_of(database_url, database, ada)
    with database.session() as session:
        held = session.scalars(select(Role.role_id)).one()
        grant = session.scalars(select(RoleGrant.grant_id)).one()
    url, data = {
        "person": (f"/admin/user/edit/{ada.user_id}", {"roles__remove": str(held)}),
        "role": (f"/admin/role/edit/{held}", {"users__remove": str(ada.user_id)}),
        "grant": (f"/admin/role-grant/edit/{grant}", {"action": "edit"}),
    }[side]

    assert client.post(url, data=record_form(client.get(url).text).data(**data)).status_code == 303

    assert not is_in(theirs)


def test_rule_7_support_ends_one_session_of_another_by_its_next_request(desk, database, database_url):
    ada = a_person(database)
    phone = browser_of(database_url, database, ada)
    with database.session() as session:
        named = session.scalars(
            select(UserSession.session_id).where(UserSession.user_id == ada.user_id)
        ).one()
    office = browser_of(database_url, database, ada)
    assert str(named) in desk.get(f"/admin/support/{ada.user_id}").text

    assert do(desk, ada, "end-sessions", session=str(named)).status_code == 303

    assert not is_in(phone)
    assert is_in(office)


def test_rule_7_support_sees_no_session_without_the_right_to_end_it(database, database_url):
    ada = a_person(database)
    browser_of(database_url, database, ada)
    client = browser_at(database_url)
    others = [("user", str(action)) for action in DEEDS.values() if action is not Action.END_SESSIONS]
    sign_in(client, database, ("user", "list"), ("user", "details"), *dict.fromkeys(others))

    assert "192.0.2.7" not in client.get(f"/admin/support/{ada.user_id}").text


# -- 16: links and temporary passwords -----------------------------------------------------------------------


def test_rule_16_support_starts_a_reset_by_a_link_and_knows_no_password(desk, database, session):
    ada = a_person(database)

    shown = desk.post(f"/admin/support/{ada.user_id}/send-link", follow_redirects=True).text

    assert "/admin/set-password/" in shown
    assert session.get_one(User, ada.user_id).password_hash == ada.password_hash
    assert [entry.action for entry in session.scalars(select(AuditEntry)) if "password" in entry.action] == [
        "reset_password"
    ]


def test_rule_16_a_temporary_password_takes_a_right_of_its_own(database, database_url):
    ada = a_person(database)
    client = browser_at(database_url)
    sign_in(client, database, ("user", "list"), ("user", "details"), ("user", str(Action.RESET_PASSWORD)))
    before = facts(database, ada)

    assert do(client, ada, "temporary-password").status_code == 403

    assert facts(database, ada) == before
    assert len(refusals(database)) == 1


def given(desk: TestClient, user: User) -> str:
    page = desk.post(f"/admin/support/{user.user_id}/temporary-password", follow_redirects=True)
    return re.search(r'value="([^"]+)" readonly', page.text)[1]


def without_second_factor(database) -> User:
    with database.session() as session:
        return make_user(session, password=PASSWORD, user_name="ada")


def enter(client: TestClient, password: str):
    return client.post("/admin/login", data={"username": "ada", "password": password})


def test_rule_16_it_is_generated_shown_once_and_stored_nowhere(desk, database, session):
    ada = without_second_factor(database)

    first = desk.post(f"/admin/support/{ada.user_id}/temporary-password", follow_redirects=True)
    password = re.search(r'value="([^"]+)" readonly', first.text)[1]

    assert len(password) >= 15
    assert password not in desk.get(str(first.url)).text
    assert password not in desk.get(f"/admin/support/{ada.user_id}").text
    assert given(desk, ada) != password
    for entry in session.scalars(select(AuditEntry)):
        assert password not in str(entry.changes) + entry.label


def test_rule_16_it_opens_nothing_but_the_change_of_it_and_cannot_be_kept(desk, database, database_url):
    ada = without_second_factor(database)
    password = given(desk, ada)
    client = browser_at(database_url)
    assert enter(client, password).status_code == 303

    for page in ("/admin/", "/admin/account", "/admin/user/list", "/admin/support"):
        assert client.get(page).headers["location"].startswith("/admin/account/password"), page
        assert client.get(page, headers={"accept": "application/json"}).status_code == 403
    kept = {"current_password": password, "password": password, "password_again": password}
    assert client.post("/admin/account/password", data=kept).status_code == 400
    own = kept | {"password": "nine ladders beside a cello", "password_again": "nine ladders beside a cello"}
    assert client.post("/admin/account/password", data=own).status_code == 303
    assert client.get("/admin/").status_code == 200


def test_rule_16_it_ends_after_a_day(desk, database, database_url, session):
    ada = without_second_factor(database)
    password = given(desk, ada)
    until = session.get_one(User, ada.user_id).password_expires_at
    assert timedelta(hours=23, minutes=59) < until - utc_now() <= timedelta(hours=24)
    session.execute(
        update(User).values(password_expires_at=utc_now()), execution_options={UNAUDITED: "a day passes"}
    )
    session.commit()

    assert enter(browser_at(database_url), password).status_code == 400


@pytest.mark.parametrize("change", ["superuser", "role", "member", "grant"])
def test_rule_16_it_ends_with_the_rights_that_its_owner_had(
    client, desk, database, database_url, change: str
):
    ada = without_second_factor(database)
    with database.session() as session:
        role = make_role(session, ("course", "list"))
        if change == "grant":
            session.get_one(User, ada.user_id).roles = [role]
            session.flush()
            grant = session.scalars(select(RoleGrant.grant_id).where(RoleGrant.role_id == role.role_id)).one()
            helper = session.scalars(select(User).where(User.user_name == "grace")).one()
            helper.roles = [*helper.roles, role]
    if change == "grant":
        desk = browser_of(database_url, database, helper)
    password = given(desk, ada)
    url, data = {
        "superuser": (f"/admin/user/edit/{ada.user_id}", {"is_superuser": "true"}),
        "role": (f"/admin/user/edit/{ada.user_id}", {"roles__add": str(role.role_id)}),
        "member": (f"/admin/role/edit/{role.role_id}", {"users__add": str(ada.user_id)}),
        "grant": (f"/admin/role-grant/edit/{grant}" if change == "grant" else "", {"model": "*"}),
    }[change]

    assert client.post(url, data=record_form(client.get(url).text).data(**data)).status_code == 303

    assert enter(browser_at(database_url), password).status_code == 400, "who gave it would have those rights"


# -- 17: nobody reaches who holds more -----------------------------------------------------------------------

MIGHTIER = {
    "a superuser": ((), True),
    "who holds a right the helper lacks": ((("course", "edit"),), False),
    "who holds a wider right": ((("*", "list"),), False),
}
FORGED = {
    "user/edit/{user}": {"first_name": "Fool"},
    "user/delete?pks={user}": {},
    "user/action/reset-password?pks={user}": {},
    "user/edit/{user} ": {"roles:remove": "{role}"},
    "user/edit/{user}  ": {"is_active": "false"},
    "user/edit/{user}   ": {"email_address": "thief@example.org"},
    "user/edit/{user}    ": {"items|n0|name": "Trojan horse"},
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("who", MIGHTIER)
def test_rule_17_no_deed_of_the_desk_reaches_a_person_who_holds_more(
    desk, database, database_url, deed: str, who: str
):
    grants, is_superuser = MIGHTIER[who]
    a_person(database, superuser=True)
    user = a_person(database, *grants, superuser=is_superuser, is_active=deed != "activate")
    theirs = browser_of(database_url, database, user)
    before = facts(database, user)

    answer = do(desk, user, deed)

    assert answer.status_code == 403
    assert facts(database, user) == before
    assert is_in(theirs) == (deed != "activate")
    (entry,) = refusals(database)
    assert entry.label == f"/admin/support/{user.user_id}/{deed}"
    assert entry.actor_name.startswith("Grace")


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("who", MIGHTIER)
def test_rule_17_no_form_reaches_a_person_who_holds_more(database, database_url, forged: str, who: str):
    grants, is_superuser = MIGHTIER[who]
    a_person(database, superuser=True)
    user = a_person(database, *grants, superuser=is_superuser)
    client = browser_at(database_url)
    sign_in(client, database, ("user", "*"), ("role", "*"), ("item", "*"))
    with database.session() as session:
        role = session.scalars(
            select(user_roles.c.role_id).where(user_roles.c.user_id == user.user_id)
        ).first()
    before = facts(database, user)

    data = {name: value.format(role=role) for name, value in FORGED[forged].items()}
    answer = client.post(f"/admin/{forged.strip().format(user=user.user_id)}", data=data)

    assert answer.status_code == 403
    assert facts(database, user) == before
    assert len(refusals(database)) == 1


@pytest.mark.parametrize("who", MIGHTIER)
def test_rule_17_nobody_reads_or_ends_the_sessions_of_a_person_who_holds_more(
    desk, database, database_url, session, who: str
):
    grants, is_superuser = MIGHTIER[who]
    user = a_person(database, *grants, superuser=is_superuser)
    theirs = browser_of(database_url, database, user)
    key = session.scalars(select(UserSession.session_id).where(UserSession.user_id == user.user_id)).one()
    client = browser_at(database_url)
    sign_in(client, database, ("user", "*"), ("user-session", "*"))

    for browser in (desk, client):
        text = browser.get(f"/admin/support/{user.user_id}").text
        assert "192.0.2.7" not in text
        assert str(key) not in text
    assert "192.0.2.7" not in client.get("/admin/user-session/list").text
    assert client.get(f"/admin/user-session/details/{key}").status_code == 404
    assert client.post(f"/admin/user-session/delete?pks={key}").status_code == 404
    assert do(desk, user, "end-sessions", session=str(key)).status_code == 403
    assert is_in(theirs)


@pytest.mark.parametrize("side", ["superuser", "role", "member", "email of a superuser"])
def test_rule_17_nobody_raises_himself(database, database_url, side: str):
    boss = a_person(database, superuser=True)
    client = browser_at(database_url)
    person = sign_in(client, database, ("user", "*"), ("role", "edit"), ("role", "list"), ("role", "details"))
    with database.session() as session:
        mighty = make_role(session, ("*", "*")).role_id
    url, data = {
        "superuser": (f"user/edit/{person.user_id}", {"is_superuser": "true"}),
        "role": (f"user/edit/{person.user_id}", {"roles:add": str(mighty)}),
        "member": (f"role/edit/{mighty}", {"users:add": str(person.user_id)}),
        "email of a superuser": (f"user/edit/{boss.user_id}", {"email_address": "me@example.org"}),
    }[side]
    before = facts(database, person), facts(database, boss)

    page = client.get(f"/admin/{url}")
    sent = record_form(page.text).data() | data if page.status_code == 200 and side == "role" else data
    assert client.post(f"/admin/{url}", data=sent).status_code == 403

    assert (facts(database, person), facts(database, boss)) == before
    assert len(refusals(database)) == 1


def test_rule_17_nobody_helps_himself_at_the_desk(desk, database, session):
    own = session.scalars(select(User).where(User.user_name == "grace")).one()
    before = facts(database, own)

    for deed in DEEDS:
        assert do(desk, own, deed).status_code == 403

    assert facts(database, own) == before
    assert len(refusals(database)) == len(DEEDS)


def test_rule_17_a_superuser_is_looked_at_by_nobody(client, database):
    boss = a_person(database, superuser=True)

    assert do(client, boss, "view-as").status_code == 403

    assert len(refusals(database)) == 1


def test_rule_17_who_looks_as_somebody_may_do_nothing_even_of_their_own_rights(desk, database, session):
    ada, bob = a_person(database), a_person(database)
    assert do(desk, ada, "view-as").status_code == 303
    before = facts(database, bob)

    for deed in DEEDS:
        assert do(desk, bob, deed).status_code == 403

    assert facts(database, bob) == before
    assert {entry.actor_name for entry in refusals(database)} == {f"Grace (grace) as {ada} "[:-1]}


def test_rule_17_a_link_that_support_has_in_hand_dies_when_its_person_rises(
    client, desk, database, database_url
):
    ada = a_person(database)
    shown = desk.post(f"/admin/support/{ada.user_id}/send-link", follow_redirects=True).text
    link = re.search(r'value="(http[^"]+)"', shown)[1]
    url = f"/admin/user/edit/{ada.user_id}"
    raised = record_form(client.get(url).text).data(is_superuser="true")
    assert client.post(url, data=raised).status_code == 303

    answer = browser_at(database_url).get(link, follow_redirects=True)

    assert answer.status_code == 410


# -- 18: the last superuser ----------------------------------------------------------------------------------


@pytest.fixture
def only(database) -> User:
    """The one superuser who can sign in."""
    return a_person(database, superuser=True, first_name="Only")


@pytest.fixture
def colleague(database_url, database, only) -> TestClient:
    """The browser of a superuser who has no password yet."""
    client = browser_at(database_url)
    sign_in(client, database, superuser=True)
    return client


@pytest.mark.parametrize("door", ["demote", "deactivate in the form", "delete", "deactivate at the desk"])
def test_rule_18_the_last_superuser_who_can_sign_in_stays(colleague, database, only, door: str):
    url = f"/admin/user/edit/{only.user_id}"
    form = record_form(colleague.get(url).text)
    before = facts(database, only)

    answer = {
        "demote": lambda: colleague.post(url, data=form.data(is_superuser="false")),
        "deactivate in the form": lambda: colleague.post(url, data=form.data(is_active="false")),
        "delete": lambda: colleague.post(f"/admin/user/delete?pks={only.user_id}"),
        "deactivate at the desk": lambda: do(colleague, only, "deactivate"),
    }[door]()

    assert answer.status_code == 409
    assert "last active superuser" in answer.text
    assert facts(database, only) == before
    assert "last active superuser" in colleague.get(f"/admin/support/{only.user_id}").text


@pytest.mark.parametrize("change", ["is_superuser", "is_active", "desk"])
def test_rule_18_of_two_who_demote_each_other_at_once_one_succeeds(database, database_url, change: str):
    both = [a_person(database, superuser=True), a_person(database, superuser=True)]
    browsers = [browser_of(database_url, database, user) for user in both]
    urls = [f"/admin/user/edit/{user.user_id}" for user in reversed(both)]
    forms = [record_form(browser.get(url).text) for browser, url in zip(browsers, urls, strict=True)]
    start = Barrier(2, timeout=20)

    def attack(number: int) -> int:
        start.wait()
        if change == "desk":
            return do(browsers[number], both[1 - number], "deactivate").status_code
        data = forms[number].data(**{change: "false"})
        return browsers[number].post(urls[number], data=data).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(attack, range(2)))

    with database.session() as session:
        left = session.scalars(select(User).where(User.is_superuser, User.is_active)).all()
    assert len(left) == 1
    assert 303 in answers


def test_rule_18_wrong_passwords_lock_the_last_superuser_out_of_nothing_that_is_open(
    database, database_url, only
):
    theirs = browser_of(database_url, database, only)
    with database.session() as session, suppress(TooManyAttempts):
        user = session.get_one(User, only.user_id)
        for _ in range(30):
            throttling.note_failure(session, user, user.user_name, None)
    with database.session() as session:
        until = throttling.blocked_until(session, session.get_one(User, only.user_id))

    assert until is not None
    assert until < utc_now() + timedelta(hours=1), "it clears by itself"
    assert is_in(theirs)


# -- 19: the password once more ------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", ["send-link", "temporary-password", "remove-second-factor", "view-as"])
def test_rule_19_the_desk_asks_for_the_password_again_and_then_goes_on(database, database_url, deed: str):
    ada = a_person(database)
    client = browser_at(database_url)
    sign_in(client, database, ("user", "*"), password=PASSWORD)
    long_ago = update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=16))
    with database.session() as session:
        session.execute(long_ago, execution_options={UNAUDITED: "time passes"})
    before = facts(database, ada)

    asked = do(client, ada, deed, reason="ticket 4711")
    assert facts(database, ada) == before
    form = next(form for form in read_forms(asked.text) if (":password", "") in form.pairs)
    answer = client.post(form.action, data=form.data(**{":password": PASSWORD}))

    assert answer.status_code == 303
    assert facts(database, ada) != before
