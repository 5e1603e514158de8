"""What happened to a record, as a page tells it."""

from typing import Any

from sqlalchemy import select

from admin_site import audit
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.models import AuditEntry

SHOWN = 10
MAX_VALUE = 300  # characters of an old or a new value
WORDS = {
    "create": "added",
    "edit": "changed",
    "delete": "deleted",
    "sign_in": "signed in",
    "sign_out": "signed out",
}
"""How an action of the audit trail reads after a name: "Ada changed"."""


def history_of(visit: Visit, view: AdminView, record: Any) -> list[dict[str, Any]]:
    """Return the latest entries about a record, newest first."""
    entries = visit.session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.model == audit.model_name(view.description),
            AuditEntry.key == audit.record_key(view.description, record),
        )
        .order_by(AuditEntry.entry_id.desc())
        .limit(SHOWN)
    )
    shown = view.shown_fields - _limited(visit, view)
    return [
        {
            "when_iso": entry.happened_at.isoformat(),
            "when_text": f"{entry.happened_at:%Y-%m-%d %H:%M}",
            "actor": entry.actor_name,
            "action": in_words(entry.action),
            "changes": [
                {"field": view.label(name), "old": _half(change, 0), "new": _half(change, 1)}
                for name, change in entry.changes.items()
                if entry.action == "edit" and isinstance(change, list) and len(change) == 2 and name in shown
            ],
        }
        for entry in entries
    ]


def in_words(action: str) -> str:
    return WORDS.get(action, action.removeprefix("action:").replace("_", " ").replace("-", " "))


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
