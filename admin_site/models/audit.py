"""What was changed, when, and by whom."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from admin_site.models.base import Base


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

    def __str__(self) -> str:
        return f"{self.action} {self.label}"
