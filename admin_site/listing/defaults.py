"""What a list offers when nobody has said."""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from sqlalchemy import Table

from admin_site.descriptions import Description, Field, Kind, in_snake_case
from admin_site.listing.orders import Sort, can_sort, naming_field
from admin_site.listing.paths import foreign_key

LABEL = "__str__"  # stands among the columns for the human label of the record
MAX_COLUMNS = 7

_SHORT = 320  # characters: an e-mail address fits
_MOMENTS = (Kind.DATETIME, Kind.INSTANT)
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)
# Names in snake case, in which those of other spellings are compared.
_CREATED = re.compile(
    r"(created?|creation|inserted|added|registered|joined|happened|occurred)(_|$|date$|time$)"
    r"|date_(created|added|joined)$"
)
_CHANGED = re.compile(
    r"(\w+_)?((updated|modified|changed|edited)(_?(at|on|by|time|date))?|(update|change)_?(at|on|time|date)"
    r"|last_(update|change|edit))$"
)
_LATER = re.compile(
    r"(\w+_)?(updated?|modified(date)?|changed|edited|expir\w*|ends?|until|deleted|last|due)(_|$)"
)

_Test = Callable[[Field], bool]
# What is shown beside the label and related records, the more telling first.
_FACTS: tuple[_Test, ...] = (
    lambda field: field.kind is Kind.CHOICE,
    lambda field: field.kind is Kind.BOOLEAN,
    lambda field: field.kind in (Kind.DATE, *_MOMENTS),
    lambda field: field.kind in _NUMBERS,
    lambda field: field.kind is Kind.TEXT and _is_short(field),
    lambda field: field.kind in (Kind.TIME, Kind.INTERVAL, Kind.UUID, Kind.LITERAL),
)
_AT_MOST = 2  # columns of one sort, so that no sort crowds out the others


def columns_of(description: Description) -> tuple[str, ...]:
    """Return at most seven names: the human label, what names and relates the record, its state, its date.

    Long texts, documents, files, secrets and the time of the last change are left out.
    """
    created = created_field(description)
    room = MAX_COLUMNS - 1 if created else MAX_COLUMNS
    names = list(islice(dict.fromkeys(_candidates(description, created)), room))
    return tuple([*names, created] if created else names)


def searchable_of(description: Description) -> tuple[str, ...]:
    return tuple(field.name for field in description.fields if field.searchable)


def sortable_of(description: Description) -> tuple[str, ...]:
    fields = [field.name for field in description.fields]
    relations = [relation.name for relation in description.relations]
    return tuple(name for name in fields + relations if can_sort(description, name))


def sort_of(description: Description) -> Sort:
    """Return newest first: by when records were made, or by a key that grows.

    Where both tell the same, the key is taken, which always has an index.
    """
    created = created_field(description)
    if created and (not _key_grows(description) or leads_index(description, created)):
        return ((created, True),)
    return tuple((name, True) for name in description.key if can_sort(description, name))


def created_field(description: Description) -> str:
    """Return the field that says when a record was made, or ""."""
    moments = [field for field in description.fields if field.sortable and field.kind in _MOMENTS]
    spelled = {field.name: in_snake_case(field.name) for field in moments}
    named = [name for name, words in spelled.items() if _CREATED.match(words)]
    if not named and not _key_grows(description):
        always = [field.name for field in moments if not field.nullable]
        named = [name for name in always if not _LATER.match(spelled[name])]
    return named[0] if named else ""


def _candidates(description: Description, created: str) -> Iterator[str]:
    yield naming_field(description) or LABEL
    covered = {name for relation in description.relations for name in relation.columns}
    fields = [
        field
        for field in description.fields
        if field.name in description.mapper.column_attrs
        and field.name not in {created, *covered}
        and not field.secret
        and not _CHANGED.match(in_snake_case(field.name))
    ]
    shown = [field for field in fields if not field.primary_key or not field.generated]
    yield from _some(shown, _names_it)
    yield from _related(description)
    for test in _FACTS:
        yield from _some(shown, test)


def _some(fields: list[Field], test: _Test) -> Iterator[str]:
    return islice((field.name for field in fields if not field.deferred and test(field)), _AT_MOST)


def _related(description: Description) -> Iterator[str]:
    to_one = (item.name for item in description.relations if foreign_key(description, item))
    return islice(to_one, _AT_MOST + 1)


def _names_it(field: Field) -> bool:
    return field.kind is Kind.TEXT and not field.nullable and _is_short(field)


def _is_short(field: Field) -> bool:
    return field.length is None or field.length <= _SHORT


def _key_grows(description: Description) -> bool:
    kinds = [description.field(name).kind for name in description.key]
    return kinds == [Kind.INTEGER] and description.key_is_generated


def leads_index(description: Description, name: str) -> bool:
    column = description.field(name).column
    table = column.table if column is not None else None
    if not isinstance(table, Table):
        return False
    return any(next(iter(index.expressions), None) is column for index in table.indexes)
