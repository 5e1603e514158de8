"""The shape of any type, by what it wraps."""

import enum
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import TypeDecorator, types
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import TypeEngine

from admin_site.descriptions import decorators
from admin_site.descriptions.choices import choices_among
from admin_site.descriptions.constraints import VALUE, conditions_in
from admin_site.descriptions.implied import tightened
from admin_site.descriptions.model import Field, Kind
from admin_site.descriptions.plain import plain_shape
from admin_site.descriptions.shapes import Shape, field_of

NOT_IN_DOMAINS = "SQLAlchemy cannot write such values into a domain."

_BY_PYTHON: dict[type, tuple[Kind, TypeEngine[Any]]] = {
    str: (Kind.TEXT, types.String()),
    int: (Kind.INTEGER, types.Integer()),
    bool: (Kind.BOOLEAN, types.Boolean()),
    float: (Kind.FLOAT, types.Float()),
    Decimal: (Kind.DECIMAL, types.Numeric()),
    bytes: (Kind.BINARY, types.LargeBinary()),
    date: (Kind.DATE, types.Date()),
    time: (Kind.TIME, types.Time()),
    timedelta: (Kind.INTERVAL, types.Interval()),
    UUID: (Kind.UUID, types.Uuid()),
    dict: (Kind.JSON, types.JSON(none_as_null=True)),
    list: (Kind.JSON, types.JSON(none_as_null=True)),
}
_PYTHON_OF: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.LONG_TEXT: (str,),
    Kind.JSON: (dict, list),
    Kind.ARRAY: (list,),
    Kind.MAPPING: (dict,),
} | {kind: (python,) for python, (kind, _) in _BY_PYTHON.items() if python not in (str, dict, list)}


def shape_of(type_: TypeEngine[Any], annotation: Any = None) -> Shape:
    """Return what `type_` says; `annotation` is the attribute's `Mapped[...]`, where there is one."""
    if isinstance(type_, pg.DOMAIN):
        return _domain(type_)
    if isinstance(type_, types.PickleType):
        return Shape(Kind.OPAQUE, type_, reason="It holds a Python object, which has no text form.")
    if isinstance(type_, TypeDecorator) and not isinstance(type_, types.Interval):
        return _decorated(type_, annotation)
    if isinstance(type_, types.ARRAY):
        return _array(type_)
    return plain_shape(type_)


def _array(type_: types.ARRAY[Any]) -> Shape:
    inner = shape_of(type_.item_type)
    if inner.kind == Kind.OPAQUE:
        return Shape(Kind.OPAQUE, type_, reason=inner.reason)
    item = replace(tightened(replace(field_of(inner, VALUE)), inner.conditions), name="item", label="Item")
    return Shape(Kind.ARRAY, type_, item=item, dimensions=type_.dimensions)


def _domain(type_: pg.DOMAIN) -> Shape:
    shape = shape_of(type_.data_type)
    conditions = () if type_.check is None else conditions_in(type_.check, {VALUE: VALUE})
    return replace(
        shape,
        reason=shape.reason or ("" if _is_native(shape) else NOT_IN_DOMAINS),
        nullable=shape.nullable and not type_.not_null,
        generated=shape.generated or type_.default is not None,
        conditions=conditions,
    )


def _is_native(shape: Shape | Field) -> bool:
    """Whether the driver takes and gives the values without SQLAlchemy's help, which domains do not get."""
    if shape.item is not None:
        return _is_native(shape.item)
    if shape.kind == Kind.CHOICE:
        return all(isinstance(choice.value, str) for choice in shape.choices)
    return shape.kind not in (Kind.JSON, Kind.MAPPING) and not isinstance(
        shape.column_type, pg.ranges.AbstractRange
    )


def _decorated(type_: TypeDecorator[Any], annotation: Any) -> Shape:
    inner = shape_of(type_.impl_instance)
    if decorators.converts(type_):
        inner = _converted(type_, inner, annotation)
    return replace(inner, is_decorated=True)


def _converted(type_: TypeDecorator[Any], inner: Shape, annotation: Any) -> Shape:
    """Return the shape of the decorator's Python side, which is what people read and type."""
    python = decorators.python_type_of(type_, annotation)
    shape: Shape | None = None
    if python is datetime or (python is None and inner.kind in (Kind.DATETIME, Kind.INSTANT)):
        shape = _converted_datetime(type_, inner)
    elif python is None and _passes_unchanged(type_, inner.kind):
        shape = inner
    elif python is None and inner.kind in (Kind.TEXT, Kind.LONG_TEXT) and decorators.passes_documents(type_):
        shape = _named(dict, inner)
    elif python is not None:
        shape = _named(python, inner)
    if shape is None:
        reason = f"Its type, {type(type_).__name__}, does not say how its values are typed."
        return Shape(Kind.OPAQUE, type_, reason=reason)
    return replace(shape, converts=decorators.converts_on_the_way_in(type_))


def _converted_datetime(type_: TypeDecorator[Any], inner: Shape) -> Shape:
    is_aware = decorators.is_aware(type_, stored_aware=inner.kind == Kind.INSTANT)
    kind = Kind.INSTANT if is_aware else Kind.DATETIME
    return (
        replace(inner, kind=kind)
        if inner.column_type._type_affinity is types.DateTime
        else Shape(kind, types.DateTime(timezone=is_aware))
    )


def _passes_unchanged(type_: TypeDecorator[Any], kind: Kind) -> bool:
    return any(decorators.passes_unchanged(type_, python) for python in _PYTHON_OF.get(kind, ()))


def _named(python: type, inner: Shape) -> Shape | None:
    if python in _PYTHON_OF.get(inner.kind, ()):
        return inner
    if issubclass(python, enum.Enum):
        return Shape(Kind.CHOICE, inner.column_type, choices=choices_among(python))
    if python in _BY_PYTHON:
        kind, plain = _BY_PYTHON[python]
        return Shape(kind, plain)
    return None
