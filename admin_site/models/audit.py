"""What was changed, when, and by whom."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from admin_site.models.base import Base

COMMAND_LINE, SYSTEM = "command line", "system"
NOBODY, LINK_HOLDER = "not signed in", "holder of a link"
CLI = "cli:"
"""What stands before the name with which somebody signed in to the machine whose commands they run."""

ACTORS = {
    COMMAND_LINE: "The command line",
    SYSTEM: "The site itself",
    NOBODY: "Somebody not signed in",
    LINK_HOLDER: "The holder of a link",
}
"""Who does what no person with an account does, and how they are called in a sentence."""

VERBS = {
    "create": ("added", ""),
    "edit": ("changed", ""),
    "delete": ("deleted", ""),
    "sign_in": ("signed in", ""),
    "sign_out": ("signed out", ""),
    "sign_in_failed": ("failed to sign in", "as"),
    "code_asked": ("knew the password", "of"),
    "export": ("exported", ""),
    "create_link": ("made a password link", "for"),
    "redeem_link": ("set the password", "of"),
    "reset_password": ("reset the password", "of"),
    "reset_password_refused": ("was not allowed to reset the password", "of"),
    "refused": ("was refused", "at"),
    "locked": ("was locked out of", "the account of"),
    "throttled": ("made too many attempts", "from"),
    "unlock": ("unlocked", "the account of"),
    "forgot_password": ("asked for a password link", "for"),
    "send_link": ("sent a password link", "to"),
    "temporary_password": ("gave a temporary password", "to"),
    "change_password": ("changed their password", ""),
    "end_sessions": ("ended sessions", "of"),
    "add_second_factor": ("added a second factor", "for"),
    "remove_second_factor": ("removed the second factor", "of"),
    "renew_recovery_codes": ("renewed the recovery codes", "of"),
    "use_recovery_code": ("used a recovery code", "of"),
    "activate": ("activated", ""),
    "deactivate": ("deactivated", ""),
    "view_as": ("began to look at the site", "as"),
    "stop_viewing": ("stopped looking at the site", "as"),
    "confirm_password": ("entered the password again", ""),
    "rotate_secret_key": ("made a new secret key", ""),
    "sweep": ("removed what was kept long enough", ""),
    "confirm_password_failed": ("entered a wrong password", ""),
}
"""How each action of the trail reads after a name, and what leads on to the record: "Ada reset the password",
"of", "Bob"."""

_OF_ONESELF = frozenset(
    {"sign_in", "sign_out", "change_password", "confirm_password", "confirm_password_failed"}
)

SECURITY_EVENTS = frozenset(VERBS) - {"create", "edit", "delete"}
"""What is kept for a time only: what happened around accounts, not what records held."""


class AuditEntry(Base):
    """One record's part in one act; entries of the same act share `change_set_id`. Append-only.

    The actor is a snapshot, not a foreign key: entries outlive the people they name.
    """

    __tablename__ = "audit_entries"

    entry_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    change_set_id: Mapped[uuid.UUID] = mapped_column(index=True)
    happened_at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[str | None] = mapped_column(String(36))
    actor_name: Mapped[str] = mapped_column(String(300))
    action: Mapped[str] = mapped_column(String(100))
    model: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(1000))
    label: Mapped[str] = mapped_column(String(300))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
    request_id: Mapped[str | None] = mapped_column(String(36))
    ip_address: Mapped[str | None] = mapped_column(String(45))

    __table_args__ = (Index("ix_audit_entries_model_key", "model", "key", "entry_id"),)

    @property
    def actor(self) -> str:
        """Who did it, as a sentence begins."""
        if self.actor_id:
            return self.actor_name
        if self.actor_name.startswith(CLI):
            return f"{ACTORS[COMMAND_LINE]} ({self.actor_name.removeprefix(CLI)})"
        return ACTORS.get(self.actor_name, self.actor_name)

    @property
    def verb(self) -> str:
        """What they did, as it reads after the actor."""
        plain = self.action.removeprefix("action:").replace("_", " ").replace("-", " ")
        return VERBS.get(self.action, (plain, ""))[0]

    @property
    def phrase(self) -> str:
        """What they did, as it reads between the actor and the record."""
        _, leading_on = VERBS.get(self.action, ("", ""))
        return f"{self.verb} {leading_on}".strip()

    @property
    def is_about_another(self) -> bool:
        """Whether what it happened to is somebody or something else than who did it."""
        return self.action not in _OF_ONESELF

    def __str__(self) -> str:
        if not self.is_about_another:
            return f"{self.actor} {self.verb}"
        return f"{self.actor} {self.phrase} {self.label}".strip()
