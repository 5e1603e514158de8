"""The form of one record of a view, for the person who asks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from admin_site.admin.entries import Entry, make_entry
from admin_site.admin.form_fields import dressed, fixed_for, help_of, label_of, names_for
from admin_site.admin.forms import RecordForm, posted_zone
from admin_site.admin.pages.lookups import lookup_for
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.services.rules import faults_of


def record_form(visit: Visit, view: AdminView, record: Any, names: Iterable[str]) -> RecordForm:
    """Return the form of one record of a view, new where `record` is None, with entries for these names."""
    fixed = fixed_for(visit, view, record)
    entries = _entries(visit, view, record, names, fixed)
    form = RecordForm(visit.session, record, entries, fixed, visit.seal(view, record))
    form.faults = lambda values: faults_of(view.description, record, values)
    return form


def _entries(
    visit: Visit, view: AdminView, record: Any, names: Iterable[str], fixed: Mapping[str, str]
) -> Iterator[Entry]:
    # A browser may tell its zone between the page and its form: the times are those of the page's zone.
    # Those of a draft, which the visit has as if it were posted, are of the page it was typed in.
    zone = posted_zone(visit.form) if visit.is_post or visit.form else visit.zone
    for name in names_for(visit, view, record, names):
        entry = make_entry(
            view.form_description(),
            name,
            label_of(view, name),
            help_of(view, name),
            lookup_for(visit, view, name, record),
            is_new=record is None,
            zone=zone,
            fixed=fixed.get(name, ""),
        )
        if entry is not None:
            yield dressed(visit, view, record, entry)
