"""What a driver reports of a statement that was refused, in the same terms for every database."""

import re
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from sqlalchemy.exc import DBAPIError

from admin_site.descriptions.tokens import words_in


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
    GENERATED = auto()  # a value for a column that the database computes
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
    "09": Refusal.RULE,
    "0A000": Refusal.READ_ONLY,
    "21": Refusal.VALUE,
    "22": Refusal.VALUE,
    "23": Refusal.VALUE,
    "23001": Refusal.FOREIGN_KEY,
    "23502": Refusal.NOT_NULL,
    "23503": Refusal.FOREIGN_KEY,
    "23505": Refusal.UNIQUE,
    "23514": Refusal.CHECK,
    "23P01": Refusal.EXCLUSION,
    "25006": Refusal.READ_ONLY,
    "27": Refusal.RULE,
    "38": Refusal.RULE,
    "39": Refusal.RULE,
    "40001": Refusal.BUSY,
    "40002": Refusal.VALUE,
    "40P01": Refusal.BUSY,
    "42501": Refusal.READ_ONLY,
    "428C9": Refusal.GENERATED,
    "44000": Refusal.VALUE,
    "54000": Refusal.VALUE,  # longer than an index takes
    "55000": Refusal.READ_ONLY,
    "55P03": Refusal.BUSY,
    "57014": Refusal.BUSY,
    "P0": Refusal.RULE,
}
# https://www.sqlite.org/rescode.html
_SQLITE_CODES = {
    "SQLITE_AUTH": Refusal.READ_ONLY,
    "SQLITE_BUSY": Refusal.BUSY,
    "SQLITE_BUSY_SNAPSHOT": Refusal.BUSY,
    "SQLITE_BUSY_TIMEOUT": Refusal.BUSY,
    "SQLITE_LOCKED": Refusal.BUSY,
    "SQLITE_LOCKED_SHAREDCACHE": Refusal.BUSY,
    "SQLITE_CONSTRAINT": Refusal.VALUE,
    "SQLITE_CONSTRAINT_CHECK": Refusal.CHECK,
    "SQLITE_CONSTRAINT_DATATYPE": Refusal.VALUE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": Refusal.FOREIGN_KEY,
    "SQLITE_CONSTRAINT_FUNCTION": Refusal.VALUE,
    "SQLITE_CONSTRAINT_NOTNULL": Refusal.NOT_NULL,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Refusal.UNIQUE,
    "SQLITE_CONSTRAINT_ROWID": Refusal.UNIQUE,
    "SQLITE_CONSTRAINT_TRIGGER": Refusal.RULE,
    "SQLITE_CONSTRAINT_UNIQUE": Refusal.UNIQUE,
    "SQLITE_CONSTRAINT_VTAB": Refusal.VALUE,
    "SQLITE_MISMATCH": Refusal.VALUE,
    "SQLITE_READONLY": Refusal.READ_ONLY,
    "SQLITE_TOOBIG": Refusal.VALUE,
}
# What SQLite has no code for, and what drivers say by themselves.
_SIGNS = (
    (re.compile(r"cannot (INSERT into|UPDATE) generated column"), Refusal.GENERATED),
    (re.compile(r"cannot modify .* because it is a view"), Refusal.READ_ONLY),
    # A rule of the table needs what only its own application brings along.
    (re.compile(r"no such (function|collation sequence)|unknown function"), Refusal.READ_ONLY),
    (
        re.compile(r"FOREIGN KEY constraint failed$"),
        Refusal.FOREIGN_KEY,
    ),  # RESTRICT has the code of a trigger
    (re.compile(r"integer overflow|malformed JSON|user-defined function raised exception"), Refusal.VALUE),
    (re.compile(r"Error binding parameter|can't adapt type"), Refusal.VALUE),
)
_SQLITE_TYPE = re.compile(r"cannot store \w+ value in \w+ column (.+)\.(.+)")
# How PostgreSQL begins the detail of a key it refuses, in any language: "Key (lower(name), part)=(a, b) ..."
_KEY = re.compile(r"\((.+?)\)=\(", re.DOTALL)
_QUOTED = re.compile('"([^"]+)"')
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
    refusal = _SQLSTATES.get(state) or _SQLSTATES.get(state[:2]) or _by_sign(str(error)) or Refusal.FAULT
    if refusal is Refusal.FAULT and diag.context:
        # Code of the database's own was at work: a trigger that raises a code of its own, or one that fails.
        refusal = Refusal.RULE if "RAISE" in diag.context else Refusal.READ_ONLY
    key = _KEY.search(diag.message_detail or "")
    columns = {diag.column_name} if diag.column_name else words_in(key[1] if key else "")
    if refusal is Refusal.GENERATED:
        columns = set(_QUOTED.findall(diag.message_primary or ""))
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
    refusal = _by_sign(message) or _SQLITE_CODES.get(code, Refusal.FAULT)
    if refusal is Refusal.CHECK:
        return Diagnosis(refusal, constraint=subject, is_deletion=is_deletion)
    if refusal is Refusal.GENERATED:
        return Diagnosis(refusal, columns=frozenset(_QUOTED.findall(message)))
    if place := _SQLITE_TYPE.fullmatch(message):
        return Diagnosis(refusal, table=place[1], columns=frozenset({place[2]}))
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


def _by_sign(message: str) -> Refusal | None:
    return next((refusal for sign, refusal in _SIGNS if sign.match(message)), None)
