"""A message from one page to the next."""

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "flash"
SECONDS = 60  # by when the next page has long been asked for

Message = dict[str, str]


class Flashes:
    """Messages in a signed cookie, shown once."""

    def __init__(self, secret_key: str, *, path: str, is_secure: bool) -> None:
        self._signer = URLSafeSerializer(secret_key, salt="flash")
        self._path = path
        self._is_secure = is_secure

    def leave(self, response: Response, message: Message) -> None:
        """Let `message` greet the person on the next page."""
        response.set_cookie(
            COOKIE,
            self._signer.dumps(message),
            max_age=SECONDS,
            path=self._path,
            httponly=True,
            samesite="lax",
            secure=self._is_secure,
        )

    def read(self, request: Request) -> Message:
        """Return the message the last page left for this one, or an empty one."""
        try:
            message: Message = self._signer.loads(request.cookies.get(COOKIE, ""))
        except BadData:
            return {}
        return message

    def clear(self, response: Response) -> None:
        response.delete_cookie(COOKIE, path=self._path)
