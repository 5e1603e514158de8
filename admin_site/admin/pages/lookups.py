"""What a lookup offers while a person types."""

from starlette.responses import JSONResponse, Response

from admin_site.admin.entries import LOOKUP_SIZE, Lookup, LookupEntry, make_entry
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, Forbidden
from admin_site.permissions import Action


def look_up(visit: Visit) -> Response:
    """Answer `?name=relation&term=words` with the records that match, as SQLAdmin's own lookup does."""
    view = visit.site.find_view(visit.request.path_params["identity"])
    if not (view.allows(visit.request, Action.CREATE) or view.allows(visit.request, Action.EDIT)):
        raise Forbidden("You may not look this up.")
    name = visit.request.query_params.get("name", "")
    if name not in view.form_names:
        raise BadRequest(f"There is no lookup “{name[:100]}” here.")
    lookup = lookup_for(visit, view, name)
    if lookup.locked:
        raise BadRequest(lookup.locked)
    entry = make_entry(view.description, name, "", "", lookup, is_new=True)
    if not isinstance(entry, LookupEntry):
        raise BadRequest(f"“{name[:100]}” is not looked up.")
    found = entry.found(visit.session, visit.request.query_params.get("term", "")[:200])
    return JSONResponse(
        {
            "results": [{"id": option["value"], "text": option["label"]} for option in found],
            "more": len(found) == LOOKUP_SIZE,
        }
    )


def lookup_for(visit: Visit, view: AdminView, name: str) -> Lookup:
    """Return how a relation or foreign key of a view is looked up by this person."""
    target = view.target_of(name)
    other = visit.site.view_of(target) if target else None
    if other is None:
        return Lookup(visit.url(view, "ajax/lookup", name=name))
    if not visit.may_list(other.model):
        return Lookup(locked=f"You may not see {other.name_plural.lower()}.")
    return Lookup(visit.url(view, "ajax/lookup", name=name), visit.scope_of(other.model))
