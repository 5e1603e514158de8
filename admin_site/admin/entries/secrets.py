"""The entry of a secret: typed, never shown."""

from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from admin_site.admin.entries.base import UNSET, Control
from admin_site.descriptions import Field
from admin_site.values import empty, from_text

KEPT = "It is never shown. Leave this empty to keep what is stored."


class SecretEntry:
    """A secret value: what is typed replaces it, nothing typed keeps it, and the page holds nothing of it."""

    def __init__(self, field: Field, label: str, help_text: str = "") -> None:
        self.field = field
        self.name = field.name
        self.label = label
        self.help = help_text or field.help
        self.input_names = {self.name, f"{self.name}:clear"}

    def change(self, form: FormData) -> Any:
        """Return what was typed, NULL for a cleared value, or UNSET; raises ValueError with words."""
        text = form.get(self.name)
        if isinstance(text, str) and text:
            return from_text(self.field, text)
        return empty(self.field) if f"{self.name}:clear" in form and self.field.nullable else UNSET

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        is_stored = record is not None and getattr(record, self.name) is not None
        return {
            "widget": "secret",
            "value": "",
            "maxlength": self.field.length,
            "placeholder": "Set a new value" if is_stored else "",
            "clearable": is_stored and self.field.nullable,
            "required": record is None and self.field.required,
        } | ({"help": KEPT} if is_stored and not self.help else {})
