"""The rows of a form that edits several records: as they are posted, and as they are shown again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from admin_site.admin.forms import OURS, RecordForm
from admin_site.admin.list_rows import Cell
from admin_site.errors import AdminSiteError, BadRequest, Invalid
from admin_site.listing import Page

KEY = "key"
MAX_ROWS = 100


@dataclass
class Row:
    """One row: the record, None when it is gone, and its form, None when this person may not edit it."""

    key: str
    record: Any
    form: RecordForm | None
    posted: FormData | None = None
    values: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    again_url: str = ""  # where a record that is gone can be added anew

    @property
    def is_wrong(self) -> bool:
        return bool(self.error or (self.form is not None and self.form.errors))

    @property
    def has_clash(self) -> bool:
        """Whether somebody else changed a field of it meanwhile that was typed over here."""
        return self.form is not None and bool(self.form.clashes)


def posted_rows(form: FormData) -> dict[str, FormData]:
    """Return what was typed by the key of its record; fields are called such as `3/title`, 3 being a row."""
    rows: dict[str, list[tuple[str, Any]]] = {}
    for name, value in form.multi_items():
        number, slash, rest = name.partition("/")
        if slash:
            rows.setdefault(number, []).append((rest, value))
        elif name not in OURS:
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


def blame(row: Row, error: AdminSiteError) -> None:
    """Note beside a row, or its fields, why it could not be stored."""
    if row.form is None or not isinstance(error, Invalid):
        row.error = str(error)
        return
    known = {entry.name for entry in row.form.entries}
    row.form.errors = {name: text for name, text in error.errors.items() if name in known}
    row.error = " ".join(text for name, text in error.errors.items() if name not in known)


def shown_row(
    row: Row, number: int, names: Sequence[str], cells: Mapping[str, Cell], page: Page
) -> dict[str, Any]:
    """Return a row for the template: inputs where it can be edited, what is stored elsewhere."""
    controls = row.form.controls(row.posted) if row.form is not None else {}
    for name, control in controls.items():
        control |= {"name": f"{number}/{name}", "id": f"row-{number}-{name}", "help": "", "hint": ""}
        if clash := control.get("clash"):
            clash["name"] = f"{number}/{clash['name']}"
    label = page.label(row.record) if row.record is not None else row.key
    return {
        "number": number,
        "key": row.key,
        "label": label,
        "state": row.form.state() if row.form is not None else None,
        "error": row.error,
        "again_url": row.again_url,
        "errors": list(_errors(row, number, label, controls)),
        "cells": [
            controls.get(name) or (cells[name](row.record) if row.record is not None else _typed(row, name))
            for name in names
        ],
    }


def typed(row: Row, names: Sequence[str]) -> dict[str, str]:
    """Return what was typed into the fields of a row whose record is gone."""
    return {name: text for name in names if (text := _typed(row, name))}


def _typed(row: Row, name: str) -> str:
    texts = [text for text in row.posted.getlist(name) if isinstance(text, str)] if row.posted else []
    return texts[-1] if texts else ""


def _errors(row: Row, number: int, label: str, controls: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield what is wrong with a row, for the summary that links to the places."""
    for control in controls.values():
        if control["error"]:
            where = f"{label}, {control['label']}"
            yield {"label": where, "message": control["error"], "field_id": control["id"]}
    if row.error:
        yield {"label": label, "message": row.error, "field_id": f"row-{number}"}
