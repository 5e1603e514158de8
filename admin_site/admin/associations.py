"""The names of association objects: a record without a name of its own is known by those that it ties."""

from collections.abc import Iterable, Sequence
from typing import Any

from admin_site.admin.visit import Visit
from admin_site.descriptions import describe
from admin_site.descriptions.labels import defines_str


def tied(model: type) -> tuple[str, ...]:
    """Return the relations of an association object to the records that it ties; () for other classes."""
    description = describe(model)
    if description.label_fields or defines_str(model):
        return ()
    names = tuple(item.name for item in description.relations if not item.many and item.required)
    return names if len(names) > 1 else ()


def name_of(visit: Visit, record: Any) -> str:
    return names_of(visit, [record])[0]


def names_of(visit: Visit, records: Iterable[Any], beside: Any = None) -> Sequence[str]:
    """Return what pages call each of the records; `beside`, which they are shown with, goes without saying.

    No name is made of a record that this person may not see.
    """
    others = [_others(record, beside) for record in records]
    hidden = visit.hidden([other for group in others for other in group])
    return [
        visit.label(record)
        if not group or any(id(other) in hidden for other in group)
        else " – ".join(visit.label(other) for other in group)
        for record, group in zip(records, others, strict=True)
    ]


def _others(record: Any, beside: Any) -> list[Any]:
    found = [getattr(record, name) for name in tied(type(record))]
    return [other for other in found if other is not None and other is not beside]
