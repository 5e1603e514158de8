"""Values as JSON holds them exactly."""

import hashlib
import math
import re
from typing import Any

from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import JSON

from admin_site.descriptions import Field, Kind, Unreadable
from admin_site.values.forms import to_text

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def to_json(field: Field, value: Any) -> Any:
    """Return `value` as JSON: numbers and truth as such, documents as they are, the rest as its text.

    Bytes are only told by how many they are and by their SHA-256.
    """
    if value is None or value is JSON.NULL or isinstance(value, ClauseElement):
        return None
    if isinstance(value, Unreadable):
        return _safe(value.text)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": len(bytes(value)), "sha256": hashlib.sha256(bytes(value)).hexdigest()}
    if field.kind in (Kind.BOOLEAN, Kind.INTEGER) and isinstance(value, int):
        return bool(value) if field.kind == Kind.BOOLEAN else int(value)
    if field.kind == Kind.FLOAT and isinstance(value, float) and math.isfinite(value):
        return value
    if field.kind == Kind.ARRAY and field.item is not None and isinstance(value, list | tuple):
        return [_member(field, field.item, member) for member in value]
    if field.kind in (Kind.JSON, Kind.MAPPING):
        return _safe(value)
    return _safe(to_text(field, value))


def _member(field: Field, item: Field, value: Any) -> Any:
    return to_json(field if isinstance(value, list | tuple) and item.kind != Kind.JSON else item, value)


def _safe(value: Any) -> Any:
    """Return a document without what PostgreSQL's jsonb refuses: NaN, infinity, NUL, half surrogates."""
    if isinstance(value, dict):
        return {_safe(str(name)): _safe(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(member) for member in value]
    if isinstance(value, str):
        return _UNSTORABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)
