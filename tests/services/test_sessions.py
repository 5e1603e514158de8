"""The sessions in which people are signed in."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from admin_site.models import UserSession
from admin_site.services.sessions import (
    IDLE_LIMIT,
    SEEN_EVERY,
    end_sessions,
    identify,
    note_use,
    start_session,
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
        moment += IDLE_LIMIT / 2

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
