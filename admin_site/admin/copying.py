"""Saving what stands in the form of a record as a new record."""

from collections.abc import Iterable, Mapping
from typing import Any

from admin_site.admin.entries import Entry, MembersEntry, SecretEntry, members
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.permissions import Action
from admin_site.services.records import Members

COPY = ":copy"
"""What an address says of the record that a new one is a copy of."""

MOST_MEMBERS = 500  # that a copy takes over


def copy_url(visit: Visit, view: AdminView, record: Any) -> str:
    """Return where the form of a stored record goes to be saved as a new one, "" where that cannot be."""
    if record is None or not view.save_as or not view.allows(visit.request, Action.CREATE):
        return ""
    return visit.url(view, "create", **{COPY: view.key(record)})


def original(visit: Visit, view: AdminView) -> Any:
    """Return the record that a new one is a copy of, or None.

    Raises NotFound and Forbidden for one that this person may not see.
    """
    key = visit.request.query_params.get(COPY) if visit.is_post else None
    return None if key is None else visit.record(view, Action.DETAILS, key)


def content(visit: Visit, view: AdminView, name: str) -> bytes | None:
    """Return the bytes that a copy takes over."""
    record = original(visit, view)
    if record is None or name in view.withheld_from(visit.request, Action.DETAILS, record):
        return None
    value = getattr(record, name)
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else None


def completed(
    visit: Visit, view: AdminView, entries: Iterable[Entry], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values of a new record with the members that it takes over from its original."""
    record = original(visit, view)
    found = dict(values)
    if record is None:
        return found
    for entry in entries:
        if isinstance(entry, MembersEntry) and _is_shared(entry):
            crowd = members(visit.session, record, entry.relation, MOST_MEMBERS, entry.lookup.scope)
            left = set(visit.form.getlist(f"{entry.name}:remove"))
            kept = [member for member in crowd.shown if entry.option(member)["value"] not in left]
            added = found[entry.name].add if entry.name in found else ()
            if not crowd.has_more and (kept or added):
                found[entry.name] = Members((*kept, *(member for member in added if member not in kept)), ())
    return found


def left_words(visit: Visit, view: AdminView, entries: Iterable[Entry], values: Mapping[str, Any]) -> str:
    """Return in words what a copy has not taken over, "" for nothing and for what is no copy."""
    record = original(visit, view)
    if record is None:
        return ""
    left = [entry.label for entry in entries if _is_left(visit, record, entry, values)]
    left += [view.label(inline.name) for inline in view.inline_list]
    return f" Not copied: {', '.join(dict.fromkeys(left))}." if left else ""


def _is_left(visit: Visit, record: Any, entry: Entry, values: Mapping[str, Any]) -> bool:
    if isinstance(entry, SecretEntry):
        return entry.name not in values and getattr(record, entry.name) is not None
    if isinstance(entry, MembersEntry) and entry.name not in values:
        return bool(members(visit.session, record, entry.relation, 1, entry.lookup.scope).shown)
    return False


def _is_shared(entry: MembersEntry) -> bool:
    """Whether a member may belong to the copy as well."""
    return entry.relation.direction == "many_to_many"
