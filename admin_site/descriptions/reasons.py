"""Why nobody may type a value."""

from typing import Any

from admin_site.descriptions.model import Kind
from admin_site.descriptions.places import Place
from admin_site.descriptions.shapes import Shape

KEY = "It is the key of the record, which stays as it is."
NUMBERED = "The database numbers new records."
MADE_UP = "It is made up when the record is created."
SECRET = "It is secret and never shown."  # noqa: S105 - the words about a secret
COMPUTED = "The database computes it."
COUNTED = "It counts the changes of the record."
SAVED = "It is set whenever the record is saved."
DISCRIMINATOR = "It says what kind of record this is."
SYSTEM = "The database keeps it."
NO_TABLE = "It is read from a query, which cannot be changed."
MARKED = "It cannot be changed here."
VIEW = "These are read from a view of the database, which cannot be changed."


def why_read_only(place: Place, shape: Shape) -> str:
    """Return why nobody may type the column's value, the reasons that no mark can lift first."""
    column = place.column
    for holds, reason in (
        (place.table is None, NO_TABLE),
        (place.is_secret and not place.is_write_only, SECRET),
        (column.computed is not None, COMPUTED),
        (column.identity is not None and column.identity.always, NUMBERED),
        (column.system, SYSTEM),
        (place.is_version, COUNTED),
        (place.is_discriminator, DISCRIMINATOR),
        (shape.reason, shape.reason),
    ):
        if holds:
            return reason
    if "read_only" in place.info:
        return in_words_of(place.info["read_only"])
    if column.onupdate is not None or column.server_onupdate is not None:
        return SAVED
    return _why_key_is_not_typed(place, shape) if place.is_key else ""


def in_words_of(mark: Any) -> str:
    """Return the reason that info={"read_only": ...} gives: a sentence, or a plain True."""
    if isinstance(mark, str):
        return mark
    return MARKED if mark else ""


def _why_key_is_not_typed(place: Place, shape: Shape) -> str:
    """A generated number or UUID is nothing a person would type; another generated key may be."""
    if place.is_numbered or place.column.identity is not None:
        return NUMBERED
    return MADE_UP if place.is_generated and shape.kind in (Kind.INTEGER, Kind.UUID) else ""
