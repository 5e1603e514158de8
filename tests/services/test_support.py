"""Help for people who cannot sign in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from admin_site.errors import Conflict, Forbidden, LinkExpired, PasswordNeeded
from admin_site.models import AuditEntry, CredentialToken, LinkPurpose, OutgoingMail, SecondFactor, User
from admin_site.permissions import COMMAND_LINE, Action, identity_of
from admin_site.services import accounts, support
from admin_site.services.links import create_link, peek_link
from tests.factories import CHEAP, PASSWORD, an_administrator, identity_with, make_role, make_user

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
RESET = ("user", "action:reset-password")


def refused(session, actor, user, **options):
    with pytest.raises(Forbidden) as refusal:
        support.reset_password(session, actor, user, now=NOW, **options)
    return str(refusal.value)


def test_resetting_a_password_signs_the_user_out_everywhere(session):
    user = make_user(session, signed_in_on=2)

    support.reset_password(session, actor=an_administrator(session), user=user)

    assert user.sessions == []


def test_the_link_works_once_within_an_hour_and_says_who_asked_for_it(session):
    helper, user = identity_with(session, RESET), make_user(session, password=PASSWORD)

    link = support.reset_password(session, helper, user, now=NOW)

    assert (link.purpose, link.expires_at) == (LinkPurpose.RESET_PASSWORD, NOW + timedelta(hours=1))
    assert session.scalars(select(CredentialToken.created_by_id)).one() == helper.user_id
    assert (
        accounts.redeem_link(session, link.token, "seven clouds over a violin", now=NOW, passwords=CHEAP)
        is user
    )
    with pytest.raises(LinkExpired):
        accounts.redeem_link(session, link.token, PASSWORD, now=NOW, passwords=CHEAP)


def test_a_reset_ends_the_earlier_links(session):
    user = make_user(session)
    earlier = create_link(session, user, LinkPurpose.FIRST_PASSWORD, now=NOW)

    later = support.reset_password(session, an_administrator(session), user, now=NOW)

    assert later.purpose is LinkPurpose.FIRST_PASSWORD, "there was no password before"
    assert peek_link(session, later.token, now=NOW) is user
    with pytest.raises(LinkExpired):
        peek_link(session, earlier.token, now=NOW)


def test_a_reset_is_audited(session):
    user = make_user(session)

    support.reset_password(session, an_administrator(session), user, now=NOW)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "reset_password")).one()
    assert (entry.model, entry.label) == ("users", str(user))


def test_without_the_right_nothing_happens(session):
    user = make_user(session, signed_in_on=1)

    assert "You may not" in refused(session, identity_with(session, ("user", "edit")), user)

    assert len(user.sessions) == 1
    assert session.scalars(select(CredentialToken)).all() == []


def test_people_with_more_rights_and_superusers_are_refused(session):
    helper = identity_with(session, RESET, ("user", "list"))
    editor = make_user(session, roles=(make_role(session, ("course", "edit")),), signed_in_on=1)
    superuser = make_user(session, superuser=True, signed_in_on=1)

    assert "rights that you lack" in refused(session, helper, editor)
    assert "rights that you lack" in refused(session, helper, superuser)
    assert "rights that you lack" in refused(session, identity_with(session, ("*", "*")), superuser)

    assert len(editor.sessions) == len(superuser.sessions) == 1


def test_people_with_the_same_or_fewer_rights_are_not(session):
    role = make_role(session, RESET, ("course", "*"), name="Support")
    helper = make_user(session, roles=(role,))
    peer = make_user(session, roles=(role, make_role(session, ("course", "list"))))

    assert support.reset_password(session, identity_of(session, helper), peer, now=NOW)


def test_a_superuser_may_reset_another_but_nobody_resets_himself(session):
    administrator = an_administrator(session)
    own = session.get(User, administrator.user_id)

    assert support.reset_password(session, administrator, make_user(session, superuser=True), now=NOW)
    assert "your own" in refused(session, administrator, own)


def test_an_inactive_person_gets_no_link(session):
    user = make_user(session, is_active=False)

    with pytest.raises(Conflict, match="not active"):
        support.reset_password(session, an_administrator(session), user, now=NOW)


def test_a_refusal_is_on_record_once_it_is_committed(session):
    helper, superuser = identity_with(session, RESET), make_user(session, superuser=True)
    session.commit()

    refused(session, helper, superuser)
    session.commit()

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "reset_password_refused")).one()
    assert entry.label == str(superuser)
    assert "rights that you lack" in entry.changes["reason"][1]


@pytest.mark.parametrize("actor", [None, COMMAND_LINE])
def test_the_command_line_needs_force_for_people_with_rights(session, actor):
    plain = make_user(session)
    clerk = make_user(session, roles=(make_role(session, ("course", "list")),))
    superuser = make_user(session, superuser=True)

    assert support.reset_password(session, actor, plain, now=NOW)
    for user in (clerk, superuser):
        assert "--force" in refused(session, actor, user)
        assert support.reset_password(session, actor, user, force=True, now=NOW)


DEEDS = {
    "reset_password": Action.RESET_PASSWORD,
    "send_reset_link": Action.RESET_PASSWORD,
    "temporary_password": Action.TEMPORARY_PASSWORD,
    "unlock": Action.UNLOCK,
    "end_sessions_of": Action.END_SESSIONS,
    "remove_second_factor": Action.REMOVE_SECOND_FACTOR,
    "activate": Action.ACTIVATE,
    "deactivate": Action.ACTIVATE,
}


def do(session, name, actor, user, **options):
    more = {"passwords": CHEAP} if name == "temporary_password" else {}
    return getattr(support, name)(session, actor, user, **more, **options)


@pytest.mark.parametrize("name", DEEDS)
def test_each_deed_asks_for_its_own_right_and_reaches_nobody_who_holds_more(session, name: str):
    user = make_user(session, superuser=True)
    boss = make_user(session, superuser=True, password=PASSWORD)
    others = [("user", str(action)) for action in dict.fromkeys(DEEDS.values()) if action != DEEDS[name]]

    with pytest.raises(Forbidden, match="You may not"):
        do(session, name, identity_with(session, *others), make_user(session))
    with pytest.raises(Forbidden, match="rights that you lack"):
        do(session, name, identity_with(session, ("user", "*")), boss)
    with pytest.raises(Forbidden, match=r"[Yy]our own"):
        do(session, name, identity_of(session, user), user)


@pytest.mark.parametrize("name", DEEDS)
def test_the_command_line_needs_force_for_each_deed_to_people_with_rights(session, name: str):
    clerk = make_user(session, roles=(make_role(session, ("course", "list")),), is_active=name != "activate")
    session.add(SecondFactor(user_id=clerk.user_id, secret="x", confirmed_at=NOW))
    session.flush()

    with pytest.raises(Forbidden, match="--force"):
        do(session, name, None, clerk)
    do(session, name, None, clerk, force=True)


@pytest.mark.parametrize("name", DEEDS)
def test_the_password_is_asked_for_again_where_a_deed_lets_somebody_in(session, name: str):
    user = make_user(session, is_active=name != "activate")
    session.add(SecondFactor(user_id=user.user_id, secret="x", confirmed_at=NOW))
    session.flush()
    helper = replace(identity_with(session, ("user", "*")), authenticated_at=NOW)

    if DEEDS[name] in support.ASKED_AGAIN:
        with pytest.raises(PasswordNeeded):
            do(session, name, helper, user)
    else:
        do(session, name, helper, user)


def test_a_link_that_is_sent_is_made_by_who_sends_it_and_earlier_ones_end(session):
    user = make_user(session, password=PASSWORD, signed_in_on=2)
    earlier = create_link(session, user, LinkPurpose.RESET_PASSWORD, now=NOW)

    support.send_reset_link(session, an_administrator(session), user, now=NOW)
    session.flush()

    assert user.sessions == []
    with pytest.raises(LinkExpired):
        peek_link(session, earlier.token, now=NOW)
    mail = session.scalars(select(OutgoingMail)).one()
    assert (mail.kind, mail.user, mail.due_at) == ("password_link", user, NOW)


def test_a_temporary_password_replaces_the_other_and_its_owner_is_told(session):
    user = make_user(session, password=PASSWORD, signed_in_on=1)

    password = do(session, "temporary_password", an_administrator(session), user, now=NOW)
    session.flush()

    assert CHEAP.verify(user.password_hash, password)
    assert not CHEAP.verify(user.password_hash, PASSWORD)
    assert (user.must_change_password, user.password_expires_at) == (True, NOW + timedelta(hours=24))
    assert user.sessions == []
    assert session.scalars(select(OutgoingMail.kind)).all() == ["temporary_password"]


def test_there_is_nothing_to_remove_activate_or_deactivate_twice(session):
    helper, user = an_administrator(session), make_user(session)

    with pytest.raises(Conflict, match="no second factor"):
        support.remove_second_factor(session, helper, user)
    with pytest.raises(Conflict, match="active already"):
        support.activate(session, helper, user)
    support.deactivate(session, helper, user)
    with pytest.raises(Conflict, match="not active already"):
        support.deactivate(session, helper, user)


def test_what_did_nothing_leaves_no_event(session):
    helper, user = an_administrator(session), make_user(session)

    assert support.unlock(session, helper, user) is False
    assert support.end_sessions_of(session, helper, user) == 0

    assert not {"unlock", "end_sessions"} & set(session.scalars(select(AuditEntry.action)))
