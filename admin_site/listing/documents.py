"""Filters on what a JSON field holds under any key, which nobody can list beforehand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Text, func, literal, not_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

from admin_site.descriptions import Description, Field
from admin_site.errors import BadRequest
from admin_site.listing import patterns
from admin_site.listing.conditions import Condition, Control, Filter
from admin_site.listing.presence import YesNoFilter, yes_or_no

MAX_DEPTH = 10  # keys within keys
_EMPTY = "__empty"


class document_text(FunctionElement[str]):  # noqa: N801 - SQL functions are named as in SQL
    """The text of what a document holds at a place: its column, the place as SQLite spells it, and its keys.

    A text is given without quotes, numbers and yes or no as JSON writes them, anything larger as JSON.
    """

    name = "document_text"
    inherit_cache = True
    type = Text()


@compiles(document_text, "postgresql")
def _on_postgresql(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    column, _, *keys = [compiler.process(clause, **options) for clause in element.clauses]
    return f"({column} #>> ARRAY[{', '.join(f'CAST({key} AS TEXT)' for key in keys)}])"


@compiles(document_text, "sqlite")
def _on_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    column, place = list(element.clauses)[:2]

    def at(function: str) -> str:
        return f"{function}({compiler.process(column, **options)}, {compiler.process(place, **options)})"

    return (
        f"CASE WHEN json_valid({compiler.process(column, **options)}) THEN "
        f"CASE {at('json_type')} WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
        f"ELSE CAST({at('json_extract')} AS TEXT) END END"
    )


@dataclass(frozen=True)
class _Comparison:
    verb: str
    compare: Callable[[Any, str], ColumnElement[bool]]


_COMPARISONS = {
    "__contains": _Comparison("contains", patterns.contains),
    "__starts": _Comparison("starts with", patterns.starts),
    "__ends": _Comparison("ends with", patterns.ends),
    "": _Comparison("is", lambda text, value: text == value),
}


@dataclass(frozen=True, eq=False)
class KeyFilter:
    """A comparison of the text under a key."""

    field: Field
    expression: Any
    keys: tuple[str, ...]
    comparison: _Comparison

    @property
    def label(self) -> str:
        return f"{_label(self.field, self.keys)} {self.comparison.verb}"

    @property
    def control(self) -> Control:
        return Control.TEXT

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        return ()

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        wanted = tuple(sorted(set(texts)))
        held = _held(self.expression, self.keys)
        return Condition(
            parameter=name,
            texts=wanted,
            clause=or_(*(self.comparison.compare(held, text) for text in wanted)),
            subject=_label(self.field, self.keys),
            verb=self.comparison.verb,
            shown=wanted,
        )


@dataclass(frozen=True, eq=False)
class KeyEmptyFilter(YesNoFilter):
    """Holding nothing under a key: it is missing, null or an empty text."""

    field: Field
    expression: Any
    keys: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{_label(self.field, self.keys)} is empty"

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        values = yes_or_no(self.label, texts)
        held = _held(self.expression, self.keys)
        is_empty = or_(held.is_(None), held == "")
        return Condition(
            parameter=name,
            texts=tuple(values),
            clause=or_(*(is_empty if wanted else not_(is_empty) for wanted in values.values())),
            subject=_label(self.field, self.keys),
            verb=" or ".join("is empty" if wanted else "is not empty" for wanted in values.values()),
        )


def json_fields_of(description: Description) -> Mapping[str, Field]:
    """Return the fields whose documents the database itself can look into; nothing secret is among them."""
    return MappingProxyType(
        {
            field.name: field
            for field in description.fields
            if field.column is not None and not field.secret and _is_json(field.column.type)
        }
    )


def key_filter(description: Description, fields: Mapping[str, Field], name: str) -> Filter | None:
    """Return the filter "data.colour__contains" asks for, or None where `data` is no such field.

    Raises BadRequest for keys that no database can be asked for.
    """
    for field in _beginning(fields, name):
        suffix = next((item for item in (*_COMPARISONS, _EMPTY) if item and name.endswith(item)), "")
        keys = tuple(name[len(field.name) + 1 : len(name) - len(suffix)].split("."))
        if not all(keys) or len(keys) > MAX_DEPTH or any('"' in key for key in keys):
            raise BadRequest(f"{field.label}: “{name}” names no key.")
        expression = getattr(description.model, field.name)
        if suffix == _EMPTY:
            return KeyEmptyFilter(field, expression, keys)
        return KeyFilter(field, expression, keys, _COMPARISONS[suffix])
    return None


def _beginning(fields: Mapping[str, Field], name: str) -> Iterator[Field]:
    return (field for field in fields.values() if name.startswith(f"{field.name}."))


def _held(expression: Any, keys: Sequence[str]) -> Any:
    """Return the text under the keys; a key of digits is a place in an array as well."""
    named = _text_at(expression, "".join(f'."{key}"' for key in keys), keys)
    if not any(map(_is_number, keys)):
        return named
    placed = "".join(f"[{key}]" if _is_number(key) else f'."{key}"' for key in keys)
    return func.coalesce(named, _text_at(expression, placed, keys))


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit()


def _text_at(expression: Any, place: str, keys: Sequence[str]) -> Any:
    return document_text(expression, literal(f"${place}", Text()), *(literal(key, Text()) for key in keys))


def _label(field: Field, keys: Sequence[str]) -> str:
    return f"{field.label} / {' / '.join(keys)}"


def _is_json(type_: TypeEngine[Any]) -> bool:
    plain = type_.impl_instance if isinstance(type_, TypeDecorator) else type_
    return isinstance(plain, JSON)
