"""The saved views of a list: its tabs, and the forms that save, change and delete one."""

from typing import Any

from starlette.responses import Response

from admin_site.admin.preferred import Preferred, as_saved, preferred
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import Invalid
from admin_site.listing import ListQuery
from admin_site.listing.query import WHOLE
from admin_site.models import SavedView
from admin_site.permissions import Action
from admin_site.services.list_preferences import KeptView, open_with
from admin_site.services.saved_views import (
    MAX_NAME,
    delete_view,
    find_view,
    may_change,
    rename_view,
    roles_to_share_with,
    save_view,
    share_view,
    update_view,
)

NAME, ROLE, DEFAULT, UPDATE, DELETE = "name", "role", "default", "update", "delete"


def tabs(visit: Visit, view: AdminView, kept: Preferred, query: ListQuery) -> dict[str, Any]:
    """Return what a list shows of saved views: a tab for each, and where to save what is shown now."""
    begun = kept.view_of(query)
    is_changed = kept.is_changed(query)
    shown = [_tab(visit, view, query, each, begun) for each in kept.preferences.views]
    whole = {
        "label": "All",
        "is_shared": False,
        "url": _whole_url(visit, view, kept),
        "current": begun is None,
        "menu_url": None,
    }
    return {
        "tabs": [whole, *shown] if shown else [],
        "is_changed": is_changed,
        "save_view_url": visit.list_url(view, query.with_(), "views") if is_changed else None,
    }


def add_view(visit: Visit) -> Response:
    """Show the form that gives the list of this address a name, or save it."""
    view = visit.view(Action.LIST)
    kept = preferred(visit, view)
    query = kept.query(visit.asked()[1])
    if not visit.is_post:
        return _form(visit, view, kept, query, None)
    try:
        name, role = str(visit.form.get(NAME, "")), _posted_role(visit)
        saved = save_view(visit.session, visit.identity, view.identity, name, as_saved(query), role)
        if DEFAULT in visit.form:
            open_with(visit.session, visit.identity, view.identity, saved)
        answer = visit.go(_url(visit, view, saved.view_id), f"The view “{saved.name}” was saved.")
        visit.commit(view)
    except Invalid as error:
        visit.session.rollback()
        return _form(visit, view, kept, query, None, error.errors)
    return answer


def change_view(visit: Visit) -> Response:
    """Show the menu of a saved view, or do what was chosen there."""
    view = visit.view(Action.LIST)
    kept = preferred(visit, view)
    query = kept.query(visit.asked()[1])
    number = visit.request.path_params["number"]
    saved = find_view(visit.session, visit.identity, view.identity, number)
    if not visit.is_post:
        return _form(visit, view, kept, query, saved)
    try:
        words = _change(visit, view, kept, query, saved)
        visit.commit(view)
    except Invalid as error:
        visit.session.rollback()
        saved = find_view(visit.session, visit.identity, view.identity, number)
        return _form(visit, view, kept, query, saved, error.errors)
    if DELETE in visit.form:
        return visit.go(_whole_url(visit, view, preferred(visit, view)), words)
    return visit.go(_url(visit, view, saved.view_id), words)


def _change(visit: Visit, view: AdminView, kept: Preferred, query: ListQuery, saved: SavedView) -> str:
    """Do what a person chose in the menu of a view, and return words on it."""
    session, actor = visit.session, visit.identity
    if DELETE in visit.form:
        delete_view(session, actor, saved)
        return f"The view “{saved.name}” was deleted."
    if UPDATE in visit.form:
        update_view(session, actor, saved, as_saved(query))
        return f"The view “{saved.name}” shows this list from now on."
    if NAME in visit.form:
        rename_view(session, actor, saved, str(visit.form[NAME]))
    if ROLE in visit.form:
        share_view(session, actor, saved, _posted_role(visit))
    if DEFAULT in visit.form:
        open_with(session, actor, view.identity, saved)
    elif _is_default(kept, saved):
        open_with(session, actor, view.identity, None)
    return f"The view “{saved.name}” was changed."


def _form(
    visit: Visit,
    view: AdminView,
    kept: Preferred,
    query: ListQuery,
    saved: SavedView | None,
    errors: dict[str, str] | None = None,
) -> Response:
    begun = kept.view_of(query)
    page = f"views/{saved.view_id}" if saved else "views"
    posted = visit.form if errors else None
    role = str(posted.get(ROLE, "")) if posted else str((saved and saved.role_id) or "")
    may = saved is None or may_change(visit.identity, saved)
    is_own_begun = begun is not None and saved is None and begun.owner_id == visit.identity.user_id
    return visit.panel(
        "list/view.html",
        status=400 if errors else 200,
        title=saved.name if saved else "Save view",
        view=view,
        saved=saved,
        may_change=may,
        list_url=visit.list_url(view, query),
        action_url=visit.list_url(view, query, page),
        errors=errors or {},
        name=str(posted.get(NAME, "")) if posted else saved.name if saved else "",
        max_name=MAX_NAME,
        roles=_roles(visit, saved, role) if may else [],
        owner=None if saved is None or saved.owner_id == visit.identity.user_id else str(saved.owner),
        is_default=DEFAULT in posted if posted else saved is not None and _is_default(kept, saved),
        can_update=saved is not None and may and kept.is_changed(query),
        begun=begun.name if begun and is_own_begun else None,
        update_url=visit.list_url(view, query, f"views/{begun.view_id}") if begun and is_own_begun else None,
    )


def _roles(visit: Visit, saved: SavedView | None, chosen: str) -> list[dict[str, Any]]:
    """Return who a view can be shared with, as options; the role it is shared with stays one of them."""
    roles = dict.fromkeys(roles_to_share_with(visit.session, visit.identity))
    if saved is not None and saved.role is not None:
        roles.setdefault(saved.role)
    return [
        {"value": str(role.role_id), "label": role.name, "selected": str(role.role_id) == chosen}
        for role in roles
    ]


def _posted_role(visit: Visit) -> int | None:
    text = str(visit.form.get(ROLE, ""))
    if text and not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid({ROLE: "Choose a role that exists."})
    return int(text) if text else None


def _is_default(kept: Preferred, saved: SavedView) -> bool:
    return kept.preferences.default is not None and kept.preferences.default.view_id == saved.view_id


def _tab(
    visit: Visit, view: AdminView, query: ListQuery, each: KeptView, begun: KeptView | None
) -> dict[str, Any]:
    is_current = each == begun
    return {
        "label": each.name,
        "is_shared": each.role_id is not None,
        "url": _url(visit, view, each.view_id),
        "current": is_current,
        "menu_url": visit.list_url(view, query.with_(), f"views/{each.view_id}") if is_current else None,
    }


def _whole_url(visit: Visit, view: AdminView, kept: Preferred) -> str:
    return _url(visit, view, WHOLE) if kept.preferences.default else visit.url(view, "list")


def _url(visit: Visit, view: AdminView, name: int | str) -> str:
    return f"{visit.url(view, 'list')}?view={name}"
