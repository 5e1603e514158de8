"""Classes that inherit, and classes without a table."""

import abc

from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    select,
)
from sqlalchemy.orm import (
    Mapped,
    mapped_column,
    registry,
)

from admin_site.descriptions import describe
from admin_site.models import User, UserSession
from tests.zoo import columns, inheritance


def test_an_inherited_key_is_one_field():
    trailer = describe(inheritance.Trailer)

    assert [field.name for field in trailer.fields] == ["id", "kind", "name", "axles"]
    assert trailer.table == "zoo_trailers"
    assert describe(inheritance.Taxi).field("id").column is inheritance.Vehicle.__table__.c.id
    assert describe(inheritance.Taxi).field("id").target is None


def test_a_discriminator_is_not_typed():
    for model, name in ((inheritance.Car, "kind"), (inheritance.Circle, "shape"), (inheritance.Boss, "rank")):
        field = describe(model).field(name)
        assert field.read_only == "It says what kind of record this is."
        assert field.generated
        assert not field.required


def test_columns_of_a_subclass_are_its_own():
    assert not describe(inheritance.Employee).has("bonus")
    assert describe(inheritance.Boss).has("bonus")
    assert not describe(inheritance.Vehicle).has("doors")


def test_a_class_without_records_of_its_own_says_so():
    assert describe(inheritance.Figure).abstract_reason
    assert not describe(inheritance.Circle).abstract_reason
    assert not describe(inheritance.Vehicle).abstract_reason


def test_an_abstract_class_has_no_records_of_its_own():
    class Thing(abc.ABC):
        @abc.abstractmethod
        def weigh(self) -> int: ...

    registry().map_imperatively(Thing, Table("things", MetaData(), Column("id", Integer, primary_key=True)))

    assert describe(Thing).abstract_reason == "Thing is abstract: add one of its kinds."


def test_a_class_that_needs_what_nobody_can_type_says_so():
    assert "Token hash" in describe(UserSession).abstract_reason
    assert not describe(User).abstract_reason


def test_a_concrete_subclass_has_all_its_columns(base):
    class Parent(base):
        __tablename__ = "parents"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    class Child(Parent):
        __tablename__ = "children"
        __mapper_args__ = {"concrete": True}
        id: Mapped[int] = mapped_column(primary_key=True)
        toy: Mapped[str]

    assert [field.name for field in describe(Child).fields] == ["id", "toy"]
    assert describe(Child).key == ("id",)


def test_a_class_mapped_to_a_query_is_only_read(base):
    people = columns.Person.__table__

    class Summary(base):
        __table__ = select(people.c.id, (people.c.x + 1).label("more")).subquery()
        __mapper_args__ = {"primary_key": [__table__.c.id]}

    description = describe(Summary)

    assert {field.name for field in description.fields} == {"id", "more"}
    assert all(field.read_only for field in description.fields)
    assert description.abstract_reason
    assert description.table == ""
