"""What has to be read before a flush, because nobody can read it afterwards."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ClauseElement, Select, inspect, select
from sqlalchemy.orm import InstanceState, LoaderCallableStatus, Mapper, Session, lazyload, load_only

from admin_site.audit.scope import audited_names, is_recorded
from admin_site.descriptions import Description, describe
from admin_site.listing.paths import key_among

BATCH = 500  # records read by one statement

Stored = dict[InstanceState[Any], dict[str, Any]]
_Names = dict[InstanceState[Any], set[str]]


def read_before(session: Session, further: Iterable[object] = ()) -> Stored:
    """Load what entries will say of records, and return the old values that changes hide.

    Of a record that goes that is everything, of others what they are called by. A change hides the old value
    when that was not loaded or was changed in its place, and both values when the new one is what a SQL
    expression says.
    """
    leaving = [*_leaving(session), *_states(further)]
    told = {state: audited_names(describe(state.mapper)) for state in leaving}
    named = {state: frozenset(describe(state.mapper).label_fields) for state in _states(session.dirty)}
    unloaded = {state: state.unloaded & names for state, names in (named | told).items()}
    _load(session, {state: names for state, names in unloaded.items() if names})
    stored: Stored = {}
    unknown: _Names = {}
    for state in _states(session.dirty):
        for name in _hidden(state):
            old = state.committed_state.get(name, LoaderCallableStatus.NO_VALUE)
            if old is LoaderCallableStatus.NO_VALUE:
                unknown.setdefault(state, set()).add(name)
            else:
                stored.setdefault(state, {})[name] = old
    for state, values in _read(session, unknown):
        stored.setdefault(state, {}).update(values)
    return stored


def _leaving(session: Session) -> Iterator[InstanceState[Any]]:
    """Yield what is deleted, and what loses the owner without whom it may not be."""
    yield from _states(session.deleted)
    for state in _states(session.dirty):
        if state.mapper._is_orphan(state):  # SQLAlchemy 2.1 has no public name for this
            yield state


def _hidden(state: InstanceState[Any]) -> Iterator[str]:
    names = audited_names(describe(state.mapper))
    for name, old in state.committed_state.items():
        if name in names:
            is_known = old is not LoaderCallableStatus.NO_VALUE
            if not is_known or isinstance(state.dict.get(name), ClauseElement):
                yield name
        elif name in state.mapper.relationships:
            yield from names.intersection(describe(state.mapper).relation(name).columns) - state.dict.keys()


def _load(session: Session, wanted: _Names) -> None:
    for description, states, names in _batches(wanted):
        model = description.model
        columns = load_only(*(getattr(model, name) for name in names))
        statement: Select[Any] = select(model).where(_is_among(description, states))
        session.scalars(statement.options(columns, lazyload("*"))).all()


def _read(session: Session, wanted: _Names) -> Iterator[tuple[InstanceState[Any], dict[str, Any]]]:
    for description, states, names in _batches(wanted):
        columns = [getattr(description.model, name) for name in (*description.key, *names)]
        rows = session.execute(select(*columns).where(_is_among(description, states)))
        size = len(description.key)
        found = {tuple(row[:size]): dict(zip(names, row[size:], strict=True)) for row in rows}
        for state in states:
            values = found.get(_identity(state), {})
            yield state, {name: values[name] for name in wanted[state] & values.keys()}


def _batches(wanted: _Names) -> Iterator[tuple[Description, Sequence[InstanceState[Any]], list[str]]]:
    """Yield records of one class and all that is wanted of any of them."""
    by_mapper: dict[Mapper[Any], list[InstanceState[Any]]] = defaultdict(list)
    for state in wanted:
        by_mapper[state.mapper].append(state)
    for mapper, states in by_mapper.items():
        names = sorted(set().union(*(wanted[state] for state in states)))
        for start in range(0, len(states), BATCH):
            yield describe(mapper), states[start : start + BATCH], names


def _is_among(description: Description, states: Iterable[InstanceState[Any]]) -> Any:
    return key_among(description, description.model, map(_identity, states))


def _identity(state: InstanceState[Any]) -> tuple[Any, ...]:
    assert state.key is not None  # noqa: S101 - only stored records are read before a flush
    return tuple(state.key[1])


def _states(records: Iterable[object]) -> Iterator[InstanceState[Any]]:
    return (inspect(record) for record in records if is_recorded(type(record)))
