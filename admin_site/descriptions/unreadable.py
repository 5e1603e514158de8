"""What stands for a stored value that its own type cannot read."""

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that is stored, but of which its type or driver makes nothing: `text` is what is stored.

    An Enum's member that is gone, a DATE of 'n/a', text under a key that has changed. It is shown, left alone
    and replaced; to everybody else it is a value of the wrong type.
    """

    text: str

    @classmethod
    def of(cls, stored: Any) -> Self:
        """Return what stands for the driver's value `stored`."""
        if isinstance(stored, bytes | bytearray | memoryview):
            return cls(_decoded(bytes(stored)))
        return cls(str(stored))

    def __str__(self) -> str:
        return self.text

    @property
    def words(self) -> str:
        """What a page says in the place of the value."""
        return f"unreadable: {self.text or '(empty text)'}"


def _decoded(stored: bytes) -> str:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored.hex()
