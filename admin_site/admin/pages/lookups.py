"""What a lookup offers while a person types."""

from typing import Any

from starlette.responses import JSONResponse, Response

from admin_site.admin.entries import Control, Lookup, LookupEntry, make_entry
from admin_site.admin.form_fields import NOT_SHOWN, hidden_in
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, Forbidden
from admin_site.listing import limited
from admin_site.permissions import Action
from admin_site.services.powers import choosable
from admin_site.services.trees import fitting, has_circles

MAX_TERM = 200  # characters
MAX_NAMED = 10  # records that are asked for by their keys at once


def look_up(visit: Visit) -> Response:
    """Answer `?name=relation&term=words` with the records that match, as SQLAdmin's own lookup does.

    `after` leads on from an earlier answer. Without a term, those named by `recent` come first, as far as
    this person may choose them; `key` asks for records by their keys alone. `of` is the key of the record
    that is edited.
    """
    asked = visit.request.query_params
    view = visit.site.find_view(visit.request.path_params["identity"])
    entry = entry_of(visit, view, asked.get("name", ""), asked.get("of", ""))
    term, after = asked.get("term", "")[:MAX_TERM], asked.get("after", "")
    with limited(visit.session, visit.site.settings.list_time_limit):
        if keys := asked.getlist("key")[:MAX_NAMED]:
            return JSONResponse({"results": _told(entry.named(visit.session, keys)), "more": False})
        recent = [] if term or after else entry.named(visit.session, asked.getlist("recent")[:MAX_NAMED])
        found = entry.found(visit.session, term, after)
    there = {option["value"] for option in recent}
    rest = [option for option in found.options if option["value"] not in there]
    results = [*_told(recent, recent=True), *_told(rest)]
    return JSONResponse({"results": results, "more": bool(found.after), "after": found.after})


def entry_of(visit: Visit, view: AdminView, name: str, key: str = "") -> LookupEntry:
    """Return the entry with which a relation or foreign key of a view is looked up.

    `key` is that of the record whose form it stands in. Raises Forbidden for those who may fill in no form of
    the view, and BadRequest for what is not looked up.
    """
    if not (view.allows(visit.request, Action.CREATE) or view.allows(visit.request, Action.EDIT)):
        raise Forbidden("You may not look this up.")
    if name not in view.form_names:
        raise BadRequest(f"There is no lookup “{name[:100]}” here.")
    record = visit.record(view, Action.EDIT, key) if key else None
    if name in hidden_in(visit, view, record):
        raise BadRequest(NOT_SHOWN)
    lookup = lookup_for(visit, view, name, record)
    if lookup.locked:
        raise Forbidden(lookup.locked)
    entry = make_entry(view.form_description(), name, "", "", lookup, is_new=True)
    if not isinstance(entry, LookupEntry):
        raise BadRequest(f"“{name[:100]}” is not looked up.")
    return entry


def lookup_for(visit: Visit, view: AdminView, name: str, record: Any = None) -> Lookup:
    """Return how a relation or foreign key of a view is looked up by this person, in the form of `record`."""
    target = view.target_of(name)
    if target is None:
        return Lookup()
    other = visit.site.view_of(target)
    if other is not None and not visit.may_list(other.model):
        return Lookup(locked=f"You may not see {other.name_plural.lower()}.")
    asked, fits = {"name": name}, None
    if record is not None and has_circles(view.description, name):
        asked["of"] = view.key(record)
        fits = lambda session, found: fitting(session, view.description, record, name, found)  # noqa: E731
    return Lookup(
        visit.url(view, "ajax/lookup", **asked),
        visit.scope_of(other.model) if other else None,
        choosable=choosable(visit.identity, view.model, name),
        fits=fits,
        withheld=visit.withheld_of(target),
        members_url="" if record is None else visit.url(view, "members", record, name=name),
        **(_addresses(visit, other) if other else {}),
    )


def _addresses(visit: Visit, other: AdminView) -> dict[str, str]:
    """Return where this person adds, edits and sees the records of a relation."""
    pages = {
        "add_url": (Action.CREATE, "create"),
        "edit_url": (Action.EDIT, "edit/"),
        "show_url": (Action.DETAILS, "details/"),
    }
    allowed = {
        name: visit.url(other, page)
        for name, (action, page) in pages.items()
        if other.allows(visit.request, action)
    }
    return {"called": other.name.lower(), **allowed}


def _told(options: list[Control], *, recent: bool = False) -> list[dict[str, Any]]:
    """Return options under the names that SQLAdmin's script expects, and ours."""
    return [
        {"id": option["value"], "text": option["label"], "key": option["key"], "record": option["record"]}
        | ({"recent": True} if recent else {})
        for option in options
    ]
