"""A form that was sent when its session had ended: the sign-in page holds it, and gives it back after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from admin_site.admin.bodies import read_texts
from admin_site.admin.kept_forms import form_at
from admin_site.admin.visit import PANEL_HEADER
from admin_site.errors import NotFound
from admin_site.security.tokens import Seal, safe_next
from admin_site.services.drafts import MAX_SIZE, size_of

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite

HELD = "held"
MAX_HELD = 480 * 1024  # characters of a held form as it travels; the rest of a sign-in has room beside it

ENDED = "You are not signed in any more."
KEPT = "Your form is kept: sign in and it is there again."
NOT_KEPT = "Sign in and do it again: nothing was done yet."
TOO_LARGE = (
    "Your form is too large to be kept here. Sign in in another tab, then go back to the form in this one "
    "and save it again."
)


@dataclass(frozen=True)
class HeldForm:
    """What was typed into the form at `address`."""

    address: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sealed:
    """What a page carries of the form at `address` ("" when it keeps nothing), and what it says of that."""

    address: str
    sealed: str
    notes: tuple[str, ...]


async def answer_signed_out(site: "AdminSite", request: Request) -> Response:
    """Answer somebody who is not signed in: with the page to do that, which holds the form they sent."""
    if wants_json(request) or PANEL_HEADER in request.headers or not _has_page(request):
        return await to_thread.run_sync(turn_away, site, request)
    texts = await read_texts(request)
    return await to_thread.run_sync(_sign_in_page, site, request, texts, limiter=site.entrance)


def turn_away(site: "AdminSite", request: Request) -> Response:
    """Answer somebody who is not signed in and sent nothing."""
    is_panel = PANEL_HEADER in request.headers and not wants_json(request)
    return _panel(site, request) if is_panel else to_sign_in(site, request)


def to_sign_in(site: "AdminSite", request: Request) -> Response:
    """Send somebody who is not signed in to the place where that is done, and back here afterwards."""
    if wants_json(request):
        return JSONResponse({"error": "Sign in first."}, status_code=401)
    here, home = _here(request), f"{site.base_path(request)}/"
    is_worth_it = request.method == "GET" and here not in ("", home)
    return RedirectResponse(sign_in_url(site, request, here if is_worth_it else ""), status_code=303)


def sign_in_url(site: "AdminSite", request: Request, target: str) -> str:
    """Return where one signs in to go on to `target`, a path of this site."""
    return f"{site.base_path(request)}/login" + (f"?next={quote(target, safe='/')}" if target else "")


def wants_json(request: Request) -> bool:
    """Whether a script asks, which reads no page."""
    return "application/json" in request.headers.get("accept", "")


def unseal(site: "AdminSite", text: str) -> HeldForm | None:
    """Return the form that a sign-in page of this site holds, or None for what none of ours made."""
    try:
        address, fields = _seal(site).read(text)
    except ValueError:
        return None
    return HeldForm(address, tuple((name, value) for name, value in fields))


def hold(site: "AdminSite", request: Request, texts: Sequence[tuple[str, str]] | None) -> Sealed:
    """Return what a page can hold of the texts of the form that was sent, None being too many of them."""
    try:
        form = form_at(site, request, safe_next(_here(request)))
    except NotFound:
        return Sealed(safe_next(_here(request)), "", (NOT_KEPT,))
    fields = form.keepable(texts) if texts is not None else []
    held = _seal(site).sign([form.address, fields]) if texts is not None else ""
    if not held or size_of(fields) > MAX_SIZE or len(held) > MAX_HELD:
        return Sealed(form.address, "", (TOO_LARGE,))
    return Sealed(form.address, held, (KEPT, *_not_kept(form.left_out)))


def _seal(site: "AdminSite") -> Seal:
    return site.seals.about("held form")


def _sign_in_page(site: "AdminSite", request: Request, texts: Sequence[tuple[str, str]] | None) -> Response:
    """Return the page to sign in, in the place of what a form's answer would have been."""
    form = hold(site, request, texts)
    return site.render(
        request,
        "login.html",
        status=401,
        title="Sign in",
        error="",
        notes=[ENDED, *form.notes],
        held=form.sealed,
        username="",
        next=form.address,
        action_url=f"{site.base_path(request)}/login",
    )


def _not_kept(labels: Sequence[str]) -> list[str]:
    words = f"Files and secrets are not kept: enter them again there ({', '.join(labels)})."
    return [words] if labels else []


def _panel(site: "AdminSite", request: Request) -> Response:
    """Return what a script shows where the answer was to be: the page that is open loses nothing."""
    response = site.render(
        request, "signed_out.html", status=401, sign_in_url=f"{site.base_path(request)}/login"
    )
    response.headers["Vary"] = PANEL_HEADER
    return response


def _here(request: Request) -> str:
    return safe_next(request.url.path + (f"?{request.url.query}" if request.url.query else ""))


def _has_page(request: Request) -> bool:
    """Whether there is a page at the address that a form was sent to."""
    return "GET" in (getattr(request.scope.get("route"), "methods", None) or ())
