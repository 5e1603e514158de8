"""The text forms of nested values, which are JSON."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy.types import JSON

from admin_site.descriptions import Field, Kind
from admin_site.values.texts import refuse_unstorable

MAX_DEPTH = 6  # PostgreSQL's limit for arrays in arrays
MAX_NESTING = 100  # of a document; Python's own reader and writer stop near 1,000

_SURROGATES = re.compile("[\ud800-\udfff]")
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)


class _Number(str):
    """A number of a JSON text with the digits it was written with."""

    __slots__ = ()


def read_json(field: Field, text: str) -> Any:
    value = _loaded(text, parse_float=_finite)
    if value is None:
        column_type = field.column_type
        return JSON.NULL if isinstance(column_type, JSON) and not column_type.none_as_null else None
    return value


def write_json(field: Field, value: Any) -> str:
    return _dumped(None if value is JSON.NULL else value)


def read_mapping(field: Field, text: str) -> dict[str, str | None]:
    value = _loaded(text)
    if not isinstance(value, dict) or not all(item is None or type(item) is str for item in value.values()):
        raise ValueError('Enter texts by name, such as {"colour": "red", "size": null}.')
    return value


def write_mapping(field: Field, value: Any) -> str:
    return _dumped(dict(value))


def read_array(field: Field, text: str, read_item: Callable[[Field, str], Any]) -> list[Any]:
    """Return the list that a JSON array stands for, its members read as the field's item is."""
    item = _item(field)
    value = _loaded(text, parse_float=_Number, parse_int=_Number)
    if not isinstance(value, list):
        raise ValueError("Enter a list in square brackets, such as [1, 2].")
    if item.kind == Kind.JSON:
        value = _loaded(text, parse_float=_finite)
    depth = _depth(field, value)
    found = _read_list(item, value, depth, read_item)
    return _as_tuples(found) if getattr(field.column_type, "as_tuple", False) else found


def write_array(field: Field, value: Any, write_item: Callable[[Field, Any], str]) -> str:
    item = _item(field)
    if not isinstance(value, list | tuple):
        return str(value)
    if item.kind == Kind.JSON:
        return _dumped(list(value))
    return _written(item, value, write_item)


def _item(field: Field) -> Field:
    assert field.item is not None  # noqa: S101 - every ARRAY has one
    return field.item


def _depth(field: Field, value: list[Any]) -> int:
    """Return how many brackets deep the members are; refuse what is no even grid."""
    if field.dimensions is None and _item(field).kind == Kind.JSON:
        return 1
    shape: list[int] = []
    level: Any = value
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
        if field.dimensions is not None and len(shape) == field.dimensions:
            break
    if len(shape) > MAX_DEPTH or not _is_grid(value, shape, _item(field).kind == Kind.JSON):
        raise ValueError("Enter inner lists of the same length.")
    if field.dimensions is not None and shape != [0] and len(shape) != field.dimensions:
        raise ValueError(f"Enter a list that is {field.dimensions} lists deep.")
    return len(shape)


def _is_grid(value: Any, shape: list[int], is_document: bool) -> bool:
    if not shape:
        return is_document or not isinstance(value, list)
    is_row = isinstance(value, list) and len(value) == shape[0] and (len(shape) == 1 or shape[1] > 0)
    return is_row and all(_is_grid(member, shape[1:], is_document) for member in value)


def _read_list(
    item: Field, values: list[Any], depth: int, read_item: Callable[[Field, str], Any]
) -> list[Any]:
    if depth > 1:
        return [_read_list(item, value, depth - 1, read_item) for value in values]
    return [_read_member(item, value, read_item) for value in values]


def _read_member(item: Field, value: Any, read_item: Callable[[Field, str], Any]) -> Any:
    if value is None or item.kind == Kind.JSON:
        return value
    if isinstance(value, _Number) and item.kind in _NUMBERS:
        return read_item(item, str(value))
    if isinstance(value, bool) and item.kind == Kind.BOOLEAN:
        return value
    if type(value) is str and item.kind != Kind.BOOLEAN:
        return read_item(item, value)
    raise ValueError(f"This list cannot hold {json.dumps(value)}.")


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(member) for member in value) if isinstance(value, list) else value


def _written(item: Field, value: Any, write_item: Callable[[Field, Any], str]) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(item, member, write_item) for member in value) + "]"
    if value is None:
        return "null"
    text = write_item(item, value)
    is_bare = item.kind == Kind.BOOLEAN or (item.kind in _NUMBERS and text.strip("-")[:1].isdigit())
    return text if is_bare else _dumped(text)


def _loaded(text: str, **parsers: Any) -> Any:
    """Return what a JSON text holds; refuse what would not come back from the database as it was."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_doubles,
            parse_constant=_no_constant,
            **({"parse_int": _integer} | parsers),
        )
    except json.JSONDecodeError as error:
        raise ValueError(
            f"This is not JSON: {error.msg.lower()} in line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise ValueError("This is nested too deeply to be stored.") from None
    _check(value)
    return value


def _check(value: Any, depth: int = 0) -> None:
    """Refuse strings that no database keeps, and documents so deep that reading them again might fail."""
    if depth > MAX_NESTING:
        raise ValueError("This is nested too deeply to be stored.")
    if isinstance(value, str):
        refuse_unstorable(value)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth + 1)
    elif isinstance(value, dict):
        for name, member in value.items():
            refuse_unstorable(name)
            _check(member, depth + 1)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        double = next(name for name, number in Counter(name for name, _ in pairs).items() if number > 1)
        raise ValueError(f"The name {json.dumps(double, ensure_ascii=False)} stands twice in one object.")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON.")


def _integer(text: str) -> int:
    if len(text) > 1000:
        raise ValueError("Enter numbers with fewer digits.")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("Enter numbers closer to zero.")
    return value


def _dumped(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return _SURROGATES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
