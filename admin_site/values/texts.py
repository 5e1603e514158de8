"""The text forms of what is a string at heart."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy.types import Uuid

from admin_site.descriptions import Field

_SURROGATE = re.compile("[\ud800-\udfff]")
_UUID = re.compile(r"(?:urn:uuid:)?\{?[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}\}?")
_SHOWN_MEMBERS = 20  # of a collection without a text form


def refuse_unstorable(text: str) -> None:
    if "\0" in text:
        raise ValueError("Remove the NUL character: no database can keep it.")
    if _SURROGATE.search(text):
        raise ValueError("Remove the broken character: half of a pair is missing.")


def with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(field: Field, text: str) -> str:
    if field.length is not None and len(text) > field.length:
        raise ValueError(f"Enter at most {field.length} characters (these are {len(text)}).")
    return text


def write_text(field: Field, value: Any) -> str:
    return str(value)


def read_boolean(field: Field, text: str) -> bool:
    try:
        return {"true": True, "false": False}[text.strip().lower()]
    except KeyError:
        raise ValueError("Enter true or false.") from None


def write_boolean(field: Field, value: Any) -> str:
    return "true" if value else "false"


def read_choice(field: Field, text: str) -> Any:
    for choice in field.choices:
        if choice.text == text:
            return choice.value
    raise ValueError("Choose one of the values offered.")


def write_choice(field: Field, value: Any) -> str:
    for choice in field.choices:
        if choice.value is value or (type(choice.value) is type(value) and choice.value == value):
            return choice.text
    return str(value)


def read_uuid(field: Field, text: str) -> UUID | str:
    text = text.strip()
    if not _UUID.fullmatch(text):
        raise ValueError("Enter a UUID, such as 123e4567-e89b-12d3-a456-426614174000.")
    value = UUID(text)
    is_text = isinstance(field.column_type, Uuid) and not field.column_type.as_uuid
    return str(value) if is_text else value


def write_uuid(field: Field, value: Any) -> str:
    return str(value if isinstance(value, UUID) else UUID(str(value)))


def read_binary(field: Field, text: str) -> bytes:
    digits = "".join(text.split())
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", digits):
        raise ValueError("Enter bytes as pairs of hexadecimal digits, such as 00ff.")
    value = bytes.fromhex(digits)
    if field.length is not None and len(value) > field.length:
        raise ValueError(f"Enter at most {field.length} bytes (these are {len(value)}).")
    return value


def write_binary(field: Field, value: Any) -> str:
    return bytes(value).hex()


def read_opaque(field: Field, text: str) -> Any:
    raise ValueError(field.read_only or "This cannot be typed.")


def write_opaque(field: Field, value: Any) -> str:
    """Return str(value); of a collection, such as an association proxy's, its first members."""
    if isinstance(value, str | bytes):
        return value.hex() if isinstance(value, bytes) else value
    if isinstance(value, Mapping):
        return _listed(f"{key}: {member}" for key, member in islice(value.items(), _SHOWN_MEMBERS + 1))
    if hasattr(value, "__iter__") and hasattr(value, "__len__") and not hasattr(value, "_fields"):
        return _listed(str(member) for member in islice(value, _SHOWN_MEMBERS + 1))
    return str(value)


def _listed(members: Any) -> str:
    shown = list(members)
    return ", ".join(shown[:_SHOWN_MEMBERS]) + (", …" if len(shown) > _SHOWN_MEMBERS else "")
