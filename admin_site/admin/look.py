"""How pages are to be for who asks: in which language and which theme, by which clock."""

from dataclasses import replace

from starlette.requests import Request

from admin_site.languages import LANGUAGES, asked_for
from admin_site.permissions import Identity, Preferences
from admin_site.services.preferences import choices

KEPT = ("language", "theme")
"""The cookies in which a browser keeps what was chosen, for pages that nobody is signed in to see."""


def look_of(request: Request, identity: Identity | None) -> Preferences:
    """Return what who is signed in chose, else what was last chosen in this browser.

    Where nobody chose a language it is the one that the browser asks for.
    """
    kept = {name: request.cookies.get(name, "") for name in KEPT}
    known = {name: value for name, value in kept.items() if value in choices(name)}
    chosen = identity.preferences if identity else Preferences(**known)
    is_ours = chosen.language in LANGUAGES
    language = chosen.language if is_ours else asked_for(request.headers.get("accept-language", ""))
    return replace(chosen, language=language)
