"""The columns of a file, and what the values of each become before a format writes them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any

from admin_site.descriptions import Field, Kind
from admin_site.values import to_text

Conversion = Callable[[Any], Any]  # of one value, never of None


@dataclass(frozen=True, eq=False)
class Column:
    """One column: its header, the field it comes from, and how its values are told.

    `raw` values are those stored: a choice's text, a related record's key, instants in UTC. Others are told
    as a page shows them: a choice's label, instants in `zone`. Without a `field` a value is told by its
    type alone. `name` is the attribute.
    """

    header: str
    name: str = ""
    field: Field | None = None
    raw: bool = False
    zone: tzinfo = UTC


Conversions = Mapping[Kind, Callable[[Column, Field], Conversion | None]]


def with_distinct_headers(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns with the attribute's name behind each header that stands twice."""
    numbers = Counter(column.header for column in columns)
    return tuple(
        replace(column, header=f"{column.header} ({column.name})") if numbers[column.header] > 1 else column
        for column in columns
    )


def conversion_of(column: Column, further: Conversions) -> Conversion | None:
    """Return what the values of a column pass through, or None; a format's `further` ones come first."""
    if column.field is None:
        return None
    make = {**CONVERSIONS, **further}.get(column.field.kind)
    return make(column, column.field) if make else None


def _text(column: Column, field: Field) -> Conversion:
    return partial(to_text, field)


def _choice(column: Column, field: Field) -> Conversion:
    words = {choice.value: choice.text if column.raw else choice.label for choice in field.choices}

    def convert(value: Any) -> str:
        try:
            return words[value]
        except (KeyError, TypeError):  # a value that is no choice any more
            return to_text(field, value)

    return convert


def _uuid(column: Column, field: Field) -> Conversion:
    """Return what writes a UUID, also one that comes as the driver's text, which SQLite keeps undashed."""

    def convert(value: Any) -> str:
        text = str(value)
        if len(text) != 32 or not text.isalnum():
            return text
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    return convert


def _instant(column: Column, field: Field) -> Conversion:
    zone = UTC if column.raw else column.zone

    def convert(value: Any) -> Any:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone)

    return convert


def _decimal(column: Column, field: Field) -> Conversion | None:
    """Return what makes decimals of the floats of a column that gives those, or None."""
    return None if getattr(field.column_type, "asdecimal", True) else lambda value: Decimal(repr(value))


def _float(column: Column, field: Field) -> Conversion | None:
    """Return what makes floats of the decimals of a column that gives those, or None."""
    return float if getattr(field.column_type, "asdecimal", False) else None


def _array(column: Column, field: Field) -> Conversion:
    return partial(to_text, field) if column.raw else _listed


def _listed(value: Any) -> str:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return str(value)
    return ", ".join("–" if part is None else str(part) for part in value)


CONVERSIONS: Conversions = {
    Kind.DECIMAL: _decimal,
    Kind.FLOAT: _float,
    Kind.CHOICE: _choice,
    Kind.UUID: _uuid,
    Kind.INSTANT: _instant,
    Kind.TIME: _text,
    Kind.INTERVAL: _text,
    Kind.LITERAL: _text,
    Kind.OPAQUE: _text,
    Kind.JSON: _text,
    Kind.MAPPING: _text,
    Kind.ARRAY: _array,
}
"""What values become for every format, unless it has another idea of them."""
