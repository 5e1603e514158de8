"""Entries for nested values: documents, lists and texts by name. JSON is their text form."""

import json
from typing import Any

from sqlalchemy.orm import Session

from admin_site.admin.entries.base import Control
from admin_site.admin.entries.values import TextEntry
from admin_site.descriptions import Field, Kind

LINE = 60  # characters of a document that is shown in one line
ROWS = (4, 24)  # lines that its place has, at least and at most


class JsonEntry(TextEntry):
    """A document, shown in lines where it is long; no digit and no order of names is lost by that."""

    def shown(self, session: Session, record: Any) -> str:
        return self._in_lines(self.stored(session, record))

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        rows = min(max(text.count("\n") + 1, ROWS[0]), ROWS[1])
        return super().control(session, record, text, error) | {"widget": "json", "rows": rows}

    def _in_lines(self, stored: str) -> str:
        if len(stored) <= LINE or stored[0] not in "[{":
            return stored
        try:
            lines = json.dumps(json.loads(stored), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return stored
        # Shown in lines only if it reads back as the very same text: a half of a surrogate pair does not.
        return lines if self.canonical(lines) == stored else stored


class PairsEntry(TextEntry):
    """Texts by name, typed as a JSON object: a script makes a row of each pair."""

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        return super().control(session, record, text, error) | {
            "widget": "rows",
            "of": "pairs",
            "may_be_null": self.field.nullable,
        }


class ListEntry(TextEntry):
    """A list, typed as a JSON array: a script makes a row of each member that is no list itself."""

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        item = self.field.item
        assert item is not None  # noqa: S101 - every ARRAY has one
        return super().control(session, record, text, error) | {
            "widget": "json" if self._is_nested(item) else "rows",
            "rows": ROWS[0],
            "of": ITEMS.get(item.kind, "text"),
            "placeholder": _EXAMPLES.get(item.kind, ""),
            "choices": [[choice.text, choice.label] for choice in item.choices],
            "may_be_null": self.field.nullable,
        }

    def _is_nested(self, item: Field) -> bool:
        return (self.field.dimensions or 1) > 1 or item.kind is Kind.JSON


ITEMS = {
    Kind.INTEGER: "number",
    Kind.DECIMAL: "number",
    Kind.FLOAT: "number",
    Kind.BOOLEAN: "boolean",
    Kind.CHOICE: "choice",
    Kind.DATE: "date",
    Kind.LONG_TEXT: "text",
    Kind.TEXT: "text",
}
"""How the members of a list are typed; the rest are texts in the form of their kind."""

_EXAMPLES = {
    Kind.INSTANT: "2026-03-01 09:30+00:00",
    Kind.DATETIME: "2026-03-01 09:30",
    Kind.TIME: "09:30:15",
    Kind.INTERVAL: "3 days, 04:05:06",
    Kind.BINARY: "00ff",
}
