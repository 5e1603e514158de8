"""The links with which one person may set a password once."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from admin_site.audit import UNAUDITED
from admin_site.errors import LinkExpired
from admin_site.models import CredentialToken, LinkPurpose, OutgoingMail, Role, User, user_roles, utc_now
from admin_site.permissions import holds_more, identity_of
from admin_site.security.tokens import hash_token, new_token
from admin_site.services.mail import forget_links

LINK_LIFETIME = timedelta(hours=1)

_NO_RECORD = {UNAUDITED: "links are recorded as the events they are: reset asked for, reset used"}


@dataclass(frozen=True)
class PasswordLink:
    """What a link is built from; the token is not stored and cannot be shown again."""

    token: str = field(repr=False)
    user_name: str
    purpose: LinkPurpose
    expires_at: datetime


def create_link(
    session: Session,
    user: User,
    purpose: LinkPurpose,
    *,
    created_by: uuid.UUID | None = None,
    now: datetime | None = None,
) -> PasswordLink:
    """Return a single-use link valid for one hour; the earlier links of `user` end."""
    now = now or utc_now()
    expire_links(session, user, now=now)
    token, expires_at = new_token(), now + LINK_LIFETIME
    link = CredentialToken(
        purpose=purpose,
        user=user,
        token_hash=hash_token(token),
        created_at=now,
        expires_at=expires_at,
        created_by_id=created_by,
    )
    session.add(link)
    session.flush()  # a link whose row is missing must never be shown
    return PasswordLink(token, user.user_name, purpose, expires_at)


def peek_link(session: Session, token: str, *, now: datetime | None = None) -> User:
    """Return whose password the link sets, without using it up (raises LinkExpired)."""
    link = session.scalars(select(CredentialToken).where(*_works(token, now or utc_now()))).one_or_none()
    if link is None:
        raise LinkExpired
    return _owner(session, link)


def consume_link(session: Session, token: str, *, now: datetime | None = None) -> User:
    """Use the link up and return whose password it sets; of two who try at once one succeeds.

    Raises LinkExpired. The transaction, or savepoint, must be rolled back if the password is not set then.
    """
    now = now or utc_now()
    statement = update(CredentialToken).where(*_works(token, now)).values(used_at=now)
    # Looking first and writing later would let two through; the database decides in one statement.
    if _execute(session, statement) != 1:
        raise LinkExpired
    used = select(CredentialToken).where(CredentialToken.token_hash == hash_token(token))
    return _owner(session, session.scalars(used).one())


def expire_links(session: Session, user: User, *, now: datetime | None = None) -> None:
    """End every link of `user` that still works, and those that wait to be sent."""
    _expire(session, CredentialToken.user_id == user.user_id, now or utc_now())
    forget_links(session, OutgoingMail.user_id == user.user_id)


def expire_links_of_members(session: Session, role: Role, *, now: datetime | None = None) -> None:
    """End every link of everybody who has `role`, and those that wait to be sent."""
    members = select(user_roles.c.user_id).where(user_roles.c.role_id == role.role_id)
    _expire(session, CredentialToken.user_id.in_(members), now or utc_now())
    forget_links(session, OutgoingMail.user_id.in_(members))


def rests_on(session: Session, user: User, creator: User | None) -> bool:
    """Return whether a link for `user` may work: both are active, and `creator` lacks no right of `user`."""
    if not user.is_active or (creator is not None and not creator.is_active):
        return False
    return creator is None or not holds_more(identity_of(session, creator), identity_of(session, user))


def _owner(session: Session, link: CredentialToken) -> User:
    """Return whose link it is, unless they or who made it have no longer what it rests on."""
    if not rests_on(session, link.user, link.created_by):
        raise LinkExpired
    return link.user


def _expire(session: Session, whose: ColumnElement[bool], now: datetime) -> None:
    works = CredentialToken.used_at.is_(None), CredentialToken.expires_at > now
    _execute(session, update(CredentialToken).where(whose, *works).values(expires_at=now))


def _works(token: str, now: datetime) -> tuple[Any, ...]:
    return (
        CredentialToken.token_hash == hash_token(token),
        CredentialToken.used_at.is_(None),
        CredentialToken.expires_at > now,
    )


def _execute(session: Session, statement: Any) -> int:
    return cast(CursorResult[Any], session.execute(statement, execution_options=_NO_RECORD)).rowcount
