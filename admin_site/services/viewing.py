"""Looking at the site as somebody else sees it, without changing anything."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.audit import UNAUDITED
from admin_site.errors import Conflict, Forbidden, Invalid
from admin_site.models import User, Viewing, utc_now
from admin_site.permissions import Action, Identity, Viewer, allows, holds_more, identity_of, require

VIEWING_LASTS = timedelta(minutes=15)
MAX_REASON = 300  # characters

WITHOUT_REASON = "Say why, in some words: the person's request, or the number of their ticket."
LONG_REASON = f"Say it in {MAX_REASON} characters or fewer."
ONESELF = "This is your own account: you see the site as yourself already."
SUPERUSER = "{user} is a superuser. Nobody looks at the site as a superuser does."
MIGHTIER = "{user} holds rights that you lack, so you may not see the site as they do."
INACTIVE = "This person is not active, so there is nothing that they see."
NESTED = "You look at the site as somebody else already. Stop that first."

_NO_RECORD = {UNAUDITED: "looking as somebody is recorded as the events it is: begun, stopped"}


def view_as(
    session: Session, viewer: Identity, user: User, reason: str, *, now: datetime | None = None
) -> datetime:
    """Let `viewer` see the site as `user` does, in the session they are in; return until when.

    Raises Forbidden when `viewer` may not, Conflict when `user` sees nothing, Invalid without a reason.
    """
    now = now or utc_now()
    require(viewer, Action.VIEW_AS, "user")
    check_viewing(session, viewer, user)
    words = _checked(reason)
    if viewer.session_id is None:
        raise Conflict("Sign in with a browser first.")
    until = now + VIEWING_LASTS
    _forget(session, viewer.session_id)
    row = {
        "session_id": viewer.session_id,
        "user_id": user.user_id,
        "reason": words,
        "created_at": now,
        "expires_at": until,
    }
    try:
        with session.begin_nested():
            session.execute(insert(Viewing).values(row), execution_options=_NO_RECORD)
    except IntegrityError as error:  # another tab was a moment faster
        raise Conflict(NESTED) from error
    audit.note(session, "view_as", user, changes={"reason": [None, words]})
    return until


def stop_viewing(session: Session, identity: Identity) -> User | None:
    """Let who looks as somebody else be themselves again; return whom they saw the site as."""
    if identity.session_id is None or not _forget(session, identity.session_id):
        return None
    user = session.get(User, identity.user_id) if identity.viewer else None
    if identity.viewer is not None and user is not None:
        audit.attribute_to(session, identity.viewer.user_id, identity.viewer.signature)
        audit.note(session, "stop_viewing", user)
    return user


def check_viewing(session: Session, viewer: Identity, user: User) -> None:
    """Raise Forbidden or Conflict when `viewer` may not see the site as `user` does, whatever the reason."""
    if viewer.viewer is not None:
        raise Forbidden(NESTED)
    if viewer.user_id == user.user_id:
        raise Forbidden(ONESELF)
    if refusal := _exceeds(viewer, identity_of(session, user)):
        raise Forbidden(refusal.format(user=user))
    if not user.is_active:
        raise Conflict(INACTIVE)


def seen_by(session: Session, viewer: Identity, user_id: uuid.UUID, reason: str, until: datetime) -> Identity:
    """Return who `viewer` sees the site as; themselves, once they may not see it as that person any more.

    It is asked again for every page: rights come and go.
    """
    user = session.get(User, user_id)
    if user is None or not user.is_active or viewer.duty is not None:
        return viewer
    if not allows(viewer, Action.VIEW_AS, "user"):
        return viewer
    seen = identity_of(session, user, viewer.session_id)
    if _exceeds(viewer, seen):
        return viewer
    return replace(
        seen,
        viewer=Viewer(viewer.user_id, viewer.signature, reason, until),
        preferences=viewer.preferences,
        seen_at=viewer.seen_at,
        authenticated_at=viewer.authenticated_at,
    )


def _exceeds(viewer: Identity, seen: Identity) -> str:
    """Return in words why somebody with the rights of `seen` is not looked at by `viewer`, "" if they are."""
    if seen.is_superuser:
        return SUPERUSER
    return MIGHTIER if holds_more(viewer, seen) else ""


def _checked(reason: str) -> str:
    words = " ".join("".join(char if char.isprintable() else " " for char in reason).split())
    if not any(char.isalnum() for char in words):
        raise Invalid({"reason": WITHOUT_REASON})
    if len(words) > MAX_REASON:
        raise Invalid({"reason": LONG_REASON})
    return words


def _forget(session: Session, session_id: uuid.UUID) -> int:
    statement = delete(Viewing).where(Viewing.session_id == session_id)
    result: Any = session.execute(statement, execution_options=_NO_RECORD)
    return int(result.rowcount)
