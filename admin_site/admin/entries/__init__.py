"""The places of a form where a person enters something, one kind for each way of entering."""

from datetime import UTC, tzinfo

from admin_site.admin.clocks import zone_name
from admin_site.admin.entries.base import UNSET, Control
from admin_site.admin.entries.documents import JsonEntry, ListEntry, PairsEntry
from admin_site.admin.entries.files import FileEntry
from admin_site.admin.entries.intervals import IntervalEntry
from admin_site.admin.entries.lookups import LOOKUP_SIZE, Lookup
from admin_site.admin.entries.members import MembersEntry, members
from admin_site.admin.entries.ranges import is_range, range_entry
from admin_site.admin.entries.records import LookupEntry, ReferenceEntry
from admin_site.admin.entries.secrets import SecretEntry
from admin_site.admin.entries.static import StaticEntry
from admin_site.admin.entries.times import InstantEntry
from admin_site.admin.entries.values import TextEntry
from admin_site.descriptions import Description, Field, Kind, Relation

__all__ = [
    "LOOKUP_SIZE",
    "UNSET",
    "Control",
    "Entry",
    "FileEntry",
    "InstantEntry",
    "Lookup",
    "LookupEntry",
    "MembersEntry",
    "SecretEntry",
    "StaticEntry",
    "TextEntry",
    "make_entry",
    "members",
    "zone_name",
]

Entry = TextEntry | FileEntry | SecretEntry | LookupEntry | MembersEntry | StaticEntry

_BY_KIND: dict[Kind, type[TextEntry | FileEntry]] = {
    Kind.ARRAY: ListEntry,
    Kind.BINARY: FileEntry,
    Kind.INTERVAL: IntervalEntry,
    Kind.JSON: JsonEntry,
    Kind.MAPPING: PairsEntry,
}


def make_entry(
    description: Description,
    name: str,
    label: str,
    help_text: str,
    lookup: Lookup,
    *,
    is_new: bool,
    zone: tzinfo = UTC,
    fixed: str = "",
) -> Entry | None:
    """Return the entry for a field or relation, or None when a form has nothing to show of it.

    `fixed` says why the person who asks may not set it, `zone` where typed times are meant.
    """
    if not description.has(name):
        return None
    item = next((item for item in description.relations if item.name == name), None) or description.field(
        name
    )
    if isinstance(item, Field) and item.secret:
        return None if item.read_only else SecretEntry(item, label, help_text)
    reason = lookup.locked or fixed or item.read_only or ("" if is_new else _fixed(description, item))
    if reason:
        return None if is_new else StaticEntry(item, label, reason, lookup)
    if isinstance(item, Relation):
        return (MembersEntry if item.many else LookupEntry)(item, label, lookup, help_text)
    if item.target is not None:
        return ReferenceEntry(item, label, lookup, help_text)
    return _value_entry(item, label, help_text, zone)


def _value_entry(field: Field, label: str, help_text: str, zone: tzinfo) -> Entry:
    if field.kind is Kind.INSTANT:
        return InstantEntry(field, label, help_text, zone)
    if is_range(field):
        return range_entry(field, label, help_text, zone)
    return _BY_KIND.get(field.kind, TextEntry)(field, label, help_text)


def _fixed(description: Description, item: Field | Relation) -> str:
    """Return why a stored record keeps this value: a key stays, or a relation over nothing but a key."""
    if isinstance(item, Field):
        return item.fixed
    reasons = [description.field(name).fixed for name in item.columns]
    return reasons[0] if reasons and all(reasons) else ""
