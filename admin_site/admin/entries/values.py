"""Entries for one value: typed, chosen, ticked or uploaded."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from admin_site.admin.entries.base import BLANK, NEEDED, UNSET, Control
from admin_site.descriptions import NO_DEFAULT, Field, Kind
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
            return to_text(self.field, getattr(record, self.name))
        return "" if self.field.default is NO_DEFAULT else to_text(self.field, self.field.default)

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
            is_long = (
                field.kind is Kind.LONG_TEXT or (field.length or 0) > 255 or "\n" in text or "\r" in text
            )
            control |= {"widget": "textarea" if is_long else "text", "maxlength": field.length}
        elif field.kind is Kind.BOOLEAN:
            control |= self._boolean(text, record)
        elif field.kind is Kind.CHOICE:
            control["options"] = _options(((choice.text, choice.label) for choice in field.choices), text)
        elif field.kind in _NATIVE_LENGTH:
            control |= {"native": _is_native(field.kind, text), "step": "any"}
        asks_about_empty = self._holds_text and not field.nullable and error == NEEDED
        return control | {"empty_choice": asks_about_empty}

    @property
    def _holds_text(self) -> bool:
        return self.field.kind in (Kind.TEXT, Kind.LONG_TEXT)

    def _boolean(self, text: str, record: Any) -> Control:
        if not self.field.nullable and (record is not None or not self.field.generated):
            return {"widget": "checkbox", "value": text or "false"}
        return {"widget": "choice", "options": _options([("true", "Yes"), ("false", "No")], text)}


def _options(choices: Iterable[tuple[str, str]], chosen: str) -> list[Control]:
    """Return the options of a select, "no choice" first."""
    return [BLANK] + [
        {"value": value, "label": label, "selected": value == chosen} for value, label in choices
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
    Kind.INSTANT: "mono",
}

# The longest text that a browser's own picker holds without loss: https://html.spec.whatwg.org/#dates-and-times
# allows three digits of a second.
_NATIVE_LENGTH = {Kind.DATE: 10, Kind.TIME: 12, Kind.DATETIME: 23}


def _is_native(kind: Kind, text: str) -> bool:
    return len(text) <= _NATIVE_LENGTH[kind]


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
