"""Classes that are mapped in unusual ways: lazy by decree, to joins, queries and views, across MetaDatas."""

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, func, join, select
from sqlalchemy.ext.declarative import AbstractConcreteBase
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from tests.zoo.base import Base, metadata


class Harbour(Base):
    __tablename__ = "zoo_harbours"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    depth: Mapped[int | None] = mapped_column(deferred=True, deferred_raiseload=True)

    boats: Mapped[list["Boat"]] = relationship(
        back_populates="harbour", lazy="raise", foreign_keys="Boat.harbour_id"
    )


class Boat(Base):
    """Nothing of it loads by itself, and its label asks for what does not."""

    __tablename__ = "zoo_boats"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    harbour_id: Mapped[int] = mapped_column(ForeignKey("zoo_harbours.id"))
    home_id: Mapped[int | None] = mapped_column(ForeignKey("zoo_harbours.id"))

    harbour: Mapped[Harbour] = relationship(back_populates="boats", lazy="raise", foreign_keys=harbour_id)
    home: Mapped[Harbour | None] = relationship(lazy="raise_on_sql", foreign_keys=home_id)
    papers: Mapped["Papers | None"] = relationship(back_populates="boat", lazy="raise")

    def __str__(self) -> str:
        return f"{self.name} of {self.harbour.name}"


class Papers(Base):
    __tablename__ = "zoo_papers"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40))
    boat_id: Mapped[int] = mapped_column(ForeignKey("zoo_boats.id"), unique=True)

    boat: Mapped[Boat] = relationship(back_populates="papers", lazy="raise")


class Asset(AbstractConcreteBase, Base):
    """No table of its own: a union of those below."""

    strict_attrs = True

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(40))


class Bond(Asset):
    __tablename__ = "zoo_bonds"

    rate: Mapped[int | None]

    __mapper_args__ = {"polymorphic_identity": "bond", "concrete": True}


class Share(Asset):
    __tablename__ = "zoo_shares"

    number: Mapped[int | None]

    __mapper_args__ = {"polymorphic_identity": "share", "concrete": True}


_counted = (
    select(Boat.harbour_id, func.count().label("boats"), func.min(Boat.name).label("first_boat"))
    .group_by(Boat.harbour_id)
    .subquery("zoo_counted")
)


class BoatCount(Base):
    """Mapped to a query."""

    __table__ = _counted
    __mapper_args__ = {"primary_key": [_counted.c.harbour_id]}


class HarbourPapers(Base):
    """Mapped to a join."""

    __table__ = join(Boat.__table__, Papers.__table__, Boat.__table__.c.id == Papers.__table__.c.boat_id)

    boat_id = column_property(Boat.__table__.c.id, Papers.__table__.c.boat_id)
    papers_id = Papers.__table__.c.id


BOAT_VIEW = "CREATE VIEW zoo_boat_list AS SELECT id AS boat_id, name AS boat_name FROM zoo_boats"


class BoatList(Base):
    """A view, which looks like a table to SQLAlchemy."""

    __table__ = Table(
        "zoo_boat_list",
        MetaData(),
        Column("boat_id", Integer, primary_key=True),
        Column("boat_name", String(40)),
    )


class _Elsewhere(DeclarativeBase):
    metadata = MetaData()


Table(
    "zoo_strays",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False),
    Column("owner_id", Integer),
)


class Stray(_Elsewhere):
    """Refers to a table that nobody describes."""

    __tablename__ = "zoo_strays"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("nobody_knows.id"))


MODELS = (Harbour, Boat, Papers, Asset, Bond, Share, BoatCount, HarbourPapers, BoatList, Stray)
