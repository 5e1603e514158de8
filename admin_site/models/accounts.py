"""People and what they may do."""

import unicodedata
import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import (
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    inspect,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from admin_site.models.base import Base, Timestamped, utc_now

if TYPE_CHECKING:
    from admin_site.models.flows import Flow
    from admin_site.models.items import Item
    from admin_site.models.school import Enrollment, UserType
    from admin_site.models.sign_in import SecondFactor

SESSION_LIFETIME = timedelta(days=7)
LONG_AGO = "'1970-01-01 00:00:00'"  # in SQL: when sessions of earlier versions are taken to have asked
MAX_RAW_NAME = 1000  # characters: the time NFKC takes grows with the square of some texts' length

_OWN = "People choose it for themselves, on the page of their account."

# In the info of a person's state: the relations whose members were changed from the person's side.
CHANGED_HERE = "changed_here"


class LinkPurpose(StrEnum):
    FIRST_PASSWORD = "first_password"  # noqa: S105 - the name of a purpose
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a purpose


user_roles = Table(
    "user_roles",
    Base.metadata,
    Column("user_id", ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("roles.role_id", ondelete="CASCADE"), primary_key=True, index=True),
)


class User(Timestamped, Base):
    __tablename__ = "users"

    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_name: Mapped[str] = mapped_column(String(150))
    email_address: Mapped[str] = mapped_column(String(254), info={"personal": True})
    first_name: Mapped[str | None] = mapped_column(String(150))
    last_name: Mapped[str | None] = mapped_column(String(150))
    user_image: Mapped[str | None] = mapped_column(String(500))
    age: Mapped[int | None] = mapped_column(CheckConstraint("age > 0", name="age_is_positive"))
    user_type_id: Mapped[int | None] = mapped_column(
        ForeignKey("user_types.user_type_id", ondelete="RESTRICT"), index=True
    )
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_superuser: Mapped[bool] = mapped_column(default=False, server_default=false())
    password_hash: Mapped[str | None] = mapped_column(String(255), info={"secret": True})
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    password_changed_at: Mapped[datetime | None] = mapped_column(
        info={"read_only": "Set when the password changes."}
    )
    password_expires_at: Mapped[datetime | None] = mapped_column(
        info={"read_only": "Set with a temporary password."}
    )
    language: Mapped[str | None] = mapped_column(String(35), info={"read_only": _OWN})
    time_zone: Mapped[str | None] = mapped_column(String(64), info={"read_only": _OWN})
    theme: Mapped[str | None] = mapped_column(String(10), info={"read_only": _OWN})
    last_login: Mapped[datetime | None] = mapped_column(
        info={"read_only": "Set at sign-in.", "audited": False}
    )

    user_type: Mapped["UserType | None"] = relationship(back_populates="users")
    roles: Mapped[list["Role"]] = relationship(secondary=user_roles, back_populates="users")
    sessions: Mapped[list["UserSession"]] = relationship(
        back_populates="user", cascade="all, delete-orphan", passive_deletes=True
    )
    credential_tokens: Mapped[list["CredentialToken"]] = relationship(
        back_populates="user",
        cascade="all, delete-orphan",
        passive_deletes=True,
        foreign_keys="CredentialToken.user_id",
    )
    enrollments: Mapped[list["Enrollment"]] = relationship(
        back_populates="user", cascade="all, delete-orphan", passive_deletes=True
    )
    second_factor: Mapped["SecondFactor | None"] = relationship(
        back_populates="user", cascade="all, delete-orphan", passive_deletes=True
    )
    flows: Mapped[list["Flow"]] = relationship(secondary="user_flows", back_populates="users")
    items: Mapped[list["Item"]] = relationship(
        back_populates="owner", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        Index("uq_users_user_name_lower", func.lower(user_name), unique=True),
        Index("uq_users_email_address_lower", func.lower(email_address), unique=True),
        Index("ix_users_created_at_user_id", "created_at", "user_id"),
    )

    @validates("user_name", "email_address")
    def _normalize(self, _: str, value: str) -> str:
        return normalize_name(value)

    @validates("enrollments", "flows", "items", include_removes=True, include_backrefs=False)
    def _note_side(self, name: str, value: object, _: bool) -> object:
        # A change from the other side, such as of an item's owner, looks alike afterwards but is no edit of
        # this person.
        inspect(self).info.setdefault(CHANGED_HERE, set()).add(name)
        return value

    def __str__(self) -> str:
        return full_name(self.first_name, self.last_name) or self.user_name


class UserSession(Base):
    __tablename__ = "user_sessions"

    session_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"secret": True})
    start_time: Mapped[datetime]
    expiration_time: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    authenticated_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=text(LONG_AGO))
    """When the password was typed last."""
    is_kept: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it lasts to its end though nobody uses it: "stay signed in"."""
    ip_address: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(500))

    user: Mapped[User] = relationship(back_populates="sessions")

    __table_args__ = (CheckConstraint("expiration_time >= start_time", name="expires_after_start"),)

    def __str__(self) -> str:
        return f"Session from {self.start_time:%Y-%m-%d %H:%M}"


class Role(Timestamped, Base):
    __tablename__ = "roles"

    role_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    requires_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())

    users: Mapped[list[User]] = relationship(secondary=user_roles, back_populates="roles")
    grants: Mapped[list["RoleGrant"]] = relationship(
        back_populates="role", cascade="all, delete-orphan", passive_deletes=True
    )

    def __str__(self) -> str:
        return self.name


class RoleGrant(Base):
    """A right of a role: an action, or `*` for all, on a model, or `*` for all.

    `fields` limits it to some fields of the records, named in alphabetical order with commas between; `scope`
    to the records of one of the scopes of the view. "" limits nothing.
    """

    __tablename__ = "role_grants"

    grant_id: Mapped[int] = mapped_column(primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.role_id", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(100))
    fields: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    scope: Mapped[str] = mapped_column(String(100), default="", server_default=text("''"))

    role: Mapped[Role] = relationship(back_populates="grants")

    __table_args__ = (UniqueConstraint("role_id", "model", "action"),)

    @validates("model", "action", "scope")
    def _clean(self, name: str, value: str | None) -> str | None:
        # Control characters part the grants where all that somebody holds is read as one text.
        if value is None:
            return "" if name == "scope" else None  # its column refuses what is needed and missing
        return "".join(char for char in value if char.isprintable())

    @validates("fields")
    def _sort(self, name: str, value: str | None) -> str:
        cleaned = self._clean(name, value) or ""
        return ",".join(sorted({each.strip() for each in cleaned.split(",")} - {""}))

    def __str__(self) -> str:
        return f"{self.action} on {self.model}"


class CredentialToken(Base):
    """A link with which one person may set a password once."""

    __tablename__ = "credential_tokens"

    token_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    purpose: Mapped[LinkPurpose] = mapped_column(
        Enum(
            LinkPurpose,
            name="purpose",
            native_enum=False,
            create_constraint=True,
            length=30,
            values_callable=lambda members: [member.value for member in members],
        )
    )
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"secret": True})
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.user_id", ondelete="SET NULL"), index=True
    )

    user: Mapped[User] = relationship(back_populates="credential_tokens", foreign_keys=[user_id])
    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id])

    def __str__(self) -> str:
        return f"{self.purpose.value.replace('_', ' ')} link"


def full_name(first_name: str | None, last_name: str | None) -> str:
    return " ".join(part for part in (first_name, last_name) if part)


def normalize_name(name: str) -> str:
    """Return a user name or e-mail address as it is stored: NFKC, without spaces around it.

    Letters beyond A to Z become small: SQLite compares them as they are and PostgreSQL by its locale, so that
    "Ärger" and "ärger" would be two people on one and one on the other. What is longer than any name stays as
    it is, for its column to refuse.
    """
    if len(name) > MAX_RAW_NAME:
        return name.strip()
    composed = unicodedata.normalize("NFKC", name)
    small = "".join(char if char.isascii() else char.lower() for char in composed)
    return unicodedata.normalize("NFKC", small).strip()
