"""Views of lists that people save under a name, keep for themselves or share with a role."""

import unicodedata
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.errors import Forbidden, Invalid, NotFound
from admin_site.models import Role, SavedView, user_roles
from admin_site.permissions import Identity
from admin_site.services.constraints import explain

MAX_VIEWS = 50  # of one person and list
MAX_NAME = 60  # characters
MAX_NUMBER = 2**31  # of a view or a role; PostgreSQL fails of larger ones
MAX_QUERY = 8_000  # characters; servers and proxies refuse addresses that are much longer

NOT_YOURS = "Only the person who saved this view can change it, or a superuser."
TAKEN = "There is a view of this name already."


def save_view(
    session: Session, actor: Identity, model: str, name: str, query: str, role_id: int | None = None
) -> SavedView:
    """Keep the query of a URL of a list under a name, and return the view.

    Raises Invalid for a name that is empty, too long or taken, and when there are MAX_VIEWS already;
    Forbidden to share with a role that `actor` does not hold.
    """
    own = select(func.count()).where(SavedView.owner_id == actor.user_id, SavedView.model == model)
    if session.execute(own).scalar_one() >= MAX_VIEWS:
        raise Invalid({"name": f"There are {MAX_VIEWS} views of this list already. Delete one first."})
    view = SavedView(owner_id=actor.user_id, model=model)
    view.name = _checked_name(session, view, name)
    view.query = _checked_query(query)
    view.role_id = _checked_role(session, actor, role_id)
    session.add(view)
    _flush(session)
    return view


def find_view(session: Session, actor: Identity, model: str, view_id: int) -> SavedView:
    """Return a view of a list; raises NotFound for one that is neither theirs nor shared with them."""
    view = session.get(SavedView, view_id) if view_id < MAX_NUMBER else None
    if view is None or view.model != model or not _may_see(session, actor, view):
        raise NotFound("There is no such view, or it is not shared with you.")
    return view


def may_change(actor: Identity, view: SavedView) -> bool:
    return actor.is_superuser or view.owner_id == actor.user_id


def rename_view(session: Session, actor: Identity, view: SavedView, name: str) -> None:
    """Give a view another name; raises Forbidden, or Invalid as `save_view` does."""
    _require_owner(actor, view)
    view.name = _checked_name(session, view, name)
    _flush(session)


def update_view(session: Session, actor: Identity, view: SavedView, query: str) -> None:
    """Let a view show something else from now on; raises Forbidden or Invalid."""
    _require_owner(actor, view)
    view.query = _checked_query(query)
    _flush(session)


def share_view(session: Session, actor: Identity, view: SavedView, role_id: int | None) -> None:
    """Show a view to everybody who holds a role, or to its owner alone; raises Forbidden."""
    _require_owner(actor, view)
    if role_id != view.role_id:
        view.role_id = _checked_role(session, actor, role_id)
        _flush(session)


def delete_view(session: Session, actor: Identity, view: SavedView) -> None:
    """Delete a view; lists that opened with it open as they are by themselves. Raises Forbidden."""
    _require_owner(actor, view)
    session.delete(view)
    _flush(session)


def roles_to_share_with(session: Session, actor: Identity) -> Sequence[Role]:
    """Return the roles that `actor` may share a view with: those they hold; of a superuser all."""
    roles = select(Role).order_by(Role.name)
    if not actor.is_superuser:
        roles = roles.join(user_roles).where(user_roles.c.user_id == actor.user_id)
    return session.scalars(roles).all()


def _may_see(session: Session, actor: Identity, view: SavedView) -> bool:
    return may_change(actor, view) or (view.role_id is not None and _holds(session, actor, view.role_id))


def _holds(session: Session, actor: Identity, role_id: int) -> bool:
    held = select(user_roles.c.role_id).where(
        user_roles.c.user_id == actor.user_id, user_roles.c.role_id == role_id
    )
    return session.scalar(held) is not None


def _require_owner(actor: Identity, view: SavedView) -> None:
    if not may_change(actor, view):
        raise Forbidden(NOT_YOURS)


def _checked_name(session: Session, view: SavedView, text: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", text[: 4 * MAX_NAME]).split())
    if not name:
        raise Invalid({"name": "A view needs a name."})
    if len(name) > MAX_NAME or len(text) > 4 * MAX_NAME:
        raise Invalid({"name": f"A name has at most {MAX_NAME} characters."})
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise Invalid({"name": "There is a character in this name that no text has."})
    with session.no_autoflush:
        others = session.execute(
            select(SavedView.view_id, SavedView.name).where(
                SavedView.owner_id == view.owner_id, SavedView.model == view.model
            )
        )
    if any(other.name.casefold() == name.casefold() and other.view_id != view.view_id for other in others):
        raise Invalid({"name": TAKEN})
    return name


def _checked_query(query: str) -> str:
    if len(query) > MAX_QUERY:
        raise Invalid({"": "These filters are too long to be saved. Take some away first."})
    return query


def _checked_role(session: Session, actor: Identity, role_id: int | None) -> int | None:
    if role_id is None:
        return None
    if role_id >= MAX_NUMBER or session.get(Role, role_id) is None:
        raise Invalid({"role": "Choose a role that exists."})
    if not (actor.is_superuser or _holds(session, actor, role_id)):
        raise Forbidden("You can share a view only with a role that you hold yourself.")
    return role_id


def _flush(session: Session) -> None:
    """Flush, so that a name is known to be free and what follows in this transaction reads the change."""
    try:
        session.flush()
    except DBAPIError as error:
        refusal = explain(error, describe(SavedView))
        taken = isinstance(refusal, Invalid) and "name" in refusal.errors
        raise (Invalid({"name": TAKEN}) if taken else refusal) from error
