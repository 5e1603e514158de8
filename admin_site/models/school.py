"""A school: kinds of people, courses, and who takes which."""

import uuid
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin_site.models.base import Base, Timestamped

if TYPE_CHECKING:
    from admin_site.models.accounts import User


class UserType(Timestamped, Base):
    __tablename__ = "user_types"

    user_type_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)

    users: Mapped[list["User"]] = relationship(back_populates="user_type", passive_deletes="all")

    def __str__(self) -> str:
        return self.name


class Course(Timestamped, Base):
    __tablename__ = "courses"

    course_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    description: Mapped[str | None]
    start_date: Mapped[date]
    end_date: Mapped[date | None]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())

    enrollments: Mapped[list["Enrollment"]] = relationship(
        back_populates="course", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (CheckConstraint("end_date >= start_date", name="ends_after_start"),)

    def __str__(self) -> str:
        return self.name


class Enrollment(Timestamped, Base):
    """A person takes a course; `associative_data` holds what belongs to the pair, such as a grade."""

    __tablename__ = "enrollments"

    enrollment_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.course_id", ondelete="CASCADE"), index=True)
    enrolled_date: Mapped[date] = mapped_column(default=date.today)
    end_date: Mapped[date | None]
    associative_data: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    )

    user: Mapped["User"] = relationship(back_populates="enrollments")
    course: Mapped[Course] = relationship(back_populates="enrollments")

    __table_args__ = (
        UniqueConstraint("user_id", "course_id"),
        CheckConstraint("end_date >= enrolled_date", name="ends_after_enrollment"),
    )
