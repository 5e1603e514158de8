"""Whether what was stored is there, and can be read again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ARRAY, TypeDecorator, event, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine, UserDefinedType

from admin_site.descriptions import Description, Unreadable
from admin_site.errors import Invalid
from admin_site.listing.paths import key_among

VANISHED = "The database did not keep this record: a rule of its own let it vanish."
NOT_READ = "The type of this column takes this value but cannot read it again. Enter another one."


def check_readable(
    session: Session, description: Description, record: Any, values: Mapping[str, Any]
) -> None:
    """Read the values that were flushed if somebody's own types wrote them (raises Invalid by field).

    Such a type may be less strict on the way in than on the way out.
    """
    names = [
        field.name
        for field in description.fields
        if field.name in values and field.column is not None and _is_somebodys(field.column.type)
    ]
    identity = inspect(record).identity
    if not names or identity is None:
        return
    columns = [getattr(description.model, name) for name in names]
    is_record = key_among(description, description.model, [tuple(identity)])
    row = session.execute(select(*columns).where(is_record)).one_or_none()
    wrong = [name for name, value in zip(names, row or (), strict=False) if isinstance(value, Unreadable)]
    if wrong:
        raise Invalid(dict.fromkeys(wrong, NOT_READ))


@contextmanager
def noticing_what_vanishes(session: Session) -> Iterator[None]:
    """Raise Invalid within the block for a new row that a trigger of the database lets vanish.

    No driver takes that for an error, and SQLite gives the number of some other row for the key.
    """
    connection = session.connection()

    def look(*arguments: Any) -> None:
        _, cursor, statement, _, context, is_many = arguments
        is_told = context is not None and context.isinsert and "RETURNING" not in statement.upper()
        if is_told and not is_many and cursor.rowcount == 0:
            raise Invalid({"": VANISHED})

    event.listen(connection, "after_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(connection, "after_cursor_execute", look)


def _is_somebodys(type_: TypeEngine[Any]) -> bool:
    if isinstance(type_, ARRAY):
        return _is_somebodys(type_.item_type)
    is_own_code = isinstance(type_, TypeDecorator | UserDefinedType)
    return is_own_code and not type(type_).__module__.startswith("sqlalchemy.")
