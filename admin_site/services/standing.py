"""How it stands with somebody's account: what keeps them out, where they are signed in, what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.descriptions import describe
from admin_site.models import AuditEntry, User, UserSession, utc_now
from admin_site.models.audit import SECURITY_EVENTS
from admin_site.services import second_factors, throttling
from admin_site.services.sessions import live_sessions

SIGN_INS = frozenset({"sign_in", "sign_in_failed"})
MOST_SIGN_INS = 60
MOST_EVENTS = 10
LATELY = timedelta(hours=1)


@dataclass(frozen=True)
class Standing:
    """What is known of an account beside its record."""

    is_active: bool
    has_password: bool
    locked_until: datetime | None
    has_second_factor: bool
    codes_left: int
    must_change_password: bool
    temporary_until: datetime | None
    is_expired: bool
    sessions: Sequence[UserSession]

    @property
    def is_locked(self) -> bool:
        return self.locked_until is not None


def standing_of(session: Session, user: User, *, now: datetime | None = None) -> Standing:
    """Return how it stands with an account at `now`."""
    now = now or utc_now()
    has_second_factor = second_factors.is_on(session, user)
    expires_at = user.password_expires_at if user.must_change_password else None
    return Standing(
        is_active=user.is_active,
        has_password=user.password_hash is not None,
        locked_until=throttling.blocked_until(session, user, now=now),
        has_second_factor=has_second_factor,
        codes_left=second_factors.codes_left(session, user) if has_second_factor else 0,
        must_change_password=user.must_change_password,
        temporary_until=expires_at,
        is_expired=expires_at is not None and expires_at <= now,
        sessions=live_sessions(session, user, now=now) if user.is_active else (),
    )


def last_sign_ins(session: Session, user: User) -> Sequence[AuditEntry]:
    """Return the latest attempts to sign in, newest first."""
    return _events(session, user, SIGN_INS, MOST_SIGN_INS)


def recent_events(session: Session, user: User) -> Sequence[AuditEntry]:
    """Return what happened lately around an account beside attempts to sign in, newest first."""
    return _events(session, user, SECURITY_EVENTS - SIGN_INS, MOST_EVENTS)


def lately_locked(session: Session, *, now: datetime | None = None) -> Sequence[str]:
    """Return the keys of the accounts that were locked within the last hour, the latest first."""
    statement = (
        select(AuditEntry.key)
        .where(
            AuditEntry.happened_at > (now or utc_now()) - LATELY,
            AuditEntry.model == audit.model_name(describe(User)),
            AuditEntry.action == "locked",
        )
        .order_by(AuditEntry.entry_id.desc())
        .limit(MOST_EVENTS)
    )
    return list(dict.fromkeys(session.scalars(statement)))


def _events(session: Session, user: User, actions: frozenset[str], most: int) -> Sequence[AuditEntry]:
    description = describe(User)
    statement = (
        select(AuditEntry)
        .where(
            AuditEntry.model == audit.model_name(description),
            AuditEntry.key == audit.record_key(description, user),
            AuditEntry.action.in_(sorted(actions)),
        )
        .order_by(AuditEntry.entry_id.desc())
        .limit(most)
    )
    return session.scalars(statement).all()
