"""The text forms of values, both ways."""

import json
import math
import random
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from time import thread_time
from typing import Any

import pytest
from sqlalchemy import create_engine, func, null, select, types
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Session

from admin_site.descriptions import Field, Kind, describe
from admin_site.descriptions.kinds import shape_of
from admin_site.descriptions.shapes import field_of
from admin_site.models import Instant
from admin_site.values import canonical, empty, from_text, to_json, to_text
from tests import zoo
from tests.zoo import columns
from tests.zoo.columns import Colour, Level, Mood

EAST = timezone(timedelta(hours=5, minutes=30))
NAIVE = datetime(2026, 3, 1, 9, 30, 0, 1)
AWARE = NAIVE.replace(tzinfo=UTC)
BY_VALUE = types.Enum(Colour, values_callable=columns.texts_of)


def field_for(type_: Any, **facts: Any) -> Field:
    type_ = type_() if isinstance(type_, type) else type_
    return replace(field_of(shape_of(type_), "field"), **facts)


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of one type, where NaN equals NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return repr(one) == repr(other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(is_same(one[name], other[name]) for name in one)
    return bool(one == other)


EXACT: list[tuple[Any, Any, str]] = [
    (types.String, " two  spaces ", " two  spaces "),
    (types.Text, "\r\n\r\n", "\r\n\r\n"),
    (types.Text, "\U0001f98a עברית", "\U0001f98a עברית"),
    (types.Integer, -7, "-7"),
    (types.BigInteger, 2**63 - 1, "9223372036854775807"),
    (types.Numeric(8, 3), Decimal("1.500"), "1.500"),
    (types.Numeric, Decimal("1E+2"), "100"),
    (types.Numeric(20, 10), Decimal("0E-10"), "0.0000000000"),
    (types.Numeric(8, 2, asdecimal=False), 0.1, "0.1"),
    (types.Float, 0.1, "0.1"),
    (types.Float, 1e-300, "1e-300"),
    (types.Float, math.inf, "inf"),
    (types.Float, -math.inf, "-inf"),
    (types.Float, math.nan, "nan"),
    (types.Float, -0.0, "-0.0"),
    (types.Boolean, True, "true"),
    (types.Boolean, False, "false"),
    (types.Date, date(1, 1, 1), "0001-01-01"),
    (types.Time, time(9, 30), "09:30:00"),
    (types.Time, time(9, 30, 0, 1), "09:30:00.000001"),
    (types.Time(timezone=True), time(9, 30, tzinfo=EAST), "09:30:00+05:30"),
    (types.DateTime, NAIVE, "2026-03-01T09:30:00.000001"),
    (types.DateTime, datetime(2026, 3, 1), "2026-03-01T00:00:00"),
    (types.DateTime(timezone=True), AWARE, "2026-03-01T09:30:00.000001+00:00"),
    (Instant, datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00+00:00"),
    (
        types.Interval,
        timedelta(days=3, hours=4, minutes=5, seconds=6, microseconds=7),
        "3 days, 04:05:06.000007",
    ),
    (types.Interval, timedelta(days=1), "1 day, 00:00:00"),
    (types.Interval, timedelta(), "00:00:00"),
    (types.Interval, timedelta(seconds=-1), "-00:00:01"),
    (types.Interval, -timedelta(days=2, hours=1), "-2 days, 01:00:00"),
    (BY_VALUE, Colour.DARK_GREEN, "dark/green"),
    (types.Enum(Colour), Colour.DARK_GREEN, "DARK_GREEN"),
    (types.Enum(Mood), Mood.SO_SO, "SO_SO"),
    (types.Enum("a b", ""), "a b", "a b"),
    (types.Enum("a b", ""), "", ""),
    (columns.LevelNumber, Level.HIGH, "HIGH"),
    (types.Uuid, uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (types.Uuid(as_uuid=False), str(uuid.UUID(int=1)), "00000000-0000-0000-0000-000000000001"),
    (types.LargeBinary, b"", ""),
    (types.LargeBinary, b"\x00\xff", "00ff"),
    (types.JSON, 0, "0"),
    (types.JSON, [], "[]"),
    (types.JSON, {}, "{}"),
    (types.JSON, False, "false"),
    (types.JSON, "", '""'),
    (types.JSON, 1.0, "1.0"),
    (types.JSON, 2**100, str(2**100)),
    (types.JSON, {"b": 1, "a": [None, "Ω\r\n"]}, '{"b": 1, "a": [null, "Ω\\r\\n"]}'),
    (types.JSON, "a\\u0000b", '"a\\\\u0000b"'),
    (types.JSON, types.JSON.NULL, "null"),
    (columns.JsonText, {"a": 1}, '{"a": 1}'),
    (pg.HSTORE, {"a": "", "b": None}, '{"a": "", "b": null}'),
    (pg.ARRAY(types.Integer), [3, None, -1], "[3, null, -1]"),
    (pg.ARRAY(types.Integer), [], "[]"),
    (pg.ARRAY(types.Integer), [[1, 2], [3, None]], "[[1, 2], [3, null]]"),
    (pg.ARRAY(types.Integer, as_tuple=True), (1, 2), "[1, 2]"),
    (pg.ARRAY(types.Text), ["", "null", 'a "b", c'], '["", "null", "a \\"b\\", c"]'),
    (pg.ARRAY(types.Numeric(8, 2)), [Decimal("1.50")], "[1.50]"),
    (pg.ARRAY(types.Float), [0.1, math.inf, math.nan], '[0.1, "inf", "nan"]'),
    (pg.ARRAY(types.Boolean), [True, False], "[true, false]"),
    (pg.ARRAY(types.Uuid), [uuid.UUID(int=1)], '["00000000-0000-0000-0000-000000000001"]'),
    (pg.ARRAY(types.Date), [date(2026, 3, 1)], '["2026-03-01"]'),
    (pg.ARRAY(BY_VALUE), [Colour.BLUE, None], '["blue,ish", null]'),
    (pg.ARRAY(pg.JSONB), [{"a": [1]}, 0, "x"], '[{"a": [1]}, 0, "x"]'),
    (pg.ARRAY(pg.BYTEA), [b"\x00", b""], '["00", ""]'),
    (pg.INET, "192.0.2.7", "192.0.2.7"),
    (pg.INET, "192.0.2.7/24", "192.0.2.7/24"),
    (pg.INET, "2001:db8::7", "2001:db8::7"),
    (pg.CIDR, "192.0.2.0/24", "192.0.2.0/24"),
    (pg.MACADDR, "08:00:2b:01:02:03", "08:00:2b:01:02:03"),
    (pg.MACADDR8, "08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03:04:05"),
    (pg.MONEY, "-$1,234.50", "-$1,234.50"),
    (pg.BIT(4), pg.BitString("0101"), "0101"),
    (pg.BIT(varying=True), pg.BitString(""), ""),
    (pg.TSVECTOR, "'cat':3 'fat':2", "'cat':3 'fat':2"),
    (pg.INT4RANGE, pg.Range(1, 5), "[1,5)"),
    (pg.INT4RANGE, pg.Range(empty=True), "empty"),
    (pg.INT8RANGE, pg.Range(None, None, bounds="()"), "(,)"),
    (pg.NUMRANGE, pg.Range(Decimal("0.50"), None), "[0.50,)"),
    (pg.DATERANGE, pg.Range(date(2026, 1, 1), date(2026, 2, 1)), "[2026-01-01,2026-02-01)"),
    (pg.TSRANGE, pg.Range(NAIVE, None), "[2026-03-01T09:30:00.000001,)"),
    (
        pg.TSTZRANGE,
        pg.Range(AWARE, AWARE, bounds="[]"),
        "[{0},{0}]".format("2026-03-01T09:30:00.000001+00:00"),
    ),
    (pg.INT4MULTIRANGE, "{[1,3),[7,9)}", "{[1,3),[7,9)}"),
    (pg.INT4MULTIRANGE, "{}", "{}"),
    (pg.DOMAIN("d", types.Numeric(4, 1)), Decimal("1.5"), "1.5"),
    (columns.Version, "1.2.3", "1.2.3"),
]


@pytest.mark.parametrize(("type_", "value", "text"), EXACT)
def test_a_value_and_its_text_stand_for_each_other(type_, value, text):
    field = field_for(type_)

    assert to_text(field, value) == text
    assert is_same(from_text(field, text), value)
    assert canonical(field, text) == text.replace("\r\n", "\n")


SAME: list[tuple[Any, str, str]] = [
    (types.Text, "a\r\nb\rc", "a\nb\nc"),
    (types.Integer, " 007 ", "7"),
    (types.Integer, "+7", "7"),
    (types.Numeric(8, 2), ".5", "0.5"),
    (types.Numeric(8, 2), "1.500", "1.500"),
    (types.Numeric, "1e2", "100"),
    (types.Float, "1", "1.0"),
    (types.Float, "Infinity", "inf"),
    (types.Boolean, "True", "true"),
    (types.Date, " 2026-03-01 ", "2026-03-01"),
    (types.Time, "09:30", "09:30:00"),
    (types.DateTime, "2026-03-01 09:30", "2026-03-01T09:30:00"),
    (types.DateTime, "2026-03-01T09:30:00.100", "2026-03-01T09:30:00.100000"),
    (Instant, "2026-03-01T09:30", "2026-03-01T09:30:00+00:00"),
    (Instant, "2026-03-01T09:30Z", "2026-03-01T09:30:00+00:00"),
    (Instant, "2026-03-01 15:00:00+05:30", "2026-03-01T09:30:00+00:00"),
    (Instant, "2026-03-01 09:30:00.000001+00", "2026-03-01T09:30:00.000001+00:00"),
    (types.Interval, "3 days", "3 days, 00:00:00"),
    (types.Interval, "1d 02:03", "1 day, 02:03:00"),
    (types.Interval, "100:00:00", "4 days, 04:00:00"),
    (types.Uuid, "{00000000000000000000000000000001}", "00000000-0000-0000-0000-000000000001"),
    (types.Uuid, "ABCDEF00-0000-0000-0000-000000000001", "abcdef00-0000-0000-0000-000000000001"),
    (types.LargeBinary, "00 FF\n01", "00ff01"),
    (types.JSON, '{"b":1,\n "a":2}', '{"b": 1, "a": 2}'),
    (types.JSON, '"\\u00e9"', '"é"'),
    (pg.ARRAY(types.Integer), "[1,2]", "[1, 2]"),
    (pg.INET, "192.0.2.7/32", "192.0.2.7"),
    (pg.INET, "2001:DB8:0::7", "2001:db8::7"),
    (pg.MACADDR, "08002B-010203", "08:00:2b:01:02:03"),
    (pg.INT4RANGE, "(0, 4]", "[1,5)"),
    (pg.INT4RANGE, "[1,1)", "empty"),
    (pg.DATERANGE, '["2026-01-01",2026-01-31]', "[2026-01-01,2026-02-01)"),
    (pg.TSTZRANGE, '["2026-03-01 09:30:00+00",)', "[2026-03-01T09:30:00+00:00,)"),
    (pg.NUMRANGE, "[,5]", "(,5]"),
    (pg.INT4MULTIRANGE, "{[1,2], (6,8]}", "{[1,3),[7,9)}"),
]


@pytest.mark.parametrize(("type_", "text", "same"), SAME)
def test_texts_that_mean_the_same_have_one_form(type_, text, same):
    field = field_for(type_)

    assert canonical(field, text) == same
    assert canonical(field, same) == same


REFUSED: list[tuple[Any, str]] = [
    (types.String(3), "four"),
    (types.Text, "nul\0"),
    (types.Text, "half \ud83e"),
    (types.Integer, ""),
    (types.Integer, "1.0"),
    (types.Integer, "1_000"),
    (types.Integer, "٣"),
    (types.Integer, "0x10"),
    (types.Integer, "2147483648"),
    (types.SmallInteger, "-32769"),
    (types.BigInteger, "9223372036854775808"),
    (types.BigInteger, "9" * 5000),
    (types.Numeric(5, 2), "1.005"),
    (types.Numeric(5, 2), "1000"),
    (types.Numeric(5), "1.5"),
    (types.Numeric, "NaN"),
    (types.Numeric, "Infinity"),
    (types.Numeric, "1,5"),
    (types.Numeric, "٣"),
    (types.Numeric, "1e9999"),
    (types.Numeric, "9" * 2000),
    (types.Float, "1e999"),
    (types.Float, "one"),
    (types.REAL, "1e39"),
    (types.Boolean, "yes"),
    (types.Boolean, "1"),
    (types.Boolean, ""),
    (types.Date, "01.03.2026"),
    (types.Date, "2026-02-30"),
    (types.Date, "20260301"),
    (types.Date, "2026-W09-7"),
    (types.Date, "٢٠٢٦-03-01"),
    (types.Date, "infinity"),
    (types.Time, "9:30"),
    (types.Time, "24:00"),
    (types.Time, "09:30+01:00"),
    (types.Time, "09:30:00.1234567"),
    (types.DateTime, "2026-03-01"),
    (types.DateTime, "2026-03-01T09:30Z"),
    (Instant, "soon"),
    (Instant, "0001-01-01T00:00+14:00"),
    (Instant, "2026-03-01T09:30:60"),
    (pg.TIMESTAMP(precision=3), "2026-03-01T09:30:00.0001"),
    (pg.INTERVAL(precision=0), "00:00:00.5"),
    (types.Interval, "soon"),
    (types.Interval, ""),
    (types.Interval, "3"),
    (types.Interval, "999999999 days"),
    (pg.INTERVAL, "999999999 days, 24:00:00"),
    (BY_VALUE, "DARK_GREEN"),
    (BY_VALUE, ""),
    (types.Uuid, "abc"),
    (types.Uuid, "٣0000000-0000-0000-0000-000000000001"),
    (types.LargeBinary, "0"),
    (types.LargeBinary, "xx"),
    (types.LargeBinary(1), "0000"),
    (types.JSON, ""),
    (types.JSON, "{a: 1}"),
    (types.JSON, "NaN"),
    (types.JSON, "[Infinity]"),
    (types.JSON, "1e999"),
    (types.JSON, "9" * 5000),
    (types.JSON, '{"a": 1, "a": 2}'),
    (types.JSON, '"\\u0000"'),
    (types.JSON, '{"\\ud800": 1}'),
    (types.JSON, "[" * 100_000),
    (types.JSON, "[" * 150 + "]" * 150),
    (pg.HSTORE, '{"a": 1}'),
    (pg.HSTORE, "[]"),
    (pg.ARRAY(types.Integer), "1, 2"),
    (pg.ARRAY(types.Integer), "{1,2}"),
    (pg.ARRAY(types.Integer), '["x"]'),
    (pg.ARRAY(types.Integer), "[1.5]"),
    (pg.ARRAY(types.Integer), "[true]"),
    (pg.ARRAY(types.Integer), "[[1], [2, 3]]"),
    (pg.ARRAY(types.Integer), "[[1], 2]"),
    (pg.ARRAY(types.Integer), "[[]]"),
    (pg.ARRAY(types.Integer), "[[[[[[[1]]]]]]]"),
    (pg.ARRAY(types.Integer, dimensions=2), "[1]"),
    (pg.ARRAY(types.Integer, dimensions=1), "[[1]]"),
    (pg.ARRAY(types.Text), "[1]"),
    (pg.ARRAY(types.Text), '["\\u0000"]'),
    (pg.ARRAY(types.String(1)), '["ab"]'),
    (pg.INET, "192.0.2.256"),
    (pg.INET, "fe80::1%eth0"),
    (pg.INET, ""),
    (pg.CIDR, "192.0.2.7/24"),
    (pg.MACADDR, "08:00:2b"),
    (pg.MACADDR, "08:00:2b:01:02:0g"),
    (pg.MONEY, "much"),
    (pg.MONEY, ""),
    (pg.BIT(4), "01"),
    (pg.BIT(4), "0120"),
    (pg.BIT(2, varying=True), "010"),
    (pg.INT4RANGE, "1-5"),
    (pg.INT4RANGE, "[5,1)"),
    (pg.INT4RANGE, "[1,2147483648)"),
    (pg.INT4RANGE, "[1,2147483647]"),
    (pg.INT4RANGE, "[a,b)"),
    (pg.DATERANGE, "[2026-01-01,9999-12-31]"),
    (pg.INT4MULTIRANGE, "[1,2)"),
    (pg.INT4MULTIRANGE, "{[1,2)"),
    (pg.INT4MULTIRANGE, "{1}"),
    (types.PickleType, "x"),
]


@pytest.mark.parametrize(("type_", "text"), REFUSED)
def test_what_cannot_be_stored_is_refused_in_words(type_, text):
    field = field_for(type_)

    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refusal:
        from_text(field, text)

    assert len(str(refusal.value)) < 150
    assert canonical(field, text) == text


def test_the_checks_of_a_column_hold_when_typing():
    limits = describe(columns.Limits)

    assert from_text(limits.field("percent"), "100") == 100
    with pytest.raises(ValueError, match=r"^Enter 100 or less\.$"):
        from_text(limits.field("percent"), "101")
    with pytest.raises(ValueError, match=r"^Enter 0\.01 or more\.$"):
        from_text(limits.field("price"), "0")


def test_null_has_no_text():
    for type_, *_ in EXACT:
        assert to_text(field_for(type_), None) == ""
        assert to_json(field_for(type_), None) is None


def test_json_null_and_null_are_two_things():
    keeps_both, keeps_one = field_for(types.JSON), field_for(types.JSON(none_as_null=True))

    assert from_text(keeps_both, "null") is types.JSON.NULL
    assert from_text(keeps_one, " null ") is None
    assert empty(keeps_both).compare(null())
    assert empty(keeps_one) is None
    assert empty(field_for(types.Integer)) is None


def test_a_value_of_another_type_is_shown_as_it_is():
    assert to_text(field_for(types.Integer), "many") == "many"
    assert to_text(field_for(types.Date), "2026-99-99") == "2026-99-99"
    assert to_text(field_for(BY_VALUE), "unknown") == "unknown"
    assert to_text(field_for(types.Uuid), "not one") == "not one"
    assert to_text(field_for(types.Interval), 5) == "5"
    assert to_text(field_for(pg.ARRAY(types.Integer)), "{1,2}") == "{1,2}"
    assert to_text(field_for(pg.INET), "nonsense") == "nonsense"
    assert to_text(field_for(types.JSON), {"a": {1}}) == '{"a": "{1}"}'
    assert to_text(field_for(types.JSON), "\ud800") == '"\\ud800"'
    assert to_text(field_for(types.Integer), func.now()) == ""


def test_instants_without_a_zone_are_those_of_sqlite():
    assert to_text(field_for(types.DateTime(timezone=True)), NAIVE) == "2026-03-01T09:30:00.000001+00:00"
    assert to_text(field_for(types.DateTime(timezone=True)), AWARE.astimezone(EAST)).startswith(
        "2026-03-01T09:30"
    )
    assert to_text(field_for(types.Time(timezone=True)), time(9, 30)) == "09:30:00+00:00"


def test_what_has_no_text_form_is_shown_in_short():
    opaque = field_for(types.PickleType)

    assert to_text(opaque, {"a": 1}) == "a: 1"
    assert to_text(opaque, [1, "b"]) == "1, b"
    assert to_text(opaque, columns.Point(1, 2)) == "(1, 2)"
    assert to_text(opaque, "text") == "text"
    assert to_text(opaque, b"\x00") == "00"
    assert to_text(opaque, range(1000)).endswith("19, …")


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        (types.Text, "a\0\ud800", "a\\u0000\\ud800"),
        (types.Integer, 2**70, 2**70),
        (types.Boolean, True, True),
        (types.Float, 0.1, 0.1),
        (types.Float, math.nan, "nan"),
        (types.Numeric(8, 2), Decimal("1.50"), "1.50"),
        (Instant, AWARE, "2026-03-01T09:30:00.000001+00:00"),
        (BY_VALUE, Colour.BLUE, "blue,ish"),
        (types.Uuid, uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (types.JSON, {"a": [0, None, 1.5, math.inf]}, {"a": [0, None, 1.5, "inf"]}),
        (types.JSON, types.JSON.NULL, None),
        (types.JSON, null(), None),
        (pg.HSTORE, {"a": None}, {"a": None}),
        (pg.ARRAY(types.Numeric), [[Decimal("1.0"), None]], [["1.0", None]]),
        (pg.ARRAY(pg.JSONB), [[1], {"a": 2}], [[1], {"a": 2}]),
        (pg.INT4RANGE, pg.Range(1, 5), "[1,5)"),
        (types.PickleType, columns.Point(1, 2), "(1, 2)"),
        (
            types.LargeBinary,
            b"abc",
            {"bytes": 3, "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        ),
    ],
)
def test_values_as_json(type_, value, stored):
    result = to_json(field_for(type_), value)

    assert result == stored
    assert type(result) is type(stored)
    json.dumps(result, allow_nan=False).encode()


def test_any_text_is_read_or_refused():
    chance = random.Random(2)
    fields = [field_for(type_) for type_, *_ in EXACT]
    alphabet = "0123456789+-.:,;eETZ \t\r\n\0[]{}()\"'\\/%abcxnulltrue٣é\ud800\U0001f98a"
    for _ in range(4000):
        field = chance.choice(fields)
        text = "".join(chance.choices(alphabet, k=chance.randrange(12)))
        with suppress(ValueError):
            value = from_text(field, text)
            if value is not None:
                assert canonical(field, to_text(field, value)) == canonical(field, text)
                json.dumps(to_json(field, value), allow_nan=False)
        assert canonical(field, canonical(field, text)) == canonical(field, text)


def test_any_text_comes_back_as_it_was():
    chance = random.Random(3)
    field = field_for(types.Text)
    for _ in range(2000):
        characters = [
            chr(chance.choice((chance.randrange(1, 0x300), chance.randrange(0xE000, 0x110000))))
            for _ in range(9)
        ]
        text = "".join(characters)
        assert from_text(field, to_text(field, text)) == text


@pytest.fixture
def zoo_session(empty_database_url):
    engine = create_engine(empty_database_url)
    zoo.create(engine)
    with Session(engine) as session:
        zoo.fill(session)
        session.commit()
        yield session
    engine.dispose()


def test_every_stored_value_has_an_exact_text(zoo_session):
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        for record in zoo_session.scalars(select(model)):
            for field in describe(model).fields:
                if field.column is None or field.deferred:
                    continue
                value = getattr(record, field.name)
                text = to_text(field, value)
                to_json(field, value)
                if value is not None and field.kind != Kind.OPAQUE:
                    assert is_same(from_text(field, text), _as_read(field, value)), (model, field.name, text)
                    assert canonical(field, text) == text.replace("\r\n", "\n").replace("\r", "\n")


def _as_read(field: Field, value: Any) -> Any:
    """Return the value as typing gives it: with the zone SQLite drops, in our form of a multirange."""
    if field.kind == Kind.INSTANT and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    if field.kind == Kind.TIME and field.column_type.timezone and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    if field.name == "tstzs":
        return to_text(field, value)
    return dict(value) if field.name == "tracked" else value


def test_every_typed_value_is_stored_as_it_was_typed(zoo_session):
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        description = describe(model)
        if description.read_only or model in zoo.VIEWS:
            continue
        texts = {}
        for record in zoo_session.scalars(select(model)).all():
            for field in description.fields:
                if _is_free(field):
                    texts.setdefault(field.name, set()).add(to_text(field, getattr(record, field.name)))
        for name, seen in texts.items():
            field = description.field(name)
            for text in sorted(seen - {""})[:12]:
                _type_into(zoo_session, model, field, text)


def _is_free(field: Field) -> bool:
    """Whether any value may be typed, whatever other rows hold."""
    is_open = not (field.read_only or field.fixed or field.unique or field.deferred)
    return is_open and field.column is not None and not field.column.foreign_keys


def _type_into(session: Session, model: type, field: Field, text: str) -> None:
    record = session.scalars(select(model).limit(1)).one()
    with session.begin_nested() as attempt:
        setattr(record, field.name, from_text(field, text))
        session.flush()
        session.expire(record)
        stored = getattr(record, field.name)
        assert canonical(field, to_text(field, stored)) == canonical(field, text), (model, field.name)
        attempt.rollback()


@pytest.mark.parametrize(
    ("column_type", "text"),
    [
        (pg.INT4RANGE(), "[" + " " * 9_000 + "x"),
        (pg.INT4MULTIRANGE(), "{[" + " " * 9_000 + "x}"),
        (pg.MONEY(), "1" + "\u00a0" * 8_000 + "xxxxx"),
        (types.JSON(), "{" + ",".join(f'"k{n}":0' for n in range(20_000)) + ',"k19999":1}'),
    ],
)
def test_a_hostile_text_is_refused_at_once(column_type, text: str):
    started = thread_time()

    with pytest.raises(ValueError, match=r"\w"):
        from_text(field_for(column_type), text)

    assert thread_time() - started < 1
