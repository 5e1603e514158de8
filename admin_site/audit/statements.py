"""Statements that would change rows without leaving a record."""

import re
from typing import Any, NoReturn

from sqlalchemy import TextClause
from sqlalchemy.orm import ORMExecuteState, Session

from admin_site.audit.labels import spend_load

UNAUDITED = "unaudited"  # the execution option with which a statement says why it needs no record

_BULK_METHODS = ("bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|REPLACE|TRUNCATE|COPY)\b", re.IGNORECASE)
_WRITES_WITHIN = re.compile(
    r"\s*(WITH|EXPLAIN)\b.*\b(INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|MERGE\s+INTO)\b",
    re.IGNORECASE | re.DOTALL,
)


class UnauditedStatement(RuntimeError):
    """A bulk statement that would change rows without leaving a record."""

    def __init__(self) -> None:
        super().__init__(
            "a bulk INSERT, UPDATE or DELETE leaves no audit entries; change the records through the "
            f"session, or give the reason as the execution option {UNAUDITED!r}"
        )


def check_statement(state: ORMExecuteState) -> None:
    """Refuse a statement of a session that changes rows and does not say why it leaves no record."""
    if state.is_relationship_load or state.is_column_load:
        spend_load(state.session)
    elif _changes_rows(state) and not state.execution_options.get(UNAUDITED):
        raise UnauditedStatement


def refuse_bulk_methods(session_class: type[Session]) -> None:
    """Refuse the methods that write past the unit of work: no event of SQLAlchemy 2.1 tells of them."""
    for name in _BULK_METHODS:
        setattr(session_class, name, _refuse)


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise UnauditedStatement


def _changes_rows(state: ORMExecuteState) -> bool:
    statement = getattr(state.statement, "element", state.statement)
    if isinstance(statement, TextClause):
        text = _COMMENT.sub(" ", statement.text)
        return bool(_WRITES.match(text) or _WRITES_WITHIN.match(text))
    return state.is_insert or state.is_update or state.is_delete
