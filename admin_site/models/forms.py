"""What is kept of forms: which ones were saved, and what was typed into those that were not."""

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin_site.models.accounts import User
from admin_site.models.base import Base, Timestamped, utc_now


class Submission(Base):
    """A form that was saved, so that saving it once more changes nothing.

    `nonce` came with the form's page; `digest` is of what was sent. `address`, `message` and `changed` are
    what the person was answered, `key` is that of the record in addresses.
    """

    __tablename__ = "submissions"

    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True
    )
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    key: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    changed: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)

    user: Mapped[User] = relationship()

    def __str__(self) -> str:
        return self.message


class Draft(Timestamped, Base):
    """What a person typed into the form at `address` and has not saved, without secrets.

    `fields` are pairs [name, text], in the order of the form.
    """

    __tablename__ = "drafts"

    draft_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(1000))
    fields: Mapped[list[list[str]]] = mapped_column(
        JSON().with_variant(JSONB(), "postgresql"), deferred=True, info={"secret": True}
    )

    user: Mapped[User] = relationship()

    __table_args__ = (UniqueConstraint("user_id", "address"),)

    def __str__(self) -> str:
        return self.address
