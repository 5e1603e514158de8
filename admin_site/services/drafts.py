"""What people typed into forms and did not save: for each person one draft of each form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from admin_site.audit import UNAUDITED
from admin_site.errors import Conflict, Invalid
from admin_site.models import Draft, Submission, utc_now
from admin_site.permissions import Identity

MAX_DRAFTS = 50  # of one person; the oldest make room
MAX_SIZE = 200_000  # characters of one draft, names and texts together
MAX_ADDRESS = 1000  # characters; the column holds no more
LIFETIME = timedelta(days=30)
SWEPT = 20  # of all drafts, the first ones that were made, are looked at whenever a new one is
LATE = timedelta(seconds=10)  # for which a request that was sent before another one may be under way
PAGE = ":nonce"  # the field that tells one page of a form from another

Pairs = Sequence[tuple[str, str]]

TOO_LARGE = f"This is too much to be kept as a draft: more than {MAX_SIZE:,} characters."
TOO_LONG = "The address of this form is too long for a draft of it to be kept."
ANOTHER = (
    "Another draft of this form is kept already. Restore or discard it: until then this one is not kept."
)
SAVED = "This form was saved already."

_NO_RECORD = {UNAUDITED: "what is typed and not saved leaves no record"}


@dataclass(frozen=True)
class Kept:
    """A draft as it is found: where the form is, since when it is kept, and what was typed."""

    address: str
    kept_at: datetime
    fields: tuple[tuple[str, str], ...] = ()

    @cached_property
    def page(self) -> str:
        return _page_of(self.fields)


def keep_draft(
    session: Session, actor: Identity, address: str, fields: Pairs, *, replaces: bool = False
) -> None:
    """Keep what `actor` typed into the form at `address`, in place of what the same page kept before.

    Raises Invalid for what is too large, and Conflict when the form was saved meanwhile or a draft from
    another page of it is there, which only `replaces` takes the place of.
    """
    if len(address) > MAX_ADDRESS:
        raise Invalid({"": TOO_LONG})
    if size_of(fields) > MAX_SIZE:
        raise Invalid({"": TOO_LARGE})
    page = _page_of(fields)
    if page and _was_just_saved(session, actor, page):
        raise Conflict(SAVED)
    draft = _find(session, actor, address) or _begin(session, actor, address)
    is_anothers = bool(draft.fields) and _page_of(draft.fields) != page and not _is_old(draft)
    if is_anothers and not replaces:
        raise Conflict(ANOTHER)
    draft.fields = [[_storable(name), _storable(text)] for name, text in fields]
    draft.updated_at = utc_now()  # also when the same is kept once more
    session.flush()  # so that what follows in this transaction finds it


def find_draft(session: Session, actor: Identity, address: str) -> Kept | None:
    """Return what `actor` typed into the form at `address`, or None; what is older than LIFETIME is gone."""
    draft = _find(session, actor, address)
    if draft is None or _is_old(draft):
        return None
    return Kept(draft.address, draft.updated_at, tuple((name, text) for name, text in draft.fields))


def discard_draft(session: Session, actor: Identity, address: str) -> None:
    """Forget what `actor` typed into the form at `address`."""
    _delete(session, Draft.user_id == actor.user_id, Draft.address == _storable(address))


def drafts_of(session: Session, actor: Identity) -> list[Kept]:
    """Return the drafts of `actor`, the newest first, without what was typed."""
    if actor.viewer is not None:
        return []
    found = session.execute(
        select(Draft.address, Draft.updated_at).where(
            Draft.user_id == actor.user_id, Draft.updated_at > utc_now() - LIFETIME
        )
    )
    return sorted((Kept(*row) for row in found), key=lambda kept: kept.kept_at, reverse=True)


def size_of(fields: Pairs) -> int:
    """Return how many characters a draft has."""
    return sum(len(name) + len(text) for name, text in fields)


def _find(session: Session, actor: Identity, address: str) -> Draft | None:
    if actor.viewer is not None:  # what somebody typed is nobody else's to see
        return None
    return session.scalars(
        select(Draft)
        .where(Draft.user_id == actor.user_id, Draft.address == _storable(address))
        .options(undefer(Draft.fields))
    ).one_or_none()


def _is_old(draft: Draft) -> bool:
    return draft.updated_at <= utc_now() - LIFETIME


def _begin(session: Session, actor: Identity, address: str) -> Draft:
    """Return a new draft, or the one that another request began at the same time."""
    _sweep(session, actor)
    try:
        with session.begin_nested():
            draft = Draft(user_id=actor.user_id, address=address, fields=[])
            session.add(draft)
    except IntegrityError:
        found = _find(session, actor, address)
        if found is None:
            raise
        return found
    return draft


def _was_just_saved(session: Session, actor: Identity, page: str) -> bool:
    """Whether a page was saved so lately that what arrives of it was sent before."""
    saved = select(Submission.created_at).where(Submission.user_id == actor.user_id, Submission.nonce == page)
    saved_at = session.scalars(saved).one_or_none()
    return saved_at is not None and saved_at > utc_now() - LATE


def _sweep(session: Session, actor: Identity) -> None:
    """Delete drafts that are too old: those of `actor`, and of everybody's a few that were made first.

    So what people leave behind who never come back goes in the end, and no table is read as a whole.
    """
    outdated = Draft.updated_at <= utc_now() - LIFETIME
    first = select(Draft.draft_id).order_by(Draft.draft_id).limit(SWEPT)
    _delete(session, Draft.draft_id.in_(first.scalar_subquery()), outdated)
    own = session.execute(
        select(Draft.draft_id).where(Draft.user_id == actor.user_id).order_by(Draft.updated_at.desc())
    )
    surplus = [row.draft_id for row in own][MAX_DRAFTS - 1 :]
    _delete(session, Draft.user_id == actor.user_id, Draft.draft_id.in_(surplus) | outdated)


def _delete(session: Session, *conditions: object) -> None:
    session.execute(delete(Draft).where(*conditions), execution_options=_NO_RECORD)  # type: ignore[arg-type]


def _storable(text: str) -> str:
    """Return `text` without what no database keeps in a document: NUL and halves of characters."""
    return "".join("\ufffd" if char == "\x00" or "\ud800" <= char <= "\udfff" else char for char in text)


def _page_of(fields: Sequence[Sequence[str]]) -> str:
    return next((text for name, text in fields if name == PAGE), "")
