"""The kind of value each type holds."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    Integer,
    Text,
    types,
)
from sqlalchemy.dialects import postgresql as pg

from admin_site import models
from admin_site.descriptions import Kind, describe
from admin_site.descriptions.kinds import shape_of
from admin_site.models import CredentialToken
from tests.zoo import columns, postgresql


def kinds_of(model: type) -> dict[str, Kind]:
    return {field.name: field.kind for field in describe(model).fields}


def test_scalar_columns_have_the_kind_of_their_type():
    assert kinds_of(columns.Scalars) == {
        "id": Kind.INTEGER,
        "short": Kind.TEXT,
        "unlimited": Kind.TEXT,
        "description": Kind.LONG_TEXT,
        "long": Kind.LONG_TEXT,
        "unicode": Kind.LONG_TEXT,
        "small": Kind.INTEGER,
        "number": Kind.INTEGER,
        "big": Kind.INTEGER,
        "price": Kind.DECIMAL,
        "loose": Kind.DECIMAL,
        "ratio": Kind.DECIMAL,
        "float_": Kind.FLOAT,
        "exact_float": Kind.FLOAT,
        "double": Kind.FLOAT,
        "real": Kind.FLOAT,
        "flag": Kind.BOOLEAN,
        "day": Kind.DATE,
        "clock": Kind.TIME,
        "clock_with_zone": Kind.TIME,
        "naive": Kind.DATETIME,
        "aware": Kind.INSTANT,
        "instant": Kind.INSTANT,
        "span": Kind.INTERVAL,
        "identifier": Kind.UUID,
        "identifier_text": Kind.UUID,
        "blob": Kind.BINARY,
        "short_blob": Kind.BINARY,
        "document": Kind.JSON,
        "document_or_null": Kind.JSON,
        "tracked": Kind.JSON,
    }


def test_types_of_postgresql_have_kinds():
    kinds = kinds_of(postgresql.Postgres)
    literals = {name for name, kind in kinds.items() if kind == Kind.LITERAL}

    assert literals == {
        "inet",
        "cidr",
        "mac",
        "mac8",
        "money",
        "bits",
        "bits_varying",
        "vector",
        "plain_vector",
        "ts_query",
        "reg_class",
    }
    assert kinds["jsonb"] == Kind.JSON
    assert kinds["oid"] == kinds["positive"] == Kind.INTEGER
    assert kinds["post_code"] == Kind.TEXT
    assert kinds["interval"] == Kind.INTERVAL
    assert kinds["native"] == Kind.CHOICE
    assert kinds["raw"] == Kind.BINARY
    assert set(kinds_of(postgresql.Ranges).values()) == {Kind.INTEGER, Kind.LITERAL}
    assert kinds_of(postgresql.Extended) == {
        "id": Kind.INTEGER,
        "mapping": Kind.MAPPING,
        "any_case": Kind.TEXT,
        "json_path": Kind.LITERAL,
    }


def test_arrays_say_what_they_are_made_of():
    items = {field.name: field.item.kind for field in describe(postgresql.Arrays).fields if field.item}

    assert items["integers"] == Kind.INTEGER
    assert items["uuids"] == Kind.UUID
    assert items["colours"] == Kind.CHOICE
    assert items["periods"] == Kind.LITERAL
    assert describe(postgresql.Arrays).field("matrix").dimensions == 2
    assert [choice.text for choice in describe(postgresql.Arrays).field("colours").item.choices] == [
        "r e d",
        "dark/green",
        "blue,ish",
    ]


def test_an_array_of_what_cannot_be_typed_cannot_be_typed():
    shape = shape_of(pg.ARRAY(types.PickleType))

    assert shape.kind == Kind.OPAQUE
    assert shape.reason


def test_decorators_have_the_kind_of_their_python_side():
    assert kinds_of(columns.Decorated) == {
        "id": Kind.INTEGER,
        "lower": Kind.TEXT,
        "shouted": Kind.TEXT,
        "plain": Kind.DECIMAL,
        "json_text": Kind.JSON,
        "unsaid": Kind.JSON,
        "level": Kind.CHOICE,
        "cents": Kind.DECIMAL,
        "utc": Kind.INSTANT,
        "guid": Kind.UUID,
        "point": Kind.OPAQUE,
        "pickled": Kind.OPAQUE,
        "version": Kind.LITERAL,
        "reversed": Kind.OPAQUE,
    }


def test_a_decorator_that_converts_on_the_way_in_is_not_searched():
    description = describe(columns.Decorated)

    assert not description.field("lower").searchable
    assert description.field("plain").is_decorated


class _Named(types.TypeDecorator[Any]):
    impl = types.String(10)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value and str(value)

    @property
    def python_type(self) -> type:
        return Decimal


class _Stubborn(types.TypeDecorator[Any]):
    impl = types.Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        raise RuntimeError("not now")


class _Promising(types.TypeDecorator[Any]):
    impl = types.LargeBinary
    cache_ok = True

    def process_result_value(self, value, dialect) -> str | None:
        return None if value is None else value.decode()


class _Vague(types.TypeDecorator[Any]):
    impl = types.String
    cache_ok = True

    def process_bind_param(self, value: "Unknown", dialect):  # noqa: F821 - imported for type checkers alone
        return value.text


@pytest.mark.parametrize(
    ("decorator", "kind"),
    [
        (_Named(), Kind.DECIMAL),
        (_Stubborn(), Kind.OPAQUE),
        (_Promising(), Kind.TEXT),
        (_Vague(), Kind.OPAQUE),
        (models.Instant(), Kind.INSTANT),
        (types.Interval(), Kind.INTERVAL),
        (types.PickleType(), Kind.OPAQUE),
        (types.NullType(), Kind.OPAQUE),
        (pg.UUID(as_uuid=False), Kind.UUID),
        (types.CHAR(3), Kind.TEXT),
        (types.CLOB(), Kind.LONG_TEXT),
        (types.BINARY(3), Kind.BINARY),
        (types.VARBINARY(3), Kind.BINARY),
        (types.DECIMAL(5), Kind.DECIMAL),
        (types.TIMESTAMP(timezone=True), Kind.INSTANT),
        (types.BigInteger().with_variant(types.Integer, "sqlite"), Kind.INTEGER),
        (pg.INT8MULTIRANGE(), Kind.LITERAL),
        (pg.REGCONFIG(), Kind.LITERAL),
    ],
)
def test_the_kind_of_a_type(decorator, kind):
    shape = shape_of(decorator)

    assert shape.kind == kind
    assert bool(shape.reason) == (kind == Kind.OPAQUE)


@pytest.mark.parametrize(
    ("data_type", "is_typed"),
    [
        (Integer(), True),
        (pg.ARRAY(Text()), True),
        (pg.INET(), True),
        (types.Enum("a", "b"), True),
        (pg.JSONB(), False),
        (pg.INT4RANGE(), False),
        (types.Enum(columns.Colour), False),
        (pg.ARRAY(pg.JSONB()), False),
    ],
)
def test_a_domain_is_typed_where_the_driver_takes_what_it_is_made_of(data_type, is_typed):
    shape = shape_of(pg.DOMAIN("d", data_type, not_null=True))

    assert shape.kind == shape_of(data_type).kind
    assert bool(shape.reason) != is_typed
    assert not shape.nullable


def test_choices_post_the_text_of_the_database_and_give_the_member():
    description = describe(columns.Choices)

    def choices(name: str) -> list[tuple[str, str, Any]]:
        return [(choice.text, choice.label, choice.value) for choice in description.field(name).choices]

    colour = columns.Colour
    assert choices("by_name") == [
        ("RED", "Red", colour.RED),
        ("DARK_GREEN", "Dark green", colour.DARK_GREEN),
        ("BLUE", "Blue", colour.BLUE),
    ]
    assert choices("by_value") == choices("not_native")
    assert choices("by_value") == [
        ("r e d", "Red", colour.RED),
        ("dark/green", "Dark green", colour.DARK_GREEN),
        ("blue,ish", "Blue", colour.BLUE),
    ]
    assert choices("plain")[1:3] == [("in_progress", "In progress", "in_progress"), ("A-", "A-", "A-")]
    assert describe(CredentialToken).field("purpose").choices[0].text == "first_password"
