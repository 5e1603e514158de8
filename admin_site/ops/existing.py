"""The indexes a database has, and how large its tables are."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, column, func, literal, select, text
from sqlalchemy import table as lightweight

BTREE = "btree"


@dataclass(frozen=True)
class Part:
    """One column of an index; `nulls_first` is None where it does not matter."""

    column: str
    descending: bool = False
    nulls_first: bool | None = None

    @property
    def reversed(self) -> "Part":
        return Part(
            self.column, not self.descending, None if self.nulls_first is None else not self.nulls_first
        )


@dataclass(frozen=True)
class Existing:
    """An index that serves every row of its table. Of an expression, the column is ""."""

    name: str
    method: str
    is_unique: bool
    parts: tuple[Part, ...]
    classes: tuple[str, ...] = ()  # the operator class of each part, "" for the usual one


class Shape(StrEnum):
    """What a mapped table is in the database."""

    TABLE = "table"
    PARTITIONED = "partitioned"
    OTHER = "other"  # a view, or nothing at all


def shape_of(connection: Connection, table: Table) -> Shape:
    if connection.dialect.name == "postgresql":
        kind = connection.scalar(
            text("SELECT relkind FROM pg_class WHERE oid = to_regclass(:table)"),
            {"table": place_of(connection, table)},
        )
        return {"r": Shape.TABLE, "m": Shape.TABLE, "p": Shape.PARTITIONED}.get(str(kind), Shape.OTHER)
    catalogue = lightweight(
        "sqlite_master", column("type"), column("name"), schema=schema_of(connection, table)
    )
    has_name = func.lower(catalogue.c.name) == table.name.lower()
    is_there = connection.scalar(select(literal(1)).where(catalogue.c.type == "table", has_name))
    return Shape.TABLE if is_there else Shape.OTHER


def count_rows(connection: Connection, table: Table) -> int:
    """Return how many rows a table has; on PostgreSQL about, as its statistics have it."""
    if connection.dialect.name == "postgresql":
        estimate = connection.scalar(
            text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:table)"),
            {"table": place_of(connection, table)},
        )
        if estimate is not None and estimate >= 0:
            return int(estimate)
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def existing_indexes(connection: Connection, table: Table) -> tuple[Existing, ...]:
    """Return the indexes of a table, those behind its key and its unique constraints too.

    Left out are those that serve only some rows, and those that were never built to the end.
    """
    return tuple(_READERS[connection.dialect.name](connection, table))


def place_of(connection: Connection, table: Table) -> str:
    """Return the name of a table as it is written in SQL here."""
    return connection.dialect.identifier_preparer.format_table(table)


def schema_of(connection: Connection, table: Table) -> str | None:
    return connection.dialect.identifier_preparer.schema_for_object(table)


_POSTGRESQL = text("""
    SELECT name.relname AS name, pg_am.amname AS method, indisunique AS is_unique, attname AS column,
           indoption[place - 1] AS option, CASE WHEN opcdefault THEN '' ELSE opcname END AS class
    FROM pg_index
    JOIN pg_class AS name ON name.oid = indexrelid
    JOIN pg_am ON pg_am.oid = name.relam
    CROSS JOIN LATERAL generate_series(1, indnkeyatts) AS place
    JOIN pg_opclass ON pg_opclass.oid = indclass[place - 1]
    LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[place - 1]
    WHERE indrelid = to_regclass(:table) AND indisvalid AND indpred IS NULL
    ORDER BY name, place
""")
_DESCENDING, _NULLS_FIRST = 1, 2  # the bits of indoption


def _of_postgresql(connection: Connection, table: Table) -> Iterator[Existing]:
    rows = connection.execute(_POSTGRESQL, {"table": place_of(connection, table)}).all()
    for name, group in groupby(rows, key=lambda row: row.name):
        columns = list(group)
        yield Existing(
            name=name,
            method=columns[0].method,
            is_unique=columns[0].is_unique,
            parts=tuple(
                Part(row.column or "", bool(row.option & _DESCENDING), bool(row.option & _NULLS_FIRST))
                for row in columns
            ),
            classes=tuple(row[-1] for row in columns),
        )


def _of_sqlite(connection: Connection, table: Table) -> Iterator[Existing]:
    schema = schema_of(connection, table) or "main"
    listed = connection.execute(
        text('SELECT name, origin, "unique", partial FROM pragma_index_list(:table, :schema)'),
        {"table": table.name, "schema": schema},
    ).all()
    row_id = _row_id(connection, table, schema) if all(row.origin != "pk" for row in listed) else ()
    if row_id:
        yield Existing("", BTREE, True, row_id)
    for row in listed:
        columns = connection.execute(
            text(
                'SELECT name, "desc", coll FROM pragma_index_xinfo(:index, :schema) WHERE key ORDER BY seqno'
            ),
            {"index": row.name, "schema": schema},
        ).all()
        if not row.partial and all(_is_usual(table, column) for column in columns):
            parts = tuple(Part(column.name or "", bool(column.desc)) for column in columns)
            yield Existing(row.name, BTREE, bool(row.unique), (*parts, *row_id))


def _row_id(connection: Connection, table: Table, schema: str) -> tuple[Part, ...]:
    """Return the column that is SQLite's row id, which every index of a table ends in.

    https://www.sqlite.org/lang_createtable.html#rowid
    """
    key = connection.execute(
        text("SELECT name, upper(type) AS type FROM pragma_table_info(:table, :schema) WHERE pk"),
        {"table": table.name, "schema": schema},
    ).all()
    return (Part(key[0].name),) if len(key) == 1 and key[0].type == "INTEGER" else ()


def _is_usual(table: Table, column: Any) -> bool:
    """Whether a column of an index is compared as the table's column is."""
    mapped = table.columns.get(column.name) if column.name else None
    return (
        str(column.coll) == str(getattr(getattr(mapped, "type", None), "collation", None) or "BINARY").upper()
    )


_READERS = {"postgresql": _of_postgresql, "sqlite": _of_sqlite}
