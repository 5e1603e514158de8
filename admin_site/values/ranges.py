"""The text forms of ranges, as PostgreSQL writes them: [1,5)."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import postgresql as pg

from admin_site.descriptions import Field, Kind
from admin_site.values import numbers, times

_RANGE = re.compile(
    r'\s*(?P<open>[\[(])(?P<lower>\s*"[^"]*"\s*|[^,"]*),(?P<upper>\s*"[^"]*"\s*|[^,"\])]*)(?P<close>[\])])\s*'
)
_TOO_FAR = "Enter a range that ends earlier."
_WORDS = "Enter a range, such as [1,5) or empty."

_PARTS: tuple[tuple[tuple[type[Any], ...], Kind, types.TypeEngine[Any], Any], ...] = (
    ((pg.INT4RANGE, pg.INT4MULTIRANGE), Kind.INTEGER, types.Integer(), 1),
    ((pg.INT8RANGE, pg.INT8MULTIRANGE), Kind.INTEGER, types.BigInteger(), 1),
    ((pg.NUMRANGE, pg.NUMMULTIRANGE), Kind.DECIMAL, types.Numeric(), None),
    ((pg.DATERANGE, pg.DATEMULTIRANGE), Kind.DATE, types.Date(), timedelta(days=1)),
    ((pg.TSRANGE, pg.TSMULTIRANGE), Kind.DATETIME, types.DateTime(), None),
    ((pg.TSTZRANGE, pg.TSTZMULTIRANGE), Kind.INSTANT, types.DateTime(timezone=True), None),
)
_READ = {
    Kind.INTEGER: numbers.read_integer,
    Kind.DECIMAL: numbers.read_decimal,
    Kind.DATE: times.read_date,
    Kind.DATETIME: times.read_datetime,
    Kind.INSTANT: times.read_instant,
}
_WRITE = {
    Kind.INTEGER: numbers.write_integer,
    Kind.DECIMAL: numbers.write_decimal,
    Kind.DATE: times.write_date,
    Kind.DATETIME: times.write_datetime,
    Kind.INSTANT: times.write_instant,
}
_BITS: dict[type[Any], int] = {types.Integer: 31, types.BigInteger: 63}


def read_range(field: Field, text: str) -> pg.Range[Any]:
    """Return the range in PostgreSQL's normal form: whole numbers and days without their upper end."""
    if text.strip().lower() == "empty":
        return pg.Range(empty=True)
    match = _RANGE.fullmatch(text)
    if not match:
        raise ValueError(_WORDS)
    part, step = _part(field)
    lower, upper = (_read_end(part, match[name].strip()) for name in ("lower", "upper"))
    if lower is not None and upper is not None and lower > upper:
        raise ValueError("Enter the lower end of the range first.")
    try:
        found = _normal(lower, upper, match["open"] + match["close"], step)
    except OverflowError:
        raise ValueError(_TOO_FAR) from None
    if part.maximum is not None and found.upper is not None and found.upper > part.maximum:
        raise ValueError(_TOO_FAR)
    return found


def read_multirange(field: Field, text: str) -> str:
    """Return the text of several ranges: psycopg2 has no type for them, and takes and gives text."""
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise ValueError("Enter ranges in braces, such as {[1,5),[7,9)}.")
    inner = text[1:-1].strip()
    found: list[pg.Range[Any]] = []
    while inner:
        match = _RANGE.match(inner) or re.match(r"\s*empty\s*", inner, re.IGNORECASE)
        if not match:
            raise ValueError("Enter ranges in braces, such as {[1,5),[7,9)}.")
        found.append(read_range(field, match[0]))
        inner = inner[match.end() :].removeprefix(",")
    return write_range(field, found)


def write_range(field: Field, value: Any) -> str:
    if not isinstance(value, pg.Range):
        return "{" + ",".join(write_range(field, member) for member in value) + "}"
    if value.empty:
        return "empty"
    part, _ = _part(field)
    lower, upper = (_write_end(part, end) for end in (value.lower, value.upper))
    return f"{value.bounds[0]}{lower},{upper}{value.bounds[1]}"


def _part(field: Field) -> tuple[Field, Any]:
    for classes, kind, column_type, step in _PARTS:
        if isinstance(field.column_type, classes):
            bits = _BITS.get(type(column_type))
            least, most = (-(2**bits), 2**bits - 1) if bits else (None, None)
            return Field("end", "End", kind, column_type=column_type, minimum=least, maximum=most), step
    raise ValueError(_WORDS)


def _read_end(part: Field, text: str) -> Any:
    text = text.strip().strip('"')
    return _READ[part.kind](part, text) if text else None


def _write_end(part: Field, value: Any) -> str:
    return "" if value is None else _WRITE[part.kind](part, value)


def _normal(lower: Any, upper: Any, bounds: str, step: Any) -> pg.Range[Any]:
    if step is not None:
        if lower is not None and bounds[0] == "(":
            lower = lower + step
        if upper is not None and bounds[1] == "]":
            upper = upper + step
        bounds = "[)"
    if lower is None:
        bounds = "(" + bounds[1]
    if upper is None:
        bounds = bounds[0] + ")"
    is_empty = (
        lower is not None and upper is not None and (lower > upper or (lower == upper and bounds != "[]"))
    )
    return pg.Range(empty=True) if is_empty else pg.Range(lower, upper, bounds=bounds)  # type: ignore[arg-type]
