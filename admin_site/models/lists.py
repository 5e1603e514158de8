"""What people keep of lists: views with a name, and the columns they chose."""

import uuid

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin_site.models.accounts import Role, User
from admin_site.models.base import Base, Timestamped


class SavedView(Timestamped, Base):
    """A name for the URL of a list: its search, filters, sort, columns and page size.

    It is its owner's alone, or everybody's who holds its role too. `model` is the identity of the list.
    """

    __tablename__ = "saved_views"

    view_id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(Text)
    role_id: Mapped[int | None] = mapped_column(ForeignKey("roles.role_id", ondelete="SET NULL"), index=True)

    owner: Mapped[User] = relationship()
    role: Mapped[Role | None] = relationship()

    __table_args__ = (UniqueConstraint("owner_id", "model", "name"),)

    def __str__(self) -> str:
        return self.name


class ListPreference(Timestamped, Base):
    """How one person likes one list.

    `columns` is None where they are those the list has by itself; it opens with `default_view`.
    """

    __tablename__ = "list_preferences"

    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    columns: Mapped[list[str] | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    )
    default_view_id: Mapped[int | None] = mapped_column(
        ForeignKey("saved_views.view_id", ondelete="SET NULL"), index=True
    )

    user: Mapped[User] = relationship()
    default_view: Mapped[SavedView | None] = relationship()

    def __str__(self) -> str:
        return self.model
