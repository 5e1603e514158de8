"""The text forms of time: ISO 8601, intervals as "3 days, 04:05:06"."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from admin_site.descriptions import Field

T = TypeVar("T")

_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_OFFSET = r"(?:[zZ]|[-+][0-9]{2}(?::?[0-9]{2})?)"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(rf"{_CLOCK}(?P<offset>{_OFFSET})?")
_DATETIME = re.compile(rf"{_DATE.pattern}[T ]{_CLOCK}(?P<offset> ?{_OFFSET})?")
_INTERVAL = re.compile(
    r"(?P<sign>-)?(?:(?P<days>[0-9]{1,9}) ?(?:days?|d))?(?:,? *)"
    r"(?:(?P<hours>[0-9]{1,9}):(?P<minutes>[0-5][0-9])(?::(?P<seconds>[0-5][0-9])(?:\.(?P<fraction>[0-9]{1,6}))?)?)?"
)
_NAIVE = "Leave out the time zone: this field keeps none."


def read_date(field: Field, text: str) -> date:
    text = text.strip()
    words = "Enter a date as year-month-day, such as 2026-03-01."
    if not _DATE.fullmatch(text):
        raise ValueError(words)
    return _parsed(date.fromisoformat, text, words)


def write_date(field: Field, value: Any) -> str:
    return (value.date() if isinstance(value, datetime) else value).isoformat()


def read_time(field: Field, text: str) -> time:
    text = text.strip()
    words = "Enter a time, such as 09:30 or 09:30:15."
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError(words)
    value = _parsed(time.fromisoformat, text.upper(), words)
    _check_fraction(field, value.microsecond)
    if getattr(field.column_type, "timezone", False):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if value.tzinfo:
        raise ValueError(_NAIVE)
    return value


def write_time(field: Field, value: Any) -> str:
    if getattr(field.column_type, "timezone", False) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)  # SQLite keeps no zone
    return str(value.isoformat())


def read_datetime(field: Field, text: str) -> datetime:
    value = _read_datetime(field, text)
    if value.tzinfo:
        raise ValueError(_NAIVE)
    return value


def write_datetime(field: Field, value: Any) -> str:
    return str(value.isoformat())


def read_instant(field: Field, text: str) -> datetime:
    """Return the instant in UTC; a text without a time zone is read as UTC."""
    value = _read_datetime(field, text)
    try:
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("Enter a date between the years 1 and 9999.") from None


def write_instant(field: Field, value: Any) -> str:
    """Return the instant in UTC; one without a time zone, as SQLite gives them, is UTC's."""
    return str((value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).isoformat())


def read_interval(field: Field, text: str) -> timedelta:
    text = text.strip()
    match = _INTERVAL.fullmatch(text)
    if not match or not any(character.isdigit() for character in text):
        raise ValueError("Enter a length of time, such as 3 days, 04:05:06.")
    try:
        value = _interval(match)
    except OverflowError:
        raise ValueError("Enter a shorter length of time.") from None
    if (field.minimum is not None and value < field.minimum) or (
        field.maximum is not None and value > field.maximum
    ):
        raise ValueError("Enter a shorter length of time.")
    _check_fraction(field, value.microseconds)
    return value


def write_interval(field: Field, value: Any) -> str:
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    clock = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if value.microseconds:
        clock += f".{value.microseconds:06}"
    days = f"{value.days} day{'s' if value.days != 1 else ''}, " if value.days else ""
    return f"{sign}{days}{clock}"


def _read_datetime(field: Field, text: str) -> datetime:
    text = text.strip()
    words = "Enter a date and time, such as 2026-03-01 09:30."
    if not _DATETIME.fullmatch(text):
        raise ValueError(words)
    value = _parsed(datetime.fromisoformat, text.upper().replace(" ", "T", 1).replace(" ", ""), words)
    _check_fraction(field, value.microsecond)
    return value


def _parsed(parse: Callable[[str], T], text: str, words: str) -> T:
    try:
        return parse(text)
    except ValueError:
        raise ValueError(words) from None


def _check_fraction(field: Field, microseconds: int) -> None:
    """Refuse parts of a second that the column would round."""
    digits = field.precision
    if digits is not None and digits < 6 and microseconds % 10 ** (6 - digits):
        raise ValueError(f"Enter at most {digits} digits of a second.")


def _interval(match: re.Match[str]) -> timedelta:
    value = timedelta(
        days=int(match["days"] or 0),
        hours=int(match["hours"] or 0),
        minutes=int(match["minutes"] or 0),
        seconds=int(match["seconds"] or 0),
        microseconds=int((match["fraction"] or "0").ljust(6, "0")),
    )
    return -value if match["sign"] else value
