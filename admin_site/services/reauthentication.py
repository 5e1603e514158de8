"""Asking somebody who is signed in for their password once more, before what matters."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.errors import Forbidden, Invalid, PasswordNeeded
from admin_site.models import User, utc_now
from admin_site.permissions import Identity
from admin_site.security.passwords import PASSWORDS, Passwords
from admin_site.services.throttling import check, clear, is_open, note_failure

RECENT = timedelta(minutes=15)
WRONG_PASSWORD = "This is not your password."  # noqa: S105 - words
WHILE_LOOKING = "This takes a password, so it stays closed while you look at the site as somebody else."


def require_recent_password(identity: Identity, *, now: datetime | None = None) -> None:
    """Raise PasswordNeeded unless the person typed their password within the last 15 minutes.

    Whoever is not signed in through a page, as on the command line, is not asked. Raises Forbidden for who
    looks at the site as somebody else does: it is not their password that would be asked for.
    """
    if identity.viewer is not None:
        raise Forbidden(WHILE_LOOKING)
    typed_at = identity.authenticated_at
    if typed_at is not None and typed_at <= (now or utc_now()) - RECENT:
        raise PasswordNeeded


def check_own_password(
    session: Session,
    user: User,
    password: str,
    *,
    ip_address: str | None = None,
    now: datetime | None = None,
    passwords: Passwords = PASSWORDS,
) -> None:
    """Make sure that who is signed in as `user` knows their password.

    Raises Invalid, for the field `current_password`, or TooManyAttempts: failures count with those of
    sign-in. The attempt is noted: commit after a refusal too. What `session` did before is committed, so that
    nobody who waits for a turn to hash holds a connection.
    """
    name, now = user.user_name, now or utc_now()
    check(session, user, name, ip_address, now=now)
    is_over = user.password_expires_at is not None and user.password_expires_at <= now
    password_hash = None if is_over else user.password_hash
    session.commit()
    if not passwords.verify(password_hash, password) or not is_open(session, user, name, ip_address, now=now):
        note_failure(session, user, name, ip_address, now=now)
        audit.note(session, "confirm_password_failed", user)
        raise Invalid({"current_password": WRONG_PASSWORD})


def note_confirmed(session: Session, user: User) -> None:
    """Record that somebody typed their password again."""
    clear(session, user)
    audit.note(session, "confirm_password", user)
