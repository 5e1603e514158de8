"""Rules are judged as the databases judge them, and told in words."""

import random
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, MetaData, Numeric, String, Table, Text, types
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from admin_site.admin.entries.limits import hint
from admin_site.descriptions import describe
from admin_site.descriptions.expressions import read_check
from admin_site.errors import Invalid
from admin_site.models import Course, Enrollment, User
from admin_site.permissions import COMMAND_LINE
from admin_site.services import records
from admin_site.services.judgement import UNKNOWN, judge
from admin_site.services.rules import faults, neighbours
from tests.factories import make_user

CHANCE = 20260301


class Base(DeclarativeBase):
    metadata = MetaData()


class Sheet(Base):
    """A column of every kind that rules compare."""

    __tablename__ = "sheets"

    id: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int | None]
    m: Mapped[int | None]
    d: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    f: Mapped[float | None]
    t: Mapped[str | None]
    u: Mapped[str | None] = mapped_column(Text)
    b: Mapped[bool | None]
    s: Mapped[date | None]
    e: Mapped[date | None]
    at: Mapped[datetime | None]
    clock: Mapped[time | None]


FIELDS = {field.name: field for field in describe(Sheet).fields}
NAMES = {name: name for name in FIELDS}


def row(**values: Any) -> dict[str, Any]:
    return values


ROWS: list[dict[str, Any]] = [
    {},
    row(n=0, m=0, d=Decimal("0.00"), f=0.0, t="", u="", b=False, s=date(2020, 1, 1), e=date(2020, 1, 1)),
    row(n=1, m=2, d=Decimal("0.50"), f=0.1, t="a", u="b", b=True, s=date(2019, 12, 31), e=date(2021, 1, 1)),
    row(n=-3, m=7, d=Decimal("10"), f=-1e9, t="ab-12", u="A", s=date(1, 1, 1), at=datetime(2020, 1, 1)),
    row(n=5, t="  ", u="AB-12", at=datetime(2020, 1, 1, 9, 30, 0, 1), clock=time(9, 30)),
    row(m=5, t="é", u="ab\ncd", e=date(2020, 1, 1), clock=time(8, 59, 59, 999999)),
    row(n=100, m=100, t=" a ", u="100%", d=Decimal("99.99"), at=datetime(2019, 12, 31, 23, 59)),
]
PATTERNS = (
    "^a",
    "b$",
    "^[a-z]+$",
    "^[A-Z]{2}-[0-9]+$",
    "^$",
    "[^a-z]",
    "a|b",
    "^(ab|é).*",
    r"^\d+",
    r"\w",
    "^ *$",
)
LIKES = ("a%", "%b%", "%", "_", "", "ab-__", "A%", "100%")


class Author:
    """Makes up conditions, as people and databases write them."""

    def __init__(self, chance: random.Random, backend: str) -> None:
        self.chance = chance
        self.match = "~" if backend == "postgresql" else "REGEXP"

    def condition(self, depth: int) -> str:
        if depth == 0 or self.chance.random() < 0.3:
            return self.simple()
        one, other = self.condition(depth - 1), self.condition(depth - 1)
        return self.chance.choice(
            [
                f"({one}) AND ({other})",
                f"({one}) OR ({other})",
                f"NOT ({one})",
                f"{self.column()} IS NULL OR ({one})",
            ]
        )

    def column(self) -> str:
        return self.chance.choice(["n", "m", "d", "t", "u", "s", "e", "b", "at"])

    def simple(self) -> str:
        make = [self.numbers, self.numbers, self.texts, self.texts, self.dates, self.others]
        return self.chance.choice(make)()

    def numbers(self) -> str:
        pick, name = self.chance.choice, self.chance.choice(["n", "m", "d"])
        number = pick(["0", "1", "5", "-3", "100", "0.5"])
        return pick(
            [
                f"{name} {self.operator()} {number}",
                f"{number} {self.operator()} {name}",
                f"n {self.operator()} m",
                f"{name} BETWEEN {number} AND 7",
                f"{name} NOT BETWEEN 1 AND 5",
                f"{name} IN (1, 5, {number})",
                f"{name} NOT IN (0, {number})",
                f"f {self.operator()} 0.1",
            ]
        )

    def texts(self) -> str:
        pick, name = self.chance.choice, self.chance.choice(["t", "u"])
        return pick(
            [
                f"{name} = 'a'",
                f"{name} <> ''",
                f"t {pick(['=', '<>'])} u",
                f"{name} IN ('a', 'b', '')",
                f"length({name}) {self.operator()} {pick('0125')}",
                f"lower({name}) = 'ab-12'",
                f"trim({name}) <> ''",
                f"length(trim({name})) > 0",
                f"upper({name}) <> 'A'",
                f"{name} {pick(['LIKE', 'NOT LIKE'])} '{pick(LIKES)}'",
                f"{name} {self.match} '{pick(PATTERNS)}'",
            ]
        )

    def dates(self) -> str:
        pick = self.chance.choice
        return pick(
            [
                f"s {self.operator()} e",
                f"s {self.operator()} '2020-01-01'",
                f"at {self.operator()} '2020-01-01 09:30:00'",
                f"clock {self.operator()} '09:30:00'",
            ]
        )

    def others(self) -> str:
        name = self.column()
        return self.chance.choice([f"{name} IS NULL", f"{name} IS NOT NULL", "b", "NOT b", "b = true"])

    def operator(self) -> str:
        return self.chance.choice(["=", "<>", "<", "<=", ">", ">="])


def test_rules_are_judged_as_the_database_judges_them(session, backend):
    """True and False are never exchanged, NULL never refuses, and most is judged without asking."""
    Base.metadata.create_all(session.get_bind())
    session.add_all([Sheet(id=number, **row) for number, row in enumerate(ROWS)])
    session.flush()
    author = Author(random.Random(CHANCE), backend)
    found = [author.condition(depth=2) for _ in range(400)]
    connection, judged, decided = session.connection(), 0, 0

    for begin in range(0, len(found), 50):
        some = found[begin : begin + 50]
        asked = ", ".join(f"({sql})" for sql in some).replace("%", "%%" if backend == "postgresql" else "%")
        answers = connection.exec_driver_sql(f"SELECT {asked} FROM sheets ORDER BY id").all()
        for number, answer in enumerate(answers):
            state = dict.fromkeys(FIELDS) | ROWS[number] | {"id": number}
            for sql, truth in zip(some, answer, strict=True):
                condition = read_check(sql, NAMES)
                assert condition is not None, sql
                verdict = judge(condition, state, FIELDS)
                assert verdict is not False or (truth is not None and not truth), (sql, ROWS[number])
                assert verdict is not True or truth is None or truth, (sql, ROWS[number])
                decided += truth is not None
                judged += truth is not None and verdict is not None
    assert judged > 0.8 * decided


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "n >",
        "n > 0 )",
        "(n > 0",
        "n > 0 n",
        "nothing > 0",
        "n > 'it''s",
        "n + 1 > 0",
        "n > 0 -- always",
        "coalesce(n, 0) > 0",
        "n > (SELECT 1)",
        "t LIKE '10\\%'",
        "t LIKE 'a!%' ESCAPE '!'",
        "t COLLATE \"C\" > 'a'",
        "t ~ '(a'",
        "t ~ '(a+)+$'",
        "t ~ '\\mword'",
        "t ~ '(?i)a'",
        "(n IS NULL) = (m IS NULL)",
        "1 = 1",
        "n IS DISTINCT FROM m",
        "(" * 5000 + "n > 0" + ")" * 5000,
        "n::date > '2020-01-01'",
        "t::varchar(3) = 'abc'",
    ],
    ids=lambda sql: sql[:30],
)
def test_what_is_not_understood_is_left_to_the_database(sql):
    assert read_check(sql, NAMES) is None


def test_no_text_breaks_the_reader():
    chance = random.Random(CHANCE)
    parts = [
        "n",
        "t",
        "(",
        ")",
        "AND",
        "OR",
        "NOT",
        "IS",
        "NULL",
        "IN",
        "'a'",
        "1",
        ",",
        "::text",
        "~",
        "LIKE",
    ]
    parts += [
        "BETWEEN",
        ">",
        "=",
        "ANY",
        "ARRAY[",
        "]",
        '"t"',
        "[n]",
        "e'\\",
        "'",
        "-",
        ".",
        "CAST(",
        "AS",
        "\0",
        "é",
    ]
    for _ in range(3000):
        read_check(" ".join(chance.choices(parts, k=chance.randrange(12))), NAMES)


def test_what_nobody_knows_yet_is_left_to_the_database():
    condition = read_check("n > 0 AND m IS NOT NULL", NAMES)
    assert condition is not None

    assert judge(condition, {"n": UNKNOWN, "m": 1}, FIELDS) is None
    assert judge(condition, {"n": 0, "m": UNKNOWN}, FIELDS) is False
    assert judge(condition, {"n": float("nan"), "m": 1}, FIELDS) is None
    assert judge(condition, {"n": "text", "m": 1}, FIELDS) is None


# -- In words ------------------------------------------------------------------------------------------------


def made(base: type[DeclarativeBase], *rules: CheckConstraint | str, **columns: Any) -> Any:
    """Return the description of a class with these columns and checks."""
    attributes = {
        "__tablename__": "things",
        "id": mapped_column(types.Integer, primary_key=True),
        **{name: mapped_column(type_) for name, type_ in columns.items()},
        "__table_args__": tuple(CheckConstraint(rule) if isinstance(rule, str) else rule for rule in rules),
    }
    return describe(type("Thing", (base,), attributes))


@pytest.fixture
def base() -> type[DeclarativeBase]:
    class Own(DeclarativeBase):
        pass

    return Own


@pytest.mark.parametrize(
    ("sql", "values", "errors", "hints"),
    [
        ("ends >= starts", {"starts": date(2026, 2, 1), "ends": date(2026, 1, 1)},
         {"ends": "Ends must not be before starts."}, {"ends": "Not before starts"}),
        ("starts < ends", {"starts": date(2026, 2, 1), "ends": date(2026, 2, 1)},
         {"ends": "Ends must be after starts."}, {"ends": "After starts"}),
        ("low_price <= high_price", {"low_price": 2, "high_price": 1},
         {"high_price": "High price must be at least low price."}, {"high_price": "At least low price"}),
        ("low_price <> high_price", {"low_price": 2, "high_price": 2},
         {"high_price": "High price must not be the same as low price."},
         {"high_price": "Not the same as low price"}),
        ("code ~ '^[A-Z]{3}[0-9]{2}$'", {"code": "x"},
         {"code": "Enter 3 capital letters, 2 digits."}, {"code": "3 capital letters, 2 digits"}),
        ("code LIKE 'https://%'", {"code": "x"},
         {"code": "Enter a text that begins with “https://”."}, {"code": "A text that begins with “https://”"}),
        ("length(code) BETWEEN 2 AND 4", {"code": "x"},
         {"code": "Enter 2 to 4 characters."}, {"code": "2 to 4 characters"}),
        ("length(code) = 4", {"code": "x"},
         {"code": "Enter exactly 4 characters."}, {"code": "Exactly 4 characters"}),
        ("code <> 'no'", {"code": "no"}, {"code": "Enter something other than “no”."}, {"code": "Not “no”"}),
        ("code NOT IN ('a', 'b', 'c')", {"code": "b"},
         {"code": "Enter something other than “a”, “b” or “c”."}, {"code": "Must not be “a”, “b” or “c”"}),
        ("code <> ''", {"code": ""}, {"code": "Enter something."}, {}),
        ("trim(code) <> ''", {"code": " "},
         {"code": "Enter more than spaces."}, {"code": "Must not be only spaces"}),
        ("low_price > 0", {"low_price": 0}, {"low_price": "Enter 1 or more."}, {"low_price": "1 or more"}),
        ("share > 0", {"share": 0.0}, {"share": "Enter more than 0."}, {"share": "More than 0"}),
        ("share BETWEEN 0 AND 0.5", {"share": 0.6}, {"share": "Enter 0 to 0.5."}, {"share": "0 to 0.5"}),
        ("starts >= '2020-01-01'", {"starts": date(2019, 1, 1)},
         {"starts": "Enter 2020-01-01 or later."}, {"starts": "2020-01-01 or later"}),
        ("code IS NOT NULL OR low_price IS NOT NULL", {"code": None, "low_price": None},
         {"code": "Code needs a value, or low price needs a value."},
         {"code": "Needs a value, or low price needs a value"}),
        ("is_open OR low_price > 3", {"is_open": False, "low_price": 3},
         {"is_open": "Open must be yes, or low price must be more than 3."}, {}),
        ("ends <= CURRENT_DATE", {"ends": date(9999, 1, 1)}, {}, {"ends": "Not after today"}),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)  # fmt: skip
def test_rules_are_told_before_they_are_broken_and_after(base, sql, values, errors, hints):
    description = made(
        base,
        sql,
        starts=types.Date(),
        ends=types.Date(),
        low_price=types.Integer(),
        high_price=types.Integer(),
        share=types.Double(),
        code=String(),
        is_open=types.Boolean(),
    )
    found = faults(description, values, values.keys())
    told = {field.name: hint(field) for field in description.fields if hint(field) and field.name != "id"}

    assert found == errors
    if hints:
        assert told == hints


def test_a_rule_that_is_not_understood_is_told_by_its_comment_or_name(base):
    description = made(
        base,
        CheckConstraint("n % 2 = 0", name="ck_things_even_number"),
        CheckConstraint("m % 2 = 0", name="x", comment="Shoes come in pairs."),
        CheckConstraint("k % 2 = 0"),
        n=types.Integer(),
        m=types.Integer(),
        k=types.Integer(),
    )

    assert hint(description.field("n")) == "Rule: even number"
    assert hint(description.field("m")) == "Shoes come in pairs"
    assert hint(description.field("k")) == ""


def test_no_sql_is_ever_told(base):
    description = made(base, "n & 4 = 0 AND abs(n) < 5 OR CASE WHEN n = 1 THEN true END", n=types.Integer())

    assert hint(description.field("n")) == ""


# -- On saving -----------------------------------------------------------------------------------------------


def refused(session, record: Any, **values: Any) -> dict[str, str]:
    """Return the errors of a change, or of a new record where `record` is a class."""
    is_new = isinstance(record, type)
    description = describe(record if is_new else type(record))
    save = records.create if is_new else partial(records.update, record=record)
    with pytest.raises(Invalid) as refusal:
        save(session, COMMAND_LINE, description, values=values)
    return refusal.value.errors


def test_a_rule_is_told_beside_the_field_that_was_changed(session):
    course = Course(name="Biology", start_date=date(2026, 2, 1), end_date=date(2026, 3, 1))
    session.add(course)
    session.commit()

    assert refused(session, course, start_date=date(2026, 4, 1)) == {
        "start_date": "Start date must not be after end date."
    }
    session.rollback()
    assert refused(session, course, end_date=date(2026, 1, 1), name="Botany") == {
        "end_date": "End date must not be before start date."
    }


def test_all_broken_rules_are_told_at_once(session):
    errors = refused(session, User, user_name="a", email_address="a@b", age=0, first_name="x")
    assert errors == {"age": "Enter 1 or more."}


def test_defaults_count(session):
    """enrolled_date is left to its default, which only the flush makes."""
    user = make_user(session)
    course = Course(name="Biology", start_date=date(2026, 2, 1))
    session.add(course)
    session.flush()

    records.create(
        session,
        COMMAND_LINE,
        describe(Enrollment),
        {"user": user, "course": course, "end_date": date(9999, 1, 1)},
    )


def test_a_field_depends_on_those_it_is_compared_with_or_unique_with():
    assert neighbours(describe(Course), "end_date") == {"start_date"}
    assert neighbours(describe(Course), "name") == frozenset()
    assert neighbours(describe(Enrollment), "course") == {"user", "user_id"}


def test_a_column_that_the_class_does_not_have_leaves_the_rule_to_the_database(base):
    table = Table(
        "parts",
        base.metadata,
        Column("id", types.Integer, primary_key=True),
        Column("a", types.Integer),
        Column("b", types.Integer),
        CheckConstraint("a > b"),
        CheckConstraint("a > 3"),
    )
    part = type("Part", (base,), {"__table__": table, "__mapper_args__": {"exclude_properties": ["b"]}})

    assert [rule.condition is None for rule in describe(part).rules] == [True, False]
    assert faults(describe(part), {"a": 4}, ["a"]) == {}
