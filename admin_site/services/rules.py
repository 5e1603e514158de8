"""Whether a record keeps the rules of its tables, said before the database is asked."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ClauseElement, inspect
from sqlalchemy.sql.elements import Null

from admin_site.descriptions import NO_DEFAULT, Description, Field, Unreadable
from admin_site.descriptions.rules import Rule
from admin_site.descriptions.sentences import broken
from admin_site.errors import Invalid
from admin_site.services.judgement import UNKNOWN, judge

Values = Mapping[str, Any]


def keep(description: Description, record: Any, values: Values) -> None:
    """Raise Invalid, in words by field, when `record` as it would be stored breaks a rule.

    `values` are those that were just given to it, by name: rules about none of them are left alone, and what
    is not loaded or not known yet is left to the database.
    """
    if not description.rules:
        return
    related = {name: value for name, value in values.items() if name in description.mapper.relationships}
    if errors := faults(description, state_of(description, record, related), values.keys()):
        raise Invalid(errors)


def faults_of(description: Description, record: Any, values: Values) -> dict[str, str]:
    """Return what is wrong with `values` for a record (None: a new one), whose other values are not known."""
    state = state_of(description, record, values)
    if record is None:
        state = {
            name: value if name in values or value is not None else UNKNOWN for name, value in state.items()
        }
    return faults(description, state, values.keys())


def faults(description: Description, state: Values, changed: Collection[str]) -> dict[str, str]:
    """Return what is wrong with a record's would-be state, by the fields that were `changed`.

    `state` holds values by field: None for NULL, UNKNOWN (or nothing) where nobody knows yet.
    """
    fields = {field.name: field for field in description.fields}
    touched = _touched(description, changed)
    errors: dict[str, str] = {}
    for rule in description.rules:
        if rule.condition is None or touched.keys().isdisjoint(rule.fields):
            continue
        if judge(rule.condition, state, fields) is False:
            for name in to_blame(rule, touched):
                errors.setdefault(touched[name], broken(rule, name, fields))
    return errors


def to_blame(rule: Rule, changed: Collection[str]) -> list[str]:
    """Return beside which fields to say that a rule is broken: those that were changed.

    Of several that are compared with each other, the last.
    """
    names = [name for name in rule.fields if name in changed] or list(rule.fields)
    return names[-1:] if rule.condition is not None else names


def state_of(description: Description, record: Any, values: Values) -> dict[str, Any]:
    """Return what a record would hold with these values, by field, as far as nobody has to be asked.

    `record` is None for a new one of which there are only the values.
    """
    state = inspect(record) if record is not None else None
    is_new = state is None or not state.persistent
    loaded = dict(state.dict) if state is not None else {}
    loaded |= {name: value for name, value in values.items() if value is not None or not is_new}
    fields = (field for field in description.fields if field.column is not None)
    return {field.name: _held(field, loaded, is_new) for field in fields} | _referred(description, values)


def _referred(description: Description, values: Values) -> dict[str, Any]:
    """Return what the foreign keys of chosen records will hold."""
    found: dict[str, Any] = {}
    for relation in description.relations:
        if relation.name not in values or not relation.columns:
            continue
        other, prop = values[relation.name], description.mapper.relationships[relation.name]
        loaded = inspect(other).dict if other is not None else {}
        for local, remote in prop.local_remote_pairs or ():
            name = description.mapper.get_property_by_column(local).key
            key = prop.mapper.get_property_by_column(remote).key
            found[name] = None if other is None else loaded.get(key, UNKNOWN)
    return found


def _held(field: Field, loaded: Mapping[str, Any], is_new: bool) -> Any:
    value = loaded.get(field.name, None if is_new else UNKNOWN)
    if value is None and is_new:  # the mapper leaves it out
        if field.default is not NO_DEFAULT:
            return field.default
        return UNKNOWN if field.generated else None
    return known(value)


def neighbours(description: Description, name: str) -> frozenset[str]:
    """Return the other fields, or relations in their place, on which it depends whether a value is right."""
    columns = {name, *columns_of(description, name)}
    groups = [
        *(rule.fields for rule in description.rules if rule.condition is not None),
        *(unique.fields for unique in description.uniques),
    ]
    found = {other for group in groups if not columns.isdisjoint(group) for other in group} - columns
    covering = {relation.name for relation in description.relations if found & {*relation.columns}}
    return frozenset(found | covering) - {name}


def columns_of(description: Description, name: str) -> tuple[str, ...]:
    """Return the fields that a relation stands for; none for a field."""
    return next((relation.columns for relation in description.relations if relation.name == name), ())


def known(value: Any) -> Any:
    """Return a value for judging; UNKNOWN for what the database computes or cannot read."""
    if isinstance(value, Null):
        return None
    return UNKNOWN if isinstance(value, ClauseElement | Unreadable) else value


def _touched(description: Description, changed: Collection[str]) -> dict[str, str]:
    """Return where to say what is wrong with each field that was changed: a relation stands for its own."""
    covered = {
        name: relation.name
        for relation in description.relations
        if relation.name in changed
        for name in relation.columns
    }
    return {**covered, **{name: name for name in changed if name not in covered}}
