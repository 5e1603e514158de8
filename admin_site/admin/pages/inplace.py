"""The rows of a list, edited in their places and saved together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import undefer
from starlette.datastructures import FormData
from starlette.responses import Response

from admin_site.admin.entries import Entry, Lookup, make_entry
from admin_site.admin.forms import SAVE, ZONE, RecordForm, posted_zone
from admin_site.admin.list_rows import Cell, make_cells
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import AdminSiteError, BadRequest, Conflict, Forbidden, Invalid, NotFound
from admin_site.keys import decode_key
from admin_site.listing import ListQuery, Page, fetch, limited
from admin_site.listing.counting import count_related
from admin_site.listing.loading import settle
from admin_site.listing.paths import key_among
from admin_site.permissions import Action
from admin_site.services import records
from admin_site.services.guards import note_refusal
from admin_site.services.powers import fixed_fields, why_not

PAGE = "edit-rows"
KEY = "key"
MAX_ROWS = 100
MAX_FIELDS = 4_000  # of one form: what the site reads at once, with room for what goes with each
GONE = "This record was deleted meanwhile, or you may no longer see it."
STATUS: dict[type[AdminSiteError], int] = {Conflict: 409, Forbidden: 403}


def edit_rows_url(visit: Visit, view: AdminView, query: ListQuery) -> str | None:
    """Return where the rows of a list are edited, or None for a list that has nothing to edit in place."""
    if not view.editable_names or not view.allows(visit.request, Action.EDIT):
        return None
    return visit.list_url(view, query, PAGE)


def edit_rows(visit: Visit) -> Response:
    """Show a page of the list with inputs in its rows, or save what was typed: in all of them or in none."""
    view = visit.view(Action.LIST)
    if not view.editable_names:
        raise NotFound(f"{view.name_plural} are not edited in their rows.")
    visit.view(Action.EDIT)
    sheet = _Sheet.of(visit, view)
    if not visit.is_post:
        with limited(visit.session, visit.site.settings.list_time_limit):
            page = fetch(visit.session, sheet.query.listing, sheet.query)
        return sheet.show(page, sheet.rows(page, {}))
    posted = _posted(visit.form)
    rows = sheet.rows(sheet.page_of(list(posted)), posted)
    try:
        saved = sheet.save(rows)
    except (Invalid, Conflict, BadRequest, Forbidden) as error:
        return sheet.refuse(rows, error)
    for row in saved:
        view.notify("after_model_change", row.values, row.record, False, visit.request)
    return visit.go(visit.list_url(view, sheet.listed), _words(view, len(saved)))


@dataclass
class _Row:
    """One row: the record, None when it is gone, and its form, None when this person may not edit it."""

    key: str
    record: Any
    form: RecordForm | None
    posted: FormData | None = None
    values: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def is_wrong(self) -> bool:
        return bool(self.error or (self.form is not None and self.form.errors))


@dataclass(frozen=True)
class _Sheet:
    """A page of a list with inputs: `listed` is the list it comes from, `query` shows all it can edit too."""

    visit: Visit
    view: AdminView
    listed: ListQuery
    query: ListQuery

    @classmethod
    def of(cls, visit: Visit, view: AdminView) -> "_Sheet":
        listed = visit.query(view, visit.asked()[1])
        missing = [name for name in view.editable_names if name not in listed.columns]
        most = min(MAX_ROWS, MAX_FIELDS // (2 * len(view.editable_names) + 2))
        query = replace(listed, columns=(*listed.columns, *missing), size=min(listed.size, most))
        return cls(visit, view, listed, query)

    def page_of(self, keys: Sequence[str]) -> Page:
        """Return the records with these keys that this person may see, in their order."""
        session, view, listing = self.visit.session, self.view, self.query.listing
        parts = [part for key in keys if (part := _decoded(view, key)) is not None]
        among: Select[Any] = select(view.model).where(key_among(view.description, view.model, parts))
        whole = among.options(*(undefer(getattr(view.model, name)) for name in view.editable_names))
        statement = listing.scope(whole) if listing.scope else whole
        found = {view.key(record): record for record in session.scalars(statement).unique()}
        shown = [found[key] for key in keys if key in found]
        to_many = [
            item for item in view.description.relations if item.many and item.name in self.query.columns
        ]
        counts = count_related(session, listing, to_many, shown)
        return Page(shown, None, None, None, counts, settle(session, listing, shown, self.query.columns))

    def rows(self, page: Page, posted: Mapping[str, FormData]) -> list[_Row]:
        """Return a row for each record of a page, or for each that was posted.

        Raises Forbidden when one was posted that this person may not edit: no page of ours offered it.
        """
        visit, entries = self.visit, list(self._entries())
        fixed = fixed_fields(visit.identity, self.view.model)
        may_edit = self.view.may_by_row(visit.request, Action.EDIT)
        by_key = {self.view.key(record): record for record in page.rows}
        rows = []
        for key in posted or by_key:
            record = by_key.get(key)
            refusal = "" if record is None else self._refusal(record, may_edit(record))
            if refusal and posted:
                raise Forbidden(refusal)
            form = None if record is None or refusal else RecordForm(visit.session, record, entries, fixed)
            rows.append(_Row(key, record, form, posted.get(key), error=GONE if record is None else ""))
        return rows

    def save(self, rows: Sequence[_Row]) -> list[_Row]:
        """Store what was changed in all rows and return those that were; raises when one cannot be."""
        for row in rows:
            if row.form is not None and row.posted is not None:
                try:
                    row.values = row.form.changes(row.posted)
                except Invalid as error:
                    row.form.errors = dict(error.errors)
        if any(row.is_wrong for row in rows):
            raise Invalid({})
        changed = [row for row in rows if row.values]
        for row in changed:
            try:
                self._update(row)
            except (Invalid, Conflict, Forbidden) as error:
                _blame(row, error)
                raise
        self.visit.commit(self.view)
        return changed

    def refuse(self, rows: Sequence[_Row], error: AdminSiteError) -> Response:
        """Show the rows again with what is wrong and all that was typed."""
        session = self.visit.session
        session.rollback()
        if isinstance(error, Forbidden):
            note_refusal(session, error, label=self.visit.request.url.path)
            session.commit()
        page = self.page_of([row.key for row in rows])
        by_key = {self.view.key(record): record for record in page.rows}
        for row in rows:
            row.record = by_key.get(row.key)
            if row.record is None:
                row.form, row.error = None, GONE
            elif row.form is not None:
                row.form.record = row.record
        status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 400)
        return self.show(page, rows, status, "" if any(row.is_wrong for row in rows) else str(error))

    def show(self, page: Page, rows: Sequence[_Row], status: int = 200, problem: str = "") -> Response:
        visit, view, names = self.visit, self.view, self.query.columns
        cells = make_cells(visit, view, names, page)
        shown = [_shown(row, number, names, cells, page) for number, row in enumerate(rows)]
        return visit.page(
            "edit_rows.html",
            status=status,
            title=f"Edit {view.name_plural.lower()}",
            view=view,
            list_url=visit.list_url(view, self.listed),
            action_url=visit.list_url(view, self.listed, PAGE),
            columns=[{"label": view.label(name), "align": view.align(name)} for name in names],
            rows=shown,
            zone=next((row.form.zone for row in rows if row.form is not None), ""),
            problem=problem,
            errors=[error for row in shown for error in row["errors"]],
            is_dirty=visit.is_post,
        )

    def _update(self, row: _Row) -> None:
        visit, view = self.visit, self.view
        view.notify("on_model_change", row.values, row.record, False, visit.request)
        records.update(visit.session, visit.identity, view.description, row.record, row.values)

    def _refusal(self, record: Any, may_edit: bool) -> str:
        if not may_edit:
            return f"You may not change {self.visit.label(record)}."
        return why_not(self.visit.session, self.visit.identity, Action.EDIT, record)

    def _entries(self) -> Iterator[Entry]:
        """Yield what can be entered in a row, which is the same for all of them."""
        visit, view = self.visit, self.view
        zone = posted_zone(visit.form) if visit.is_post else visit.zone
        fixed = fixed_fields(visit.identity, view.model)
        for name in view.editable_names:
            label, why = view.label(name), fixed.get(name, "")
            entry = make_entry(
                view.description, name, label, "", Lookup(), is_new=False, zone=zone, fixed=why
            )
            if entry is not None:
                yield entry


def _posted(form: FormData) -> dict[str, FormData]:
    """Return what was typed by the key of its record; fields are called such as `3/title`, 3 being a row."""
    rows: dict[str, list[tuple[str, Any]]] = {}
    for name, value in form.multi_items():
        number, slash, rest = name.partition("/")
        if slash:
            rows.setdefault(number, []).append((rest, value))
        elif name not in (SAVE, ZONE):
            raise BadRequest(f"This form has no field “{name[:100]}”. Nothing was saved.")
    by_key: dict[str, FormData] = {}
    for pairs in rows.values():
        key = next((str(value) for name, value in pairs if name == KEY), None)
        if key is None or key in by_key:
            raise BadRequest("The form does not say of which records it is. Nothing was saved.")
        by_key[key] = FormData([pair for pair in pairs if pair[0] != KEY])
    if not 0 < len(by_key) <= MAX_ROWS:
        raise BadRequest(f"From 1 to {MAX_ROWS} rows can be saved at once. Nothing was saved.")
    return by_key


def _decoded(view: AdminView, key: str) -> tuple[Any, ...] | None:
    try:
        return decode_key(view.description, key)
    except NotFound:
        return None


def _blame(row: _Row, error: AdminSiteError) -> None:
    """Note beside a row, or its fields, why it could not be stored."""
    if row.form is None or not isinstance(error, Invalid):
        row.error = str(error)
        return
    known = {entry.name for entry in row.form.entries}
    row.form.errors = {name: text for name, text in error.errors.items() if name in known}
    row.error = " ".join(text for name, text in error.errors.items() if name not in known)


def _shown(
    row: _Row, number: int, names: Sequence[str], cells: Mapping[str, Cell], page: Page
) -> dict[str, Any]:
    """Return a row for the template: inputs where it can be edited, what is stored elsewhere."""
    controls = row.form.controls(row.posted) if row.form is not None else {}
    for name, control in controls.items():
        control |= {"name": f"{number}/{name}", "id": f"row-{number}-{name}", "help": ""}
    label = page.label(row.record) if row.record is not None else row.key
    return {
        "number": number,
        "key": row.key,
        "label": label,
        "state": row.form.state() if row.form is not None else None,
        "error": row.error,
        "errors": list(_errors(row, number, label, controls)),
        "cells": [
            controls.get(name) or (cells[name](row.record) if row.record is not None else "")
            for name in names
        ],
    }


def _errors(row: _Row, number: int, label: str, controls: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield what is wrong with a row, for the summary that links to the places."""
    for control in controls.values():
        if control["error"]:
            where = f"{label}, {control['label']}"
            yield {"label": where, "message": control["error"], "field_id": control["id"]}
    if row.error:
        yield {"label": label, "message": row.error, "field_id": f"row-{number}"}


def _words(view: AdminView, number: int) -> str:
    if not number:
        return "Nothing was changed."
    name = view.name if number == 1 else view.name_plural
    return f"{number} {name.lower()} {'was' if number == 1 else 'were'} saved."
