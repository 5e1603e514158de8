"""What no two records may share."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ClauseElement,
    Column,
    Constraint,
    Index,
    Table,
    TextClause,
    UnaryExpression,
    UniqueConstraint,
    func,
    null,
    text,
)
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import visitors

from admin_site.descriptions.constraints import conditions_in, sql_of
from admin_site.descriptions.expressions import read_term
from admin_site.descriptions.places import Place
from admin_site.descriptions.rules import Applied, Named, Term, Unique

_DIALECTS = ("postgresql", "sqlite")


def uniques_of(mapper: Mapper[Any], places: Sequence[Place]) -> tuple[Unique, ...]:
    """Return what no two records of a mapper's tables may share, as far as its fields alone decide."""
    tables = (table for table in mapper.tables if isinstance(table, Table))
    found = (_unique(source, table, places) for table in tables for source in _sources(table))
    return tuple(unique for unique in found if unique is not None)


def _sources(table: Table) -> Iterator[Constraint | Index]:
    yield table.primary_key
    yield from sorted(
        (each for each in table.constraints if isinstance(each, UniqueConstraint)),
        key=lambda each: getattr(each, "_creation_order", 0),
    )
    yield from sorted((each for each in table.indexes if each.unique), key=lambda each: str(each.name))


def _unique(source: Any, table: Table, places: Sequence[Place]) -> Unique | None:
    names = {place.column.name: place.name for place in places if place.table is table}
    raw = source.expressions if isinstance(source, Index) else source.columns
    expressions = tuple(_expression(each, table) for each in raw)
    used = [_names(expression, names) for expression in expressions]
    if not used or not all(used) or any(name is None for each in used for name in each):
        return None
    wanted = {name for each in used for name in each}
    where = _where(source)
    conditions = conditions_in(where, names) if where is not None else ()
    return Unique(
        source,
        table,
        tuple(place.name for place in places if place.name in wanted),
        expressions,
        where,
        conditions,
        bool(source.dialect_options["postgresql"].get("nulls_not_distinct")),
    )


def _expression(expression: Any, table: Table) -> Any:
    """Return a part of an index without its order, one that is written as text by its columns."""
    while isinstance(expression, UnaryExpression):
        expression = expression.element
    if isinstance(expression, TextClause):
        term = read_term(sql_of(expression), {column.name: column.name for column in table.columns})
        return _of_term(term, {column.name: column for column in table.columns})
    return expression


def _of_term(term: Term | None, columns: dict[str, Column[Any]]) -> Any:
    if isinstance(term, Named):
        return columns[term.name]
    if isinstance(term, Applied):
        return getattr(func, term.function.value)(_of_term(term.term, columns))
    return null()


def _names(expression: Any, names: dict[str, str]) -> list[str | None]:
    """Return the fields that an expression is made of, None for a column that is no field."""
    columns = [part for part in visitors.iterate(expression) if isinstance(part, Column)]
    return [names.get(column.name) for column in columns]


def _where(source: Any) -> ClauseElement | None:
    if not isinstance(source, Index):
        return None
    found = [source.dialect_options[dialect].get("where") for dialect in _DIALECTS]
    where = next((each for each in found if each is not None), None)
    return text(where) if isinstance(where, str) else where
