"""What a view, and the rights of whoever asks, make of the fields of a form."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from admin_site.admin import copying
from admin_site.admin.entries import Entry, FileEntry, TextEntry
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import NO_DEFAULT
from admin_site.permissions import SEEING, Action
from admin_site.services.powers import fixed_fields

NOT_SHOWN = "You may not see or change this."
NOT_GRANTED = "You may not change this."


def fixed_for(visit: Visit, view: AdminView, record: Any) -> dict[str, str]:
    """Return the fields that nobody, or not this person, may set in a record, each with the reason."""
    identity = visit.identity
    action = Action.CREATE if record is None else Action.EDIT
    return {
        **view.form_options.read_only,
        **view.read_only_for(identity, record),
        **fixed_fields(identity, view.model),
        **dict.fromkeys(view.withheld(visit.request, action, record), NOT_GRANTED),
        **dict.fromkeys(hidden_in(visit, view, record), NOT_SHOWN),
    }


def names_for(visit: Visit, view: AdminView, record: Any, names: Iterable[str]) -> tuple[str, ...]:
    """Return those of a form's fields that a new or stored record has and this person may see."""
    hidden = hidden_in(visit, view, record)
    return view.form_options.names(names, is_new=record is None, hidden=hidden)


def hidden_in(visit: Visit, view: AdminView, record: Any) -> frozenset[str]:
    """Return the fields of a form that this person may neither see elsewhere nor change here."""
    action = Action.CREATE if record is None else Action.EDIT
    withheld = [view.withheld(visit.request, each, record) for each in (*SEEING, action)]
    return frozenset.intersection(*withheld).union(view.hidden_for(visit.identity))


def dressed(visit: Visit, view: AdminView, record: Any, entry: Entry) -> Entry:
    """Return an entry with what the view says of its field."""
    options = view.form_options.of_field(entry.name)
    if isinstance(entry, TextEntry):
        entry.attributes = options.attributes
        entry.prepopulated_from = options.prepopulated_from
        if options.default is not NO_DEFAULT:
            default = options.default() if callable(options.default) else options.default
            entry.field = replace(entry.field, default=default)
    if isinstance(entry, FileEntry):
        if record is None:
            entry.copied = copying.content(visit, view, entry.name)
        elif view.allows(visit.request, Action.DETAILS, record):
            entry.download_url = f"{visit.url(view, 'file')}/{entry.name}/{view.key(record)}"
    return entry


def help_of(view: AdminView, name: str) -> str:
    return view.form_options.of_field(name).help


def label_of(view: AdminView, name: str) -> str:
    """Return what a field is called in the form."""
    return view.form_options.of_field(name).label or view.label(name)
