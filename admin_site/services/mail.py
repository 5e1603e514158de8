"""The mail that waits to be sent, which all processes of the site share."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from admin_site.audit import UNAUDITED
from admin_site.audit.acts import act_of
from admin_site.models import OutgoingMail, User, utc_now

LEASE = timedelta(minutes=10)  # for which nobody else takes a message that somebody is sending
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""How long to wait after each try that failed; after one more the message is given up."""
MOST_LINKS, LINKS_COUNT_FOR = 5, timedelta(hours=1)  # that one person is sent, whoever asks for them
FORGOTTEN = "The link is not wanted any more: the person signed in, or their account changed."
MAX_ERROR = 300  # characters of why it failed

_NO_RECORD = {UNAUDITED: "what is sent is recorded as the event it tells of"}


class MailKind(StrEnum):
    """What a message is about; each has its templates, mail/KIND.txt and mail/KIND.html."""

    FORGOT_PASSWORD = "forgot_password"  # noqa: S105 - the name of a message
    PASSWORD_LINK = "password_link"  # noqa: S105 - the name of a message
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a message
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a message
    TEMPORARY_PASSWORD = "temporary_password"  # noqa: S105 - the name of a message
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    RECOVERY_CODE_USED = "recovery_code_used"
    EMAIL_CHANGED = "email_changed"


LINK_KINDS = frozenset({MailKind.FORGOT_PASSWORD, MailKind.PASSWORD_LINK})
"""The messages with a link to set a password: they go to the person's own address and nowhere else."""


@dataclass(frozen=True)
class Claim:
    """A message that one process has taken to send; `attempts` counts this try."""

    mail_id: int
    attempts: int


def queue(
    session: Session,
    kind: MailKind,
    user: User | None,
    *,
    created_by: uuid.UUID | None = None,
    now: datetime | None = None,
    **facts: Any,
) -> OutgoingMail:
    """Let a message about `kind` be sent to `user` once this transaction is committed.

    `facts` are what its templates may tell, none of them secret; from where the deed was done is added. With
    the fact `send_to` a notice goes there. `created_by` is who did it, where that is not `user`. For nobody
    known (`user` None) as much is written and nothing is sent.
    """
    come_from = act_of(session).ip_address
    told = {"come_from": come_from, **facts} if come_from else facts
    mail = OutgoingMail(
        kind=kind, user=user, created_by_id=created_by, facts=told, created_at=now or utc_now()
    )
    mail.due_at = mail.created_at
    session.add(mail)
    return mail


def tell_of_new_address(
    session: Session, user: User, former: str, *, created_by: uuid.UUID | None = None
) -> None:
    """Tell a person that their e-mail address is another one now, at the `former` one too."""
    queue(session, MailKind.EMAIL_CHANGED, user, created_by=created_by)
    queue(session, MailKind.EMAIL_CHANGED, user, created_by=created_by, send_to=former)


def claim(session: Session, *, now: datetime | None = None) -> Claim | None:
    """Take the message that is due longest, or return None; commit before it is sent.

    Of several processes one gets it. When that one dies the message is due again after LEASE.
    """
    now = now or utc_now()
    due = (
        select(OutgoingMail.mail_id)
        .where(OutgoingMail.due_at <= now)
        .order_by(OutgoingMail.due_at, OutgoingMail.mail_id)
        .limit(1)
    )
    if session.scalar(due) is None:  # looked up first: on SQLite whoever writes waits for others to finish
        return None
    statement = (
        update(OutgoingMail)
        .where(OutgoingMail.mail_id == due.with_for_update(skip_locked=True).scalar_subquery())
        .values(due_at=now + LEASE, attempts=OutgoingMail.attempts + 1)
        .returning(OutgoingMail.mail_id, OutgoingMail.attempts)
    )
    options = {**_NO_RECORD, "synchronize_session": False}
    row = session.execute(statement, execution_options=options).one_or_none()
    return Claim(*row) if row else None


def note_sent(session: Session, taken: Claim, *, now: datetime | None = None) -> None:
    """Write down that a message was sent."""
    _write(session, _is(taken), due_at=None, sent_at=now or utc_now(), error=None)


def note_failure(
    session: Session, taken: Claim, reason: str, *, for_good: bool = False, now: datetime | None = None
) -> bool:
    """Write down why a message could not be sent; return whether it is given up.

    It is tried again after a delay that grows with each try, unless it fails `for_good`.
    """
    is_over = for_good or taken.attempts > len(DELAYS)
    due_at = None if is_over else (now or utc_now()) + DELAYS[taken.attempts - 1]
    # Meanwhile it may have been forgotten, or taken by somebody else after the lease.
    still_ours = OutgoingMail.due_at.is_not(None), OutgoingMail.attempts == taken.attempts
    _write(session, _is(taken), *still_ours, due_at=due_at, error=reason[:MAX_ERROR])
    return is_over


def hold(session: Session, taken: Claim, *, now: datetime | None = None) -> None:
    """Keep a message that is being sent, whose own link made the others that wait be forgotten."""
    _write(session, _is(taken), due_at=(now or utc_now()) + LEASE, error=None)


def forget_links(session: Session, whose: ColumnElement[bool]) -> None:
    """Send none of the links that wait to be sent, `whose` being a condition on OutgoingMail."""
    waits = OutgoingMail.due_at.is_not(None), OutgoingMail.kind.in_(LINK_KINDS)
    _write(session, *waits, whose, due_at=None, error=FORGOTTEN)


def links_sent(session: Session, user: User, *, now: datetime | None = None) -> int:
    """Return how many links `user` was sent lately."""
    recent = OutgoingMail.sent_at > (now or utc_now()) - LINKS_COUNT_FOR
    mine = OutgoingMail.user_id == user.user_id, OutgoingMail.kind.in_(LINK_KINDS)
    return len(session.scalars(select(OutgoingMail.mail_id).where(*mine, recent).limit(MOST_LINKS)).all())


def _is(taken: Claim) -> ColumnElement[bool]:
    return OutgoingMail.mail_id == taken.mail_id


def _write(session: Session, *conditions: ColumnElement[bool], **values: Any) -> int:
    statement = update(OutgoingMail).where(*conditions).values(**values)
    options = {**_NO_RECORD, "synchronize_session": False}
    return cast(CursorResult[Any], session.execute(statement, execution_options=options)).rowcount
