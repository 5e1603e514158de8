"""The rows of a list as HTML: what is the same for all of them is settled once, then they are joined.

A hundred rows are most of a list page, in bytes and in time, and a template asks the same questions again for
each cell.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from admin_site.admin.cells import EMPTY, NO, YES, show_number, show_plain
from admin_site.admin.views import AdminView
from admin_site.admin.visit import HIDDEN, Visit, leads_over, passed
from admin_site.listing import LABEL, ListQuery, Page
from admin_site.permissions import Action

Cell = Callable[[Any], Markup]

# What stands in most cells of many lists; admin.css draws the dash and the icons.
_SHORTER = {EMPTY: "", YES: '<span class="yes">Yes</span>', NO: '<span class="no">No</span>'}


@dataclass(frozen=True)
class Rows:
    """The `<tr>` elements of a page; `has_deletable` says whether this person may delete one of them."""

    html: Markup
    has_deletable: bool


def make_rows(visit: Visit, view: AdminView, query: ListQuery, page: Page) -> Rows:
    """Return the rows of a page: the first cell is the way to the record, the last the way to its form.

    Their addresses are relative to those of the list. A row that may not be deleted while others may is
    marked with `data-keep`.
    """
    may_open, may_edit, may_delete = (
        view.may_by_row(visit.request, action) for action in (Action.DETAILS, Action.EDIT, Action.DELETE)
    )
    (start, head), *columns = _columns(visit, view, query, page)
    deletable = [may_delete(record) for record in page.rows]
    marks = ["" if may else " data-keep" for may in deletable] if any(deletable) else [""] * len(deletable)
    lines: list[str] = []
    for record, mark in zip(page.rows, marks, strict=True):
        key, name = view.key(record), head(record)
        if may_open(record):
            name = Markup(f'<a href="details/{key}">{name}</a>')  # noqa: S704 - both are escaped
        edit = f'<a href="edit/{key}">Edit</a>' if may_edit(record) else ""
        shown = [(opening, cell(record)) for opening, cell in columns]
        cells = "".join([f"{opening}{_SHORTER.get(html, html)}</td>" for opening, html in shown])
        lines.append(f"<tr{mark}>{start}{name}</th>{cells}<td>{edit}</td></tr>")
    return Rows(Markup("\n".join(lines)), any(deletable))  # noqa: S704 - made of escaped cells


def _columns(visit: Visit, view: AdminView, query: ListQuery, page: Page) -> list[tuple[str, Cell]]:
    """Return of each column the tag that opens its cells, and what makes one from a record."""
    made: list[tuple[str, Cell]] = []
    for name, cell in make_cells(visit, view, query.columns, page).items():
        tag, align = ("td" if made else "th"), view.align(name)
        opening = f"<{tag}>" if align == "start" else f'<{tag} class="{align}">'
        made.append((opening, cell))
    return made


def make_cells(visit: Visit, view: AdminView, names: Sequence[str], page: Page) -> dict[str, Cell]:
    """Return what makes the HTML of each column from a record of the page."""
    over = [name for name in names if visit.may_lead_to_hidden(view, name)]
    hidden = visit.hidden([other for record in page.rows for name in over for other in passed(record, name)])
    return {name: _unless_hidden(hidden, name, _cell(visit, view, page, name)) for name in names}


def _unless_hidden(hidden: frozenset[int], name: str, cell: Cell) -> Cell:
    if not hidden:
        return cell
    return lambda record: HIDDEN if leads_over(hidden, record, name) else cell(record)


def _cell(visit: Visit, view: AdminView, page: Page, name: str) -> Cell:
    relation = next((item for item in view.description.relations if item.name == name), None)
    if relation and relation.many and not visit.may_list(relation.target):
        return lambda _: HIDDEN
    if name == LABEL and name not in view.formatted_names:
        return lambda record: show_plain(page.label(record), short=True)
    if relation is None or name in view.formatted_names:
        return view.cell_maker(visit.request, name, short=True)
    if relation.many:
        counts, key_of = page.counts.get(name, {}), view.description.key_of
        return lambda record: show_number(str(counts.get(key_of(record), 0)))
    return lambda record: _related(page, getattr(record, name))


def _related(page: Page, other: Any) -> Markup:
    return EMPTY if other is None else show_plain(page.label(other), short=True)
