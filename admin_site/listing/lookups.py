"""Records found by a few typed letters or by their keys, to choose and to name related ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, not_, select
from sqlalchemy.orm import Session

from admin_site.descriptions import Description, Kind
from admin_site.errors import BadRequest
from admin_site.keys import decode_key, encode_key
from admin_site.listing import patterns
from admin_site.listing.conditions import Condition
from admin_site.listing.defaults import LABEL
from admin_site.listing.listings import Listing, Scope
from admin_site.listing.loading import options_for, settle
from admin_site.listing.orders import naming_field
from admin_site.listing.paths import key_among
from admin_site.listing.search import MAX_LENGTH, MAX_WORDS, UNSTORABLE, found, key_condition, words_of
from admin_site.listing.statements import run

MAX_FOUND = 100
_MAX_FIELDS = 4  # looked into where nobody can foresee what a label is made of

_Labelled = dict[tuple[Any, ...], tuple[Any, str]]


def lookup(
    session: Session, description: Description, term: str, limit: int = 25, scope: Scope | None = None
) -> list[Any]:
    """Return at most `limit` records: the one whose key is typed, then those whose label begins with the
    words, then those that contain them; alphabetically within each.

    A search stops as soon as it has found enough. Without words it is the newest.
    """
    limit = min(limit, MAX_FOUND)
    text = UNSTORABLE.sub("", term[:MAX_LENGTH]).strip()
    words = words_of(text)[:MAX_WORDS]
    if not words:
        return _records(_read(session, description, None, scope, limit))
    chosen: _Labelled = {}
    for condition in _stages(description, text, words):
        if len(chosen) < limit:
            others = key_among(description, description.model, chosen)
            rest = and_(condition, not_(others)) if chosen else condition
            chosen |= _read(session, description, rest, scope, limit - len(chosen))
    return _records(chosen)


def labels_of(
    session: Session, description: Description, keys: Iterable[tuple[Any, ...]], scope: Scope | None = None
) -> Mapping[tuple[Any, ...], str]:
    """Return the labels of the records that exist among `keys`, and may be seen."""
    wanted = list(keys)
    if not wanted:
        return {}
    among = key_among(description, description.model, wanted)
    return {key: label for key, (_, label) in _read(session, description, among, scope, len(wanted)).items()}


def named(
    session: Session, conditions: Sequence[Condition], scopes: Mapping[type, Scope] | None = None
) -> tuple[Condition, ...]:
    """Return the conditions with the labels of related records in place of their keys.

    Raises BadRequest for the key of a record outside its class's scope, as if there were none.
    """
    return tuple(_named(session, condition, scopes or {}) for condition in conditions)


def _named(session: Session, condition: Condition, scopes: Mapping[type, Scope]) -> Condition:
    target = condition.target
    if target is None:
        return condition
    keys = [decode_key(target, text) for text in condition.texts]
    scope = scopes.get(target.model)
    labels = labels_of(session, target, keys, scope)
    if scope is not None and (missing := [key for key in keys if key not in labels]):
        text = encode_key(target, missing[0])
        raise BadRequest(f"{condition.subject}: there is no record “{text}”.")
    return replace(condition, shown=tuple(labels.get(key, encode_key(target, key)) for key in keys))


def _stages(description: Description, text: str, words: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    key = key_condition(description, text)
    if key is not None:
        yield key
    names = _names(description)
    for matches in (patterns.starts, patterns.contains):
        yield and_(*(found(description, names, word, matches) for word in words))


def _records(labelled: _Labelled) -> list[Any]:
    return [record for record, _ in labelled.values()]


def _read(
    session: Session,
    description: Description,
    condition: ColumnElement[bool] | None,
    scope: Scope | None,
    limit: int,
) -> _Labelled:
    listing = _listing(description)
    statement: Select[Any] = select(description.model)
    statement = scope(statement) if scope else statement
    if condition is None:
        statement = statement.order_by(*(getattr(description.model, name).desc() for name in description.key))
    else:
        statement = statement.where(condition)
    statement = statement.options(*options_for(listing, (LABEL,))).limit(limit)
    records = run(session, statement).scalars().all()
    labels = settle(session, listing, records, (LABEL,))
    by_label = sorted(records, key=lambda record: labels[id(record)].casefold())
    return {description.key_of(record): (record, labels[id(record)]) for record in by_label}


@cache
def _listing(description: Description) -> Listing:
    return Listing.of(description, columns=(LABEL,), filters={})


def _names(description: Description) -> list[str]:
    """Return the fields that the label is made of, or those that it may be made of."""
    naming = naming_field(description)
    names = [naming] if naming else description.label_fields
    searchable = [field.name for field in description.fields if field.searchable and field.name in names]
    return (
        searchable
        or [field.name for field in description.fields if field.searchable and field.kind is Kind.TEXT][
            :_MAX_FIELDS
        ]
    )
