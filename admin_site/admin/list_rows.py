"""The rows of a list as HTML: what is the same for all of them is settled once, then they are joined.

A hundred rows are most of a list page, in bytes and in time, and a template asks the same questions again for
each cell.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from admin_site.admin.cells import EMPTY, NO, YES, show_number, show_plain
from admin_site.admin.selection import offers
from admin_site.admin.view_rights import ROW_CHECKS
from admin_site.admin.views import AdminView
from admin_site.admin.visit import HIDDEN, Visit, leads_over, passed
from admin_site.keys import encode_key
from admin_site.listing import LABEL, ListQuery, Page
from admin_site.listing.plans import Columns, Plan, plan
from admin_site.permissions import Action

Cell = Callable[[Any], Markup]

# What stands in most cells of many lists; admin.css draws the dash and the icons.
_SHORTER: dict[str, str] = {EMPTY: "", YES: '<span class="yes">Yes</span>', NO: '<span class="no">No</span>'}


# A key needs no quotes: it is made of letters, digits, "_", "-", "~" and ";".
_BOX = ("<input type=checkbox name=:key value=", " aria-label=Select>")


@dataclass(frozen=True)
class Rows:
    """The `<tr>` elements of a page; `has_deletable` says whether this person may delete one of them."""

    html: Markup
    has_deletable: bool


def plan_rows(visit: Visit, view: AdminView, query: ListQuery) -> Plan | None:
    """Return how to read a page's columns without records, or None where only a record tells, or may not."""
    if (
        view.formats_types
        or any(map(view.decides_by_row, ROW_CHECKS))
        or any(view.varies_by_row(visit.request, action) for action in ROW_CHECKS)
        or not view.formatted_names.isdisjoint(query.columns)
    ):
        return None
    if any(visit.may_lead_to_hidden(view, name) for name in query.columns):
        return None
    return plan(query.listing, query.columns, light=False)


def make_rows(visit: Visit, view: AdminView, query: ListQuery, page: Page) -> Rows:
    """Return the rows of a page: the first cell is the way to the record, the last the way to its form.

    Their addresses are relative to those of the list. A row that may not be deleted while others may is
    marked with `data-keep`. Where there is something to do with many, each has a box to be ticked.
    """
    if page.columns is None:
        view.learn_rows(visit.request, page.rows, *ROW_CHECKS)
    may_open, may_edit, may_delete = (
        view.may_by_row(visit.request, action) for action in (Action.DETAILS, Action.EDIT, Action.DELETE)
    )
    deletable = [may_delete(row) for row in page.rows]
    marks = ["" if may else " data-keep" for may in deletable] if any(deletable) else [""] * len(deletable)
    columns = _columns(visit, view, query, page)
    names = next(columns)
    start = f"<th{_class(view, query.columns[0])}>"
    before, after = _BOX if offers(visit, view) else ("", "")
    lines: list[str] = []
    for row, key, mark, name, *cells in zip(
        page.rows, _keys(view, page), marks, names, *columns, strict=True
    ):
        head = f'<a href="details/{key}">{name}</a>' if may_open(row) else name
        box = f"{before}{key}{after}" if before else ""
        edit = f'<a href="edit/{key}">Edit</a>' if may_edit(row) else ""
        lines.append(f"<tr{mark}>{start}{box}{head}</th>{''.join(cells)}<td>{edit}</td></tr>")
    return Rows(Markup("\n".join(lines)), any(deletable))  # noqa: S704 - made of escaped cells


def _keys(view: AdminView, page: Page) -> list[str]:
    """Return the keys of the rows as they stand in addresses."""
    if page.columns is None:
        return [view.key(record) for record in page.rows]
    return [encode_key(view.description, key) for key in page.rows]


def _columns(visit: Visit, view: AdminView, query: ListQuery, page: Page) -> Iterator[Sequence[str]]:
    """Yield the cells of each column, those of the first one without their tags.

    No cell has an end tag: in HTML the next cell ends it.
    """
    columns = _planned(view, query, page.columns) if page.columns else _told(visit, view, query, page)
    yield next(columns)
    for name, column in zip(query.columns[1:], columns, strict=True):
        opening = f"<td{_class(view, name)}>"
        yield [f"{opening}{_SHORTER.get(html, html)}" for html in column]


def _planned(view: AdminView, query: ListQuery, columns: Columns) -> Iterator[Sequence[str]]:
    for name, values in zip(query.columns, columns, strict=True):
        yield view.cells(name, values)


def _told(visit: Visit, view: AdminView, query: ListQuery, page: Page) -> Iterator[Sequence[str]]:
    for cell in make_cells(visit, view, query.columns, page).values():
        yield [cell(record) for record in page.rows]


def _class(view: AdminView, name: str) -> str:
    align = view.align(name)
    return "" if align == "start" else f' class="{align}"'


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
