"""The rules that constraints set to the records of a class, as far as they are understood.

Term
├── Named       a field
├── Constant    a number, a text, yes or no
├── Applied     a function of one term: its length, its small letters, ...
└── Present     the day or the moment of asking
Condition
├── Comparison  of two terms, of which one may be a constant
├── Between     two ends, which belong to it
├── OneOf       some constants
├── Matches     a pattern
├── IsNull      nothing there
├── Truth       of a term that is yes or no
├── Not
├── AllOf
└── AnyOf
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ClauseElement, Column, ColumnElement, Constraint, Index, Table

from admin_site.descriptions.patterns import Pattern


@dataclass(frozen=True)
class Named:
    name: str


@dataclass(frozen=True)
class Constant:
    value: Decimal | str | bool


class Function(StrEnum):
    LENGTH = "length"
    BYTES = "octet_length"
    LOWER = "lower"
    UPPER = "upper"
    TRIM = "trim"  # of spaces at both ends


@dataclass(frozen=True)
class Applied:
    function: Function
    term: "Term"


@dataclass(frozen=True)
class Present:
    is_day: bool


Term = Named | Constant | Applied | Present


class Operator(StrEnum):
    EQUAL = "="
    UNEQUAL = "<>"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="

    @property
    def opposite(self) -> "Operator":
        """The one that holds where this one does not."""
        return _OPPOSITES[self]

    @property
    def mirrored(self) -> "Operator":
        """The one that says the same with both sides exchanged."""
        return _MIRRORED.get(self, self)


_OPPOSITES = {
    Operator.EQUAL: Operator.UNEQUAL,
    Operator.UNEQUAL: Operator.EQUAL,
    Operator.LESS: Operator.AT_LEAST,
    Operator.AT_LEAST: Operator.LESS,
    Operator.MORE: Operator.AT_MOST,
    Operator.AT_MOST: Operator.MORE,
}
_MIRRORED = {
    Operator.LESS: Operator.MORE,
    Operator.MORE: Operator.LESS,
    Operator.AT_MOST: Operator.AT_LEAST,
    Operator.AT_LEAST: Operator.AT_MOST,
}


@dataclass(frozen=True)
class Comparison:
    left: Term
    operator: Operator
    right: Term


@dataclass(frozen=True)
class Between:
    term: Term
    least: Term
    most: Term


@dataclass(frozen=True)
class OneOf:
    term: Term
    values: tuple[Constant, ...]


@dataclass(frozen=True)
class Matches:
    term: Term
    pattern: Pattern


@dataclass(frozen=True)
class IsNull:
    term: Term


@dataclass(frozen=True)
class Truth:
    term: Term


@dataclass(frozen=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True)
class AllOf:
    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True)
class AnyOf:
    conditions: "tuple[Condition, ...]"


Condition = Comparison | Between | OneOf | Matches | IsNull | Truth | Not | AllOf | AnyOf


@dataclass(frozen=True, eq=False)
class Rule:
    """What one CHECK constraint, or one of several conditions that it joins by AND, asks of a record."""

    constraint: CheckConstraint | None  # None: it belongs to a domain
    fields: tuple[str, ...]  # in the order of the description
    condition: Condition | None  # None: it is not understood
    name: str = ""  # its name in words; "" where nobody has named it
    comment: str = ""


@dataclass(frozen=True, eq=False)
class Unique:
    """A key, a UNIQUE constraint or a unique index of one table, over fields of the class."""

    source: Constraint | Index
    table: Table
    fields: tuple[str, ...]  # in the order of the description
    expressions: tuple[ColumnElement[Any], ...]  # of which no two rows have the same
    where: ClauseElement | None = None  # which rows it is about, where it is not about all
    conditions: tuple[Condition, ...] = ()  # the same, as far as it is understood
    nulls_are_equal: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is about the values themselves, in every row."""
        return self.where is None and all(isinstance(each, Column) for each in self.expressions)
