"""The limits that simple CHECK constraints set to a column."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Column
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ClauseElement, TextClause

_NUMBER = r"([-+]?\d+(?:\.\d+)?)"
_NAME = r"([\w.]+)"
_COMPARED = re.compile(rf"{_NAME}\s*(>=|<=|>|<)\s*{_NUMBER}")
_REVERSED = re.compile(rf"{_NUMBER}\s*(>=|<=|>|<)\s*{_NAME}")
_BETWEEN = re.compile(rf"{_NAME}\s+BETWEEN\s+{_NUMBER}\s+AND\s+{_NUMBER}", re.IGNORECASE)
_NULL_IS_FINE = re.compile(rf"^{_NAME}\s+IS\s+NULL\s+OR\s+|\s+OR\s+{_NAME}\s+IS\s+NULL$", re.IGNORECASE)
_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)
_NOISE = re.compile(r"[()\"`\[\]]|::\s*\w+")
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Bound:
    """A number that values are at least, at most, above (>) or below (<)."""

    operator: str
    number: Decimal


def bounds_of(column: Column[Any]) -> list[Bound]:
    """Return what CHECK constraints say about a column of a table, as far as they are simple."""
    constraints = [*column.table.constraints, *column.constraints]
    checks = (constraint for constraint in constraints if isinstance(constraint, CheckConstraint))
    return bounds_in((check.sqltext for check in checks), column.name)


def bounds_in(expressions: Iterable[ClauseElement | str], column_name: str) -> list[Bound]:
    return [
        bound
        for expression in expressions
        for name, bound in _bounds(_sql(expression))
        if name.rpartition(".")[2].lower() == column_name.lower()
    ]


def limits(bounds: Iterable[Bound], minimum: Any, maximum: Any, step: Decimal | None) -> tuple[Any, Any]:
    """Return the tightest limits; `step` is the distance between neighbouring values, if there is one."""
    for bound in bounds:
        number = bound.number
        if bound.operator in (">", "<") and step:
            number = number + step if bound.operator == ">" else number - step
        if bound.operator in (">", ">="):
            minimum = number if minimum is None else max(minimum, number)
        else:
            maximum = number if maximum is None else min(maximum, number)
    return minimum, maximum


def _sql(expression: ClauseElement | str) -> str:
    if isinstance(expression, str):
        return expression
    if isinstance(expression, TextClause):
        return expression.text
    try:
        return str(expression.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    except SQLAlchemyError:  # an expression that this dialect or a literal cannot express
        return ""


def _bounds(sql: str) -> Iterator[tuple[str, Bound]]:
    """Yield (column name, bound) from conjunctions of comparisons with numbers; from nothing else."""
    sql = _NULL_IS_FINE.sub("", " ".join(_NOISE.sub(" ", sql).split()))
    for name, least, most in _BETWEEN.findall(sql):
        sql = _BETWEEN.sub(f"{name} >= {least} AND {name} <= {most}", sql, count=1)
    found = [_comparison(part.strip()) for part in _AND.split(sql)]
    yield from (bound for bound in found if bound)


def _comparison(sql: str) -> tuple[str, Bound] | None:
    if match := _COMPARED.fullmatch(sql):
        name, operator, number = match.groups()
        return name, Bound(operator, Decimal(number))
    if match := _REVERSED.fullmatch(sql):
        number, operator, name = match.groups()
        return name, Bound(_FLIPPED[operator], Decimal(number))
    return None
