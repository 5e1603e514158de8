"""The entry for a range: from where to where, and whether the ends are part of it."""

import re
from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Session

from admin_site.admin.clocks import on_the_clock, with_offset
from admin_site.admin.entries.base import Control
from admin_site.admin.entries.times import InstantEntry
from admin_site.admin.entries.values import TextEntry
from admin_site.descriptions import Field, Kind

ENDS: dict[type[Any], str] = {
    pg.INT4RANGE: "number",
    pg.INT8RANGE: "number",
    pg.NUMRANGE: "number",
    pg.DATERANGE: "date",
    pg.TSRANGE: "datetime",
    pg.TSTZRANGE: "instant",
}
"""What the ends of a range are, by its type."""

_RANGE = re.compile(r"\s*([\[(])\s*\"?([^,\"]*)\"?\s*,\s*\"?([^,\"]*?)\"?\s*([\])])\s*")


def is_range(field: Field) -> bool:
    return field.kind is Kind.LITERAL and isinstance(field.column_type, tuple(ENDS))


class RangeEntry(TextEntry):
    """A range, typed as PostgreSQL writes it: a script makes two inputs of it."""

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        ends = next(ends for type_, ends in ENDS.items() if isinstance(self.field.column_type, type_))
        return super().control(session, record, text, error) | {"widget": "range", "ends": ends, "zone": ""}


class InstantRangeEntry(InstantEntry):
    """A range of instants: what is typed without an offset is the time in `zone`."""

    def shown(self, session: Session, record: Any) -> str:
        return _with_ends(self.stored(session, record), lambda end: on_the_clock(end, self.zone, exact=True))

    def plain(self, text: str) -> str:
        return _with_ends(text, lambda end: with_offset(end, self.zone))

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        return super().control(session, record, text, error) | {"widget": "range", "ends": "instant"}


def range_entry(field: Field, label: str, help_text: str, zone: tzinfo) -> TextEntry:
    if isinstance(field.column_type, pg.TSTZRANGE):
        return InstantRangeEntry(field, label, help_text, zone)
    return RangeEntry(field, label, help_text)


def _with_ends(text: str, change: Callable[[str], str]) -> str:
    """Return the text of a range with both ends changed; any other text as it is."""
    match = _RANGE.fullmatch(text)
    if not match:
        return text
    lower, upper = (change(end) if end else "" for end in match.group(2, 3))
    return f"{match[1]}{lower},{upper}{match[4]}"
