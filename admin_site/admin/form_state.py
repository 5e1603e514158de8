"""What a form's page knew of its record, signed, for the form to bring back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from admin_site.security.tokens import Seal

MAX_TEXT = 300  # characters of a value that the page carries to tell later what it was
MAX_TEXTS = 6_000  # characters of all of them
MAX_ORIGIN = 20_000  # characters of what a field in conflict began with

MINE, THEIRS, ORIGIN = "mine", "theirs", "original"
"""What becomes of a field that two people changed."""

_VALUES, _ORIGINS = "values", "origins"


@dataclass(frozen=True)
class Known:
    """What a page knows of one field: digests of its text and of what it shows, and a short text itself."""

    digest: str
    shown: str = ""
    text: str | None = None

    @property
    def digests(self) -> set[str]:
        return {self.digest, self.shown} - {""}


@dataclass
class Clash:
    """A field that somebody else changed while it was typed over here.

    `before` is what the page knew of it, `origin` the text it began with, None where that is not known.
    `who` and `when` are told to those who may know.
    """

    before: Known
    origin: str | None
    chosen: str = MINE
    who: str = ""
    when: str = ""


@dataclass(frozen=True)
class FormState:
    """What a page knew of each field of its record.

    `origins` are those of the fields in conflict, on a page that lets one choose: what they began with before
    anybody changed them.
    """

    values: Mapping[str, Known]
    origins: Mapping[str, str | None] = field(default_factory=dict)

    def sign(self, seal: Seal) -> str:
        left, values = MAX_TEXTS, {}
        for name, known in self.values.items():
            has_room = known.text is not None and len(known.text) <= min(left, MAX_TEXT)
            left -= len(known.text or "") if has_room else 0
            values[name] = [known.digest, known.shown, *([known.text] if has_room else [])]
        facts: dict[str, Any] = {_VALUES: values}
        if self.origins:
            short = {name: text for name, text in self.origins.items() if len(text or "") <= MAX_ORIGIN}
            facts[_ORIGINS] = dict.fromkeys(self.origins) | short
        return seal.sign(facts)

    @classmethod
    def read(cls, seal: Seal, text: str, names: Collection[str]) -> "FormState":
        """Return what a page carried about these fields; raises ValueError for what none of ours did."""
        facts: Any = seal.read(text)
        values = {name: Known(*known) for name, known in facts[_VALUES].items()}
        if missing := set(names) - values.keys():
            raise ValueError(f"nothing is known of {sorted(missing)}")
        return cls(values, facts.get(_ORIGINS, {}))
