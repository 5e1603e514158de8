"""What a flush changed, record by record."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState, PassiveFlag
from sqlalchemy.orm.attributes import History

from admin_site.audit.before import Stored
from admin_site.audit.labels import label_of
from admin_site.audit.scope import audited_fields, audited_relations, is_recorded
from admin_site.descriptions import Description, Field, describe
from admin_site.values import to_json

SECRET = "••••"  # noqa: S105 - stands in for every value of a secret field
MAX_MEMBERS = 1_000  # of one collection that an entry names; the others are only counted

# What a collection gained or lost is known without loading the rest of it.
_UNLOADED = PassiveFlag.PASSIVE_NO_INITIALIZE | PassiveFlag.INCLUDE_PENDING_MUTATIONS

Values = dict[str, list[Any]]  # the old and the new value by the name of the field or relation
States = Mapping[InstanceState[Any], tuple[bool, bool]]  # whether deleted, and whether only looked at


@dataclass(frozen=True)
class Change:
    """What happened to one record, or an event about none."""

    action: str
    record: object | None
    values: Mapping[str, Any]
    label: str = ""


@dataclass(frozen=True)
class Aftermath:
    """What the database does by itself when `record` is deleted.

    It deletes some records and empties fields of others. `numbers` are those of the rows that nobody lists
    one by one, before and after.
    """

    record: object
    deleted: list[Any] = field(default_factory=list)
    cleared: list[tuple[Any, tuple[str, ...]]] = field(default_factory=list)
    numbers: Values = field(default_factory=dict)


def changes_of(states: States, stored: Stored, aftermath: Sequence[Aftermath]) -> Iterator[Change]:
    """Yield a change for each record that the flush wrote, then those that the database made by itself."""
    for state, (is_deleted, is_listed_only) in sorted(states.items(), key=_place):
        record = state.obj()
        if record is None or not is_recorded(type(record)):
            continue
        if is_deleted:  # one that is only listed leaves its row to a new record with the same key
            numbers = next((each.numbers for each in aftermath if each.record is record), {})
            yield Change("delete", record, _gone(state) | numbers)
        elif is_listed_only:
            continue
        elif state.key is None:
            yield Change("create", record, _made(state))
        elif values := _edited(state, stored.get(state, {})):
            yield Change("edit", record, values)
    for each in aftermath:
        yield from _further(states, each)


def _place(item: tuple[InstanceState[Any], Any]) -> int:
    """Return where an entry stands: new records as they were added, after all others."""
    state = item[0]
    return -1 if state.key else state.insert_order or 0


def _further(states: States, aftermath: Aftermath) -> Iterator[Change]:
    """Yield what the flush has not dealt with itself."""
    for record in aftermath.deleted:
        state = inspect(record)
        if not states.get(state, (False, False))[0]:
            yield Change("delete", record, _gone(state))
    for record, names in aftermath.cleared:
        state = inspect(record)
        if state not in states:
            values = _columns(state, position=0)
            yield Change("edit", record, {name: values[name] for name in names if name in values})


def _made(state: InstanceState[Any]) -> Values:
    return _columns(state, position=1) | _members(state)


def _gone(state: InstanceState[Any]) -> Values:
    values = _columns(state, position=0)
    for name in audited_relations(_description(state)):
        history = _history(state, name)
        if members := [*(history.unchanged or ()), *(history.deleted or ())]:
            values[name] = [_labels(members), []]
    return values


def _edited(state: InstanceState[Any], stored: Mapping[str, Any]) -> Values:
    values: Values = {}
    for item in audited_fields(_description(state)):
        if item.name in stored:
            old, new = stored[item.name], getattr(state.obj(), item.name)
        elif item.name in state.committed_state:
            history = _history(state, item.name)
            old, new = _first(history.deleted), _first(history.added)
        else:
            continue
        shown = [_shown(item, old), _shown(item, new)]
        if not _is_same(old, new, shown):
            values[item.name] = shown
    return values | _members(state)


def _columns(state: InstanceState[Any], position: int) -> Values:
    """Return the loaded values that are not NULL as the old (0) or the new (1) half of a change."""
    values: Values = {}
    for item in audited_fields(_description(state)):
        shown = _shown(item, state.dict.get(item.name))
        if shown is not None:
            values[item.name] = [None, None]
            values[item.name][position] = shown
    return values


def _members(state: InstanceState[Any]) -> Values:
    """Return who left and who joined each many-to-many relation."""
    values: Values = {}
    for name in audited_relations(_description(state)):
        history = _history(state, name)
        if history.added or history.deleted:
            values[name] = [_labels(history.deleted or ()), _labels(history.added or ())]
    return values


def _labels(members: Sequence[Any]) -> list[str]:
    labels = sorted(label_of(member) for member in members[:MAX_MEMBERS] if member is not None)
    further = len(members) - MAX_MEMBERS
    return [*labels, f"… and {further:,} more"] if further > 0 else labels


def _history(state: InstanceState[Any], name: str) -> History:
    return state.get_history(name, _UNLOADED)


def _description(state: InstanceState[Any]) -> Description:
    return describe(state.mapper)


def _first(values: Any) -> Any:
    return values[0] if values else None


def _is_same(old: Any, new: Any, shown: list[Any]) -> bool:
    """Return whether nothing changed; 1, 1.0 and true are equal to Python, but not the same in a document."""
    return (old == new) is True and json.dumps(shown[0]) == json.dumps(shown[1])


def _shown(item: Field, value: Any) -> Any:
    shown = to_json(item, value)
    return SECRET if item.secret and shown is not None else shown
