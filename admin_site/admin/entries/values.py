"""The entry for one value: typed, chosen or ticked."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from admin_site.admin.entries.base import BLANK, NEEDED, UNSET, Control
from admin_site.admin.entries.limits import hint, limits
from admin_site.descriptions import NO_DEFAULT, Field, Kind, Unreadable
from admin_site.services.slugs import slug_of
from admin_site.values import canonical, empty, from_text, to_text


class TextEntry:
    """One value typed, chosen or ticked: its text form is all that travels.

    `attributes` are those of HTML that the view gives its input, `prepopulated_from` the fields whose texts
    make its own until somebody types it, `is_begun` says that the address of the form filled it in.
    """

    attributes: Mapping[str, str] = MappingProxyType({})
    prepopulated_from: tuple[str, ...] = ()
    is_begun = False

    def __init__(self, field: Field, label: str, help_text: str = "") -> None:
        self.field = field
        self.name = field.name
        self.label = label
        self.help = help_text or field.help
        self.hint = hint(field)
        self.input_names = {self.name, f"{self.name}:empty"}

    def stored(self, session: Session, record: Any) -> str:
        """Return the text form of what `record` holds, or of the default when there is no record yet."""
        if record is not None:
            value = getattr(record, self.name)
            # Unlike the raw text, which may be empty, the words are no value that anybody might mean.
            return value.words if isinstance(value, Unreadable) else to_text(self.field, value)
        if self.field.default is NO_DEFAULT:
            return _default_of_database(self.field) if self.field.kind is Kind.BOOLEAN else ""
        return to_text(self.field, self.field.default)

    def shown(self, session: Session, record: Any) -> str:
        """Return the text that the page shows of what `record` holds: it may say less than is stored."""
        return self.stored(session, record)

    def told(self, session: Session, record: Any) -> str:
        """Return what `record` holds as a person reads it."""
        return self.shown(session, record)

    def plain(self, text: str) -> str:
        """Return what a person typed in the text form of values; raises ValueError with words."""
        return text

    def canonical(self, text: str) -> str:
        with suppress(ValueError):  # what means nothing is compared as it stands
            text = self.plain(text) if text else ""
        return canonical(self.field, text) if text else ""

    def value(self, session: Session, text: str, form: FormData) -> Any:
        """Return the value that `text` stands for; raises ValueError with words."""
        if text:
            return from_text(self.field, self.plain(text))
        if self.field.nullable:
            return empty(self.field)
        if self._means_nothing_when_empty:
            return ""
        if self._holds_text and f"{self.name}:empty" in form:
            return ""
        raise ValueError(NEEDED)

    def initial_value(self, session: Session, text: str, form: FormData) -> Any:
        """Return the value for a new record: an empty text leaves it to the default."""
        if text == "" and self.prepopulated_from:
            text = self._made_from(form)
        if text == "" and not self.field.required and f"{self.name}:empty" not in form:
            return UNSET if self.field.default is NO_DEFAULT else self.value(session, text, form)
        return self.value(session, text, form)

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        field = self.field
        control: Control = {
            "widget": "text",
            "value": text,
            "limits": {**limits(field, text), **self.attributes},
            "hint": self.hint,
        }
        if widget := _WIDGETS.get(field.kind):
            control["widget"] = widget
        if field.kind in (Kind.TEXT, Kind.LONG_TEXT):
            control |= {"widget": "textarea" if _is_long(field, text) else "text", "length": field.length}
            if _ADDRESSES.fullmatch(field.name):
                control["inputmode"] = "url"
        elif field.kind is Kind.BOOLEAN:
            control |= self._boolean(text, record)
        elif field.kind is Kind.CHOICE:
            control |= self._choice(text)
        elif field.kind in _NATIVE:
            control |= {"native": _is_native(field, text), "step": "1"}
            control["placeholder"] = _WITH_ZONE if _has_zone(field) else ""
        elif field.kind in _INPUT_MODES and field.minimum is not None and field.minimum >= 0:
            # The number pads of some phones have no minus sign.
            control["inputmode"] = _INPUT_MODES[field.kind]
        control["slug_of"] = " ".join(self.prepopulated_from)
        asks_about_empty = self._holds_text and not field.nullable and error == NEEDED
        return control | {"empty_choice": asks_about_empty}

    def _made_from(self, form: FormData) -> str:
        """Return the text that others make, for those who have no script that does."""
        typed = (form.get(name) for name in self.prepopulated_from)
        return slug_of(" ".join(text for text in typed if isinstance(text, str)), self.field.length)

    @property
    def _holds_text(self) -> bool:
        return self.field.kind in (Kind.TEXT, Kind.LONG_TEXT)

    @property
    def _means_nothing_when_empty(self) -> bool:
        """Whether the model says itself that an empty text is what stands where there is nothing to say."""
        return isinstance(self.field.default, str) and self.field.default == ""

    def _boolean(self, text: str, record: Any) -> Control:
        is_left_to_the_database = record is None and self.field.generated and not text
        is_yes_or_no = text in ("", "true", "false")
        if not self.field.nullable and not is_left_to_the_database and is_yes_or_no:
            return {"widget": "checkbox", "value": text or "false"}
        options = _options([("true", "Yes"), ("false", "No")], text, unset="Not set")
        return {"widget": "radio", "options": options, "is_short": True}

    def _choice(self, text: str) -> Control:
        choices = [(choice.text, choice.label) for choice in self.field.choices]
        is_brief = len(choices) <= _FEW and sum(len(label) for _, label in choices) <= _BRIEF
        if not is_brief:
            return {"options": _options(choices, text)}
        options = _options(choices, text, unset="Not set")
        # A new record may leave to its default what a stored one cannot be without.
        is_left = text == "" and not self.field.required
        may_be_none = self.field.nullable or self._means_nothing_when_empty or is_left
        return {"widget": "radio", "options": options if may_be_none else options[1:]}


def _options(choices: Iterable[tuple[str, str]], chosen: str, unset: str = "–") -> list[Control]:
    """Return the options of a select, "no choice" first; a value that is no choice stays until replaced."""
    known = dict(choices)
    if chosen and chosen not in known:
        known[chosen] = chosen
    blank = [] if "" in known else [BLANK | {"label": unset, "selected": chosen == ""}]
    return blank + [
        {"value": value, "label": label, "selected": value == chosen} for value, label in known.items()
    ]


_WIDGETS = {
    Kind.INTEGER: "number",
    Kind.DECIMAL: "number",
    Kind.FLOAT: "number",
    Kind.CHOICE: "choice",
    Kind.DATE: "date",
    Kind.TIME: "time",
    Kind.DATETIME: "datetime",
    Kind.UUID: "mono",
    Kind.LITERAL: "mono",
    Kind.INSTANT: "datetime",
}

# What browsers' own pickers hold without loss; the year 1 and parts of a second are typed.
_DAY, _CLOCK = "[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}(:[0-9]{2})?"
_NATIVE = {
    Kind.DATE: re.compile(_DAY),
    Kind.TIME: re.compile(_CLOCK),
    Kind.DATETIME: re.compile(f"{_DAY}[T ]{_CLOCK}"),
    Kind.INSTANT: re.compile(f"{_DAY}[T ]{_CLOCK}"),
}

# Names of texts that are one line however long it is.
_ADDRESSES = re.compile(r"(.*_)?(url|uri|link|href|homepage|website)")
_ONE_LINE = re.compile(
    rf"{_ADDRESSES.pattern}|(.*_)?(image|picture|photo|avatar|icon|path|file_?name|user_agent)"
)
_LINE = 255  # characters

# Choices that are all seen at once, side by side.
_FEW, _BRIEF = 4, 48  # choices; characters of their labels in all

_WITH_ZONE = "HH:MM:SS+00:00"

_INPUT_MODES = {Kind.INTEGER: "numeric", Kind.DECIMAL: "decimal", Kind.FLOAT: "decimal"}


def _is_long(field: Field, text: str) -> bool:
    if "\n" in text or "\r" in text:
        return True
    is_roomy = field.kind is Kind.LONG_TEXT or (field.length or 0) > _LINE
    return is_roomy and _ONE_LINE.fullmatch(field.name) is None


def _is_native(field: Field, text: str) -> bool:
    if _has_zone(field):
        return False
    return not text or _NATIVE[field.kind].fullmatch(text) is not None


def _has_zone(field: Field) -> bool:
    return field.kind is Kind.TIME and bool(getattr(field.column_type, "timezone", False))


def _default_of_database(field: Field) -> str:
    """Return the text of a yes or no that the table's definition gives new rows, where it is a plain one."""
    default = field.column.server_default if field.column is not None else None
    written = str(getattr(default, "arg", "")).strip("'\" ").lower()
    return {"true": "true", "t": "true", "1": "true", "false": "false", "f": "false", "0": "false"}.get(
        written, ""
    )
