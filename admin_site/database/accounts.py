"""A schema of their own for the admin's tables, beside other people's of the same names."""

from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from admin_site.config import accounts_file
from admin_site.models import Base

VERSION_TABLE = "admin_site_alembic_version"
"""Where Alembic notes which revisions our tables have; its usual table is for the models beside them."""


def place_accounts(engine: Engine, schema: str) -> None:
    """Let `engine` find our tables in `schema`, all others where their models say.

    On SQLite a schema is a second file: one transaction spans both, but if the power fails in the middle of a
    commit, only one of them may have it (https://www.sqlite.org/lang_attach.html).
    """

    def schema_of(item: Any) -> Any:
        return schema if getattr(item, "metadata", None) is Base.metadata else item.schema

    engine.dialect.identifier_preparer.schema_for_object = schema_of
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _attach(accounts_file(engine.url.database, schema), schema))


def _attach(file: str, schema: str) -> Any:
    def attach(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f'ATTACH DATABASE ? AS "{schema}"', (file,))
        cursor.execute(f'PRAGMA "{schema}".journal_mode = WAL')
        cursor.close()

    return attach
