"""How a value looks on a page."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
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
    look, get = look_of(field, short=short), attrgetter(path)

    def cell(record: Any) -> Markup:
        try:
            value = get(record)
        except Exception:  # what it is, the slower way finds out
            value = read(record, path)
        return look(value)

    return cell


def look_of(field: Field, *, short: bool) -> Callable[[Any], Markup]:
    """Return what does to a value what `show` does, for those who show many."""
    look: Look = _LOOKS.get(field.kind, _text)

    def looked(value: Any) -> Markup:
        if value is None:
            return EMPTY
        if type(value) in _ODD:
            return show(field, value, short=short)
        try:
            return look(field, value, short)
        except Exception:  # what it is, the slower way finds out
            return show(field, value, short=short)

    return looked


def show_column(field: Field | None, values: Sequence[Any]) -> Sequence[str]:
    """Return what `show` makes of each of many values, `short`."""
    if field is None:
        return [show_plain(value, short=True) for value in values]
    quick = _COLUMNS.get(field.kind)
    if quick and (shown := quick(field, values)) is not None:
        return shown
    look = look_of(field, short=True)
    return [look(value) for value in values]


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
    text = f"{value:,}" if _is_grouped(field) else to_text(field, value)
    # The columns of a list that are set to the right are those of numbers.
    return escape(text) if short and align(field) == "end" else show_number(text)


def _is_grouped(field: Field) -> bool:
    return field.kind is Kind.INTEGER and not field.primary_key and field.target is None


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


def _texts(field: Field, values: Sequence[Any]) -> Sequence[str] | None:
    """Return short lines of text as HTML, escaped all at once; None when one of them is something else."""
    if not _are(str, values) or "" in values or max(map(len, values)) > SHORT:
        return None
    joined = _BETWEEN.join(values)
    shown = str.split(escape(joined), _BETWEEN)
    return shown if len(shown) == len(values) and "\n" not in joined else None


def _integers(field: Field, values: Sequence[Any]) -> Sequence[str] | None:
    return [f"{value:,}" for value in values] if _is_grouped(field) and _are(int, values) else None


def _decimals(field: Field, values: Sequence[Any]) -> Sequence[str] | None:
    return [to_text(field, value) for value in values] if _are(Decimal, values) else None


def _booleans(field: Field, values: Sequence[Any]) -> Sequence[str] | None:
    return [YES if value else NO for value in values] if _are(bool, values) else None


def _instants(field: Field, values: Sequence[Any]) -> Sequence[str] | None:
    if not _are(datetime, values) or any(value.tzinfo is not UTC for value in values):
        return None
    return [f"<time>{_moment(value)}</time>" for value in values]


def _are(kind: type, values: Sequence[Any]) -> bool:
    return set(map(type, values)) == {kind}


_BETWEEN = "\0"  # stands in hardly any text
_COLUMNS = {
    Kind.TEXT: _texts,
    Kind.LONG_TEXT: _texts,
    Kind.INTEGER: _integers,
    Kind.DECIMAL: _decimals,
    Kind.BOOLEAN: _booleans,
    Kind.DATETIME: _instants,
    Kind.INSTANT: _instants,
}
_ODD = frozenset((Unreadable, Markup))  # what stands for a value
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
