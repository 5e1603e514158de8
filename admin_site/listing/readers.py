"""What is typed for a comparison, read as a value of the field."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from admin_site.descriptions import Field, Kind
from admin_site.listing.days import Days, days_of
from admin_site.listing.operators import Span
from admin_site.values import from_text, to_text

Reading = tuple[str, Any]  # the text as it should have been typed, and its value

_BOOLEANS = {"yes": True, "no": False, "true": True, "false": False}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATES = "Enter a date such as 2024-01-31, 2024-01 or 2024, or words such as today and last-7-days."
_LIMITS = {"minimum": -(2**63), "maximum": 2**63 - 1}  # of the widest integer of both databases


def read(field: Field, text: str, zone: tzinfo) -> Reading:
    """Return what `text` means for `field`; a moment that names no zone is one of `zone`.

    Raises ValueError worded for a person.
    """
    return _READERS.get(field.kind, _value)(field, text, zone)


def read_yes_no(text: str) -> tuple[str, bool]:
    if text not in _BOOLEANS:
        raise ValueError("Choose yes or no.")
    return ("yes" if _BOOLEANS[text] else "no"), _BOOLEANS[text]


def loosely(field: Field, text: str) -> Any:
    """Return the value `text` stands for, within the limits of the databases but not those of the field.

    Nothing is stored: "age is at least 0" makes sense where ages begin at 1. Raises ValueError.
    """
    limits = _LIMITS if field.kind is Kind.INTEGER else {"minimum": None, "maximum": None}
    return from_text(replace(field, length=None, precision=None, scale=None, **limits), text)


def _value(field: Field, text: str, zone: tzinfo) -> Reading:
    value = loosely(field, text)
    return to_text(field, value), value


def _text(field: Field, text: str, zone: tzinfo) -> Reading:
    return text, text


def _boolean(field: Field, text: str, zone: tzinfo) -> Reading:
    if text == "unset" and field.nullable:
        return "unset", None
    return read_yes_no(text)


def _date(field: Field, text: str, zone: tzinfo) -> Reading:
    if _DAY.fullmatch(text):
        return _value(field, text, zone)
    days = _days(text, zone)
    if days is None:
        raise ValueError(_DATES)
    return text, Span(days.start, days.stop)


def _moment(field: Field, text: str, zone: tzinfo) -> Reading:
    days = _days(text, zone)
    if days is None:
        return _exact_moment(field, text, zone)
    try:
        stop = None if days.stop is None else _start(field, days.stop, zone)
        return text, Span(_start(field, days.start, zone), stop)
    except OverflowError:
        raise ValueError(_DATES) from None


def _days(text: str, zone: tzinfo) -> Days | None:
    try:
        return days_of(text, datetime.now(zone).date())
    except (ValueError, OverflowError):
        raise ValueError(_DATES) from None


def _exact_moment(field: Field, text: str, zone: tzinfo) -> Reading:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{_DATES[:-1]}, or 2024-01-31T18:30.") from None
    if field.kind is Kind.INSTANT:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    elif moment.tzinfo:
        raise ValueError("Enter the time without a time zone.")
    return moment.isoformat(), moment


def _start(field: Field, day: date, zone: tzinfo) -> datetime:
    start = datetime.combine(day, time.min)
    return start.replace(tzinfo=zone).astimezone(UTC) if field.kind is Kind.INSTANT else start


_READERS: dict[Kind, Callable[[Field, str, tzinfo], Reading]] = {
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.DATETIME: _moment,
    Kind.INSTANT: _moment,
}
