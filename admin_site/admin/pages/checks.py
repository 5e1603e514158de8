"""Checking one field of a form while the rest of it is still typed."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from admin_site.admin.entries import UNSET, Entry, LookupEntry, MembersEntry, TextEntry
from admin_site.admin.forms import RecordForm
from admin_site.admin.pages.record_forms import record_form
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import Description
from admin_site.errors import BadRequest, Forbidden, NotFound
from admin_site.permissions import Action
from admin_site.services.powers import why_not
from admin_site.services.rules import columns_of, faults, neighbours, state_of
from admin_site.services.uniqueness import collisions

FIELD, KEY = ":field", ":key"


def check_field(visit: Visit) -> Response:
    """Answer with what saving would say of one field: {"error": words or ""}.

    The form holds the field's name, the record's key as in addresses, and what is typed into the field and
    those it depends on.
    """
    name, key = (str(visit.form.get(each) or "") for each in (FIELD, KEY))
    action = Action.EDIT if key else Action.CREATE
    view = visit.view(action)
    try:
        record = visit.record(view, action, key) if key else None
    except NotFound:  # deleted meanwhile, which saving says with all that was typed
        return JSONResponse({"error": ""})
    if record is not None and (reason := why_not(visit.session, visit.identity, action, record)):
        raise Forbidden(reason)
    names = [each for each in view.form_names if each == name or each in depends_on(view, name)]
    form = record_form(visit, view, record, names)
    if name in form.fixed:
        raise Forbidden(form.fixed[name])
    entry = next((entry for entry in form.entries if entry.name == name), None)
    if entry is None or not _is_checked(entry):
        raise BadRequest("This form has no such field to check.")
    return JSONResponse({"error": _fault(view.description, form, entry, visit.form)})


def depends_on(view: AdminView, name: str) -> tuple[str, ...]:
    """Return the other fields of a view's form on which it depends whether a field is right."""
    others = neighbours(view.description, name)
    return tuple(each for each in view.form_names if each in others)


def dependencies(view: AdminView) -> Mapping[str, tuple[str, ...]]:
    """Return what each field of a view's form depends on, those without left out."""
    return {name: others for name in view.form_names if (others := depends_on(view, name))}


def _is_checked(entry: Entry) -> bool:
    return isinstance(entry, TextEntry | LookupEntry) and not isinstance(entry, MembersEntry)


def _fault(description: Description, form: RecordForm, entry: Any, posted: FormData) -> str:
    values: dict[str, Any] = {}
    try:
        value = _value(form, entry, posted)
    except ValueError as error:
        return str(error)
    if value is UNSET:
        return ""
    values[entry.name] = value
    for other in form.entries:
        if other is not entry and _is_checked(other) and other.name in posted:
            with suppress(ValueError):  # it is told when that field is checked
                found = _value(form, other, posted)
                values |= {other.name: found} if found is not UNSET else {}
    state = state_of(description, form.record, values)
    changed = {entry.name, *columns_of(description, entry.name)}
    errors = faults(description, state, [entry.name])
    if not errors:
        errors = collisions(form.session, description, form.record, state, changed)
    return next(iter(errors.values()), "")


def _value(form: RecordForm, entry: Any, posted: FormData) -> Any:
    """Return the value that was typed; UNSET for one that saving would leave as it is."""
    texts = [text for text in posted.getlist(entry.name) if isinstance(text, str)]
    text = (texts[-1] if texts else "").replace("\r\n", "\n")
    if form.record is None:
        return entry.initial_value(form.session, text, posted)
    stored = {entry.stored(form.session, form.record), entry.shown(form.session, form.record)}
    if entry.canonical(text) in {entry.canonical(each) for each in stored}:
        return UNSET
    return entry.value(form.session, text, posted)
