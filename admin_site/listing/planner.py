"""What the database says it would do, without doing it."""

import json
from typing import Any

from sqlalchemy import ClauseElement, Executable, Select
from sqlalchemy.ext.compiler import compiles


class Explained(Executable, ClauseElement):
    """A statement whose plan is asked for, not its rows."""

    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


def top_of(plan: Any) -> dict[str, Any]:
    """Return the first step of PostgreSQL's plan, which says what all of it gives and costs."""
    top: dict[str, Any] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return top


@compiles(Explained, "postgresql")
def _explain_on_postgresql(element: Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"


@compiles(Explained, "sqlite")
def _explain_on_sqlite(element: Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN QUERY PLAN {compiler.process(element.statement, **options)}"
