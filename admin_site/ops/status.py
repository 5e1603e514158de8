"""Whether the database has the tables this code was written for."""

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from admin_site.config import ROOT
from admin_site.database import Database
from admin_site.errors import ConfigurationError


def check_schema(database: Database) -> None:
    """Raise ConfigurationError, in words, unless the database is at the newest revision."""
    database.check()
    newest = ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_heads()
    with database.engine.connect() as connection:
        where = {"version_table_schema": database.accounts_schema or None}
        applied = MigrationContext.configure(connection, opts=where).get_current_heads()
    if set(applied) != set(newest):
        raise ConfigurationError(
            "The database does not have this version's tables; run `python -m admin_site migrate` first"
        )
