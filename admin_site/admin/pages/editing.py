"""The form of a record: adding and changing one."""

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from admin_site.admin.answering import error_page
from admin_site.admin.associations import name_of
from admin_site.admin.entries import Entry, LookupEntry, StaticEntry, make_entry
from admin_site.admin.forms import FIND, SAVE, RecordForm, posted_zone
from admin_site.admin.pages.lookups import lookup_for
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, Conflict, Forbidden, Invalid
from admin_site.permissions import Action
from admin_site.services import records
from admin_site.services.guards import note_refusal
from admin_site.services.powers import fixed_fields, why_not

STATUS: dict[type[Exception], int] = {Conflict: 409, Forbidden: 403}
CONTINUE, ADD_ANOTHER = "Save and continue editing", "Save and add another"


def create_record(visit: Visit) -> Response:
    view = visit.view(Action.CREATE)
    form = _form(visit, view, None)
    if not visit.is_post or FIND in visit.form:
        # An address may begin a form: "add" beside a person's items is create?owner=<their key>.
        return _form_page(visit, view, form, visit.form if visit.is_post else _begun(visit, form))
    try:
        values = form.changes(visit.form)
        view.notify("on_model_change", values, None, True, visit.request)
        record = records.create(visit.session, visit.identity, view.description, values)
        visit.commit(view)
    except (Invalid, Conflict, BadRequest, Forbidden) as error:
        return _refused(visit, view, form, error)
    view.notify("after_model_change", values, record, True, visit.request)
    return _saved(visit, view, record, "added", ())


def edit_record(visit: Visit) -> Response:
    view = visit.view(Action.EDIT)
    key = visit.request.path_params["pk"]
    record = visit.record(view, Action.EDIT, key)
    reason = why_not(visit.session, visit.identity, Action.EDIT, record)
    if reason and not visit.is_post:
        back = visit.record_url(record) or visit.url(view, "list")
        title = f"You may not change {visit.label(record)}"
        return error_page(visit.site, visit.request, 403, title, reason, back)
    form = _form(visit, view, record)
    if not visit.is_post or FIND in visit.form:
        return _form_page(visit, view, form, visit.form if visit.is_post else None)
    try:
        values = form.changes(visit.form)
        view.notify("on_model_change", values, record, False, visit.request)
        if values:
            records.update(visit.session, visit.identity, view.description, record, values)
        visit.commit(view)
    except (Invalid, Conflict, BadRequest, Forbidden) as error:
        visit.session.rollback()
        form.record = visit.record(view, Action.EDIT, key)
        return _refused(visit, view, form, error)
    view.notify("after_model_change", values, record, False, visit.request)
    return _saved(visit, view, record, "saved" if values else "unchanged", values)


def _begun(visit: Visit, form: RecordForm) -> FormData:
    """Return what the address chooses: related records alone, which anybody sees before saving."""
    related = {entry.name for entry in form.entries if isinstance(entry, LookupEntry)}
    return FormData([pair for pair in visit.request.query_params.multi_items() if pair[0] in related])


def _form(visit: Visit, view: AdminView, record: Any) -> RecordForm:
    fixed = fixed_fields(visit.identity, view.model)
    return RecordForm(visit.session, record, _entries(visit, view, record, fixed), fixed)


def _entries(visit: Visit, view: AdminView, record: Any, fixed: Mapping[str, str]) -> Iterable[Entry]:
    # A browser may tell its zone between the page and its form: the times are those of the page's zone.
    zone = posted_zone(visit.form) if visit.is_post else visit.zone
    for name in view.form_names:
        entry = make_entry(
            view.form_description(),
            name,
            view.label(name),
            str(view.form_args.get(name, {}).get("description", "")),
            lookup_for(visit, view, name),
            is_new=record is None,
            zone=zone,
            fixed=fixed.get(name, ""),
        )
        if entry is not None:
            yield entry


def _form_page(
    visit: Visit, view: AdminView, form: RecordForm, posted: Any, status: int = 200, problem: str = ""
) -> Response:
    record = form.record
    is_new = record is None
    controls = form.controls(posted)
    whole = form.errors.pop("", "")
    errors = [
        {
            "field_id": controls[name]["id"] if name in controls else None,
            "label": view.label(name),
            "message": text,
        }
        for name, text in form.errors.items()
    ]
    query = f"?{visit.request.url.query}" if visit.request.url.query else ""
    here = visit.url(view, "create") if is_new else visit.url(view, "edit", record)
    may_show = not is_new and view.allows(visit.request, Action.DETAILS, record)
    back = visit.url(view, "details", record) if may_show else visit.url(view, "list")
    return visit.page(
        "form.html",
        status=status,
        title=f"Add {view.name.lower()}" if is_new else name_of(visit, record),
        view=view,
        verb="Save",
        action_url=here + query,
        cancel_url=back,
        delete_url="" if is_new else _delete_url(visit, view, record),
        errors=errors,
        problem=problem or whole,
        sections=_sections(form, controls),
        state_token="" if is_new else form.state(),
        zone=form.zone,
        is_new=is_new,
        continue_allowed=True,
        multipart=True,
    )


def _delete_url(visit: Visit, view: AdminView, record: Any) -> str:
    may = view.allows(visit.request, Action.DELETE, record)
    if not may or why_not(visit.session, visit.identity, Action.DELETE, record):
        return ""
    return visit.url(view, "delete", pks=view.key(record))


def _sections(form: RecordForm, controls: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is edited first, what is only shown below it, folded."""
    static = [controls[entry.name] for entry in form.entries if isinstance(entry, StaticEntry)]
    edited = [controls[entry.name] for entry in form.entries if not isinstance(entry, StaticEntry)]
    sections = [{"title": "", "collapsed": False, "controls": edited}]
    if static:
        sections.append({"title": "Cannot be edited", "collapsed": True, "controls": static})
    return sections


def _refused(visit: Visit, view: AdminView, form: RecordForm, error: Exception) -> Response:
    """Show the form again with what is wrong and all that was typed."""
    visit.session.rollback()
    if isinstance(error, Invalid):
        form.errors = dict(error.errors)
        return _form_page(visit, view, form, visit.form, status=400)
    if isinstance(error, Forbidden):
        note_refusal(visit.session, error, label=visit.request.url.path)
        visit.session.commit()
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 400)
    return _form_page(visit, view, form, visit.form, status=status, problem=str(error))


def _saved(visit: Visit, view: AdminView, record: Any, what: str, changed: Iterable[str]) -> Response:
    label = visit.label(record)
    text = f"{view.name} “{label}” was {what}." if what != "unchanged" else "Nothing was changed."
    pressed = visit.form.get(SAVE)
    may_show = view.allows(visit.request, Action.DETAILS, record)
    if pressed == CONTINUE and view.allows(visit.request, Action.EDIT, record):
        return visit.go(visit.url(view, "edit", record), text)
    if pressed == ADD_ANOTHER and view.allows(visit.request, Action.CREATE):
        return visit.go(visit.url(view, "create"), text)
    if may_show:
        return visit.go(visit.url(view, "details", record), text, changed=" ".join(changed))
    return visit.go(visit.url(view, "list"), text)
