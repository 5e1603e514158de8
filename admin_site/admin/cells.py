"""How a value looks on a page."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any

from markupsafe import Markup, escape

from admin_site.descriptions import Field, Kind, Unreadable
from admin_site.values import to_text

logger = logging.getLogger(__name__)

Look = Callable[[Any, Any, bool], Markup]

EMPTY = Markup('<span class="empty" title="No value">–</span>')
YES = Markup('<span class="bool yes"><span class="bool-mark bool-check"></span>Yes</span>')
NO = Markup('<span class="bool no"><span class="bool-mark bool-x"></span>No</span>')
EMPTY_TEXT = Markup('<span class="empty" title="Empty text">“”</span>')
NOT_WORKED_OUT = Markup('<span class="empty" title="This value could not be worked out">?</span>')
SHORT = 80  # characters of a text that a list shows

RIGHT_ALIGNED = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT})


def show(field: Field, value: Any, *, short: bool = False) -> Markup:
    """Return `value` as HTML; `short` for a list, where long values are cut."""
    if value is None:
        return EMPTY
    if isinstance(value, Markup):  # NOT_WORKED_OUT
        return value
    if isinstance(value, Unreadable):
        return show_unreadable(value)
    try:
        look: Look = _LOOKS.get(field.kind, _text)
        return look(field, value, short)
    except (TypeError, ValueError, AttributeError, RecursionError):  # not a value of its column's type
        return _clip(str(value), short)


def read(record: Any, path: str) -> Any:
    """Return what a dotted name of a record holds, or NOT_WORKED_OUT.

    A property or a hybrid of a model is anyone's code: that it fails is a matter of one cell.
    """
    value = record
    for name in path.split("."):
        try:
            value = getattr(value, name)
        except Exception:  # whatever the model's own code raises
            logger.warning("%s.%s cannot be worked out", type(record).__name__, path, exc_info=True)
            return NOT_WORKED_OUT
        if value is None:
            return None
    return value


def cell_of(field: Field, path: str, *, short: bool) -> Callable[[Any], Markup]:
    """Return what makes of a record what `show` makes of what `read` finds, for those who show many."""
    look: Look = _LOOKS.get(field.kind, _text)
    get = attrgetter(path)

    def cell(record: Any) -> Markup:
        try:
            value = get(record)
            if value is not None and type(value) is not Unreadable:
                return look(field, value, short)
        except Exception:  # what it is, the slower way finds out
            value = read(record, path)
        return show(field, value, short=short)

    return cell


def show_plain(value: Any, *, short: bool = False) -> Markup:
    """Return a value nothing is known about, such as a formatter's answer, as HTML."""
    if value is None:
        return EMPTY
    if isinstance(value, Markup):
        return value
    if isinstance(value, Unreadable):
        return show_unreadable(value)
    if isinstance(value, bool):
        return _boolean(None, value, short)
    if isinstance(value, datetime):
        return _instant(None, value, short)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _clip(", ".join(str(part) for part in value), short)
    return _clip(str(value), short)


def show_unreadable(value: Unreadable) -> Markup:
    """Return in words what is stored in the place of a value, and is none."""
    text = value.words
    hint = "What is stored here is no value of this field. It stays until it is replaced."
    return _tag(f'<span class="badge-soft badge-warning" title="{hint}">', _cut(text, SHORT))


def align(field: Field) -> str:
    return "end" if field.kind in RIGHT_ALIGNED and not field.primary_key else "start"


def initials(name: str) -> str:
    """Return up to two capitals for a round picture: "Ada Lovelace" is "AL"."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


def _tag(start: str, text: str, end: str = "</span>") -> Markup:
    """Return `text`, escaped, between two constants of this module."""
    return Markup(f"{start}{escape(text)}{end}")  # noqa: S704 - the constants are ours, the text is escaped


def _clip(text: str, short: bool) -> Markup:
    if text == "":
        return EMPTY_TEXT
    if short and (len(text) > SHORT or "\n" in text):
        line = text.strip().splitlines()[0] if text.strip() else text
        return _tag(f'<span class="clip" title="{escape(text[:1000])}">', line[:SHORT].rstrip() + "…")
    return escape(text)


def _cut(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[:length].rstrip() + "…"


def _text(field: Field | None, value: Any, short: bool) -> Markup:
    text = str(value)
    if not short and "\n" in text:
        return _tag('<div class="multiline">', text, "</div>")
    return _clip(text, short)


def show_number(text: str) -> Markup:
    return _tag('<span class="num">', text)


def _number(field: Field, value: Any, short: bool) -> Markup:
    is_name_like = field.primary_key or field.target is not None
    is_grouped = field.kind is Kind.INTEGER and not is_name_like
    return show_number(f"{value:,}" if is_grouped else to_text(field, value))


def _boolean(field: Field | None, value: Any, short: bool) -> Markup:
    return YES if value else NO


def _day(field: Field | None, value: date, short: bool) -> Markup:
    return show_number(value.isoformat())


def _instant(field: Field | None, value: datetime, short: bool) -> Markup:
    if value.tzinfo is None:
        return show_number(_moment(value))
    value = value.astimezone(UTC)
    if short:  # admin.js knows that it is UTC
        return _tag("<time>", _moment(value), "</time>")
    exact = value.replace(tzinfo=None).isoformat(" ")
    return _tag(f'<time datetime="{value.isoformat()}" title="{exact} UTC">', _moment(value), "</time>")


def _moment(value: datetime) -> str:
    return value.isoformat(" ", "minutes")[:16]


def _interval(field: Field, value: timedelta, short: bool) -> Markup:
    return show_number(to_text(field, value))


def _choice(field: Field, value: Any, short: bool) -> Markup:
    text = next((choice.label for choice in field.choices if choice.value == value), str(value))
    return _tag('<span class="badge-soft badge-neutral">', text)


def _code(field: Field, value: Any, short: bool) -> Markup:
    return _tag('<code class="key">', _clip(to_text(field, value), short), "</code>")


def _json(field: Field, value: Any, short: bool) -> Markup:
    if short:
        return _code(field, value, short)
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False)
    except (TypeError, ValueError):
        text = to_text(field, value)
    return _tag('<pre class="json">', text, "</pre>")


def _array(field: Field, value: Any, short: bool) -> Markup:
    if isinstance(value, Mapping) or not value:
        return _code(field, value, short)
    return _clip(", ".join("–" if part is None else str(part) for part in value), short)


def _binary(field: Field, value: Any, short: bool) -> Markup:
    return show_number(f"{len(value):,} bytes")


_LOOKS: dict[Kind, Look] = {
    Kind.INTEGER: _number,
    Kind.DECIMAL: _number,
    Kind.FLOAT: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _day,
    Kind.DATETIME: _instant,
    Kind.INSTANT: _instant,
    Kind.INTERVAL: _interval,
    Kind.CHOICE: _choice,
    Kind.UUID: _code,
    Kind.JSON: _json,
    Kind.MAPPING: _json,
    Kind.ARRAY: _array,
    Kind.BINARY: _binary,
    Kind.LITERAL: _code,
}
