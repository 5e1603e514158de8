"""The view of the audit trail."""

from collections.abc import Collection

from markupsafe import Markup
from sqlalchemy import ColumnElement
from starlette.requests import Request

from admin_site import audit
from admin_site.admin.own_views.limited import Limited, site_of
from admin_site.admin.views import AdminView
from admin_site.models import AuditEntry
from admin_site.permissions import SEEING, WILDCARD, Action, Identity, covers


class AuditEntryView(Limited, AdminView, model=AuditEntry):
    """What happened to records of the kinds that the person who looks may see all of.

    Who may see everything sees everything: what happened to nobody known, too.
    """

    icon = "history"
    name_plural = "Audit entries"
    column_list = ["happened_at", "actor_name", "action", "label", "model", "ip_address"]
    column_labels = {"actor_name": "Who", "action": "What", "label": "Record", "model": "Kind"}
    column_default_sort = ("entry_id", True)

    def __init__(self) -> None:
        super().__init__()
        self._formatters |= {
            "actor_name": lambda entry, _: entry.actor,
            "action": lambda entry, _: entry.verb,
            "label": self._link,
            "model": lambda entry, _: self._kind(entry),
        }

    def limit(self, identity: Identity) -> ColumnElement[bool] | None:
        if _reads_everything(identity):
            return None
        seen: dict[str, bool] = {}
        for view in site_of(self).model_views:
            if view is not self:
                name = audit.model_name(view.description)
                seen[name] = seen.get(name, True) and view.shows_everything(identity)
        return AuditEntry.model.in_([name for name, is_seen in seen.items() if is_seen])

    def hidden_for(self, identity: Identity) -> Collection[str]:
        """Hide what was changed, which may name anything: it stands on the page of the record."""
        return () if _reads_everything(identity) else ("changes",)

    def _kind(self, entry: AuditEntry) -> str:
        view = site_of(self).views_by_table.get(entry.model)
        return view.name if view else entry.model

    def _link(self, entry: AuditEntry, _: str, request: Request) -> str:
        """Return the name of the record, as a link to it where the person may go there."""
        site = site_of(self)
        view = site.views_by_table.get(entry.model)
        if view is None or not entry.key or entry.action == "delete":
            return entry.label
        if not view.allows(request, Action.DETAILS):
            return entry.label
        url = f"{site.base_path(request)}/{view.identity}/details/{entry.key}"
        return Markup('<a href="{}">{}</a>').format(url, entry.label)


def _reads_everything(identity: Identity) -> bool:
    return all(covers(identity, (WILDCARD, action)) for action in SEEING)
