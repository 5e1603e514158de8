"""The Python side of a TypeDecorator."""

import inspect
import types as pytypes
import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import TypeDecorator
from sqlalchemy.engine.default import DefaultDialect

_DIALECT = DefaultDialect()
_CONVERSIONS = ("process_bind_param", "process_result_value", "bind_processor", "result_processor")
_BIND = ("process_bind_param", "bind_processor")
# A value of each plain type, to try a decorator with that does not say what it takes.
_SAMPLES: tuple[Any, ...] = (
    "a",
    1,
    True,
    1.5,
    Decimal("1.5"),
    date(2001, 2, 3),
    time(4, 5, 6),
    timedelta(days=1),
    UUID(int=1),
    b"a",
)
_DOCUMENTS = ({"a": 1}, [1])
_SAMPLE_OF = {type(sample): sample for sample in _SAMPLES}


def converts(decorator: TypeDecorator[Any]) -> bool:
    """Whether values change on their way to or from the database."""
    return _overrides(decorator, _CONVERSIONS)


def converts_on_the_way_in(decorator: TypeDecorator[Any]) -> bool:
    return _overrides(decorator, _BIND)


def python_type_of(decorator: TypeDecorator[Any], annotation: Any = None) -> type | None:
    """Return the Python type that the decorator's author names; None when nothing does.

    Asked in turn: a `python_type` of its own, what `process_result_value` says it returns, what
    `process_bind_param` says it takes, `Mapped[X]` of the attribute.
    """
    for hint in (*_hints(decorator), annotation):
        found = _plain_type(hint)
        if found is not None:
            return found
    return None


def passes_unchanged(decorator: TypeDecorator[Any], python_type: type | None) -> bool:
    """Whether a plain value goes into the decorator and comes out again, as far as trying tells."""
    sample = _SAMPLE_OF.get(python_type) if python_type else None
    if sample is None:
        return False
    try:
        stored = decorator.process_bind_param(sample, _DIALECT)
        results = [decorator.process_result_value(value, _DIALECT) for value in (stored, sample)]
    except Exception:  # someone else's code, tried with a value it may refuse in any way
        return False
    return all(type(result) is type(sample) for result in results)


def passes_documents(decorator: TypeDecorator[Any]) -> bool:
    """Whether the decorator keeps dictionaries and lists as texts, as far as trying tells."""
    try:
        texts = [decorator.process_bind_param(document, _DIALECT) for document in _DOCUMENTS]
        results = tuple(decorator.process_result_value(text, _DIALECT) for text in texts)
    except Exception:  # someone else's code, tried with a value it may refuse in any way
        return False
    return all(type(text) is str for text in texts) and results == _DOCUMENTS


def is_aware(decorator: TypeDecorator[Any], stored_aware: bool) -> bool:
    """Whether the datetimes of the decorator's Python side know their time zone."""
    sample = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC if stored_aware else None)
    try:
        result = decorator.process_result_value(sample, _DIALECT)
    except Exception:  # someone else's code, tried with a value it may refuse in any way
        return stored_aware
    return result.tzinfo is not None if isinstance(result, datetime) else stored_aware


def _overrides(decorator: TypeDecorator[Any], names: tuple[str, ...]) -> bool:
    return any(getattr(type(decorator), name) is not getattr(TypeDecorator, name) for name in names)


def _hints(decorator: TypeDecorator[Any]) -> Iterator[Any]:
    """Yield what the decorator's author says. X of TypeDecorator[X] is not kept at run time."""
    own = [base for base in type(decorator).__mro__ if base not in TypeDecorator.__mro__]
    if any("python_type" in vars(base) for base in own):
        yield decorator.python_type
    yield _annotations(type(decorator).process_result_value).get("return")
    yield next(iter(_annotations(type(decorator).process_bind_param).values()), None)


def _annotations(function: Any) -> dict[str, Any]:
    """Return the annotations of a method of someone else's; none of SQLAlchemy's own."""
    if function.__module__.partition(".")[0] == "sqlalchemy":
        return {}
    try:
        return inspect.get_annotations(function, eval_str=True)
    except Exception:  # an annotation may name what is imported for type checkers alone
        return {}


def _plain_type(hint: Any) -> type | None:
    """Return the class in `X`, `X | None` or `X[...]`; None for what is no class, Any and object."""
    if typing.get_origin(hint) in (typing.Union, pytypes.UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        return _plain_type(members[0]) if len(members) == 1 else None
    hint = typing.get_origin(hint) or hint
    if not isinstance(hint, type) or hint in (object, type(None), Any):
        return None
    return hint
