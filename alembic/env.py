"""How Alembic reaches the database: by the site's settings, with one transaction to a revision."""

import sys
import warnings
from collections.abc import Sequence
from logging.config import fileConfig
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.ddl.sqlite import SQLiteImpl
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Engine, Table, event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from admin_site.config import SEARCH_PATH, load_settings
from admin_site.database import Database
from admin_site.database.accounts import VERSION_TABLE
from admin_site.errors import ConfigurationError
from admin_site.models import Base, Instant
from admin_site.ops.revisions import explain, is_not_advised

PREPARATIONS = {
    # Who waits for a lock on a table makes everybody after him wait: better that the migration gives up.
    "postgresql": "SET lock_timeout = '2s'",
    # Or rebuilding a table, as batch mode does on SQLite, deletes the rows that refer to its rows.
    "sqlite": "PRAGMA foreign_keys = OFF",
}

PORTABLE_DEFAULTS = {"true": "sa.true()", "false": "sa.false()", "now()": "sa.func.now()"}

UNREFLECTED = text("""
    SELECT sql FROM sqlite_master AS thing WHERE tbl_name = :table AND (
        type = 'trigger' OR
        type = 'index' AND EXISTS (SELECT * FROM pragma_index_xinfo(thing.name) WHERE cid = -2)
    )
""")

config = context.config
metadata = Base.metadata


class SQLiteRebuilding(SQLiteImpl):
    """Batch mode that keeps what SQLAlchemy 2.1 does not reflect: indexes on expressions, and triggers."""

    __dialect__ = "sqlite"  # by which Alembic finds this class
    _kept: Sequence[str] = ()

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        super().prep_table_for_batch(batch_impl, table)
        self._kept = self.connection.scalars(UNREFLECTED, {"table": table.name}).all()

    def rename_table(self, old_table_name: str, new_table_name: str, schema: str | None = None) -> None:
        super().rename_table(old_table_name, new_table_name, schema)
        for statement in self._kept:
            self.connection.exec_driver_sql(statement)
        self._kept = ()


def run() -> None:
    is_command_line = config.cmd_opts is not None
    if is_command_line and config.config_file_name is not None:
        fileConfig(config.config_file_name, disable_existing_loggers=False)
    try:
        _run()
    except ConfigurationError as error:
        if is_command_line:
            sys.exit(str(error))
        raise


def _run() -> None:
    with Database(_url()) as database:
        try:
            if context.is_offline_mode():
                _print_statements(database.engine)
            else:
                _run_statements(database)
        except (CommandError, DBAPIError) as error:
            raise explain(error) from error


def _url() -> str | URL:
    given = config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    return given or load_settings().accounts_url


def _run_statements(database: Database) -> None:
    _prepare_connections(database.engine)
    database.check()
    with database.engine.connect() as connection:
        _configure(connection=connection)
        with context.begin_transaction(), warnings.catch_warnings():
            # They cannot be compared on SQLite; `alembic check` on PostgreSQL does.
            warnings.filterwarnings("ignore", ".* expression-based index")
            context.run_migrations()


def _print_statements(engine: Engine) -> None:
    _configure(url=engine.url, literal_binds=True, dialect_opts={"paramstyle": "named"})
    context.get_context().impl.static_output(f"{PREPARATIONS[engine.dialect.name]};")
    with context.begin_transaction():
        context.run_migrations()


def _prepare_connections(engine: Engine) -> None:
    schema = _search_path(engine)

    @event.listens_for(engine, "connect", insert=True)  # before SQLAlchemy asks for the default schema
    def create_schema(connection: Any, entry: Any) -> None:
        if schema:
            cursor = connection.cursor()
            cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,))
            if cursor.fetchone() is None:  # IF NOT EXISTS would need the right to create it all the same
                cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            cursor.close()
            connection.commit()

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, entry: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(PREPARATIONS[engine.dialect.name])
        cursor.close()
        connection.commit()


def _search_path(engine: Engine) -> str:
    """Return the schema of ACCOUNTS_SCHEMA, as it stands in the URL of the settings."""
    return str(engine.url.query.get("options", "")).partition(SEARCH_PATH)[2]


def _configure(**options: Any) -> None:
    context.configure(
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        transaction_per_migration=True,
        transactional_ddl=True,  # on SQLite too: our engine begins transactions itself
        render_as_batch=True,
        compare_type=True,
        compare_server_default=True,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        include_name=_is_ours,
        render_item=_render,
        on_version_apply=(_check_foreign_keys, *config.attributes.get("on_version_apply", ())),
        **options,
    )


def _is_ours(name: str | None, kind: str, parents: Any) -> bool:
    """Leave alone what else lives in the database; to drop a table of ours, write `op.drop_table`."""
    return name in metadata.tables if kind == "table" else is_not_advised(name, kind, parents)


def _render(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Write what both databases understand, whichever of them the revision was generated on."""
    if kind == "server_default":
        return PORTABLE_DEFAULTS.get(str(getattr(item, "arg", "")), False)
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, postgresql.JSONB):
        autogenerate.imports.add("from sqlalchemy.dialects import postgresql")
        return "postgresql.JSONB()"
    return False


def _check_foreign_keys(ctx: MigrationContext, step: Any, **facts: Any) -> None:
    if ctx.as_sql or ctx.connection is None or ctx.dialect.name != "sqlite":
        return
    rows = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check")
    broken = {row.table for row in rows} & set(metadata.tables)
    if broken:
        tables = ", ".join(sorted(broken))
        raise CommandError(f"{step.up_revision_id} would leave references to missing rows in {tables}")


run()
