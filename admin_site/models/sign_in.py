"""What a sign-in rests on beside the password."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin_site.models.accounts import User, UserSession
from admin_site.models.base import Base, utc_now


class SecondFactor(Base):
    """The secret that a person's authenticator shares with the site (TOTP, RFC 6238)."""

    __tablename__ = "second_factors"

    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True
    )
    secret: Mapped[str] = mapped_column(String(64), info={"secret": True})
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    confirmed_at: Mapped[datetime | None]
    """When the first right code was typed; until then nobody is asked for one."""
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The time step of the last code that was used: no code works twice."""

    user: Mapped[User] = relationship(back_populates="second_factor")

    def __str__(self) -> str:
        return "Second factor"


class RecoveryCode(Base):
    """A code that works once in place of one of the authenticator."""

    __tablename__ = "recovery_codes"

    code_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"secret": True})
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()

    def __str__(self) -> str:
        return "Recovery code"


class Throttle(Base):
    """How often somebody failed to sign in: to an account, or from an address.

    `key` is a digest of which of them, so that what was typed for a name is not kept.
    """

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None] = mapped_column(index=True)

    __table_args__ = (CheckConstraint("failures >= 0", name="failures_are_counted"),)

    def __str__(self) -> str:
        return f"{self.failures} failures"


class Viewing(Base):
    """As whom somebody looks at the site for a while, in one session, without changing anything."""

    __tablename__ = "viewings"

    session_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("user_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]

    session: Mapped[UserSession] = relationship()
    user: Mapped[User] = relationship()

    def __str__(self) -> str:
        return self.reason
