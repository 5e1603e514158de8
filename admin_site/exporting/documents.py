"""JSON: one list of objects, or one object a line (https://jsonlines.org)."""

import json
import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from markupsafe import Markup

from admin_site.descriptions import Field, Kind
from admin_site.exporting.columns import Column, Conversion, Conversions
from admin_site.exporting.encoders import Columns, Encoder, Write, plain, size_of
from admin_site.values import to_json


class _Json(str):
    """A text that is JSON already."""

    __slots__ = ()


class JsonLinesEncoder(Encoder):
    """Numbers, truth and documents are JSON's own; exact decimals, times and keys are texts."""

    empty = "null"
    separator = "\n"

    @property
    def conversions(self) -> Conversions:
        return _CONVERSIONS

    def start(self) -> bytes:
        # Only ours are left to be filled in: a header may hold a percent sign of its own.
        names = (encode_basestring(column.header).replace("%", "%%") for column in self.columns)
        self._line = "{" + ", ".join(f"{name}: %s" for name in names) + "}"
        return b""

    def rows(self, values: Columns) -> bytes:
        if not values[0]:
            return b""
        return _bytes(self._joined(values) + "\n")

    def finish(self) -> bytes:
        return b""

    def writers(self, column: Column) -> Mapping[type, Write]:
        return _RAW if column.raw else _SHOWN

    def _joined(self, values: Columns) -> str:
        lines = map(self._line.__mod__, zip(*self.texts(values), strict=True))
        return self.separator.join(lines)


class JsonEncoder(JsonLinesEncoder):
    separator = ",\n"

    def start(self) -> bytes:
        super().start()
        self._before = "[\n"
        return b""

    def rows(self, values: Columns) -> bytes:
        if not values[0]:
            return b""
        before, self._before = self._before, self.separator
        return _bytes(before + self._joined(values))

    def finish(self) -> bytes:
        return b"[]\n" if self._before == "[\n" else b"\n]\n"


def _document(column: Column, field: Field) -> Conversion:
    return lambda value: _Json(json.dumps(to_json(field, value), ensure_ascii=False))


def _float(value: float) -> str:
    return float.__repr__(value) if math.isfinite(value) else f'"{value}"'


def _quoted(value: Any) -> str:
    return f'"{value}"'


def _decimal(value: Decimal) -> str:
    return f'"{value:f}"' if value.is_finite() else f'"{value}"'


def _moment(value: Any) -> str:
    return f'"{value.isoformat()}"'


def _size(value: Any) -> str:
    return _quoted(size_of(bytes(value)))


def _base64(value: Any) -> str:
    return _quoted(b64encode(value).decode())


_CONVERSIONS: Conversions = {Kind.JSON: _document, Kind.MAPPING: _document, Kind.ARRAY: _document}
_SHARED: dict[type, Write] = {
    str: encode_basestring,
    Markup: lambda value: encode_basestring(plain(value)),
    _Json: str,
    int: int.__repr__,
    float: _float,
    Decimal: _decimal,
    bool: {True: "true", False: "false"}.__getitem__,
    datetime: _moment,
    date: _moment,
    time: _moment,
    UUID: _quoted,
    object: lambda value: encode_basestring(plain(value)),
}
_SHOWN: dict[type, Write] = _SHARED | {bytes: _size, memoryview: _size}
_RAW: dict[type, Write] = _SHARED | {bytes: _base64, memoryview: _base64}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")  # of a half of a surrogate pair: JSON's own escape
