"""Looking at the site as somebody else sees it, without changing anything."""

import uuid
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from admin_site.models import User
from admin_site.permissions import Action, Identity, Viewer, allows, holds_more, identity_of


def seen_by(session: Session, viewer: Identity, user_id: uuid.UUID, reason: str, until: datetime) -> Identity:
    """Return who `viewer` sees the site as; themselves, once they may not see it as that person any more."""
    user = session.get(User, user_id)
    if user is None or not user.is_active or not allows(viewer, Action.VIEW_AS, "user"):
        return viewer
    seen = identity_of(session, user, viewer.session_id)
    if seen.is_superuser or holds_more(viewer, seen):
        return viewer
    return replace(
        seen,
        viewer=Viewer(viewer.user_id, viewer.signature, reason, until),
        preferences=viewer.preferences,
        seen_at=viewer.seen_at,
    )
