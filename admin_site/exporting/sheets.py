"""The cells of a worksheet as XML (ECMA-376, part 1, 18.3)."""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from markupsafe import Markup

from admin_site.descriptions import Field, Kind
from admin_site.exporting.columns import Column
from admin_site.exporting.encoders import Write, plain, size_of
from admin_site.exporting.formulas import is_formula

MAX_CHARACTERS = 32_767  # of one cell: Excel's limit, as are the others
MAX_DIGITS = 15
CUT = "… (cut: a cell holds no more)"

# Places in the list of formats that styles.xml holds.
PLAIN, HEADER, DAY, MOMENT, TEXT, FIRST_DECIMAL = range(6)
MAX_SCALE = 10

_EPOCH = date(1899, 12, 30)
_FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a 29th of February that never was
_DAY_SECONDS = 86_400
_XML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# What XML cannot hold stands as _xHHHH_ (18.18.22, ST_Xstring), and so does what looks like that.
_ODD = re.compile("[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_SPECIAL = re.compile("[&<>\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff_]")

EMPTY = "/>"
"""The rest of a cell that holds nothing; a cell begins with `<c r="A1"`."""


def writers(column: Column) -> Mapping[type, Write]:
    """Return what writes the rest of a cell after its place, for values of each type."""
    return _SHARED | {
        bytes: _bytes_as_hex if column.raw else _bytes_as_size,
        memoryview: _bytes_as_hex if column.raw else _bytes_as_size,
        datetime: _moment_writer(column),
        Decimal: _decimal_writer(column.field),
    }


def text_cell(value: str, style: int = PLAIN) -> str:
    """Return a cell that is text whatever it begins with, also after somebody has edited it."""
    if len(value) > MAX_CHARACTERS:
        value = value[: MAX_CHARACTERS - len(CUT)] + CUT
    if is_formula(value):
        style = TEXT
    if _SPECIAL.search(value):
        value = escaped(value)
    styled = f' s="{style}"' if style else ""
    return f'{styled} t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def escaped(text: str) -> str:
    """Return `text` as XML holds it."""
    text = _ODD.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return "".join(_XML.get(char, char) for char in text)


def width_of(column: Column) -> float:
    """Return about how many characters wide a column is shown."""
    kind = column.field.kind if column.field else Kind.TEXT
    return max(_WIDTHS.get(kind, 18), min(len(column.header) + 2, 40))


def _number(value: Any) -> str:
    return f"><v>{value!r}</v></c>" if -(10**MAX_DIGITS) < value < 10**MAX_DIGITS else text_cell(repr(value))


def _float(value: float) -> str:
    return f"><v>{value!r}</v></c>" if math.isfinite(value) else text_cell(repr(value))


def _decimal_writer(field: Field | None) -> Write:
    scale = field.scale if field else None
    is_styled = scale is not None and 0 <= scale <= MAX_SCALE
    style = f' s="{FIRST_DECIMAL + (scale or 0)}"' if is_styled else ""

    def write(value: Decimal) -> str:
        if not value.is_finite():
            return text_cell(str(value))
        text = f"{value:f}"
        digits = text if len(text) <= MAX_DIGITS else text.strip("-0.").replace(".", "")
        return f"{style}><v>{text}</v></c>" if len(digits) <= MAX_DIGITS else text_cell(text)

    return write


def _moment_writer(column: Column) -> Write:
    """Return what writes a moment, to the millisecond. A cell knows no zone: a raw instant is text."""

    def write(value: datetime) -> str:
        if value.tzinfo is not None:
            if column.raw:
                return text_cell(value.isoformat())
            value = value.astimezone(column.zone).replace(tzinfo=None)
        if value.date() < _FIRST_DAY:
            return text_cell(value.isoformat(" "))
        seconds = value.hour * 3600 + value.minute * 60 + value.second + value.microsecond // 1000 / 1000
        return f' s="{MOMENT}"><v>{(value.date() - _EPOCH).days + seconds / _DAY_SECONDS!r}</v></c>'

    return write


def _day(value: date) -> str:
    if value < _FIRST_DAY:
        return text_cell(value.isoformat())
    return f' s="{DAY}"><v>{(value - _EPOCH).days}</v></c>'


def _other(value: Any) -> str:
    return text_cell(plain(value))


def _bytes_as_size(value: Any) -> str:
    return text_cell(size_of(bytes(value)))


def _bytes_as_hex(value: Any) -> str:
    return text_cell(value.hex())


_SHARED: dict[type, Write] = {
    str: text_cell,
    Markup: _other,
    int: _number,
    float: _float,
    bool: {True: ' t="b"><v>1</v></c>', False: ' t="b"><v>0</v></c>'}.__getitem__,
    date: _day,
    time: lambda value: text_cell(value.isoformat()),
    UUID: _other,
    object: _other,
}
_WIDTHS = {
    Kind.BOOLEAN: 8,
    Kind.INTEGER: 10,
    Kind.DATE: 11,
    Kind.DATETIME: 19,
    Kind.INSTANT: 19,
    Kind.UUID: 36,
    Kind.LONG_TEXT: 40,
}
