"""Which indexes the lists of a site would be quicker with."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Enum, Table, text

from admin_site.database import Database
from admin_site.listing import Listing
from admin_site.listing.needs import Need, needs
from admin_site.ops.existing import (
    BTREE,
    Existing,
    Part,
    Shape,
    count_rows,
    existing_indexes,
    schema_of,
    shape_of,
)
from admin_site.ops.plans import Plan, plan_of
from admin_site.ops.revisions import ADVISED

LEAST_ROWS = 10_000  # below, a database reads the whole table in a few milliseconds
TRIGRAM_CLASSES = frozenset({"gin_trgm_ops", "gist_trgm_ops"})
_TEXTS = frozenset({"TEXT", "VARCHAR"})
_MAX_NAME = 63  # characters, of PostgreSQL
_VERBS = {"sort": "sort by", "filter": "filter by", "search": "search in"}

Choice = Callable[[Table], bool]


@dataclass(frozen=True)
class Advice:
    """An index to create. `uses` says which lists ask for it, `plan` how the database does without."""

    name: str
    table: str
    schema: str | None
    parts: tuple[Part, ...]
    is_trigram: bool
    uses: tuple[str, ...]
    rows: int
    plan: Plan

    @property
    def weight(self) -> float:
        """How much it matters: what the planner thinks a page costs, or how many rows there are."""
        return self.plan.cost if self.plan.cost is not None else float(self.rows)


@dataclass(frozen=True)
class Trigrams:
    """What PostgreSQL's pg_trgm, which searches inside texts need, is here: its schema once it is there."""

    is_available: bool
    schema: str | None = None


@dataclass(frozen=True)
class Report:
    """What to create, what matters most first; `searches` are columns that no index can serve here."""

    advice: tuple[Advice, ...]
    trigrams: Trigrams
    searches: tuple[str, ...]
    partitioned: tuple[str, ...]  # tables that no index can be built for without holding writers up
    tables: int  # that were looked at, of those with enough rows


def advise(
    database: Database,
    listings: Iterable[Listing],
    least_rows: int = LEAST_ROWS,
    choose: Choice = lambda table: True,
    advance: Callable[[int], object] = lambda tables: None,
) -> Report:
    """Return the indexes that the sorts, filters and searches of `listings` lack.

    Left out are tables with fewer than `least_rows` rows, those not chosen, and views. `advance` is told how
    many tables are done with.
    """
    found: list[Advice] = []
    searches: list[str] = []
    partitioned: list[str] = []
    tables = 0
    with database.engine.connect() as connection:
        trigrams = _trigrams(connection)
        for table, wanted in _by_table(listings, choose).items():
            shape = shape_of(connection, table)
            rows = count_rows(connection, table) if shape is Shape.TABLE else -1
            if shape is Shape.PARTITIONED:
                partitioned.append(table.name)
            elif rows >= least_rows:
                tables += 1
                possible = [need for need in wanted if _is_possible(connection, need, trigrams)]
                found += _of_table(connection, table, possible, rows)
                searches += [_label(need) for need in wanted if need not in possible]
            advance(1)
    found.sort(key=lambda advice: (-advice.weight, advice.name))
    return Report(tuple(found), trigrams, tuple(dict.fromkeys(searches)), tuple(partitioned), tables)


def tables_of(listings: Iterable[Listing], choose: Choice) -> int:
    """Return how many tables there are to look at."""
    return len(_by_table(listings, choose))


def _by_table(listings: Iterable[Listing], choose: Choice) -> dict[Table, list[Need]]:
    found: dict[Table, list[Need]] = {}
    for listing in listings:
        for need in needs(listing):
            if choose(need.table):
                found.setdefault(need.table, []).append(need)
    return found


def _of_table(connection: Connection, table: Table, wanted: Sequence[Need], rows: int) -> Iterator[Advice]:
    """Yield what a table lacks; an index that serves a sort may serve a filter as well."""
    present = existing_indexes(connection, table)
    missing = [need for need in wanted if _is_selective(need) and not _is_served(connection, need, present)]
    missing.sort(key=lambda need: (list(_VERBS).index(need.kind), -len(need.columns)))
    chosen: dict[tuple[bool, tuple[Part, ...]], list[Need]] = {}
    for need in missing:
        for (is_trigram, parts), served in chosen.items():
            if _serves(need, _as_existing(parts, is_trigram), parts_of(connection, need)):
                served.append(need)
                break
        else:
            chosen[need.kind == "search", _plainest(parts_of(connection, need))] = [need]
    for (is_trigram, parts), served in chosen.items():
        yield Advice(
            name=_name(table, parts, is_trigram),
            table=table.name,
            schema=schema_of(connection, table),
            parts=parts,
            is_trigram=is_trigram,
            uses=tuple(dict.fromkeys(f"{_VERBS[need.kind]} {need.name}" for need in served)),
            rows=rows,
            plan=plan_of(connection, served[0]),
        )


def parts_of(connection: Connection, need: Need) -> tuple[Part, ...]:
    """Return the index that a need asks for, in its own direction."""
    if need.kind != "sort":
        return tuple(Part(column.name) for column, _ in need.columns)
    knows_nulls = connection.dialect.name == "postgresql"
    return tuple(
        # The list shows empty values last, and reads those of its first column by a statement of their own.
        Part(column.name, descending, False if place and column.nullable and knows_nulls else None)
        for place, (column, descending) in enumerate(need.columns)
    )


def _is_possible(connection: Connection, need: Need, trigrams: Trigrams) -> bool:
    """Whether any index could serve a need: trigrams are for texts, as PostgreSQL has them."""
    if need.kind != "search":
        return True
    stored_as = need.columns[0][0].type.compile(connection.dialect)
    return trigrams.is_available and stored_as.partition("(")[0] in _TEXTS


def _is_selective(need: Need) -> bool:
    """Whether a filter can leave few rows: of yes or no, or of a few choices, most values leave many."""
    return need.kind != "filter" or not all(_has_few_values(column) for column, _ in need.columns)


def _has_few_values(column: Column[Any]) -> bool:
    return isinstance(column.type, Boolean | Enum)


def _is_served(connection: Connection, need: Need, present: Iterable[Existing]) -> bool:
    parts = parts_of(connection, need)
    return any(_serves(need, index, parts) for index in present)


def _serves(need: Need, index: Existing, parts: tuple[Part, ...]) -> bool:
    """Return whether an index does what a need, which asks for `parts`, is about."""
    if need.kind == "search":
        return any(
            part.column == parts[0].column and name in TRIGRAM_CLASSES
            for part, name in zip(index.parts, index.classes, strict=False)
        )
    if index.method != BTREE or any(index.classes):
        return False
    if need.kind == "filter":
        begin = {part.column for part in index.parts[: len(parts)]}
        return begin == {part.column for part in parts}
    if index.is_unique and len(index.parts) < len(parts) and not need.columns[0][0].nullable:
        parts = parts[: len(index.parts)]  # no two rows are alike so far, so that the rest decides nothing
    begin_at = index.parts[: len(parts)]
    return _fit(begin_at, parts) or _fit(begin_at, tuple(part.reversed for part in parts))


def _fit(present: tuple[Part, ...], wanted: tuple[Part, ...]) -> bool:
    return len(present) == len(wanted) and all(
        have.column == want.column
        and have.descending == want.descending
        and want.nulls_first in (None, have.nulls_first)
        for have, want in zip(present, wanted, strict=True)
    )


def _plainest(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the one of the two directions, which serve alike, that begins upwards."""
    return tuple(part.reversed for part in parts) if parts[0].descending else parts


def _as_existing(parts: tuple[Part, ...], is_trigram: bool) -> Existing:
    if is_trigram:
        return Existing("", "gin", False, parts, ("gin_trgm_ops",) * len(parts))
    known = (
        part if part.nulls_first is not None else replace(part, nulls_first=part.descending) for part in parts
    )
    return Existing("", BTREE, False, tuple(known))


def _name(table: Table, parts: tuple[Part, ...], is_trigram: bool) -> str:
    columns = [part.column + ("_desc" if part.descending else "") for part in parts]
    name = ADVISED + "_".join([table.name, *columns, *(["trgm"] if is_trigram else [])])
    if len(name) <= _MAX_NAME:
        return name
    mark = blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{name[: _MAX_NAME - len(mark) - 1]}_{mark}"


def _label(need: Need) -> str:
    return f"{need.table.name}.{need.columns[0][0].name}"


def _trigrams(connection: Connection) -> Trigrams:
    if connection.dialect.name != "postgresql":
        return Trigrams(is_available=False)
    schema = connection.scalar(
        text(
            "SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace "
            "WHERE extname = 'pg_trgm'"
        )
    )
    available = connection.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"))
    return Trigrams(bool(schema or available), schema)
