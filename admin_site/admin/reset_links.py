"""How a link to set a password, or a temporary password, reaches the page that shows it once."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from admin_site.admin.visit import Visit
from admin_site.services.links import PasswordLink

if TYPE_CHECKING:
    from admin_site.admin.views import AdminView

PAGE = "reset-link"


def hand_over(visit: Visit, view: "AdminView", record: Any, link: PasswordLink) -> Response:
    """Send the browser on to the page of the link, so that reloading it makes no second one."""
    address = visit.site.settings.password_link(link.token)
    return _pass_on(visit, view, record, {"link": address, "until": f"{link.expires_at:%H:%M}"})


def hand_over_password(
    visit: Visit, view: "AdminView", record: Any, password: str, until: datetime | None
) -> Response:
    """Send the browser on to the page of a temporary password, so that reloading it makes no second one."""
    told = f"{until:%Y-%m-%d %H:%M}" if until else ""
    return _pass_on(visit, view, record, {"password": password, "until": told})


def _pass_on(visit: Visit, view: "AdminView", record: Any, message: dict[str, str]) -> Response:
    """Let `message` go along in a signed cookie that scripts cannot read and that its page takes away."""
    response = RedirectResponse(visit.url(view, PAGE, record), status_code=303)
    visit.site.links.leave(visit.request, response, {"key": view.key(record), **message})
    return response
