"""The columns of a mapped class as fields."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Mapper

from admin_site.descriptions.implied import tightened
from admin_site.descriptions.kinds import shape_of
from admin_site.descriptions.logic import renamed
from admin_site.descriptions.model import NO_DEFAULT, Field, Kind
from admin_site.descriptions.names import in_snake_case
from admin_site.descriptions.places import Place
from admin_site.descriptions.reasons import KEY, why_read_only
from admin_site.descriptions.relations import columns_of_relations
from admin_site.descriptions.rules import Rule
from admin_site.descriptions.shapes import Shape, field_of, is_sortable
from admin_site.descriptions.targets import target_of

# Names of texts of no stated length that are usually longer than a line.
_LONG_NAMES = re.compile(
    r"(.*_)?(about|abstract|address|bio|body|comments?|content|description|message|notes?|remarks?|summary|text)"
)
_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)


def column_fields(mapper: Mapper[Any], found: Sequence[Place], rules: Sequence[Rule]) -> tuple[Field, ...]:
    """Return the fields of `mapper`'s columns in the order of `found`, with what the rules imply."""
    covered = columns_of_relations(mapper)
    return tuple(_field(place, covered, rules) for place in found)


def domain_rules(found: Sequence[Place]) -> Iterator[Rule]:
    """Yield the rules that columns have from the domains of their types."""
    for place in found:
        for condition in shape_of(place.column.type, place.annotation).conditions:
            yield Rule(None, (place.name,), renamed(condition, place.name))


def _field(place: Place, covered: frozenset[Any], rules: Sequence[Rule]) -> Field:
    column = place.column
    shape = shape_of(column.type, place.annotation)
    target, target_field = target_of(place) if covered.isdisjoint(place.prop.columns) else (None, "")
    field = replace(
        field_of(shape, place.name),
        kind=_kind(place, shape),
        column=column,
        nullable=shape.nullable and bool(column.nullable) and not place.is_key,
        unique=place.is_unique,
        primary_key=place.is_key,
        secret=place.is_secret,
        is_personal=place.is_personal,
        generated=shape.generated or place.is_generated,
        default=place.default,
        read_only=why_read_only(place, shape),
        fixed=KEY if place.is_key else "",
        deferred=bool(place.prop.deferred),
        searchable=not place.is_secret and shape.kind in _TEXTS and not shape.converts,
        sortable=not place.is_secret and is_sortable(shape),
        target=target,
        target_field=target_field,
        help=column.doc or column.comment or "",
    )
    fills_itself = field.nullable or field.generated or field.default is not NO_DEFAULT
    own = (rule.condition for rule in rules if rule.fields == (field.name,) and rule.condition is not None)
    return tightened(replace(field, required=not fills_itself), own)


def _kind(place: Place, shape: Shape) -> Kind:
    if shape.kind == Kind.TEXT and shape.length is None and _LONG_NAMES.fullmatch(in_snake_case(place.name)):
        return Kind.LONG_TEXT
    return shape.kind
