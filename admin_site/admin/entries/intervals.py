"""The entry for a length of time, in words."""

from typing import Any

from sqlalchemy.orm import Session

from admin_site.admin.durations import from_words, in_words
from admin_site.admin.entries.base import Control
from admin_site.admin.entries.values import TextEntry
from admin_site.values import from_text, to_text


class IntervalEntry(TextEntry):
    """A length of time: "2 days 3 hours", "P2DT3H" and "2 days, 03:00:00" are one."""

    def shown(self, session: Session, record: Any) -> str:
        stored = self.stored(session, record)
        try:
            return in_words(from_text(self.field, stored)) if stored else ""
        except ValueError:
            return stored

    def plain(self, text: str) -> str:
        length = from_words(text)
        return text if length is None else to_text(self.field, length)

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        control = super().control(session, record, text, error)
        return control | {"widget": "text", "placeholder": "2 days 3 hours", "is_short": True}
