"""The entry for an instant, typed as the clocks of a time zone show it."""

from datetime import UTC, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from admin_site.admin.clocks import either, on_the_clock, place_of, with_offset
from admin_site.admin.entries.base import Control
from admin_site.admin.entries.values import TextEntry
from admin_site.descriptions import Field


class InstantEntry(TextEntry):
    """An instant: what is typed without an offset is the time in `zone`, and parts of a second stay.

    The clocks of a zone skip some times and show others twice a year. Both are refused with words unless an
    offset says what is meant; the page offers the two instants that a time stands for.
    """

    def __init__(self, field: Field, label: str, help_text: str = "", zone: tzinfo = UTC) -> None:
        super().__init__(field, label, help_text)
        self.zone = zone

    def shown(self, session: Session, record: Any) -> str:
        """Return the stored instant as the clock shows it, to the second; in full where that is ambiguous."""
        return on_the_clock(self.stored(session, record), self.zone)

    def plain(self, text: str) -> str:
        return with_offset(text, self.zone)

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        control = super().control(session, record, text, error) | {"zone": place_of(self.zone)}
        if found := either(text, self.zone):
            choices = [{"value": value, "label": label, "is_meant": value == text} for value, label in found]
            control |= {"native": False, "either": choices}
        return control
