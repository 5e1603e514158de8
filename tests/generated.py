"""Values that hypothesis makes up for the fields of any class, as both databases keep them exactly."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sqlalchemy import REAL, null
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import JSON, Numeric

from admin_site.descriptions import Description, Field, Kind

FAR = timedelta(days=700_000)  # SQLite keeps a length of time as a date
MUTABLE = "tracked"  # takes dictionaries and None alone

LETTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\0\r")
TEXTS = st.text(LETTERS, max_size=20)


def stored_fields(description: Description) -> list[Field]:
    """Return the fields whose values can be made up."""
    return [
        field
        for field in description.fields
        if field.column is not None
        and not (field.read_only or field.primary_key or field.secret or field.target)
        and (field.kind in _BY_KIND or _literal(field) is not None)
    ]


def values_of(field: Field, *, whole_seconds: bool = False) -> SearchStrategy[Any]:
    """Return values of a field, now and then none at all."""
    some = _some(field)
    if whole_seconds and field.kind is Kind.INSTANT:
        some = some.map(lambda instant: instant.replace(microsecond=0))
    is_document = isinstance(field.column_type, JSON) and field.name != MUTABLE
    nothing = null() if is_document else None  # None alone would store JSON's null
    return st.one_of(st.just(nothing), some, some, some) if field.nullable else some


def _some(field: Field) -> SearchStrategy[Any]:
    literal = _literal(field)
    return _BY_KIND[field.kind](field) if literal is None else literal


def _text(field: Field) -> SearchStrategy[str]:
    if field.patterns:
        return st.from_regex(r"[0-9]{5}", fullmatch=True)
    return st.text(LETTERS, min_size=field.min_length or 0, max_size=min(field.length or 60, 60))


def _integer(field: Field) -> SearchStrategy[int]:
    least = -(2**31) if field.minimum is None else field.minimum
    return st.integers(least, 2**31 - 1 if field.maximum is None else field.maximum)


def _decimal(field: Field) -> SearchStrategy[Any]:
    """As many digits as a float keeps, which is what SQLite stores."""
    places = 3 if field.scale is None else min(field.scale, 3)
    most = 10 ** min((field.precision or 9) - (field.scale or 0) + places, 9) - 1
    numbers = st.integers(-most, most).map(lambda number: Decimal(number).scaleb(-places))
    is_float = isinstance(field.column_type, Numeric) and not field.column_type.asdecimal
    return numbers.map(float) if is_float else numbers


def _float(field: Field) -> SearchStrategy[Any]:
    if getattr(field.column_type, "asdecimal", False):
        return st.integers(-(10**6), 10**6).map(lambda number: Decimal(number) / 4)
    return st.floats(allow_nan=False, width=32 if isinstance(field.column_type, REAL) else 64)


def _time(field: Field) -> SearchStrategy[time]:
    has_zone = getattr(field.column_type, "timezone", False)
    return st.times(timezones=st.just(UTC) if has_zone else st.none())


def _to_precision(field: Field, value: Any, microseconds: int) -> Any:
    step = 10 ** (6 - field.precision) if field.precision is not None else 1
    return microseconds // step * step


def _datetime(field: Field) -> SearchStrategy[datetime]:
    made = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1))
    return made.map(lambda value: value.replace(microsecond=_to_precision(field, value, value.microsecond)))


def _interval(field: Field) -> SearchStrategy[timedelta]:
    step = 10 ** (6 - field.precision) if field.precision is not None else 1
    return st.timedeltas(-FAR, FAR).map(
        lambda value: timedelta(value.days, value.seconds, value.microseconds // step * step)
    )


def _documents() -> SearchStrategy[Any]:
    scalars = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | TEXTS
    return st.recursive(
        scalars | st.integers(-(10**9), 10**9).map(lambda number: number / 8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    )


def _json(field: Field) -> SearchStrategy[Any]:
    made = _documents().filter(lambda document: document is not None)
    is_dictionary = field.name == MUTABLE
    return st.dictionaries(TEXTS, _documents(), max_size=3) if is_dictionary else made


def _array(field: Field) -> SearchStrategy[Any]:
    assert field.item is not None
    item = _some(field.item)
    if field.item.kind is Kind.JSON:  # SQLAlchemy takes a list among them for a further dimension
        item = item.filter(lambda document: not isinstance(document, list))
    if field.dimensions == 2:
        return st.integers(1, 3).flatmap(
            lambda width: st.lists(st.lists(item, min_size=width, max_size=width), max_size=3)
        )
    members = item if field.item.kind is Kind.JSON else st.none() | item
    made = st.lists(members, max_size=4)
    return made.map(tuple) if getattr(field.column_type, "as_tuple", False) else made


def _literal(field: Field) -> SearchStrategy[Any] | None:
    """Return values of PostgreSQL's own types, in the form that the driver gives them."""
    if field.kind is not Kind.LITERAL:
        return None
    return next((make() for type_, make in _LITERALS.items() if type(field.column_type) is type_), None)


def _ranges(ends: SearchStrategy[Any], *, is_discrete: bool) -> SearchStrategy[Any]:
    def made(lower: Any, upper: Any, bounds: str) -> Any:
        if lower is not None and upper is not None:
            if lower == upper:
                return pg.Range(lower, upper, bounds="[]") if not is_discrete else pg.Range(empty=True)
            lower, upper = min(lower, upper), max(lower, upper)
        bounds = "[)" if is_discrete else bounds
        bounds = ("(" if lower is None else bounds[0]) + (")" if upper is None else bounds[1])
        return pg.Range(lower, upper, bounds=bounds)

    end = st.none() | ends
    return st.builds(made, end, end, st.sampled_from(["[]", "[)", "(]", "()"])) | st.just(
        pg.Range(empty=True)
    )


_DAYS = st.dates(date(2, 1, 1), date(9998, 1, 1))
_MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1))

_LITERALS: dict[type[Any], Callable[[], SearchStrategy[Any]]] = {
    pg.INET: lambda: st.ip_addresses().map(str),
    pg.CIDR: lambda: st.ip_addresses().map(lambda address: f"{address}/{address.max_prefixlen}"),
    pg.MACADDR: lambda: st.binary(min_size=6, max_size=6).map(lambda value: value.hex(":")),
    pg.MACADDR8: lambda: st.binary(min_size=8, max_size=8).map(lambda value: value.hex(":")),
    pg.MONEY: lambda: st.integers(0, 999).map(lambda number: f"${number}.{number % 100:02}"),
    pg.INT4RANGE: lambda: _ranges(st.integers(-1000, 1000), is_discrete=True),
    pg.INT8RANGE: lambda: _ranges(st.integers(-(2**60), 2**60), is_discrete=True),
    pg.NUMRANGE: lambda: _ranges(st.integers(-9999, 9999).map(lambda n: Decimal(n) / 8), is_discrete=False),
    pg.DATERANGE: lambda: _ranges(_DAYS, is_discrete=True),
    pg.TSRANGE: lambda: _ranges(_MOMENTS, is_discrete=False),
    pg.TSTZRANGE: lambda: _ranges(_MOMENTS.map(lambda value: value.replace(tzinfo=UTC)), is_discrete=False),
}

_BY_KIND: dict[Kind, Callable[[Field], SearchStrategy[Any]]] = {
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.FLOAT: _float,
    Kind.BOOLEAN: lambda field: st.booleans(),
    Kind.DATE: lambda field: st.dates(),
    Kind.TIME: _time,
    Kind.DATETIME: _datetime,
    Kind.INSTANT: lambda field: _datetime(field).map(lambda value: value.replace(tzinfo=UTC)),
    Kind.INTERVAL: _interval,
    Kind.CHOICE: lambda field: st.sampled_from([choice.value for choice in field.choices]),
    Kind.UUID: lambda field: st.uuids().map(
        _as_text if not getattr(field.column_type, "as_uuid", True) else _same
    ),
    Kind.JSON: _json,
    Kind.ARRAY: _array,
    Kind.BINARY: lambda field: st.binary(max_size=min(field.length or 30, 30)),
}


def _same(value: uuid.UUID) -> uuid.UUID:
    return value


def _as_text(value: uuid.UUID) -> str:
    return str(value)
