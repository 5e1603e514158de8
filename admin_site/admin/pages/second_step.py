"""The second step of a sign-in: the code of an authenticator, or one that stands in for it."""

from starlette.responses import RedirectResponse, Response

from admin_site.admin.code_step import Waiting, code_page, stop_waiting, waiting
from admin_site.admin.held import HELD, sign_in_url, unseal
from admin_site.admin.pages.entrance import let_in
from admin_site.admin.visit import Visit
from admin_site.errors import TooManyAttempts
from admin_site.security.tokens import safe_next
from admin_site.services import accounts
from admin_site.services.code_step import CodeRefused, check_code


def enter_code(visit: Visit) -> Response:
    """Let in who types a right code within five minutes after the right password."""
    target = safe_next(visit.request.query_params.get("next", "") or _posted(visit, "next"))
    somebody = waiting(visit)
    if somebody is None or visit.request.state.identity is not None:
        return _without_cookie(
            visit, RedirectResponse(sign_in_url(visit.site, visit.request, target), status_code=303)
        )
    if not visit.is_post:
        return code_page(visit, target=target)
    code = _posted(visit, "recovery_code").strip() or _posted(visit, "code")
    try:
        check_code(visit.session, somebody.user, code, ip_address=visit.request.state.client_address)
    except (CodeRefused, TooManyAttempts) as refusal:
        visit.session.commit()  # the failed attempt is on record
        return _again(visit, target, refusal)
    return _without_cookie(visit, _let_in(visit, somebody, target))


def _let_in(visit: Visit, somebody: Waiting, target: str) -> Response:
    token = accounts.admit(
        visit.session,
        somebody.user,
        ip_address=visit.request.state.client_address,
        user_agent=visit.request.headers.get("user-agent"),
        is_kept=somebody.is_kept,
        replaces=visit.site.cookie.read(visit.request.cookies),
    )
    visit.session.commit()  # before the browser holds a token of this session
    return let_in(visit, token, target=target, held=_posted(visit, HELD), is_kept=somebody.is_kept)


def _again(visit: Visit, target: str, refusal: CodeRefused | TooManyAttempts) -> Response:
    held = _posted(visit, HELD)
    response = code_page(
        visit,
        target=target,
        held=held if unseal(visit.site, held) is not None else "",
        error=str(refusal),
        is_recovery=bool(_posted(visit, "recovery_code").strip()),
        status=429 if isinstance(refusal, TooManyAttempts) else 400,
    )
    if isinstance(refusal, TooManyAttempts):
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _without_cookie(visit: Visit, response: Response) -> Response:
    stop_waiting(visit.site, response)
    return response


def _posted(visit: Visit, name: str) -> str:
    value = visit.form.get(name, "")
    return value if isinstance(value, str) else ""
