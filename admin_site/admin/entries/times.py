"""The entry for an instant, typed as the clocks of a time zone show it."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from admin_site.admin.entries.base import Control
from admin_site.admin.entries.values import TextEntry
from admin_site.descriptions import Field
from admin_site.values import from_text

_CLOCK = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?")
_FIRST_YEAR = 1000  # browsers' own pickers want four digits that mean something
_OUT_OF_RANGE = "Enter a date between the years 1 and 9999."


class InstantEntry(TextEntry):
    """An instant: what is typed without an offset is the time in `zone`, and parts of a second stay.

    The clock of a zone shows some times twice a year: without an offset the earlier one is meant. Times that
    it skips are refused with words.
    """

    def __init__(self, field: Field, label: str, help_text: str = "", zone: tzinfo = UTC) -> None:
        super().__init__(field, label, help_text)
        self.zone = zone

    def shown(self, session: Session, record: Any) -> str:
        """Return the stored instant as the clock shows it, to the second; in full where that is ambiguous."""
        stored = self.stored(session, record)
        try:
            local = datetime.fromisoformat(stored).astimezone(self.zone)
        except (ValueError, OverflowError):
            return stored
        offset = local.utcoffset() or timedelta()
        if local.year < _FIRST_YEAR or offset % timedelta(minutes=1):
            return stored
        if offset != local.replace(fold=0).utcoffset():
            return local.isoformat(" ")
        return local.replace(tzinfo=None, microsecond=0).isoformat()

    def canonical(self, text: str) -> str:
        with suppress(ValueError):
            text = self._with_offset(text)
        return super().canonical(text)

    def value(self, session: Session, text: str, form: FormData) -> Any:
        return from_text(self.field, self._with_offset(text)) if text else super().value(session, text, form)

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        return super().control(session, record, text, error) | {
            "zone": zone_name(self.zone).replace("_", " ")
        }

    def _with_offset(self, text: str) -> str:
        """Return a text that is a time of the zone's clock as the instant it means; any other as it is."""
        if not _CLOCK.fullmatch(text.strip()):
            return text
        try:
            clock = datetime.fromisoformat(text.strip())
        except ValueError:
            return text  # the thirtieth of February
        try:
            instant = clock.replace(tzinfo=self.zone).astimezone(UTC)
            is_skipped = instant.astimezone(self.zone).replace(tzinfo=None) != clock
        except OverflowError:
            raise ValueError(_OUT_OF_RANGE) from None
        if is_skipped:
            place = zone_name(self.zone).replace("_", " ")
            raise ValueError(
                f"The clocks of {place} skip this time on that day. Enter an earlier or later one."
            )
        return instant.isoformat()


def zone_name(zone: tzinfo) -> str:
    """Return the name under which a browser and a form know a time zone."""
    return getattr(zone, "key", "UTC")
