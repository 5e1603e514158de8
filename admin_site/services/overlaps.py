"""Relations of a record that stand for the same columns: they agree, and none takes away what another needs.

Such are order (tenant, number) and product (tenant, number) of a line that has one tenant. The unit of work
writes the columns of one relation after those of the other, so that the last one silently wins; and a
relation that is emptied takes the columns it shares along.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from admin_site.descriptions import Description, Relation, describe
from admin_site.errors import Invalid
from admin_site.services.members import Members

FIXED = "{column} is a part of this record's key, which stays as it is."
DIFFERENT = "This does not go together with {other}: the two differ in {column}."
NEEDED = "{other} needs it. Empty both, or neither."
MEMBER_DIFFERS = "“{member}” cannot join: its {other} differs in {column}."
MEMBER_NEEDS = "“{member}” cannot leave: its {other} needs {column}. Change that record itself."

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Demand:
    """What a relation, or a value that was given, wants to stand in a column."""

    by: str
    label: str
    value: Any
    is_given: bool  # by the person who saves


class Stale:
    """Relations that do not hold what the database will, because only columns of theirs were changed."""

    def __init__(self) -> None:
        self._relations: list[tuple[Any, str]] = []

    def extend(self, record: Any, names: Iterable[str]) -> None:
        self._relations += [(record, name) for name in names]

    def forget(self, session: Session) -> None:
        """Let them be read again when they are next asked for, from the side of a single partner too."""
        for record, name in self._relations:
            held, relation = inspect(record).dict.get(name), describe(type(record)).relation(name)
            if held is not None and relation.reverse and not relation.many:
                session.expire(held, [relation.reverse])
            session.expire(record, [name])


def reconcile(description: Description, record: Any, values: Values) -> dict[str, Any]:
    """Return `values` as they can be set without one relation undoing another.

    A relation that is emptied while others need a part of its columns gives up the rest of them alone.
    `record` is None for a new one. Raises Invalid by field where relations contradict each other.
    """
    demands = _demands(description, record, values)
    for relation in _of(description):
        if relation.name in values and record is not None:
            _keep_key(description, record, relation, values[relation.name])
    _refuse_contradictions(description, demands)
    changed = dict(values)
    for relation in _of(description):
        if relation.name in values and values[relation.name] is None and record is not None:
            _empty(description, record, relation, changed, demands)
    return changed


def leave_empty(description: Description, record: Any) -> None:
    """Let the relations of a new record that hold nothing have no say in the columns they share."""
    for relation in _of(description):
        if inspect(record).dict.get(relation.name, record) is None:
            set_committed_value(record, relation.name, None)


def reconcile_members(description: Description, record: Any, relation: Relation, change: Members) -> Members:
    """Return who joins and leaves by the unit of work; others have left here, with what they do not share.

    Raises Invalid for those who cannot.
    """
    target = describe(relation.target)
    if relation.direction != "one_to_many" or relation.owned or not _has_overlaps(target):
        return change
    pairs = [
        (_name(target, held), _name(description, source))
        for source, held in description.mapper.relationships[relation.name].synchronize_pairs
    ]
    for member in change.add:
        _check_joining(relation, member, {column: getattr(record, name) for column, name in pairs})
    staying = [member for member in change.remove if not _leave(relation, member, dict(pairs))]
    return Members(change.add, staying)


@cache
def _of(description: Description) -> tuple[Relation, ...]:
    """Return the relations to one other record over columns of this one."""
    return tuple(relation for relation in description.relations if relation.columns)


@cache
def _has_overlaps(description: Description) -> bool:
    columns = [column for relation in _of(description) for column in relation.columns]
    return len(columns) > len(set(columns))


def _demands(description: Description, record: Any, values: Values) -> dict[str, list[Demand]]:
    """Return by column what is to stand there, by all that has a say in it."""
    demands: dict[str, list[Demand]] = {}
    if not any(relation.name in values for relation in _of(description)):
        return demands
    for relation in _of(description):
        is_given = relation.name in values
        for column, value in _wanted(description, record, relation, values).items():
            if is_given or column not in values:
                demand = Demand(relation.name, relation.label, value, is_given)
                demands.setdefault(column, []).append(demand)
    for column in demands:
        if values.get(column) is not None:
            label = description.field(column).label
            demands[column].append(Demand(column, label, values[column], is_given=True))
    return demands


def _wanted(description: Description, record: Any, relation: Relation, values: Values) -> dict[str, Any]:
    """Return the values of a relation's columns, nothing where it is or becomes empty."""
    if relation.name in values:
        partner = values[relation.name]
        wanted = _values_of(description, relation, partner) if partner is not None else {}
        return {column: value for column, value in wanted.items() if value is not None}
    if record is None:
        return {}
    held = {
        column: values[column] if column in values else getattr(record, column) for column in relation.columns
    }
    return {} if None in held.values() else held


def _values_of(description: Description, relation: Relation, partner: Any) -> dict[str, Any]:
    """Return by column what `partner` puts there; None while its key is not known."""
    target = describe(type(partner))
    pairs = description.mapper.relationships[relation.name].synchronize_pairs
    return {_name(description, held): getattr(partner, _name(target, source)) for source, held in pairs}


def _keep_key(description: Description, record: Any, relation: Relation, partner: Any) -> None:
    """Raise Invalid when another partner would give a stored record another key."""
    fixed = [column for column in relation.columns if description.field(column).fixed]
    if partner is None:
        changed = fixed if len(fixed) == len(relation.columns) else []
    else:
        wanted = _values_of(description, relation, partner)
        changed = [column for column in fixed if wanted[column] != getattr(record, column)]
    if changed:
        raise Invalid({relation.name: FIXED.format(column=description.field(changed[0]).label)})


def _refuse_contradictions(description: Description, demands: Mapping[str, list[Demand]]) -> None:
    errors: dict[str, str] = {}
    for column, wanted in demands.items():
        for one in wanted:
            other = next((each for each in wanted if each.value != one.value), None)
            if other is not None and one.is_given and one.by not in errors:
                label = description.field(column).label
                errors[one.by] = DIFFERENT.format(other=other.label, column=label)
    if errors:
        raise Invalid(errors)


def _empty(
    description: Description,
    record: Any,
    relation: Relation,
    changed: dict[str, Any],
    demands: Mapping[str, list[Demand]],
) -> None:
    """Put in the place of an emptied relation those of its columns that can be emptied."""
    fields = {column: description.field(column) for column in relation.columns}
    kept = {column for column, field in fields.items() if demands.get(column) or field.fixed}
    if len(fields) > 1 and any(field.nullable for field in fields.values()):
        kept |= {column for column, field in fields.items() if not field.nullable}
    if not kept:
        return
    if any(getattr(record, column) is None for column in fields):
        del changed[relation.name]  # it is empty already
        return
    if kept == fields.keys():
        raise Invalid({relation.name: NEEDED.format(other=_needed_by(demands, kept))})
    del changed[relation.name]
    changed |= {column: None for column in fields if column not in kept and column not in changed}


def _needed_by(demands: Mapping[str, list[Demand]], columns: Iterable[str]) -> str:
    return next(demand.label for column in columns for demand in demands.get(column, ()))


def _check_joining(relation: Relation, member: Any, wanted: Values) -> None:
    for other, column in _in_the_way(relation, member, wanted):
        if wanted[column] is not None and getattr(member, column) != wanted[column]:
            raise _invalid(relation, MEMBER_DIFFERS, member, other, column)


def _leave(relation: Relation, member: Any, lost: Iterable[str]) -> bool:
    """Let a member whose other relations need a part of the columns lose the rest of them alone."""
    needed = {column: other for other, column in _in_the_way(relation, member, lost)}
    target = describe(type(member))
    own = [column for column in lost if column not in needed and target.field(column).nullable]
    if needed and not own:
        column, other = next(iter(needed.items()))
        raise _invalid(relation, MEMBER_NEEDS, member, other, column)
    for column in own if needed else ():
        setattr(member, column, None)
    return bool(needed)


def _in_the_way(relation: Relation, member: Any, touched: Iterable[str]) -> Iterator[tuple[Relation, str]]:
    """Yield the other relations of a member that hold something, and the touched columns they need."""
    for other in _of(describe(type(member))):
        if other.name != relation.reverse and None not in [getattr(member, name) for name in other.columns]:
            yield from ((other, column) for column in other.columns if column in touched)


def _invalid(relation: Relation, words: str, member: Any, other: Relation, column: str) -> Invalid:
    target = describe(type(member))
    label, name = target.field(column).label, target.label_of(member)
    return Invalid({relation.name: words.format(member=name, other=other.label, column=label)})


def _name(description: Description, column: Any) -> str:
    return description.mapper.get_property_by_column(column).key
