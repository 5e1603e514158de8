"""Which fields can be edited in the rows of a list."""

from collections.abc import Iterable

from admin_site.descriptions import Description, Kind
from admin_site.errors import ConfigurationError

_NEED_ROOM = (Kind.BINARY, Kind.OPAQUE)


def check_editable(description: Description, names: Iterable[str], owner: str) -> None:
    """Raise ConfigurationError for a name that cannot be edited in a row; `owner` is who asks for it."""
    for name in names:
        if why := _why_not(description, name):
            raise ConfigurationError(f"{owner}.list_editable: {name!r} {why}")


def _why_not(description: Description, name: str) -> str:
    field = next((field for field in description.fields if field.name == name), None)
    if field is None:
        return "is no field of the model"
    if field.secret:
        return "is secret, it cannot be shown"
    if field.column is None:
        return "is not stored, it cannot be typed"
    if field.read_only or field.fixed:
        return f"is read-only: {field.read_only or field.fixed}"
    covered = {column for relation in description.relations for column in relation.columns}
    if field.kind in _NEED_ROOM or field.target is not None or name in covered:
        return "needs the form of its record"
    return ""
