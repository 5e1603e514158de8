"""What a database's refusal means, in words beside the fields that caused it."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import DBAPIError, StatementError

from admin_site.descriptions import Description, Field, in_words
from admin_site.descriptions.sentences import NOT_ALLOWED, NOT_ALLOWED_TOGETHER, broken
from admin_site.errors import AdminSiteError, Conflict, Invalid
from admin_site.models import AuditEntry
from admin_site.services.culprits import (
    blamed_fields,
    blamed_relations,
    broken_rule,
    is_own,
    refers,
    rule_name,
)
from admin_site.services.diagnosis import Diagnosis, Refusal, diagnose
from admin_site.services.rules import to_blame
from admin_site.values import from_text, to_text

TAKEN = "Another record already has this value."
TAKEN_TOGETHER = "Another record already has these values together."
TAKEN_SOMEWHERE = "Another record already has one of these values."
TAKEN_THERE = "One of these is there already, or belongs elsewhere."
COLLIDES = "This collides with another record."
REQUIRED = "This field needs a value."
NEEDED_ELSEWHERE = "Its table needs a value of “{}”, which this site does not know."
COMPUTED = "The database computes this and takes no value for it."
NO_SUCH_RECORD = "The record this refers to does not exist."
STILL_USED = "Other records still refer to this one."
BOUND = "Another record cannot be without this one. Delete that one, or move it elsewhere, first."
BROKEN_REFERENCE = "A record that this refers to does not exist, or other records still refer to this one."
READ_ONLY = "The database does not let this be changed here: it may be a view, or kept from this site."
UNFIT = "The database cannot store this value."
BUSY = "Somebody else is changing the same data right now. Try again."

MAX_MESSAGE = 200  # characters of what a trigger says

Values = Mapping[str, Any]

_DIALECT = DefaultDialect()
# What a type raises that cannot turn a value into a parameter.
_VALUE_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def explain(error: StatementError, description: Description, values: Values | None = None) -> AdminSiteError:
    """Return the refusal of a statement as ours: Invalid with the fields to blame, or Conflict.

    `values` are those that were to be stored, by name, as far as they are known: they help to find the field
    where the database does not name it. A failure that no person can mend (a lost connection, a missing
    table) is raised as it came: it is a fault of the site.
    """
    values = values or {}
    if not isinstance(error, DBAPIError):
        if isinstance(error.orig, _VALUE_ERRORS):
            return unfit(description, values)
        raise error
    found = diagnose(error)
    if found.refusal is Refusal.FAULT or found.table == AuditEntry.__tablename__:
        raise error
    if found.refusal is Refusal.BUSY:
        return Conflict(BUSY)
    if found.refusal is Refusal.READ_ONLY:
        return Conflict(READ_ONLY)
    if found.refusal is Refusal.FOREIGN_KEY:
        return _broken_reference(description, found, values)
    return (
        _refused(description, found, values) if is_own(description, found) else _elsewhere(description, found)
    )


def unfit(description: Description, values: Values) -> Invalid:
    """Return which of the values cannot be stored, in the words that a form has for it."""
    fields = {field.name: field for field in description.fields}
    faults = {name: _fault_of(fields[name], value) for name, value in values.items() if name in fields}
    errors = {name: words for name, words in faults.items() if words}
    return Invalid(errors or {"": UNFIT})


def _refused(description: Description, found: Diagnosis, values: Values) -> AdminSiteError:
    fields = blamed_fields(description, found)
    if found.refusal is Refusal.UNIQUE:
        words = {0: TAKEN_SOMEWHERE, 1: TAKEN}.get(len(fields), TAKEN_TOGETHER)
        return _blame(fields, words)
    if found.refusal is Refusal.NOT_NULL:
        unknown = ", ".join(in_words(name) for name in sorted(found.columns))
        return _blame(fields, REQUIRED if fields or not unknown else NEEDED_ELSEWHERE.format(unknown))
    if found.refusal is Refusal.GENERATED:
        return _blame(fields, COMPUTED)
    if found.refusal is Refusal.EXCLUSION:
        return _blame(fields, COLLIDES)
    if found.refusal is Refusal.RULE:
        return _blame(fields, _said(found.message))
    if found.refusal is Refusal.CHECK:
        return _broken_check(description, found, fields, values)
    return unfit(description, values)


def _broken_check(description: Description, found: Diagnosis, fields: list[str], values: Values) -> Invalid:
    """Blame the fields of a check, those that were to be changed if there are any."""
    changed = [name for name in fields if name in values]
    in_a_form = unfit(description, {name: values[name] for name in changed})
    if "" not in in_a_form.errors:
        return in_a_form
    if (rule := broken_rule(description, found, values)) is not None:
        known = {field.name: field for field in description.fields}
        blamed = to_blame(rule, changed)
        return Invalid({name: broken(rule, name, known) for name in blamed})
    name = rule_name(description, found)
    unnamed = NOT_ALLOWED if len(fields) == 1 else NOT_ALLOWED_TOGETHER
    return _blame(changed or fields, f"Refused by the rule “{name}”." if name else unnamed)


def _broken_reference(description: Description, found: Diagnosis, values: Values) -> AdminSiteError:
    if found.is_deletion or not is_own(description, found):
        return Conflict(STILL_USED)
    if found.table:
        return _blame(blamed_fields(description, found), NO_SUCH_RECORD)
    # SQLite says nothing but that a reference is broken.
    changed = [name for name in values if refers(description, name)]
    return _blame(changed if len(changed) == 1 else [], NO_SUCH_RECORD if changed else BROKEN_REFERENCE)


def _elsewhere(description: Description, found: Diagnosis) -> AdminSiteError:
    """Return a refusal about the table of a member, or of the link to one."""
    if found.refusal is Refusal.NOT_NULL:
        return Conflict(BOUND)
    words = TAKEN_THERE if found.refusal is Refusal.UNIQUE else NOT_ALLOWED
    return _blame(blamed_relations(description, found), words)


def _fault_of(field: Field, value: Any) -> str:
    """Return what a form would say of a value, or that its type cannot make a parameter of it."""
    if value is None or isinstance(value, ClauseElement) or field.column is None:
        return ""
    try:
        from_text(field, to_text(field, value))
    except ValueError as error:
        return str(error)
    try:
        if (process := field.column.type.bind_processor(_DIALECT)) is not None:
            process(value)
    except _VALUE_ERRORS:
        return UNFIT
    return ""


def _said(message: str) -> str:
    """Return what a trigger says, which its author has worded for whoever is refused."""
    line = message.strip().partition("\n")[0]
    words = "".join(char if char.isprintable() else " " for char in line)[:MAX_MESSAGE]
    return f"The database refuses this: {words}"


def _blame(names: Iterable[str], words: str) -> Invalid:
    return Invalid(dict.fromkeys(names, words) or {"": words})
