"""The first page: what changed lately and how much there is."""

from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from admin_site import audit
from admin_site.admin.generate import icon
from admin_site.admin.history import in_words
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.listing import ListQuery, count
from admin_site.models import AuditEntry
from admin_site.permissions import Action

RECENT = 12


def home(visit: Visit) -> Response:
    return visit.page("home.html", title="Home", cards=_cards(visit), recent=_recent(visit), attention=[])


def _cards(visit: Visit) -> list[dict[str, Any]]:
    cards = []
    for view in visit.site.model_views:
        if view.allows(visit.request, Action.LIST):
            listing = view.listing.scoped(view.scope(visit.request))
            number = count(visit.session, listing, ListQuery.parse([], listing))
            cards.append(
                {
                    "label": view.name_plural,
                    "url": visit.url(view, "list"),
                    "count_text": str(number),
                    "icon": view.icon or icon(view.name),
                }
            )
    return cards


def _recent(visit: Visit) -> list[dict[str, Any]]:
    """Return the latest changes of records of the kinds this person may see all of."""
    limited = {
        audit.model_name(view.description)
        for view in visit.site.model_views
        if visit.scope_of(view.model) is not None
    }
    by_table = {
        name: view
        for name, view in visit.site.views_by_table.items()
        if name not in limited and view.allows(visit.request, Action.DETAILS)
    }
    entries = visit.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.model.in_(by_table))
        .order_by(AuditEntry.entry_id.desc())
        .limit(RECENT)
    )
    return [
        {
            "when": f"{entry.happened_at:%Y-%m-%d %H:%M}",
            "actor": entry.actor_name,
            "action": in_words(entry.action),
            "model_label": by_table[entry.model].name.lower(),
            "label": entry.label,
            "url": None if entry.action == "delete" else _details(visit, by_table[entry.model], entry.key),
        }
        for entry in entries
    ]


def _details(visit: Visit, view: AdminView, key: str) -> str:
    return f"{visit.url(view, 'details')}/{key}"
