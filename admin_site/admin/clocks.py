"""Instants as the clocks of a time zone show them, and back."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

CLOCK = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?")
FIRST_YEAR = 1000  # browsers' own pickers want four digits that mean something
OUT_OF_RANGE = "Enter a date between the years 1 and 9999."


def zone_name(zone: tzinfo) -> str:
    """Return the name under which a browser and a form know a time zone."""
    return getattr(zone, "key", "UTC")


def place_of(zone: tzinfo) -> str:
    """Return the name of a time zone as people read it."""
    return zone_name(zone).replace("_", " ")


def on_the_clock(instant: str, zone: tzinfo, *, exact: bool = False) -> str:
    """Return an instant as the clocks show it, to the second unless `exact`; in full where that is ambiguous.

    `instant` is ISO 8601 with an offset; any other text comes back as it is.
    """
    try:
        local = datetime.fromisoformat(instant).astimezone(zone)
    except (ValueError, OverflowError):
        return instant
    offset = local.utcoffset() or timedelta()
    if local.year < FIRST_YEAR or offset % timedelta(minutes=1):
        return instant
    if len(occurrences(local.replace(tzinfo=None), zone)) > 1:
        return local.isoformat(" ")
    clock = local.replace(tzinfo=None)
    return (clock if exact else clock.replace(microsecond=0)).isoformat()


def occurrences(clock: datetime, zone: tzinfo) -> list[datetime]:
    """Return the instants at which the clocks of `zone` show a time: one, none or two of them."""
    found: list[datetime] = []
    for fold in (0, 1):
        local = clock.replace(tzinfo=zone, fold=fold)
        try:
            is_shown = local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == clock
        except OverflowError:
            is_shown = False
        if is_shown and local.utcoffset() not in [other.utcoffset() for other in found]:
            found.append(local)
    return found


def with_offset(text: str, zone: tzinfo) -> str:
    """Return a text that is a time of the clocks as the instant it means; any other as it is.

    Raises ValueError with words for a time that the clocks skip, or show twice.
    """
    text = text.strip()
    if not CLOCK.fullmatch(text):
        return text
    try:
        clock = datetime.fromisoformat(text)
    except ValueError:
        return text  # the thirtieth of February
    try:
        clock.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        raise ValueError(OUT_OF_RANGE) from None
    found = occurrences(clock, zone)
    if not found:
        raise ValueError(
            f"The clocks of {place_of(zone)} skip this time on that day. Enter an earlier or later one."
        )
    if len(found) > 1:
        first, second = _offsets(found)
        raise ValueError(
            f"The clocks of {place_of(zone)} show this time twice on that day. "
            f"Add {first} for the first time or {second} for the second."
        )
    return found[0].astimezone(UTC).isoformat()


def either(text: str, zone: tzinfo) -> list[tuple[str, str]]:
    """Return the two instants that a text may mean, each with words for people; none for a clear one."""
    try:
        told = datetime.fromisoformat(text.strip())
        clock = told.astimezone(zone).replace(tzinfo=None) if told.tzinfo else told
    except (ValueError, OverflowError):
        return []
    found = occurrences(clock.replace(fold=0), zone)
    if len(found) < 2:
        return []
    words = (
        f"{which} time, UTC{offset}"
        for which, offset in zip(("First", "Second"), _offsets(found), strict=True)
    )
    return [(local.isoformat(" "), words) for local, words in zip(found, words, strict=True)]


def _offsets(found: Iterable[datetime]) -> list[str]:
    return [local.isoformat()[len(local.replace(tzinfo=None).isoformat()) :] for local in found]
