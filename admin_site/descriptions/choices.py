"""The values that an Enum offers."""

import enum
from typing import Any

from sqlalchemy import types
from sqlalchemy.engine.default import DefaultDialect

from admin_site.descriptions.model import Choice
from admin_site.descriptions.names import in_words

_DIALECT = DefaultDialect()


def choices_of(type_: types.Enum) -> tuple[Choice, ...]:
    """Return the values of an Enum by the texts that the database stores."""
    # SQLAlchemy's own reader of the column: it knows values_callable, aliases and plain strings.
    value_of: Any = type_.result_processor(_DIALECT, None)  # type: ignore[no-untyped-call]
    return tuple(Choice(text, _choice_label(text, value_of(text)), value_of(text)) for text in type_.enums)


def choices_among(members: type[enum.Enum]) -> tuple[Choice, ...]:
    """Return the members of an Enum by their names."""
    return tuple(Choice(member.name, _choice_label(member.name, member), member) for member in members)


def choice_of(value: Any) -> Choice:
    """Return a plain value, a text or a number, as a choice."""
    return Choice(str(value), _choice_label(str(value), value), value)


def _choice_label(text: str, value: Any) -> str:
    """Return the words of a choice: its own `label`, else its name in words, else the text as it is."""
    label = getattr(value, "label", None)
    if isinstance(label, str) and label:
        return label
    name = value.name if isinstance(value, enum.Enum) else text
    if name.replace("_", "").isalnum() and name in (name.lower(), name.upper()) and len(name) > 2:
        return in_words(name.lower())
    return name
