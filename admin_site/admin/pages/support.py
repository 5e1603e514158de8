"""The first page of the support desk, where people are found."""

import re
import uuid
from collections.abc import Sequence
from typing import Any

from starlette.responses import RedirectResponse, Response

from admin_site.admin.cells import initials
from admin_site.admin.support_desk import desk_url, desk_view
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, Forbidden, NotFound, TooSlow
from admin_site.listing import ListQuery, fetch, limited
from admin_site.models import User
from admin_site.permissions import Action
from admin_site.services.accounts import find_user
from admin_site.services.standing import lately_locked
from admin_site.services.throttling import blocked_until

MOST_WORDS = 200  # characters of what somebody is looked for by
MOST_FOUND = 20
MOST_LOCKED = 5

_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>|^mailto:(\S+)$")


def find_people(visit: Visit) -> Response:
    """Find people by e-mail, name or key; who is found alone is shown at once."""
    view = desk_view(visit)
    words = visit.request.query_params.get("q", "").strip()[:MOST_WORDS]
    error = ""
    try:
        found, has_more = _found(visit, view, words) if words else ([], False)
    except (BadRequest, TooSlow) as refusal:
        found, has_more, error = [], False, str(refusal)
    if len(found) == 1:
        return RedirectResponse(desk_url(visit.site, visit.request, view.key(found[0])), status_code=303)
    withheld = visit.withheld(view)
    return visit.page(
        "support.html",
        status=400 if error else 200,
        error=error,
        title="Support desk",
        words=words,
        locked=[_listed(visit, view, user, withheld) for user in _locked(visit, view)] if not words else [],
        people=[_listed(visit, view, user, withheld) for user in sorted(found, key=visit.label)],
        has_more=has_more,
        may_list=view.allows(visit.request, Action.LIST),
        list_url=visit.url(view, "list", search=words),
        desk_url=desk_url(visit.site, visit.request),
    )


def _found(visit: Visit, view: AdminView, words: str) -> tuple[Sequence[User], bool]:
    """Return who is meant by `words`, and whether there are more than are shown.

    Whose key, e-mail address or user name it is, is meant alone; others are searched for as in their list.
    """
    if (one := _named(visit, view, words)) is not None:
        return [one], False
    if not view.allows(visit.request, Action.LIST):
        return [], False
    listing = visit.listing(view)
    query = ListQuery.parse([("search", words)], listing, zone=visit.zone)
    with limited(visit.session, visit.site.settings.list_time_limit):
        page = fetch(visit.session, listing, query, with_total=False)
    return page.rows[:MOST_FOUND], page.has_next or len(page.rows) > MOST_FOUND


def _locked(visit: Visit, view: AdminView) -> list[User]:
    """Return whom this person may help of those who have to wait after too many wrong passwords."""
    if not view.allows(visit.request, Action.UNLOCK):
        return []
    users = [_seen(visit, view, key) for key in lately_locked(visit.session)[:MOST_LOCKED]]
    return [user for user in users if user is not None and blocked_until(visit.session, user) is not None]


def _named(visit: Visit, view: AdminView, words: str) -> User | None:
    if key := _KEY.search(words):
        name = str(uuid.UUID(key[0]))
    else:
        address = _ADDRESS.search(words)
        asked = next(filter(None, address.groups())) if address else words
        user = find_user(visit.session, asked)
        # What this person may not see of somebody does not find them either.
        by = "email_address" if "@" in asked else "user_name"
        is_told = user is not None and by not in visit.withheld(view, Action.DETAILS, user)
        name = view.key(user) if is_told else ""
    return _seen(visit, view, name) if name else None


def _seen(visit: Visit, view: AdminView, key: str) -> User | None:
    try:
        user: User = visit.record(view, Action.DETAILS, key)
    except (NotFound, Forbidden):
        return None
    return user


def _listed(visit: Visit, view: AdminView, user: User, withheld: frozenset[str]) -> dict[str, Any]:
    name = visit.label(user)
    return {
        "name": name,
        "initials": initials(name),
        "user_name": "" if "user_name" in withheld else user.user_name,
        "email": "" if "email_address" in withheld else user.email_address,
        "is_active": user.is_active,
        "url": desk_url(visit.site, visit.request, view.key(user)),
    }
