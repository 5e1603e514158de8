"""What is deleted once it was kept long enough."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, select, tuple_
from sqlalchemy.orm import Session

from admin_site.audit import UNAUDITED
from admin_site.descriptions import describe
from admin_site.models import CredentialToken, Draft, OutgoingMail, Submission, Viewing
from admin_site.services import drafts, submissions
from admin_site.services.sessions import sweep_sessions
from admin_site.services.throttling import sweep_throttles

MAIL_KEPT = timedelta(days=30)  # after it was sent or given up, to be looked up
SWEPT = 1_000  # rows at most that one call deletes

_NO_RECORD = {UNAUDITED: "what was kept long enough goes"}

Sweep = Callable[[Session, datetime], int]


def sweep_links(session: Session, now: datetime) -> int:
    """Delete some of the password links that no longer work; return how many."""
    return _delete(session, CredentialToken, CredentialToken.expires_at <= now)


def sweep_viewings(session: Session, now: datetime) -> int:
    return _delete(session, Viewing, Viewing.expires_at <= now)


def sweep_mail(session: Session, now: datetime) -> int:
    """Delete some of the messages that were sent, or given up, long ago; return how many."""
    is_over = OutgoingMail.due_at.is_(None)
    return _delete(session, OutgoingMail, is_over & (OutgoingMail.created_at <= now - MAIL_KEPT))


def sweep_submissions(session: Session, now: datetime) -> int:
    return _delete(session, Submission, Submission.created_at <= now - submissions.LIFETIME)


def sweep_drafts(session: Session, now: datetime) -> int:
    return _delete(session, Draft, Draft.updated_at <= now - drafts.LIFETIME)


SWEEPS: Mapping[str, Sweep] = {
    "sessions": sweep_sessions,
    "password links": sweep_links,
    "views as somebody else": sweep_viewings,
    "counts of failed sign-ins": sweep_throttles,
    "messages": sweep_mail,
    "forms": sweep_submissions,
    "drafts": sweep_drafts,
}
"""What is swept, each with a function that deletes some of it and returns how many rows that were."""


def _delete(session: Session, model: Any, is_due: ColumnElement[bool]) -> int:
    key = [getattr(model, name) for name in describe(model).key]
    due = select(*key).where(is_due).limit(SWEPT)
    statement = delete(model).where(tuple_(*key).in_(due))
    result = session.execute(statement, execution_options={**_NO_RECORD, "synchronize_session": False})
    return cast(CursorResult[Any], result).rowcount
