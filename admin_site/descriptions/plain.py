"""The shapes of SQLAlchemy's own types."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import TypeEngine

from admin_site.descriptions.choices import choices_of
from admin_site.descriptions.model import Kind
from admin_site.descriptions.shapes import Shape

LONG_TEXT_FROM = 501  # characters: a text that may be this long is typed in a box of several lines

_Types = type[Any] | tuple[type[Any], ...]

# Asked in this order: a type before those it inherits from (an Enum is a String).
_KINDS: tuple[tuple[_Types, Kind], ...] = (
    (types.Enum, Kind.CHOICE),
    (types.Boolean, Kind.BOOLEAN),
    ((types.Integer, pg.OID), Kind.INTEGER),
    (types.Float, Kind.FLOAT),
    (types.Numeric, Kind.DECIMAL),
    (types.Date, Kind.DATE),
    (types.Time, Kind.TIME),
    ((types.Interval, pg.INTERVAL), Kind.INTERVAL),
    (types.Uuid, Kind.UUID),
    (pg.JSONPATH, Kind.LITERAL),
    (types.JSON, Kind.JSON),
    (types.ARRAY, Kind.ARRAY),
    (pg.CITEXT, Kind.TEXT),
    (types.Text, Kind.LONG_TEXT),
    (types.String, Kind.TEXT),
    ((types.LargeBinary, types.BINARY, types.VARBINARY), Kind.BINARY),
    (pg.HSTORE, Kind.MAPPING),
    ((pg.INET, pg.CIDR, pg.MACADDR, pg.MACADDR8, pg.MONEY, pg.BIT), Kind.LITERAL),
    ((pg.TSVECTOR, pg.TSQUERY, pg.REGCLASS, pg.REGCONFIG), Kind.LITERAL),
    (pg.ranges.AbstractRange, Kind.LITERAL),
)
_INTEGER_BITS: tuple[tuple[type[Any], int], ...] = (
    (types.SmallInteger, 16),
    (types.BigInteger, 64),
    (types.Integer, 32),
)
_MAX_REAL = 3.4028234e38
# What the generic Interval can hold where it is stored as a datetime counted from 1970 (SQLite).
_MIN_INTERVAL, _MAX_INTERVAL = timedelta(days=-719162), timedelta(days=2932896)


def plain_shape(type_: TypeEngine[Any]) -> Shape:
    """Return the shape of a type that wraps no other."""
    kind = _kind_of(type_)
    shape = Shape(kind, type_)
    if kind == Kind.OPAQUE:
        return replace(shape, reason="The type of its column is not known here.")
    detail = _DETAILS.get(kind)
    return detail(shape, type_) if detail else shape


def _kind_of(type_: TypeEngine[Any]) -> Kind:
    for classes, kind in _KINDS:
        if isinstance(type_, classes):
            return kind
    if isinstance(type_, types.DateTime):
        return Kind.INSTANT if type_.timezone else Kind.DATETIME
    if isinstance(type_, types.UserDefinedType):
        return _user_defined_kind(type_)
    return Kind.OPAQUE


def _user_defined_kind(type_: types.UserDefinedType[Any]) -> Kind:
    """A type that leaves values as the driver gives them is typed in the database's own text form."""
    names = ("bind_processor", "result_processor", "bind_expression", "column_expression")
    is_plain = all(getattr(type(type_), name) is getattr(TypeEngine, name) for name in names)
    return Kind.LITERAL if is_plain and type_.python_type in (object, str) else Kind.OPAQUE


def _text(shape: Shape, type_: Any) -> Shape:
    is_long = shape.kind == Kind.LONG_TEXT or (type_.length or 0) >= LONG_TEXT_FROM
    return replace(shape, kind=Kind.LONG_TEXT if is_long else Kind.TEXT, length=type_.length)


def _integer(shape: Shape, type_: Any) -> Shape:
    if isinstance(type_, pg.OID):
        return replace(shape, minimum=0, maximum=2**32 - 1)
    bits = next(bits for integer, bits in _INTEGER_BITS if isinstance(type_, integer))
    return replace(shape, minimum=-(2 ** (bits - 1)), maximum=2 ** (bits - 1) - 1)


def _decimal(shape: Shape, type_: Any) -> Shape:
    scale = type_.scale if type_.scale is not None else 0 if type_.precision else None
    return replace(shape, precision=type_.precision, scale=scale)


def _float(shape: Shape, type_: Any) -> Shape:
    is_single = isinstance(type_, types.REAL) or (type_.precision or 53) <= 24
    return replace(shape, minimum=-_MAX_REAL, maximum=_MAX_REAL) if is_single else shape


def _time(shape: Shape, type_: Any) -> Shape:
    return replace(shape, precision=getattr(type_, "precision", None))


def _interval(shape: Shape, type_: Any) -> Shape:
    if isinstance(type_, types.Interval):
        return replace(shape, precision=type_.second_precision, minimum=_MIN_INTERVAL, maximum=_MAX_INTERVAL)
    return _time(shape, type_)


def _choice(shape: Shape, type_: Any) -> Shape:
    return replace(shape, choices=choices_of(type_))


def _binary(shape: Shape, type_: Any) -> Shape:
    return replace(shape, length=type_.length)


def _literal(shape: Shape, type_: Any) -> Shape:
    if isinstance(type_, pg.BIT):
        return replace(shape, length=type_.length)
    if isinstance(type_, pg.TSVECTOR):
        return replace(shape, reason="It is made from other columns, for searching.", generated=True)
    return shape


_DETAILS = {
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.FLOAT: _float,
    Kind.TIME: _time,
    Kind.DATETIME: _time,
    Kind.INSTANT: _time,
    Kind.INTERVAL: _interval,
    Kind.CHOICE: _choice,
    Kind.BINARY: _binary,
    Kind.LITERAL: _literal,
}
