"""The tables every site of the comparison shows: people, and the companies they work for."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import DateTime, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

COLUMNS = ("name", "email", "company", "city", "age", "is_active", "balance", "created_at")
SEARCHED = ("name", "email")
PAGE = 100  # rows


class Base(DeclarativeBase):
    pass


class Company(Base):
    __tablename__ = "companies"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))

    def __str__(self) -> str:
        return self.name


class Person(Base):
    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(200))
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"), index=True)
    city: Mapped[str] = mapped_column(String(100))
    age: Mapped[int]
    is_active: Mapped[bool]
    balance: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    company: Mapped[Company] = relationship()

    __table_args__ = (
        Index("ix_people_created_at_id", "created_at", "id"),
        Index("ix_people_name_id", "name", "id"),
    )

    def __str__(self) -> str:
        return self.name
