"""How a person likes a list: the columns they chose, the view it opens with, the views there are."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, inspect, literal, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from admin_site.models import ListPreference, SavedView, user_roles
from admin_site.permissions import Identity


@dataclass(frozen=True)
class KeptView:
    """A saved view as the list it belongs to shows it."""

    view_id: int
    name: str
    query: str
    owner_id: uuid.UUID
    role_id: int | None


@dataclass(frozen=True)
class Preferences:
    """What one person keeps of one list. `columns` is () for those the list has anyway."""

    columns: tuple[str, ...] = ()
    default: KeptView | None = None
    views: tuple[KeptView, ...] = ()

    def view(self, view_id: int) -> KeptView | None:
        return next((view for view in self.views if view.view_id == view_id), None)


def preferences_of(session: Session, actor: Identity, model: str) -> Preferences:
    """Return what `actor` keeps of the list of a model, with one query.

    The views are their own and those shared with a role they hold, by name.
    """
    # For every list that is opened: the session's own way with rows of columns takes twice as long.
    connection = session.connection(bind_arguments={"mapper": inspect(SavedView)})
    rows = connection.execute(_PREFERENCES, {"actor": actor.user_id, "model": model}).all()
    views = tuple(KeptView(*row[2:]) for row in rows if row.view_id is not None)
    default = next((view for view in views if view.view_id == rows[0].default_view_id), None)
    return Preferences(tuple(rows[0].columns or ()), default, views)


def remember_columns(session: Session, actor: Identity, model: str, names: Sequence[str]) -> None:
    """Show `actor` these columns of a list from now on, where an address does not say which."""
    _preference(session, actor, model).columns = list(names)
    session.flush()  # so that what follows in this transaction reads them


def forget_columns(session: Session, actor: Identity, model: str) -> None:
    """Show `actor` the columns that the list has by itself."""
    preference = session.get(ListPreference, (actor.user_id, model))
    if preference is not None:
        preference.columns = None
        session.flush()  # as above


def open_with(session: Session, actor: Identity, model: str, view: SavedView | None) -> None:
    """Open a list with a view, where an address says nothing; None: as it is by itself."""
    _preference(session, actor, model).default_view_id = None if view is None else view.view_id
    session.flush()  # as above


def _preference(session: Session, actor: Identity, model: str) -> ListPreference:
    """Return the row of a person and a list; of two requests that make it at once, both get the same."""
    key = (actor.user_id, model)
    preference = session.get(ListPreference, key)
    if preference is not None:
        return preference
    try:
        with session.begin_nested():
            preference = ListPreference(user_id=actor.user_id, model=model)
            session.add(preference)
    except IntegrityError:
        return session.get_one(ListPreference, key)
    return preference


_ONE = select(literal(1).label("one")).subquery()
_ROLES = select(user_roles.c.role_id).where(user_roles.c.user_id == bindparam("actor"))
# One row without a view where there is none: what is remembered of the list comes with every row.
_PREFERENCES = (
    select(
        ListPreference.columns,
        ListPreference.default_view_id,
        SavedView.view_id,
        SavedView.name,
        SavedView.query,
        SavedView.owner_id,
        SavedView.role_id,
    )
    .select_from(_ONE)
    .outerjoin(
        ListPreference,
        and_(ListPreference.user_id == bindparam("actor"), ListPreference.model == bindparam("model")),
    )
    .outerjoin(
        SavedView,
        and_(
            SavedView.model == bindparam("model"),
            or_(SavedView.owner_id == bindparam("actor"), SavedView.role_id.in_(_ROLES)),
        ),
    )
    .order_by(SavedView.name, SavedView.view_id)
)
