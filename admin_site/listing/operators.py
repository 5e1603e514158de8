"""How fields are compared, by the kind of value they hold."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Float, and_, cast, false, literal

from admin_site.descriptions import Kind
from admin_site.listing import patterns
from admin_site.listing.untyped import operands, untyped


@dataclass(frozen=True)
class Operator:
    """A comparison: `suffix` is its name in a URL, `verb` its name in a sentence."""

    suffix: str
    verb: str
    compare: Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Span:
    """Days as they are compared with dates or moments: all from `start` until before `stop`, if that ends."""

    start: date
    stop: date | None


def equals(expression: Any, value: Any) -> Any:
    if isinstance(value, Span):
        return and_(at_least(expression, value), at_most(expression, value))
    if value is None:
        return untyped(expression).is_(None)
    return _compared(operator.eq, expression, value)


def at_least(expression: Any, value: Any) -> Any:
    return _compared(operator.ge, expression, value.start if isinstance(value, Span) else value)


def at_most(expression: Any, value: Any) -> Any:
    if not isinstance(value, Span):
        return _compared(operator.le, expression, value)
    if value.stop is None:
        return untyped(expression).is_not(None)
    return _compared(operator.lt, expression, value.stop)


def _is_over(expression: Any, value: Any) -> Any:
    if isinstance(value, Span):
        return false() if value.stop is None else _compared(operator.ge, expression, value.stop)
    return _compared(operator.gt, expression, value)


def _is_under(expression: Any, value: Any) -> Any:
    return _compared(operator.lt, expression, value.start if isinstance(value, Span) else value)


def _compared(compare: Callable[[Any, Any], Any], expression: Any, value: Any) -> Any:
    if isinstance(expression.type, Float):
        # PostgreSQL's REAL 0.1 is not its DOUBLE PRECISION 0.1: only one of the column's own type equals it.
        return compare(untyped(expression), cast(literal(value), expression.type))
    return compare(*operands(expression, value))


_EQUAL = Operator("", "is", equals)
_TEXT = (
    _EQUAL,
    Operator("__contains", "contains", patterns.contains),
    Operator("__starts", "starts with", patterns.starts),
    Operator("__ends", "ends with", patterns.ends),
)
_AMOUNT = (
    _EQUAL,
    Operator("__gte", "is at least", at_least),
    Operator("__lte", "is at most", at_most),
    Operator("__gt", "is over", _is_over),
    Operator("__lt", "is under", _is_under),
)
_TIME = (
    Operator("", "is on", equals),
    Operator("__gte", "is from", at_least),
    Operator("__lte", "is until", at_most),
    Operator("__gt", "is after", _is_over),
    Operator("__lt", "is before", _is_under),
)

_HOUR = (_EQUAL, *_TIME[1:])

OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: _TEXT,
    Kind.LONG_TEXT: _TEXT,
    Kind.INTEGER: _AMOUNT,
    Kind.DECIMAL: _AMOUNT,
    Kind.FLOAT: _AMOUNT,
    Kind.INTERVAL: _AMOUNT,
    Kind.TIME: _HOUR,
    Kind.DATE: _TIME,
    Kind.DATETIME: _TIME,
    Kind.INSTANT: _TIME,
    Kind.BOOLEAN: (_EQUAL,),
    Kind.CHOICE: (_EQUAL,),
    Kind.UUID: (_EQUAL,),
}
