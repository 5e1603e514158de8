"""What somebody has ticked in a list: some rows of a page, or all that match."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import lazyload

from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, NotFound
from admin_site.keys import decode_key, encode_key, lock_among
from admin_site.listing import Count, ListQuery, Page, limited, matching_keys
from admin_site.listing.paths import key_among
from admin_site.listing.statements import readable
from admin_site.permissions import Action

MOST = 10_000  # records of one selection
AT_A_TIME = 500  # of them in one transaction
PAGE = "bulk"

DO, KEY, KEYS, ALL = ":do", ":key", ":keys", ":all"  # the names of the form's fields
SEPARATOR = "."  # stands in no key

DELETE = "delete"
NOTHING = "Nothing is ticked. Tick some rows of the list first."
TOO_MANY = f"At most {MOST:,} records are selected at once, and more than that match. Search or filter first."
ALL_GONE = "None of these records is there any more, or you may no longer see them."


@dataclass(frozen=True)
class Offer:
    """A button for what is selected."""

    name: str
    label: str
    icon: str
    is_dangerous: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class Selection:
    """Records of a view, by their keys as these stand in addresses."""

    visit: Visit
    view: AdminView
    query: ListQuery
    keys: tuple[str, ...]

    @classmethod
    def of(cls, visit: Visit, view: AdminView) -> "Selection":
        """Return what the form that was sent selects in the list of its address.

        Raises BadRequest for nothing, and for more than MOST.
        """
        query = visit.query(view, visit.asked()[1])
        keys = _all_keys(visit, view, query) if visit.form.get(ALL) else _named_keys(visit)
        if not keys:
            raise BadRequest(NOTHING)
        if len(keys) > MOST:
            raise BadRequest(TOO_MANY)
        return cls(visit, view, query, tuple(keys))

    @property
    def text(self) -> str:
        """The keys as the text of one field."""
        return SEPARATOR.join(self.keys)

    @property
    def is_stepwise(self) -> bool:
        """Whether they are more than are done in one transaction."""
        return len(self.keys) > AT_A_TIME

    def first(self) -> "Selection":
        return replace(self, keys=self.keys[:AT_A_TIME])

    def rest(self) -> "Selection":
        return replace(self, keys=self.keys[AT_A_TIME:])

    def without(self, keys: Iterable[str]) -> "Selection":
        gone = frozenset(keys)
        return replace(self, keys=tuple(key for key in self.keys if key not in gone))

    def records(self, *, lock: bool = False) -> Sequence[Any]:
        """Return those of the records that this person may see and that are still there.

        With `lock` nobody else changes them before this transaction ends.
        """
        return [record for part in self.parts(lock=lock) for record in part]

    def parts(self, *, lock: bool = False) -> Iterator[Sequence[Any]]:
        """Yield the same, AT_A_TIME of them."""
        for start in range(0, len(self.keys), AT_A_TIME):
            keys = self.keys[start : start + AT_A_TIME]
            found = self._found(keys, lock)
            yield [found[key] for key in keys if key in found]

    def _found(self, keys: Sequence[str], lock: bool) -> dict[str, Any]:
        view, session, scope = self.view, self.visit.session, self.query.listing.scope
        parts = list(_decoded(view, keys))
        statement: Select[Any] = select(view.model).where(key_among(view.description, view.model, parts))
        statement = (scope(statement) if scope else statement).options(lazyload("*"))
        with readable():
            if lock:
                return lock_among(session, view.description, statement, view.key)
            return {view.key(record): record for record in session.scalars(statement).unique()}


def offers(visit: Visit, view: AdminView) -> list[Offer]:
    """Return what this person may do with records that are selected; nothing where they only look on."""
    request = visit.request
    if visit.identity.viewer is not None:
        return []
    own = [
        Offer(f"action:{slug}", action.label, action.icon, action.is_dangerous, action.why_not(visit))
        for slug, action in view.bulk_actions.items()
        if view.allows(request, action.right)
    ]
    foreign = [
        Offer(f"action:{slug}", label, "bolt")
        for slug, label in view._custom_actions_in_list.items()
        if view.allows(request, f"action:{slug}")
    ]
    may_delete = view.allows(request, Action.DELETE)
    return [*own, *foreign, *([Offer(DELETE, "Delete…", "trash", is_dangerous=True)] if may_delete else [])]


def selecting(visit: Visit, view: AdminView, query: ListQuery, page: Page, total: Count | None) -> Any:
    """Return what a list shows to select its rows, None where there is nothing to do with them."""
    offered = offers(visit, view)
    if not offered:
        return None
    is_more = page.has_next or page.has_previous
    return {
        "url": visit.list_url(view, query, PAGE),
        "offers": offered,
        "all": _all_words(query, total) if is_more else "",
        "all_selected": f"{total} selected" if total is not None else "All selected",
        "too_many": TOO_MANY if is_more and _is_beyond(total) else "",
    }


def _all_words(query: ListQuery, total: Count | None) -> str:
    number = f"{total} " if total is not None else ""
    return f"All {number}that match" if query.is_narrowed else f"All {number}of the list"


def _is_beyond(total: Count | None) -> bool:
    return total is not None and (total.number > MOST or (total.number == MOST and not total.exact))


def _all_keys(visit: Visit, view: AdminView, query: ListQuery) -> list[str]:
    with limited(visit.session, visit.site.settings.list_time_limit):
        keys = matching_keys(visit.session, query.listing, query, MOST + 1)
    return [encode_key(view.description, key) for key in keys]


def _named_keys(visit: Visit) -> list[str]:
    texts = [*visit.form.getlist(KEY), *str(visit.form.get(KEYS, "")).split(SEPARATOR)]
    return list(dict.fromkeys(text for text in texts if isinstance(text, str) and text))


def _decoded(view: AdminView, keys: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    for key in keys:
        with suppress(NotFound):
            yield decode_key(view.description, key)
