"""The page of a record's form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from admin_site.admin.associations import name_of
from admin_site.admin.comparing import STATE
from admin_site.admin.conflicts import problem as conflict_words
from admin_site.admin.conflicts import tell
from admin_site.admin.copying import copy_url
from admin_site.admin.entries import Control
from admin_site.admin.form_rules import sections
from admin_site.admin.forms import RecordForm
from admin_site.admin.kept_forms import without_draft
from admin_site.admin.pages.checks import dependencies
from admin_site.admin.pages.drafts import notice
from admin_site.admin.pages.inlines import Inlines
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.permissions import Action
from admin_site.services.drafts import Kept
from admin_site.services.powers import why_not


@dataclass
class Editing:
    """A form that somebody works on: of a record of the view, or of a new one."""

    visit: Visit
    view: AdminView
    form: RecordForm
    inlines: Inlines
    draft: Kept | None = None
    """What the person typed here before and has not saved."""
    gone: str = ""
    """The key, in addresses, of the record that was deleted while the form was open."""
    may_save: bool = True
    saved_url: str = ""
    """Where the record can be seen that this form made when it was sent before."""

    @property
    def is_restored(self) -> bool:
        """Whether the form is shown with its draft."""
        return bool(self.draft and self.visit.form)

    @property
    def record(self) -> Any:
        """The record that is edited; None for one that is added."""
        return self.form.record

    @property
    def is_new(self) -> bool:
        return self.form.record is None


def show(editing: Editing, posted: FormData | None = None, status: int = 200, problem: str = "") -> Response:
    """Return the page of the form: as stored, or with what `posted` holds and what is wrong with it."""
    visit, view, form = editing.visit, editing.view, editing.form
    if posted is not None:
        form.recall(posted)
        tell(visit, view, form)
    # A dialog has room for the record alone.
    inlines = [] if visit.in_panel else editing.inlines.sections(editing.record, posted, form.errors)
    controls = form.controls(posted)
    whole = form.errors.pop("", "")
    return visit.panel(
        "form.html",
        status=status,
        title=f"Add {view.name.lower()}" if editing.is_new else name_of(visit, editing.record),
        view=view,
        verb=_verb(editing),
        action_url=_action_url(editing),
        cancel_url=_cancel_url(editing),
        delete_url=_delete_url(editing),
        errors=[*_errors(editing, controls), *(error for inline in inlines for error in inline["errors"])],
        inlines=inlines,
        problem=problem or whole or conflict_words(form),
        has_clashes=bool(form.clashes) or any(inline["has_clashes"] for inline in inlines),
        again=bool(editing.gone),
        saved_url=editing.saved_url,
        sections=sections(view, form.entries, controls),
        copy_url=copy_url(visit, view, editing.record),
        state_token=_state(editing),
        check_url=visit.url(view, "check"),
        check_key="" if editing.is_new else view.key(editing.record),
        checks=dependencies(view),
        draft=notice(visit, editing.draft),
        zone=form.zone,
        is_new=editing.is_new,
        continue_allowed=not editing.gone,
        multipart=True,
    )


def _state(editing: Editing) -> str:
    """Return what the page knows of the record; of one that is gone, what it knew."""
    return str(editing.visit.form.get(STATE, "")) if editing.gone else editing.form.state()


def _verb(editing: Editing) -> str:
    if editing.gone:
        return f"Add this {editing.view.name.lower()} again" if editing.may_save else ""
    return "Save"


def _errors(editing: Editing, controls: dict[str, Control]) -> Iterator[dict[str, Any]]:
    """Yield what is wrong, for the summary that links to the fields."""
    for name, text in editing.form.errors.items():
        field_id = controls[name]["id"] if name in controls else None
        yield {"field_id": field_id, "label": editing.view.label(name), "message": text}


def _action_url(editing: Editing) -> str:
    visit, view = editing.visit, editing.view
    page = "create" if editing.is_new else "edit"
    here = visit.url(view, page, editing.record)
    if editing.gone:
        here = f"{visit.url(view, 'edit')}/{editing.gone}"
    return here + without_draft(visit.request.url.query)


def _cancel_url(editing: Editing) -> str:
    visit, view, record = editing.visit, editing.view, editing.record
    if not editing.is_new and view.allows(visit.request, Action.DETAILS, record):
        return visit.url(view, "details", record)
    return visit.url(view, "list")


def _delete_url(editing: Editing) -> str:
    visit, view, record = editing.visit, editing.view, editing.record
    if editing.is_new or not view.allows(visit.request, Action.DELETE, record):
        return ""
    if why_not(visit.session, visit.identity, Action.DELETE, record):
        return ""
    return visit.url(view, "delete", pks=view.key(record))
