"""The limits that types and CHECK constraints set to single values."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    create_engine,
    func,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import (
    Mapped,
    mapped_column,
)

from admin_site.descriptions import Kind, describe
from admin_site.models import User
from tests.zoo import columns, postgresql


def described(base, type_, sql, **options):
    """Return the field `it` of a class whose table has one CHECK."""
    attributes = {
        "__tablename__": "things",
        "id": mapped_column(Integer, primary_key=True),
        "it": mapped_column(type_, **options),
        "other": mapped_column(type_),
        "__table_args__": (CheckConstraint(sql),),
    }
    return describe(type("Thing", (base,), attributes)).field("it")


def test_limits_come_from_the_type_and_from_simple_checks():
    limits = describe(columns.Limits)
    scalars = describe(columns.Scalars)

    assert (limits.field("positive").minimum, limits.field("positive").maximum) == (1, 2**31 - 1)
    assert (limits.field("percent").minimum, limits.field("percent").maximum) == (0, 100)
    assert (limits.field("price").minimum, limits.field("price").maximum) == (
        Decimal("0.01"),
        Decimal("1000.5"),
    )
    assert (limits.field("share").minimum, limits.field("share").maximum) == (0.0, 1.0)
    assert (scalars.field("small").minimum, scalars.field("big").maximum) == (-(2**15), 2**63 - 1)
    assert describe(User).field("age").minimum == 1
    assert describe(postgresql.Postgres).field("positive").minimum == 1


@pytest.mark.parametrize(
    ("sql", "least", "most"),
    [
        ("it > 0", 1, None),
        ("0 < it", 1, None),
        ("(it >= -1.5)", -1, None),
        ("it > 1.5", 2, None),
        ("it < 1.5", None, 1),
        ('"it" <= 10', None, 10),
        ("things.it < 10", None, 9),
        ("((it > 0) AND (it < 5))", 1, 4),
        ("it BETWEEN 1 AND 9", 1, 9),
        ("it between 1 and 9 and other > 3", 1, 9),
        ("it IS NULL OR it > 0", 1, None),
        ("it > 0 OR it IS NULL", 1, None),
        ("it > 0::integer", 1, None),
        ("it >= '3'::integer", 3, None),
        ("IT > 0", 1, None),
        ("NOT it > 0", None, 0),
        ("it > 0 OR other > 1", None, None),
        ("it + 1 > 0", None, None),
        ("it <> 0", None, None),
        ("it > other", None, None),
        ("it > 'x'", None, None),
        ("it NOT BETWEEN 1 AND 9", None, None),
        ("length(it) > 3", None, None),
        ("it IS NULL OR (it > 0 AND other > 0)", None, None),
    ],
)
def test_simple_checks_are_understood_and_others_are_no_limits(base, sql, least, most):
    field = described(base, Integer(), sql)

    assert field.minimum == (-(2**31) if least is None else least)
    assert field.maximum == (2**31 - 1 if most is None else most)


@pytest.mark.parametrize(
    ("type_", "sql", "least", "most"),
    [
        (Numeric(8, 2), "it > 0.001", Decimal("0.01"), None),
        (Numeric(8, 2), "it < 10", None, Decimal("9.99")),
        (Numeric(), "it > 0", None, None),
        (Date(), "it >= '2020-01-01'", date(2020, 1, 1), None),
        (Date(), "it > DATE '2020-01-01'", date(2020, 1, 2), None),
        (Date(), "it < '2020-01-01'::date", None, date(2019, 12, 31)),
        (Date(), "it < '0001-01-01'", None, None),
        (Date(), "it < 'tomorrow'", None, None),
        (pg.TIMESTAMP(), "it >= '2020-01-01 10:00:00'", datetime(2020, 1, 1, 10), None),
        (pg.TIMESTAMP(timezone=True), "it >= '2020-01-01 10:00:00'", None, None),
    ],
    ids=str,
)
def test_limits_of_what_is_no_whole_number(base, type_, sql, least, most):
    field = described(base, type_, sql)

    assert (field.minimum, field.maximum) == (least, most)


@pytest.mark.parametrize(
    ("type_", "sql", "least", "most"),
    [
        (String(50), "length(it) >= 3", 3, 50),
        (String(50), "char_length((it)::text) > 3", 4, 50),
        (Text(), "length(it) <= 20", None, 20),
        (Text(), "length(it) BETWEEN 2 AND 5", 2, 5),
        (Text(), "length(it) = 5", 5, 5),
        (Text(), "it <> ''", 1, None),
        (Text(), "length(it) > 0", 1, None),
        (Text(), "length(trim(it)) > 2", None, None),
        (String(5), "length(it) <= 50", None, 5),
        (pg.CHAR(5), "length(it) = 5", None, 5),
        (LargeBinary(), "octet_length(it) <= 100", None, 100),
    ],
    ids=str,
)
def test_lengths(base, type_, sql, least, most):
    field = described(base, type_, sql)

    assert (field.min_length, field.length) == (least, most)


def test_a_check_written_as_an_expression_is_understood(base):
    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        size: Mapped[int]
        name: Mapped[str]
        kind: Mapped[str]

        __table_args__ = (
            CheckConstraint(Column("size", Integer) >= 3),
            CheckConstraint(func.length(Column("name", String)) <= 7),
            CheckConstraint(Column("kind", String).in_(["50%", "it's"])),
        )

    description = describe(Thing)
    assert description.field("size").minimum == 3
    assert description.field("name").length == 7
    assert [choice.value for choice in description.field("kind").choices] == ["50%", "it's"]


@pytest.mark.parametrize(
    ("type_", "sql", "values"),
    [
        (String(10), "it IN ('new', 'in_progress')", ["new", "in_progress"]),
        (String(10), "it = 'a' OR it = 'b' OR it IS NULL", ["a", "b"]),
        (Text(), "((it)::text = ANY ((ARRAY['a'::character varying, 'b'::text])::text[]))", ["a", "b"]),
        (Integer(), "it IN (1, 2, 3)", [1, 2, 3]),
        (Integer(), "it IN (1, 2.5)", []),
        (String(10), "it IN ('', 'a')", []),
        (pg.CITEXT(), "it IN ('a', 'b')", []),
        (String(10), "it NOT IN ('a', 'b')", []),
        (columns.LowerCase(10), "it IN ('a', 'b')", []),
    ],
    ids=str,
)
def test_a_list_of_values_makes_a_choice(base, type_, sql, values):
    field = described(base, type_, sql)

    assert [choice.value for choice in field.choices] == values
    assert (field.kind is Kind.CHOICE) == bool(values)


def test_the_choices_of_an_enum_are_narrowed(base):
    from sqlalchemy import Enum

    field = described(base, Enum("a", "b", "c", name="letters"), "it IN ('a', 'c')")

    assert [choice.text for choice in field.choices] == ["a", "c"]


def test_what_a_decorator_changes_on_the_way_has_no_limits(base):
    """A CHECK speaks of what is stored, a form of what the attribute holds."""
    assert described(base, columns.Cents(), "it >= 100").minimum is None


def test_a_decorator_that_changes_nothing_stands_in_the_way_of_no_limit(base):
    assert described(base, columns.Plain(), "it >= 100").minimum == 100


def test_checks_that_only_the_database_knows_are_read_with_its_tables():
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE boats (id INTEGER PRIMARY KEY, name VARCHAR(20) CHECK (length(name) >= 3),"
            " kind VARCHAR CHECK (kind IN ('sail', 'motor')), berths INTEGER,"
            " CONSTRAINT few CHECK (berths BETWEEN 1 AND 12))"
        )
    base = automap_base()
    base.prepare(autoload_with=engine)
    description = describe(base.classes.boats)

    assert (description.field("name").min_length, description.field("name").length) == (3, 20)
    assert [choice.text for choice in description.field("kind").choices] == ["sail", "motor"]
    assert (description.field("berths").minimum, description.field("berths").maximum) == (1, 12)
