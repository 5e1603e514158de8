"""Random tokens, the cookie that carries one, seals of what pages carry, and paths that are safe to go to."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from itsdangerous import BadData, BadSignature, Signer, URLSafeSerializer

_LONGEST_NEXT = 2000
_LONGEST_SEALED = 500_000  # characters: 5,000 fields with their digests have fewer, and so has a held form
_NOT_SIGNED = "not signed by this seal"
_DIGEST = 8  # bytes of a digest: what somebody typed is compared with a few texts, not with all there are


def new_token() -> str:
    """Return 256 random bits as text that fits in a URL."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token: SHA-256 in hex, enough for a random secret of full length."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


class SessionCookie:
    """How the token of a session travels: signed, out of reach of scripts, to this site alone.

    The first of the keys signs; what any of the others signed is read too.
    """

    def __init__(self, *secret_keys: str, is_secure: bool) -> None:
        oldest_first = secret_keys[::-1]
        self._signer = Signer(oldest_first, salt="admin_site.session", digest_method=hashlib.sha256)
        self.is_secure = is_secure
        # The prefix makes browsers refuse the name from anyone but this very host, over https.
        self.name = "__Host-session" if is_secure else "session"

    def attributes(self, token: str) -> dict[str, Any]:
        """Return the arguments of Starlette's `response.set_cookie`."""
        return {"value": self._signer.sign(token).decode(), **self.removal()}

    def removal(self) -> dict[str, Any]:
        """Return the arguments of Starlette's `response.delete_cookie`."""
        return {"key": self.name, "path": "/", "secure": self.is_secure, "httponly": True, "samesite": "lax"}

    def read(self, cookies: Mapping[str, str]) -> str | None:
        """Return the token in a request's cookies, or None when there is none that we signed."""
        try:
            return self._signer.unsign(cookies.get(self.name, "").encode()).decode()
        except (BadSignature, UnicodeError):
            return None


class Seals:
    """Signs what a page carries and its form brings back, so that nobody makes it up.

    The first of the keys signs; pages that any of the others signed are read too.
    """

    def __init__(self, *secret_keys: str) -> None:
        self._secret_keys = secret_keys

    def about(self, *subject: str) -> "Seal":
        """Return the seal for one subject, such as a person's form of one record: it opens no other."""
        return Seal(self._secret_keys, json.dumps(["seal", *subject]))


class Seal:
    """Signs the facts that a page carries about one subject, compressed; anybody may read them.

    Once it has read what an earlier key signed it goes on with that key: the facts hold digests made with it.
    """

    def __init__(self, secret_keys: Sequence[str], subject: str) -> None:
        self._secret_keys = secret_keys
        self._subject = subject
        self._go_on_with(secret_keys[0])

    def sign(self, facts: Any) -> str:
        return str(self._serializer.dumps(facts))

    def read(self, text: str) -> Any:
        """Return the facts in a text that this seal signed; raises ValueError for any other text."""
        try:
            sealed = text[: _LONGEST_SEALED + 1].encode("ascii")
        except UnicodeError as error:
            raise ValueError(_NOT_SIGNED) from error
        for secret_key in self._secret_keys:
            self._go_on_with(secret_key)
            try:
                return self._serializer.loads(sealed)
            except BadData:
                continue
        self._go_on_with(self._secret_keys[0])
        raise ValueError(_NOT_SIGNED)

    def digest(self, content: bytes) -> str:
        """Return a digest from which nobody else can find out the content, however short it is."""
        return hashlib.blake2b(content, digest_size=_DIGEST, key=self._key).hexdigest()

    def _go_on_with(self, secret_key: str) -> None:
        self._serializer = URLSafeSerializer(
            secret_key,
            salt=self._subject,
            serializer_kwargs={"ensure_ascii": True},  # a text may hold halves of characters
            signer_kwargs={"digest_method": hashlib.sha256},
        )
        self._key = hashlib.sha256(secret_key.encode() + b"\0" + self._subject.encode()).digest()


def safe_next(target: str | None) -> str:
    """Return `target` when it is a path of this site to go on to, else "".

    Browsers take `//host`, `/\\host` and a path broken by a tab or a line end for another site's address; so
    does whoever decodes the percent signs once more.
    """
    if not target or len(target) > _LONGEST_NEXT:
        return ""
    path = unquote(re.split("[?#]", target, maxsplit=1)[0])
    is_plain = (target + path).isprintable() and "\\" not in target + path
    return target if target.startswith("/") and "//" not in path and is_plain else ""
