"""Asking somebody who is signed in for their password once more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from admin_site.errors import Forbidden, Invalid, PasswordNeeded, TooManyAttempts
from admin_site.models import AuditEntry, Role, RoleGrant
from admin_site.permissions import COMMAND_LINE, Viewer, identity_of
from admin_site.security.passwords import Passwords, Policy
from admin_site.services import throttling
from admin_site.services.reauthentication import check_own_password, note_confirmed, require_recent_password
from admin_site.services.sensitive import require_password_for_changes
from tests.factories import CHEAP, PASSWORD, an_administrator, make_role, make_user

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
AN_HOUR_AGO = NOW - timedelta(hours=1)


@pytest.mark.parametrize(("minutes", "is_asked"), [(0, False), (14, False), (15, True), (600, True)])
def test_the_password_is_recent_for_15_minutes(session, minutes, is_asked):
    actor = replace(an_administrator(session), authenticated_at=NOW - timedelta(minutes=minutes))

    if is_asked:
        with pytest.raises(PasswordNeeded):
            require_recent_password(actor, now=NOW)
    else:
        require_recent_password(actor, now=NOW)


def test_commands_ask_for_no_password():
    require_recent_password(COMMAND_LINE, now=NOW)


def test_who_looks_as_somebody_else_cannot_give_their_password(session):
    viewer = Viewer(an_administrator(session).user_id, "Ada (ada)", "a ticket", NOW)

    with pytest.raises(Forbidden):
        require_recent_password(
            replace(an_administrator(session), viewer=viewer, authenticated_at=NOW), now=NOW
        )


def test_a_wrong_password_counts_and_is_recorded(session):
    user = make_user(session, password=PASSWORD)

    for _ in range(20):
        with pytest.raises((Invalid, TooManyAttempts)) as refusal:
            check_own_password(session, user, "wrong", ip_address="192.0.2.7", now=NOW, passwords=CHEAP)

    assert isinstance(refusal.value, TooManyAttempts)
    with pytest.raises(TooManyAttempts):
        check_own_password(session, user, PASSWORD, ip_address="192.0.2.8", now=NOW, passwords=CHEAP)
    assert "confirm_password_failed" in session.scalars(select(AuditEntry.action)).all()
    note_confirmed(session, user)
    assert throttling.blocked_until(session, user, now=NOW) is None


@pytest.mark.parametrize("expires_at", [NOW, NOW - timedelta(days=1)])
def test_a_temporary_password_is_nobodys_when_its_day_is_over(session, expires_at):
    user = make_user(session, password=PASSWORD, password_expires_at=expires_at)

    with pytest.raises(Invalid):
        check_own_password(session, user, PASSWORD, now=NOW, passwords=CHEAP)
    check_own_password(session, user, PASSWORD, now=NOW - timedelta(days=2), passwords=CHEAP)


def test_no_connection_is_held_while_a_password_is_hashed(session):
    user, held = make_user(session, password=PASSWORD), []

    class Watching(Passwords):
        def verify(self, password_hash, password):
            held.append(session.in_transaction())
            return super().verify(password_hash, password)

    check_own_password(
        session, user, PASSWORD, passwords=Watching(Policy(memory_kib=8, time_cost=1, parallelism=1))
    )

    assert held == [False]


CHANGES = {
    "a person's e-mail address": (lambda user, role: setattr(user, "email_address", "new@example.org"), True),
    "a superuser": (lambda user, role: setattr(user, "is_superuser", True), True),
    "a person's roles": (lambda user, role: user.roles.append(role), True),
    "a role's people": (lambda user, role: role.users.append(user), True),
    "a role's grants": (lambda user, role: role.grants.append(RoleGrant(model="item", action="list")), True),
    "a grant": (lambda user, role: setattr(role.grants[0], "action", "edit"), True),
    "a grant's fields": (lambda user, role: setattr(role.grants[0], "fields", "name"), True),
    "a grant that goes": (lambda user, role: role.grants.clear(), True),
    "what a role requires": (lambda user, role: setattr(role, "requires_second_factor", True), True),
    "a person's first name": (lambda user, role: setattr(user, "first_name", "Ada"), False),
    "what is said of a role": (lambda user, role: setattr(role, "description", "They read."), False),
    "nothing": (lambda user, role: setattr(user, "email_address", user.email_address), False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_credentials_and_rights_take_it_and_other_changes_do_not(session, change):
    user, role = make_user(session), make_role(session, ("course", "list"))
    actor = replace(an_administrator(session), authenticated_at=AN_HOUR_AGO)
    session.commit()
    make, takes_it = CHANGES[change]

    with session.no_autoflush:
        make(user, role)
        if takes_it:
            with pytest.raises(PasswordNeeded):
                require_password_for_changes(session, actor)
        else:
            require_password_for_changes(session, actor)
        require_password_for_changes(session, identity_of(session, user))


def test_new_and_deleted_roles_take_it(session):
    actor = replace(an_administrator(session), authenticated_at=AN_HOUR_AGO)
    role = make_role(session)
    session.delete(role)
    with pytest.raises(PasswordNeeded):
        require_password_for_changes(session, actor)
    session.flush()

    session.add(Role(name="Writers"))
    with pytest.raises(PasswordNeeded):
        require_password_for_changes(session, actor)
