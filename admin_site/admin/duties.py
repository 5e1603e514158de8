"""What somebody has to do first: until then every page leads there."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from admin_site.admin.held import wants_json
from admin_site.admin.visit import PANEL_HEADER
from admin_site.permissions import Duty, Identity

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite

PAGES = {Duty.CHANGE_PASSWORD: "/account/password", Duty.SET_UP_SECOND_FACTOR: "/account/second-factor"}
"""Where each duty is done, below the path of the site."""

WORDS = {
    Duty.CHANGE_PASSWORD: "Choose a password of your own first.",
    Duty.SET_UP_SECOND_FACTOR: "Set up a second factor first.",
}

OPEN = {
    Duty.CHANGE_PASSWORD: frozenset({"account_password", "logout"}),
    Duty.SET_UP_SECOND_FACTOR: frozenset(
        {"account_second_factor", "account_password", "confirm_password", "logout"}
    ),
}
"""The routes, by name, that somebody who has a duty may use all the same."""


def to_duty(site: "AdminSite", request: Request, identity: Identity | None) -> Response | None:
    """Return what leads somebody to what they have to do first; None where they may go on."""
    if identity is None or identity.duty is None:
        return None
    if getattr(request.scope.get("route"), "name", "") in OPEN[identity.duty]:
        return None
    if wants_json(request):
        return JSONResponse({"error": WORDS[identity.duty]}, status_code=403)
    url = site.base_path(request) + PAGES[identity.duty]
    if PANEL_HEADER in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": url})
    return RedirectResponse(url, status_code=303)
