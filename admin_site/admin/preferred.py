"""Which list an address means to one person: what it says itself, a saved view, and what they prefer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from admin_site.admin.column_filters import translated
from admin_site.errors import BadRequest
from admin_site.listing import Listing, ListQuery
from admin_site.listing.query import WHOLE
from admin_site.services.list_preferences import KeptView, Preferences, preferences_of

if TYPE_CHECKING:
    from admin_site.admin.views import AdminView
    from admin_site.admin.visit import Visit

VIEW, COLUMNS = "view", "columns"
NO_SUCH_VIEW = "There is no such view, or it is not shared with you. This is the whole list instead."

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Preferred:
    """A list as one person likes it.

    Its columns are those they chose; an address without parameters means the view they open it with.
    `?view=NUMBER` alone is a saved view, `?view=all` alone the whole list. Beside other parameters it only
    says with which view those began.
    """

    listing: Listing
    preferences: Preferences
    zone: tzinfo
    foreign: Sequence[Any] = ()  # the view's column_filters

    def query(self, pairs: Pairs) -> ListQuery:
        """Return what the parameters of an address ask for; raises BadRequest as `ListQuery.parse` does."""
        return self.read(pairs)[0]

    def read(self, pairs: Pairs) -> tuple[ListQuery, str]:
        """Return the same, and words on what a saved view asks for in vain."""
        given = [pair for pair in pairs if pair[0] != VIEW]
        asked = next((text for name, text in reversed(pairs) if name == VIEW), "")
        view = self._view(asked)
        if given:
            return self._began_with(view, self._parsed(given)), ""
        if asked not in ("", WHOLE) and view is None:
            return self.whole(), NO_SUCH_VIEW
        view = view if asked else self.preferences.default
        return self._opened(view) if view else (self.whole(), "")

    def whole(self) -> ListQuery:
        """Return the list as it is without any parameter and view."""
        return self._began_with(None, self._parsed([]))

    def view_of(self, query: ListQuery) -> KeptView | None:
        """Return the saved view that a query began with."""
        return self._view(query.view)

    def is_changed(self, query: ListQuery) -> bool:
        """Return whether a query asks for something else than the view it began with, or the whole list."""
        view = self.view_of(query)
        if view is None and not self.foreign:
            return bool(_essence(query))
        before = self._opened(view)[0] if view else self.whole()
        return _essence(query) != _essence(before)

    def _parsed(self, pairs: Pairs) -> ListQuery:
        return ListQuery.parse(translated(pairs, self.foreign), self.listing, self.zone)

    def _view(self, text: str) -> KeptView | None:
        is_number = text.isascii() and text.isdecimal() and len(text) < 19
        return self.preferences.view(int(text)) if is_number else None

    def _began_with(self, view: KeptView | None, query: ListQuery) -> ListQuery:
        if view is not None:
            return replace(query, view=str(view.view_id))
        return replace(query, view=WHOLE if self.preferences.default else "")

    def _opened(self, view: KeptView) -> tuple[ListQuery, str]:
        """Return what a saved view asks for, without what is no longer possible, and words on that."""
        pairs = parse_qsl(view.query)
        try:
            return self._began_with(view, self._parsed(pairs)), ""
        except BadRequest:
            kept, problems = self._possible(pairs)
        words = f"The view “{view.name}” asks for what is gone. {' '.join(problems)} The rest of it is shown."
        return self._began_with(view, self._parsed(kept)), words

    def _possible(self, pairs: Pairs) -> tuple[list[tuple[str, str]], list[str]]:
        """Return those parameters that still say something, and what is wrong with each of the others."""
        kept: list[tuple[str, str]] = []
        problems: list[str] = []
        for name, text in pairs:
            try:
                self._parsed([*kept, (name, text)])
            except BadRequest as error:
                problems.append(str(error))
                names = [column for column in text.split(",") if column in self.listing.choosable]
                kept += [(name, ",".join(names))] if name == COLUMNS and names else []
            else:
                kept.append((name, text))
        return kept, problems


def preferred(visit: "Visit", view: "AdminView") -> Preferred:
    """Return a view's list as the person of this visit may see it and likes it, with one query."""
    preferences = preferences_of(visit.session, visit.identity, view.identity)
    listing = visit.listing(view)
    if preferences.columns:
        listing = listing.preferring(preferences.columns)
    return Preferred(listing, preferences, visit.zone, view.column_filters)


def as_saved(query: ListQuery) -> str:
    """Return a query as a saved view holds it: with its columns, without a place in the list."""
    pairs = [pair for pair in _essence(query) if pair[0] != COLUMNS]
    return urlencode([*pairs, (COLUMNS, ",".join(query.columns))])


def _essence(query: ListQuery) -> list[tuple[str, str]]:
    """Return the parameters of a query but for its place and the view it began with."""
    return replace(query.with_(), view="").to_pairs()
