"""The page of those who have forgotten their password."""

from starlette.responses import RedirectResponse, Response

from admin_site.admin.visit import Visit
from admin_site.errors import TooManyAttempts
from admin_site.services.forgotten import ask_for_link

SENT = "sent"
NOTHING_TYPED = "Enter your user name or your e-mail address."
TOO_OFTEN = "Links were asked for too often from where you are. Wait a few minutes, then try again."


def forgot_password(visit: Visit) -> Response:
    """Ask for a name; the answer is the same whoever has it, if anybody does."""
    if not visit.site.settings.can_send_mail:
        return _page(visit, status=409 if visit.is_post else 200)
    if not visit.is_post:
        return _page(visit, is_sent=SENT in visit.request.query_params)
    name = visit.form.get("username", "")
    if not isinstance(name, str) or not name.strip():
        return _page(visit, status=400, error=NOTHING_TYPED)
    try:
        ask_for_link(visit.session, name, address=visit.request.state.client_address)
    except TooManyAttempts as refusal:
        visit.session.rollback()
        response = _page(visit, status=429, error=TOO_OFTEN, username=name)
        response.headers["Retry-After"] = str(refusal.retry_after)
        return response
    visit.session.commit()
    return RedirectResponse(f"{_address(visit)}?{SENT}=yes", status_code=303)


def _page(
    visit: Visit, *, status: int = 200, error: str = "", username: str = "", is_sent: bool = False
) -> Response:
    return visit.page(
        "forgot_password.html",
        status=status,
        title="Look into your mail" if is_sent else "Forgot your password?",
        error=error,
        username=username,
        is_sent=is_sent,
        can_send_mail=visit.site.settings.can_send_mail,
        action_url=_address(visit),
        login_url=f"{visit.site.base_path(visit.request)}/login",
    )


def _address(visit: Visit) -> str:
    return f"{visit.site.base_path(visit.request)}/forgot-password"
