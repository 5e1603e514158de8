"""One record: all that is known of it."""

from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from admin_site import audit
from admin_site.admin.cells import EMPTY, initials, show_plain
from admin_site.admin.entries import members
from admin_site.admin.history import history_of
from admin_site.admin.views import AdminView
from admin_site.admin.visit import HIDDEN, Visit, leads_over, passed
from admin_site.descriptions import Relation, describe
from admin_site.keys import encode_key
from admin_site.models import AuditEntry
from admin_site.permissions import Action

RELATED_SHOWN = 8


def show_record(visit: Visit) -> Response:
    view = visit.view(Action.DETAILS)
    record = visit.record(view, Action.DETAILS, visit.request.path_params["pk"])
    may = {action: view.allows(visit.request, action, record) for action in (Action.EDIT, Action.DELETE)}
    return visit.page(
        "details.html",
        title=visit.label(record),
        view=view,
        record={
            "label": visit.label(record),
            "key_text": view.key(record),
            "initials": initials(visit.label(record)) if view.description.has("user_image") else "",
            "image_url": None,
        },
        groups=_groups(visit, view, record),
        related=[_related(visit, record, relation) for relation in _to_many(view)],
        edit_url=visit.url(view, "edit", record) if may[Action.EDIT] else None,
        delete_url=visit.url(view, "delete", pks=view.key(record)) if may[Action.DELETE] else None,
        actions=_actions(visit, view, record),
        history=history_of(visit, view, record),
        history_url=_history_url(visit, view, record),
        list_url=visit.url(view, "list") if view.allows(visit.request, Action.LIST) else None,
    )


def _groups(visit: Visit, view: AdminView, record: Any) -> list[dict[str, Any]]:
    to_many = {relation.name for relation in _to_many(view)}
    changed = visit.site.flashes.read(visit.request).get("changed", "").split()
    hidden = visit.hidden([other for name in view.details_names for other in passed(record, name)])
    facts = [
        {
            "label": view.label(name),
            "value": HIDDEN if leads_over(hidden, record, name) else _fact(visit, view, record, name),
            "help": _help(view, name),
            "changed": name in changed,
        }
        for name in view.details_names
        if name not in to_many
    ]
    return [{"title": "", "collapsed": False, "fields": facts}]


def _fact(visit: Visit, view: AdminView, record: Any, name: str) -> Any:
    relation = next((item for item in view.description.relations if item.name == name), None)
    if relation is None:
        return view.cell(visit.request, record, name, short=False)
    other = getattr(record, name)
    if other is None:
        return EMPTY
    return linked(visit, other)


def linked(visit: Visit, record: Any) -> Any:
    """Return a record's name, as a link to it where the person may go there."""
    url = visit.record_url(record)
    label = visit.label(record)
    return Markup('<a href="{}">{}</a>').format(url, label) if url else show_plain(label)


def _help(view: AdminView, name: str) -> str:
    return next((field.help for field in view.description.fields if field.name == name), "")


def _to_many(view: AdminView) -> list[Relation]:
    shown = set(view.details_names)
    return [relation for relation in view.description.relations if relation.many and relation.name in shown]


def _related(visit: Visit, record: Any, relation: Relation) -> dict[str, Any]:
    if not visit.may_list(relation.target):
        return {
            "label": relation.label,
            "count_text": "",
            "items": [],
            "list_url": None,
            "add_url": None,
            "empty_text": "You may not see these.",
        }
    target = visit.site.view_of(relation.target)
    crowd = members(visit.session, record, relation, RELATED_SHOWN, visit.scope_of(relation.target))
    key = encode_key(describe(type(record)), describe(type(record)).key_of(record))
    can_add = (
        target is not None
        and relation.direction == "one_to_many"
        and relation.reverse != ""
        and target.allows(visit.request, Action.CREATE)
    )
    return {
        "label": relation.label,
        "count_text": f"{len(crowd.shown)}{'+' if crowd.has_more else ''}" if crowd.shown else "",
        "items": [{"label": visit.label(member), "url": visit.record_url(member)} for member in crowd.shown],
        "list_url": visit.url(target, "list", **{relation.reverse: key})
        if target is not None and _may_narrow(visit, target, relation)
        else None,
        "add_url": visit.url(target, "create", **{relation.reverse: key})
        if target is not None and can_add
        else None,
        "empty_text": "None",
    }


def _may_narrow(visit: Visit, target: AdminView, relation: Relation) -> bool:
    """Return whether the list of a relation's members can be asked for by the key of their owner."""
    owner = target.target_of(relation.reverse)
    return owner is not None and visit.may_list(owner) and relation.reverse in target.listing.filters


def _history_url(visit: Visit, view: AdminView, record: Any) -> str | None:
    trail = visit.site.view_of(AuditEntry)
    if trail is None or not trail.allows(visit.request, Action.LIST):
        return None
    model, key = audit.model_name(view.description), audit.record_key(view.description, record)
    return visit.url(trail, "list", model=model, key=key)


def _actions(visit: Visit, view: AdminView, record: Any) -> list[dict[str, str]]:
    key = view.key(record)
    return [
        {"label": label, "url": visit.url(view, f"action/{slug}", pks=key), "icon": icon}
        for slug, label, icon in view.action_buttons()
        if view.allows(visit.request, f"action:{slug}", record)
    ]
