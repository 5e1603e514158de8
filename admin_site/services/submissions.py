"""Forms that are saved once, however often they are sent."""

import hashlib
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any, cast

from sqlalchemy import CursorResult, delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from admin_site.audit import UNAUDITED
from admin_site.errors import BadRequest
from admin_site.models import Submission, utc_now

LIFETIME = timedelta(days=7)
SWEPT = 500  # rows at most whenever old ones are looked for
LOST = "This form does not say which page it is from. Open the page again. Nothing was saved."

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_NO_RECORD = {UNAUDITED: "what a form saved has entries of its own"}


class Repeated(Exception):
    """The same form is being saved by another request, or was just before."""


@dataclass(frozen=True)
class Saved:
    """What a form was answered when it was saved.

    `digest` is of what was sent, `key` that of the record in addresses, `changed` the names of its fields.
    """

    address: str
    message: str
    digest: str
    key: str = ""
    changed: str = ""


def new_nonce() -> str:
    """Return the name of one page of a form: 128 random bits."""
    return token_urlsafe(16)


def check_nonce(text: str) -> str:
    """Return the name of a page as its form brought it back; raises BadRequest for what is none."""
    if not _NONCE.fullmatch(text):
        raise BadRequest(LOST)
    return text


def digest_of(pairs: Iterable[tuple[str, Any]]) -> str:
    """Return the digest of the fields of a form; the value of a file is what was uploaded."""
    digest = hashlib.blake2b(digest_size=32)
    for name, value in pairs:
        for part in (name, value):
            content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else _content(part)
            digest.update(len(content).to_bytes(8, "big"))
            digest.update(content)
    return digest.hexdigest()


def find_saved(session: Session, user_id: uuid.UUID, nonce: str) -> Saved | None:
    """Return how the form of a page was answered when it was saved, or None when it has not been."""
    statement = select(
        Submission.address, Submission.message, Submission.digest, Submission.key, Submission.changed
    ).where(Submission.user_id == user_id, Submission.nonce == nonce)
    row = session.execute(statement).one_or_none()
    return Saved(*row) if row else None


def keep_saved(
    session: Session, user_id: uuid.UUID, nonce: str, saved: Saved, *, is_again: bool = False
) -> None:
    """Keep in the running transaction that the form of a page is saved, and how that is answered.

    `is_again` is for a form that had been saved before, with something else in it. Raises Repeated when
    another request keeps the same; the transaction must then be rolled back.
    """
    values = {**vars(saved), "created_at": utc_now()}
    if is_again:
        page = Submission.user_id == user_id, Submission.nonce == nonce, Submission.digest != saved.digest
        statement = update(Submission).where(*page).values(values)
        result = session.execute(statement, execution_options=_NO_RECORD)
        if not cast(CursorResult[Any], result).rowcount:
            raise Repeated
        return
    row = {"user_id": user_id, "nonce": nonce, **values}
    try:
        session.execute(insert(Submission).values(row), execution_options=_NO_RECORD)
    except IntegrityError as error:
        raise Repeated from error


def forget_saved(session: Session, user_id: uuid.UUID, nonce: str) -> None:
    """Let the form of a page be one that was never saved."""
    page = Submission.user_id == user_id, Submission.nonce == nonce
    session.execute(delete(Submission).where(*page), execution_options=_NO_RECORD)


def _content(upload: Any) -> bytes:
    """Return what was uploaded, which can be read once more afterwards."""
    content: bytes = upload.file.read()
    upload.file.seek(0)
    return str(upload.filename or "").encode("utf-8", "surrogatepass") + b"\0" + content


def sweep(session: Session) -> None:
    """Delete some of what is older than LIFETIME, by the index of the time."""
    page = tuple_(Submission.user_id, Submission.nonce)
    outdated = (
        select(Submission.user_id, Submission.nonce)
        .where(Submission.created_at < utc_now() - LIFETIME)
        .order_by(Submission.created_at)
        .limit(SWEPT)
    )
    session.execute(delete(Submission).where(page.in_(outdated)), execution_options=_NO_RECORD)
