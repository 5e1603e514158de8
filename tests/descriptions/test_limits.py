"""The limits of numbers."""

from decimal import Decimal

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Integer,
)
from sqlalchemy.orm import (
    Mapped,
    mapped_column,
)

from admin_site.descriptions import describe
from admin_site.descriptions.checks import Bound, bounds_in
from admin_site.models import User
from tests.zoo import columns, postgresql


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
    ("sql", "bounds"),
    [
        ("age > 0", [(">", "0")]),
        ("0 < age", [(">", "0")]),
        ("(age >= -1.5)", [(">=", "-1.5")]),
        ('"age" <= 10', [("<=", "10")]),
        ("people.age < 10", [("<", "10")]),
        ("((age > 0) AND (age < 5))", [(">", "0"), ("<", "5")]),
        ("age BETWEEN 1 AND 9", [(">=", "1"), ("<=", "9")]),
        ("age between 1 and 9 and other > 3", [(">=", "1"), ("<=", "9")]),
        ("age IS NULL OR age > 0", [(">", "0")]),
        ("age > 0 OR age IS NULL", [(">", "0")]),
        ("age > 0::integer", [(">", "0")]),
        ("AGE > 0", [(">", "0")]),
        ("age > 0 OR other > 1", []),
        ("NOT age > 0", []),
        ("age + 1 > 0", []),
        ("age <> 0", []),
        ("age > other", []),
        ("age > 'x'", []),
        ("age NOT BETWEEN 1 AND 9", []),
        ("length(age) > 3", []),
        ("", []),
    ],
)
def test_simple_checks_are_understood_and_others_are_ignored(sql, bounds):
    found = bounds_in([sql], "age")

    assert found == [Bound(operator, Decimal(number)) for operator, number in bounds]


def test_a_check_written_as_an_expression_is_understood(base):
    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        size: Mapped[int]

        __table_args__ = (CheckConstraint(Column("size", Integer) >= 3),)

    assert describe(Thing).field("size").minimum == 3
