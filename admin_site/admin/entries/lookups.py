"""How the records of a relation are looked up by one person, and what is offered of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from admin_site.admin.entries.base import Control
from admin_site.descriptions import Description
from admin_site.keys import Scope, encode_key, key_text
from admin_site.listing import lookup

LOOKUP_SIZE = 25
MAX_PAGES = 8  # of records none of which may be chosen, before a search gives up and says that there are more

Fits = Callable[[Session, Sequence[Any]], list[Any]]  # leaves the records that may be chosen


@dataclass(frozen=True)
class Lookup:
    """How one person looks up the records of a relation, or why they cannot.

    `scope` leaves those that they may see, `choosable` and `fits` of those the ones that may be chosen; the
    fields `withheld` from them are not looked into. The addresses are empty where this person may not go; a
    record's key ends `edit_url` and `show_url`.
    """

    url: str = ""
    scope: Scope | None = None
    locked: str = ""
    choosable: Scope | None = None
    fits: Fits | None = None
    withheld: frozenset[str] = frozenset()
    called: str = ""  # one of the records, in a sentence
    add_url: str = ""
    edit_url: str = ""
    show_url: str = ""
    members_url: str = ""  # where the members of a stored record are, page by page

    def offered(self, statement: Select[Any]) -> Select[Any]:
        """Leave of a query the records that are offered, but for those that do not fit."""
        for limit in (self.scope, self.choosable):
            statement = limit(statement) if limit else statement
        return statement

    def fitting(self, session: Session, records: Sequence[Any]) -> list[Any]:
        return self.fits(session, records) if self.fits and records else list(records)


@dataclass(frozen=True)
class Offer:
    """What a search offers, as options; `after` is the place of the next ones, "" at the end."""

    options: list[Control]
    after: str = ""

    @property
    def text(self) -> str:
        """How much it is, in words."""
        if not self.options:
            return "Nothing found" if not self.after else "Nothing found so far"
        return f"{len(self.options)} found" + (", and there are more" if self.after else "")


def search(
    session: Session, target: Description, how: Lookup, term: str, after: str
) -> tuple[list[Any], str]:
    """Return the next records that a search offers, and the place of those after them."""
    for _ in range(MAX_PAGES):
        found = lookup(session, target, term, LOOKUP_SIZE, how.offered, after, withheld=how.withheld)
        records, after = how.fitting(session, found.records), found.after
        if records or not after:
            break
    return records, after


def option_of(target: Description, record: Any, value: str = "") -> Control:
    """Return a record as an option: what is posted, and how people read it.

    `value` is what is posted where that is not the record's key.
    """
    key, label, text = encode_key(target, target.key_of(record)), target.label_of(record), ""
    if not any(target.field(name).secret for name in target.key):
        text = key_text(target, record)
    return {
        "value": value or key,
        "record": key,
        "label": label,
        "key": "" if text in label.split() else text,
    }
