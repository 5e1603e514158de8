"""Whether the database has the tables this code was written for."""

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from admin_site.database import Database
from admin_site.database.accounts import VERSION_TABLE
from admin_site.database.failures import refusal
from admin_site.errors import ConfigurationError
from admin_site.models import Base
from admin_site.ops.revisions import configuration

ADVICE = "run `python -m admin_site migrate` first"


def check_schema(database: Database) -> str:
    """Raise ConfigurationError, in words, unless this code can work with the tables of the database.

    Returns a warning, mostly empty: a database that is newer than the code, as while a release is rolled out
    or back, may well do, and only its tables can tell.
    """
    database.check()
    try:
        return _checked(database)
    except DBAPIError as error:
        raise ConfigurationError(f"The admin's tables cannot be looked at: {refusal(error)}") from error


def _checked(database: Database) -> str:
    known = {script.revision for script in _scripts().walk_revisions()}
    applied = _applied(database)
    unknown = sorted(set(applied) - known)
    if not applied:
        raise ConfigurationError(f"The database does not have the admin's tables; {ADVICE}")
    if not unknown and set(applied) != set(_scripts().get_heads()):
        raise ConfigurationError(f"The database is older than this code; {ADVICE}")
    if missing := sorted(_missing(database)):
        raise ConfigurationError(f"Tables of the admin are gone from the database: {', '.join(missing)}")
    return f"The database is newer than this code, which lacks revision {unknown[0]}" if unknown else ""


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def _applied(database: Database) -> tuple[str, ...]:
    """Return the newest revisions the database has."""
    where = {"version_table": VERSION_TABLE, "version_table_schema": database.accounts_schema or None}
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection, opts=where).get_current_heads()


def _missing(database: Database) -> set[str]:
    present = inspect(database.engine).get_table_names(schema=database.accounts_schema or None)
    return set(Base.metadata.tables) - set(present)
