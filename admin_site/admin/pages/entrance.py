"""The way in and out: sign-in, sign-out, and the links that set a password."""

from itsdangerous import BadData
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from admin_site.admin.bodies import MAX_PUBLIC_BODY
from admin_site.admin.held import HELD, KEPT, unseal
from admin_site.admin.pages.drafts import give_back
from admin_site.admin.visit import Visit
from admin_site.errors import Conflict, Invalid, LinkExpired
from admin_site.security.passwords import MINIMUM
from admin_site.security.tokens import safe_next
from admin_site.services import accounts
from admin_site.services.links import peek_link
from admin_site.services.sessions import identify

LINK_COOKIE = "password_link"
TITLE = "Set your password"


def sign_in(visit: Visit) -> Response:
    target = safe_next(visit.request.query_params.get("next", ""))
    if not visit.is_post:
        if visit.request.state.identity is not None:
            return RedirectResponse(target or _home(visit), status_code=303)
        return _sign_in_page(visit, target)
    target, held = safe_next(_posted(visit, "next")), _posted(visit, HELD)
    if sum(len(str(value)) for name, value in visit.form.multi_items() if name != HELD) > MAX_PUBLIC_BODY:
        raise HTTPException(413)
    request = visit.request
    try:
        _, token = accounts.sign_in(
            visit.session,
            _posted(visit, "username"),
            _posted(visit, "password"),
            ip_address=request.client.host if request.client else None,
            user_agent=request.headers.get("user-agent"),
            replaces=visit.site.cookie.read(request.cookies),
            passwords=visit.site.passwords,
        )
    except accounts.SignInRefused as refusal:
        visit.session.commit()  # the failed attempt is on record
        username = _posted(visit, "username")
        return _sign_in_page(visit, target, status=400, username=username, error=str(refusal), held=held)
    visit.session.commit()  # before the browser holds a token of this session
    if (form := unseal(visit.site, held)) is not None:
        visit.request.state.identity = identify(visit.session, token)
        target = give_back(visit, form)
    response = RedirectResponse(target or _home(visit), status_code=303)
    response.set_cookie(**visit.site.cookie.attributes(token))
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
        visit.site.link_signer.dumps(visit.request.path_params["token"]),
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
    name = user.user_name
    if not visit.is_post:
        return _password_page(visit, name)
    password = _posted(visit, "password")
    if password != _posted(visit, "password_again"):
        return _password_page(visit, name, "The two passwords are not the same.")
    try:
        accounts.redeem_link(visit.session, token, password, passwords=visit.site.passwords)
        visit.session.commit()
    except Invalid as error:
        visit.session.rollback()
        return _password_page(visit, name, str(error))
    except Conflict as error:
        visit.session.rollback()
        return _password_page(visit, name, str(error), status=409)
    login = f"{visit.site.base_path(visit.request)}/login"
    response = visit.go(login, "Your password is set. Sign in with it.")
    response.delete_cookie(LINK_COOKIE, path=f"{visit.site.base_path(visit.request)}/set-password")
    return response


def _sign_in_page(
    visit: Visit, target: str, *, status: int = 200, username: str = "", error: str = "", held: str = ""
) -> Response:
    is_held = unseal(visit.site, held) is not None
    return visit.page(
        "login.html",
        status=status,
        title="Sign in",
        error=error,
        notes=[KEPT] if is_held else [],
        held=held if is_held else "",
        username=username,
        next=target,
        action_url=f"{visit.site.base_path(visit.request)}/login",
    )


def _password_page(visit: Visit, user_name: str, error: str = "", status: int = 0) -> Response:
    return visit.page(
        "set_password.html",
        status=status or (400 if error else 200),
        title=TITLE,
        error=error,
        action_url=f"{visit.site.base_path(visit.request)}/set-password",
        minimum=MINIMUM,
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
