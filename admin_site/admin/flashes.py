"""A message from one page to the next."""

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from admin_site.permissions import Identity

COOKIE = "flash"
SECONDS = 60  # by when the next page has long been asked for

Message = dict[str, str]


class Flashes:
    """Messages in a signed cookie, shown once, to whom they were left for.

    A cookie that somebody else's browser was given says nothing there: it names the session it belongs to.
    The first of the keys signs; what any of the others signed is read too.
    """

    def __init__(self, *secret_keys: str, path: str, is_secure: bool, cookie: str = COOKIE) -> None:
        self._signer = URLSafeSerializer(secret_keys[::-1], salt=cookie)  # the last one signs
        self._cookie = cookie
        self._path = path
        self._is_secure = is_secure

    def leave(self, request: Request, response: Response, message: Message) -> None:
        """Let `message` greet the person behind `request` on the next page."""
        response.set_cookie(
            self._cookie,
            self._signer.dumps([_session_of(request), message]),
            max_age=SECONDS,
            path=self._path,
            httponly=True,
            samesite="lax",
            secure=self._is_secure,
        )

    def read(self, request: Request) -> Message:
        """Return the message the last page left for this one, or an empty one."""
        try:
            whose, message = self._signer.loads(request.cookies.get(self._cookie, ""))
        except (BadData, ValueError):
            return {}
        found: Message = message if whose == _session_of(request) else {}
        return found

    def clear(self, response: Response) -> None:
        response.delete_cookie(self._cookie, path=self._path)


def _session_of(request: Request) -> str:
    """Return which session a request belongs to; "" where nobody is signed in."""
    identity: Identity | None = getattr(request.state, "identity", None)
    return str(identity.session_id) if identity else ""
