"""Records whose labels read what others hold, and not always the same of it."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Town(Base):
    __tablename__ = "towns"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    life: Mapped[str] = mapped_column(Text, default="long")
    town_id: Mapped[int | None] = mapped_column(ForeignKey("towns.id"))

    town: Mapped[Town | None] = relationship()

    def __str__(self) -> str:
        return f"{self.name} of {self.town.name}" if self.town else self.name


class Copy(Base):
    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("authors.id"))

    kind: Mapped[str] = mapped_column(default="print")

    author: Mapped[Author | None] = relationship()
    readers: Mapped[list["Reader"]] = relationship()

    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "print"}

    def __str__(self) -> str:
        readers = f", read by {len(self.readers)}" if self.readers else ""
        return f"{self.title}, by {self.author or 'nobody'}{readers}"


class Manuscript(Copy):
    """Its label reads what a list of all copies does not load."""

    __tablename__ = "manuscripts"

    id: Mapped[int] = mapped_column(ForeignKey("copies.id"), primary_key=True)
    leaves: Mapped[int]

    __mapper_args__ = {"polymorphic_identity": "manuscript"}

    def __str__(self) -> str:
        return f"{self.leaves} leaves of {self.title}"


class Reader(Base):
    __tablename__ = "readers"

    id: Mapped[int] = mapped_column(primary_key=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("copies.id"))


def fill(session: Session) -> None:
    first = (None, Author(name="Austen", town=Town(name="Steventon")), Author(name="Homer"))
    session.add_all(Copy(title="Emma", author=author) for author in first)
    for number in range(30):
        author = Author(name=f"Author {number}", town=Town(name=f"Town {number}"))
        readers = [Reader() for _ in range(number % 3)]
        session.add(Copy(title=f"Ode {number}", author=author, readers=readers))
        session.add(Manuscript(title=f"Draft {number}", leaves=number))
