"""Records found by a few typed letters or by their keys, to choose and to name related ones."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, UniqueConstraint, and_, false, func, not_, select, true
from sqlalchemy.orm import Session

from admin_site.descriptions import Description, Kind
from admin_site.errors import BadRequest
from admin_site.keys import decode_key, encode_key
from admin_site.listing import patterns
from admin_site.listing.conditions import Condition
from admin_site.listing.cursors import Cursor, decode, encode, selected, values_of
from admin_site.listing.defaults import LABEL, created_field
from admin_site.listing.keyset import segments
from admin_site.listing.listings import Listing, Scope
from admin_site.listing.loading import options_for, settle
from admin_site.listing.orders import Order, can_sort, naming_field
from admin_site.listing.paths import key_among
from admin_site.listing.search import MAX_LENGTH, MAX_WORDS, UNSTORABLE, found, key_condition, words_of
from admin_site.listing.statements import dialect_of, run
from admin_site.listing.windows import read, reads

MAX_FOUND = 100
_MAX_FIELDS = 4  # looked into where nobody can foresee what a label is made of

_Labelled = dict[tuple[Any, ...], tuple[Any, str]]


@dataclass(frozen=True)
class Found:
    """Records that a lookup found, in their order; `after` is the place of the next ones, "" at the end."""

    records: list[Any]
    after: str = ""


def lookup(
    session: Session,
    description: Description,
    term: str,
    limit: int = 25,
    scope: Scope | None = None,
    after: str = "",
    *,
    by_name: bool = True,
    withheld: Collection[str] = (),
) -> Found:
    """Return at most `limit` records: the one whose key is typed, then those whose label begins with the
    words, then those that contain them; without words all.

    They come by name where an index has that order and `by_name` asks for it, or else newest first; those
    that need no second page by label. A search stops as soon as it has found enough. `after` leads on from an
    earlier answer to the same term; raises BadRequest for a place that no such answer gave. Where nobody can
    foresee what a label is made of, the fields `withheld` are not looked into.
    """
    limit = min(limit, MAX_FOUND)
    listing, order = _listing(description), _order(description, by_name)
    stages = _stages(description, term, withheld)
    first, cursor = _place(order, len(stages), after)
    statement = _rows(session, listing, order, scope)
    rows: list[tuple[int, Any]] = []
    for number in range(first, len(stages)):
        parts = segments(
            order, cursor if number == first else None, dialect_of(session, listing), backward=False
        )
        left = limit + 1 - len(rows)
        more = read(partial(run, session), reads(statement.where(stages[number]), parts, left), left)
        rows += [(number, row) for row in more]
        if len(rows) > limit:
            break
    has_more, rows = len(rows) > limit, rows[:limit]
    labels = settle(session, listing, [row[0] for _, row in rows], (LABEL,))
    if not has_more and not after:
        rows.sort(key=lambda pair: (pair[0], labels[id(pair[1][0])].casefold()))
    return Found(
        [row[0] for _, row in rows],
        f"{rows[-1][0]}.{encode(order, Cursor(values_of(order, rows[-1][1])))}" if has_more else "",
    )


def known(
    session: Session, description: Description, keys: Iterable[tuple[Any, ...]], scope: Scope | None = None
) -> dict[tuple[Any, ...], Any]:
    """Return by key the records that exist among `keys`, and may be seen, with one statement."""
    return {key: record for key, (record, _) in _by_key(session, description, keys, scope).items()}


def labels_of(
    session: Session, description: Description, keys: Iterable[tuple[Any, ...]], scope: Scope | None = None
) -> Mapping[tuple[Any, ...], str]:
    """Return the labels of the records that exist among `keys`, and may be seen."""
    return {key: label for key, (_, label) in _by_key(session, description, keys, scope).items()}


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


def _stages(description: Description, term: str, withheld: Collection[str]) -> list[ColumnElement[bool]]:
    """Return the conditions of what is offered first, next and last; no record meets two of them."""
    text = UNSTORABLE.sub("", term[:MAX_LENGTH]).strip()
    words = words_of(text)[:MAX_WORDS]
    if not words:
        return [true()]
    conditions: list[ColumnElement[bool]] = []
    for condition in _matches(description, text, words, withheld):
        conditions.append(and_(condition, *(not_(func.coalesce(one, false())) for one in conditions)))
    return conditions or [false()]


def _matches(
    description: Description, text: str, words: Sequence[str], withheld: Collection[str]
) -> Iterator[ColumnElement[bool]]:
    key = key_condition(description, text)
    if key is not None:
        yield key
    names = _names(description, withheld)
    for matches in (patterns.starts, patterns.contains) if names else ():
        yield and_(*(found(description, names, word, matches) for word in words))


def _place(order: Order, stages: int, after: str) -> tuple[int, Cursor | None]:
    """Return the stage and the row in it that `after` stands for."""
    if not after:
        return 0, None
    stage, _, cursor = after.partition(".")
    if not (stage.isdecimal() and stage.isascii() and len(stage) == 1 and int(stage) < stages):
        raise BadRequest("This page's place in the list cannot be read. Search again.")
    return int(stage), decode(order, cursor)


def _rows(session: Session, listing: Listing, order: Order, scope: Scope | None) -> Select[Any]:
    dialect = dialect_of(session, listing)

    def make() -> Select[Any]:
        values = [selected(term, dialect).label(None) for term in order.terms]
        return select(listing.description.model, *values).options(*options_for(listing, (LABEL,)))

    statement: Select[Any] = listing.keep(("looked up", order.signature, dialect), make)
    return order.join(scope(statement) if scope else statement)


def _by_key(
    session: Session,
    description: Description,
    keys: Iterable[tuple[Any, ...]],
    scope: Scope | None,
) -> _Labelled:
    wanted = list(keys)
    if not wanted:
        return {}
    listing = _listing(description)
    statement: Select[Any] = select(description.model).where(
        key_among(description, description.model, wanted)
    )
    statement = scope(statement) if scope else statement
    records = run(session, statement.options(*options_for(listing, (LABEL,)))).scalars().all()
    labels = settle(session, listing, records, (LABEL,))
    return {description.key_of(record): (record, labels[id(record)]) for record in records}


@cache
def _listing(description: Description) -> Listing:
    return Listing.of(description, columns=(LABEL,), filters={})


def _order(description: Description, by_name: bool) -> Order:
    """Return the order by name, by age or by key: the first that costs no sort of all that is found."""
    name, created = naming_field(description), created_field(description)
    if by_name and name and can_sort(description, name) and _begins_an_index(description, name):
        return _listing(description).order(((name, False),))
    is_dated = created and can_sort(description, created) and _begins_an_index(description, created)
    return _listing(description).order(((created, True),) if is_dated else ())


@cache
def _begins_an_index(description: Description, name: str) -> bool:
    """Whether a plain index, or a constraint that brings one, begins with a field's column."""
    column = description.field(name).column
    table = column.table if column is not None else None
    if not isinstance(table, Table):
        return False
    plain = [index.columns for index in table.indexes if not index.dialect_kwargs]
    unique = [item.columns for item in table.constraints if isinstance(item, UniqueConstraint)]
    return any(
        next(iter(columns), None) is column for columns in (*plain, *unique, table.primary_key.columns)
    )


def _names(description: Description, withheld: Collection[str]) -> list[str]:
    """Return the fields that the label is made of, or those that it may be made of."""
    naming = naming_field(description)
    names = [naming] if naming else description.label_fields
    searchable = [field for field in description.fields if field.searchable]
    if made_of := [field.name for field in searchable if field.name in names]:
        return made_of
    texts = [field.name for field in searchable if field.kind is Kind.TEXT and field.name not in withheld]
    return texts[:_MAX_FIELDS]
