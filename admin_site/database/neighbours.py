"""Other people's tables in the database where the admin has its own."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Table, inspect
from sqlalchemy.engine import URL
from sqlalchemy.orm import Mapper

from admin_site.config import SEARCH_PATH, Settings
from admin_site.database.accounts import VERSION_TABLE
from admin_site.errors import ConfigurationError
from admin_site.models import Base

Place = tuple[str, str]  # a schema and a table, as the database tells them apart


def neighbours(models: Iterable[type], settings: Settings) -> list[type]:
    """Return those of `models` that are not the admin's own tables, read back from the database.

    Reflection, as by `automap_base().prepare(engine)`, finds the admin's tables too; they have pages already.
    Raises ConfigurationError when a table of somebody else would be the same as one of the admin's.
    """
    ours = {
        _place(settings.sqlalchemy_url, settings.accounts_schema, table.name): table
        for table in Base.metadata.tables.values()
    }
    versions = _place(settings.sqlalchemy_url, settings.accounts_schema, VERSION_TABLE)
    apart, clashes = [], set()
    for model in models:
        places = {
            _place(settings.sqlalchemy_url, table.schema, table.name): table for table in _tables(model)
        }
        same = places.keys() & ours.keys()
        if any(not _is_read_back(places[place], ours[place]) for place in same):
            clashes |= {places[place].fullname for place in same}
        elif not same and versions not in places:
            apart.append(model)
    if clashes:
        raise ConfigurationError(
            f"Both your models and the admin's accounts have tables called {', '.join(sorted(clashes))}. "
            "Set ACCOUNTS_SCHEMA, for example to admin_site, and migrate: the admin then has its own schema."
        )
    return apart


def _tables(model: type) -> Iterator[Table]:
    mapper: Mapper[Any] = inspect(model)
    for table in mapper.tables:
        if isinstance(table, Table) and table.metadata is not Base.metadata:
            yield table


def _is_read_back(table: Table, ours: Table) -> bool:
    return {column.name for column in table.columns} == {column.name for column in ours.columns}


def _place(url: URL, schema: str | None, name: str) -> Place:
    if url.get_backend_name() == "sqlite":  # https://www.sqlite.org/lang_keywords.html: names have no case
        return (schema or "main").lower(), name.lower()
    return schema or _default_schema(url), name


def _default_schema(url: URL) -> str:
    """Return where PostgreSQL looks first, as far as the URL says so."""
    path = str(url.query.get("options", "")).partition(SEARCH_PATH)[2].split(" ")[0]
    return path.split(",")[0].strip('"') or "public"
