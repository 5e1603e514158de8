"""Records with much around them: a relation to a large table, and children in two ways."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Place(Base):
    __tablename__ = "places"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), index=True)


class Letter(Base):
    """Goes to one of very many places."""

    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(100))
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"))

    place: Mapped[Place] = relationship()


class Invoice(Base):
    """Its lines are edited with it, row by row."""

    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(100))

    lines: Mapped[list["Line"]] = relationship(back_populates="invoice", cascade="all, delete-orphan")


class Line(Base):
    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(String(100))
    number: Mapped[int]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))

    invoice: Mapped[Invoice] = relationship(back_populates="lines")

    __table_args__ = (Index("ix_lines_invoice_id_id", "invoice_id", "id"),)


class Club(Base):
    """People join and leave it."""

    __tablename__ = "clubs"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(100))

    members: Mapped[list["Member"]] = relationship(back_populates="club")


class Member(Base):
    __tablename__ = "members"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    club_id: Mapped[int | None] = mapped_column(ForeignKey("clubs.id"))

    club: Mapped[Club | None] = relationship(back_populates="members")

    __table_args__ = (Index("ix_members_club_id_id", "club_id", "id"),)


class Note(Base):
    """Nothing but fields."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(100))
    words: Mapped[str] = mapped_column(String(200))
