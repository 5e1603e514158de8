"""What the type of a column says about its values."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import TypeEngine

from admin_site.descriptions.model import Choice, Field, Kind
from admin_site.descriptions.names import in_words, words_of
from admin_site.descriptions.rules import Condition

_UNORDERED = (pg.TSVECTOR, pg.TSQUERY, pg.JSONPATH, pg.REGCLASS, pg.REGCONFIG, types.UserDefinedType)
_SORTABLE = frozenset(Kind) - {Kind.JSON, Kind.MAPPING, Kind.ARRAY, Kind.BINARY, Kind.OPAQUE}


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
    conditions: tuple[Condition, ...] = ()  # of a domain, which call the value VALUE


def field_of(shape: Shape, name: str) -> Field:
    """Return a field that knows nothing beyond its type."""
    return Field(
        name=name,
        label=_label(name, shape.kind),
        kind=shape.kind,
        column_type=shape.column_type,
        is_decorated=shape.is_decorated,
        converts=shape.converts,
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
