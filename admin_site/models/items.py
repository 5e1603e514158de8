"""Things that belong to a person."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin_site.models.base import Base, Timestamped

if TYPE_CHECKING:
    from admin_site.models.accounts import User


class Item(Timestamped, Base):
    __tablename__ = "items"

    item_id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200), index=True)
    description: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), index=True)

    owner: Mapped["User"] = relationship(back_populates="items")

    def __str__(self) -> str:
        return self.title
