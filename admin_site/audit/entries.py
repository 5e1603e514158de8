"""The rows of the audit trail."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, Table, delete, func, insert, inspect, select
from sqlalchemy.orm import Mapper, Session

from admin_site.audit.acts import act_of
from admin_site.audit.changes import Change
from admin_site.audit.labels import few_loads, label_of
from admin_site.audit.statements import RETENTION
from admin_site.descriptions import Description, Field, Kind, describe
from admin_site.keys import encode_key
from admin_site.models import AuditEntry, Base, utc_now
from admin_site.models.audit import SECURITY_EVENTS
from admin_site.values import to_json

SWEPT = 1_000  # entries at most whenever old ones are looked for

_ANYTHING = Field(name="", label="", kind=Kind.JSON)
_TABLE = AuditEntry.metadata.tables[AuditEntry.__tablename__]
_LENGTHS = {column.name: column.type.length for column in _TABLE.columns if isinstance(column.type, String)}
_MAX_KEY = _LENGTHS["key"] or 0


def model_name(description: Description) -> str:
    """Return the name under which records of a model stand in the audit trail: that of their first table.

    Another's table called like one of ours stands with its module before it.
    """
    table = _root(description.mapper).local_table
    if not isinstance(table, Table):
        return _fit("model", description.model.__name__)
    is_namesake = table.metadata is not Base.metadata and table.fullname in Base.metadata.tables
    return _fit(
        "model", f"{description.model.__module__}.{table.fullname}" if is_namesake else table.fullname
    )


def record_key(description: Description, record: object) -> str:
    """Return the key under which one record stands in the audit trail.

    One that is too long for it ends in a digest of the whole.
    """
    key = encode_key(description, _key_of(description, record))
    if len(key) <= _MAX_KEY:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: _MAX_KEY - len(digest) - 1]}~{digest}"


def write(session: Session, changes: Iterable[Change]) -> None:
    """Add an entry for each change, in the transaction of `session`."""
    with few_loads(session):
        rows = [_row(session, change) for change in changes]
    if rows:
        connection = session.connection(bind_arguments={"mapper": inspect(AuditEntry)})
        connection.execute(insert(_TABLE), rows)


def recent(session: Session, action: str, within: timedelta) -> int:
    """Return how often whoever acts in `session` has done something lately."""
    act = act_of(session)
    who = AuditEntry.actor_id == act.actor_id, AuditEntry.actor_name == act.actor_name
    since = AuditEntry.happened_at > utc_now() - within
    statement = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action, *who, since)
    return session.scalar(statement) or 0


def sweep(session: Session, since: datetime, before: datetime) -> tuple[int, datetime]:
    """Delete the first SWEPT of the security events that happened from `since` to `before`.

    Return how many there were and up to when none is left. What records held is kept for good.
    """
    due = (
        select(AuditEntry.entry_id, AuditEntry.happened_at)
        .where(AuditEntry.happened_at >= since, AuditEntry.happened_at < before)
        .where(AuditEntry.action.in_(SECURITY_EVENTS))
        .order_by(AuditEntry.happened_at)
        .limit(SWEPT)
    )
    rows = session.execute(due).all()
    if rows:
        keys = [row.entry_id for row in rows]
        session.execute(delete(_TABLE).where(_TABLE.c.entry_id.in_(keys)), execution_options=RETENTION)
    return len(rows), rows[-1].happened_at if len(rows) == SWEPT else before


def _row(session: Session, change: Change) -> dict[str, Any]:
    act, record = act_of(session), change.record
    description = describe(type(record)) if record is not None else None
    row = {
        "change_set_id": act.change_set_id,
        "happened_at": utc_now(),
        "actor_id": act.actor_id,
        "actor_name": act.actor_name,
        "action": change.action,
        "model": model_name(description) if description else "",
        "key": record_key(description, record) if description and record is not None else "",
        "label": change.label or (label_of(record) if record is not None else ""),
        "changes": to_json(_ANYTHING, change.values),
        "request_id": act.request_id,
        "ip_address": act.ip_address,
    }
    return {name: _fit(name, value) if isinstance(value, str) else value for name, value in row.items()}


def _key_of(description: Description, record: object) -> tuple[Any, ...]:
    """Return a record's key as it is now, without loading what has expired."""
    state = inspect(record)
    stored = state.identity or (None,) * len(description.key)
    return tuple(state.dict.get(name, part) for name, part in zip(description.key, stored, strict=True))


def _root(mapper: Mapper[Any]) -> Mapper[Any]:
    """Return the mapper whose table numbers the records of `mapper`: the same key is the same record."""
    while mapper.inherits is not None and not mapper.concrete:
        mapper = mapper.inherits
    return mapper


def _fit(column: str, text: str) -> str:
    """Return `text` no longer than its column and on one line, with control characters as in Python's texts.

    A line end is "\\n": no entry looks like two, and none changes what a terminal shows (ASVS 5.0, 16.4.1).
    """
    encoded = (char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return "".join(encoded)[: _LENGTHS[column]]
