"""Between the right password and the code: who may type one, for five minutes, in a sealed cookie."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_site.admin.held import HELD, unseal
from admin_site.admin.visit import Visit
from admin_site.models import User, utc_now
from admin_site.security.tokens import Seal
from admin_site.services.accounts import lets_in

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True)
class Waiting:
    """Somebody whose password was right a moment ago."""

    user: User
    is_kept: bool


def ask_code(
    visit: Visit, user: User, *, target: str = "", held: str = "", is_kept: bool = False
) -> Response:
    """Ask somebody whose password is right for a code of their second factor.

    `target` is where they were going, `held` the form that the page to sign in holds, `is_kept` whether their
    session is to outlive the browser.
    """
    if unseal(visit.site, held) is not None:  # too large for a cookie: the page itself holds it
        response: Response = code_page(visit, target=target, held=held)
    else:
        query = f"?next={quote(target, safe='/')}" if target else ""
        response = RedirectResponse(code_url(visit.site, visit.request) + query, status_code=303)
    facts = [str(user.user_id), _password(visit, user), is_kept, int(utc_now().timestamp())]
    response.set_cookie(
        **_cookie(visit.site), value=_seal(visit.site).sign(facts), max_age=int(LIFETIME.total_seconds())
    )
    return response


def waiting(visit: Visit) -> Waiting | None:
    """Return who may type a code in this browser; None after five minutes, or when their password changed."""
    try:
        user_id, password, is_kept, asked_at = _seal(visit.site).read(
            visit.request.cookies.get(_cookie(visit.site)["key"], "")
        )
        user = visit.session.get(User, uuid.UUID(user_id))
    except (ValueError, TypeError):
        return None
    is_late = utc_now().timestamp() - asked_at > LIFETIME.total_seconds()
    if user is None or is_late or _password(visit, user) != password:
        return None
    if not lets_in(visit.session, user, user.password_hash, now=utc_now()):
        return None
    return Waiting(user, bool(is_kept))


def stop_waiting(site: "AdminSite", response: Response) -> None:
    """Take the cookie away from the browser."""
    response.delete_cookie(**_cookie(site))


def code_page(
    visit: Visit,
    *,
    target: str = "",
    held: str = "",
    error: str = "",
    is_recovery: bool = False,
    status: int = 200,
) -> Response:
    return visit.page(
        "login_code.html",
        status=status,
        title="Enter your code",
        error=error,
        is_recovery=is_recovery,
        next=target,
        held_name=HELD,
        held=held,
        action_url=code_url(visit.site, visit.request),
        sign_in_url=f"{visit.site.base_path(visit.request)}/login",
    )


def code_url(site: "AdminSite", request: Request) -> str:
    return f"{site.base_path(request)}/login/code"


def _cookie(site: "AdminSite") -> dict[str, Any]:
    is_secure = site.settings.is_secure
    key = "__Host-code" if is_secure else "code"
    return {"key": key, "path": "/", "secure": is_secure, "httponly": True, "samesite": "lax"}


def _password(visit: Visit, user: User) -> str:
    """Return a digest of the password they typed: with another one they have to begin again."""
    return _seal(visit.site).digest((user.password_hash or "").encode())


def _seal(site: "AdminSite") -> Seal:
    return site.seals.about("code step")
