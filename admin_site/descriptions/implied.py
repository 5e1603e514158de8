"""What the rules about one field say in its own terms: its limits, lengths, choices and patterns."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import postgresql as pg

from admin_site.descriptions.choices import choice_of
from admin_site.descriptions.model import Choice, Field, Kind
from admin_site.descriptions.rules import (
    Applied,
    Between,
    Comparison,
    Condition,
    Constant,
    Function,
    Matches,
    Named,
    OneOf,
    Operator,
    Term,
)

MAX_CHOICES = 200

_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)
_READERS = {
    Kind.DATE: date.fromisoformat,
    Kind.TIME: time.fromisoformat,
    Kind.DATETIME: datetime.fromisoformat,
}
_LEAST = (Operator.AT_LEAST, Operator.MORE)
_MOST = (Operator.AT_MOST, Operator.LESS)

Facts = dict[str, Any]


def tightened(field: Field, conditions: Iterable[Condition]) -> Field:
    """Return the field with what conditions about it alone imply."""
    for condition in conditions:
        if facts := implied(field, condition):
            field = replace(field, **facts)
    return field


def implied(field: Field, condition: Condition) -> Facts | None:
    """Return what to change of a field so that it says a condition; None where its own terms cannot."""
    if field.converts:
        return None
    if isinstance(condition, Between):
        parts = (
            Comparison(condition.term, Operator.AT_LEAST, condition.least),
            Comparison(condition.term, Operator.AT_MOST, condition.most),
        )
        found = [implied(field, part) for part in parts]
        return (
            {name: fact for facts in found if facts for name, fact in facts.items()} if all(found) else None
        )
    if isinstance(condition, Comparison) and isinstance(condition.right, Constant):
        if condition.left == Named(field.name):
            return _by_value(field, condition.operator, condition.right)
        return _by_length(field, condition.left, condition.operator, condition.right)
    if isinstance(condition, OneOf) and condition.term == Named(field.name):
        return _by_choices(field, condition)
    if isinstance(condition, Matches) and condition.term == Named(field.name) and field.kind in _TEXTS:
        return {"patterns": (*field.patterns, condition.pattern)} if condition.pattern.words else None
    return None


def constant_of(field: Field, constant: Constant) -> Any:
    """Return a constant as a value of the field; None where it is none, or none that is certain."""
    value = constant.value
    if field.kind in _NUMBERS and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        return (float(number) if field.kind is Kind.FLOAT else number) if number.is_finite() else None
    if field.kind in _READERS and isinstance(value, str):
        try:
            found = _READERS[field.kind](value)
        except ValueError:
            return None
        return None if getattr(found, "tzinfo", None) else found
    return None


def _by_value(field: Field, operator: Operator, constant: Constant) -> Facts | None:
    if operator is Operator.UNEQUAL and constant.value == "" and _has_plain_length(field):
        return {"min_length": max(field.min_length or 0, 1)}
    value = constant_of(field, constant)
    if value is None or operator not in (*_LEAST, *_MOST):
        return None
    end = _neighbour(field, operator, value)
    if end is None:
        return None
    if operator in _LEAST:
        return {"minimum": end if field.minimum is None else max(field.minimum, end)}
    return {"maximum": end if field.maximum is None else min(field.maximum, end)}


def _neighbour(field: Field, operator: Operator, value: Any) -> Any:
    """Return the first value that a comparison allows, None where there is none."""
    is_inclusive = operator in (Operator.AT_LEAST, Operator.AT_MOST)
    if field.kind is Kind.DATE:
        days = timedelta(days=0 if is_inclusive else 1 if operator is Operator.MORE else -1)
        try:
            return value + days
        except OverflowError:
            return None
    step = _step(field)
    if step is None:
        return value if is_inclusive else None
    whole = (value / step).to_integral_value(ROUND_CEILING if operator in _LEAST else ROUND_FLOOR) * step
    if whole == value and not is_inclusive:
        whole += step if operator is Operator.MORE else -step
    return int(whole) if field.kind is Kind.INTEGER else whole


def _step(field: Field) -> Decimal | None:
    """Return the distance between neighbouring numbers; None where there is none."""
    if field.kind is Kind.INTEGER:
        return Decimal(1)
    has_step = field.kind is Kind.DECIMAL and field.scale is not None and field.scale > 0
    return Decimal(1).scaleb(-field.scale) if has_step and field.scale else None


def _by_length(field: Field, left: Term, operator: Operator, constant: Constant) -> Facts | None:
    is_of_bytes = field.kind is Kind.BINARY and _is_function(left, field, Function.BYTES)
    if not is_of_bytes and not (_has_plain_length(field) and _is_function(left, field, Function.LENGTH)):
        return None
    if not isinstance(constant.value, Decimal) or constant.value != constant.value.to_integral_value():
        return None
    size = int(constant.value)
    least = {Operator.AT_LEAST: size, Operator.MORE: size + 1, Operator.EQUAL: size}.get(operator)
    most = {Operator.AT_MOST: size, Operator.LESS: size - 1, Operator.EQUAL: size}.get(operator)
    facts: Facts = {}
    if least is not None and not is_of_bytes:
        facts["min_length"] = max(field.min_length or 0, least)
    if most is not None and most > 0:
        facts["length"] = most if field.length is None else min(field.length, most)
    return facts or None


def _is_function(term: Term, field: Field, function: Function) -> bool:
    return term == Applied(function, Named(field.name))


def _has_plain_length(field: Field) -> bool:
    """Whether characters are counted alike everywhere: CHAR(n) has spaces that do not count."""
    return field.kind in _TEXTS and not isinstance(field.column_type, types.CHAR)


def _by_choices(field: Field, condition: OneOf) -> Facts | None:
    values = [value.value for value in condition.values]
    if field.kind is Kind.CHOICE:
        kept = tuple(choice for choice in field.choices if choice.text in map(str, values))
        return {"choices": kept} if kept else None
    choices = tuple(choice for value in values if (choice := _choice(field, value)) is not None)
    if len(choices) != len(values) or len(choices) > MAX_CHOICES or field.primary_key:
        return None
    return {"kind": Kind.CHOICE, "choices": choices}


def _choice(field: Field, value: Any) -> Choice | None:
    """Return one of the values that a column may have; None for one that a list cannot offer, such as ''."""
    if field.kind is Kind.INTEGER and isinstance(number := constant_of(field, Constant(value)), Decimal):
        return choice_of(int(number)) if number == number.to_integral_value() else None
    if field.kind in _TEXTS and isinstance(value, str) and value.strip() and not compares_loosely(field):
        return choice_of(value)
    return None


def compares_loosely(field: Field) -> bool:
    """Whether the database may take two texts of the column for equal that differ."""
    is_padded = isinstance(field.column_type, types.CHAR | pg.CITEXT)
    return is_padded or bool(getattr(field.column_type, "collation", None))
