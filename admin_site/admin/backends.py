"""SQLAdmin's own questions, for pages that are written in its way."""

from collections.abc import Callable
from typing import Any

from sqladmin.authentication import AuthenticationBackend
from sqladmin.authorization import AuthorizationBackend
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from admin_site.permissions import allows_some


class Grants(AuthorizationBackend):
    """SQLAdmin's question "may they do this", answered by permissions."""

    def has_permission(self, request: Request, identity: str, action: str, obj: Any = None) -> bool:
        return allows_some(request.state.identity, action, identity)


class SignedIn(AuthenticationBackend):
    """SQLAdmin's question "who is this", for pages of one's own."""

    def __init__(
        self, to_sign_in: Callable[[Request], Response], refusal: Callable[[Request], Response | None]
    ) -> None:
        self.middlewares = []
        self._to_sign_in = to_sign_in
        self._refusal = refusal

    async def authenticate(self, request: Request) -> Response | bool:
        request.state.identity = await run_in_threadpool(request.state.who.find)
        if request.state.identity is None:
            return self._to_sign_in(request)
        return await run_in_threadpool(self._refusal, request) or True

    async def get_user_id(self, request: Request) -> Any:
        return request.state.identity.user_id
