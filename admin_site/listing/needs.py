"""What a list asks of the database again and again, which an index would make quick."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, Table
from sqlalchemy.orm import MapperProperty

from admin_site.descriptions import Field, Kind
from admin_site.listing.filters import FieldFilter, RelationFilter
from admin_site.listing.listings import Listing
from admin_site.listing.orders import Order, Sort
from admin_site.listing.paths import Path, foreign_key, resolve

_LONGEST = 1_000  # characters, few of which take more than two bytes
_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)


@dataclass(frozen=True, eq=False)
class Need:
    """Columns of one table that a plain index could serve.

    A "sort" is served by a btree index on the columns in their order and directions, of which the last are
    the key; read backwards it serves the opposite sort as well. The first column needs no NULLS clause: its
    empty values are read by a statement of their own. The columns in `nulls_last` say NULLS LAST in the
    index, on PostgreSQL. A "filter" is served by a btree index that begins with the columns, whatever their
    directions. A "search" is served by a trigram GIN index on the column (`search_expression`). `name`
    is what the list calls it.
    """

    kind: Literal["sort", "filter", "search"]
    table: Table
    columns: tuple[tuple[Column[Any], bool], ...]  # with whether they run downwards
    name: str
    nulls_last: frozenset[Column[Any]] = frozenset()


def needs(listing: Listing) -> Sequence[Need]:
    """Return what the sorts, filters and searches of a list look up, each once.

    Left out is what has no plain column: hybrids and expressions, sorts by what related records hold, keys
    of JSON documents. Long texts are searched only: a btree refuses rows that exceed a third of its page.
    """
    found: dict[Any, Need] = {}
    for need in (*_sorts(listing), *_filters(listing), *_searches(listing)):
        found.setdefault((need.kind, need.table, need.columns), need)
    return tuple(found.values())


def _sorts(listing: Listing) -> Iterator[Need]:
    sorts: list[Sort] = [listing.default_sort, *(((name, False),) for name in listing.sortable)]
    for sort in sorts:
        order = listing.order(sort)
        columns = [(_column(term.expression), term.descending) for term in order.terms]
        pairs = tuple((column, descending) for column, descending in columns if column is not None)
        if order.joins or len(pairs) < len(columns) or any(_is_long(listing, name) for name, _ in sort):
            continue
        name = ", ".join(name for name, _ in sort)
        yield from _need("sort", pairs, name or listing.description.key[0], _nulls_last(order, pairs))


def is_long(field: Field) -> bool:
    """Return whether a value may be longer than PostgreSQL's btree takes (2,704 bytes)."""
    return field.kind is Kind.LONG_TEXT or (field.length or 0) > _LONGEST


def _is_long(listing: Listing, name: str) -> bool:
    path = resolve(listing.description, name)
    return path.field is not None and is_long(path.field)


def _nulls_last(order: Order, pairs: Sequence[tuple[Column[Any], bool]]) -> frozenset[Column[Any]]:
    later = list(zip(order.terms, pairs, strict=True))[1:]
    return frozenset(column for term, (column, descending) in later if term.nullable and descending)


def _filters(listing: Listing) -> Iterator[Need]:
    for item in listing.filters.values():
        if isinstance(item, FieldFilter) and not item.operator.suffix and not is_long(item.field):
            yield from _ascending("filter", [_stored(item.path)], item.path.name)
        elif isinstance(item, RelationFilter):
            yield from _related(item.path)


def _related(path: Path) -> Iterator[Need]:
    """Yield what finds the records of a key: the foreign key here, or the other side's towards us."""
    for owner, relation in zip(path.owners, path.relations, strict=False):
        local = foreign_key(owner, relation)
        if local:
            columns = [_column(getattr(owner.model, name)) for name in local]
            yield from _ascending("filter", columns, path.name)
            continue
        mapped = owner.mapper.relationships[relation.name]
        pairs = mapped.local_remote_pairs or []
        own = {id(column) for column in owner.mapper.columns}
        remote: list[Any] = [other for column, other in pairs if id(column) in own]
        yield from _ascending("filter", remote, path.name)


def _searches(listing: Listing) -> Iterator[Need]:
    for name in listing.searchable:
        path = resolve(listing.description, name)
        if path.field is not None and path.field.kind in _TEXTS:
            yield from _ascending("search", [_stored(path)], name)


def _ascending(
    kind: Literal["filter", "search"], columns: Iterable[Column[Any] | None], name: str
) -> Iterator[Need]:
    pairs = tuple((column, False) for column in columns if column is not None)
    yield from _need(kind, pairs, name)


def _need(
    kind: Literal["sort", "filter", "search"],
    pairs: tuple[tuple[Column[Any], bool], ...],
    name: str,
    nulls_last: frozenset[Column[Any]] = frozenset(),
) -> Iterator[Need]:
    tables = {column.table for column, _ in pairs}
    table = tables.pop() if len(tables) == 1 else None
    if isinstance(table, Table):
        yield Need(kind, table, pairs, name, nulls_last)


def _stored(path: Path) -> Column[Any] | None:
    return path.field.column if path.field is not None else None


def _column(expression: Any) -> Column[Any] | None:
    """Return the column that a class's attribute stands for, or None where it is more than that."""
    prop: MapperProperty[Any] | None = getattr(expression, "property", None)
    columns = getattr(prop, "columns", ())
    return columns[0] if columns and isinstance(columns[0], Column) else None
