"""What happens to every request before a page sees it, and to every response after."""

import uuid
from collections.abc import Iterable, Sequence
from contextlib import nullcontext, suppress
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.orm import Session
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin_site.config import LOOPBACK_HOSTS
from admin_site.database import Database
from admin_site.permissions import Identity
from admin_site.security.tokens import SessionCookie
from admin_site.services.sessions import identify, is_use_to_be_noted, note_use

STATIC = ("/static/", "/admin/statics/")  # the same files for everybody: no data, no identity

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
Network = IPv4Network | IPv6Network

STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class SecurityHeaders:
    """Tells the browser what no page of the site ever does.

    It must stand outside everything, the handler of unforeseen errors included.
    """

    def __init__(self, app: ASGIApp, *, is_secure: bool, static: Iterable[str] = STATIC) -> None:
        self.app = app
        self.is_secure = is_secure
        self.static = tuple(static)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message), is_static=scope["path"].startswith(self.static))
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _complete(self, headers: MutableHeaders, *, is_static: bool) -> None:
        own = headers.get("Content-Security-Policy")
        headers.update(HEADERS)
        if own:  # two policies hold together: a response may only be stricter
            headers.append("Content-Security-Policy", own)
        # A page that holds a secret in its address says no-referrer itself. It is not for all pages: under
        # it browsers send "Origin: null" with their own forms (Fetch, "append a request Origin header").
        headers.setdefault("Referrer-Policy", "same-origin")
        if not is_static:
            headers["Cache-Control"] = "no-store"
        if self.is_secure:
            headers["Strict-Transport-Security"] = STRICT_TRANSPORT


class SameOrigin:
    """Refuses requests that change something and come from another site's page.

    Every browser of the last years sends Sec-Fetch-Site, and Origin with each POST, and lets no page forge
    them. What sends neither is no browser, so that nobody's cookies travel with it unknown to them.

    Where people reach the site by `public_url`, its origin alone is ours, whatever host a request names.
    Without one, or when it is this machine's own, as during development, so is the address that was asked:
    localhost, 127.0.0.1 and a forwarded port are one site.
    """

    def __init__(self, app: ASGIApp, *, public_url: str | None = None) -> None:
        self.app = app
        self.public_url = public_url
        self.public_origin = _origin(public_url) if public_url else None
        self.is_local = self.public_origin is None or self.public_origin[1] in LOOPBACK_HOSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or self._is_ours(scope):
            await self.app(scope, receive, send)
            return
        words = "This request came from the page of another site, so it was refused. Nothing was changed."
        if not self.is_local:
            words += f" This site is at {self.public_url}"
        await PlainTextResponse(words, status_code=403)(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
        if sites:
            # A page that sends no referrer sends "null" for its origin, which the browser knows to be ours.
            named = [origin for origin in origins if origin != "null"]
            return set(sites) == {"same-origin"} and self._are_ours(scope, named)
        sources = origins or headers.getlist("referer")
        if not sources:
            return not any(name.startswith("sec-fetch-") for name in headers)
        return self._are_ours(scope, sources)

    def _are_ours(self, scope: Scope, sources: Iterable[str]) -> bool:
        ours = {self.public_origin}
        if self.is_local:
            ours.add(_origin(f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}"))
        return {_origin(source) for source in sources} <= ours - {None}


class Who:
    """Who sent a request: found out once, when somebody first wants to know, in a session they may have.

    Both methods wait for the database: call them in a worker thread.
    """

    def __init__(self, database: Database, token: str) -> None:
        self._database = database
        self._token = token
        self._identity: Identity | None = None

    def find(self, session: Session | None = None) -> Identity | None:
        """Return who is signed in, or None; None as well after the database failed to answer."""
        token, self._token = self._token, ""
        if not token:
            return self._identity
        with nullcontext(session) if session else self._database.session() as found_in:
            self._identity = identify(found_in, token)
        return self._identity

    def note(self) -> None:
        """Write down that their session is in use, now and then, when nobody's transaction is in the way."""
        if self._identity is not None and is_use_to_be_noted(self._identity):
            with suppress(OperationalError, TimeoutError), self._database.session() as session:
                note_use(session, self._identity)


class Identification:
    """Sets `request.state.who`, which finds out who asks, `.request_id` and `.client_address`.

    What a request says of where it comes from is believed of `proxies` alone.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        database: Database,
        cookie: SessionCookie,
        proxies: Iterable[Network] = (),
        static: Iterable[str] = STATIC,
    ) -> None:
        self.app = app
        self.database = database
        self.cookie = cookie
        self.proxies = tuple(proxies)
        self.static = tuple(static)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            state = scope.setdefault("state", {})
            state["request_id"] = str(uuid.uuid4())
            state["client_address"] = _client_address(scope, self.proxies)
            state["who"] = Who(self.database, self._token(scope))
        await self.app(scope, receive, send)

    def _token(self, scope: Scope) -> str:
        if scope["path"].startswith(self.static):
            return ""
        return self.cookie.read(HTTPConnection(scope).cookies) or ""


def _client_address(scope: Scope, proxies: Sequence[Network]) -> str | None:
    """Return the address that a request comes from, as far as those who passed it on can be believed.

    Each proxy adds the address it was asked from to the right of X-Forwarded-For; what stands left of the
    first one that is no proxy of ours anybody may have written.
    """
    client = scope.get("client")
    address: str | None = client[0] if client else None
    named = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    while address is not None and named and _is_among(address, proxies):
        before = _address(named.pop())
        if before is None:
            break
        address = before
    return address


def _is_among(address: str, networks: Sequence[Network]) -> bool:
    parsed = _address(address)
    return parsed is not None and any(ip_address(parsed) in network for network in networks)


def _address(text: str) -> str | None:
    """Return the address in what a proxy wrote, some of which add the port; None where there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return str((parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None) or parsed)


def _origin(address: str) -> tuple[str, str, int | None] | None:
    """Return the scheme, host and port of an address, or None when it has no such thing ("null")."""
    try:
        parts = urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.scheme and parts.hostname else None
