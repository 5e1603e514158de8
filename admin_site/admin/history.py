"""What happened to a record, as a page tells it."""

from typing import Any

from sqlalchemy import func, select

from admin_site import audit
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.models import AuditEntry
from admin_site.permissions import Action

SHOWN = 10
MAX_VALUE = 300  # characters of an old or a new value


def history_of(visit: Visit, view: AdminView, record: Any) -> list[dict[str, Any]]:
    """Return the latest entries about a record, newest first.

    A key may have been another record's before, as SQLite numbers rows anew: what is told begins with the
    creation of this one.
    """
    is_record = (
        AuditEntry.model == audit.model_name(view.description),
        AuditEntry.key == audit.record_key(view.description, record),
    )
    made = select(func.max(AuditEntry.entry_id)).where(
        *is_record, AuditEntry.action.in_(("create", "delete"))
    )
    entries = visit.session.scalars(
        select(AuditEntry)
        .where(*is_record, AuditEntry.entry_id >= func.coalesce(made.scalar_subquery(), 0))
        .where(AuditEntry.action != "delete")
        .order_by(AuditEntry.entry_id.desc())
        .limit(SHOWN)
    )
    shown = view.shown_fields - _limited(visit, view) - visit.withheld(view, Action.DETAILS, record)
    return [
        {
            "when_iso": entry.happened_at.isoformat(),
            "when_text": f"{entry.happened_at:%Y-%m-%d %H:%M}",
            "actor": entry.actor,
            "action": entry.verb,
            "changes": [
                {"field": view.label(name), "old": _half(change, 0), "new": _half(change, 1)}
                for name, change in entry.changes.items()
                if entry.action == "edit" and isinstance(change, list) and len(change) == 2 and name in shown
            ],
        }
        for entry in entries
    ]


def _limited(visit: Visit, view: AdminView) -> set[str]:
    """Return the relations whose members, which the trail names, this person may see only a part of."""
    return {item.name for item in view.description.relations if visit.scope_of(item.target) is not None}


def _half(change: list[Any], position: int) -> str | None:
    value = change[position]
    if isinstance(value, list):
        return _clip(", ".join(str(part) for part in value)) or None
    return None if value is None else _clip(str(value))


def _clip(text: str) -> str:
    return text if len(text) <= MAX_VALUE else text[:MAX_VALUE].rstrip() + "…"
