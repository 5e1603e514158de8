"""The places of a form where a person enters something, one kind for each way of entering."""

from admin_site.admin.entries.base import UNSET, Control
from admin_site.admin.entries.records import (
    LOOKUP_SIZE,
    Lookup,
    LookupEntry,
    MembersEntry,
    ReferenceEntry,
    members,
)
from admin_site.admin.entries.static import StaticEntry
from admin_site.admin.entries.values import FileEntry, TextEntry
from admin_site.descriptions import Description, Field, Kind, Relation

__all__ = [
    "LOOKUP_SIZE",
    "UNSET",
    "Control",
    "Entry",
    "FileEntry",
    "Lookup",
    "LookupEntry",
    "MembersEntry",
    "StaticEntry",
    "TextEntry",
    "make_entry",
    "members",
]

Entry = TextEntry | FileEntry | LookupEntry | MembersEntry | StaticEntry


def make_entry(
    description: Description, name: str, label: str, help_text: str, lookup: Lookup, *, is_new: bool
) -> Entry | None:
    """Return the entry for a field or relation, or None when a form has nothing to show of it."""
    if not description.has(name):
        return None
    item = next((item for item in description.relations if item.name == name), None) or description.field(
        name
    )
    if isinstance(item, Field) and item.secret:
        return None
    reason = lookup.locked or item.read_only or ("" if is_new else _fixed(description, item))
    if reason:
        return None if is_new else StaticEntry(item, label, reason, lookup)
    if isinstance(item, Relation):
        return (MembersEntry if item.many else LookupEntry)(item, label, lookup, help_text)
    if item.target is not None:
        return ReferenceEntry(item, label, lookup, help_text)
    return (FileEntry if item.kind is Kind.BINARY else TextEntry)(item, label, help_text)


def _fixed(description: Description, item: Field | Relation) -> str:
    """Return why a stored record keeps this value: a key, or a relation over a part of one, stays."""
    if isinstance(item, Field):
        return item.fixed
    return next((reason for name in item.columns if (reason := description.field(name).fixed)), "")
