"""The search box: words that must all be found, each in any of the searchable fields.

"Quoted words" belong together. name:ann, age>18 and created_at<=2024-01-31 look into one field only. A word
that is a record's key finds that record.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Text, cast, false, or_
from sqlalchemy.orm import Session

from admin_site.descriptions import Description, Kind
from admin_site.errors import BadRequest, Conflict, NotFound
from admin_site.keys import SEPARATOR, decode_key, find
from admin_site.listing import patterns
from admin_site.listing.documents import key_filter
from admin_site.listing.filters import IS
from admin_site.listing.listings import Listing
from admin_site.listing.orders import naming_field
from admin_site.listing.paths import Path, resolve
from admin_site.listing.readers import loosely
from admin_site.listing.untyped import has_key

if TYPE_CHECKING:
    from admin_site.listing.query import ListQuery

MAX_LENGTH = 1_000  # characters
MAX_WORDS = 20
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # NUL and halves of pairs, which no database takes

_WORD = re.compile(r'(?:(?P<name>[\w.]+)(?P<sign>:|>=|<=|>|<|=)(?=\S))?(?:"(?P<phrase>[^"]+)"|(?P<word>\S+))')
_SUFFIXES = {
    ":": ("__contains", "", IS),
    "=": ("", IS),
    ">": ("__gt",),
    ">=": ("__gte",),
    "<": ("__lt",),
    "<=": ("__lte",),
}
_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)
TYPED_KEYS = (Kind.INTEGER, Kind.UUID, Kind.TEXT)


def search(listing: Listing, text: str, zone: tzinfo) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that what stands in the search box means.

    Raises BadRequest when it is too long, or compares a field with what the field cannot hold.
    """
    if len(text) > MAX_LENGTH:
        raise BadRequest(f"Search for at most {MAX_LENGTH:,} characters.")
    words = list(_WORD.finditer(text))
    if len(words) > MAX_WORDS:
        raise BadRequest(f"Search for at most {MAX_WORDS} words.")
    return tuple(_condition(listing, word, zone) for word in words)


def keyed(session: Session, listing: Listing, query: "ListQuery") -> Any:
    """Return the record whose key is what stands in the search box, alone, or None.

    A list shows it among all that it finds; where it stands in there, nobody knows. It is looked for among
    all records the person may see, whatever the filters.
    """
    try:
        key = _key(listing.description, query.search) if query.search else None
    except (ValueError, NotFound):
        key = None
    if key is None:
        return None
    try:
        return find(session, listing.description, key, scope=listing.scope)
    except (NotFound, Conflict):
        return None


def found(
    description: Description, names: Iterable[str], word: str, matches: Any = patterns.contains
) -> ColumnElement[bool]:
    """Return the condition that one of the fields `matches` `word`, or that it is the record's key."""
    options = list(_in_fields(description, names, word, matches))
    key = key_condition(description, word)
    return or_(false(), *options) if key is None else or_(key, *options)


def words_of(text: str) -> list[str]:
    """Return the words and quoted phrases of a text in which no sign has a meaning."""
    return [match[1] or match[2] for match in re.finditer(r'"([^"]+)"|(\S+)', text)]


def key_condition(description: Description, word: str) -> ColumnElement[bool] | None:
    """Return the condition that `word` is the record's key, or None when it cannot be one."""
    try:
        key = _key(description, word)
    except (ValueError, NotFound):
        return None
    return has_key(description, description.key, key)


def _key(description: Description, word: str) -> tuple[Any, ...]:
    if len(description.key) > 1 and SEPARATOR in word:
        return decode_key(description, word)
    field = description.field(description.key[0])
    if len(description.key) > 1 or field.kind not in TYPED_KEYS or field.secret:
        raise ValueError("not a key that people type")
    return (loosely(field, word),)


def _condition(listing: Listing, match: re.Match[str], zone: tzinfo) -> ColumnElement[bool]:
    value = match["phrase"] or match["word"]
    if match["name"]:
        compared = _comparison(listing, match["name"], match["sign"], value, zone)
        if compared is not None:
            return compared
        value = match["name"] + match["sign"] + value
    return found(listing.description, listing.searchable, value)


def _comparison(
    listing: Listing, name: str, sign: str, value: str, zone: tzinfo
) -> ColumnElement[bool] | None:
    """Return what name:value means, or None where `name` is no name: 10:30 and http://example are words."""
    try:
        path = resolve(listing.description, name)
    except KeyError:
        return _in_document(listing, name, sign, value, zone)
    if path.is_secret or listing.is_closed(path):
        raise BadRequest(f"{path.label} cannot be searched.")
    if path.field is None and naming_field(path.end) and name in listing.filters and sign in ":=":
        return path.reaches(found(path.end, [naming_field(path.end)], value))
    for suffix in _SUFFIXES[sign]:
        if name + suffix in listing.filters:
            return listing.filters[name + suffix].parse(name + suffix, [value], zone).clause
    return None


def _in_document(
    listing: Listing, name: str, sign: str, value: str, zone: tzinfo
) -> ColumnElement[bool] | None:
    """Return what data.colour:red means, or None where `data` is no JSON field."""
    if sign not in ":=":
        return None
    name += "__contains" if sign == ":" else ""
    found = key_filter(listing.description, listing.json_fields, name)
    return found.parse(name, [value], zone).clause if found else None


def _in_fields(
    description: Description, names: Iterable[str], word: str, matches: Any
) -> Iterator[ColumnElement[bool]]:
    """Yield one condition for each table that is looked into, however many of its fields there are."""
    paths = sorted((resolve(description, name) for name in names), key=_way)
    for _, group in groupby(paths, key=_way):
        alike = list(group)
        yield alike[0].reaches(or_(*(matches(_as_text(path), word) for path in alike)))


def _way(path: Path) -> tuple[str, ...]:
    return tuple(relation.name for relation in path.relations)


def _as_text(path: Path) -> Any:
    assert path.field is not None  # noqa: S101 - the listing has checked it
    return path.expression if path.field.kind in _TEXTS else cast(path.expression, Text)
