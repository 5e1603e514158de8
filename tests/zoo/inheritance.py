"""Classes that inherit from mapped classes."""

import enum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tests.zoo.base import Base


class Vehicle(Base):
    """Joined tables; a plain vehicle exists too."""

    __tablename__ = "zoo_vehicles"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str]

    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "vehicle"}


class Car(Vehicle):
    __tablename__ = "zoo_cars"

    id: Mapped[int] = mapped_column(ForeignKey("zoo_vehicles.id"), primary_key=True)
    doors: Mapped[int]
    trailer_id: Mapped[int | None] = mapped_column(ForeignKey("zoo_trailers.vehicle_id"))

    trailer: Mapped["Trailer | None"] = relationship(foreign_keys=[trailer_id], back_populates="cars")

    __mapper_args__ = {
        "polymorphic_identity": "car",
        "inherit_condition": id == Vehicle.id,
    }


class Taxi(Car):
    """A third table below the second."""

    __tablename__ = "zoo_taxis"

    taxi_id: Mapped[int] = mapped_column(ForeignKey("zoo_cars.id"), primary_key=True)
    licence: Mapped[str] = mapped_column(String(20), unique=True)

    __mapper_args__ = {"polymorphic_identity": "taxi"}


class Trailer(Vehicle):
    """Its own name for the inherited key."""

    __tablename__ = "zoo_trailers"

    vehicle_id: Mapped[int] = mapped_column(ForeignKey("zoo_vehicles.id"), primary_key=True)
    axles: Mapped[int] = mapped_column(default=1)

    cars: Mapped[list[Car]] = relationship(foreign_keys=Car.trailer_id, back_populates="trailer")

    __mapper_args__ = {"polymorphic_identity": "trailer"}


class Shape(enum.Enum):
    CIRCLE = "circle"
    SQUARE = "square"


class Figure(Base):
    """Joined tables, told apart by an Enum; a figure is always of some kind."""

    __tablename__ = "zoo_figures"

    id: Mapped[int] = mapped_column(primary_key=True)
    shape: Mapped[Shape] = mapped_column()
    title: Mapped[str | None]

    __mapper_args__ = {"polymorphic_on": shape, "polymorphic_abstract": True}


class Circle(Figure):
    __tablename__ = "zoo_circles"

    id: Mapped[int] = mapped_column(ForeignKey("zoo_figures.id"), primary_key=True)
    radius: Mapped[float]

    __mapper_args__ = {"polymorphic_identity": Shape.CIRCLE}


class Square(Figure):
    __tablename__ = "zoo_squares"

    id: Mapped[int] = mapped_column(ForeignKey("zoo_figures.id"), primary_key=True)
    side: Mapped[float]

    __mapper_args__ = {"polymorphic_identity": Shape.SQUARE}


class Rank(enum.StrEnum):
    WORKER = "worker"
    BOSS = "boss"


class Employee(Base):
    """One table for all."""

    __tablename__ = "zoo_employees"

    id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[Rank] = mapped_column()
    name: Mapped[str]
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("zoo_employees.id"))

    boss: Mapped["Boss | None"] = relationship(remote_side=id, back_populates="workers")

    __mapper_args__ = {"polymorphic_on": rank, "polymorphic_identity": Rank.WORKER}


class Boss(Employee):
    bonus: Mapped[int] = mapped_column(nullable=True)

    workers: Mapped[list[Employee]] = relationship(back_populates="boss")

    __mapper_args__ = {"polymorphic_identity": Rank.BOSS}


MODELS = (Vehicle, Car, Taxi, Trailer, Figure, Circle, Square, Employee, Boss)
