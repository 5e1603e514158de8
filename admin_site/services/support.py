"""Help for people who cannot sign in, and for the accounts of those who should not."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.errors import Conflict, Forbidden
from admin_site.models import LinkPurpose, User
from admin_site.permissions import COMMAND_LINE, Action, Identity, identity_of
from admin_site.security.passwords import PASSWORDS, Passwords
from admin_site.services import second_factors, throttling
from admin_site.services.guards import REFUSED, guard
from admin_site.services.links import PasswordLink, create_link, expire_links
from admin_site.services.mail import MailKind, queue
from admin_site.services.passwords import give_temporary_password
from admin_site.services.powers import check_beforehand
from admin_site.services.reauthentication import require_recent_password
from admin_site.services.rows import require_record
from admin_site.services.sessions import end_session_called, end_sessions

NO_SECOND_FACTOR = "This person has no second factor."
ACTIVE_ALREADY = "This person is active already."
INACTIVE_ALREADY = "This person is not active already."

ASKED_AGAIN = frozenset(
    {Action.RESET_PASSWORD, Action.TEMPORARY_PASSWORD, Action.REMOVE_SECOND_FACTOR, Action.VIEW_AS}
)
"""What takes the password of who does it once more, when it was typed a while ago."""


def reset_password(
    session: Session,
    actor: Identity | None,
    user: User,
    *,
    force: bool = False,
    now: datetime | None = None,
) -> PasswordLink:
    """Return a single-use link valid for one hour and sign `user` out everywhere.

    Raises Forbidden when `actor` may not reset passwords, or `user` is `actor` or holds a right that `actor`
    lacks; Conflict when `user` is not active. On the command line nobody is signed in: `actor` is None, who
    lacks every right unless `force` says so. A refusal is noted before it is raised: commit after it too.

    The other deeds of this module refuse alike.
    """
    check(session, actor, Action.RESET_PASSWORD, user, force=force)
    end_sessions(session, user)
    purpose = LinkPurpose.RESET_PASSWORD if user.password_hash else LinkPurpose.FIRST_PASSWORD
    link = create_link(session, user, purpose, created_by=_doer(actor), now=now)
    audit.note(session, "reset_password", user)
    return link


def send_reset_link(
    session: Session,
    actor: Identity | None,
    user: User,
    *,
    force: bool = False,
    now: datetime | None = None,
) -> None:
    """Let a single-use link be sent to the address of `user`, and sign them out everywhere.

    Nobody but them sees it: it is made when it is sent.
    """
    check(session, actor, Action.RESET_PASSWORD, user, force=force)
    end_sessions(session, user)
    expire_links(session, user, now=now)
    queue(session, MailKind.PASSWORD_LINK, user, created_by=_doer(actor), now=now)
    audit.note(session, "send_link", user)


def temporary_password(
    session: Session,
    actor: Identity | None,
    user: User,
    *,
    force: bool = False,
    passwords: Passwords = PASSWORDS,
    now: datetime | None = None,
) -> str:
    """Return a password that lets `user` in for 24 hours, to choose one of their own; it is not kept.

    They are signed out everywhere, and told by mail.
    """
    check(session, actor, Action.TEMPORARY_PASSWORD, user, force=force)
    password = give_temporary_password(session, user, passwords=passwords, now=now)
    audit.note(session, "temporary_password", user)
    queue(session, MailKind.TEMPORARY_PASSWORD, user, created_by=_doer(actor), now=now)
    return password


def unlock(session: Session, actor: Identity | None, user: User, *, force: bool = False) -> bool:
    """Let `user` try to sign in again at once; return whether they had to wait."""
    check(session, actor, Action.UNLOCK, user, force=force)
    was_locked = throttling.clear(session, user)
    if was_locked:
        audit.note(session, "unlock", user)
    return was_locked


def end_sessions_of(
    session: Session,
    actor: Identity | None,
    user: User,
    *,
    session_id: uuid.UUID | None = None,
    force: bool = False,
) -> int:
    """Sign `user` out everywhere, or in one session alone; return how many sessions ended."""
    check(session, actor, Action.END_SESSIONS, user, force=force)
    if session_id is None:
        number = end_sessions(session, user)
    else:
        number = int(end_session_called(session, user, session_id))
    if number:
        audit.note(session, "end_sessions", user, changes={"sessions": [number, 0]})
    return number


def remove_second_factor(
    session: Session,
    actor: Identity | None,
    user: User,
    *,
    force: bool = False,
    now: datetime | None = None,
) -> None:
    """Let `user` sign in with the password alone; they are signed out everywhere, and told by mail.

    Raises Conflict when there is nothing to take away.
    """
    check(session, actor, Action.REMOVE_SECOND_FACTOR, user, force=force)
    if not second_factors.is_on(session, user):
        raise Conflict(NO_SECOND_FACTOR)
    second_factors.remove(session, user, created_by=_doer(actor), now=now)


def activate(session: Session, actor: Identity | None, user: User, *, force: bool = False) -> None:
    """Let `user` sign in; raises Conflict when they may already."""
    _set_active(session, actor, user, is_active=True, force=force)


def deactivate(session: Session, actor: Identity | None, user: User, *, force: bool = False) -> None:
    """Keep `user` out and sign them out everywhere; raises Conflict for the last active superuser."""
    _set_active(session, actor, user, is_active=False, force=force)


def check(
    session: Session, actor: Identity | None, action: Action, user: User, *, force: bool = False
) -> None:
    """Raise Forbidden, Conflict or PasswordNeeded unless `actor` may do `action` to the account of `user`."""
    try:
        _require(session, actor, action, user, force)
    except Forbidden as refusal:
        name = "reset_password_refused" if action is Action.RESET_PASSWORD else REFUSED
        audit.note(session, name, user, changes={"reason": [None, str(refusal)]})
        raise


def _require(session: Session, actor: Identity | None, action: Action, user: User, force: bool) -> None:
    if actor is not None and actor != COMMAND_LINE:
        require_record(session, actor, action, user)
        check_beforehand(session, actor, action, user)
        if action in ASKED_AGAIN:
            require_recent_password(actor)
        return
    if not force:
        target = identity_of(session, user)
        if target.is_superuser or target.rights:
            raise Forbidden(
                f"{user} holds rights of their own. On the command line, add --force to do it anyway."
            )
    check_beforehand(session, COMMAND_LINE, action, user)


def _set_active(
    session: Session, actor: Identity | None, user: User, *, is_active: bool, force: bool
) -> None:
    check(session, actor, Action.ACTIVATE, user, force=force)
    if user.is_active == is_active:
        raise Conflict(ACTIVE_ALREADY if is_active else INACTIVE_ALREADY)
    user.is_active = is_active
    guard(session, actor)
    session.flush()  # of the two entries the one that tells what it means comes last
    audit.note(session, "activate" if is_active else "deactivate", user)


def _doer(actor: Identity | None) -> uuid.UUID | None:
    return actor.user_id if actor is not None and actor != COMMAND_LINE else None
