"""Reading what is stored, whatever it is.

A type that makes nothing of a stored value would fail the whole query, and with it every page that shows the
row: the one where it could be mended, too. Instead an Unreadable stands in its place.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from admin_site.descriptions import Unreadable

# PostgreSQL's numbers of types, and of arrays of them, which psycopg2 turns into Python's, whose range is
# smaller: SELECT oid, typarray, typname FROM pg_type. TIME knows 24:00, DATE the years before Christ.
_TYPES = (
    (1082, 1182, "PYDATE"),
    (1083, 1183, "PYTIME"),
    (1266, 1270, "PYTIME"),
    (1114, 1115, "PYDATETIME"),
    (1184, 1185, "PYDATETIMETZ"),
    (1186, 1187, "PYINTERVAL"),
)


def read_anything(engine: Engine) -> None:
    """Let queries of `engine` give an Unreadable for what its column's type or the driver cannot read."""
    context = engine.dialect.execution_ctx_cls
    engine.dialect.execution_ctx_cls = type(context.__name__, (_Lenient, context), {})
    if engine.dialect.driver == "psycopg2":
        event.listen(engine, "connect", _register)


class _Lenient:
    """A context of execution whose results are read by whatever types they have, or not at all."""

    def get_result_processor(self, type_: Any, name: str, dbapi_type: Any) -> Callable[[Any], Any] | None:
        process = super().get_result_processor(type_, name, dbapi_type)  # type: ignore[misc]
        return process and _lenient(process)


def _lenient(process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(stored: Any) -> Any:
        try:
            return process(stored)
        except Exception:  # a TypeDecorator is anyone's code
            return Unreadable.of(stored)

    return read


def _register(connection: Any, _: ConnectionPoolEntry) -> None:
    from psycopg2 import extensions

    for number, number_of_array, name in _TYPES:
        single = extensions.new_type((number,), name, _cast(getattr(extensions, name)))
        array = extensions.new_array_type((number_of_array,), f"{name}ARRAY", single)
        for each in (single, array):
            extensions.register_type(each, connection)


def _cast(parse: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def cast(stored: Any, cursor: Any) -> Any:
        try:
            return parse(stored, cursor)
        except Exception:  # whatever the driver raises: DataError, ValueError, OverflowError
            return Unreadable.of(stored)

    return cast
