"""The way in and out: sign-in, sign-out, and the links that set a password."""

from dataclasses import dataclass, field
from functools import partial

from itsdangerous import BadData
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from admin_site.admin.bodies import MAX_PUBLIC_BODY
from admin_site.admin.code_step import ask_code
from admin_site.admin.held import HELD, KEPT, unseal
from admin_site.admin.pages.drafts import give_back
from admin_site.admin.visit import Visit
from admin_site.errors import Conflict, Invalid, LinkExpired, TooManyAttempts
from admin_site.models import User
from admin_site.models.accounts import SESSION_LIFETIME
from admin_site.security.passwords import minimum_length
from admin_site.security.tokens import safe_next
from admin_site.services import accounts, second_factors
from admin_site.services.links import peek_link
from admin_site.services.sessions import identify

LINK_COOKIE = "password_link"
LONGEST_LINK = (
    100  # characters of a token; ours have 43, and a cookie must not grow beyond what browsers take
)
TITLE = "Set your password"


@dataclass(frozen=True)
class Typed:
    """What the page to sign in brings back beside the password."""

    target: str = ""
    held: str = field(default="", repr=False)
    username: str = ""
    is_kept: bool = False


def sign_in(visit: Visit) -> Response:
    target = safe_next(visit.request.query_params.get("next", ""))
    if not visit.is_post:
        if visit.request.state.identity is not None:
            return RedirectResponse(target or _home(visit), status_code=303)
        return _sign_in_page(visit, Typed(target))
    if sum(len(str(value)) for name, value in visit.form.multi_items() if name != HELD) > MAX_PUBLIC_BODY:
        raise HTTPException(413)
    typed = Typed(
        target=safe_next(_posted(visit, "next")),
        held=_posted(visit, HELD),
        username=_posted(visit, "username"),
        is_kept=bool(_posted(visit, "keep")),
    )
    try:
        done = accounts.sign_in(
            visit.session,
            typed.username,
            _posted(visit, "password"),
            ip_address=visit.request.state.client_address,
            user_agent=visit.request.headers.get("user-agent"),
            is_kept=typed.is_kept,
            replaces=visit.site.cookie.read(visit.request.cookies),
            passwords=visit.site.passwords,
        )
    except accounts.SignInRefused as refusal:
        visit.session.commit()  # the failed attempt is on record
        return _sign_in_page(visit, typed, status=400, error=str(refusal))
    except TooManyAttempts as refusal:
        visit.session.rollback()
        response = _sign_in_page(visit, typed, status=429, error=str(refusal))
        response.headers["Retry-After"] = str(refusal.retry_after)
        return response
    visit.session.commit()  # before the browser holds a token of this session
    if isinstance(done, accounts.CodeNeeded):
        return ask_code(visit, done.user, target=typed.target, held=typed.held, is_kept=typed.is_kept)
    return let_in(visit, done.token, target=typed.target, held=typed.held, is_kept=typed.is_kept)


def let_in(visit: Visit, token: str, *, target: str = "", held: str = "", is_kept: bool = False) -> Response:
    """Send somebody who is signed in with `token` on to where they were going, or to the form they had sent.

    A session that `is_kept` outlives the browser.
    """
    if (form := unseal(visit.site, held)) is not None:
        visit.request.state.identity = identify(visit.session, token)
        target = give_back(visit, form)
    response = RedirectResponse(target or _home(visit), status_code=303)
    lifetime = int(SESSION_LIFETIME.total_seconds()) if is_kept else None
    response.set_cookie(**visit.site.cookie.attributes(token), max_age=lifetime)
    return response


def sign_out(visit: Visit) -> Response:
    token = visit.site.cookie.read(visit.request.cookies)
    if token is not None:
        accounts.sign_out(visit.session, token)
    visit.session.commit()
    response = RedirectResponse(f"{visit.site.base_path(visit.request)}/login", status_code=303)
    response.delete_cookie(**visit.site.cookie.removal())
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


def open_password_link(visit: Visit) -> Response:
    """Take the token out of the address, which browsers remember and send on, and change nothing else."""
    path = f"{visit.site.base_path(visit.request)}/set-password"
    response = RedirectResponse(path, status_code=303)
    response.set_cookie(
        LINK_COOKIE,
        visit.site.link_signer.dumps(visit.request.path_params["token"][:LONGEST_LINK]),
        max_age=3600,
        path=path,
        httponly=True,
        samesite="lax",
        secure=visit.site.settings.is_secure,
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def set_password(visit: Visit) -> Response:
    token = _link_token(visit)
    user = peek_link(visit.session, token)
    shown = partial(_password_page, visit, user.user_name, _minimum(visit, user))
    if not visit.is_post:
        return shown()
    password = _posted(visit, "password")
    if password != _posted(visit, "password_again"):
        return shown("The two passwords are not the same.")
    try:
        accounts.redeem_link(visit.session, token, password, passwords=visit.site.passwords)
        visit.session.commit()
    except Invalid as error:
        visit.session.rollback()
        return shown(str(error))
    except Conflict as error:
        visit.session.rollback()
        return shown(str(error), status=409)
    login = f"{visit.site.base_path(visit.request)}/login"
    response = visit.go(login, "Your password is set. Sign in with it.")
    response.delete_cookie(LINK_COOKIE, path=f"{visit.site.base_path(visit.request)}/set-password")
    return response


def _sign_in_page(visit: Visit, typed: Typed, *, status: int = 200, error: str = "") -> Response:
    is_held = unseal(visit.site, typed.held) is not None
    return visit.page(
        "login.html",
        status=status,
        title="Sign in",
        error=error,
        notes=[KEPT] if is_held else [],
        held=typed.held if is_held else "",
        username=typed.username,
        is_kept=typed.is_kept,
        next=typed.target,
        action_url=f"{visit.site.base_path(visit.request)}/login",
    )


def _minimum(visit: Visit, user: User) -> int:
    return minimum_length(second_factors.is_on(visit.session, user))


def _password_page(visit: Visit, user_name: str, minimum: int, error: str = "", status: int = 0) -> Response:
    return visit.page(
        "set_password.html",
        status=status or (400 if error else 200),
        title=TITLE,
        error=error,
        action_url=f"{visit.site.base_path(visit.request)}/set-password",
        minimum=minimum,
        user_name=user_name,
    )


def _link_token(visit: Visit) -> str:
    try:
        return str(visit.site.link_signer.loads(visit.request.cookies.get(LINK_COOKIE, "")))
    except BadData:
        raise LinkExpired from None


def _posted(visit: Visit, name: str) -> str:
    value = visit.form.get(name, "")
    return value if isinstance(value, str) else ""


def _home(visit: Visit) -> str:
    return f"{visit.site.base_path(visit.request)}/"
