"""The sessions in which people are signed in."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from admin_site.errors import Forbidden
from admin_site.models import UserSession
from admin_site.models.accounts import SESSION_LIFETIME
from admin_site.services.sessions import (
    IDLE_LIMIT,
    SEEN_EVERY,
    end_session_called,
    end_sessions,
    identify,
    live_sessions,
    note_use,
    rotate,
    start_session,
    sweep_sessions,
)
from tests.factories import make_role, make_user

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_a_token_identifies_an_active_person_with_their_rights(session):
    user = make_user(session, roles=(make_role(session, ("course", "list"), name="Reader"),))
    token = start_session(session, user, now=NOW)

    identity = identify(session, token, now=NOW)

    assert (identity.user_id, identity.roles, identity.grants) == (
        user.user_id,
        ("Reader",),
        {("course", "list")},
    )
    assert identity.session_id == user.sessions[0].session_id


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800", "x" * 100_000])
def test_other_tokens_identify_nobody(session, token):
    start_session(session, make_user(session), now=NOW)

    assert identify(session, token, now=NOW) is None


def test_a_deactivated_person_is_nobody_at_the_next_request(session):
    user = make_user(session)
    token = start_session(session, user, now=NOW)

    user.is_active = False
    session.flush()

    assert identify(session, token, now=NOW) is None


def test_a_session_ends_when_it_is_not_used(session):
    token = start_session(session, make_user(session), now=NOW)

    assert identify(session, token, now=NOW + IDLE_LIMIT) is None
    assert identify(session, token, now=NOW + IDLE_LIMIT - timedelta(seconds=1)) is not None


def test_a_busy_session_ends_after_seven_days(session):
    token = start_session(session, make_user(session), now=NOW)
    end = NOW + timedelta(days=7)

    moment = NOW
    while moment < end:
        note_use(session, identify(session, token, now=moment), now=moment)
        moment += IDLE_LIMIT - SEEN_EVERY

    assert identify(session, token, now=end) is None
    assert session.scalars(select(UserSession.expiration_time)).one() == end


def test_when_a_session_was_seen_is_written_at_most_once_a_minute(session, database):
    token = start_session(session, make_user(session), now=NOW)
    session.commit()
    written = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def count(connection, cursor, statement, *_):
        if statement.startswith("UPDATE"):
            written.append(statement)

    for seconds in range(0, 180, 10):
        now = NOW + timedelta(seconds=seconds)
        note_use(session, identify(session, token, now=now), now=now)

    assert len(written) == 2
    assert session.scalars(select(UserSession.last_seen_at)).one() == NOW + 2 * SEEN_EVERY


def test_identifying_somebody_takes_one_query_however_many_roles_they_have(session, database):
    roles = tuple(make_role(session, ("course", "list"), ("item", "list")) for _ in range(5))
    token = start_session(session, make_user(session, roles=roles), now=NOW)
    session.commit()
    session.expunge_all()
    queries = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: queries.append(args[2]))

    assert len(identify(session, token, now=NOW).roles) == 5

    assert len([query for query in queries if query.startswith("SELECT")]) == 1


def test_ending_sessions_ends_all_of_one_person_but_the_one_to_keep(session):
    user, other = make_user(session, signed_in_on=3), make_user(session, signed_in_on=1)
    kept = user.sessions[0]

    assert end_sessions(session, user, keep=kept.session_id) == 2

    assert user.sessions == [kept]
    assert end_sessions(session, user) == 1
    assert user.sessions == []
    assert len(other.sessions) == 1


def test_a_session_that_is_kept_lasts_though_nobody_uses_it(session):
    token = start_session(session, make_user(session), is_kept=True, now=NOW)

    assert identify(session, token, now=NOW + SESSION_LIFETIME - timedelta(seconds=1)) is not None
    assert identify(session, token, now=NOW + SESSION_LIFETIME) is None


def test_only_sessions_that_have_not_ended_are_live_the_one_used_last_first(session):
    user = make_user(session)
    start_session(session, user, now=NOW - IDLE_LIMIT)
    start_session(session, user, is_kept=True, now=NOW - SESSION_LIFETIME)
    kept = start_session(session, user, is_kept=True, now=NOW - IDLE_LIMIT)
    used = start_session(session, user, now=NOW - timedelta(minutes=1))
    start_session(session, make_user(session), now=NOW)

    live = live_sessions(session, user, now=NOW)

    expected = [identify(session, token, now=NOW).session_id for token in (used, kept)]
    assert [each.session_id for each in live] == expected


def test_sweeping_deletes_what_has_ended_by_itself_and_nothing_else(session):
    user = make_user(session)
    start_session(session, user, now=NOW - IDLE_LIMIT)
    start_session(session, user, is_kept=True, now=NOW - SESSION_LIFETIME)
    token = start_session(session, user, now=NOW)

    assert sweep_sessions(session, NOW) == 2

    assert identify(session, token, now=NOW) is not None


def test_a_rotated_session_has_another_token_and_stays_the_same_session(session):
    old = start_session(session, make_user(session), now=NOW)
    before = identify(session, old, now=NOW)

    new = rotate(session, before.session_id, now=NOW + timedelta(minutes=1))

    assert identify(session, old, now=NOW) is None
    after = identify(session, new, now=NOW)
    assert (after.session_id, after.authenticated_at) == (before.session_id, NOW)


def test_typing_the_password_again_is_noted_with_the_new_token(session):
    token, later = start_session(session, make_user(session), now=NOW), NOW + timedelta(minutes=20)

    new = rotate(session, identify(session, token, now=NOW).session_id, has_authenticated=True, now=later)

    assert identify(session, new, now=later).authenticated_at == later


def test_a_session_that_has_ended_is_not_rotated(session):
    user = make_user(session)
    token = start_session(session, user, now=NOW)
    ended = identify(session, token, now=NOW).session_id
    end_sessions(session, user)

    with pytest.raises(Forbidden):
        rotate(session, ended)


def test_a_session_is_ended_by_its_name_for_its_own_person_only(session):
    user, other = make_user(session, signed_in_on=2), make_user(session, signed_in_on=1)
    ended, kept = user.sessions

    assert end_session_called(session, user, ended.session_id) is True
    assert end_session_called(session, user, ended.session_id) is False
    assert end_session_called(session, user, other.sessions[0].session_id) is False

    assert user.sessions == [kept]
    assert len(other.sessions) == 1
