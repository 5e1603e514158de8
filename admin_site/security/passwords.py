"""How passwords are hashed, checked and chosen."""

import re
import secrets
import threading
import unicodedata
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from admin_site.errors import Invalid

MINIMUM = 15  # characters; NIST SP 800-63B-4, section 3.1.1.2, for a password without a second factor
MAXIMUM = 1024
_MAX_RAW = 4 * MAXIMUM  # before NFKC, whose time grows with the square of some texts' length

CONCURRENCY = 2  # hashes at once per process: 128 MiB, and eight busy cores
_ENOUGH = 8  # characters that must remain when what can be guessed is taken away

# Words of which the most common passwords are made.
_COMMON = (
    "administrator", "password", "passwort", "passw0rd", "p@ssw0rd", "pa$$word", "welcome", "letmein",
    "changeme", "iloveyou", "trustno1", "superuser", "sunshine", "princess", "football", "baseball", "dragon",
    "monkey", "master", "secret", "login", "admin", "access", "hello", "guest", "root", "user", "test",
)  # fmt: skip
_ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    *("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik", "9ol", "0p", "1qay", "6zhn"),
)
_REPEATED = re.compile(r"(.{4,32}?)\1+", re.DOTALL)
_SEPARATORS = str.maketrans("", "", " \t-_.,@+")


@dataclass(frozen=True)
class Policy:
    """What one hash costs. The default is the low-memory choice of RFC 9106, section 4."""

    memory_kib: int = 64 * 1024
    time_cost: int = 3
    parallelism: int = 4


class Passwords:
    """The passwords of one site: what a hash costs, and which words everybody would guess here."""

    def __init__(
        self, policy: Policy | None = None, *, site_names: Iterable[str] = (), concurrency: int = CONCURRENCY
    ) -> None:
        policy = policy or Policy()
        self.site_names = tuple(site_names)
        self._hasher = PasswordHasher(
            time_cost=policy.time_cost, memory_cost=policy.memory_kib, parallelism=policy.parallelism
        )
        self._policy = policy
        self._turns = threading.BoundedSemaphore(concurrency)

    def check(
        self, password: str, *, user_name: str, email_address: str, names: Iterable[str | None] = ()
    ) -> None:
        """Raise Invalid when a person may not choose `password` here."""
        check_password(
            password, user_name=user_name, email_address=email_address, names=(*names, *self.site_names)
        )

    def hash(self, password: str) -> str:
        """Return the Argon2id hash of a password; about a tenth of a second, never on the event loop."""
        _check_maximum(len(password), _MAX_RAW)
        with self._turns:
            return self._hasher.hash(_as_bytes(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether `password` is the right one; as slow for an account that has none."""
        if len(password) > _MAX_RAW:
            return False
        with self._turns:
            try:
                self._hasher.verify(password_hash or self._dummy, _as_bytes(password))
            except (VerificationError, InvalidHashError):
                return False
        return password_hash is not None

    @cached_property
    def _dummy(self) -> str:
        return _hash_of_nothing(self._policy)

    def needs_rehash(self, password_hash: str) -> bool:
        """Return whether a hash was made under a policy other than today's."""
        return self._hasher.check_needs_rehash(password_hash)


PASSWORDS = Passwords()


def check_password(
    password: str,
    *,
    user_name: str,
    email_address: str,
    names: Iterable[str | None] = (),
    minimum: int = MINIMUM,
) -> None:
    """Raise Invalid, saying what to do better, when a password is too short or can be guessed.

    `names` are further words that anybody would try: the person's names, the site's. Any characters will do;
    nothing is cut off.
    """
    _check_maximum(len(password), _MAX_RAW)
    text = _normalized(password)
    if len(text) < minimum:
        raise _invalid(
            f"Use at least {minimum} characters. A few words that do not belong together are easy."
        )
    _check_maximum(len(text), MAXIMUM)
    rest = _simplified(text)
    own = (user_name, email_address, *email_address.split("@"), *names)
    words = {_simplified(word) for word in own if word and len(word) <= MAXIMUM}
    rest = _without(rest, sorted(words, key=len, reverse=True))
    if len(rest) < min(_ENOUGH, len(_simplified(text))):
        raise _invalid("Do not make the password of your own name, your e-mail address or the site's name.")
    if _effort(_without(rest, _COMMON)) < _ENOUGH or _is_stretched(rest, minimum):
        raise _invalid("This password is easy to guess. Use a few words that do not belong together.")


def _check_maximum(length: int, maximum: int) -> None:
    if length > maximum:
        raise _invalid(f"Use at most {MAXIMUM:,} characters.")


def _hash_of_nothing(policy: Policy) -> str:
    """Return a hash that takes as long to verify as any, and that no known password has."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    cost = f"m={policy.memory_kib},t={policy.time_cost},p={policy.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"


def _normalized(password: str) -> str:
    """Return the password as every keyboard means it (NIST SP 800-63B-4, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _as_bytes(password: str) -> bytes:
    return _normalized(password).encode(errors="surrogatepass")


def _invalid(words: str) -> Invalid:
    return Invalid({"password": words})


def _simplified(text: str) -> str:
    return _normalized(text).casefold().translate(_SEPARATORS)


def _without(text: str, words: Iterable[str]) -> str:
    for word in words:
        if len(word) > 2:
            text = text.replace(word, "")
    return text


def _effort(text: str) -> int:
    """Return how many characters of `text` do not follow from those before them."""
    return min(_period(text), _surprises(text, 1), _surprises(text, 2))


def _is_stretched(text: str, minimum: int) -> bool:
    """Return whether `text` is long enough only because it says something twice."""
    once = _REPEATED.sub(r"\1", text)
    return once != text and len(once) < minimum


def _period(text: str) -> int:
    """Return the length of the shortest piece that makes up the whole text when repeated."""
    return next((size for size in range(1, len(text)) if text[size:] == text[:-size]), len(text))


def _surprises(text: str, stride: int) -> int:
    """Count the characters that do not follow from the one `stride` before them."""
    pairs = zip(text, text[stride:], strict=False)
    return stride + sum(not _follows(before, after) for before, after in pairs)


def _follows(before: str, after: str) -> bool:
    """Return whether two characters are equal or neighbours, in the alphabet or on a keyboard."""
    pair = before + after
    return abs(ord(before) - ord(after)) <= 1 or any(pair in row or pair[::-1] in row for row in _ROWS)
