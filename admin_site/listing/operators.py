"""How fields are compared, by the kind of value they hold."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Float, and_, cast, literal

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
class Day:
    """A date as it is compared with moments: all from `start` until before `stop`."""

    start: datetime
    stop: datetime


def _is(expression: Any, value: Any) -> Any:
    if isinstance(value, Day):
        return and_(_is_at_least(expression, value), _is_at_most(expression, value))
    if value is None:
        return untyped(expression).is_(None)
    return _compared(operator.eq, expression, value)


def _is_at_least(expression: Any, value: Any) -> Any:
    return _compared(operator.ge, expression, value.start if isinstance(value, Day) else value)


def _is_at_most(expression: Any, value: Any) -> Any:
    if isinstance(value, Day):
        return _compared(operator.lt, expression, value.stop)
    return _compared(operator.le, expression, value)


def _is_over(expression: Any, value: Any) -> Any:
    if isinstance(value, Day):
        return _compared(operator.ge, expression, value.stop)
    return _compared(operator.gt, expression, value)


def _is_under(expression: Any, value: Any) -> Any:
    return _compared(operator.lt, expression, value.start if isinstance(value, Day) else value)


def _compared(compare: Callable[[Any, Any], Any], expression: Any, value: Any) -> Any:
    if isinstance(expression.type, Float):
        # PostgreSQL's REAL 0.1 is not its DOUBLE PRECISION 0.1: only one of the column's own type equals it.
        return compare(untyped(expression), cast(literal(value), expression.type))
    return compare(*operands(expression, value))


_EQUAL = Operator("", "is", _is)
_TEXT = (
    _EQUAL,
    Operator("__contains", "contains", patterns.contains),
    Operator("__starts", "starts with", patterns.starts),
    Operator("__ends", "ends with", patterns.ends),
)
_AMOUNT = (
    _EQUAL,
    Operator("__gte", "is at least", _is_at_least),
    Operator("__lte", "is at most", _is_at_most),
    Operator("__gt", "is over", _is_over),
    Operator("__lt", "is under", _is_under),
)
_TIME = (
    Operator("", "is on", _is),
    Operator("__gte", "is from", _is_at_least),
    Operator("__lte", "is until", _is_at_most),
    Operator("__gt", "is after", _is_over),
    Operator("__lt", "is before", _is_under),
)

OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: _TEXT,
    Kind.LONG_TEXT: _TEXT,
    Kind.INTEGER: _AMOUNT,
    Kind.DECIMAL: _AMOUNT,
    Kind.FLOAT: _AMOUNT,
    Kind.INTERVAL: _AMOUNT,
    Kind.TIME: _AMOUNT,
    Kind.DATE: _TIME,
    Kind.DATETIME: _TIME,
    Kind.INSTANT: _TIME,
    Kind.BOOLEAN: (_EQUAL,),
    Kind.CHOICE: (_EQUAL,),
    Kind.UUID: (_EQUAL,),
}
