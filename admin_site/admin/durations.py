"""Lengths of time in words: "2 days 3 hours"."""

import re
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

_SECOND = 1_000_000
_MICROSECONDS = {
    "w": 7 * 86_400 * _SECOND,
    "d": 86_400 * _SECOND,
    "h": 3_600 * _SECOND,
    "m": 60 * _SECOND,
    "s": _SECOND,
    "ms": 1_000,
    "us": 1,
}
_UNITS = {
    word: unit
    for unit, words in {
        "w": "week weeks w",
        "d": "day days d",
        "h": "hour hours hr hrs h",
        "m": "minute minutes min mins m",
        "s": "second seconds sec secs s",
        "ms": "millisecond milliseconds ms",
        "us": "microsecond microseconds us µs μs",
    }.items()
    for word in words.split()
}
_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,9})?"
_WORDS = re.compile(
    rf"(?P<sign>-|\u2212|minus )?\s*(?P<parts>(?:{_NUMBER}\s*[a-zµμ]+(?:,?\s+and\s+|,?\s*))+)"
)
_PART = re.compile(rf"({_NUMBER})\s*([a-zµμ]+)")
_SIGNED = rf"[-+]?{_NUMBER}"
_ISO = re.compile(
    rf"(?P<sign>[-+\u2212])?p(?=[-+0-9t])(?:({_SIGNED})w)?(?:({_SIGNED})d)?"
    rf"(?:t(?=[-+0-9])(?:({_SIGNED})h)?(?:({_SIGNED})m)?(?:({_SIGNED})s)?)?"
)
_CALENDAR = re.compile(r"p[0-9.]+y|p[0-9.]*y?[0-9.]+m|[0-9]\s*(?:months?|mons?|years?|yrs?|y)\b")

TOO_FINE = "Enter whole microseconds: at most six digits of a second."
TOO_LONG = "Enter a shorter length of time."
NO_LENGTH = "Months and years differ in length. Enter days."
EXAMPLES = "Enter a length of time, such as 2 days 3 hours, or 00:45:00."


def in_words(value: timedelta) -> str:
    """Return `value` exactly: "2 days 3 hours", "minus 4.000001 seconds", "0 seconds"."""
    sign, value = ("minus ", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    exact = f"{seconds}.{value.microseconds:06}".rstrip("0") if value.microseconds else str(seconds)
    counted = [
        (str(value.days), "day"),
        (str(minutes // 60), "hour"),
        (str(minutes % 60), "minute"),
        (exact, "second"),
    ]
    parts = [f"{number} {unit}{'' if number == '1' else 's'}" for number, unit in counted if number != "0"]
    return sign + " ".join(parts) if parts else "0 seconds"


def from_words(text: str) -> timedelta | None:
    """Return the length that words or ISO 8601 ("P2DT3H") tell, or None for a text that is neither.

    Raises ValueError with words for what has no exact length.
    """
    text = " ".join(text.lower().split())
    if _CALENDAR.search(text):
        raise ValueError(NO_LENGTH)
    parts = list(_parts(text))
    if not parts:
        return None
    exact = sum((Fraction(number) * _MICROSECONDS[unit] for number, unit in parts), Fraction())
    if exact.denominator != 1:
        raise ValueError(TOO_FINE)
    sign = -1 if text.startswith(("-", "\u2212", "minus ")) else 1
    try:
        return timedelta(microseconds=sign * int(exact))
    except OverflowError:
        raise ValueError(TOO_LONG) from None


def _parts(text: str) -> Iterator[tuple[str, str]]:
    if match := _ISO.fullmatch(text):
        yield from (
            (number, unit) for number, unit in zip(match.groups()[1:], "wdhms", strict=True) if number
        )
    elif match := _WORDS.fullmatch(text):
        found = [(number, _UNITS.get(word, "")) for number, word in _PART.findall(match["parts"])]
        if all(unit for _, unit in found):
            yield from found
