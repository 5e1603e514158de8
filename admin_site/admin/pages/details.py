"""One record: all that is known of it."""

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from admin_site import audit
from admin_site.admin.associations import name_of, names_of, tied
from admin_site.admin.cells import EMPTY, initials, show_plain, show_unreadable
from admin_site.admin.entries import members
from admin_site.admin.history import history_of
from admin_site.admin.neighbours import in_list
from admin_site.admin.views import AdminView
from admin_site.admin.visit import HIDDEN, Visit, leads_over, passed
from admin_site.descriptions import Relation, Unreadable, describe
from admin_site.keys import encode_key
from admin_site.models import AuditEntry
from admin_site.permissions import Action
from admin_site.security.tokens import safe_next
from admin_site.services.powers import why_not

RELATED_SHOWN = 8
PICTURE = "data:image/"


def show_record(visit: Visit) -> Response:
    view = visit.view(Action.DETAILS)
    record = visit.record(view, Action.DETAILS, visit.request.path_params["pk"])
    label = name_of(visit, record)
    buttons = _buttons(visit, view, record)
    refused = _refused(buttons.values())
    return visit.page(
        "details.html",
        title=label,
        view=view,
        record={
            "label": label,
            "key_text": view.key(record),
            "initials": initials(label) if view.description.has("user_image") else "",
            "image_url": picture_of(record) if "user_image" in _seen(visit, view, record) else "",
        },
        groups=_groups(visit, view, record),
        related=[_related(visit, record, relation) for relation in _to_many(visit, view, record)],
        edit=buttons.pop(Action.EDIT, None),
        delete=buttons.pop(Action.DELETE, None),
        actions=[*_further_page(visit, view, record), *buttons.values()],
        refused=refused,
        history=history_of(visit, view, record) if view.has_history else None,
        history_url=_history_url(visit, view, record),
        beside=in_list(visit, view, record),
    )


def _groups(visit: Visit, view: AdminView, record: Any) -> list[dict[str, Any]]:
    to_many = {relation.name for relation in _to_many(visit, view, record)}
    changed = visit.site.flashes.read(visit.request).get("changed", "").split()
    names = _seen(visit, view, record)
    hidden = visit.hidden([other for name in names for other in passed(record, name)])
    facts = [
        {
            "label": view.label(name),
            "value": HIDDEN if leads_over(hidden, record, name) else _fact(visit, view, record, name),
            "help": _help(view, name),
            "changed": name in changed,
        }
        for name in names
        if name not in to_many
    ]
    return [{"title": "", "collapsed": False, "fields": facts}]


def _seen(visit: Visit, view: AdminView, record: Any) -> list[str]:
    """Return what a record's page shows to this person."""
    withheld = visit.withheld(view, Action.DETAILS, record)
    return [name for name in view.details_names if name not in withheld]


def _fact(visit: Visit, view: AdminView, record: Any, name: str) -> Any:
    relation = next((item for item in view.description.relations if item.name == name), None)
    if relation is None:
        if (value := vars(record).get(name)) and isinstance(value, str) and value.startswith(PICTURE):
            return Markup('<img class="fact-picture" src="{}" alt="">').format(value)
        return view.cell(visit.request, record, name, short=False)
    other = getattr(record, name)
    if other is None:
        keys = (vars(record).get(column) for column in relation.columns)
        return next((show_unreadable(key) for key in keys if isinstance(key, Unreadable)), EMPTY)
    return linked(visit, other)


def picture_of(person: Any) -> str:
    """Return the address of a person's picture if the policy of our pages lets a browser show it, else ""."""
    address = str(getattr(person, "user_image", None) or "")
    return address if address.startswith(PICTURE) or safe_next(address) else ""


def linked(visit: Visit, record: Any) -> Any:
    """Return a record's name, as a link to it where the person may go there."""
    url = visit.record_url(record)
    label = visit.label(record)
    return Markup('<a href="{}">{}</a>').format(url, label) if url else show_plain(label)


def _help(view: AdminView, name: str) -> str:
    return next((field.help for field in view.description.fields if field.name == name), "")


def _to_many(visit: Visit, view: AdminView, record: Any) -> list[Relation]:
    shown = set(_seen(visit, view, record))
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
    scope = visit.scope_of(relation.target)
    crowd = members(visit.session, record, relation, RELATED_SHOWN, scope, tied(relation.target))
    names = names_of(visit, crowd.shown, beside=record)
    key = encode_key(describe(type(record)), describe(type(record)).key_of(record))
    can_add = (
        target is not None
        and relation.direction == "one_to_many"
        and relation.reverse != ""
        and target.allows(visit.request, Action.CREATE)
    )
    return {
        "label": _called(relation, target),
        "count_text": f"{len(crowd.shown)}{'+' if crowd.has_more else ''}" if crowd.shown else "",
        "items": [
            {"label": name, "url": visit.record_url(member)}
            for name, member in zip(names, crowd.shown, strict=True)
        ],
        "list_url": visit.url(target, "list", **{relation.reverse: key})
        if target is not None and _may_narrow(visit, target, relation)
        else None,
        "add_url": visit.url(target, "create", **{relation.reverse: key})
        if target is not None and can_add
        else None,
        "empty_text": "None",
    }


def _called(relation: Relation, target: AdminView | None) -> str:
    """Return what a relation is called: as its view calls such records, where it only repeats their class."""
    repeats = relation.label.lower() == describe(relation.target).name_plural.lower()
    return target.name_plural if target is not None and repeats else relation.label


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


def _buttons(visit: Visit, view: AdminView, record: Any) -> dict[str, dict[str, str]]:
    """Return what may be done with a record; what would be refused has a reason and no address."""
    key = view.key(record)
    offered = {
        Action.EDIT: ("Edit", visit.url(view, "edit", record), "pencil"),
        Action.DELETE: ("Delete…", visit.url(view, "delete", pks=key), "trash"),
    } | {
        f"action:{slug}": (label, visit.url(view, f"action/{slug}", pks=key), icon)
        for slug, label, icon in view.action_buttons()
    }
    return {
        action: {"label": label, "url": "" if reason else url, "icon": icon, "reason": reason}
        for action, (label, url, icon) in offered.items()
        if view.allows(visit.request, action, record)
        for reason in [why_not(visit.session, visit.identity, action, record)]
    }


def _further_page(visit: Visit, view: AdminView, record: Any) -> list[dict[str, str]]:
    """Return the button that leads to the page which records of this view have beside this one."""
    if (page := view.further_page(visit.request)) is None:
        return []
    label, url, icon = page
    return [{"label": label, "url": f"{url}/{view.key(record)}", "icon": icon, "reason": ""}]


def _refused(buttons: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return each reason for which buttons lead nowhere, with what they are called."""
    by_reason: dict[str, list[str]] = {}
    for button in buttons:
        if button["reason"]:
            by_reason.setdefault(button["reason"], []).append(button["label"].rstrip("…"))
    return [{"what": ", ".join(labels), "why": reason} for reason, labels in by_reason.items()]
