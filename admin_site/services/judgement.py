"""Whether a record keeps a rule, in SQL's logic of three values."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import types

from admin_site.descriptions import Field, Kind
from admin_site.descriptions.implied import compares_loosely
from admin_site.descriptions.logic import names_in
from admin_site.descriptions.rules import (
    AllOf,
    AnyOf,
    Applied,
    Between,
    Comparison,
    Condition,
    Constant,
    Function,
    IsNull,
    Named,
    Not,
    OneOf,
    Operator,
    Present,
    Term,
    Truth,
)


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that only the database will know, or one that databases compare in ways of their own."""

State = Mapping[str, Any]
Fields = Mapping[str, Field]

_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)
_EXACT = (Kind.INTEGER, Kind.DECIMAL)
_EQUALITY = (Operator.EQUAL, Operator.UNEQUAL)


def judge(condition: Condition, state: State, fields: Fields) -> bool | None:
    """Return whether a record keeps a condition; None where NULL, or doubt, leaves it open.

    `state` holds the record's values by field: None for NULL, UNKNOWN where nobody knows.
    """
    if isinstance(condition, AllOf):
        return _all([judge(part, state, fields) for part in condition.conditions])
    if isinstance(condition, AnyOf):
        return _not(_all([_not(judge(part, state, fields)) for part in condition.conditions]))
    if isinstance(condition, Not):
        return _not(judge(condition.condition, state, fields))
    if isinstance(condition, IsNull):
        value = _value(condition.term, state, fields)
        return None if value is UNKNOWN else value is None
    if isinstance(condition, Comparison):
        return _compare(condition.left, condition.operator, condition.right, state, fields)
    if isinstance(condition, Between):
        ends = ((Operator.AT_LEAST, condition.least), (Operator.AT_MOST, condition.most))
        return _all([_compare(condition.term, operator, end, state, fields) for operator, end in ends])
    if isinstance(condition, OneOf):
        found = [_compare(condition.term, Operator.UNEQUAL, each, state, fields) for each in condition.values]
        return _not(_all(found))
    value = _value(condition.term, state, fields)
    if isinstance(condition, Truth):
        return value if isinstance(value, bool) else None
    return condition.pattern.fits(value) if isinstance(value, str) else None


def _all(answers: list[bool | None]) -> bool | None:
    return False if False in answers else None if None in answers else True


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _compare(left: Term, operator: Operator, right: Term, state: State, fields: Fields) -> bool | None:
    """Return how two terms compare; None where a term is NULL or databases may differ."""
    field = next((fields[name] for name in names_in((left, right))), None)
    values = []
    for term in (left, right):
        value = _constant(term, field, left) if isinstance(term, Constant) else _value(term, state, fields)
        if value is None or value is UNKNOWN:
            return None
        values.append(value)
    one, other = values
    if type(one) is not type(other) or (isinstance(one, float) and math.isnan(one + other)):
        return None
    if isinstance(one, str | bool | UUID) and operator not in _EQUALITY:
        return None
    if isinstance(one, datetime | time) and one == other and isinstance(right, Constant):
        return None  # SQLite compares texts, of which "2026-03-01" comes before "2026-03-01 00:00:00"
    if {Kind.DATETIME, Kind.INSTANT} <= {fields[name].kind for name in names_in((left, right))}:
        return None  # it depends on the zone of a session
    return _OPERATIONS[operator](one, other)


_OPERATIONS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: lambda one, other: bool(one == other),
    Operator.UNEQUAL: lambda one, other: bool(one != other),
    Operator.LESS: lambda one, other: bool(one < other),
    Operator.AT_MOST: lambda one, other: bool(one <= other),
    Operator.MORE: lambda one, other: bool(one > other),
    Operator.AT_LEAST: lambda one, other: bool(one >= other),
}


# -- Values in terms that compare ----------------------------------------------------------------------------


def _value(term: Term, state: State, fields: Fields) -> Any:
    """Return the value of a term: None for NULL, UNKNOWN where databases may differ."""
    if isinstance(term, Applied):
        return _applied(term.function, _value(term.term, state, fields))
    if isinstance(term, Named):
        value = state.get(term.name, UNKNOWN)
        return value if value is None or value is UNKNOWN else _plain(fields[term.name], value)
    return UNKNOWN if isinstance(term, Present) else term.value


def _applied(function: Function, value: Any) -> Any:
    if value is None:
        return None
    if function is Function.BYTES and isinstance(value, str | bytes):
        return Decimal(len(value.encode() if isinstance(value, str) else value))
    if function is Function.LENGTH and isinstance(value, bytes):
        return Decimal(len(value))
    if not isinstance(value, str) or "\0" in value:
        return UNKNOWN
    if function is Function.LENGTH:
        return Decimal(len(value))
    if function is Function.TRIM:
        return value.strip(" ")
    if not value.isascii():
        return UNKNOWN
    return value.lower() if function is Function.LOWER else value.upper()


def _plain(field: Field, value: Any) -> Any:
    """Return a value of a field as what the database compares; UNKNOWN for what it compares otherwise."""
    if field.kind in (Kind.DATETIME, Kind.INSTANT) and isinstance(value, datetime):
        # Decorators of these, too, keep the order of time.
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if field.converts:
        return UNKNOWN
    if field.kind is Kind.CHOICE:
        return _plain_choice(field, value)
    if field.kind in _EXACT and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value) if Decimal(value).is_finite() else UNKNOWN
    if field.kind is Kind.FLOAT and isinstance(value, int | float | Decimal):
        return float(value)
    if field.kind in _TEXTS and isinstance(value, str):
        return UNKNOWN if compares_loosely(field) else value
    if isinstance(value, time) and value.tzinfo:
        return UNKNOWN
    expected = _TYPES.get(field.kind)
    return value if expected is not None and type(value) is expected else UNKNOWN


_TYPES: dict[Kind, type] = {
    Kind.BOOLEAN: bool,
    Kind.DATE: date,
    Kind.TIME: time,
    Kind.UUID: UUID,
    Kind.BINARY: bytes,
}


def _plain_choice(field: Field, value: Any) -> Any:
    if isinstance(field.column_type, types.Enum):
        return next((choice.text for choice in field.choices if choice.value == value), UNKNOWN)
    return Decimal(value) if type(value) is int else value if type(value) is str else UNKNOWN


def _constant(constant: Constant, field: Field | None, beside: Term) -> Any:
    """Return a constant as a value of the field that it is compared with."""
    value = constant.value
    if field is None or isinstance(beside, Applied):
        return value
    try:
        read = _CONSTANTS.get(field.kind)
        return read(value) if read else value
    except (ValueError, InvalidOperation, TypeError):
        return UNKNOWN


def _truth(value: Any) -> Any:
    return {"1": True, "0": False, "t": True, "f": False, "true": True, "false": False}.get(
        str(value).lower(), UNKNOWN
    )


def _number(value: Any) -> Any:
    found = Decimal(value)
    return found if found.is_finite() else UNKNOWN


def _moment(value: Any) -> Any:
    found = datetime.fromisoformat(value)
    return UNKNOWN if found.tzinfo else found.replace(tzinfo=UTC)


_CONSTANTS: dict[Kind, Callable[[Any], Any]] = {
    Kind.INTEGER: _number,
    Kind.DECIMAL: _number,
    Kind.FLOAT: float,
    Kind.BOOLEAN: _truth,
    Kind.DATE: date.fromisoformat,
    Kind.TIME: time.fromisoformat,
    Kind.DATETIME: _moment,
    Kind.INSTANT: lambda value: UNKNOWN,  # which moment is meant depends on the zone of a session
    Kind.UUID: UUID,
}
