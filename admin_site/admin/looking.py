"""What stays closed to somebody who looks at the site as somebody else does."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from admin_site.admin.visit import SAFE_METHODS
from admin_site.errors import Forbidden
from admin_site.permissions import Identity, Viewer

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite

WAYS_OUT = frozenset({"logout", "stop_viewing"})
"""The routes that are open to a POST, by name: they end it."""

PERSONAL = ("/account", "/drafts", "/login", "/set-password", "/forgot-password", "/confirm-password")
"""The pages, below the site's own path, that are about one person and nobody else."""


def refuse_while_looking(identity: Identity | None, request: Request, base_path: str) -> None:
    """Raise Forbidden for what changes something, or is nobody else's to see, while looking as somebody."""
    if identity is None or identity.viewer is None:
        return
    route = getattr(request.scope.get("route"), "name", "")
    path = request.url.path.removeprefix(base_path)
    if request.method not in SAFE_METHODS and route not in WAYS_OUT:
        raise Forbidden(
            f"You look at the site as {identity.name} does. Nothing can be changed until you stop that."
        )
    if any(path == page or path.startswith(f"{page}/") for page in PERSONAL):
        raise Forbidden(f"This page is for {identity.name} alone. Stop looking as somebody else first.")


def banner(site: "AdminSite", request: Request, identity: Identity | None) -> dict[str, Any] | None:
    """Return what every page says while somebody looks as somebody else, None for everybody else."""
    if identity is None or identity.viewer is None:
        return None
    return {
        "name": identity.name,
        "user_name": identity.user_name,
        "reason": identity.viewer.reason,
        "until_iso": identity.viewer.until.isoformat(),
        "until_text": _clock(identity.viewer),
        "stop_url": f"{site.base_path(request)}/stop-viewing",
    }


def _clock(viewer: Viewer) -> str:
    until: datetime = viewer.until
    return f"{until:%H:%M} UTC"
