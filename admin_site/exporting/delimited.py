"""CSV as of RFC 4180, in UTF-8: commas, CR LF, quotes where they are needed.

Nothing (NULL) is an empty cell and an empty text is `""`, as PostgreSQL's COPY has it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from markupsafe import Markup

from admin_site.exporting.columns import Column
from admin_site.exporting.encoders import Columns, Encoder, Write, plain, size_of
from admin_site.exporting.formulas import DANGEROUS, neutral

BYTE_ORDER_MARK = "\ufeff"

_QUOTED = re.compile('[",\r\n]')
_WATCHED = DANGEROUS | {"", "'"}  # a first character that needs a look


class CsvEncoder(Encoder):
    """`marked` files begin with a byte order mark, without which Excel takes UTF-8 for something else."""

    marked = False

    def start(self) -> bytes:
        line = ",".join(_cell(column.header) for column in self.columns)
        return _bytes((BYTE_ORDER_MARK if self.marked else "") + line + "\r\n")

    def rows(self, values: Columns) -> bytes:
        if not values[0]:
            return b""
        texts = self.texts(values)
        if len(texts) == 1:  # an empty line would be no row at all
            texts = [[text or '""' for text in texts[0]]]
        return _bytes("\r\n".join(map(",".join, zip(*texts, strict=True))) + "\r\n")

    def finish(self) -> bytes:
        return b""

    def many(self, column: Column, values: Sequence[str]) -> Iterable[str] | None:
        """Return the values as they are, unless one of them needs a look."""
        if not _WATCHED.isdisjoint({value[:1] for value in values}):
            return None
        together = "\n".join(values)
        is_plain = '"' not in together and "," not in together and "\r" not in together
        return values if is_plain and together.count("\n") == len(values) - 1 else None

    def writers(self, column: Column) -> Mapping[type, Write]:
        return _RAW if column.raw else _SHOWN


class MarkedCsvEncoder(CsvEncoder):
    marked = True


def _cell(text: str) -> str:
    text = neutral(text)
    if text and not _QUOTED.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _number(value: Any) -> str:
    return f"{value:f}" if value.is_finite() else _cell(str(value))


def _other(value: Any) -> str:
    return _cell(plain(value))


def _moment(separator: str) -> Callable[[Any], str]:
    return lambda value: value.isoformat(separator)


_SHARED: dict[type, Write] = {
    str: _cell,
    Markup: _other,
    int: int.__repr__,
    float: float.__repr__,
    Decimal: _number,
    date: date.isoformat,
    time: time.isoformat,
    UUID: str,
    object: _other,
}
_SHOWN: dict[type, Write] = _SHARED | {
    bool: {True: "Yes", False: "No"}.__getitem__,
    datetime: _moment(" "),
    bytes: lambda value: _cell(size_of(value)),
    memoryview: lambda value: _cell(size_of(bytes(value))),
}
_RAW: dict[type, Write] = _SHARED | {
    bool: {True: "true", False: "false"}.__getitem__,
    datetime: _moment("T"),
    bytes: lambda value: value.hex() or '""',
    memoryview: lambda value: value.hex() or '""',
}


def _bytes(text: str) -> bytes:
    # A half of a surrogate pair, which SQLite may hold, has no bytes in UTF-8.
    return text.encode("utf-8", "backslashreplace")
