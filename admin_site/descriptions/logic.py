"""What follows from rules: their parts, their opposites, and shorter ones that say the same."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, TypeGuard

from admin_site.descriptions.patterns import Pattern
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
    Matches,
    Named,
    Not,
    OneOf,
    Operator,
    Term,
    Truth,
)


def names_in(part: Any) -> Iterator[str]:
    """Yield the names that stand in a term or condition, in their order."""
    if isinstance(part, Named):
        yield part.name
    elif isinstance(part, tuple):
        for each in part:
            yield from names_in(each)
    elif not isinstance(part, Pattern) and hasattr(part, "__dataclass_fields__"):
        for field in fields(part):
            yield from names_in(getattr(part, field.name))


def renamed(part: Any, name: str) -> Any:
    """Return a condition about one value as one about the field `name`."""
    if isinstance(part, Named):
        return Named(name)
    if isinstance(part, tuple):
        return tuple(renamed(each, name) for each in part)
    if isinstance(part, Pattern) or not hasattr(part, "__dataclass_fields__"):
        return part
    return type(part)(**{field.name: renamed(getattr(part, field.name), name) for field in fields(part)})


def conjuncts(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions that all have to hold."""
    if isinstance(condition, AllOf):
        for part in condition.conditions:
            yield from conjuncts(part)
    else:
        yield condition


def negated(condition: Condition) -> Condition:
    """Return the condition that holds where this one does not."""
    if isinstance(condition, Not):
        return condition.condition
    if isinstance(condition, Comparison):
        return Comparison(condition.left, condition.operator.opposite, condition.right)
    if isinstance(condition, AllOf | AnyOf):
        parts = tuple(negated(part) for part in condition.conditions)
        return AnyOf(parts) if isinstance(condition, AllOf) else AllOf(parts)
    return Not(condition)


def simplified(condition: Condition) -> Condition:
    """Return a condition that refuses the same records, without what only repeats that NULL is fine.

    A comparison with NULL refuses nothing, so `age IS NULL OR age > 0` is `age > 0`. Several values that a
    term may equal are one OneOf; a text that is longer than 0 is not ''.
    """
    if isinstance(condition, AllOf):
        return AllOf(tuple(simplified(part) for part in condition.conditions))
    if isinstance(condition, Comparison) and _is_length(condition.left):
        is_some = (condition.operator, condition.right) in _SOME
        return Comparison(condition.left.term, Operator.UNEQUAL, Constant("")) if is_some else condition
    if not isinstance(condition, AnyOf):
        return condition
    empties = [part.term for part in condition.conditions if isinstance(part, IsNull)]
    rest = [part for part in condition.conditions if not isinstance(part, IsNull)]
    needed = [term for term in empties if not (len(rest) == 1 and _is_null_with(rest[0], term))]
    kept = [*(IsNull(term) for term in needed), *_united(rest)]
    return kept[0] if len(kept) == 1 else AnyOf(tuple(kept))


_SOME = (
    (Operator.MORE, Constant(Decimal(0))),
    (Operator.UNEQUAL, Constant(Decimal(0))),
    (Operator.AT_LEAST, Constant(Decimal(1))),
)


def _is_length(term: Term) -> TypeGuard[Applied]:
    return isinstance(term, Applied) and term.function is Function.LENGTH


def _is_null_with(condition: Condition, term: Term) -> bool:
    """Whether every part of a condition is NULL where the term is, so that none of them refuses."""
    strict = (Comparison, Between, OneOf, Matches, Truth)
    if not isinstance(term, Named):
        return False
    return all(
        isinstance(part.condition if isinstance(part, Not) else part, strict) and term.name in names_in(part)
        for part in conjuncts(condition)
    )


def _united(conditions: Sequence[Condition]) -> list[Condition]:
    """Return the alternatives with `x = 'a'` and `x IN ('b', 'c')` as one, where they are of one term."""
    terms = {part.term if isinstance(part, OneOf) else _equal_to(part) for part in conditions}
    if len(conditions) < 2 or len(terms) != 1 or None in terms:
        return list(conditions)
    values = [value for part in conditions for value in _values_of(part)]
    return [OneOf(next(iter(term for term in terms if term is not None)), tuple(dict.fromkeys(values)))]


def _equal_to(condition: Condition) -> Term | None:
    is_equality = isinstance(condition, Comparison) and condition.operator is Operator.EQUAL
    if is_equality and isinstance(condition, Comparison) and isinstance(condition.right, Constant):
        return condition.left
    return None


def _values_of(condition: Condition) -> tuple[Constant, ...]:
    if isinstance(condition, OneOf):
        return condition.values
    assert isinstance(condition, Comparison)  # noqa: S101 - _equal_to has seen to it
    assert isinstance(condition.right, Constant)  # noqa: S101 - the same
    return (condition.right,)
