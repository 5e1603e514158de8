"""The end of temporary passwords whose owners come to hold other rights than when they got them.

Whoever gave one knows it, and would come by rights that they could not have given it beside.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from admin_site.audit import UNAUDITED
from admin_site.models import Role, User, user_roles, utc_now

_HOW = {UNAUDITED: "it goes with a change of rights, which is recorded", "synchronize_session": False}


def expire_temporary_password(session: Session, user: User, *, now: datetime | None = None) -> None:
    """Let no temporary password of `user` work any more."""
    _expire(session, User.user_id == user.user_id, now or utc_now())


def expire_temporary_passwords_of_members(
    session: Session, role: Role, *, now: datetime | None = None
) -> None:
    """Let no temporary password of anybody who has `role` work any more."""
    members = select(user_roles.c.user_id).where(user_roles.c.role_id == role.role_id)
    _expire(session, User.user_id.in_(members), now or utc_now())


def _expire(session: Session, whose: ColumnElement[bool], now: datetime) -> None:
    # One that is being given right now is waited for; who gives one next waits for the rights to change.
    session.execute(select(User.user_id).where(whose).order_by(User.user_id).with_for_update(key_share=True))
    is_temporary = User.must_change_password, User.password_expires_at > now
    statement = update(User).where(whose, *is_temporary)
    session.execute(
        statement.values(password_expires_at=now, updated_at=User.updated_at), execution_options=_HOW
    )
