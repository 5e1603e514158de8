"""Pages that begin with a value of what the list is sorted by first."""

from datetime import tzinfo
from typing import Any

from sqlalchemy import ColumnElement

from admin_site.descriptions import Description, Field, Kind
from admin_site.errors import BadRequest
from admin_site.listing.operators import OPERATORS, at_least, at_most
from admin_site.listing.orders import Order, sort_path
from admin_site.listing.readers import read

MAX_LENGTH = 200  # characters
_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)
_LAST = (
    "\uffff"  # sorts behind every letter, so that a list from z to a begins with all that begin with the text
)


def beginning(order: Order, description: Description, text: str, zone: tzinfo) -> ColumnElement[bool]:
    """Return the condition that a row has the value `text` of the first term, or a later one in the order.

    A day stands for its whole day, a year for its year. Raises BadRequest where there is no such value.
    """
    term = order.terms[0]
    path = sort_path(description, term.name)
    if path is None or path.field is None or path.field.kind not in OPERATORS:
        raise BadRequest("In a list with this sort nothing can be jumped to.")
    value = _value(path.field, path.label, text, zone)
    if not term.descending:
        clause: ColumnElement[bool] = at_least(term.expression, value)
    else:
        clause = at_most(term.expression, value + _LAST if path.field.kind in _TEXTS else value)
    return clause


def _value(field: Field, label: str, text: str, zone: tzinfo) -> Any:
    if len(text) > MAX_LENGTH:
        raise BadRequest(f"Jump to at most {MAX_LENGTH} characters.")
    try:
        value = read(field, text, zone)[1]
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"{label}: {error}") from None
    if value is None:
        raise BadRequest(f"{label}: rows without a value are at the end.")
    return value
