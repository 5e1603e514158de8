"""A place in an order as text for a URL: the sort values of one row, exactly as the database holds them.

Values pass in the database's own forms, never in Python's. SQLite tells "2024-01-31 10:00:00" from
"2024-01-31 10:00:00.000000", PostgreSQL's REAL 0.1 is no Python float, a TypeDecorator may lose anything; a
row compared with a value that changed on the way would be shown twice or never.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Text, cast, literal, type_coerce
from sqlalchemy.types import NullType

from admin_site.errors import BadRequest
from admin_site.listing.orders import Order, Term
from admin_site.listing.untyped import RAW, untyped

MAX_LENGTH = 8_000  # characters of a cursor
MAX_TEXT = 200  # characters of one value; of a longer one only the beginning travels
_LARGEST = 2**63


@dataclass(frozen=True)
class Cut:
    """The beginning of a text that is too long for a URL."""

    beginning: str


@dataclass(frozen=True)
class Cursor:
    """The row that holds `values`; `position` is its place in the list, from 1, where that is known."""

    values: tuple[Any, ...]
    position: int | None = None


def encode(order: Order, cursor: Cursor) -> str:
    values = [_packed(term, value) for term, value in zip(order.terms, cursor.values, strict=True)]
    text = json.dumps([_digest(order), cursor.position, values], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(order: Order, text: str) -> Cursor:
    """Return the cursor `text` stands for.

    Raises BadRequest when it is damaged, or was made for another order.
    """
    try:
        if len(text) > MAX_LENGTH:
            raise ValueError("too long")
        digest, position, packed = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        values = tuple(_unpacked(*pair) for pair in zip(order.terms, packed, strict=True))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadRequest("This page's place in the list cannot be read. Start from the first page.") from None
    if digest != _digest(order):
        raise BadRequest("This page's place belongs to another sort. Start from the first page.")
    return Cursor(values, position if type(position) is int and 0 < position < _LARGEST else None)


def selected(term: Term, dialect: str) -> Any:
    """Return what to select so that a row tells its value of `term` in the database's form."""
    if dialect == "sqlite":
        return untyped(term.expression)
    return type_coerce(cast(term.expression, Text), Text())


def bound(term: Term, value: Any, dialect: str) -> Any:
    """Return a value of a cursor as SQL that compares with `untyped(term.expression)`.

    Raises BadRequest for a value no row of this database can have.
    """
    if dialect == "sqlite":
        return literal(value, RAW)
    if not isinstance(value, str) or "\0" in value:
        raise BadRequest("This page's place in the list cannot be read. Start from the first page.")
    text = literal(value, Text())
    own = term.expression.type
    return text if isinstance(own, NullType) else untyped(cast(text, own))


def _packed(term: Term, value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, str) and len(value) > MAX_TEXT and not term.is_key:
        return {"cut": value[:MAX_TEXT]}
    return value


def _unpacked(term: Term, packed: Any) -> Any:
    if isinstance(packed, dict):
        return Cut(_text(packed["cut"])) if "cut" in packed else bytes.fromhex(packed["bytes"])
    is_integer = type(packed) is int and -_LARGEST <= packed < _LARGEST
    if not (is_integer or isinstance(packed, float | str) or (packed is None and term.nullable)):
        raise ValueError("no value of a column")
    return packed


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _digest(order: Order) -> str:
    return blake2b(order.signature.encode(), digest_size=6).hexdigest()


def values_of(order: Order, row: Sequence[Any]) -> tuple[Any, ...]:
    """Return the sort values at the end of a row selected with `selected` terms."""
    return tuple(row[-len(order.terms) :])
