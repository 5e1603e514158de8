"""Texts found without regard to case, every character of what was typed standing for itself."""

from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Text, literal, or_, type_coerce
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_ESCAPE = "/"


def search_expression(column: Column[Any], dialect: str) -> str:
    """Return the expression, in SQL, that an index must be on to serve `contains`, `starts` and `ends`.

    On PostgreSQL it is the column itself, with the operator class gin_trgm_ops: ILIKE is one of the operators
    that class has. SQLite has no such index; "" stands for none.
    """
    if dialect != "postgresql":
        return ""
    return str(postgresql.dialect().identifier_preparer.format_column(column))  # type: ignore[no-untyped-call]


def contains(expression: Any, text: str) -> ColumnElement[bool]:
    return _matching(expression, text, "%{}%")


def starts(expression: Any, text: str) -> ColumnElement[bool]:
    return _matching(expression, text, "{}%")


def ends(expression: Any, text: str) -> ColumnElement[bool]:
    return _matching(expression, text, "%{}")


class matches(FunctionElement[bool]):  # noqa: N801 - SQL functions are named as in SQL
    """A text that has the form of a pattern, whatever the case of its letters."""

    name = "matches"
    inherit_cache = True
    type = Boolean()


@compiles(matches)
def _ilike(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = element.clauses
    return f"({compiler.process(text.ilike(pattern, escape=_ESCAPE), **options)})"


@compiles(matches, "sqlite")
def _like(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite's LIKE folds ASCII by itself; SQLAlchemy's ILIKE there, with lower(), takes three times as long.
    text, pattern = element.clauses
    return f"({compiler.process(text.like(pattern, escape=_ESCAPE), **options)})"


def _matching(expression: Any, text: str, pattern: str) -> ColumnElement[bool]:
    # Without its own type, which may change what it is compared with (a TypeDecorator that lowers case).
    plain = type_coerce(expression, Text())
    forms = (pattern.format(_escaped(form)) for form in _cases(text))
    return or_(*(matches(plain, literal(form, Text())) for form in forms))


def _cases(text: str) -> list[str]:
    """Return the spellings to look for: SQLite, and PostgreSQL in the C locale, fold ASCII only."""
    if text.isascii():
        return [text]
    return sorted({text, text.lower(), text.upper(), text.title(), text.capitalize()})


def _escaped(text: str) -> str:
    for character in (_ESCAPE, "%", "_"):
        text = text.replace(character, _ESCAPE + character)
    return text
