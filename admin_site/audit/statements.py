"""Statements that would change rows without leaving a record, or the record itself."""

import re
from collections.abc import Container
from typing import Any, NoReturn

from sqlalchemy import Engine, Table, TextClause, UpdateBase, event
from sqlalchemy.orm import ORMExecuteState, Session

from admin_site.audit.labels import spend_load
from admin_site.models import AuditEntry

UNAUDITED = "unaudited"  # the execution option with which a statement says why it needs no record

_BY_RETENTION = "admin_site.retention"

RETENTION = {UNAUDITED: "what was kept long enough goes", _BY_RETENTION: object()}
"""The execution options of the one statement that may delete entries."""

_BULK_METHODS = ("bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|REPLACE|TRUNCATE|COPY)\b", re.IGNORECASE)
_WRITES_WITHIN = re.compile(
    r"\s*(WITH|EXPLAIN)\b.*\b(INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|MERGE\s+INTO)\b",
    re.IGNORECASE | re.DOTALL,
)
_TRAIL = AuditEntry.__tablename__
_REWRITES = re.compile(
    r"\b(UPDATE(\s+OR\s+\w+)?|DELETE\s+FROM|TRUNCATE(\s+TABLE)?|REPLACE\s+INTO|MERGE\s+INTO)\s+(ONLY\s+)?"
    rf"""[\w."`\[]*\b{_TRAIL}\b|\bINTO\s+[\w."`\[]*\b{_TRAIL}\b.*\bDO\s+UPDATE\b""",
    re.IGNORECASE | re.DOTALL,
)


class UnauditedStatement(RuntimeError):
    """A bulk statement that would change rows without leaving a record."""

    def __init__(self) -> None:
        super().__init__(
            "a bulk INSERT, UPDATE or DELETE leaves no audit entries; change the records through the "
            f"session, or give the reason as the execution option {UNAUDITED!r}"
        )


class AppendOnly(RuntimeError):
    """A statement that would change or delete entries of the audit trail."""

    def __init__(self) -> None:
        super().__init__("the audit trail is append-only: only what was kept long enough is deleted from it")


def protect_trail(engine: Engine, schema: str = "") -> None:
    """Refuse with AppendOnly whatever would change or delete entries by way of `engine`.

    `schema` is where our tables are, when another than other people's: theirs may be called alike.
    """
    places = {schema} if schema else {"", "main", "public"}

    def refuse_rewriting(_: Any, __: Any, statement: str, ___: Any, context: Any, ____: bool) -> None:
        if _TRAIL in statement and _REWRITES.search(_COMMENT.sub(" ", statement)):
            is_allowed = context.execution_options.get(_BY_RETENTION) is RETENTION[_BY_RETENTION]
            if not is_allowed and not _is_about_a_namesake(context, places):
                raise AppendOnly

    event.listen(engine, "before_cursor_execute", refuse_rewriting)


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


def _is_about_a_namesake(context: Any, places: Container[str]) -> bool:
    asked = context.compiled.statement if context.compiled is not None else None
    table = asked.table if isinstance(asked, UpdateBase) else None
    if not isinstance(table, Table) or table.metadata is AuditEntry.metadata:
        return False
    return (table.schema or "") not in places
