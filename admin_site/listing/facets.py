"""How many records each choice of a filter would leave."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from admin_site.descriptions import Description, Kind
from admin_site.errors import TooSlow
from admin_site.keys import encode_key
from admin_site.listing.conditions import NOT
from admin_site.listing.filters import EMPTY, IS, FieldFilter, RelationFilter
from admin_site.listing.limits import limited
from admin_site.listing.listings import Listing
from admin_site.listing.lookups import labels_of
from admin_site.listing.paths import foreign_key
from admin_site.listing.query import MAX_TEXT, ListQuery
from admin_site.listing.statements import matching, run
from admin_site.listing.windows import UNREADABLE
from admin_site.values import to_text

SECONDS = 0.2
MAX_FACETS = 20  # a column of more values is not one of few

_MOMENTS = (Kind.DATETIME, Kind.INSTANT)


@dataclass(frozen=True)
class Facet:
    """One choice: `parameter=text` asks for it, which leaves `count` records."""

    text: str
    label: str
    count: int
    parameter: str


def facets(
    session: Session, listing: Listing, query: ListQuery, names: Iterable[str], seconds: float = SECONDS
) -> Mapping[str, tuple[Facet, ...]]:
    """Return the choices of filters by their names, the most frequent first, fixed ones in their own order.

    Counted is what the query finds without the field's own conditions. Left out are fields of many values,
    what is no field or single related record of the list itself, and those for which `seconds`, which are
    for all together, did not suffice.
    """
    deadline = monotonic() + seconds
    found: dict[str, tuple[Facet, ...]] = {}
    for name in names:
        remaining = deadline - monotonic()
        if remaining <= 0:
            break
        try:
            with limited(session, remaining):
                if counted := _facets(session, listing, query, name):
                    found[name] = counted
        except (TooSlow, *UNREADABLE):
            continue
    return found


def can_count(listing: Listing, name: str) -> bool:
    """Return whether a filter's choices can be counted, few or many as they may be."""
    return bool(_columns(listing, name))


def _facets(session: Session, listing: Listing, query: ListQuery, name: str) -> tuple[Facet, ...]:
    names = _columns(listing, name)
    rows = _counts(session, listing, _without(query, name), names) if names else []
    if not names or len(rows) > MAX_FACETS:
        return ()
    item = listing.filters[name]
    if isinstance(item, RelationFilter):
        return tuple(_of_relation(session, listing, item, rows))
    assert isinstance(item, FieldFilter)  # noqa: S101 - nothing else has columns
    return _in_order(item, tuple(_of_field(item, rows)))


def _columns(listing: Listing, name: str) -> tuple[str, ...]:
    """Return the fields of the list that hold what is chosen from."""
    item = listing.filters.get(name)
    if isinstance(item, FieldFilter):
        is_own = not item.path.relations and not item.operator.suffix
        return (item.field.name,) if is_own and item.field.kind not in _MOMENTS else ()
    if isinstance(item, RelationFilter) and len(item.path.relations) == 1:
        return foreign_key(listing.description, item.path.relations[0])
    return ()


def _without(query: ListQuery, name: str) -> ListQuery:
    own = {name, name + IS, name + NOT, name + IS + NOT, name + EMPTY}
    return replace(query, conditions=tuple(item for item in query.conditions if item.parameter not in own))


def _counts(session: Session, listing: Listing, query: ListQuery, names: Sequence[str]) -> Sequence[Any]:
    columns = [getattr(listing.description.model, name) for name in names]
    number = func.count()
    statement = matching(listing, query).with_only_columns(*columns, number).group_by(*columns)
    return run(session, statement.order_by(number.desc()).limit(MAX_FACETS + 1)).all()


def _of_field(item: FieldFilter, rows: Iterable[Any]) -> Iterator[Facet]:
    name, field, labels = item.path.name, item.field, dict(item.choices)
    empty = 0
    for value, number in rows:
        text = "" if value is None else to_text(field, value)
        text = {True: "yes", False: "no"}[value] if field.kind is Kind.BOOLEAN and text else text
        if not text:
            empty += number
        elif len(text) <= MAX_TEXT:
            yield Facet(text, labels.get(text, text), number, name)
    if empty:
        is_boolean = field.kind is Kind.BOOLEAN
        parameter, text = (name, "unset") if is_boolean else (name + EMPTY, "yes")
        yield Facet(text, "unset" if is_boolean else "empty", empty, parameter)


def _in_order(item: FieldFilter, counted: tuple[Facet, ...]) -> tuple[Facet, ...]:
    if not 0 < len(item.choices) <= MAX_FACETS:
        return counted
    by_text = {facet.text: facet for facet in counted if facet.parameter == item.path.name}
    fixed = [by_text.get(text, Facet(text, label, 0, item.path.name)) for text, label in item.choices]
    others = [facet for facet in counted if facet not in fixed]
    return (*fixed, *others)


def _of_relation(
    session: Session, listing: Listing, item: RelationFilter, rows: Sequence[Any]
) -> Iterator[Facet]:
    name, target = item.path.name, item.path.end
    numbers = {tuple(row[:-1]): row[-1] for row in rows}
    known = [key for key in numbers if None not in key]
    labels = labels_of(session, target, known, _scope(listing, target))
    for key, number in numbers.items():
        if key in labels:
            yield Facet(encode_key(target, key), labels[key], number, name)
    if empty := sum(number for key, number in numbers.items() if None in key):
        yield Facet("yes", "empty", empty, name + EMPTY)


def _scope(listing: Listing, target: Description) -> Any:
    return listing.related_scopes.get(target.model)
