"""What PostgreSQL is told together with the next statement, which saves a way there and back."""

from typing import Any

from sqlalchemy import Connection, event

_PREFIX = "admin_site.prefix"


def prefix(connection: Connection, command: str) -> None:
    """Send a command of PostgreSQL before the next statement of a connection, in the same message.

    That takes psycopg2, which writes the values into a statement itself.
    """
    if not event.contains(connection.engine, "before_cursor_execute", _with_prefix):
        event.listen(connection.engine, "before_cursor_execute", _with_prefix, retval=True)
    connection.info[_PREFIX] = command


def without_prefix(connection: Connection) -> None:
    """Forget a command that was not sent yet."""
    connection.info.pop(_PREFIX, None)


def _with_prefix(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, is_many: bool
) -> tuple[str, Any]:
    # Many at once, and cursors of the server, are statements that the driver writes itself.
    if _PREFIX in connection.info and not is_many and cursor.name is None:
        statement = f"{connection.info.pop(_PREFIX)}; {statement}"
    return statement, parameters
