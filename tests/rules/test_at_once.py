"""What two do at the same moment, or one after the other in an order that nobody planned."""

from threading import Thread
from typing import Any

import pyotp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.errors import Forbidden
from admin_site.models import AuditEntry, SecondFactor, User, utc_now
from admin_site.permissions import LimitedGrant, identity_of
from admin_site.security.passwords import Passwords, Policy
from admin_site.services import accounts, passwords, records, second_factors, throttling
from admin_site.services.sessions import identify
from admin_site.services.temporary_passwords import expire_temporary_password
from tests.admin.sites import open_site, sign_in
from tests.factories import CHEAP, PASSWORD, make_role, make_user

NEW = "an entirely other trombone 77"
STRONGER = Passwords(Policy(memory_kib=16, time_cost=1, parallelism=1))


@pytest.fixture
def ada(database: Database) -> User:
    with database.session() as session:
        return make_user(session, password=PASSWORD, user_name="ada", email_address="ada@example.org")


def with_factor(session: Session, user: User) -> str:
    """Turn a second factor on; return what makes its codes."""
    secret = second_factors.offer(session, user).secret
    second_factors.confirm(session, user, pyotp.TOTP(secret).now())
    return secret


@pytest.fixture
def changed_meanwhile(database: Database, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ada change her password after somebody's was found right, and before they are let in."""
    counted = throttling.is_open

    def count_and_change(session: Session, *arguments: Any, **options: Any) -> bool:
        found = counted(session, *arguments, **options)
        with database.session() as other:
            passwords.set_password(other, other.get_one(User, ada.user_id), NEW, passwords=STRONGER)
        return found

    monkeypatch.setattr(throttling, "is_open", count_and_change)


@pytest.mark.usefixtures("changed_meanwhile")
@pytest.mark.parametrize("policy", [CHEAP, STRONGER])
def test_rule_5_a_password_that_was_changed_meanwhile_lets_nobody_in(database, ada, policy):
    with database.session() as session, pytest.raises(accounts.SignInRefused):
        accounts.sign_in(session, "ada", PASSWORD, passwords=policy)

    with database.session() as session:
        stored = session.get_one(User, ada.user_id).password_hash
        assert STRONGER.verify(stored, NEW)
        assert not STRONGER.verify(stored, PASSWORD)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)  # SQLite has one who writes at a time
def test_rule_5_a_second_factor_ends_what_was_begun_without_it_at_the_same_moment(database, ada):
    with database.session() as session:
        secret = second_factors.offer(session, session.get_one(User, ada.user_id)).secret
    first = database.new_session_maker()()
    done = accounts.sign_in(first, "ada", PASSWORD, passwords=CHEAP)  # not committed yet

    def turn_on() -> None:
        with database.session() as session:
            user = session.get_one(User, ada.user_id)
            second_factors.confirm(session, user, pyotp.TOTP(secret).now())

    thread = Thread(target=turn_on)
    thread.start()
    thread.join(0.3)
    first.commit()
    thread.join(10)
    first.close()

    assert not thread.is_alive()
    with database.session() as session:
        assert second_factors.is_on(session, session.get_one(User, ada.user_id))
        assert identify(session, done.token) is None


def test_rule_16_a_temporary_password_that_is_over_leads_past_no_code_either(database, database_url, ada):
    with database.session() as session:
        user = session.get_one(User, ada.user_id)
        secret = with_factor(session, user)
        temporary = passwords.give_temporary_password(session, user, passwords=CHEAP)
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    asked = client.post("/admin/login", data={"username": "ada", "password": temporary})
    assert asked.headers["location"].endswith("/login/code")

    with database.session() as session:
        expire_temporary_password(session, session.get_one(User, ada.user_id))
    later = pyotp.TOTP(secret).at(utc_now().timestamp() + 30)
    answer = client.post("/admin/login/code", data={"code": later})

    assert client.app.state.site.cookie.name not in client.cookies, answer.text
    assert client.get("/admin/").status_code == 303


def test_rule_17_who_edits_people_takes_nobodys_second_factor(database, ada):
    with database.session() as session:
        user = session.get_one(User, ada.user_id)
        with_factor(session, user)
        helper = make_user(session, roles=(make_role(session, ("user", "edit")),))
        actor = identity_of(session, helper)

    for forged in (
        lambda session, user: records.update(session, actor, describe(User), user, {"second_factor": None}),
        lambda session, user: records.delete(session, actor, describe(SecondFactor), user.second_factor),
    ):
        with pytest.raises(Forbidden), database.session() as session:
            forged(session, session.get_one(User, ada.user_id))

    with database.session() as session:
        assert second_factors.is_on(session, session.get_one(User, ada.user_id))


def test_rule_24_a_right_password_without_the_code_is_on_record(database, database_url, ada, session):
    with database.session() as other:
        with_factor(other, other.get_one(User, ada.user_id))
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP

    client.post("/admin/login", data={"username": "ada", "password": PASSWORD})

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "code_asked")).one()
    assert entry.key == str(ada.user_id)
    assert entry.ip_address
    assert str(entry) == "Somebody not signed in knew the password of ada"


def test_rule_29_the_desk_finds_nobody_by_what_is_withheld(database, database_url, ada):
    client = open_site(database_url)
    fields = frozenset({"user_name", "first_name", "last_name"})
    sees = [LimitedGrant("user", action, fields) for action in ("list", "details")]
    sign_in(client, database, *sees, ("user", "action:reset-password"))

    by_address = client.get("/admin/support?q=ada@example.org")
    question = client.get(f"/admin/support/{ada.user_id}/send-link")

    assert by_address.status_code == 200
    assert "Nobody found" in by_address.text
    assert question.status_code == 200
    assert "ada@example.org" not in question.text
    assert client.get("/admin/support?q=ada").status_code == 303
