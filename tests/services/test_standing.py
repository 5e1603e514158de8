"""How it stands with somebody's account."""

from contextlib import suppress
from datetime import timedelta

import pytest

from admin_site import audit
from admin_site.errors import TooManyAttempts
from admin_site.models import RecoveryCode, SecondFactor, utc_now
from admin_site.services import throttling
from admin_site.services.passwords import give_temporary_password
from admin_site.services.standing import last_sign_ins, lately_locked, recent_events, standing_of
from tests.factories import CHEAP, PASSWORD, make_user


def lock(session, user) -> None:
    with suppress(TooManyAttempts):
        for _ in range(12):
            throttling.note_failure(session, user, user.user_name, None)


def test_nothing_is_wrong_with_most_accounts(session):
    standing = standing_of(session, make_user(session, password=PASSWORD, signed_in_on=2))

    assert (standing.is_active, standing.has_password, standing.is_locked) == (True, True, False)
    assert (standing.has_second_factor, standing.codes_left, standing.must_change_password) == (
        False,
        0,
        False,
    )
    assert (standing.temporary_until, standing.is_expired, len(standing.sessions)) == (None, False, 2)


def test_what_keeps_somebody_out_is_known(session):
    user = make_user(session)
    give_temporary_password(session, user, passwords=CHEAP)
    lock(session, user)

    now, tomorrow = standing_of(session, user), standing_of(session, user, now=utc_now() + timedelta(days=2))

    assert now.is_locked
    assert not tomorrow.is_locked
    assert (now.temporary_until, now.is_expired) == (user.password_expires_at, False)
    assert tomorrow.is_expired


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_a_second_factor_counts_once_it_is_confirmed(session, is_confirmed: bool):
    user = make_user(session)
    confirmed_at = utc_now() if is_confirmed else None
    session.add(SecondFactor(user_id=user.user_id, secret="x", confirmed_at=confirmed_at))
    session.add(RecoveryCode(user_id=user.user_id, code_hash="a"))
    session.add(RecoveryCode(user_id=user.user_id, code_hash="b", used_at=utc_now()))
    session.flush()

    standing = standing_of(session, user)

    assert (standing.has_second_factor, standing.codes_left) == (is_confirmed, int(is_confirmed))


def test_who_is_not_active_is_signed_in_nowhere(session):
    assert not standing_of(session, make_user(session, is_active=False, signed_in_on=1)).sessions


def test_sign_ins_and_other_events_are_told_apart_newest_first(session):
    user, other = make_user(session), make_user(session)
    for action in ("sign_in", "reset_password", "sign_in_failed", "sign_out"):
        audit.note(session, action, user)
        audit.note(session, action, other)
    user.first_name = "Ada"
    session.flush()

    assert [entry.action for entry in last_sign_ins(session, user)] == ["sign_in_failed", "sign_in"]
    assert [entry.action for entry in recent_events(session, user)] == ["sign_out", "reset_password"]


def test_who_was_locked_is_known_for_an_hour(session):
    first, second = make_user(session), make_user(session)
    for user in (first, second, first):
        lock(session, user)
        throttling.clear(session, user)

    assert lately_locked(session) == [str(first.user_id), str(second.user_id)]
    assert lately_locked(session, now=utc_now() + timedelta(minutes=61)) == []
