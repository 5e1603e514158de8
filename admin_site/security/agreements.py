"""What a person has been shown before they agree to something that cannot be undone."""

import hashlib
from collections.abc import Mapping
from typing import Any

from itsdangerous import BadSignature, Signer, URLSafeSerializer

_SALT = "admin_site.agreement"


class Agreements:
    """Seals what was shown about a subject, so that it comes back with the answer as it was.

    Whoever gets the text can read what is sealed in it, but not write it; `mark` says of things whether they
    are the same ones without saying anything of them.
    """

    def __init__(self, secret_key: str) -> None:
        self._serializer = URLSafeSerializer(
            secret_key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._signer = Signer(secret_key, salt=f"{_SALT}.mark", digest_method=hashlib.sha256)

    def seal(self, subject: str, shown: Mapping[str, Any]) -> str:
        """Return `shown` as a text for a form; `subject` says who is asked, and about what."""
        return str(self._serializer.dumps([subject, dict(shown)]))

    def open(self, subject: str, text: str) -> Mapping[str, Any] | None:
        """Return what was sealed about `subject`; None for a text that is not ours, or about another one."""
        try:
            about, shown = self._serializer.loads(text)
        except (BadSignature, UnicodeError, ValueError, TypeError):
            return None
        return shown if about == subject and isinstance(shown, dict) else None

    def mark(self, text: str) -> str:
        """Return the same short text for the same text, from which nobody else can guess it."""
        return self._signer.get_signature(text.encode(errors="surrogatepass")).decode()[:22]
