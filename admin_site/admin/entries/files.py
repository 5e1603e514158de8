"""The entry of a binary value."""

from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from admin_site.admin.entries.base import UNSET, Control
from admin_site.admin.file_types import file_type, size_in_words
from admin_site.descriptions import Field, Unreadable

TOO_LARGE = "At most {:,} bytes fit here (these are {:,})."


class FileEntry:
    """A binary value: an upload replaces it, nothing uploaded keeps it.

    `copied` is what a new record takes over from the one it is a copy of, `download_url` where the stored
    content can be had.
    """

    copied: bytes | None = None
    download_url = ""

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
                raise ValueError(TOO_LARGE.format(self.field.length, len(content)))
            return content
        if f"{self.name}:clear" in form:
            return None if self.field.nullable else b""
        return UNSET if self.copied is None else self.copied

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        value = getattr(record, self.name, None) if record is not None else self.copied
        limit = f"At most {size_in_words(self.field.length)}." if self.field.length else ""
        return {
            "widget": "file",
            "value": told(value),
            "download_url": self.download_url if _is_bytes(value) else "",
            "clearable": value is not None,
            "limit": limit,
        }


def told(value: Any) -> str:
    """Return what a page says of stored bytes: "PNG picture, 1.4 MB"."""
    if value is None:
        return ""
    if not _is_bytes(value):
        return value.words if isinstance(value, Unreadable) else str(value)
    return f"{file_type(bytes(value)).label}, {size_in_words(len(value))}" if len(value) else "Empty, 0 bytes"


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes | bytearray | memoryview)
