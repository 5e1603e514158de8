"""What the type of a column says about its values."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import TypeEngine

from admin_site.descriptions import checks
from admin_site.descriptions.model import Choice, Field, Kind
from admin_site.descriptions.names import in_words, words_of

_UNORDERED = (pg.TSVECTOR, pg.TSQUERY, pg.JSONPATH, pg.REGCLASS, pg.REGCONFIG, types.UserDefinedType)
_SORTABLE = frozenset(Kind) - {Kind.JSON, Kind.MAPPING, Kind.ARRAY, Kind.BINARY, Kind.OPAQUE}
_NUMERIC = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)


@dataclass(frozen=True)
class Shape:
    """What a type says about the values of its columns."""

    kind: Kind
    column_type: TypeEngine[Any]
    is_decorated: bool = False
    nullable: bool = True
    generated: bool = False
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    choices: tuple[Choice, ...] = ()
    item: Field | None = None
    dimensions: int | None = None
    minimum: Any = None
    maximum: Any = None
    reason: str = ""
    converts: bool = False  # a decorator changes values on their way to the database


def field_of(shape: Shape, name: str) -> Field:
    """Return a field that knows nothing beyond its type."""
    return Field(
        name=name,
        label=_label(name, shape.kind),
        kind=shape.kind,
        column_type=shape.column_type,
        is_decorated=shape.is_decorated,
        nullable=shape.nullable,
        length=shape.length,
        precision=shape.precision,
        scale=shape.scale,
        choices=shape.choices,
        item=shape.item,
        dimensions=shape.dimensions,
        generated=shape.generated,
        read_only=shape.reason,
        minimum=shape.minimum,
        maximum=shape.maximum,
    )


def _label(name: str, kind: Kind) -> str:
    """Return the words for a name; "Active: yes" reads better than "Is active: yes"."""
    words = words_of(name)
    is_claim = kind is Kind.BOOLEAN and len(words) > 1 and words[0].lower() == "is"
    return in_words("_".join(words[1:]) if is_claim else name)


def is_sortable(shape: Shape) -> bool:
    return shape.kind in _SORTABLE and not isinstance(shape.column_type, _UNORDERED)


def limits_of(shape: Shape, bounds: list[checks.Bound]) -> tuple[Any, Any]:
    """Return the limits of the type, tightened by those of CHECK constraints."""
    if shape.kind not in _NUMERIC or not bounds:
        return shape.minimum, shape.maximum
    steps = {Kind.INTEGER: Decimal(1), Kind.DECIMAL: Decimal(1).scaleb(-shape.scale) if shape.scale else None}
    minimum, maximum = checks.limits(bounds, shape.minimum, shape.maximum, steps.get(shape.kind))
    return _as_number(shape.kind, minimum), _as_number(shape.kind, maximum)


def _as_number(kind: Kind, number: Any) -> Any:
    if number is None or kind == Kind.DECIMAL:
        return number
    return int(number) if kind == Kind.INTEGER else float(number)
