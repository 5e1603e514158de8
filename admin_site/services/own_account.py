"""What a person sees and does of their own account: where they are signed in, and what happened to it."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.descriptions import describe
from admin_site.errors import NotFound
from admin_site.models import AuditEntry, User
from admin_site.services.sessions import end_session_called, end_sessions

SHOWN = 12  # events

EVENTS = {
    "sign_in": "Signed in",
    "sign_in_failed": "Somebody failed to sign in",
    "code_asked": "The password was right, and the code was asked for",
    "confirm_password_failed": "A wrong password was entered",
    "sign_out": "Signed out",
    "locked": "Locked for a while after too many attempts",
    "unlock": "Unlocked",
    "forgot_password": "A new password was asked for",
    "create_link": "A password link was made",
    "send_link": "A password link was sent",
    "reset_password": "The password was reset",
    "redeem_link": "The password was set with a link",
    "temporary_password": "A temporary password was given",
    "change_password": "The password was changed",
    "end_sessions": "Browsers were signed out",
    "add_second_factor": "The second factor was set up",
    "remove_second_factor": "The second factor was removed",
    "renew_recovery_codes": "New recovery codes were made",
    "use_recovery_code": "A recovery code was used",
    "activate": "The account was activated",
    "deactivate": "The account was deactivated",
    "view_as": "Somebody looked at the site as you see it",
}
"""The events around an account that concern whose it is, as they are told to them."""


def recent_events(session: Session, user: User) -> Sequence[AuditEntry]:
    """Return the latest events around an account, newest first."""
    statement = (
        select(AuditEntry)
        .where(
            AuditEntry.model == audit.model_name(describe(User)),
            AuditEntry.key == audit.record_key(describe(User), user),
            AuditEntry.action.in_(EVENTS),
        )
        .order_by(AuditEntry.entry_id.desc())
        .limit(SHOWN)
    )
    return session.scalars(statement).all()


def end_own_session(session: Session, user: User, session_id: uuid.UUID) -> None:
    """Sign `user` out of one browser (raises NotFound when it is not signed in, or is somebody else's)."""
    if not end_session_called(session, user, session_id):
        raise NotFound("That browser is not signed in any more.")
    audit.note(session, "end_sessions", user)


def end_other_sessions(session: Session, user: User, keep: uuid.UUID | None) -> int:
    """Sign `user` out everywhere but in the session `keep`; return how many ended."""
    number = end_sessions(session, user, keep=keep)
    if number:
        audit.note(session, "end_sessions", user)
    return number
