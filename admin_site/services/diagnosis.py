"""What a driver reports of a statement that was refused, in the same terms for every database."""

import re
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from sqlalchemy.exc import DBAPIError


class Refusal(StrEnum):
    UNIQUE = auto()
    NOT_NULL = auto()
    CHECK = auto()
    FOREIGN_KEY = auto()
    EXCLUSION = auto()
    VALUE = auto()  # too long, out of range, not among those of an enum, ...
    RULE = auto()  # a trigger raised it, in words of its own
    BUSY = auto()  # somebody else holds or has changed the same rows
    READ_ONLY = auto()  # a view, or what nobody may write here
    FAULT = auto()  # nothing that other values or a second try would mend


@dataclass(frozen=True)
class Diagnosis:
    """A refusal and what it is about, as far as the driver says."""

    refusal: Refusal
    table: str = ""
    schema: str = ""
    constraint: str = ""
    type_name: str = ""  # of a domain
    columns: frozenset[str] = frozenset()
    message: str = ""
    is_deletion: bool = False  # the statement was a DELETE


# https://www.postgresql.org/docs/current/errcodes-appendix.html; by class where the code is not listed
_SQLSTATES = {
    "0A000": Refusal.READ_ONLY,
    "22": Refusal.VALUE,
    "23": Refusal.VALUE,
    "23001": Refusal.FOREIGN_KEY,
    "23502": Refusal.NOT_NULL,
    "23503": Refusal.FOREIGN_KEY,
    "23505": Refusal.UNIQUE,
    "23514": Refusal.CHECK,
    "23P01": Refusal.EXCLUSION,
    "25006": Refusal.READ_ONLY,
    "40001": Refusal.BUSY,
    "40P01": Refusal.BUSY,
    "42501": Refusal.READ_ONLY,
    "44000": Refusal.VALUE,
    "55000": Refusal.READ_ONLY,
    "55P03": Refusal.BUSY,
    "P0001": Refusal.RULE,
}
# https://www.sqlite.org/rescode.html
_SQLITE_CODES = {
    "SQLITE_BUSY": Refusal.BUSY,
    "SQLITE_BUSY_SNAPSHOT": Refusal.BUSY,
    "SQLITE_BUSY_TIMEOUT": Refusal.BUSY,
    "SQLITE_LOCKED": Refusal.BUSY,
    "SQLITE_LOCKED_SHAREDCACHE": Refusal.BUSY,
    "SQLITE_CONSTRAINT_CHECK": Refusal.CHECK,
    "SQLITE_CONSTRAINT_DATATYPE": Refusal.VALUE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": Refusal.FOREIGN_KEY,
    "SQLITE_CONSTRAINT_NOTNULL": Refusal.NOT_NULL,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Refusal.UNIQUE,
    "SQLITE_CONSTRAINT_ROWID": Refusal.UNIQUE,
    "SQLITE_CONSTRAINT_TRIGGER": Refusal.RULE,
    "SQLITE_CONSTRAINT_UNIQUE": Refusal.UNIQUE,
    "SQLITE_MISMATCH": Refusal.VALUE,
    "SQLITE_READONLY": Refusal.READ_ONLY,
    "SQLITE_TOOBIG": Refusal.VALUE,
}
# How PostgreSQL begins the detail of a key it refuses, in any language: "Key (lower(name), part)=(a, b) ..."
_KEY = re.compile(r"\((.+?)\)=\(", re.DOTALL)
_NAME = re.compile(r'"((?:[^"]|"")+)"|(\w+)')
_SQLITE_INDEX = re.compile(r"index '(.+)'")


def diagnose(error: DBAPIError) -> Diagnosis:
    is_deletion = (error.statement or "").lstrip()[:6].upper() == "DELETE"
    if error.connection_invalidated:
        return Diagnosis(Refusal.FAULT)
    if getattr(error.orig, "diag", None) is not None:
        return _postgresql(error.orig, is_deletion)
    return _sqlite(str(error.orig), getattr(error.orig, "sqlite_errorname", ""), is_deletion)


def _postgresql(error: Any, is_deletion: bool) -> Diagnosis:
    diag = error.diag
    state = diag.sqlstate or ""
    refusal = _SQLSTATES.get(state) or _SQLSTATES.get(state[:2]) or Refusal.FAULT
    key = _KEY.search(diag.message_detail or "")
    columns = {diag.column_name} if diag.column_name else names_in(key[1] if key else "")
    found = Diagnosis(
        refusal,
        diag.table_name or "",
        diag.schema_name or "",
        diag.constraint_name or "",
        diag.datatype_name or "",
        frozenset(columns),
        diag.message_primary or "",
        is_deletion,
    )
    is_raised = state[:2] == "23" and not (found.table or found.constraint or found.type_name)
    # A trigger may raise a code of the database's own, but then it does not say what it is about.
    return Diagnosis(Refusal.RULE, message=found.message, columns=found.columns) if is_raised else found


def _sqlite(message: str, code: str, is_deletion: bool) -> Diagnosis:
    subject = message.partition(" failed: ")[2]
    refusal = _SQLITE_CODES.get(code, Refusal.FAULT)
    if message == "FOREIGN KEY constraint failed":  # for RESTRICT its code is that of a trigger
        refusal = Refusal.FOREIGN_KEY
    if message.startswith("cannot modify ") and message.endswith(" because it is a view"):
        refusal = Refusal.READ_ONLY
    if refusal is Refusal.CHECK:
        return Diagnosis(refusal, constraint=subject, is_deletion=is_deletion)
    if index := _SQLITE_INDEX.match(subject):
        return Diagnosis(refusal, constraint=index[1], is_deletion=is_deletion)
    places = [place.strip().rpartition(".") for place in subject.split(",") if place.strip()]
    return Diagnosis(
        refusal,
        table=places[0][0] if places else "",
        columns=frozenset(column for _, _, column in places),
        message=message,
        is_deletion=is_deletion,
    )


def names_in(sql: str) -> set[str]:
    """Return every word of a SQL expression that may be the name of a column."""
    without_texts = re.sub(r"'(?:[^']|'')*'", " ", sql)
    return {quoted.replace('""', '"') or plain for quoted, plain in _NAME.findall(without_texts)}
