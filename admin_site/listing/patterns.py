"""Texts found without regard to case, every character of what was typed standing for itself."""

from typing import Any

from sqlalchemy import ColumnElement, Text, or_, type_coerce

_ESCAPE = "/"


def contains(expression: Any, text: str) -> ColumnElement[bool]:
    return _like(expression, text, "%{}%")


def starts(expression: Any, text: str) -> ColumnElement[bool]:
    return _like(expression, text, "{}%")


def ends(expression: Any, text: str) -> ColumnElement[bool]:
    return _like(expression, text, "%{}")


def _like(expression: Any, text: str, pattern: str) -> ColumnElement[bool]:
    # Without its own type, which may change what it is compared with (a TypeDecorator that lowers case).
    plain = type_coerce(expression, Text())
    return or_(*(plain.ilike(pattern.format(_escaped(form)), escape=_ESCAPE) for form in _cases(text)))


def _cases(text: str) -> list[str]:
    """Return the spellings to look for: SQLite, and PostgreSQL in the C locale, fold ASCII only."""
    if text.isascii():
        return [text]
    return sorted({text, text.lower(), text.upper(), text.title(), text.capitalize()})


def _escaped(text: str) -> str:
    for character in (_ESCAPE, "%", "_"):
        text = text.replace(character, _ESCAPE + character)
    return text
