"""What the page of a form shows of one inline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from admin_site.admin.associations import names_of
from admin_site.admin.conflicts import tell
from admin_site.admin.entries import Control, LookupEntry, MembersEntry
from admin_site.admin.forms import RecordForm
from admin_site.admin.kept_forms import without_draft
from admin_site.admin.list_rows import Cell, make_cells
from admin_site.admin.pages.inline_posts import PostedRow
from admin_site.admin.pages.inline_sheets import Problems, Row, Sheet
from admin_site.admin.stencils import Stencil
from admin_site.listing import ListQuery, Page
from admin_site.services.families import JOINT

AT, ID = "__at__", "__id__"
"""Stand in the template of a new row for its place, and for what its ids begin with, until it is copied."""

# Stored rows say nothing of them: inlines.js takes them from the template of a new one.
_WITHOUT_LIMITS: Control = {"limits": {}, "length": None}

Section = dict[str, Any]


def make_section(sheet: Sheet, problems: Problems) -> Section:
    """Return an inline for the template: the head of its table, its rows, and what leads to others."""
    query = sheet.query(_asked(sheet))
    rows = sheet.shown_rows(query, problems)
    shown = list(_shown(sheet, rows, problems))
    count = "" if sheet.parent is None else str(sheet.count(query))
    is_whole = sheet.page is None or not (sheet.page.has_next or sheet.page.has_previous)
    return _head(sheet) | {
        "place": sheet.place,
        "id": _id(sheet.place),
        "count_text": count,
        "columns": list(_columns(sheet)),
        "rows": shown,
        "tokens": " ".join(row.token for row in rows),
        "order": " ".join(sheet.posted.order),
        "may_add": sheet.may_add,
        "next_new": sheet.posted.next_new(),
        "pages": None if is_whole else _pages(sheet, query),
        "templates": [] if sheet.inline.is_nested else list(_templates(sheet)),
        "errors": [error for row in shown for error in row["errors"]],
        "has_clashes": any(row["has_clashes"] for row in shown),
    }


def _head(sheet: Sheet) -> Section:
    """Return what an inline has in common with the template of its rows."""
    return {
        "label": sheet.inline.title,
        "one": sheet.view.name.lower(),
        "is_stacked": sheet.inline.is_stacked,
        "is_nested": sheet.inline.is_nested,
        "is_ordered": bool(sheet.inline.order_field),
        "stencil": Stencil(),
        "template_name": JOINT.join(sheet.place.split(JOINT)[::2]),
    }


def _shown(sheet: Sheet, rows: Sequence[Row], problems: Problems) -> Iterator[dict[str, Any]]:
    """Yield the rows for the template: controls where they can be changed, what is stored elsewhere."""
    labels = _labels(sheet, rows)
    _learn(sheet, rows)
    cells = _cells(sheet, [row.record for row in rows if row.record is not None and row.form is None])
    may_open = sheet.view.may_by_row(sheet.visit.request, "details")
    for row in rows:
        if row.form is not None and row.form.clashes:
            tell(sheet.visit, sheet.view, row.form)
        shown = _row(sheet, row.place, row.form, row.posted, None if row.form else _read(row, cells))
        sections = [make_section(below, problems) for below in row.sheets]
        shown |= {
            "token": row.token,
            "label": labels.get(row.token, ""),
            "url": sheet.visit.url(sheet.view, "details", row.record)
            if row.record is not None and may_open(row.record)
            else "",
            "state": row.form.state() if row.form is not None and not row.is_new else None,
            "error": row.error,
            "is_new": row.is_new,
            "is_removed": row.is_removed,
            "may_remove": row.is_new or sheet.may_remove(row.record),
            "is_posted": row.posted is not None,
            "sections": sections,
            "has_clashes": bool(row.form and row.form.clashes)
            or any(each["has_clashes"] for each in sections),
        }
        shown["errors"] = [*_errors(sheet, shown), *(error for each in sections for error in each["errors"])]
        yield shown


def _row(
    sheet: Sheet,
    place: str,
    form: RecordForm | None,
    posted: PostedRow | None,
    read: Mapping[str, Any] | None = None,
    begin: str = "",
) -> dict[str, Any]:
    """Return the cells of a row, their controls named and numbered as belongs to its place."""
    begin = begin or _id(place)
    controls: Mapping[str, Any] = {}
    if form is not None:
        controls = form.controls(posted.form if posted is not None else None)
        for control in controls.values():
            _settle(control, place, begin, is_whole=sheet.inline.is_stacked)
    labels = {name: sheet.view.label(name) for name in sheet.inline.column_names}
    cells = controls if form is not None else read or {}
    return {
        "place": place,
        "id": begin,
        "is_editable": form is not None,
        "cells": [{"label": labels[name], "content": cells.get(name)} for name in labels],
    }


def _settle(control: Control, place: str, begin: str, *, is_whole: bool) -> None:
    """Give a control of a row the names and ids of its place; a row of a table has no room for its help."""
    # Nobody may be kept from saving by a row that is to be removed, or that stays blank.
    control["may_be_empty"] = place != AT
    control |= {"name": f"{place}{JOINT}{control['name']}", "id": f"{begin}-{control['name']}"}
    if clash := control.get("clash"):
        clash["name"] = f"{place}{JOINT}{clash['name']}"
    if not is_whole:
        control |= {"help": "", "hint": ""}
        control |= _WITHOUT_LIMITS if place != AT else {}


def _templates(sheet: Sheet) -> Iterator[Section]:
    """Yield the new rows that inlines.js copies, those of inlines within a row too."""
    row = sheet.row("n0", None)
    if sheet.may_add:
        begun = _row(sheet, AT, row.form, None, begin=ID)
        sections = [_within(make_section(below, {})) for below in row.sheets]
        yield _head(sheet) | {"row": _NEW | begun | {"sections": sections}}
    for below in row.sheets:
        yield from _templates(below)


_NEW = {
    "token": "",
    "label": "",
    "url": "",
    "state": None,
    "error": "",
    "is_new": True,
    "is_removed": False,
    "may_remove": True,
    "is_posted": True,
    "errors": (),
}


def _within(section: Section) -> Section:
    """Return an inline within the row that inlines.js copies."""
    way = section["place"].split(JOINT)[-1]
    return section | {"place": f"{AT}{JOINT}{way}", "id": f"{ID}-{way}"}


def _read(row: Row, cells: Mapping[str, Cell]) -> dict[str, Any]:
    return {name: cell(row.record) for name, cell in cells.items()} if row.record is not None else {}


def _learn(sheet: Sheet, rows: Sequence[Row]) -> None:
    """Look up at once the records that the rows refer to, or that were chosen in them."""
    session, wanted = sheet.visit.session, dict[LookupEntry, list[str]]()
    for row in rows:
        for entry in row.form.entries if row.form is not None else ():
            if isinstance(entry, LookupEntry) and not isinstance(entry, MembersEntry):
                typed = row.posted.form.get(entry.name) if row.posted is not None else None
                text = typed if isinstance(typed, str) else entry.stored(session, row.record)
                wanted.setdefault(entry, []).append(text)
    stored = [row.record for row in rows if row.record is not None]
    for entry, texts in wanted.items():
        entry.learn(session, stored, texts)


def _labels(sheet: Sheet, rows: Iterable[Row]) -> dict[str, str]:
    stored = [row for row in rows if row.record is not None]
    names = names_of(sheet.visit, [row.record for row in stored], beside=sheet.parent)
    return {row.token: name for row, name in zip(stored, names, strict=True)}


def _cells(sheet: Sheet, records: Sequence[Any]) -> dict[str, Cell]:
    if not records:
        return {}
    labels = sheet.page.labels if sheet.page is not None else {}
    page = Page(records, None, None, None, labels=labels)
    withheld = sheet.visit.withheld(sheet.view)
    names = [name for name in sheet.inline.column_names if name not in withheld]
    return make_cells(sheet.visit, sheet.view, names, page)


def _columns(sheet: Sheet) -> Iterator[dict[str, Any]]:
    required = {
        entry.name
        for entry in (sheet.new_entries if sheet.may_add else ())
        if getattr(entry, "required", False)
    }
    for name in sheet.inline.column_names:
        yield {
            "label": sheet.view.label(name),
            "align": sheet.view.align(name),
            "is_required": name in required,
        }


def _errors(sheet: Sheet, row: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield what is wrong with a row, for the summary that links to the places."""
    where = f"{sheet.inline.title}, {row['label'] or 'new row'}"
    if row["error"]:
        yield {"label": where, "message": row["error"], "field_id": row["id"]}
    for cell in row["cells"]:
        control = cell["content"]
        if isinstance(control, dict) and control["error"]:
            label = f"{where}, {control['label']}"
            yield {"label": label, "message": control["error"], "field_id": control["id"]}


def _asked(sheet: Sheet) -> list[tuple[str, str]]:
    """Return the place of the page that the address asks for: `:items=after.CURSOR`."""
    text = sheet.visit.request.query_params.get(f":{sheet.place}", "")
    way, _, cursor = text.partition(".")
    return [(way, cursor)] if way in ("after", "before") and cursor else []


def _pages(sheet: Sheet, query: ListQuery) -> dict[str, Any]:
    page = sheet.page
    assert page is not None  # noqa: S101 - only stored parents have several pages
    number = f"{page.start:,}–{page.stop:,}" if page.start is not None and page.stop is not None else ""
    return {
        "text": number,
        "all_url": _all_url(sheet),
        "previous_url": _url(sheet, "before", page.before),
        "next_url": _url(sheet, "after", page.after),
    }


def _url(sheet: Sheet, way: str, cursor: str | None) -> str:
    if cursor is None or sheet.inline.is_nested:
        return ""
    url = sheet.visit.request.url
    name = f":{sheet.place}"
    others = [
        pair for pair in parse_qsl(without_draft(url.query)[1:], keep_blank_values=True) if pair[0] != name
    ]
    return f"{url.path}?{urlencode([*others, (name, f'{way}.{cursor}')])}"


def _all_url(sheet: Sheet) -> str:
    """Return the list of all rows of this parent, where that can be asked for."""
    visit, view, reverse = sheet.visit, sheet.view, sheet.inline.bond.relation.reverse
    if not reverse or reverse not in view.listing.filters:
        return ""
    owner = visit.site.view_of(type(sheet.parent))
    return visit.url(view, "list", **{reverse: owner.key(sheet.parent)}) if owner else ""


def _id(place: str) -> str:
    return place.replace(JOINT, "-")
