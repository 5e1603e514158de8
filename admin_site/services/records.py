"""The one way a record is created, changed and deleted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Table, inspect
from sqlalchemy.exc import InvalidRequestError, StatementError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import FlushError, StaleDataError

from admin_site import audit
from admin_site.descriptions import Description, Field, Kind, describe
from admin_site.errors import Conflict, Invalid
from admin_site.permissions import Action, Identity, require
from admin_site.services.aftermath import foresee, settle
from admin_site.services.constraints import BOUND, REQUIRED, TAKEN, explain, unfit
from admin_site.services.construction import construct, set_value
from admin_site.services.guards import guard
from admin_site.services.members import Members, change_members
from admin_site.values import to_text

__all__ = ["Members", "create", "delete", "update"]

STALE = "Somebody else changed or deleted this record meanwhile."
UNKNOWN = "There is no such field."
NO_KEY = "The record lacks a part of its key."

Values = Mapping[str, Any]


def create(session: Session, actor: Identity, description: Description, values: Values) -> Any:
    """Store a new record and return it, its key known.

    `values` maps names of fields and relations to values, records or Members; what is left out gets its
    default. Raises Forbidden, Invalid or Conflict; the transaction must then be rolled back.
    """
    require(actor, Action.CREATE, description.identity)
    if description.abstract_reason:
        raise Invalid({"": description.abstract_reason})
    _refuse_unwritable(description, values)
    _keep_partners(session, description, None, values)
    with session.no_autoflush:
        record = construct(description, dict(_single(values)))
        _check_key(session, description, record)
        session.add(record)
        for name, change in _to_many(values):
            change_members(session, record, description.relation(name), change)
    _flush(session, actor, description, values)
    return record


def update(session: Session, actor: Identity, description: Description, record: Any, values: Values) -> None:
    """Give `record` new values, only those that differ from what it holds.

    Raises Forbidden, Invalid or Conflict; the transaction must then be rolled back.
    """
    require(actor, Action.EDIT, description.identity)
    _refuse_unwritable(description, values)
    _keep_partners(session, description, record, values)
    partial: list[str] = []
    orphans: list[Any] = []
    with session.no_autoflush:
        _load(session, record, [name for name in values if name in description.mapper.column_attrs])
        for name, value in _single(values):
            _change(description, record, name, value)
        for name, change in _to_many(values):
            moves = change_members(session, record, description.relation(name), change)
            if moves.is_partial:
                partial.append(name)
            if description.mapper.relationships[name].cascade.delete_orphan:
                orphans.extend(member for member in moves.leaving if inspect(member).persistent)
    _flush(session, actor, description, values, going=orphans)
    if partial:
        session.expire(record, partial)


def delete(session: Session, actor: Identity, description: Description, record: Any) -> None:
    """Delete `record` with all that belongs to it.

    Raises Forbidden, or Conflict when other records still need it; the transaction must then be rolled back.
    """
    require(actor, Action.DELETE, description.identity)
    with session.no_autoflush:
        _lock(session, record)
    try:
        _flush(session, actor, description, {}, going=[record])
    except Invalid as error:
        raise Conflict(BOUND if REQUIRED in error.errors.values() else str(error)) from error


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
            present = getattr(partner, mirror.key)
        if present is not None and present is not record:
            label = describe(relation.mapper).label_of(present)
            raise Invalid({name: f"This record belongs to “{label}” already."})


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
    with session.no_autoflush:
        aftermath = [foresee(session, alike) for alike in _by_class(going)]
        for record in going:
            session.delete(record)
        guard(session, actor)
    try:
        with audit.expecting(session, aftermath):
            session.flush()
    except StaleDataError as error:
        raise Conflict(STALE) from error
    except FlushError as error:
        raise Invalid({"": NO_KEY}) from error
    except StatementError as error:
        raise explain(error, description, values) from error
    except AssertionError as error:
        if "blank-out primary key" not in str(error):  # SQLAlchemy 2.1 has no class of its own for this
            raise
        raise Conflict(BOUND) from error
    except (ArithmeticError, ValueError) as error:  # a driver's, which SQLAlchemy passes on as they are
        raise unfit(description, values) from error
    for each in aftermath:
        settle(session, each)


def _by_class(records: Iterable[Any]) -> Iterable[list[Any]]:
    found: dict[type, list[Any]] = defaultdict(list)
    for record in records:
        found[type(record)].append(record)
    return found.values()
