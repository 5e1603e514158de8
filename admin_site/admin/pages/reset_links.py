"""The page that shows a link to set a password, or a temporary password, once."""

from starlette.responses import Response

from admin_site.admin.support_desk import desk_url, view_at_desk
from admin_site.admin.visit import Visit
from admin_site.errors import Forbidden, NotFound
from admin_site.models import User
from admin_site.permissions import Action

SHOWN = (Action.RESET_PASSWORD, Action.TEMPORARY_PASSWORD)


def show_reset_link(visit: Visit) -> Response:
    """Show the secret that was made a moment ago; asked again, say that it was shown."""
    view = visit.site.find_view(visit.request.path_params["identity"])
    if not issubclass(view.model, User):
        raise NotFound("There is no such page.")
    action = next((action for action in SHOWN if view.allows(visit.request, action)), None)
    if action is None:
        raise Forbidden("You may not reset passwords.")
    record = visit.record(view, action, visit.request.path_params["pk"])
    message = visit.site.links.read(visit.request)
    told = message if message.get("key") == view.key(record) else {}
    response = visit.page(
        "reset_link.html",
        title="Temporary password" if "password" in told else "Link to set a password",
        view=view,
        person=visit.label(record),
        link=told.get("link", ""),
        password=told.get("password", ""),
        user_name=record.user_name,
        expires_text=f"It works until {told['until']} UTC." if told.get("until") else "",
        back_url=_back_url(visit, record, view.key(record)) or visit.url(view, "list"),
        list_url=visit.url(view, "list") if view.allows(visit.request, Action.LIST) else None,
    )
    if message:
        visit.site.links.clear(response)
    return response


def _back_url(visit: Visit, record: User, key: str) -> str | None:
    """Return where whoever made it goes on: at the support desk, if they have a place there."""
    if view_at_desk(visit.site, visit.request) is not None:
        return desk_url(visit.site, visit.request, key)
    return visit.record_url(record)
