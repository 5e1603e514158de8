"""From a page to an answer: the form is read, the page runs, a refusal becomes a page in words."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import OperationalError, TimeoutError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from admin_site import audit
from admin_site.admin.asked_again import answer_confirmed, ask, renew
from admin_site.admin.bodies import read_form
from admin_site.admin.duties import to_duty
from admin_site.admin.held import answer_signed_out, turn_away
from admin_site.admin.kept_forms import PASSWORD_AGAIN
from admin_site.admin.looking import refuse_while_looking
from admin_site.admin.once import answer_once
from admin_site.admin.visit import SAFE_METHODS, Page, Visit
from admin_site.errors import (
    AdminSiteError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    LinkExpired,
    NotFound,
    PasswordNeeded,
    TooManyAttempts,
    TooSlow,
)
from admin_site.models.audit import NOBODY
from admin_site.permissions import Identity
from admin_site.security.tokens import safe_next
from admin_site.services.grants import offer
from admin_site.services.guards import note_refusal

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite

MAX_WAITING = 100  # for a turn at the entrance

STATUS: dict[type[AdminSiteError], tuple[int, str]] = {
    BadRequest: (400, "That does not work"),
    Invalid: (400, "That cannot be saved"),
    Forbidden: (403, "You may not see this"),
    NotFound: (404, "Nothing here"),
    Conflict: (409, "That is not possible now"),
    LinkExpired: (410, "This link no longer works"),
    TooManyAttempts: (429, "Too many attempts"),
    TooSlow: (503, "This takes too long"),
}
"""How each refusal is answered: the status and the title of its page."""

TITLES = {
    400: ("That does not work", "The request could not be understood."),
    403: ("You may not see this", "Ask an administrator if you think you should."),
    404: ("Nothing here", "There is no such page."),
    405: ("Not like this", "This address does not answer that kind of request."),
    413: ("Too much at once", "This is larger than the site accepts. Nothing was saved; go back to find it."),
    500: ("Something broke", "The fault is ours and has been logged. Nothing was saved."),
    503: ("The database does not answer", "Try again in a moment. Nothing was saved."),
}


def endpoint(site: "AdminSite", page: Page, *, public: int = 0) -> Any:
    """Return `page` as a route's endpoint: it reads the form, then the page runs in a worker thread.

    `public` says that anybody may ask, and how many bytes they may send.
    """

    async def answer(request: Request) -> Response:
        form = FormData()
        if request.method not in SAFE_METHODS:
            request.state.identity = await to_thread.run_sync(request.state.who.find)
            if request.state.identity is None and not public:
                return await answer_signed_out(site, request)
            form = await read_form(request, public)
        arguments = site, page, request, form, bool(public)
        return await to_thread.run_sync(_answer, *arguments, limiter=_turns(site, public))

    return answer


def error_page(
    site: "AdminSite", request: Request, status: int, title: str = "", message: str = "", back_url: str = ""
) -> Response:
    """Answer in words: a page, or JSON for who asked for that alone.

    The page leads to `back_url`, or else to where the person came from.
    """
    default_title, default_message = TITLES.get(status, ("That did not work", ""))
    accepted = request.headers.get("accept", "")
    if "application/json" in accepted and "text/html" not in accepted:
        return JSONResponse({"error": message or default_message}, status_code=status)
    return site.render(
        request,
        "error.html",
        status=status,
        title=title or default_title,
        message=message or default_message,
        home_url=f"{site.base_path(request)}/",
        back_url=back_url or came_from(request),
    )


async def http_error_page(site: "AdminSite", request: Request, error: HTTPException) -> Response:
    """Answer what the framework refuses, such as a path that nobody made."""
    words = error.detail if error.status_code == 400 else ""
    response = await run_in_threadpool(error_page, site, request, error.status_code, "", words)
    response.headers.update(error.headers or {})
    return response


def failure_page(site: "AdminSite", request: Request, error: Exception) -> Response:
    """Answer what no page foresaw; the server logs the traceback."""
    return error_page(site, request, 503 if isinstance(error, (OperationalError, TimeoutError)) else 500)


def refusal_of_own_page(site: "AdminSite", request: Request) -> Response | None:
    """Return why a page that somebody wrote in SQLAdmin's way stays closed to who is signed in, or None."""
    identity: Identity | None = request.state.identity
    if (elsewhere := to_duty(site, request, identity)) is not None:
        return elsewhere
    try:
        refuse_while_looking(identity, request, site.base_path(request))
    except Forbidden as refusal:
        _note_refusal(site, request, identity, refusal)
        return error_page(site, request, 403, "You may not do this", str(refusal))
    return None


def _answer(site: "AdminSite", page: Page, request: Request, form: FormData, public: bool) -> Response:
    return renew(site, request, _answer_or_refuse(site, page, request, form, public))


def _answer_or_refuse(
    site: "AdminSite", page: Page, request: Request, form: FormData, public: bool
) -> Response:
    identity: Identity | None = None
    try:
        site.look_at_database()
        with site.database.session() as session:
            identity = request.state.identity = request.state.who.find(session)
            if identity is None and not public:
                return turn_away(site, request)
            audit.attribute(session, _act(request, identity))
            refuse_while_looking(identity, request, site.base_path(request))
            if not public and (elsewhere := to_duty(site, request, identity)) is not None:
                return elsewhere
            offer(session, site.grantable)
            visit = Visit(site, request, session, form)
            if PASSWORD_AGAIN in form and not public:
                return answer_confirmed(visit, page, came_from(request))
            return answer_once(visit, page)
    except PasswordNeeded:
        return ask(site, request, form, came_from(request))
    except AdminSiteError as error:
        if isinstance(error, Forbidden) and request.method not in SAFE_METHODS:
            _note_refusal(site, request, identity, error)
        status, title = next(answer for kind, answer in STATUS.items() if isinstance(error, kind))
        if isinstance(error, Forbidden) and request.method not in SAFE_METHODS:
            title = "You may not do this"
        response = error_page(site, request, status, title, str(error))
        if isinstance(error, TooManyAttempts):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    finally:
        request.state.who.note()


def came_from(request: Request) -> str:
    """Return the page of this site that led here, "" when there is none or it is this one."""
    try:
        source = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    path = safe_next(source.path + (f"?{source.query}" if source.query else ""))
    is_this = source.path == request.url.path and request.method in SAFE_METHODS
    return path if source.netloc == request.url.netloc and not is_this else ""


def _note_refusal(site: "AdminSite", request: Request, identity: Identity | None, refusal: Forbidden) -> None:
    with site.database.session() as session:
        audit.attribute(session, _act(request, identity))
        note_refusal(session, refusal, label=request.url.path)


def _turns(site: "AdminSite", public: int) -> CapacityLimiter | None:
    """Return whose turns a page takes: hashing passwords must not keep others from their work."""
    if not public:
        return None
    if site.entrance.statistics().tasks_waiting >= MAX_WAITING:
        raise HTTPException(503, headers={"Retry-After": "10"})
    return site.entrance


def _act(request: Request, identity: Identity | None) -> audit.Act:
    return audit.Act(
        actor_id=str((identity.viewer or identity).user_id) if identity else None,
        actor_name=identity.signature if identity else NOBODY,
        request_id=request.state.request_id,
        ip_address=request.state.client_address,
    )
