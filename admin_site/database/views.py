"""Which names of a database stand for stored queries, whose rows nobody changes."""

from collections.abc import Iterable

from sqlalchemy import Engine, inspect
from sqlalchemy.engine import Inspector


def views_in(engine: Engine, schemas: Iterable[str | None]) -> frozenset[tuple[str | None, str]]:
    """Return schema and name of each view, plain or materialized, in those schemas that there are."""
    inspector = inspect(engine)
    there = {None, *inspector.get_schema_names()}
    return frozenset(
        (schema, name)
        for schema in {*schemas} & there
        for name in (*inspector.get_view_names(schema), *_materialized(inspector, schema))
    )


def _materialized(inspector: Inspector, schema: str | None) -> list[str]:
    try:
        return inspector.get_materialized_view_names(schema)
    except NotImplementedError:  # a database that has none
        return []
