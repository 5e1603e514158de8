"""The list that a record was opened from: what stands beside it there, and the way back."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, TooSlow
from admin_site.keys import encode_key
from admin_site.listing import ListQuery, limited, neighbours, place
from admin_site.permissions import Action

LIST = "list"  # the parameter of a record's page that holds the query string of the list it was opened from
AROUND = "around"  # the same of a list that was stepped through, which opens where the record stands
SECONDS = 0.3  # for what is only there to go on from


def in_list(visit: Visit, view: AdminView, record: Any) -> dict[str, Any] | None:
    """Return the addresses of the previous and the next record and of the list, or None to who may not list.

    The list is the one in `?list=`, which admin.js adds to the links of a list that is not the usual one;
    without it, the usual one. From a page that somebody stepped to, the list opens where the record stands.
    """
    if not view.allows(visit.request, Action.LIST):
        return None
    parameters = visit.request.query_params
    has_stepped = AROUND in parameters
    query = _query(visit, view, parameters.get(AROUND) or parameters.get(LIST))
    before = after = None
    cursor = ""
    try:
        with limited(visit.session, SECONDS):
            before, after = neighbours(visit.session, query.listing, query, record)
            cursor = place(visit.session, query.listing, query, record) if has_stepped else ""
    except (TooSlow, BadRequest):
        pass
    return {
        "previous_url": _step(visit, view, query, before),
        "next_url": _step(visit, view, query, after),
        "list_url": visit.list_url(view, query.with_(after=cursor) if cursor else query),
    }


def _query(visit: Visit, view: AdminView, given: str | None) -> ListQuery:
    try:
        return visit.query(view, parse_qsl(given or ""))
    except BadRequest:
        return visit.query(view, [])


def _step(visit: Visit, view: AdminView, query: ListQuery, key: tuple[Any, ...] | None) -> str | None:
    """Return the page of the record with this key, which knows the list but no page of it."""
    if key is None:
        return None
    path = visit.url(view, f"details/{encode_key(view.description, key)}")
    return f"{path}?{urlencode({AROUND: urlencode(query.with_().to_pairs())})}"
