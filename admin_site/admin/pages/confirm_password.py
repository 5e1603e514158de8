"""The page on which somebody who is signed in types their password again, to go on to another one."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from admin_site.admin.asked_again import password_page
from admin_site.admin.held import HELD, unseal
from admin_site.admin.pages.drafts import give_back
from admin_site.admin.visit import Visit
from admin_site.errors import PasswordNeeded
from admin_site.security.tokens import safe_next
from admin_site.services.reauthentication import require_recent_password

_DOWNLOADS = re.compile(r"/[^/]+/export/[^/]+")


def confirm_password(visit: Visit) -> Response:
    """Go on to where `next` says, as soon as the password was typed lately enough.

    A browser that is sent on to a download stays on the page it is on, which then says so.
    """
    base = visit.site.base_path(visit.request)
    target = safe_next(visit.request.query_params.get("next", "")) or f"{base}/"
    try:
        require_recent_password(visit.identity)
    except PasswordNeeded:
        if visit.is_post:
            raise
        return password_page(
            visit.site, visit.request, FormData(), back_url=_before(base, target), status=200
        )
    if visit.is_post and (form := unseal(visit.site, str(visit.form.get(HELD, "")))) is not None:
        target = give_back(visit, form)
    if _is_download(base, target):
        title = "Your download begins"
        return visit.page("download_begins.html", title=title, url=target, back_url=_before(base, target))
    return RedirectResponse(target, status_code=303)


def _is_download(base: str, target: str) -> bool:
    return _DOWNLOADS.fullmatch(urlsplit(target).path.removeprefix(base)) is not None


def _before(base: str, target: str) -> str:
    """Return the page that offers what `target` does."""
    if not _is_download(base, target):
        return f"{base}/"
    parts = urlsplit(target)
    listed = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not pair[0].startswith(":")]
    return parts.path.rpartition("/")[0] + (f"?{urlencode(listed)}" if listed else "")
