"""The page that shows a link to set a password, once."""

from starlette.responses import Response

from admin_site.admin.visit import Visit
from admin_site.errors import NotFound
from admin_site.permissions import Action


def show_reset_link(visit: Visit) -> Response:
    """Show the link that was made a moment ago; asked again, say that it was shown."""
    view = visit.view(Action.RESET_PASSWORD)
    slug = Action.RESET_PASSWORD.removeprefix("action:")
    if slug not in view.actions:
        raise NotFound("There is no such page.")
    record = visit.record(view, Action.RESET_PASSWORD, visit.request.path_params["pk"])
    message = visit.site.links.read(visit.request)
    is_it = message.get("key") == view.key(record)
    response = visit.page(
        "reset_link.html",
        title="Link to set a password",
        view=view,
        person=visit.label(record),
        link=message["link"] if is_it else "",
        expires_text=f"It works until {message['until']} UTC." if is_it else "",
        again_url=visit.url(view, f"action/{slug}", pks=view.key(record)),
        back_url=visit.record_url(record) or visit.url(view, "list"),
        list_url=visit.url(view, "list") if view.allows(visit.request, Action.LIST) else None,
    )
    if message:
        visit.site.links.clear(response)
    return response
