"""Comparisons that the database alone decides.

SQLAlchemy 2.1 asks a type which operators it has, and warns of those that do not say: MONEY, DOMAIN, types of
one's own. A type that has no say is asked nothing.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, literal, type_coerce
from sqlalchemy.types import NullType

from admin_site.descriptions import Description

RAW = NullType()  # leaves values as the driver gives and takes them


def untyped(expression: Any) -> Any:
    return type_coerce(expression, RAW)


def operands(expression: Any, value: Any) -> tuple[Any, Any]:
    """Return both sides of a comparison; only the value still passes through the type of the expression."""
    return untyped(expression), literal(value, expression.type)


def has_key(description: Description, names: Any, key: Any) -> ColumnElement[bool]:
    """Return the condition that fields of the class hold the parts of a key."""
    pairs = zip(names, key, strict=True)
    sides = (operands(getattr(description.model, name), part) for name, part in pairs)
    return and_(*(left == right for left, right in sides))
