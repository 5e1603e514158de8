"""The text forms of values, by kind."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import null
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import JSON

from admin_site.descriptions import Field, Kind, Unreadable
from admin_site.values import documents, literals, numbers, texts, times

_Reader = Callable[[Field, str], Any]
_Writer = Callable[[Field, Any], str]

_FORMS: dict[Kind, tuple[_Reader, _Writer]] = {
    Kind.TEXT: (texts.read_text, texts.write_text),
    Kind.LONG_TEXT: (texts.read_text, texts.write_text),
    Kind.INTEGER: (numbers.read_integer, numbers.write_integer),
    Kind.DECIMAL: (numbers.read_decimal, numbers.write_decimal),
    Kind.FLOAT: (numbers.read_float, numbers.write_float),
    Kind.BOOLEAN: (texts.read_boolean, texts.write_boolean),
    Kind.DATE: (times.read_date, times.write_date),
    Kind.TIME: (times.read_time, times.write_time),
    Kind.DATETIME: (times.read_datetime, times.write_datetime),
    Kind.INSTANT: (times.read_instant, times.write_instant),
    Kind.INTERVAL: (times.read_interval, times.write_interval),
    Kind.CHOICE: (texts.read_choice, texts.write_choice),
    Kind.UUID: (texts.read_uuid, texts.write_uuid),
    Kind.JSON: (documents.read_json, documents.write_json),
    Kind.BINARY: (texts.read_binary, texts.write_binary),
    Kind.MAPPING: (documents.read_mapping, documents.write_mapping),
    Kind.LITERAL: (literals.read_literal, literals.write_literal),
    Kind.OPAQUE: (texts.read_opaque, texts.write_opaque),
}


def to_text(field: Field, value: Any) -> str:
    """Return the one text that stands for `value`; "" for None.

    A value of another type than the field's, which a loose database may hold, is shown by str().
    """
    if value is None or isinstance(value, ClauseElement):
        return ""
    if isinstance(value, Unreadable):
        return value.text
    if field.kind == Kind.ARRAY:
        return documents.write_array(field, value, to_text)
    _, write = _FORMS[field.kind]
    try:
        return write(field, value)
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        return str(value)


def from_text(field: Field, text: str) -> Any:
    """Return the value that `text` stands for, of the type that the field's attribute takes.

    An empty text is '' for texts and an error for most other kinds: whether it means NULL is for the caller
    to say (see `empty`). The text "null" of a JSON field is JSON's null. Raises ValueError worded for the
    person who typed the text.
    """
    texts.refuse_unstorable(text)
    if field.kind == Kind.ARRAY:
        return documents.read_array(field, text, from_text)
    read, _ = _FORMS[field.kind]
    return read(field, text)


def canonical(field: Field, text: str) -> str:
    """Return the same text for all texts that mean the same value, however their lines end."""
    with suppress(ValueError):  # what cannot be read is compared as it stands
        text = to_text(field, from_text(field, text))
    return texts.with_plain_line_ends(text)


def empty(field: Field) -> Any:
    """Return what to set an attribute to for NULL: for a JSON column, None alone would store JSON's null."""
    column_type = field.column.type if field.column is not None else field.column_type
    return null() if isinstance(column_type, JSON) and not column_type.none_as_null else None
