"""What one person wants of a list, as it stands in a URL."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any

from sqlalchemy import ColumnElement

from admin_site.errors import BadRequest
from admin_site.listing import cursors, jumps
from admin_site.listing.conditions import NOT, Condition, negated
from admin_site.listing.filters import IS
from admin_site.listing.listings import Listing
from admin_site.listing.orders import Order, Sort
from admin_site.listing.search import UNSTORABLE, search

MAX_OFFSET = 10_000  # rows before a numbered page; deeper places are reached by next, last and filters
MAX_PAIRS = 200
MAX_TEXT = 1_000  # characters of a filter's text

_RESERVED = frozenset(
    (
        "search",
        "sort",
        "sortBy",
        "size",
        "pageSize",
        "columns",
        "view",
        "page",
        "after",
        "before",
        "last",
        "jump",
    )
)
WHOLE = "all"  # the view of everybody: the list as it is by itself
_ALIASES = {"pageSize": "size"}  # SQLAdmin's names, which stand in people's bookmarks
_PLACE: Mapping[str, Any] = {"after": "", "before": "", "last": False, "page": 1, "jump": ""}

Groups = dict[str, list[str]]


@dataclass(frozen=True)
class ListQuery:
    """A search, filters, a sort, columns and a place in the list, all known to be possible.

    At most one of `after`, `before`, `last`, `page` and `jump` says which page; none of them means the first.
    `jump` is a value of what the list is sorted by first, with which the page is to begin. `view` names the
    saved view that this began with. Equal queries have equal `to_pairs`, however the URLs they came from
    were spelled.
    """

    listing: Listing = field(compare=False, repr=False)
    search: str = ""
    conditions: tuple[Condition, ...] = ()
    sort: Sort = ()
    columns: tuple[str, ...] = ()
    size: int = 25
    view: str = ""
    after: str = ""
    before: str = ""
    last: bool = False
    page: int = 1
    jump: str = ""
    zone: tzinfo = field(default=UTC, compare=False, repr=False)
    found: tuple[ColumnElement[bool], ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def parse(cls, pairs: Sequence[tuple[str, str]], listing: Listing, zone: tzinfo = UTC) -> ListQuery:
        """Return what the parameters of a URL ask of `listing`; dates are days in `zone`.

        Parameters with an empty text are left out, as those of an untouched form. Raises BadRequest with
        words for everything unknown or malformed.
        """
        groups = _groups(pairs)
        query = cls(
            listing=listing,
            search=(text := _last(groups, "search").strip()),
            found=search(listing, text, zone),
            sort=_sort(listing, groups),
            columns=_columns(listing, _last(groups, "columns")),
            size=_number("size", _last(groups, "size"), listing.page_size, listing.max_size),
            view=_last(groups, "view"),
            zone=zone,
            **_place(groups),
        )
        for name, texts in groups.items():
            query = query if name in _RESERVED else query._with_condition(name, texts)
        query._check_place()
        return query

    @property
    def order(self) -> Order:
        return self.listing.order(self.sort)

    @property
    def is_narrowed(self) -> bool:
        """Whether a person's search or filters leave rows out."""
        return bool(self.search or self.conditions)

    def with_(self, **changes: Any) -> ListQuery:
        """Return a query with another search, sort, size, columns or place.

        The place is given up for the first page when anything else changes.
        """
        if "search" in changes:
            changes["found"] = search(self.listing, changes["search"], self.zone)
        return replace(self, **{**_PLACE, **changes})

    def with_filter(self, name: str, *texts: str) -> ListQuery:
        """Return a query in which one filter has these texts and no others; without any it is removed."""
        rest = tuple(condition for condition in self.conditions if condition.parameter != name)
        query = replace(self, conditions=rest, **_PLACE)
        return query._with_condition(name, texts) if texts else query

    def without(self, name: str, text: str) -> ListQuery:
        """Return a query in which one filter has lost one of its texts."""
        texts = next((item.texts for item in self.conditions if item.parameter == name), ())
        return self.with_filter(name, *(item for item in texts if item != text))

    def cleared(self) -> ListQuery:
        """Return a query that finds everything, sorted and shown as before."""
        return replace(self.with_(search=""), conditions=())

    def sorted_by(self, name: str, *, add: bool = False) -> ListQuery:
        """Return a query sorted by one name; upwards, or the other way if it is sorted by that already.

        With `add` the other terms of the sort stay: a new name comes last, one that runs upwards turns round
        in its place, one that runs downwards goes. Without any term left the list is as it sorts itself.
        """
        if not add:
            is_upwards = bool(self.sort) and self.sort[0] == (name, False)
            return self.with_(sort=((name, is_upwards),))
        sort = dict(self.sort)
        if sort.get(name):
            del sort[name]
        else:
            sort[name] = name in sort
        return self.with_(sort=tuple(sort.items()) or self.listing.default_sort)

    def to_pairs(self) -> list[tuple[str, str]]:
        """Return the parameters of this query's URL, without those that say what goes without saying."""
        pairs = [("search", self.search)]
        pairs += [(item.parameter, text) for item in self.conditions for text in item.texts]
        if self.sort != self.listing.default_sort:
            pairs.append(("sort", _sort_text(self.sort)))
        if self.columns != self.listing.columns:
            pairs.append(("columns", ",".join(self.columns)))
        if self.size != self.listing.page_size:
            pairs.append(("size", str(self.size)))
        pairs += [("after", self.after), ("before", self.before), ("last", "yes" if self.last else "")]
        pairs += [("page", str(self.page) if self.page > 1 else ""), ("jump", self.jump)]
        pairs = [(name, text) for name, text in pairs if text]
        # By itself the name of a view stands for all that the view asks for.
        return [*pairs, ("view", self.view if pairs else WHOLE)] if self.view else pairs

    def _with_condition(self, name: str, texts: Sequence[str]) -> ListQuery:
        condition = _condition(self.listing, name, texts, self.zone)
        others = (item for item in self.conditions if item.parameter != condition.parameter)
        return replace(self, conditions=tuple(sorted((*others, condition), key=lambda item: item.parameter)))

    def _check_place(self) -> None:
        if (self.page - 1) * self.size > MAX_OFFSET:
            raise BadRequest(f"Only the first {MAX_OFFSET:,} rows have numbered pages. Search, or filter.")
        if self.after or self.before:
            cursors.decode(self.order, self.after or self.before)
        if self.jump:
            jumps.beginning(self.order, self.listing.description, self.jump, self.zone)


def _groups(pairs: Sequence[tuple[str, str]]) -> Groups:
    if len(pairs) > MAX_PAIRS:
        raise BadRequest(f"A list takes at most {MAX_PAIRS} parameters.")
    groups: Groups = {}
    for name, text in pairs:
        if UNSTORABLE.search(name) or UNSTORABLE.search(text):
            raise BadRequest("There is a character in the address that no text has.")
        if text:
            groups.setdefault(_ALIASES.get(name, name), []).append(text)
    return groups


def _last(groups: Groups, name: str) -> str:
    return groups.get(name, [""])[-1]


def _number(name: str, text: str, default: int, maximum: int) -> int:
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= maximum:
        raise BadRequest(f"The {name} is a whole number from 1 to {maximum:,}.")
    return int(text)


def _place(groups: Groups) -> dict[str, Any]:
    if len(given := [name for name in _PLACE if name in groups]) > 1:
        raise BadRequest(f"Only one of {' and '.join(given)} can say which page to show.")
    if _last(groups, "last") not in ("", "yes"):
        raise BadRequest("The last page is asked for by last=yes.")
    return {
        "after": _last(groups, "after"),
        "before": _last(groups, "before"),
        "last": "last" in groups,
        "page": _number("page", _last(groups, "page"), 1, MAX_OFFSET + 1),
        "jump": _last(groups, "jump").strip(),
    }


def _sort(listing: Listing, groups: Groups) -> Sort:
    """Return the sort of `sort=name,-created_at`, or of SQLAdmin's `sortBy=created_at&sort=desc`."""
    text = _last(groups, "sort")
    if by := _last(groups, "sortBy"):
        if text not in ("", "asc", "desc"):
            raise BadRequest("The direction of a sort is asc or desc.")
        text = "-" + by if text == "desc" else by
    if not text:
        return listing.default_sort
    sort: dict[str, bool] = {}
    for part in text.split(","):
        name = part.removeprefix("-")
        if name not in listing.sortable and (name, part != name) not in listing.default_sort:
            raise BadRequest(f"This list cannot be sorted by “{name}”.")
        sort.setdefault(name, part != name)
    return tuple(sort.items())


def _sort_text(sort: Sort) -> str:
    return ",".join(("-" if descending else "") + name for name, descending in sort)


def _columns(listing: Listing, text: str) -> tuple[str, ...]:
    if not text:
        return listing.columns
    chosen = tuple(dict.fromkeys(text.split(",")))
    unknown = [name for name in chosen if name not in listing.choosable]
    if unknown:
        raise BadRequest(f"This list has no column “{unknown[0]}”.")
    return chosen


def _condition(listing: Listing, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
    if any(len(text) > MAX_TEXT for text in texts):
        raise BadRequest(f"Filter by at most {MAX_TEXT:,} characters.")
    is_negated = name.endswith(NOT) and name not in listing.filters
    known = name.removesuffix(NOT) if is_negated else name
    if known.removesuffix(IS) in listing.filters and known not in listing.filters:
        known = known.removesuffix(IS)
    found = listing.filter(known)
    if found is None:
        raise BadRequest(f"This list has no filter “{name}”.")
    spelled = known + IS if known in _RESERVED else known
    condition = found.parse(spelled, texts, zone)
    return negated(condition) if is_negated else condition
