"""The password asked again: a page holds what was asked for, which then goes on."""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from admin_site.admin import session_cookies
from admin_site.admin.held import HELD, hold, wants_json
from admin_site.admin.kept_forms import PASSWORD_AGAIN as PASSWORD
from admin_site.admin.once import answer_once
from admin_site.admin.visit import IN_DIALOG, PANEL_HEADER, SAFE_METHODS, Page, Visit
from admin_site.errors import Forbidden, Invalid, PasswordNeeded, TooManyAttempts
from admin_site.models import User, utc_now
from admin_site.security.tokens import safe_next
from admin_site.services.reauthentication import check_own_password, note_confirmed

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite

TITLE = "Enter your password again"
KEPT = "Then it goes on: nothing you typed is lost."
NOTHING_TYPED = "Then it goes on."
NO_FILES = "Then your form is there again. Choose its files once more: they are not kept."
NOT_KEPT = "Then do it again: nothing was done yet, and what you sent cannot be kept."

_CONFIRMED = "has_confirmed_password"


def ask(site: "AdminSite", request: Request, form: FormData, back_url: str = "") -> Response:
    """Answer that what was asked for takes the password once more; `back_url` is where it can be left."""
    if wants_json(request):
        facts = {"error": str(PasswordNeeded()), "confirm_url": confirm_url(site, request)}
        return JSONResponse(facts, status_code=403)
    if request.method in SAFE_METHODS:
        return RedirectResponse(confirm_url(site, request), status_code=303)
    return password_page(site, request, form, back_url=back_url)


def confirm_url(site: "AdminSite", request: Request, target: str | None = None) -> str:
    """Return where the password is typed again to go on to `target`, by default to what was asked for."""
    here = safe_next(_here(request)) if target is None else target
    return f"{site.base_path(request)}/confirm-password" + (f"?next={quote(here, safe='/')}" if here else "")


def password_page(
    site: "AdminSite",
    request: Request,
    form: FormData,
    *,
    back_url: str = "",
    error: str = "",
    status: int = 403,
) -> Response:
    """Return the page whose form is the one that was sent, with a field for the password.

    No page can hold files. Where some were sent, the form as it was typed is given back instead.
    """
    texts = [(name, text) for name, text in form.multi_items() if isinstance(text, str) and name != PASSWORD]
    files = [(name, file) for name, file in form.multi_items() if isinstance(file, UploadFile)]
    is_kept = not any(file.filename for _, file in files)
    address, held = (_here(request), "") if is_kept else _given_back(site, request, texts)
    in_dialog = request.headers.get(PANEL_HEADER) == IN_DIALOG
    response = site.render(
        request,
        "password_again_dialog.html" if in_dialog else "password_again.html",
        status=status,
        title=TITLE,
        lead=_lead(texts, is_kept, held),
        error=error,
        action_url=address,
        fields=texts if is_kept else [(HELD, held)],
        empty_files=[name for name, _ in files] if is_kept else [],
        is_multipart=bool(files) and is_kept,
        password_name=PASSWORD,
        user_name=request.state.identity.user_name,
        duty=request.state.identity.duty,
        back_url=back_url or f"{site.base_path(request)}/",
    )
    if in_dialog:
        response.headers["Vary"] = PANEL_HEADER
    return response


def answer_confirmed(visit: Visit, page: Page, back_url: str = "") -> Response:
    """Return the answer of a page to a form that brings the password along."""
    session, request, typed = visit.session, visit.request, str(visit.form.get(PASSWORD, ""))
    user = session.get_one(User, visit.identity.user_id)
    try:
        check_own_password(
            session, user, typed, ip_address=request.state.client_address, passwords=visit.site.passwords
        )
    except Invalid as refusal:
        session.commit()  # the failed attempt is on record
        return _again(visit, back_url, refusal.errors["current_password"], status=403)
    except TooManyAttempts as refusal:
        session.rollback()
        response = _again(visit, back_url, str(refusal), status=429)
        response.headers["Retry-After"] = str(refusal.retry_after)
        return response
    note_confirmed(session, user)
    session.commit()  # whatever becomes of what was asked for
    request.state.identity = replace(visit.identity, authenticated_at=utc_now())
    setattr(request.state, _CONFIRMED, True)
    visit.form = FormData([pair for pair in visit.form.multi_items() if pair[0] != PASSWORD])
    return answer_once(visit, page)


def renew(site: "AdminSite", request: Request, response: Response) -> Response:
    """Give the browser of somebody who typed the password again a new session id, with their answer."""
    identity = request.state.identity
    if not getattr(request.state, _CONFIRMED, False) or identity is None or identity.session_id is None:
        return response
    with suppress(Forbidden), site.database.session() as session:  # it may have ended in the page
        session_cookies.renew(site, session, response, identity.session_id, has_authenticated=True)
    return response


def _lead(texts: list[tuple[str, str]], is_kept: bool, held: str) -> str:
    """Return what a page says of what was sent."""
    if is_kept:
        return KEPT if texts else NOTHING_TYPED
    return NO_FILES if held else NOT_KEPT


def _again(visit: Visit, back_url: str, error: str, status: int) -> Response:
    return password_page(visit.site, visit.request, visit.form, back_url=back_url, error=error, status=status)


def _given_back(site: "AdminSite", request: Request, texts: list[tuple[str, Any]]) -> tuple[str, str]:
    """Return where the password is typed for a form that is given back then, and that form."""
    form = hold(site, request, texts)
    return confirm_url(site, request, form.address), form.sealed


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
