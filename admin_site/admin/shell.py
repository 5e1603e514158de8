"""What every page shows around its content: the menu and who is signed in."""

from typing import TYPE_CHECKING, Any

from sqladmin import BaseView
from starlette.requests import Request

from admin_site.admin.cells import initials
from admin_site.admin.generate import icon
from admin_site.admin.support_desk import desk_url, find_url, view_at_desk
from admin_site.admin.views import AdminView
from admin_site.permissions import Action, Identity, allows

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite


def menu(site: "AdminSite", request: Request) -> list[dict[str, Any]]:
    """Return the views this person may open, by their sections."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for view in site.views:
        if view.is_visible(request) and view.is_accessible(request):
            sections.setdefault(view.category or "Pages", []).append(_item(site, request, view))
    return [{"name": name, "items": items} for name, items in sections.items()]


def person(site: "AdminSite", request: Request, identity: Identity) -> dict[str, Any]:
    """Return what a page shows of who is signed in."""
    may_see = allows(identity, Action.DETAILS, "user")
    return {
        "name": identity.name,
        "initials": initials(identity.name),
        "email": "",
        "is_superuser": identity.is_superuser,
        "roles_text": "Superuser" if identity.is_superuser else ", ".join(identity.roles),
        "is_oneself": identity.viewer is None,
        "profile_url": f"{site.base_path(request)}/user/details/{identity.user_id}" if may_see else None,
    }


def support(site: "AdminSite", request: Request) -> dict[str, Any] | None:
    """Return where the support desk is, for who has a place there."""
    if view_at_desk(site, request) is None:
        return None
    url = desk_url(site, request)
    return {"url": url, "find_url": find_url(site, request), "active": request.url.path.startswith(url)}


def _item(site: "AdminSite", request: Request, view: BaseView) -> dict[str, Any]:
    is_model = isinstance(view, AdminView)
    return {
        "label": getattr(view, "name_plural", "") or view.name,
        "url": f"{site.base_path(request)}/{view.identity}/list"
        if is_model
        else str(request.url_for(f"admin:view-{view.identity}")),
        "icon": view.icon or icon(view.name),
        "active": view.identity == request.path_params.get("identity"),
    }
