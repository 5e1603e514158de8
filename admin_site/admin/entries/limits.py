"""What a browser and a person are told beforehand of the values that a field takes."""

import re
from collections.abc import Callable, Mapping

from admin_site.descriptions import Field, Kind
from admin_site.values import to_text

_SHORT = 100  # characters
_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)
_LINE = 255  # characters; a longer text is typed in a box of several lines, which knows no pattern
# Whatever str.strip() takes away around a number may stand around it.
_SPACE = r"[\s\x1c-\x1f\x85]*"
_WHOLE = rf"{_SPACE}[+\-]?[0-9]+{_SPACE}"
_NUMBER = rf"{_SPACE}[+\-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+\-]?[0-9]{{1,4}})?{_SPACE}"
_MAX_REAL = 3.4028234e38
_LIMITS_OF_TYPES = frozenset(
    {limit for bits in (15, 31, 63) for limit in (-(2**bits), 2**bits - 1)}
    | {2**32 - 1, -_MAX_REAL, _MAX_REAL}
)


def limits(field: Field, text: str = "") -> Mapping[str, str]:
    """Return the HTML attributes of a field's input; no browser refuses by them what saving accepts.

    `text` is what the input shows: a stored value beyond a limit, as old ones may be, does not stand in the
    way of the rest of the form. There is a `pattern` only for what fits on a line, with a `title` that says
    it in words; `min`, `max` and `step` are for a browser's own inputs of dates and times, and an instant,
    which is typed in the viewer's zone, has no ends.
    """
    found = {"required": ""} if field.required and field.kind is not Kind.BOOLEAN else {}
    make = _ATTRIBUTES.get(field.kind)
    return found | (make(field, text) if make else {})


def hint(field: Field) -> str:
    """Return in words what a field takes, beyond what its input shows by itself; "" for nothing to say.

    "At most 100 characters", "18 to 120", "Exactly 5 characters. No two records share it".
    """
    words = _WORDS[field.kind](field) if field.kind in _WORDS and not _is_roomy(field) else ""
    return ". ".join(_capital(part) for part in (words, *field.notes) if part)


def _is_roomy(field: Field) -> bool:
    """Whether a text is limited by nothing but a length that few texts of its sort come near to."""
    is_limited = field.patterns or field.min_length
    return field.kind in _TEXTS and not is_limited and (field.length or 0) > _SHORT


def _text(field: Field, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if field.length is not None:
        # Browsers count UTF-16 units, of which a character has up to two; the pattern counts characters.
        found["maxlength"] = str(2 * field.length)
    if field.min_length:
        found["minlength"] = str(field.min_length)
    is_line = field.kind is Kind.TEXT and (field.length or 0) <= _LINE
    return found | (_pattern(field) if is_line and (not text or _fits(field, text)) else {})


def _pattern(field: Field) -> dict[str, str]:
    tests = "".join(pattern.in_browsers for pattern in field.patterns)
    if not tests and field.length is None:
        return {}
    most = "" if field.length is None else field.length
    return {
        "pattern": rf"{tests}[\s\S]{{{field.min_length or 0},{most}}}",
        "title": _capital(_words_of_text(field)),
    }


def _fits(field: Field, text: str) -> bool:
    is_long_enough = len(text) >= (field.min_length or 0)
    is_short_enough = field.length is None or len(text) <= field.length
    is_line = "\n" not in text and "\r" not in text
    is_alike = all(pattern.fits(text) is not False for pattern in field.patterns)
    return is_line and is_long_enough and is_short_enough and is_alike


def _integer(field: Field, text: str) -> dict[str, str]:
    return _number(_WHOLE, text, _listed("a whole number", _range(field)))


def _decimal(field: Field, text: str) -> dict[str, str]:
    return _number(_NUMBER, text, _listed("a number", _range(field), _digits(field)))


def _number(pattern: str, text: str, title: str) -> dict[str, str]:
    fits = not text or re.fullmatch(pattern, text)
    return {"pattern": pattern, "title": _capital(title)} if fits else {}


def _day(field: Field, text: str) -> dict[str, str]:
    ends = {"min": field.minimum, "max": field.maximum}
    # A picker counts its steps from `min`: an end within a second would forbid every whole one.
    whole = {
        name: end.isoformat() for name, end in ends.items() if end and not getattr(end, "microsecond", 0)
    }
    shown = text.replace(" ", "T")
    is_within = whole.get("min", shown) <= shown <= whole.get("max", shown)
    return whole if not text or is_within else {}


def _clock(field: Field, text: str) -> dict[str, str]:
    return _day(field, text) | {"step": "1"}


def _instant(field: Field, text: str) -> dict[str, str]:
    return {"step": "1"}


def _words_of_text(field: Field) -> str:
    shapes = [pattern.words for pattern in field.patterns if pattern.words]
    is_said = any(not shape.startswith("a text ") for shape in shapes)  # how long it is, too
    return _listed("" if is_said else _length(field), *shapes)


def _words_of_number(field: Field) -> str:
    return _listed(_range(field), _digits(field) if field.kind is Kind.DECIMAL else "")


def _words_of_binary(field: Field) -> str:
    return f"at most {field.length:,} bytes" if field.length else ""


def _length(field: Field) -> str:
    least, most = field.min_length or 0, field.length
    if least > 1 or (least and most is not None):
        if least == most:
            return f"exactly {_counted(least)}"
        return f"at least {_counted(least)}" if most is None else f"{least:,} to {_counted(most)}"
    return "" if most is None else f"at most {_counted(most)}"


def _counted(number: int) -> str:
    return f"{number:,} character{'' if number == 1 else 's'}"


def _range(field: Field) -> str:
    """Return the limits in words, without those that the type alone has."""
    least, most = (
        "" if end is None or end in _LIMITS_OF_TYPES else _plain(to_text(field, end))
        for end in (field.minimum, field.maximum)
    )
    if least and most:
        return f"{least} to {most}"
    if least:
        return f"{least} or {_later(field)}"
    return f"{most} or {_earlier(field)}" if most else ""


def _plain(number: str) -> str:
    """Return a number without zeros at its end that say nothing."""
    return re.sub(r"(\.[0-9]*?)0+$", r"\1", number).removesuffix(".")


def _later(field: Field) -> str:
    return "later" if field.kind in _DAYS else "more"


def _earlier(field: Field) -> str:
    return "earlier" if field.kind in _DAYS else "less"


def _digits(field: Field) -> str:
    if field.precision is None or field.scale is None:
        return ""
    before, after = field.precision - field.scale, field.scale
    return f"at most {before} digits before the point" + (f" and {after} after it" if after > 0 else "")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


_DAYS = (Kind.DATE, Kind.TIME, Kind.DATETIME, Kind.INSTANT)
_ATTRIBUTES: dict[Kind, Callable[[Field, str], dict[str, str]]] = {
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.DATE: _day,
    Kind.TIME: _clock,
    Kind.DATETIME: _clock,
    Kind.INSTANT: _instant,
}
_WORDS: dict[Kind, Callable[[Field], str]] = {
    Kind.TEXT: _words_of_text,
    Kind.LONG_TEXT: _words_of_text,
    Kind.INTEGER: _words_of_number,
    Kind.DECIMAL: _words_of_number,
    Kind.FLOAT: _words_of_number,
    Kind.DATE: _range,
    Kind.TIME: _range,
    Kind.DATETIME: _range,
    Kind.INSTANT: _range,
    Kind.BINARY: _words_of_binary,
}
