"""Every sort of relation."""

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    UniqueConstraint,
    and_,
)
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import (
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    attribute_keyed_dict,
    backref,
    foreign,
    mapped_column,
    relationship,
    remote,
)

from tests.zoo.base import Base, imperative, metadata

library_tags = Table(
    "zoo_library_tags",
    metadata,
    Column("library_id", ForeignKey("zoo_libraries.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("zoo_tags.id"), primary_key=True),
)
library_patrons = Table(
    "zoo_library_patrons",
    metadata,
    Column("library_id", ForeignKey("zoo_libraries.id"), primary_key=True),
    Column("patron_id", ForeignKey("zoo_patrons.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "zoo_tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Patron(Base):
    """Does not say that libraries have it: the backref does."""

    __tablename__ = "zoo_patrons"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Library(Base):
    __tablename__ = "zoo_libraries"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    tags: Mapped[list[Tag]] = relationship(secondary=library_tags)
    patrons: Mapped[set[Patron]] = relationship(secondary=library_patrons, backref="libraries")
    shelves: Mapped[dict[str, "Shelf"]] = relationship(
        collection_class=attribute_keyed_dict("code"), back_populates="library", cascade="all, delete-orphan"
    )
    visits: DynamicMapped["Visit"] = relationship(back_populates="library", cascade="all, delete-orphan")
    loans: WriteOnlyMapped["Loan"] = relationship(
        back_populates="library", cascade="all, delete-orphan", passive_deletes=True
    )
    charter: Mapped["Charter | None"] = relationship(back_populates="library", uselist=False)
    first_shelf: Mapped["Shelf | None"] = relationship(
        primaryjoin=lambda: and_(Library.id == foreign(Shelf.library_id), Shelf.code == "A"), viewonly=True
    )
    odd_shelves: Mapped[list["Shelf"]] = relationship(
        primaryjoin=lambda: and_(Library.id == foreign(Shelf.library_id), Shelf.code == "odd"),
        overlaps="shelves,library",
    )

    tag_names: AssociationProxy[list[str]] = association_proxy("tags", "name")
    motto: AssociationProxy[str | None] = association_proxy("charter", "motto")


class Shelf(Base):
    __tablename__ = "zoo_shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    library_id: Mapped[int] = mapped_column(ForeignKey("zoo_libraries.id"))

    library: Mapped[Library] = relationship(back_populates="shelves", overlaps="odd_shelves")


class Visit(Base):
    __tablename__ = "zoo_visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str | None]
    library_id: Mapped[int] = mapped_column(ForeignKey("zoo_libraries.id"))

    library: Mapped[Library] = relationship(back_populates="visits")


class Loan(Base):
    __tablename__ = "zoo_loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    library_id: Mapped[int] = mapped_column(ForeignKey("zoo_libraries.id", ondelete="CASCADE"))

    library: Mapped[Library] = relationship(back_populates="loans")

    def __str__(self) -> str:
        return f"{self.title} of {self.library.name}"


class Charter(Base):
    """One to one with its library, whose key is its own."""

    __tablename__ = "zoo_charters"

    library_id: Mapped[int] = mapped_column(ForeignKey("zoo_libraries.id"), primary_key=True)
    motto: Mapped[str | None]

    library: Mapped[Library] = relationship(back_populates="charter")


class Membership(Base):
    """An association object: a composite key of two foreign keys, and data of its own."""

    __tablename__ = "zoo_memberships"

    library_id: Mapped[int] = mapped_column(ForeignKey("zoo_libraries.id"), primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("zoo_patrons.id"), primary_key=True)
    grade: Mapped[str] = mapped_column(String(20))

    library: Mapped[Library] = relationship(backref=backref("memberships", cascade="all, delete-orphan"))
    patron: Mapped[Patron] = relationship()


class Curator(Base):
    """Sees libraries through memberships, each of which needs a grade."""

    __tablename__ = "zoo_curators"

    patron_id: Mapped[int] = mapped_column(ForeignKey("zoo_patrons.id"), primary_key=True)
    name: Mapped[str]

    patron: Mapped[Patron] = relationship()
    libraries: Mapped[list[Library]] = relationship(
        secondary="zoo_memberships",
        primaryjoin=lambda: Curator.patron_id == foreign(Membership.patron_id),
        secondaryjoin=lambda: Library.id == foreign(Membership.library_id),
        overlaps="library,memberships,patron",
    )


class Part(Base):
    """Parts of parts."""

    __tablename__ = "zoo_parts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    whole_id: Mapped[int | None] = mapped_column(ForeignKey("zoo_parts.id"))

    whole: Mapped["Part | None"] = relationship(remote_side=id, back_populates="parts")
    parts: Mapped[list["Part"]] = relationship(back_populates="whole")
    namesakes: Mapped[list["Part"]] = relationship(
        primaryjoin=lambda: Part.name == foreign(remote(Part.name)), viewonly=True
    )

    def __str__(self) -> str:
        return f"{self.whole} / {self.name}" if self.whole else self.name


class Transfer(Base):
    """Several foreign keys to the same table, one of them without a relation."""

    __tablename__ = "zoo_transfers"

    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("zoo_patrons.id"))
    to: Mapped[int] = mapped_column("to_id", ForeignKey("zoo_patrons.id"))
    witness_id: Mapped[int | None] = mapped_column(ForeignKey("zoo_patrons.id"))
    seen_by: Mapped[str | None] = mapped_column(ForeignKey("zoo_tags.name"))

    giver: Mapped[Patron] = relationship(foreign_keys=[from_id], backref="given")
    taker: Mapped[Patron] = relationship(foreign_keys=[to])


class Building(Base):
    __tablename__ = "zoo_buildings"

    street: Mapped[str] = mapped_column(String(50), primary_key=True)
    house: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    storeys: Mapped[int] = mapped_column(default=1)

    flats: Mapped[list["Flat"]] = relationship(back_populates="building", cascade="all, delete-orphan")


class Flat(Base):
    """Refers to a composite key, with attributes named unlike their columns."""

    __tablename__ = "zoo_flats"

    id: Mapped[int] = mapped_column(primary_key=True)
    road: Mapped[str] = mapped_column("building_street", String(50))
    house_number: Mapped[int] = mapped_column("building_house", Integer)
    door: Mapped[str]

    building: Mapped[Building] = relationship(back_populates="flats")

    __table_args__ = (
        ForeignKeyConstraint(
            ["building_street", "building_house"], ["zoo_buildings.street", "zoo_buildings.house"]
        ),
        UniqueConstraint("building_street", "building_house", "door"),
    )


class Planet:
    """Mapped imperatively; some attributes are named unlike their columns."""

    def __init__(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self, name, value)


class Moon:
    def __init__(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self, name, value)


planets = Table(
    "zoo_planets",
    metadata,
    Column("planet_no", Integer, primary_key=True),
    Column("planet_name", String(30), nullable=False),
)
moons = Table(
    "zoo_moons",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(30), nullable=False),
    Column("planet_no", ForeignKey(planets.c.planet_no), nullable=False),
)
imperative.map_imperatively(
    Planet,
    planets,
    properties={
        "number": planets.c.planet_no,
        "name": planets.c.planet_name,
        "moons": relationship(Moon, back_populates="planet", cascade="all, delete-orphan"),
    },
)
imperative.map_imperatively(
    Moon,
    moons,
    properties={"planet_number": moons.c.planet_no, "planet": relationship(Planet, back_populates="moons")},
)

MODELS = (
    Tag,
    Patron,
    Library,
    Shelf,
    Visit,
    Loan,
    Charter,
    Membership,
    Curator,
    Part,
    Transfer,
    Building,
    Flat,
    Planet,
    Moon,
)
