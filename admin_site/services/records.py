"""The one way a record is created, changed and deleted."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Table, inspect
from sqlalchemy.exc import (
    CircularDependencyError,
    DBAPIError,
    InvalidRequestError,
    NoReferenceError,
    StatementError,
)
from sqlalchemy.orm import PassiveFlag, Session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import FlushError, StaleDataError

from admin_site import audit
from admin_site.descriptions import Description, Field, Kind, describe
from admin_site.errors import Conflict, Invalid
from admin_site.permissions import Action, Identity
from admin_site.services import rules, trees
from admin_site.services.aftermath import foresee, settle
from admin_site.services.constraints import BOUND, REQUIRED, TAKEN, explain, unfit
from admin_site.services.construction import construct, set_value
from admin_site.services.generations import children_first, may_take_each_other
from admin_site.services.guards import guard
from admin_site.services.members import Members, change_members
from admin_site.services.overlaps import Stale, leave_empty, reconcile, reconcile_members
from admin_site.services.readback import VANISHED, check_readable, noticing_what_vanishes
from admin_site.services.rows import require_result, require_some
from admin_site.values import to_text

__all__ = ["Members", "create", "delete", "delete_all", "update"]

STALE = "Somebody else changed or deleted this record meanwhile."
UNKNOWN = "There is no such field."
IN_A_CIRCLE = (
    "These records refer to each other in a circle, or would have to for a moment. "
    "Save one change after another."
)
NO_KEY = "The record lacks a part of its key."
UNKNOWN_TABLE = "Records of this kind cannot be saved: they refer to a table that this site does not know."
UNREADABLE_MEMBERS = (
    "The model does not say what becomes of records that belong to this one (passive_deletes)."
)

Values = Mapping[str, Any]

# What SQLAlchemy 2.1 says where it has no class of its own for a refusal.
_SIGNS = {"blank-out primary key": BOUND, "full iteration is not permitted": UNREADABLE_MEMBERS}


def _agreed() -> None:
    """Agree to a deletion whose consequences nobody has to be asked about."""


def create(session: Session, actor: Identity, description: Description, values: Values) -> Any:
    """Store a new record and return it, its key known.

    `values` maps names of fields and relations to values, records or Members; what is left out gets its
    default. Raises Forbidden, Invalid or Conflict; the transaction must then be rolled back.
    """
    require_some(actor, Action.CREATE, description)
    if reason := description.read_only or description.abstract_reason:
        raise Invalid({"": reason})
    _refuse_unwritable(description, values)
    _keep_partners(session, description, None, values)
    with session.no_autoflush:
        record = construct(description, reconcile(description, None, dict(_single(values))))
        leave_empty(description, record)
        _check_key(session, description, record)
        session.add(record)
        for name, change in _to_many(values):
            relation = description.relation(name)
            change_members(
                session, record, relation, reconcile_members(description, record, relation, change)
            )
        trees.keep(session, description, record, values)
        rules.keep(description, record, values)
    _flush(session, actor, description, values)
    check_readable(session, description, record, values)
    require_result(session, actor, Action.CREATE, description, record)
    return record


def update(session: Session, actor: Identity, description: Description, record: Any, values: Values) -> None:
    """Give `record` new values, only those that differ from what it holds.

    Raises Forbidden, Invalid or Conflict; the transaction must then be rolled back.
    """
    require_some(actor, Action.EDIT, description)
    if description.read_only:
        raise Invalid({"": description.read_only})
    _refuse_unwritable(description, values)
    _keep_partners(session, description, record, values)
    stale = Stale()
    orphans: list[Any] = []
    with session.no_autoflush:
        _load(session, record, [name for name in values if name in description.mapper.column_attrs])
        reconciled = reconcile(description, record, dict(_single(values)))
        for name, value in reconciled.items():
            _change(description, record, name, value)
        stale.extend(record, [name for name, _ in _single(values) if name not in reconciled])
        for name, change in _to_many(values):
            orphans += _change_members(session, description, record, name, change, stale)
        trees.keep(session, description, record, values)
        rules.keep(description, record, values)
    _flush(session, actor, description, values, going=orphans)
    check_readable(session, description, record, values)
    require_result(session, actor, Action.EDIT, description, record)
    stale.forget(session)


def delete(
    session: Session,
    actor: Identity,
    description: Description,
    record: Any,
    *,
    agree: Callable[[], None] = _agreed,
) -> None:
    """Delete `record` with all that belongs to it, as `delete_all` does with several."""
    delete_all(session, actor, description, [record], agree=agree)


def delete_all(
    session: Session,
    actor: Identity,
    description: Description,
    records: Sequence[Any],
    *,
    agree: Callable[[], None] = _agreed,
) -> None:
    """Delete all of `records` with all that belongs to them, or none.

    `agree` is asked once nobody else can change the records or refer to them any more; what it raises stops
    the deletion. Raises Forbidden, or Conflict when other records still need one of them; the transaction
    must then be rolled back.
    """
    require_some(actor, Action.DELETE, description)
    if description.read_only:
        raise Conflict(description.read_only)
    try:
        with session.no_autoflush:
            for record in records:
                _lock(session, record)
        agree()
    except DBAPIError as error:
        raise explain(error, description) from error
    try:
        for group in _groups(session, records):
            _flush(session, actor, description, {}, going=group)
    except Invalid as error:
        raise Conflict(BOUND if REQUIRED in error.errors.values() else str(error)) from error


def _groups(session: Session, records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield the records that go in one flush: all, unless the database may delete some with others.

    Those it has deleted by then are not deleted again.
    """
    if not may_take_each_other(records):
        yield records
        return
    yield from ([record] for record in children_first(records) if _is_there(session, record))


def _is_there(session: Session, record: Any) -> bool:
    if not inspect(record).persistent:
        return False
    try:
        _lock(session, record)
    except Conflict:
        return False
    return True


def _single(values: Values) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in values.items() if not isinstance(value, Members))


def _to_many(values: Values) -> Iterator[tuple[str, Members]]:
    return ((name, value) for name, value in values.items() if isinstance(value, Members))


def _refuse_unwritable(description: Description, values: Values) -> None:
    """Raise Invalid for what nothing can be stored in.

    Marks such as info={"read_only": ...} say what people may not type. The forms keep them; code that gives
    values to records, a hook of a view for one, is not people.
    """
    errors = {name: why for name in values if (why := _why_unwritable(description, name))}
    if errors:
        raise Invalid(errors)


def _keep_partners(session: Session, description: Description, record: Any, values: Values) -> None:
    """Refuse a one-to-one partner who has one already: the mapper would let go of, or delete, that one."""
    for name, partner in _single(values):
        relation = description.mapper.relationships.get(name)
        if partner is None or relation is None or relation.uselist or not relation.back_populates:
            continue
        mirror = relation.mapper.relationships[relation.back_populates]
        if mirror.uselist:
            continue
        with session.no_autoflush:
            present = _single_held(partner, mirror.key)
        if present is not None and present is not record:
            label = describe(relation.mapper).label_of(present)
            raise Invalid({name: f"This record belongs to “{label}” already."})


def _single_held(record: Any, name: str) -> Any:
    """Return the record that a relation holds, loaded even where its class forbids that (lazy="raise")."""
    history = inspect(record).get_history(name, PassiveFlag.PASSIVE_OFF | PassiveFlag.NO_RAISE)
    return next(iter([*(history.added or ()), *(history.unchanged or ())]), None)


def _why_unwritable(description: Description, name: str) -> str:
    if not description.has(name):
        return UNKNOWN
    field = next((field for field in description.fields if field.name == name), None)
    if field is None:
        return description.relation(name).read_only
    column = field.column
    is_always_made_up = column is not None and column.identity is not None and column.identity.always
    is_computed = column is None or column.computed is not None
    return field.read_only if is_computed or is_always_made_up else ""


def _check_key(session: Session, description: Description, record: Any) -> None:
    """Raise Invalid when a key lacks a part, or the session knows another record by it.

    A flush would warn of the one, and fail of the other, in words for programmers.
    """
    told = {
        name
        for relation in description.relations
        if relation.columns and getattr(record, relation.name) is not None
        for name in relation.columns
    }
    missing = [
        name
        for name in description.key
        if getattr(record, name) is None and name not in told and not description.field(name).generated
    ]
    if missing:
        raise Invalid(dict.fromkeys(missing, REQUIRED))
    key = description.mapper.identity_key_from_instance(record)
    other = session.identity_map.get(key)
    if other is not None and other not in session.deleted:
        raise Invalid(dict.fromkeys(description.key, TAKEN))


def _change(description: Description, record: Any, name: str, value: Any) -> None:
    if name not in description.mapper.column_attrs:
        set_value(record, name, value)
        return
    field, old = description.field(name), getattr(record, name)
    if field.fixed and inspect(record).persistent and old != value:
        raise Invalid({name: field.fixed})
    set_value(record, name, value)
    if _is_overlooked(field, old, getattr(record, name)):
        flag_modified(record, name)


def _change_members(
    session: Session, description: Description, record: Any, name: str, change: Members, stale: Stale
) -> list[Any]:
    """Let members join and leave; return those who may not be without the record they leave."""
    relation = description.relation(name)
    by_unit = reconcile_members(description, record, relation, change)
    for member in change.remove if by_unit is not change else ():
        stale.extend(member, [relation.reverse] if relation.reverse else [])
    moves = change_members(session, record, relation, by_unit)
    if moves.is_partial:
        stale.extend(record, [name])
    if not description.mapper.relationships[name].cascade.delete_orphan:
        return []
    return [member for member in moves.leaving if inspect(member).persistent]


def _is_overlooked(field: Field, old: Any, new: Any) -> bool:
    """Whether Python takes two documents that differ for equal, such as [1] and [true]."""
    return field.kind is Kind.JSON and (old == new) is True and to_text(field, old) != to_text(field, new)


def _load(session: Session, record: Any, names: Iterable[str]) -> None:
    """Load those values that are not loaded, so that the audit entry knows the old ones."""
    unloaded = [name for name in names if name in inspect(record).unloaded]
    if unloaded:
        with _refused_when_gone():
            session.refresh(record, unloaded)


def _lock(session: Session, record: Any) -> None:
    """Load all that is stored of a record, so that it is on record, and let nobody else change it.

    Of two people who delete a record at once, one waits, and is then told.
    """
    mapper = inspect(record).mapper
    columns = [prop.key for prop in mapper.column_attrs if any(isinstance(c, Column) for c in prop.columns)]
    tables = [table for table in mapper.tables if isinstance(table, Table)]
    with _refused_when_gone():
        session.refresh(record, columns, with_for_update={"of": tables})


@contextmanager
def _refused_when_gone() -> Iterator[None]:
    try:
        yield
    except InvalidRequestError as error:
        raise Conflict(STALE) from error


def _flush(
    session: Session, actor: Identity, description: Description, values: Values, going: Sequence[Any] = ()
) -> None:
    """Flush what has been changed, and what goes, once the guards have let it pass."""
    with _refused_in_words(description, values):
        with session.no_autoflush:
            aftermath = [foresee(session, alike) for alike in _by_class(going)]
            for record in going:
                session.delete(record)
            guard(session, actor)
        with audit.expecting(session, aftermath), noticing_what_vanishes(session):
            session.flush()
    for each in aftermath:
        settle(session, each)


@contextmanager
def _refused_in_words(description: Description, values: Values) -> Iterator[None]:
    """Raise Invalid or Conflict for what SQLAlchemy or the database refuses."""
    try:
        yield
    except StaleDataError as error:
        raise Conflict(STALE) from error
    except FlushError as error:
        raise Invalid({"": VANISHED if description.key_is_generated else NO_KEY}) from error
    except NoReferenceError as error:
        raise Conflict(UNKNOWN_TABLE) from error
    except CircularDependencyError as error:
        raise Conflict(IN_A_CIRCLE) from error
    except StatementError as error:
        raise explain(error, description, values) from error
    except (AssertionError, InvalidRequestError) as error:
        words = next((words for sign, words in _SIGNS.items() if sign in str(error)), None)
        if words is None:
            raise
        raise Conflict(words) from error
    except (ArithmeticError, ValueError) as error:  # a driver's, which SQLAlchemy passes on as they are
        raise unfit(description, values) from error


def _by_class(records: Iterable[Any]) -> Iterable[list[Any]]:
    found: dict[type, list[Any]] = defaultdict(list)
    for record in records:
        found[type(record)].append(record)
    return found.values()
