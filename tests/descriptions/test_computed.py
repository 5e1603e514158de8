"""What no column stands behind."""

from sqlalchemy.orm import (
    Mapped,
    column_property,
    mapped_column,
)

from admin_site.descriptions import Kind, describe
from tests.zoo import columns, relations


def test_computed_attributes_are_fields_nobody_types_into():
    person = describe(columns.Person)
    computed = {field.name: field.kind for field in person.fields if field.column is None}

    assert computed == {
        "initial": Kind.OPAQUE,
        "secret_length": Kind.OPAQUE,
        "place": Kind.OPAQUE,
        "surname": Kind.TEXT,
        "alias_of_secret": Kind.TEXT,
        "full_name": Kind.TEXT,
        "is_old": Kind.BOOLEAN,
        "only_in_python": Kind.OPAQUE,
        "secret_hint": Kind.OPAQUE,
    }
    assert all(person.field(name).read_only for name in computed)
    assert person.field("is_old").help == "Whether the person was born before 1950."
    assert person.field("place").read_only == "It is made of X and Y, which can be changed."


def test_a_typed_expression_has_its_kind(base):
    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        price: Mapped[int] = mapped_column()
        double = column_property(price * 2)

    field = describe(Thing).field("double")

    assert field.kind == Kind.INTEGER
    assert field.read_only == "It is computed from other columns."


def test_what_must_be_loaded_apart_says_so():
    person, library = describe(columns.Person), describe(relations.Library)

    assert [field.name for field in person.fields if field.deferred] == ["biography", "portrait"]
    assert library.field("tag_names").deferred
    assert not library.field("motto").deferred
