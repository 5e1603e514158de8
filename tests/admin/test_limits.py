"""What a browser is told of a field refuses nothing that saving accepts."""

import random
import re

import pytest
from sqlalchemy import CheckConstraint, Date, Integer, Numeric, String, Text, types
from sqlalchemy.orm import DeclarativeBase, mapped_column

from admin_site.admin.entries.limits import hint, limits
from admin_site.descriptions import Field, describe
from admin_site.models import User
from admin_site.values import from_text
from tests.zoo import columns


@pytest.fixture
def field():
    """Makes a field of a type, in a table with a CHECK."""

    def make(type_, sql: str = "", **options) -> Field:
        class Base(DeclarativeBase):
            pass

        attributes = {
            "__tablename__": "things",
            "id": mapped_column(Integer, primary_key=True),
            "it": mapped_column(type_, **options),
            "__table_args__": (CheckConstraint(sql),) if sql else (),
        }
        return describe(type("Thing", (Base,), attributes)).field("it")

    return make


@pytest.mark.parametrize(
    ("type_", "sql", "words"),
    [
        (String(100), "", "At most 100 characters"),
        (String(1), "", "At most 1 character"),
        (String(254), "", ""),
        (String(254), "length(it) > 2", "3 to 254 characters"),
        (Text(), "", ""),
        (Integer(), "", ""),
        (Integer(), "it BETWEEN 18 AND 120", "18 to 120"),
        (Numeric(8, 2), "it >= 0.5", "0.5 or more, at most 6 digits before the point and 2 after it"),
        (Date(), "it <= '2030-12-31'", "2030-12-31 or earlier"),
        (Date(), "it BETWEEN '2020-01-01' AND '2030-12-31'", "2020-01-01 to 2030-12-31"),
        (types.LargeBinary(8), "", "At most 8 bytes"),
        (String(9), "it ~ '^[A-Z]{2}[0-9]$'", "2 capital letters, 1 digit"),
        (String(9), "it LIKE '%@%'", "At most 9 characters, a text with “@” in it"),
    ],
    ids=str,
)
def test_a_hint_says_what_a_field_takes(field, type_, sql, words):
    assert hint(field(type_, sql)) == words


def test_what_others_may_not_have_is_hinted():
    assert hint(describe(User).field("email_address")) == "No two records share it"
    assert hint(describe(columns.Limits).field("part")) == (
        "At most 3 characters. No two records have the same code and part"
    )


def test_characters_are_counted_as_the_database_counts_them(field):
    """A browser's maxlength counts a fox as two."""
    found = limits(field(String(3)))

    assert found["maxlength"] == "6"
    assert found["pattern"] == r"[\s\S]{0,3}"
    assert from_text(field(String(3)), "🦊🦊🦊")


def test_required_is_what_a_person_has_to_enter(field):
    assert "required" in limits(field(String(3), nullable=False))
    assert "required" not in limits(field(String(3), nullable=False, default="x"))
    assert "required" not in limits(field(String(3), nullable=True))
    assert "required" not in limits(field(types.Boolean(), nullable=False))


@pytest.mark.parametrize(
    ("type_", "sql", "text"),
    [
        (Integer(), "", "not a number"),
        (Numeric(4, 2), "", "n/a"),
        (String(3), "", "longer"),
        (Text(), "it ~ '^[0-9]+$'", "old"),
        (String(10), "length(it) > 3", "ab"),
        (Date(), "it >= '2020-01-01'", "1999-01-01"),
    ],
    ids=str,
)
def test_a_stored_value_beyond_a_limit_is_in_nobodys_way(field, type_, sql, text):
    assert {"pattern", "min", "max"}.isdisjoint(limits(field(type_, sql), text))


@pytest.mark.parametrize("kind", [Integer(), Numeric(), Numeric(6, 2), Numeric(6, 0)], ids=str)
def test_no_pattern_refuses_a_number_that_saving_accepts(field, kind):
    described, chance = field(kind), random.Random(20260301)
    pattern = limits(described)["pattern"].replace(r"\P{ASCII}", "")
    accepted = 0
    for _ in range(3000):
        text = "".join(chance.choices("0123456789+-.eE \t\u00a0\x85", k=chance.randrange(1, 8)))
        try:
            from_text(described, text)
        except ValueError:
            continue
        accepted += 1
        assert re.fullmatch(pattern, text), repr(text)
    assert accepted > 100


def test_no_pattern_refuses_a_text_that_saving_accepts(field):
    chance = random.Random(20260301)
    for sql in ("it ~ '^[a-z-]{1,3}$'", "it ~ 'a.b|^c'", "it LIKE 'a%'", "it ~* '^x+[^y]$'", "it ~ '[/&]'"):
        described = field(Text(), sql) if "~" not in sql else field(String(5), sql)
        pattern = limits(described).get("pattern", ".*")
        for _ in range(500):
            text = "".join(chance.choices("abcxyXY-/& é", k=chance.randrange(1, 6)))
            if all(each.fits(text) for each in described.patterns):
                assert re.fullmatch(pattern, text), (sql, text)
