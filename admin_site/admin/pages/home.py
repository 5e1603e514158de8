"""The first page: what needs attention, how much there is, and what changed lately."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError, ProgrammingError
from starlette.responses import Response

from admin_site.admin.generate import icon
from admin_site.admin.pages.drafts import Unsaved, unsaved
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import TooSlow
from admin_site.listing import Count, ListQuery, count, limited
from admin_site.models import AuditEntry, User, utc_now
from admin_site.permissions import Action

SECONDS = 1.0  # that all numbers of the page may take together, and what changed lately as long again
MAX_NEW = 1_000
NEW = "last-7-days"
READ = 250  # latest entries that are grouped into sentences
TOLD = 12  # sentences
FAILED_SIGN_INS = timedelta(hours=24)
MANY_FAILED = 10

# What a database says of a table or column that its schema lacks: SQLSTATE codes, and SQLite's words.
_MISSING_CODES = frozenset({"42P01", "42703", "3F000"})
_MISSING_WORDS = ("no such table", "no such column")


def home(visit: Visit) -> Response:
    seconds = min(SECONDS, visit.site.settings.list_time_limit)
    clock = Clock(seconds)
    cards = [_card(visit, view, clock) for view in _counted(visit)]
    recent = _measured(visit, Clock(seconds), lambda: _recent(visit))
    return visit.page(
        "home.html",
        title="Home",
        cards=cards,
        recent=recent if isinstance(recent, list) else [],
        recent_text="" if isinstance(recent, list) else "This takes too long just now.",
        history_url=_trail_url(visit),
        attention=list(_attention(visit, cards, clock)),
    )


@dataclass
class Clock:
    """How much of a page's time is left."""

    seconds: float
    started: float = field(default_factory=monotonic)

    @property
    def left(self) -> float:
        return max(0.0, self.seconds - (monotonic() - self.started))


class Missing:
    """The database has no such table or column yet."""


def _measured(visit: Visit, clock: Clock, ask: Callable[[], Any]) -> Any:
    """Return what `ask` finds within the time that is left, or what kept it: TooSlow or Missing."""
    if not clock.left:
        return TooSlow()
    try:
        with limited(visit.session, clock.left):
            return ask()
    except TooSlow as slow:
        return slow
    except (OperationalError, ProgrammingError) as error:
        if _is_missing(error):
            return Missing()
        raise


def _is_missing(error: OperationalError | ProgrammingError) -> bool:
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return code in _MISSING_CODES or any(words in str(error.orig) for words in _MISSING_WORDS)


# -- how much there is -----------------------------------------------------------------------------------


def _counted(visit: Visit) -> list[AdminView]:
    """Return the views whose records people keep, in the order of the menu; not the site's own books."""
    request = visit.request
    return [
        view
        for view in visit.site.model_views
        if view.has_history and view.is_visible(request) and view.allows(request, Action.LIST)
    ]


def _card(visit: Visit, view: AdminView, clock: Clock) -> dict[str, Any]:
    """Return a kind of record with its number, and how many are new, as far as there is time to count."""
    listing = visit.listing(view)
    number = _measured(
        visit, clock, lambda: count(visit.session, listing, ListQuery.parse([], listing, zone=visit.zone))
    )
    card = {
        "label": view.name_plural,
        "url": visit.url(view, "list"),
        "icon": view.icon or icon(view.name),
        "count_text": str(number) if isinstance(number, Count) else "–",
        "is_missing": isinstance(number, Missing),
        "new_text": "",
        "new_url": "",
    }
    name = view.date_name
    if not isinstance(number, Count) or not number.exact or name not in listing.filters:
        return card
    query = ListQuery.parse([(name, NEW)], listing, zone=visit.zone)
    new = _measured(visit, clock, lambda: count(visit.session, listing, query, MAX_NEW))
    if isinstance(new, Count) and new.number:
        card |= {"new_text": f"{new} new in 7 days", "new_url": visit.url(view, "list", **{name: NEW})}
    return card


# -- what needs attention --------------------------------------------------------------------------------


def _attention(visit: Visit, cards: list[dict[str, Any]], clock: Clock) -> Iterator[dict[str, Any]]:
    if missing := [card["label"] for card in cards if card["is_missing"]]:
        yield {
            "kind": "danger",
            "text": f"The database is behind the code: {_listed(missing)} cannot be read until "
            "“python -m admin_site migrate” has run.",
            "url": None,
        }
    url = _trail_url(visit)
    failed = _measured(visit, clock, lambda: _failed_sign_ins(visit)) if url else 0
    if isinstance(failed, int) and failed:
        words = "1 sign-in has" if failed == 1 else f"{failed:,} sign-ins have"
        yield {
            "kind": "warning" if failed >= MANY_FAILED else "info",
            "text": f"{words} failed in the last 24 hours.",
            "url": f"{url}?action=sign_in_failed",
        }
    drafts = _measured(visit, Clock(SECONDS), lambda: unsaved(visit))  # few rows, however slow the rest is
    if isinstance(drafts, Unsaved) and drafts.links:
        yield {"kind": "info", "text": drafts.text, "url": None, "links": drafts.links}


def _failed_sign_ins(visit: Visit) -> int:
    failed = AuditEntry.action == "sign_in_failed", AuditEntry.happened_at > utc_now() - FAILED_SIGN_INS
    return visit.session.scalar(select(func.count()).select_from(AuditEntry).where(*failed)) or 0


def _trail_url(visit: Visit) -> str:
    """Return the address of the audit trail for who may see all of it."""
    trail = visit.site.view_of(AuditEntry)
    return visit.url(trail, "list") if trail is not None and _sees_all(visit, trail) else ""


def _sees_all(visit: Visit, view: AdminView) -> bool:
    return view.allows(visit.request, Action.LIST) and visit.scope_of(view.model) is None


def _listed(names: list[str]) -> str:
    shown = [name.lower() for name in names[:3]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


# -- what changed lately ---------------------------------------------------------------------------------


def _recent(visit: Visit) -> list[dict[str, Any]]:
    """Return the latest changes of kinds of records that this person may see all of, an act in a sentence."""
    by_table = {
        name: view
        for name, view in visit.site.views_by_table.items()
        if view.allows(visit.request, Action.DETAILS) and _sees_all(visit, view)
    }
    entries = visit.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.model.in_(by_table))
        .order_by(AuditEntry.entry_id.desc())
        .limit(READ)
    )
    acts: dict[tuple[Any, ...], list[AuditEntry]] = {}
    for entry in entries:
        acts.setdefault((entry.change_set_id, entry.action, entry.model), []).append(entry)
    return [_told(visit, by_table[act[0].model], act) for act in list(acts.values())[:TOLD]]


def _told(visit: Visit, view: AdminView, act: list[AuditEntry]) -> dict[str, Any]:
    """Return one sentence about entries of one act: one record by its name, several by their number."""
    entry, names_record = act[0], act[0].is_about_another and len(act) == 1
    what = ""
    if not names_record and entry.is_about_another:
        what = f"{len(act):,} {view.name_plural.lower()}"
    elif names_record and view.model is not User and not entry.label.startswith(view.name):
        what = view.name.lower()  # but a person is known by their name, and “Course 7” says what it is
    return {
        "when_iso": entry.happened_at.isoformat(),
        "when_text": f"{entry.happened_at:%Y-%m-%d %H:%M}",
        "actor": entry.actor,
        "icon": view.icon or icon(view.name),
        "action": entry.phrase if entry.is_about_another else entry.verb,
        "what": what,
        "label": entry.label if names_record else "",
        "url": f"{visit.url(view, 'details')}/{entry.key}"
        if names_record and entry.action != "delete"
        else None,
    }
