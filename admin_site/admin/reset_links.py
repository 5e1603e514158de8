"""How a link to set a password reaches the page that shows it, once."""

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from admin_site.admin.visit import Visit
from admin_site.services.links import PasswordLink

if TYPE_CHECKING:
    from admin_site.admin.views import AdminView

PAGE = "reset-link"


def hand_over(visit: Visit, view: "AdminView", record: Any, link: PasswordLink) -> Response:
    """Send the browser on to the page of the link, so that reloading it makes no second one.

    The link goes along in a signed cookie that scripts cannot read and that its page takes away.
    """
    response = RedirectResponse(visit.url(view, PAGE, record), status_code=303)
    message = {
        "key": view.key(record),
        "link": visit.site.settings.password_link(link.token),
        "until": f"{link.expires_at:%H:%M}",
    }
    visit.site.links.leave(visit.request, response, message)
    return response
