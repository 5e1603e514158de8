"""Help for people who cannot sign in."""

from datetime import datetime

from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.errors import Conflict, Forbidden
from admin_site.models import LinkPurpose, User
from admin_site.permissions import COMMAND_LINE, Action, Identity, identity_of, require
from admin_site.services.links import PasswordLink, create_link
from admin_site.services.powers import INACTIVE, require_power_to_reset
from admin_site.services.sessions import end_sessions


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
    """
    try:
        _check(session, actor, user, force)
    except Forbidden as refusal:
        audit.note(session, "reset_password_refused", user, changes={"reason": [None, str(refusal)]})
        raise
    if not user.is_active:
        raise Conflict(INACTIVE)
    end_sessions(session, user)
    purpose = LinkPurpose.RESET_PASSWORD if user.password_hash else LinkPurpose.FIRST_PASSWORD
    created_by = actor.user_id if actor not in (None, COMMAND_LINE) else None
    link = create_link(session, user, purpose, created_by=created_by, now=now)
    audit.note(session, "reset_password", user)
    return link


def _check(session: Session, actor: Identity | None, user: User, force: bool) -> None:
    if force:
        return
    if actor is None or actor == COMMAND_LINE:
        target = identity_of(session, user)
        if target.is_superuser or target.grants:
            raise Forbidden(
                f"{user} holds rights of their own. On the command line, add --force to reset anyway."
            )
        return
    require(actor, Action.RESET_PASSWORD, "user")
    require_power_to_reset(session, actor, user)
