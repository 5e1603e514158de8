"""Stretches of days as people say them: today, last-7-days, 2026, 2026-11, 2026-11-21."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

_NAMED = re.compile(
    r"(today|yesterday|tomorrow)|(this|last|next)-(week|month|year)|(last|next)-([1-9]\d{0,3})-days", re.ASCII
)
_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WORDS = (
    "today",
    "yesterday",
    "tomorrow",
    "this-week",
    "last-week",
    "this-month",
    "last-month",
    "this-year",
    "last-year",
    "last-7-days",
    "last-30-days",
    "last-90-days",
    "next-7-days",
)
"""What faces offer; any other number of days is understood as well."""


@dataclass(frozen=True)
class Days:
    """All days from `start` until before `stop`, which is None after the last year there is."""

    start: date
    stop: date | None


def days_of(text: str, today: date) -> Days | None:
    """Return the days that a word, a year, a month or a day stands for, or None when it is none of these.

    Weeks begin on Monday; the last and the next 7 days both count today. Raises ValueError for days that no
    calendar has.
    """
    if match := _PARTIAL.fullmatch(text):
        return _partial(*(int(part) if part else 0 for part in match.groups()))
    match = _NAMED.fullmatch(text)
    if match is None:
        return None
    day, which, unit, side, number = match.groups()
    if day:
        start = today + timedelta(days={"yesterday": -1, "today": 0, "tomorrow": 1}[day])
        return Days(start, start + timedelta(days=1))
    if unit:
        steps = {"last": -1, "this": 0, "next": 1}[which]
        return Days(_UNITS[unit](today, steps), _UNITS[unit](today, steps + 1))
    count = timedelta(days=int(number))
    if side == "last":
        tomorrow = today + timedelta(days=1)
        return Days(tomorrow - count, tomorrow)
    return Days(today, today + count)


def phrase(text: str) -> str:
    """Return such a text as a sentence names it: "the last 7 days", "November 2026"."""
    if match := _PARTIAL.fullmatch(text):
        year, month, day = match.groups()
        return f"{MONTHS[int(month) - 1]} {year}" if month and not day else text
    words = text.replace("-", " ")
    return f"the {words}" if text.endswith("-days") else words


def within(text: str) -> str:
    """Return it as something lies in it: "in the last 7 days", "on 2026-11-21", "today"."""
    if text.endswith("-days"):
        return f"in {phrase(text)}"
    match = _PARTIAL.fullmatch(text)
    if match is None:
        return phrase(text)
    return f"on {text}" if match[3] else f"in {phrase(text)}"


def is_word(text: str) -> bool:
    return _NAMED.fullmatch(text) is not None


def _partial(year: int, month: int, day: int) -> Days:
    start = date(year, month or 1, day or 1)
    try:
        stop = start + timedelta(days=1) if day else _month(start, 1) if month else _year(start, 1)
    except (ValueError, OverflowError):
        return Days(start, None)
    return Days(start, stop)


def _week(day: date, steps: int) -> date:
    return day - timedelta(days=day.weekday()) + timedelta(weeks=steps)


def _month(day: date, steps: int) -> date:
    months = day.year * 12 + day.month - 1 + steps
    return date(months // 12, months % 12 + 1, 1)


def _year(day: date, steps: int) -> date:
    return date(day.year + steps, 1, 1)


_UNITS: dict[str, Callable[[date, int], date]] = {"week": _week, "month": _month, "year": _year}
