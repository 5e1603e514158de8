"""The members of a record's relation, page by page."""

from typing import Any

from starlette.responses import JSONResponse, Response

from admin_site.admin.entries import MembersEntry
from admin_site.admin.pages.lookups import MAX_TERM, entry_of
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest
from admin_site.listing import limited
from admin_site.permissions import Action


def show_members(visit: Visit) -> Response:
    """Show the members that match `term`, from the place `after` on; to a script as JSON.

    The form of the record adds and removes them; here they are found.
    """
    view = visit.view(Action.EDIT)
    key, asked = visit.request.path_params["pk"], visit.request.query_params
    record = visit.record(view, Action.EDIT, key)
    name, term, after = asked.get("name", ""), asked.get("term", "")[:MAX_TERM], asked.get("after", "")
    entry = entry_of(visit, view, name, key)
    if not isinstance(entry, MembersEntry):
        raise BadRequest(f"“{name[:100]}” has no members.")
    with limited(visit.session, visit.site.settings.list_time_limit):
        page = entry.page(visit.session, record, term, after)
    members = [entry.option(member) for member in page.records]
    if "text/html" not in visit.request.headers.get("accept", ""):
        return JSONResponse({"members": members, "after": page.after})
    label = visit.label(record)
    return visit.page(
        "members.html",
        title=f"{view.label(name)} of {label}",
        view=view,
        crumbs=[(view.name_plural, visit.url(view, "list")), (label, visit.url(view, "edit", record))],
        members=[_linked(entry, member) for member in members],
        name=name,
        term=term,
        is_first=not after,
        first_url=visit.url(view, "members", record, name=name, term=term),
        next_url=visit.url(view, "members", record, name=name, term=term, after=page.after)
        if page.after
        else "",
        action_url=visit.url(view, "members", record),
    )


def _linked(entry: MembersEntry, member: dict[str, Any]) -> dict[str, Any]:
    url = entry.lookup.show_url
    return member | {"url": url + member["record"] if url else ""}
