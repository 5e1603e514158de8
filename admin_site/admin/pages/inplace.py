"""The rows of a list, edited in their places and saved together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import undefer
from starlette.datastructures import FormData
from starlette.responses import Response

from admin_site.admin.conflicts import deleted_by, kept_words, tell
from admin_site.admin.entries import Entry, Lookup, make_entry
from admin_site.admin.form_fields import fixed_for
from admin_site.admin.forms import RecordForm, posted_zone
from admin_site.admin.list_rows import make_cells
from admin_site.admin.pages import drafts
from admin_site.admin.pages.edited_rows import MAX_ROWS, Row, blame, posted_rows, shown_row, typed
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import AdminSiteError, BadRequest, Conflict, Forbidden, Invalid, NotFound
from admin_site.keys import decode_key, lock_among
from admin_site.listing import ListQuery, Page, fetch, limited
from admin_site.listing.counting import count_related
from admin_site.listing.loading import settle
from admin_site.listing.paths import key_among
from admin_site.permissions import Action
from admin_site.services import records
from admin_site.services.drafts import Kept
from admin_site.services.guards import note_refusal
from admin_site.services.powers import why_not

PAGE = "edit-rows"
TOLD = 3  # rows of which it is told what others changed
MAX_FIELDS = 4_000  # of one form: what the site reads at once, with room for what goes with each
GONE = "This record was deleted meanwhile, or you may no longer see it."
GONE_BY = "This record was deleted by {who}."
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
    if not visit.is_post and sheet.draft_form is None:
        with limited(visit.session, visit.site.settings.list_time_limit):
            page = fetch(visit.session, sheet.query.listing, sheet.query)
        return sheet.show(page, sheet.rows(page, {}))
    posted = posted_rows(visit.form)
    page = sheet.page_of(list(posted), lock=visit.is_post)
    rows = sheet.rows(page, posted)
    if not visit.is_post:
        return sheet.show(page, rows)
    try:
        saved = sheet.save(rows)
        words = _words(view, len(saved)) + sheet.kept_words(rows)
        response = visit.go(visit.list_url(view, sheet.listed), words)
        visit.commit(view)
    except (Invalid, Conflict, BadRequest, Forbidden) as error:
        return sheet.refuse(rows, error)
    for row in saved:
        view.notify("after_model_change", row.values, row.record, False, visit.request)
    return response


@dataclass(frozen=True)
class _Sheet:
    """A page of a list with inputs: `listed` is the list it comes from, `query` shows all it can edit too."""

    visit: Visit
    view: AdminView
    listed: ListQuery
    query: ListQuery
    draft: Kept | None
    """What the person typed here before and has not saved."""

    @classmethod
    def of(cls, visit: Visit, view: AdminView) -> "_Sheet":
        listed = visit.query(view, visit.asked()[1])
        there = {*listed.columns, *listed.listing.withheld}
        missing = [name for name in view.editable_names if name not in there]
        most = min(MAX_ROWS, MAX_FIELDS // (2 * len(view.editable_names) + 2))
        query = replace(listed, columns=(*listed.columns, *missing), size=min(listed.size, most))
        return cls(visit, view, listed, query, drafts.begin(visit))

    @property
    def draft_form(self) -> FormData | None:
        """The draft, where it is asked for, as if it had been posted."""
        return self.visit.form if self.draft and self.visit.form else None

    def page_of(self, keys: Sequence[str], *, lock: bool = False) -> Page:
        """Return the records with these keys that this person may see, in their order.

        With `lock` nobody else changes them before this transaction ends.
        """
        session, view, listing = self.visit.session, self.view, self.query.listing
        parts = [part for key in keys if (part := _decoded(view, key)) is not None]
        among: Select[Any] = select(view.model).where(key_among(view.description, view.model, parts))
        whole = among.options(*(undefer(getattr(view.model, name)) for name in view.editable_names))
        statement = listing.scope(whole) if listing.scope else whole
        if lock:
            found = lock_among(session, view.description, statement, view.key)
        else:
            found = {view.key(record): record for record in session.scalars(statement).unique()}
        shown = [found[key] for key in keys if key in found]
        to_many = [
            item for item in view.description.relations if item.many and item.name in self.query.columns
        ]
        counts = count_related(session, listing, to_many, shown)
        return Page(shown, None, None, None, counts, settle(session, listing, shown, self.query.columns))

    def rows(self, page: Page, posted: Mapping[str, FormData]) -> list[Row]:
        """Return a row for each record of a page, or for each that was posted.

        Raises Forbidden when one was posted that this person may not edit: no page of ours offered it.
        """
        visit, entries = self.visit, list(self._entries())
        may_edit = self.view.may_by_row(visit.request, Action.EDIT)
        self.view.learn_rows(visit.request, page.rows, Action.EDIT)
        by_key = {self.view.key(record): record for record in page.rows}
        rows = []
        for key in posted or by_key:
            record = by_key.get(key)
            refusal = "" if record is None else self._refusal(record, may_edit(record))
            if refusal and posted:
                raise Forbidden(refusal)
            form = None
            if record is not None and not refusal:
                fixed = fixed_for(visit, self.view, record)
                free = [entry for entry in entries if entry.name not in fixed]
                form = RecordForm(visit.session, record, free, fixed, visit.seal_of(self.view, key))
            gone = self._gone_words(key) if record is None else ""
            rows.append(Row(key, record, form, posted.get(key), error=gone))
        return rows

    def save(self, rows: Sequence[Row]) -> list[Row]:
        """Write what was changed in all rows and return those that were; raises when one cannot be."""
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
                blame(row, error)
                raise
        drafts.end(self.visit)
        return changed

    def kept_words(self, rows: Sequence[Row]) -> str:
        """Return what others changed meanwhile in some of these rows, which is kept."""
        forms = [row.form for row in rows if row.form is not None and row.form.kept]
        return "".join(kept_words(self.visit, self.view, form) for form in forms[:TOLD])

    def refuse(self, rows: Sequence[Row], error: AdminSiteError) -> Response:
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
                row.form, row.error = None, self._gone_words(row.key)
            elif row.form is not None:
                row.form.record = row.record
        self._compare(rows)
        kinds = {**STATUS, Invalid: 409 if any(row.has_clash for row in rows) else 400}
        status = next((status for kind, status in kinds.items() if isinstance(error, kind)), 400)
        return self.show(page, rows, status, "" if any(row.is_wrong for row in rows) else str(error))

    def _compare(self, rows: Sequence[Row]) -> None:
        """Find out of each row what others changed in it meanwhile, and who."""
        for row in rows:
            if row.form is not None and row.posted is not None:
                row.form.recall(row.posted)
                tell(self.visit, self.view, row.form)

    def show(self, page: Page, rows: Sequence[Row], status: int = 200, problem: str = "") -> Response:
        visit, view, names = self.visit, self.view, self.query.columns
        cells = make_cells(visit, view, names, page)
        for row in rows:
            row.again_url = self._again_url(row)
        shown = [shown_row(row, number, names, cells, page) for number, row in enumerate(rows)]
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
            has_clashes=any(row.has_clash for row in rows),
            draft=drafts.notice(visit, self.draft),
        )

    def _again_url(self, row: Row) -> str:
        """Return the form of a new record, begun with what was typed into the row of one that is gone."""
        if row.record is not None or not self.view.allows(self.visit.request, Action.CREATE):
            return ""
        return self.visit.url(self.view, "create", **typed(row, self.view.editable_names))

    def _gone_words(self, key: str) -> str:
        who = deleted_by(self.visit, self.view, key)
        return GONE_BY.format(who=who) if who else GONE

    def _update(self, row: Row) -> None:
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
        zone = posted_zone(visit.form) if visit.is_post or visit.form else visit.zone
        for name in view.editable_names:
            label = view.label(name)
            entry = make_entry(view.description, name, label, "", Lookup(), is_new=False, zone=zone)
            if entry is not None:
                yield entry


def _decoded(view: AdminView, key: str) -> tuple[Any, ...] | None:
    try:
        return decode_key(view.description, key)
    except NotFound:
        return None


def _words(view: AdminView, number: int) -> str:
    if not number:
        return "Nothing was changed."
    name = view.name if number == 1 else view.name_plural
    return f"{number} {name.lower()} {'was' if number == 1 else 'were'} saved."
