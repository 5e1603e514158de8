"""The rows of one inline under one record, as one person sees and changes them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import undefer

from admin_site.admin.consent import needs_typing
from admin_site.admin.consequences import consequences_for
from admin_site.admin.entries import Entry, LookupEntry, MembersEntry, TextEntry
from admin_site.admin.forms import RecordForm
from admin_site.admin.inlines import Inline
from admin_site.admin.pages.inline_posts import PostedRow, PostedSheet, is_blank
from admin_site.admin.pages.record_forms import record_form
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit, nothing
from admin_site.descriptions import Kind
from admin_site.errors import Forbidden, Invalid, NotFound
from admin_site.keys import Scope, decode_key
from admin_site.listing import Count, ListQuery, Page, count, fetch
from admin_site.listing.listings import Listing
from admin_site.listing.loading import settle
from admin_site.listing.paths import key_among
from admin_site.permissions import SEEING, Action
from admin_site.services.families import JOINT, Child
from admin_site.services.positions import renumber
from admin_site.services.powers import why_not

GONE = "This row was deleted meanwhile, or you may no longer see it."
GONE_BUT_TYPED = GONE + " What you typed is here: save again to add it as a new row, or remove it."
TOO_MANY = "Too many other records go with this one. Delete it from its own page, which shows them."
NO_ORDER = "You may not change every row that would have to move."
MAX_COUNTED = 1_000

Problems = Mapping[str, Mapping[str, str]]  # by the place of a row, then by the name of a field


@dataclass(eq=False)
class Row:
    """One row: stored or new, with a form unless this person may only look at it."""

    token: str
    place: str
    record: Any = None
    form: RecordForm | None = None
    posted: PostedRow | None = None
    error: str = ""
    sheets: "list[Sheet]" = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        return self.record is None

    @property
    def is_removed(self) -> bool:
        return self.posted is not None and self.posted.is_removed


class Sheet:
    """The rows of an inline under `parent`, which is None while that is new itself."""

    def __init__(
        self,
        visit: Visit,
        inline: Inline,
        parent: Any,
        at: str = "",
        posted: PostedSheet | None = None,
        forms: dict[str, RecordForm] | None = None,
    ) -> None:
        assert inline.view is not None  # noqa: S101 - others are not shown
        self.visit = visit
        self.inline = inline
        self.view: AdminView = inline.view
        self.parent = parent
        self.place = f"{at}{JOINT}{inline.name}" if at else inline.name
        self.is_posted = posted is not None
        self.posted = posted or PostedSheet()
        self.forms = {} if forms is None else forms  # by place: they know what was in conflict
        self.page: Page | None = None

    # ---- What may be done --------------------------------------------------------------------

    @cached_property
    def may_add(self) -> bool:
        return self.inline.can_add and self.view.allows(self.visit.request, Action.CREATE)

    def may_change(self, record: Any) -> bool:
        return self.inline.can_change and self._may(Action.EDIT, record)

    def _may_move(self, record: Any) -> bool:
        kept = self.view.withheld(self.visit.request, Action.EDIT, record)
        return self.inline.order_field not in kept and self.may_change(record)

    def may_remove(self, record: Any) -> bool:
        return self.inline.can_remove and self._may(Action.DELETE, record)

    # ---- What was posted ---------------------------------------------------------------------

    def children(self, problems: dict[str, dict[str, str]]) -> list[Child]:
        """Return what becomes of the rows that were posted; what is wrong with them goes to `problems`.

        Raises Forbidden for what no page of ours offered.
        """
        found = self._stored([*self.posted.rows, *self.posted.order])
        made = {token: self._child(token, row, found, problems) for token, row in self.posted.rows.items()}
        if self.inline.order_field:
            self._number(made, found, problems)
        return [child for child in made.values() if child is not None and _does_something(child)]

    def _child(
        self, token: str, posted: PostedRow, found: Mapping[str, Any], problems: dict[str, dict[str, str]]
    ) -> Child | None:
        row = self.row(token, found.get(token), posted)
        if token.startswith("k") and row.is_new:
            if not posted.is_removed and posted.is_typed:
                problems[row.place] = {"": GONE}
            return None
        if row.is_new and (posted.is_removed or is_blank(posted, self._defaults)):
            return None
        child = Child(self.inline.bond, row.place, row.record, is_removed=posted.is_removed)
        if posted.is_removed:
            if not self.may_remove(row.record):
                raise Forbidden(f"You may not remove {self.visit.label(row.record)}.")
            if objection := self._objection(row.record):
                problems[row.place] = {"": objection}
            return child
        child.values = self._values(row, problems)
        child.children = [
            below for sheet in row.sheets if sheet.posted.rows for below in sheet.children(problems)
        ]
        return child

    def _objection(self, record: Any) -> str:
        """Return why a row cannot be removed from here: more goes with it than a click says."""
        found = consequences_for(self.visit, record)
        return " ".join(found.refusals) or (TOO_MANY if needs_typing(found) else "")

    def _values(self, row: Row, problems: dict[str, dict[str, str]]) -> dict[str, Any]:
        assert row.posted is not None  # noqa: S101 - only such rows are read
        if row.record is not None and not row.posted.is_typed:
            return {}
        if row.form is None:
            what = f"change {self.visit.label(row.record)}" if row.record is not None else "add rows here"
            raise Forbidden(f"You may not {what}.")
        try:
            return row.form.changes(row.posted.form)
        except Invalid as error:
            problems[row.place] = dict(error.errors)
            return {}

    def _number(
        self, made: dict[str, Child | None], found: Mapping[str, Any], problems: dict[str, dict[str, str]]
    ) -> None:
        """Give rows the numbers that put them into the order that was posted, and new ones the next."""
        name = self.inline.order_field
        new = [token for token, child in made.items() if child is not None and child.record is None]
        gone = {token for token, child in made.items() if child is None or child.is_removed}
        order = [
            token for token in self.posted.order if token not in gone and (token in found or token in new)
        ]
        order += [token for token in new if token not in order]
        if not order:
            return
        held = [getattr(found[token], name) if token in found else None for token in order]
        edges = self._edges([number for number in held if number is not None])
        for token, old, number in zip(order, held, renumber(held, *edges), strict=True):
            if number == old:
                continue
            child = made.get(token)
            if child is None:
                child = made[token] = Child(self.inline.bond, self._place_of(token), found[token])
            if child.record is not None and not self._may_move(child.record):
                problems[child.place] = {"": NO_ORDER}
            child.values = {**child.values, name: number}

    def _edges(self, held: Sequence[int]) -> tuple[int | None, int | None, int | None]:
        """Return the numbers of the rows before and after these, and that of the last one of all."""
        if self.parent is None:
            return None, None, None
        column = getattr(self.inline.bond.child.model, self.inline.order_field)
        if not held:
            greatest = self._number_of(func.max(column))
            return greatest, None, greatest
        before = self._number_of(func.max(column), column < min(held))
        after = self._number_of(func.min(column), column > max(held))
        return before, after, self._number_of(func.max(column)) if after is not None else max(held)

    def _number_of(self, what: Any, *conditions: Any) -> int | None:
        statement = select(what).select_from(self.inline.bond.child.model)
        number: int | None = self.visit.session.scalar(
            statement.where(self.inline.bond.holds(self.parent), *conditions)
        )
        return number

    # ---- Rows --------------------------------------------------------------------------------

    def row(self, token: str, record: Any, posted: PostedRow | None = None) -> Row:
        """Return a row with its form, or without one where this person may not change it."""
        place = self._place_of(token)
        may = self.may_add if record is None else self.may_change(record)
        row = Row(token, place, record, self._form(place, record) if may else None, posted)
        for inline in self.inline.nested:
            if inline.view is not None and self.visit.may_list(inline.view.model):
                within = posted.sheets.get(inline.name) if posted else None
                row.sheets.append(Sheet(self.visit, inline, record, place, within, self.forms))
        return row

    def shown_rows(self, query: ListQuery, problems: Problems) -> list[Row]:
        """Return the rows of a page, those changed on other pages, and the new ones, as they were posted."""
        self.page = fetch(self.visit.session, query.listing, query) if self.parent is not None else None
        records = {self.token_of(record): record for record in (self.page.rows if self.page else ())}
        elsewhere = self._stored([token for token in self.posted.rows if token not in records])
        rows = [self.row(token, record, self.posted.rows.get(token)) for token, record in records.items()]
        for token, posted in self.posted.rows.items():
            if token in elsewhere and (row := self.row(token, elsewhere[token], posted)) is not None:
                rows += [row] if self._is_touched(row, problems) else []
        rows += self._new_rows(problems, {*records, *elsewhere})
        for row in rows:
            self._blame(row, problems)
        return self._arranged(rows)

    def query(self, pairs: Sequence[tuple[str, str]]) -> ListQuery:
        return ListQuery.parse(pairs, self._listing)

    def count(self, query: ListQuery) -> Count:
        if self.parent is None:
            return Count(0)
        return count(self.visit.session, query.listing, query.with_(), MAX_COUNTED, self.page)

    @property
    def new_entries(self) -> Sequence[Entry]:
        """What is typed in a new row."""
        return self._new_form.entries

    def token_of(self, record: Any) -> str:
        return f"k{self.view.key(record)}"

    def _new_rows(self, problems: Problems, stored: Iterable[str]) -> Iterator[Row]:
        number = self.posted.next_new()
        for token, posted in self.posted.rows.items():
            if token.startswith("n"):
                yield self.row(token, None, posted)
            elif token not in stored and self._place_of(token) in problems and self.may_add:
                # What was typed into a row that is gone becomes a new one, if the person wants that.
                row = self.row(f"n{number}", None, posted)
                row.error, number = GONE_BUT_TYPED, number + 1
                yield row
        if not self.is_posted and self.may_add:
            yield from (self.row(f"n{number + place}", None) for place in range(self.inline.extra))

    def _arranged(self, rows: list[Row]) -> list[Row]:
        places = {token: place for place, token in enumerate(self.posted.order)}
        return sorted(rows, key=lambda row: places.get(row.token, len(places)))

    def _blame(self, row: Row, problems: Problems) -> None:
        wrong = dict(problems.get(row.place, {}))
        if row.form is not None:
            known = {entry.name for entry in row.form.entries}
            row.form.errors = {name: text for name, text in wrong.items() if name in known}
            wrong = {name: text for name, text in wrong.items() if name not in known}
        row.error = row.error or " ".join(dict.fromkeys(wrong.values()))

    def _is_touched(self, row: Row, problems: Problems) -> bool:
        """Return whether a row of another page has to be shown, since something is to become of it."""
        assert row.posted is not None  # noqa: S101 - others are not asked about
        if row.is_removed or any(place.startswith(row.place + JOINT) for place in problems):
            return True
        try:
            return row.place in problems or bool(self._values(row, {}) or row.posted.sheets)
        except (Forbidden, Invalid):
            return False

    def _stored(self, tokens: Iterable[str]) -> dict[str, Any]:
        """Return by token the rows that this parent has and this person may see."""
        if self.parent is None:
            return {}
        parts = [part for token in dict.fromkeys(tokens) if (part := self._key_of(token)) is not None]
        if not parts:
            return {}
        model = self.inline.bond.child.model
        every: Select[Any] = select(model).where(key_among(self.inline.bond.child, model, parts))
        deferred = [item.key for item in self.view.description.mapper.column_attrs if item.deferred]
        options = [undefer(getattr(model, name)) for name in deferred if name in self.inline.column_names]
        statement = self._scope(every).options(*options)
        records = self.visit.session.scalars(statement).unique().all()
        settle(self.visit.session, self._listing, records, self._listing.columns)
        return {self.token_of(record): record for record in records}

    def _key_of(self, token: str) -> tuple[Any, ...] | None:
        if not token.startswith("k"):
            return None
        try:
            return decode_key(self.view.description, token[1:])
        except NotFound:
            return None

    def _place_of(self, token: str) -> str:
        return f"{self.place}{JOINT}{token}"

    def _form(self, place: str, record: Any) -> RecordForm:
        form = self.forms.get(place)
        if form is None or (form.record is None) != (record is None):
            made = self._new_form if record is None else self._stored_form(record)
            seal = self.visit.seal(self.view, record)
            form = RecordForm(self.visit.session, record, made.entries, made.fixed, seal)
            self.forms[place] = form
        form.record = record
        return form

    @cached_property
    def _new_form(self) -> RecordForm:
        return record_form(self.visit, self.view, None, self.inline.column_names)

    def _stored_form(self, record: Any) -> RecordForm:
        """Return a form with the entries that all stored rows share, unless each has fields of its own."""
        if self.view.fields_vary(self.visit.request, *SEEING, Action.EDIT):
            return record_form(self.visit, self.view, record, self.inline.column_names)
        if "_shared_form" not in vars(self):
            self._shared_form = record_form(self.visit, self.view, record, self.inline.column_names)
        return self._shared_form

    @cached_property
    def _defaults(self) -> dict[str, str]:
        """What controls of a new row hold before anything is typed."""
        defaults = {}
        for entry in self._new_form.entries:
            if isinstance(entry, (TextEntry, LookupEntry)) and not isinstance(entry, MembersEntry):
                defaults[entry.name] = entry.shown(self.visit.session, None)
                if isinstance(entry, TextEntry) and entry.field.kind is Kind.BOOLEAN:
                    defaults[entry.name] = defaults[entry.name] or "false"
        return defaults

    @cached_property
    def _listing(self) -> Listing:
        return self.inline.listing.scoped(self._scope)

    @cached_property
    def _scope(self) -> Scope:
        if self.parent is None:
            return nothing
        own, holds = self.view.granted_rows(self.visit.request), self.inline.bond.holds(self.parent)
        return lambda statement: (own(statement) if own else statement).where(holds)

    @cached_property
    def _by_row(self) -> dict[str, Callable[[Any], bool]]:
        request = self.visit.request
        return {action: self.view.may_by_row(request, action) for action in (Action.EDIT, Action.DELETE)}

    def _may(self, action: Action, record: Any) -> bool:
        may = self._by_row[action](record)
        return may and not why_not(self.visit.session, self.visit.identity, action, record)


def _does_something(child: Child) -> bool:
    return bool(child.record is None or child.is_removed or child.values or child.children)
