"""Adding and changing a record, step by step."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from admin_site.admin import copying, prefill
from admin_site.admin.answering import error_page
from admin_site.admin.conflicts import kept_words
from admin_site.admin.copying import original
from admin_site.admin.forms import AGAIN, FIND, SAVE
from admin_site.admin.pages import comebacks, drafts
from admin_site.admin.pages.form_page import Editing, show
from admin_site.admin.pages.inlines import Inlines
from admin_site.admin.pages.record_forms import record_form
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import AdminSiteError, BadRequest, Conflict, Forbidden, Invalid, NotFound
from admin_site.permissions import Action
from admin_site.services import records
from admin_site.services.drafts import Kept
from admin_site.services.guards import note_refusal
from admin_site.services.powers import why_not
from admin_site.services.submissions import new_nonce

STATUS: dict[type[Exception], int] = {Conflict: 409, Forbidden: 403}
REFUSALS = (Invalid, Conflict, BadRequest, Forbidden)
CONTINUE, ADD_ANOTHER, AS_NEW = "Save and continue editing", "Save and add another", "Save as new"
SHOWN_AGAIN = (FIND,)
"""The buttons of a form that show it once more, with something found, and save nothing."""


def create_record(visit: Visit) -> Response:
    view = visit.view(Action.CREATE)
    if visit.earlier is not None and _is_sent(visit):
        return _show_saved(visit, view)
    if visit.form.get(SAVE) == AS_NEW:
        comebacks.leave_rows(visit)  # they stay with the original
    original(visit, view)  # what is copied must be seen, whatever comes of the form
    editing = open_form(visit, view)
    return save(editing) if _is_sent(visit) else show(editing, begun(editing))


def edit_record(visit: Visit) -> Response:
    view = visit.view(Action.EDIT)
    key = visit.request.path_params["pk"]
    try:
        record = visit.record(view, Action.EDIT, key, lock=visit.is_post)
    except NotFound:
        draft = drafts.begin(visit)  # what was typed outlives its record
        if not comebacks.was_shown(visit, view, key, visit.form):
            raise
        return _edit_gone(visit, view, key, draft)
    reason = why_not(visit.session, visit.identity, Action.EDIT, record)
    if reason and not visit.is_post:
        back = visit.record_url(record) or visit.url(view, "list")
        title = f"You may not change {visit.label(record)}"
        return error_page(visit.site, visit.request, 403, title, reason, back)
    editing = open_form(visit, view, record)
    if reason:
        return refuse(editing, Forbidden(reason))
    return save(editing) if _is_sent(visit) else show(editing, begun(editing))


def open_form(visit: Visit, view: AdminView, record: Any = None) -> Editing:
    """Return the form of a record with all that is edited in it."""
    draft = drafts.begin(visit)  # before the form, which may be that of the draft
    form, inlines = record_form(visit, view, record, view.form_names), Inlines(visit, view)
    form.owned = inlines.owns
    return Editing(visit, view, form, inlines, draft)


def begun(editing: Editing) -> FormData | None:
    """Return what the form holds, before it is saved, instead of what is stored."""
    visit = editing.visit
    if visit.is_post or editing.is_restored:
        return visit.form
    if not editing.is_new:
        return None
    # An address may begin a form: "add" beside a person's items is create?owner=<their key>.
    return prefill.begin(editing.form, visit.request.query_params)


def save(editing: Editing) -> Response:
    """Store what was typed and answer, or show the form again with what is wrong."""
    is_new = editing.is_new
    try:
        values = read(editing)
        record = store(editing, values)
        response = answer(editing, record, values)
        drafts.end(editing.visit)
        editing.visit.commit(editing.view)
    except REFUSALS as error:
        return refuse(editing, error)
    editing.view.notify("after_model_change", values, record, is_new, editing.visit.request)
    editing.inlines.after()
    return response


def read(editing: Editing) -> dict[str, Any]:
    """Return the values that were entered or changed; raises one of REFUSALS."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    try:
        values = editing.form.changes(editing.visit.form)
    except Invalid as error:
        errors |= error.errors
    try:
        editing.inlines.read(editing.record, editing.visit.form)
    except Invalid as error:
        errors |= error.errors
    if errors:
        raise Invalid(errors)
    if editing.is_new:
        values = copying.completed(editing.visit, editing.view, editing.form.entries, values)
    request = editing.visit.request
    editing.view.notify("on_model_change", values, editing.record, editing.is_new, request)
    return values


def store(editing: Editing, values: Mapping[str, Any]) -> Any:
    """Write the values, without committing, and return the record; raises one of REFUSALS."""
    session, identity, description = editing.visit.session, editing.visit.identity, editing.view.description
    record = editing.record
    if editing.is_new:
        given = comebacks.key_values(editing.view, editing.gone) if editing.gone else {}
        record = records.create(session, identity, description, {**given, **values})
    elif values:
        records.update(session, identity, description, record, values)
    editing.inlines.store(record)
    return record


def answer(editing: Editing, record: Any, values: Mapping[str, Any]) -> Response:
    """Return the way on from a form that is saved: where the button pressed leads, with a greeting."""
    visit, view = editing.visit, editing.view
    text = f"{view.name} “{visit.label(record)}” was {'added' if editing.is_new else 'saved'}."
    text = text if editing.is_new or values or editing.inlines.children else "Nothing was changed."
    text += kept_words(visit, view, editing.form)
    text += copying.left_words(visit, view, editing.form.entries, values)
    key = view.key(record)
    pressed = visit.form.get(SAVE)
    if pressed == CONTINUE and view.allows(visit.request, Action.EDIT, record):
        return visit.go(visit.url(view, "edit", record), text, key=key)
    if pressed == ADD_ANOTHER and view.allows(visit.request, Action.CREATE):
        return visit.go(visit.url(view, "create"), text, key=key)
    if view.allows(visit.request, Action.DETAILS, record):
        changed = "" if editing.is_new else " ".join(values)
        return visit.go(visit.url(view, "details", record), text, changed=changed, key=key)
    return visit.go(visit.url(view, "list"), text, key=key)


def refuse(editing: Editing, error: AdminSiteError) -> Response:
    """Show the form again with what is wrong and all that was typed."""
    visit, view, form = editing.visit, editing.view, editing.form
    visit.session.rollback()
    if not editing.is_new:
        key = visit.request.path_params["pk"]
        try:
            form.record = visit.record(view, Action.EDIT, key)
        except NotFound:
            return _edit_gone(visit, view, key)
    if isinstance(error, Invalid):
        form.errors = dict(error.errors)
        return show(editing, visit.form, 409 if form.clashes else 400)
    if isinstance(error, Forbidden):
        note_refusal(visit.session, error, label=visit.request.url.path)
        visit.session.commit()
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 400)
    return show(editing, visit.form, status, str(error))


def _edit_gone(visit: Visit, view: AdminView, key: str, draft: Kept | None = None) -> Response:
    """Make a record anew that was deleted while its form was open, or show what was typed and offer it."""
    comebacks.leave_rows(visit)
    form, inlines = record_form(visit, view, None, comebacks.names_typed(visit, view)), Inlines(visit, view)
    inlines.inlines = []  # their rows went with it
    editing = Editing(visit, view, form, inlines, draft, gone=key)
    editing.may_save = comebacks.may_make_again(visit, view, key)
    if AGAIN in visit.form and editing.may_save and _is_sent(visit):
        return save(editing)
    return show(editing, visit.form, 409, comebacks.gone_words(visit, view, key))


def _show_saved(visit: Visit, view: AdminView) -> Response:
    """Show a form that made a record before, and now comes with something else in it."""
    record = comebacks.saved_before(visit, view)
    words = comebacks.saved_words(visit, record)
    visit.nonce = new_nonce()  # what is saved from here on is something else
    if record is None or not view.allows(visit.request, Action.EDIT, record):
        editing, words = open_form(visit, view), words + comebacks.ANOTHER
    else:
        comebacks.leave_rows(visit)
        editing, words = open_form(visit, view, record), words + comebacks.CHANGED
    editing.saved_url = (record is not None and visit.record_url(record)) or ""
    return show(editing, visit.form, 409, words)


def _is_sent(visit: Visit) -> bool:
    """Whether the form is to be saved, not only shown."""
    return visit.is_post and not any(button in visit.form for button in SHOWN_AGAIN)
