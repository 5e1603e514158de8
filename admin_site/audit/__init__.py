"""What a flush changed and who did it, written in the same transaction.

The entry of a created record holds its values, those included that the database made up and returned; that
of an edited record what was changed, the old value and the new one; that of a deleted record what is gone.
What the mapper or the database sets by itself whenever a row is saved (`onupdate`, a version counter, a
computed column) is nobody's change and has no part in the entry of an edit.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.unitofwork import UOWTransaction

from admin_site.audit.acts import COMMAND_LINE, SYSTEM, Act, attribute, attribute_to, command_line
from admin_site.audit.before import Stored, read_before
from admin_site.audit.changes import SECRET, Aftermath, Change, changes_of
from admin_site.audit.entries import SWEPT, model_name, recent, record_key, sweep, write
from admin_site.audit.scope import is_recorded
from admin_site.audit.statements import (
    RETENTION,
    UNAUDITED,
    AppendOnly,
    UnauditedStatement,
    check_statement,
    protect_trail,
    refuse_bulk_methods,
)

__all__ = [
    "COMMAND_LINE",
    "RETENTION",
    "SECRET",
    "SWEPT",
    "SYSTEM",
    "UNAUDITED",
    "Act",
    "Aftermath",
    "AppendOnly",
    "UnauditedStatement",
    "attribute",
    "attribute_to",
    "command_line",
    "expecting",
    "is_recorded",
    "listen",
    "model_name",
    "note",
    "protect_trail",
    "recent",
    "record_key",
    "sweep",
]

_BEFORE = "admin_site.before"
_AFTERMATH = "admin_site.aftermath"


def listen(factory: sessionmaker[Session]) -> None:
    """Record every flush of the sessions `factory` makes, and refuse bulk statements in them."""
    event.listen(factory, "before_flush", _before_flush)
    event.listen(factory, "after_flush", _after_flush)
    event.listen(factory, "do_orm_execute", check_statement)
    refuse_bulk_methods(factory.class_)


def note(
    session: Session,
    action: str,
    record: object | None = None,
    *,
    label: str = "",
    changes: dict[str, Any] | None = None,
) -> None:
    """Record an event that is not a change of a row, such as a sign-in or a refusal.

    `record` is what it happened to; an event about nothing stored, such as the sign-in of an unknown name,
    has only a `label`.
    """
    write(session, [Change(action, record, changes or {}, label)])


@contextmanager
def expecting(session: Session, aftermath: Sequence[Aftermath]) -> Iterator[None]:
    """Record with the flush in this block what the database will do to further rows by itself."""
    session.info[_AFTERMATH] = aftermath
    try:
        yield
    finally:
        session.info.pop(_AFTERMATH, None)


def _before_flush(session: Session, flush: UOWTransaction, _: object) -> None:
    aftermath: Sequence[Aftermath] = session.info.get(_AFTERMATH, ())
    flush.attributes[_BEFORE] = read_before(
        session, [record for each in aftermath for record in each.deleted]
    )


def _after_flush(session: Session, flush: UOWTransaction) -> None:
    stored: Stored = flush.attributes.pop(_BEFORE, {})
    aftermath: Sequence[Aftermath] = session.info.pop(_AFTERMATH, ())
    write(session, changes_of(flush.states, stored, aftermath))
