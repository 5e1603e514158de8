"""The text forms of numbers."""

import re
from decimal import Decimal
from typing import Any

from sqlalchemy.types import Float, Numeric

from admin_site.descriptions import Field

WHOLE = "Enter a whole number."
MAX_DIGITS = 1000  # PostgreSQL's limit for a numeric with a stated precision

_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
_SPECIAL_FLOATS = {"nan": "nan", "inf": "inf", "infinity": "inf", "-inf": "-inf", "-infinity": "-inf"}


def read_integer(field: Field, text: str) -> int:
    text = text.strip()
    if not _INTEGER.fullmatch(text):
        raise ValueError(WHOLE)
    if len(text) > MAX_DIGITS:
        raise ValueError("Enter a number with fewer digits.")
    return int(_within(field, int(text)))


def write_integer(field: Field, value: Any) -> str:
    return str(int(value))


def read_decimal(field: Field, text: str) -> Decimal | float:
    text = text.strip()
    if not _DECIMAL.fullmatch(text):
        raise ValueError("Enter a number, such as 12.50.")
    value = Decimal(text)
    if len(text) > MAX_DIGITS or abs(value.adjusted()) > MAX_DIGITS:
        raise ValueError("Enter a number with fewer digits.")
    _check_digits(field, value)
    _within(field, value)
    is_float = isinstance(field.column_type, Numeric) and not field.column_type.asdecimal
    return float(value) if is_float else value


def write_decimal(field: Field, value: Any) -> str:
    """Return the number with the digits it has; no exponent, unless it is very large or small."""
    if not isinstance(value, Decimal):
        value = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return f"{value:f}" if value.is_finite() and abs(value.adjusted()) <= MAX_DIGITS else str(value)


def read_float(field: Field, text: str) -> float | Decimal:
    text = text.strip()
    special = _SPECIAL_FLOATS.get(text.lower())
    if special is None and not _DECIMAL.fullmatch(text):
        raise ValueError("Enter a number, such as 0.5 or 1e-6.")
    value = float(special or text)
    if special is None:
        if value in (float("inf"), float("-inf")):
            raise ValueError("Enter a number closer to zero.")
        _within(field, value)
    is_decimal = isinstance(field.column_type, Float) and field.column_type.asdecimal
    return Decimal(text) if is_decimal else value


def write_float(field: Field, value: Any) -> str:
    return repr(float(value))


def _within(field: Field, value: Any) -> Any:
    if field.minimum is not None and value < field.minimum:
        raise ValueError(f"Enter {field.minimum} or more.")
    if field.maximum is not None and value > field.maximum:
        raise ValueError(f"Enter {field.maximum} or less.")
    return value


def _check_digits(field: Field, value: Decimal) -> None:
    """Refuse digits that the column would round away or has no room for."""
    before, _, after = f"{abs(value):f}".partition(".")
    if field.scale is not None and len(after.rstrip("0")) > field.scale:
        raise ValueError(f"Enter at most {field.scale} digits after the point." if field.scale > 0 else WHOLE)
    if field.precision is not None:
        room = field.precision - (field.scale or 0)
        if len(before.lstrip("0")) > room:
            raise ValueError(f"Enter at most {room} digits before the point.")
