"""Whether somebody may do something to one record, by the rows that grants and views leave."""

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from admin_site.descriptions import Description, describe
from admin_site.errors import Forbidden
from admin_site.listing.paths import key_among
from admin_site.permissions import Identity, RowRules, allows_some, refusal, scopes_of
from admin_site.services.grants import offered

OUTSIDE = "You may not {deed} this record: what you were granted is limited to other ones."
LEFT = "This cannot be saved: the record would be none of those that you may {deed}."


def allows_record(session: Session, actor: Identity, action: str, record: Any) -> bool:
    """Return whether `actor` may do `action` to this very record."""
    description = describe(type(record))
    if not allows_some(actor, action, description.identity):
        return False
    condition = _granted(session, actor, action, description)
    return condition is None or _holds(session, description, record, condition)


def require_record(session: Session, actor: Identity, action: str, record: Any) -> None:
    """Raise Forbidden, in words, unless `actor` may do `action` to this very record."""
    description = describe(type(record))
    if not allows_some(actor, action, description.identity):
        raise Forbidden(refusal(actor, action, description.identity))
    if not allows_record(session, actor, action, record):
        raise Forbidden(OUTSIDE.format(deed=_deed(action)))


def require_some(actor: Identity, action: str, description: Description) -> None:
    """Raise Forbidden, in words, unless `actor` may do `action` to some records of the model."""
    if not allows_some(actor, action, description.identity):
        raise Forbidden(refusal(actor, action, description.identity))


def require_result(
    session: Session, actor: Identity, action: str, description: Description, record: Any
) -> None:
    """Raise Forbidden unless a record that was written, and flushed, is one that `actor` may write like that.

    So nobody adds a record, or makes one, that they may not see or change themselves.
    """
    rules = _rules(session, description)
    if rules is None or (rules.own is None and not actor.limited):
        return
    found = [rules.own_condition(actor), _granted(session, actor, action, description)]
    conditions = [condition for condition in found if condition is not None]
    if conditions and not _holds(session, description, record, *conditions):
        raise Forbidden(LEFT.format(deed=_deed(action)))


def _granted(
    session: Session, actor: Identity, action: str, description: Description
) -> ColumnElement[bool] | None:
    """Return the condition of the rows to which grants let `actor` do `action`; None: all of them."""
    names = scopes_of(actor, description.identity, action)
    if names is None:
        return None
    rules = _rules(session, description) or RowRules(description)
    return rules.condition(actor, names)


def _rules(session: Session, description: Description) -> RowRules | None:
    """Return what the view of a model says of its rows; None on the command line, which knows no views."""
    known = offered(session)
    kind = known.kinds.get(description.identity) if known else None
    return kind.rows if kind else None


def _holds(session: Session, description: Description, record: Any, *conditions: ColumnElement[bool]) -> bool:
    columns = [getattr(description.model, name) for name in description.key]
    is_record = key_among(description, description.model, [description.key_of(record)])
    with session.no_autoflush:
        return session.execute(select(*columns).where(is_record, *conditions)).first() is not None


def _deed(action: str) -> str:
    return {"create": "add", "edit": "change"}.get(action, action.removeprefix("action:").replace("-", " "))
