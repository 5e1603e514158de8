"""How passwords are hashed and verified, and how long they are."""

import os
import secrets
import threading
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from admin_site.errors import Invalid
from admin_site.security.guessing import MAX_RAW, TOO_LONG, check_password, normalized

MINIMUM = 15  # characters; NIST SP 800-63B-4, section 3.1.1.2, for a password without a second factor
MINIMUM_BESIDE_SECOND_FACTOR = 8  # the same section

_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # no character that looks like another one

CONCURRENCY = max(1, (os.cpu_count() or 1) // 4)  # hashes at once: each takes 64 MiB and four cores


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
        self,
        password: str,
        *,
        user_name: str,
        email_address: str,
        names: Iterable[str | None] = (),
        has_second_factor: bool = False,
    ) -> None:
        """Raise Invalid when a person may not choose `password` here."""
        check_password(
            password,
            user_name=user_name,
            email_address=email_address,
            names=(*names, *self.site_names),
            minimum=minimum_length(has_second_factor),
        )

    def hash(self, password: str) -> str:
        """Return the Argon2id hash of a password; about a tenth of a second, never on the event loop."""
        if len(password) > MAX_RAW:
            raise Invalid({"password": TOO_LONG})
        with self._turns:
            return self._hasher.hash(_as_bytes(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether `password` is the right one; as slow for an account that has none."""
        if len(password) > MAX_RAW:
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
        """Return whether a hash was made under a weaker policy than today's."""
        made = extract_parameters(password_hash)
        is_weaker = made.memory_cost < self._policy.memory_kib or made.time_cost < self._policy.time_cost
        return is_weaker or made.type is not Type.ID or made.version < ARGON2_VERSION


PASSWORDS = Passwords()


def minimum_length(has_second_factor: bool) -> int:
    """Return how many characters a password has at least."""
    return MINIMUM_BESIDE_SECOND_FACTOR if has_second_factor else MINIMUM


def new_password() -> str:
    """Return a password nobody can guess, of 100 random bits in groups that can be read out."""
    characters = [secrets.choice(_READABLE) for _ in range(20)]
    return "-".join("".join(characters[at : at + 4]) for at in range(0, 20, 4))


def is_same(password: str, other: str) -> bool:
    """Return whether two passwords are the same on every keyboard."""
    return len(password) <= MAX_RAW and len(other) <= MAX_RAW and normalized(password) == normalized(other)


def _hash_of_nothing(policy: Policy) -> str:
    """Return a hash that takes as long to verify as any, and that no known password has."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    cost = f"m={policy.memory_kib},t={policy.time_cost},p={policy.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"


def _as_bytes(password: str) -> bytes:
    return normalized(password).encode(errors="surrogatepass")
