"""The sessions in which people are signed in."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    and_,
    bindparam,
    delete,
    inspect,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from admin_site.audit import UNAUDITED
from admin_site.errors import Forbidden
from admin_site.models import Role, SecondFactor, User, UserSession, Viewing, user_roles, utc_now
from admin_site.models.accounts import SESSION_LIFETIME
from admin_site.permissions import Duty, Identity, Preferences, identity_from, with_rights
from admin_site.security.tokens import hash_token, new_token
from admin_site.services.submissions import sweep
from admin_site.services.viewing import seen_by

IDLE_LIMIT = timedelta(minutes=30)  # a session that nobody uses for so long ends, unless it is kept
SEEN_EVERY = timedelta(minutes=1)  # how exactly it is known when a session was last used


def _is_live(now: Any, idle_since: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that a session has not ended by itself."""
    is_used = or_(UserSession.is_kept, UserSession.last_seen_at > idle_since)
    return UserSession.expiration_time > now, is_used


_SIGNED_IN = with_rights(
    select(
        UserSession.session_id,
        UserSession.last_seen_at,
        UserSession.authenticated_at,
        User.must_change_password,
        User.language,
        User.time_zone,
        User.theme,
        SecondFactor.confirmed_at,
        Viewing.user_id.label("viewed_id"),
        Viewing.expires_at.label("viewed_until"),
        Viewing.reason.label("viewed_because"),
    )
    .join_from(User, UserSession)
    .outerjoin(SecondFactor, SecondFactor.user_id == User.user_id)
    .outerjoin(Viewing, Viewing.session_id == UserSession.session_id)
    .where(
        UserSession.token_hash == bindparam("token"),
        *_is_live(bindparam("now"), bindparam("idle_since")),
        User.is_active,
    )
)
_NO_RECORD = {UNAUDITED: "sessions are recorded as the events they are: sign-in, sign-out, reset"}


def start_session(
    session: Session,
    user: User,
    *,
    ip_address: str | None = None,
    user_agent: str | None = None,
    is_kept: bool = False,
    now: datetime | None = None,
) -> str:
    """Sign `user` in for seven days at most; return the token, of which only a hash is stored.

    Unless the session `is_kept` it ends as soon as nobody uses it for half an hour. What is kept of forms
    that anybody saved longer ago than seven days goes now.
    """
    now = now or utc_now()
    token = new_token()
    started = UserSession(
        user=user,
        token_hash=hash_token(token),
        start_time=now,
        expiration_time=now + SESSION_LIFETIME,
        last_seen_at=now,
        authenticated_at=now,
        is_kept=is_kept,
        ip_address=_fit(ip_address, 45),
        user_agent=_fit(user_agent, 500),
    )
    session.add(started)
    session.flush()  # a token whose row is missing must never reach a browser
    sweep(session)
    return token


def identify(session: Session, token: str, *, now: datetime | None = None) -> Identity | None:
    """Return who is signed in with `token`, or None when the session has ended or they are not active."""
    now = now or utc_now()
    moments = {"token": hash_token(token), "now": now, "idle_since": now - IDLE_LIMIT}
    # For every page: the session's own way with rows of columns takes half as long again.
    connection = session.connection(bind_arguments={"mapper": inspect(User)})
    rights = connection.execute(_SIGNED_IN, moments).all()
    if not rights:
        return None
    first = rights[0]
    identity = identity_from(
        rights,
        first.session_id,
        seen_at=first.last_seen_at,
        authenticated_at=first.authenticated_at,
        duty=_duty(rights),
        preferences=Preferences(first.language or "", first.time_zone or "", first.theme or ""),
    )
    if first.viewed_id is None or first.viewed_until <= now:
        return identity
    return seen_by(session, identity, first.viewed_id, first.viewed_because, first.viewed_until)


def is_use_to_be_noted(identity: Identity, *, now: datetime | None = None) -> bool:
    """Return whether it is long enough ago that the session of an identity was noted to be in use."""
    return identity.seen_at is not None and identity.seen_at <= (now or utc_now()) - SEEN_EVERY


def note_use(session: Session, identity: Identity, *, now: datetime | None = None) -> None:
    """Write down, once a minute, that a session is in use.

    While somebody else is writing it is left to the next request.
    """
    now = now or utc_now()
    if not is_use_to_be_noted(identity, now=now):
        return
    statement = (
        update(UserSession)
        .where(UserSession.session_id == identity.session_id, UserSession.last_seen_at < now)
        .values(last_seen_at=now)
    )
    with suppress(OperationalError), session.begin_nested():
        session.execute(statement, execution_options=_NO_RECORD)


def live_sessions(session: Session, user: User, *, now: datetime | None = None) -> Sequence[UserSession]:
    """Return the sessions in which `user` is signed in, the one used last first."""
    now = now or utc_now()
    statement = (
        select(UserSession)
        .where(UserSession.user_id == user.user_id, *_is_live(now, now - IDLE_LIMIT))
        .order_by(UserSession.last_seen_at.desc(), UserSession.session_id)
    )
    return session.scalars(statement).all()


def rotate(
    session: Session, session_id: uuid.UUID, *, has_authenticated: bool = False, now: datetime | None = None
) -> str:
    """Return a new token for a session; the old one is that of no session any more.

    `has_authenticated` says that the password was typed just now. Raises Forbidden when the session has
    ended.
    """
    token = new_token()
    moment = {"authenticated_at": now or utc_now()} if has_authenticated else {}
    statement = (
        update(UserSession)
        .where(UserSession.session_id == session_id)
        .values(token_hash=hash_token(token), **moment)
    )
    if cast(CursorResult[Any], session.execute(statement, execution_options=_NO_RECORD)).rowcount != 1:
        raise Forbidden("Sign in first.")
    return token


def end_session(session: Session, token: str) -> User | None:
    """End the session of `token`; return whose it was, or None when there is no such session."""
    ended = session.scalars(
        select(UserSession).where(UserSession.token_hash == hash_token(token))
    ).one_or_none()
    if ended is None:
        return None
    user = ended.user
    _delete(session, UserSession.session_id == ended.session_id)
    session.expire(user, ["sessions"])
    return user


def end_session_called(session: Session, user: User, session_id: uuid.UUID) -> bool:
    """End one session of `user`; return whether there was one of that name."""
    number = _delete(session, UserSession.user_id == user.user_id, UserSession.session_id == session_id)
    if inspect(user).persistent:
        session.expire(user, ["sessions"])
    return number > 0


def end_sessions(session: Session, user: User, *, keep: uuid.UUID | None = None) -> int:
    """End every session of `user`, except the one called `keep`; return how many there were."""
    number = _delete(session, UserSession.user_id == user.user_id, UserSession.session_id != keep)
    if inspect(user).persistent:
        session.expire(user, ["sessions"])
    return number


def end_sessions_of_members(session: Session, role: Role, *, keep: uuid.UUID | None = None) -> None:
    """End every session of everybody who has `role`, except the one called `keep`."""
    members = select(user_roles.c.user_id).where(user_roles.c.role_id == role.role_id)
    _delete(session, UserSession.user_id.in_(members), UserSession.session_id != keep)


def sweep_sessions(session: Session, now: datetime) -> int:
    """Delete the sessions that have ended by themselves; return how many there were."""
    return _delete(session, not_(and_(*_is_live(now, now - IDLE_LIMIT))))


def _duty(rights: Sequence[Any]) -> Duty | None:
    """Return what somebody has to do first, of whom these are the rows."""
    if rights[0].must_change_password:
        return Duty.CHANGE_PASSWORD
    is_lacking = rights[0].confirmed_at is None and any(row.requires_second_factor for row in rights)
    return Duty.SET_UP_SECOND_FACTOR if is_lacking else None


def _delete(session: Session, *conditions: Any) -> int:
    result = session.execute(delete(UserSession).where(*conditions), execution_options=_NO_RECORD)
    return cast(CursorResult[Any], result).rowcount


def _fit(text: str | None, length: int) -> str | None:
    """Return `text` in one printable line that its column holds."""
    if text is None:
        return None
    return "".join(char if char.isprintable() else " " for char in text)[:length]
