"""What every filter has in common, and the condition one becomes when it is used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from enum import StrEnum, auto
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, false, func, not_

from admin_site.descriptions import Description
from admin_site.errors import BadRequest

NOT = "__not"


class Control(StrEnum):
    """What a face lets a person choose the texts of a filter with."""

    TEXT = auto()
    NUMBER = auto()
    DATE = auto()
    TIME = auto()
    MOMENT = auto()
    CHOICES = auto()
    LOOKUP = auto()


@dataclass(frozen=True)
class Condition:
    """One filter in use; two are equal when they are spelled alike in a URL.

    What it leaves of the rows is said by `clause`, or by `statement`, which changes the whole SELECT.
    `shown` are its texts as people read them. For a relation they are keys, of `target`, until
    `lookups.named` replaces them by labels.
    """

    parameter: str
    texts: tuple[str, ...]
    clause: ColumnElement[bool] | None = field(compare=False, repr=False, default=None)
    subject: str = field(compare=False, default="")
    verb: str = field(compare=False, default="")
    shown: tuple[str, ...] = field(compare=False, default=())
    target: Description | None = field(compare=False, default=None, repr=False)
    statement: Callable[[Select[Any]], Select[Any]] | None = field(compare=False, default=None, repr=False)

    @property
    def sentence(self) -> str:
        """Such as "Age is at least 18", "Created after 2024-01-31" or "Status is open or late"."""
        return " ".join(part for part in (self.subject, self.verb, " or ".join(self.shown)) if part)


class Filter(Protocol):
    """One row of a listing's table of filters, where it stands under its name in a URL."""

    @property
    def label(self) -> str:
        """What is asked, such as "Age is at least"."""

    @property
    def control(self) -> Control: ...

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """The texts to choose from with their labels, where they are few and known."""

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        """Return the condition that any of `texts` holds; a date is a day in `zone`.

        Raises BadRequest with words for a malformed text.
        """


def negated(condition: Condition) -> Condition:
    """Return the opposite, which an empty value meets too: "is not Ann" finds people without a name.

    Raises BadRequest where only the condition itself knows how to narrow a list.
    """
    if condition.clause is None:
        raise BadRequest(f"{condition.subject}: this filter has no opposite.")
    return replace(
        condition,
        parameter=condition.parameter + NOT,
        clause=not_(func.coalesce(condition.clause, false())),
        verb=_opposite(condition.verb),
    )


def _opposite(verb: str) -> str:
    first, _, rest = verb.partition(" ")
    return f"{_OPPOSITES.get(first, f'not {first}')} {rest}".strip()


_OPPOSITES = {
    "is": "is not",
    "include": "do not include",
    "contains": "does not contain",
    "starts": "does not start",
    "ends": "does not end",
    "Has": "Does not have",
}
