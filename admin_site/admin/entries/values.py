"""Entries for one value: typed, chosen, ticked or uploaded."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from admin_site.admin.entries.base import BLANK, NEEDED, UNSET, Control
from admin_site.descriptions import NO_DEFAULT, Field, Kind, Unreadable
from admin_site.values import canonical, empty, from_text, to_text


class TextEntry:
    """One value typed, chosen or ticked: its text form is all that travels."""

    def __init__(self, field: Field, label: str, help_text: str = "") -> None:
        self.field = field
        self.name = field.name
        self.label = label
        self.help = help_text or field.help
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

    def canonical(self, text: str) -> str:
        return canonical(self.field, text) if text else ""

    def value(self, session: Session, text: str, form: FormData) -> Any:
        """Return the value that `text` stands for; raises ValueError with words."""
        if text:
            return from_text(self.field, text)
        if self.field.nullable:
            return empty(self.field)
        if self._holds_text and f"{self.name}:empty" in form:
            return ""
        raise ValueError(NEEDED)

    def initial_value(self, session: Session, text: str, form: FormData) -> Any:
        """Return the value for a new record: an empty text leaves it to the default."""
        if text == "" and not self.field.required and f"{self.name}:empty" not in form:
            return UNSET if self.field.default is NO_DEFAULT else self.value(session, text, form)
        return self.value(session, text, form)

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        field = self.field
        control: Control = {"widget": "text", "value": text}
        if widget := _WIDGETS.get(field.kind):
            control["widget"] = widget
        if field.kind in (Kind.TEXT, Kind.LONG_TEXT):
            control |= {"widget": "textarea" if _is_long(field, text) else "text", "maxlength": field.length}
            if _ADDRESSES.fullmatch(field.name):
                control["inputmode"] = "url"
        elif field.kind is Kind.BOOLEAN:
            control |= self._boolean(text, record)
        elif field.kind is Kind.CHOICE:
            control["options"] = _options(((choice.text, choice.label) for choice in field.choices), text)
        elif field.kind in _NATIVE:
            control |= {"native": _is_native(field, text), "step": "1"}
        elif field.kind in _INPUT_MODES and field.minimum is not None and field.minimum >= 0:
            # The number pads of some phones have no minus sign.
            control["inputmode"] = _INPUT_MODES[field.kind]
        asks_about_empty = self._holds_text and not field.nullable and error == NEEDED
        return control | {"empty_choice": asks_about_empty}

    @property
    def _holds_text(self) -> bool:
        return self.field.kind in (Kind.TEXT, Kind.LONG_TEXT)

    def _boolean(self, text: str, record: Any) -> Control:
        is_left_to_the_database = record is None and self.field.generated and not text
        is_yes_or_no = text in ("", "true", "false")
        if not self.field.nullable and not is_left_to_the_database and is_yes_or_no:
            return {"widget": "checkbox", "value": text or "false"}
        options = _options([("true", "Yes"), ("false", "No")], text)
        return {"widget": "choice", "options": options, "is_short": True}


def _options(choices: Iterable[tuple[str, str]], chosen: str) -> list[Control]:
    """Return the options of a select, "no choice" first; a value that is no choice stays until replaced."""
    known = dict(choices)
    if chosen and chosen not in known:
        known[chosen] = chosen
    return [BLANK] + [
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
    Kind.INTERVAL: "mono",
    Kind.UUID: "mono",
    Kind.LITERAL: "mono",
    Kind.JSON: "json",
    Kind.MAPPING: "json",
    Kind.ARRAY: "json",
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

_INPUT_MODES = {Kind.INTEGER: "numeric", Kind.DECIMAL: "decimal", Kind.FLOAT: "decimal"}


def _is_long(field: Field, text: str) -> bool:
    if "\n" in text or "\r" in text:
        return True
    is_roomy = field.kind is Kind.LONG_TEXT or (field.length or 0) > _LINE
    return is_roomy and _ONE_LINE.fullmatch(field.name) is None


def _is_native(field: Field, text: str) -> bool:
    if field.kind is Kind.TIME and getattr(field.column_type, "timezone", False):
        return False
    return not text or _NATIVE[field.kind].fullmatch(text) is not None


def _default_of_database(field: Field) -> str:
    """Return the text of a yes or no that the table's definition gives new rows, where it is a plain one."""
    default = field.column.server_default if field.column is not None else None
    written = str(getattr(default, "arg", "")).strip("'\" ").lower()
    return {"true": "true", "t": "true", "1": "true", "false": "false", "f": "false", "0": "false"}.get(
        written, ""
    )


class FileEntry:
    """A binary value: an upload replaces it, nothing uploaded keeps it."""

    def __init__(self, field: Field, label: str, help_text: str = "") -> None:
        self.field = field
        self.name = field.name
        self.label = label
        self.help = help_text or field.help
        self.input_names = {self.name, f"{self.name}:clear"}

    def change(self, form: FormData) -> Any:
        """Return the uploaded bytes, None for a cleared value, or UNSET; raises ValueError with words."""
        upload = form.get(self.name)
        if isinstance(upload, UploadFile) and (upload.filename or upload.size):
            content = upload.file.read()
            if self.field.length and len(content) > self.field.length:
                raise ValueError(f"At most {self.field.length:,} bytes fit here.")
            return content
        if f"{self.name}:clear" in form:
            if not self.field.nullable:
                return b""
            return None
        return UNSET

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        value = getattr(record, self.name, None) if record is not None else None
        return {
            "widget": "file",
            "value": "" if value is None else f"{len(value):,} bytes",
            "clearable": record is not None and value is not None,
        }
