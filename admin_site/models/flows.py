"""Flows of work that people take part in."""

from typing import TYPE_CHECKING

from sqlalchemy import Column, ForeignKey, String, Table, Text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin_site.models.base import Base, Timestamped

if TYPE_CHECKING:
    from admin_site.models.accounts import User

user_flows = Table(
    "user_flows",
    Base.metadata,
    Column("user_id", ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True),
    Column("flow_id", ForeignKey("flows.flow_id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Flow(Timestamped, Base):
    __tablename__ = "flows"

    flow_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())

    users: Mapped[list["User"]] = relationship(secondary=user_flows, back_populates="flows")

    def __str__(self) -> str:
        return self.name
