"""Looking at the site as somebody else sees it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from admin_site.errors import Conflict, Forbidden, Invalid
from admin_site.models import User, Viewing
from admin_site.permissions import Duty, identity_of
from admin_site.services.sessions import identify, start_session
from admin_site.services.viewing import check_viewing, seen_by, stop_viewing, view_as
from tests.factories import identity_with, make_role, make_user

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LOOKING = ("user", "action:view-as"), ("course", "*")


@pytest.fixture
def helper(session):
    return make_user(session, roles=(make_role(session, *LOOKING),), user_name="grace")


@pytest.fixture
def token(session, helper):
    return start_session(session, helper, now=NOW)


@pytest.fixture
def ada(session):
    return make_user(session, roles=(make_role(session, ("course", "list")),), user_name="ada")


def me(session, token, now=NOW):
    return identify(session, token, now=now)


def test_who_looks_has_the_rights_of_the_other_and_is_known_all_the_same(session, token, helper, ada):
    until = view_as(session, me(session, token), ada, "a ticket", now=NOW)

    seen = me(session, token)

    assert until == NOW + timedelta(minutes=15)
    assert (seen.user_id, seen.grants) == (ada.user_id, identity_of(session, ada).grants)
    assert (seen.viewer.user_id, seen.viewer.reason, seen.viewer.until) == (helper.user_id, "a ticket", until)
    assert seen.signature == "grace as ada"
    assert seen.session_id == helper.sessions[0].session_id
    assert seen.authenticated_at == NOW, "or nobody would be asked for their password again"


def test_it_is_over_when_it_is_stopped_or_the_time_is_up(session, token, helper, ada):
    view_as(session, me(session, token), ada, "a ticket", now=NOW)
    late = NOW + timedelta(minutes=15)
    assert me(session, token, late - timedelta(seconds=1)).viewer is not None
    assert me(session, token, late).user_id == helper.user_id

    assert stop_viewing(session, me(session, token)) is ada

    assert me(session, token).user_id == helper.user_id
    assert stop_viewing(session, me(session, token)) is None


def test_one_looks_as_one_person_at_a_time(session, token, ada):
    view_as(session, me(session, token), ada, "a ticket", now=NOW)

    with pytest.raises(Forbidden):
        view_as(session, me(session, token), make_user(session), "another", now=NOW)

    assert session.scalars(select(Viewing.user_id)).all() == [ada.user_id]


def test_what_is_over_makes_room_for_the_next(session, token, ada):
    late = NOW + timedelta(minutes=20)
    view_as(session, me(session, token), ada, "a ticket", now=NOW)
    bob = make_user(session)

    view_as(session, me(session, token, late), bob, "another", now=late)

    assert me(session, token, late).user_id == bob.user_id


def test_some_are_never_looked_at(session, token):
    helper = me(session, token)
    refused = {
        "superuser": make_user(session, superuser=True),
        "rights that you lack": make_user(session, roles=(make_role(session, ("role", "list")),)),
        "yourself": session.get_one(User, helper.user_id),
    }

    for words, user in refused.items():
        with pytest.raises(Forbidden, match=words):
            check_viewing(session, helper, user)
    with pytest.raises(Conflict, match="not active"):
        check_viewing(session, helper, make_user(session, is_active=False))


def test_not_even_a_superuser_looks_as_a_superuser(session):
    boss = make_user(session, superuser=True)

    with pytest.raises(Forbidden, match="superuser"):
        check_viewing(session, identity_of(session, boss), make_user(session, superuser=True))


@pytest.mark.parametrize("reason", ["", " \n\t", "-", "x" * 301])
def test_a_reason_is_some_words(session, token, ada, reason: str):
    with pytest.raises(Invalid):
        view_as(session, me(session, token), ada, reason, now=NOW)


def test_a_reason_is_kept_on_one_line(session, token, ada):
    view_as(session, me(session, token), ada, " a ticket\r\nFrom:\x00 boss\u202e ", now=NOW)

    assert session.scalars(select(Viewing.reason)).one() == "a ticket From: boss"


def test_without_a_session_nobody_looks(session, ada):
    with pytest.raises(Conflict):
        view_as(session, identity_with(session, *LOOKING), ada, "a ticket", now=NOW)


def test_who_has_a_duty_first_sees_the_site_as_themselves(session, token, ada):
    helper = replace(me(session, token), duty=Duty.CHANGE_PASSWORD)

    assert seen_by(session, helper, ada.user_id, "a ticket", NOW) is helper
