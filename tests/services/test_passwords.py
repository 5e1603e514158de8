"""How the password of an account changes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from admin_site.errors import Conflict, Invalid, LinkExpired, TooManyAttempts
from admin_site.models import AuditEntry, LinkPurpose, OutgoingMail, User
from admin_site.security.passwords import Passwords, Policy
from admin_site.services import passwords
from admin_site.services.links import create_link, peek_link
from admin_site.services.sessions import identify, start_session
from tests.factories import CHEAP, PASSWORD, make_user

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NEW = "seven clouds over a cello"
WEAKEST = Policy(memory_kib=8, time_cost=1, parallelism=1)


def change(session, user, current=PASSWORD, new=NEW, **options):
    passwords.change_password(
        session, user, current, new, **{"keep_session": None, "passwords": CHEAP, "now": NOW, **options}
    )


def events(session):
    return session.scalars(select(AuditEntry.action).order_by(AuditEntry.entry_id)).all()


def test_who_knows_the_present_password_gets_a_new_one_and_is_told_by_mail(session):
    user = make_user(session, password=PASSWORD)

    change(session, user)

    assert CHEAP.verify(user.password_hash, NEW)
    assert user.password_changed_at == NOW
    assert events(session)[-1] == "change_password"
    assert session.scalars(select(OutgoingMail.kind)).all() == ["password_changed"]


def test_a_changed_password_ends_the_other_sessions_and_the_links(session):
    user = make_user(session, password=PASSWORD)
    here, elsewhere = start_session(session, user, now=NOW), start_session(session, user, now=NOW)
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD, now=NOW)

    change(session, user, keep_session=identify(session, here, now=NOW).session_id)

    assert identify(session, here, now=NOW) is not None
    assert identify(session, elsewhere, now=NOW) is None
    with pytest.raises(LinkExpired):
        peek_link(session, link.token, now=NOW)


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", NEW, "current_password"),
        ("", NEW, "current_password"),
        (PASSWORD, PASSWORD, "password"),
        (PASSWORD, "short", "password"),
        (PASSWORD, "passwordpassword", "password"),
    ],
)
def test_what_will_not_do_is_said_by_field_and_changes_nothing(session, current, new, field):
    user = make_user(session, password=PASSWORD)
    before = user.password_hash

    with pytest.raises(Invalid) as refusal:
        change(session, user, current, new)

    assert refusal.value.errors.keys() == {field}
    assert user.password_hash == before
    assert "change_password" not in events(session)


def test_wrong_present_passwords_are_throttled(session):
    user = make_user(session, password=PASSWORD)
    for _ in range(20):
        with pytest.raises((Invalid, TooManyAttempts)):
            change(session, user, "wrong")

    with pytest.raises(TooManyAttempts):
        change(session, user)


@pytest.mark.parametrize("meanwhile", ["changed", "deleted"])
def test_what_happens_to_the_account_while_a_password_is_hashed_counts(database, meanwhile):
    with database.session() as session:
        key = make_user(session, password=PASSWORD).user_id
    another = CHEAP.hash("another one, and longer")

    class Slow(Passwords):
        def hash(self, password):
            with database.session() as other:
                user = other.get(User, key)
                if meanwhile == "deleted":
                    other.delete(user)
                else:
                    user.password_hash = another
            return super().hash(password)

    with database.session() as session, pytest.raises(Conflict):
        change(session, session.get(User, key), passwords=Slow(WEAKEST))
    with database.session() as session:
        assert session.scalar(select(User.password_hash)) in (None, another)


def test_no_connection_is_held_while_passwords_are_hashed(session):
    user, held = make_user(session, password=PASSWORD), []

    class Watching(Passwords):
        def verify(self, password_hash, password):
            held.append(session.in_transaction())
            return super().verify(password_hash, password)

        def hash(self, password):
            held.append(session.in_transaction())
            return super().hash(password)

    change(session, user, passwords=Watching(WEAKEST))

    assert held == [False, False]


def test_a_temporary_password_has_to_be_changed_within_24_hours(session):
    user = make_user(session, password=PASSWORD, signed_in_on=2)

    given = passwords.give_temporary_password(session, user, passwords=CHEAP, now=NOW)

    assert CHEAP.verify(user.password_hash, given)
    assert user.must_change_password
    assert user.password_expires_at == NOW + timedelta(hours=24)
    assert user.sessions == []
    change(session, user, given, NEW, now=NOW + timedelta(hours=23))
    assert (user.must_change_password, user.password_expires_at) == (False, None)


def test_every_temporary_password_is_another_one(session):
    user = make_user(session)

    given = {passwords.give_temporary_password(session, user, passwords=CHEAP) for _ in range(20)}

    assert len(given) == 20


def test_a_password_set_by_link_is_told_by_mail(session):
    user = make_user(session, password=PASSWORD, password_expires_at=NOW, must_change_password=True)
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD, now=NOW)

    with pytest.raises(Invalid):
        passwords.redeem_link(session, link.token, PASSWORD, now=NOW, passwords=CHEAP)
    passwords.redeem_link(session, link.token, NEW, now=NOW, passwords=CHEAP)

    assert (user.must_change_password, user.password_expires_at) == (False, None)
    assert session.scalars(select(OutgoingMail.kind)).all() == ["password_reset"]
