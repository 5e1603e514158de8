"""What the database says it would do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Select, select

from admin_site.listing.needs import Need
from admin_site.listing.patterns import contains
from admin_site.listing.planner import Explained, top_of

PAGE = 26  # rows: those of a page, and one that says whether there are more
WORD = "wxyz"  # any four letters that hardly occur


@dataclass(frozen=True)
class Plan:
    """How a page would be read: `cost` is the planner's own measure, of PostgreSQL alone."""

    reads_all: bool
    sorts: bool
    cost: float | None = None

    def __str__(self) -> str:
        does = [word for word, is_so in (("reads", self.reads_all), ("sorts", self.sorts)) if is_so]
        words = (
            f"{' and '.join(does)} the whole table"
            if self.reads_all
            else "sorts what it finds"
            if does
            else ""
        )
        words = words or "goes through another index"
        return words + (f" (cost {self.cost:,.0f})" if self.cost is not None else "")


def plan_of(connection: Connection, need: Need) -> Plan:
    """Return how the first page that has this need would be read today."""
    statement = _page(need)
    rows = connection.execute(Explained(statement)).all()
    return _PLANS[connection.dialect.name](rows)


def _page(need: Need) -> Select[Any]:
    """Return the statement of a page, as far as it concerns this need."""
    table = need.table
    columns = [column for column, _ in need.columns]
    if need.kind == "sort":
        first = columns[0]
        rows = select(table).order_by(*(_ordered(*pair, first) for pair in need.columns))
        return (rows.where(first.is_not(None)) if first.nullable else rows).limit(PAGE)
    rows = select(table).order_by(*(column.desc() for column in table.primary_key)).limit(PAGE)
    if need.kind == "search":
        return rows.where(contains(columns[0], WORD))
    other = table.alias()
    return rows.where(
        *(
            column
            == select(other.c[column.key]).where(other.c[column.key].is_not(None)).limit(1).scalar_subquery()
            for column in columns
        )
    )


def _ordered(column: Column[Any], descending: bool, first: Column[Any]) -> Any:
    """Return a term of a list's order, in which empty values come last."""
    ordered = column.desc() if descending else column.asc()
    return ordered.nulls_last() if column.nullable and column is not first else ordered


def _of_postgresql(rows: Any) -> Plan:
    top = top_of(rows[0][0])
    steps = list(_steps(top))
    return Plan("Seq Scan" in steps, any("Sort" in step for step in steps), float(top["Total Cost"]))


def _steps(node: dict[str, Any]) -> Iterator[str]:
    yield node["Node Type"]
    for child in node.get("Plans", ()):
        if child.get("Parent Relationship") != "InitPlan":  # what only finds a value to ask for
            yield from _steps(child)


def _of_sqlite(rows: Any) -> Plan:
    steps = [row.detail for row in rows if row.parent == 0]
    return Plan(
        any(step.startswith("SCAN") and "USING" not in step for step in steps),
        any("TEMP B-TREE" in step for step in steps),
    )


_PLANS = {"postgresql": _of_postgresql, "sqlite": _of_sqlite}
