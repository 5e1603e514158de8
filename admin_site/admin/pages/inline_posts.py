"""The rows of inlines as a form posts them.

A control of a row is called `items|k7|title`: the inline, the row, and the control's own name. A stored row
is `k` with its key, a new one `n` with a number; rows within a row go on, as `orders|k7|lines|n0|quantity`.
What is about a whole inline begins with a colon: `items|:rows`, `items|:order`. The buttons of an inline
press `:find` with such a name as its value, and save nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from starlette.datastructures import FormData, UploadFile

from admin_site.admin.forms import FIND
from admin_site.errors import BadRequest
from admin_site.services.families import JOINT

REMOVE, ADD, UP, DOWN = ":remove", ":add", ":up", ":down"
ROWS, ORDER = ":rows", ":order"
MAX_DEPTH = 2

_ROW = re.compile(r"k[A-Za-z0-9_~;-]+|n[0-9]{1,6}")


@dataclass
class PostedRow:
    """What was posted of one row: its own controls, and the inlines within it."""

    pairs: list[tuple[str, Any]] = field(default_factory=list)
    sheets: dict[str, "PostedSheet"] = field(default_factory=dict)

    @cached_property
    def form(self) -> FormData:
        return FormData([pair for pair in self.pairs if pair[0] != REMOVE])

    @property
    def is_removed(self) -> bool:
        return any(name == REMOVE and value for name, value in self.pairs)

    @property
    def is_typed(self) -> bool:
        """Whether anything was posted that can be typed; a row that is only shown has none."""
        return any(not name.startswith(":") for name, _ in self.pairs)


@dataclass
class PostedSheet:
    """What was posted of one inline: rows, those that the page had, and the order that they were given."""

    rows: dict[str, PostedRow] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    order: tuple[str, ...] = ()

    def row(self, token: str) -> PostedRow:
        if not _ROW.fullmatch(token):
            raise _unknown(token)
        return self.rows.setdefault(token, PostedRow())

    def next_new(self) -> int:
        return max((int(token[1:]) + 1 for token in self.rows if token.startswith("n")), default=0)

    def move(self, token: str, by: int) -> None:
        """Let a row change places with its neighbour."""
        order = list(self.order or dict.fromkeys([*self.shown, *self.rows]))
        if token in order and 0 <= (place := order.index(token) + by) < len(order):
            order.remove(token)
            order.insert(place, token)
        self.order = tuple(order)


def is_owned(name: str) -> bool:
    """Return whether a control of a form belongs to an inline."""
    return JOINT in name


def read_posts(form: FormData) -> dict[str, PostedSheet]:
    """Return what was posted of each inline; raises BadRequest for names that no page of ours made."""
    top = PostedRow()
    for name, value in form.multi_items():
        if is_owned(name):
            _put(top, name, value)
    _press(top, str(form.get(FIND) or ""))
    return top.sheets


def is_blank(row: PostedRow, defaults: dict[str, str]) -> bool:
    """Return whether nothing was typed into a new row, which then is none."""
    last = dict(row.pairs)  # a ticked box follows the hidden “false” before it
    return not any(_says(name, value, defaults.get(name)) for name, value in last.items()) and all(
        is_blank(within, {}) for within in every_row(row.sheets)
    )


def _says(name: str, value: Any, default: str | None) -> bool:
    if isinstance(value, UploadFile):
        return bool(value.filename)
    if name.startswith(":") or name.endswith(":search") or not value.strip():
        return False
    return bool(value.replace("\r\n", "\n") != default)


def _put(top: PostedRow, name: str, value: Any) -> None:
    row, sheet, own = _place(top, name)
    if row is not None:
        row.pairs.append((own, value))
    elif sheet is not None and own in (ROWS, ORDER) and isinstance(value, str):
        tokens = tuple(dict.fromkeys(value.split()))
        sheet.shown, sheet.order = (tokens, sheet.order) if own == ROWS else (sheet.shown, tokens)
    else:
        raise _unknown(name)


def _press(top: PostedRow, button: str) -> None:
    """Do what a button of an inline asks for: another row, a row moved, or something found for a row."""
    if not is_owned(button):
        return
    row, sheet, own = _place(top, button)
    if own == ADD and sheet is not None and row is None:
        sheet.row(f"n{sheet.next_new()}")
    elif own in (UP, DOWN) and sheet is not None and row is not None:
        sheet.move(button.split(JOINT)[-2], -1 if own == UP else 1)
    elif row is not None and not own.startswith(":"):
        row.pairs.append((FIND, own))


def _place(top: PostedRow, name: str) -> tuple[PostedRow | None, PostedSheet | None, str]:
    """Return the row that a name is about, None for a whole inline, that inline, and what remains."""
    *way, own = name.split(JOINT)
    if not own or len(way) > 2 * MAX_DEPTH:
        raise _unknown(name)
    row: PostedRow | None = top
    sheet: PostedSheet | None = None
    for part in way:
        if row is not None:
            sheet, row = row.sheets.setdefault(part, PostedSheet()), None
        else:
            assert sheet is not None  # noqa: S101 - the parts take turns, an inline comes first
            row = sheet.row(part)
    return row, sheet, own


def every_row(sheets: dict[str, PostedSheet]) -> Iterator[PostedRow]:
    for sheet in sheets.values():
        for row in sheet.rows.values():
            yield row
            yield from every_row(row.sheets)


def _unknown(name: str) -> BadRequest:
    return BadRequest(f"This form has no field “{name[:100]}”. Nothing was saved.")
