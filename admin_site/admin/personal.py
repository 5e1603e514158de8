"""Which columns of a file tell what is personal."""

from admin_site.descriptions import Description
from admin_site.descriptions.labels import defines_str
from admin_site.descriptions.secrecy import tells_personal
from admin_site.listing import LABEL
from admin_site.listing.paths import resolve


def is_personal(description: Description, name: str, *, raw: bool) -> bool:
    """Return whether a column of records of a class shows what is marked as personal.

    `raw` values of a relation are keys, others what its records are called.
    """
    if name == LABEL:
        return _is_called_by_it(description)
    try:
        path = resolve(description, name)
    except KeyError:  # a property
        return tells_personal(description.mapper, name)
    if path.field is not None:
        return path.field.is_personal
    return not raw and _is_called_by_it(path.end)


def _is_called_by_it(description: Description) -> bool:
    names = [*description.label_fields, *(name for names in description.other_label_fields for name in names)]
    if not names and defines_str(description.model):
        names = ["__str__"]
    return any(tells_personal(description.mapper, name) for name in names)
