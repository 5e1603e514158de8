"""The support desk: who may help people there, and where it is."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request

from admin_site.admin.visit import Visit
from admin_site.errors import Forbidden
from admin_site.models import User
from admin_site.permissions import Action

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite
    from admin_site.admin.views import AdminView

HELP = (
    Action.RESET_PASSWORD,
    Action.TEMPORARY_PASSWORD,
    Action.UNLOCK,
    Action.END_SESSIONS,
    Action.REMOVE_SECOND_FACTOR,
    Action.ACTIVATE,
    Action.VIEW_AS,
)
"""What can be done there; whoever may do one of these to people they may see has a place at the desk."""


def view_at_desk(site: "AdminSite", request: Request) -> "AdminView | None":
    """Return the view of people for somebody who may help some of them, None for everybody else."""
    view = site.view_of(User)
    if view is None or not view.allows(request, Action.DETAILS):
        return None
    return view if any(view.allows(request, action) for action in HELP) else None


def desk_view(visit: Visit) -> "AdminView":
    """Return the view of people; raises Forbidden for who has no place at the desk."""
    view = view_at_desk(visit.site, visit.request)
    if view is None:
        raise Forbidden("You may not help people with their accounts.")
    return view


def desk_url(site: "AdminSite", request: Request, key: str = "", deed: str = "") -> str:
    """Return the address of the desk, of its page about one person, or of one deed there."""
    return "/".join(part for part in (f"{site.base_path(request)}/support", key, deed) if part)


def find_url(site: "AdminSite", request: Request, words: str = "") -> str:
    """Return where somebody is found by `words`; without them it ends where they are to stand."""
    return f"{desk_url(site, request)}?q={quote(words, safe='')}"
