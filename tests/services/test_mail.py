"""The queue of mail."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from admin_site import audit
from admin_site.audit import Act
from admin_site.models import AuditEntry, LinkPurpose, OutgoingMail
from admin_site.services import accounts
from admin_site.services.guards import guard
from admin_site.services.links import create_link, expire_links, expire_links_of_members
from admin_site.services.mail import (
    DELAYS,
    LEASE,
    LINK_KINDS,
    MAX_ERROR,
    MailKind,
    claim,
    hold,
    note_failure,
    note_sent,
    queue,
)
from tests.factories import CHEAP, PASSWORD, an_administrator, make_role, make_user
from tests.parallel import at_once

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def queued(session, kind=MailKind.PASSWORD_CHANGED, **values) -> OutgoingMail:
    mail = queue(session, kind, make_user(session, **values), now=NOW)
    session.flush()
    return mail


def test_a_message_goes_with_its_transaction(session):
    queued(session)
    session.rollback()
    assert claim(session, now=NOW) is None

    mail = queued(session)

    assert (mail.due_at, mail.attempts, mail.sent_at) == (NOW, 0, None)


def test_the_queue_knows_from_where_it_was_asked(session):
    audit.attribute(session, Act(None, "not signed in", ip_address="192.0.2.7"))

    assert queued(session).facts == {"come_from": "192.0.2.7"}
    assert queue(session, MailKind.EMAIL_CHANGED, None, come_from="x", more=1).facts == {
        "come_from": "x",
        "more": 1,
    }


def test_a_queued_message_leaves_no_record_of_its_own(session):
    mail = queued(session)
    entries = session.scalars(select(AuditEntry.model)).all()

    note_sent(session, claim(session, now=NOW))

    assert "outgoing_mails" not in entries
    assert session.scalars(select(AuditEntry.model)).all() == entries
    session.refresh(mail)
    assert mail.sent_at is not None


def test_messages_go_in_the_order_in_which_they_are_due(session):
    late, early = queued(session), queued(session)
    early.due_at = NOW - timedelta(minutes=1)
    session.flush()

    assert [claim(session, now=NOW).mail_id for _ in range(2)] == [early.mail_id, late.mail_id]
    assert claim(session, now=NOW) is None


def test_a_claimed_message_is_nobody_elses_until_the_lease_ends(session):
    mail = queued(session)
    claim(session, now=NOW)

    assert claim(session, now=NOW + LEASE - timedelta(seconds=1)) is None
    again = claim(session, now=NOW + LEASE)
    assert (again.mail_id, again.attempts) == (mail.mail_id, 2)


def test_of_two_who_claim_at_once_each_gets_another_message(database, session):
    for _ in range(2):
        queued(session)
    session.commit()

    first, second = at_once(database, *[lambda session: claim(session, now=NOW)] * 2)

    assert {first.mail_id, second.mail_id} == set(session.scalars(select(OutgoingMail.mail_id)))


def test_of_two_who_claim_the_only_message_one_gets_it(database, session):
    mail = queued(session)
    session.commit()

    results = at_once(database, *[lambda session: claim(session, now=NOW)] * 2)

    assert [result.mail_id for result in results if result is not None] == [mail.mail_id]


def test_each_failure_waits_longer_than_the_one_before(session):
    mail, moment = queued(session), NOW
    waits = []
    for _ in range(len(DELAYS)):
        taken = claim(session, now=moment)
        assert not note_failure(session, taken, "no", now=moment)
        session.refresh(mail)
        waits.append(mail.due_at - moment)
        moment = mail.due_at

    assert waits == sorted(set(waits))
    assert note_failure(session, claim(session, now=moment), "x" * 1000, now=moment)
    session.refresh(mail)
    assert (mail.due_at, mail.error) == (None, "x" * MAX_ERROR)


def test_who_comes_back_after_their_lease_does_not_undo_what_another_did(session):
    mail = queued(session)
    slow = claim(session, now=NOW)
    quick = claim(session, now=NOW + LEASE)
    note_sent(session, quick)

    note_failure(session, slow, "too late", now=NOW)

    session.refresh(mail)
    assert (mail.due_at, mail.error) == (None, None)


@pytest.mark.parametrize("kind", sorted(LINK_KINDS))
def test_what_ends_links_ends_those_that_wait_to_be_sent(session, kind):
    role = make_role(session)
    member = queued(session, kind, roles=(role,))
    other = queued(session, kind)
    notice = queue(session, MailKind.PASSWORD_CHANGED, member.user, now=NOW)
    session.flush()

    expire_links(session, member.user)
    for mail in (member, other, notice):
        session.refresh(mail)
    assert [mail.due_at for mail in (member, other, notice)] == [None, NOW, NOW]
    assert "not wanted any more" in member.error

    expire_links_of_members(session, role)
    session.refresh(other)
    assert other.due_at == NOW


def test_a_message_being_sent_outlives_its_own_link_but_no_later_event(session):
    mail = queued(session, MailKind.FORGOT_PASSWORD, password=PASSWORD)
    taken = claim(session, now=NOW)
    create_link(session, mail.user, LinkPurpose.RESET_PASSWORD, now=NOW)
    hold(session, taken, now=NOW)
    session.refresh(mail)
    assert mail.due_at == NOW + LEASE

    expire_links(session, mail.user)
    note_failure(session, taken, "no", now=NOW)

    session.refresh(mail)
    assert mail.due_at is None


def test_signing_in_forgets_the_link_that_waits(session):
    mail = queued(session, MailKind.FORGOT_PASSWORD, password=PASSWORD)
    session.commit()

    accounts.sign_in(session, mail.user.user_name, PASSWORD, passwords=CHEAP, now=NOW)

    session.refresh(mail)
    assert mail.due_at is None


def test_another_address_is_told_at_both(session):
    user = make_user(session, email_address="old@example.org")
    actor = an_administrator(session)
    session.commit()

    user.email_address = "new@example.org"
    guard(session, actor)
    session.flush()

    mails = session.scalars(select(OutgoingMail).order_by(OutgoingMail.mail_id)).all()
    assert {mail.kind for mail in mails} == {MailKind.EMAIL_CHANGED}
    assert [mail.facts.get("send_to") for mail in mails] == [None, "old@example.org"]
    assert {mail.created_by_id for mail in mails} == {actor.user_id}


def test_an_address_that_stays_is_told_to_nobody(session):
    user = make_user(session)
    actor = an_administrator(session)
    session.commit()

    user.first_name = "Ada"
    guard(session, actor)
    session.flush()

    assert session.scalars(select(OutgoingMail)).all() == []
