"""Which columns of a file tell what is personal."""

import pytest
from sqlalchemy import ForeignKey, func
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    column_property,
    composite,
    mapped_column,
    relationship,
    synonym,
)

from admin_site.admin.personal import is_personal
from admin_site.descriptions import describe
from admin_site.listing import LABEL
from admin_site.models import User


class Base(DeclarativeBase):
    pass


class Place:
    def __init__(self, street: str, town: str) -> None:
        self.street, self.town = street, town


class Patient(Base):
    __tablename__ = "personal_patients"

    patient_id: Mapped[int] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column()
    phone: Mapped[str] = mapped_column(info={"personal": True})
    street: Mapped[str] = mapped_column(info={"personal": True})
    town: Mapped[str]
    mobile = synonym("phone")
    place: Mapped[Place] = composite("street", "town")
    digits: Mapped[int] = column_property(func.length(phone))
    size: Mapped[int] = column_property(func.length(alias))
    visits: Mapped[list["Visit"]] = relationship(back_populates="patient")
    reasons = association_proxy("visits", "reason")
    rooms = association_proxy("visits", "room")

    @hybrid_property
    def area_code(self) -> str:
        return self.phone[:3]

    @property
    def shown_name(self) -> str:
        return f"{self.alias}, {self.street}"

    @property
    def short_name(self) -> str:
        return self.alias[:3]

    def __str__(self) -> str:
        return self.alias


class Visit(Base):
    __tablename__ = "personal_visits"

    visit_id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(info={"personal": True})
    room: Mapped[str]
    patient_id: Mapped[int] = mapped_column(ForeignKey(Patient.patient_id))
    patient: Mapped[Patient] = relationship(back_populates="visits")

    def __str__(self) -> str:
        return f"{self.reason} ({self.visit_id})"


class Bill(Base):
    __tablename__ = "personal_bills"

    bill_id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey(Visit.visit_id))
    visit: Mapped[Visit] = relationship()


class Subscriber(Base):
    __tablename__ = "personal_subscribers"

    subscriber_id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(info={"personal": True})


@pytest.mark.parametrize(
    "name", ["phone", "street", "mobile", "place", "digits", "area_code", "shown_name", "reasons"]
)
def test_what_is_made_of_a_marked_column_is_personal(name):
    assert is_personal(describe(Patient), name, raw=False)
    assert is_personal(describe(Patient), name, raw=True)


@pytest.mark.parametrize("name", ["patient_id", "alias", "town", "size", "short_name", "rooms", LABEL])
def test_what_is_not_is_not(name):
    assert not is_personal(describe(Patient), name, raw=False)


@pytest.mark.parametrize(
    ("model", "name", "raw", "is_it"),
    [
        (Visit, LABEL, False, True),
        (Visit, "patient", False, False),
        (Visit, "patient.phone", False, True),
        (Visit, "patient.town", False, False),
        (Bill, "visit", False, True),
        (Bill, "visit", True, False),
        (Bill, "visit.patient.street", True, True),
        (Bill, LABEL, False, False),
        (Subscriber, LABEL, False, True),
        (User, "email_address", False, True),
        (User, LABEL, False, False),
    ],
)
def test_columns_over_relations_and_names_of_records_count(model, name, raw, is_it):
    assert is_personal(describe(model), name, raw=raw) is is_it


def test_the_description_says_so_too():
    fields = {field.name for field in describe(Patient).fields if field.is_personal}

    assert fields >= {"phone", "street", "mobile", "place", "digits", "area_code"}
    assert not fields & {"alias", "town", "size", "patient_id"}
