"""Where our revisions are, and what it means when they cannot be applied."""

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from admin_site.config import ROOT
from admin_site.database.failures import refusal
from admin_site.errors import ConfigurationError

_INSTALLED = Path(__file__).resolve().parent.parent / "alembic"
SCRIPTS = _INSTALLED if _INSTALLED.is_dir() else ROOT / "alembic"
"""The folder of Alembic's environment: part of the package where it is installed, beside it in a clone."""

ADVISED = "advised_"
"""How the names of the indexes that `advise-indexes` proposes begin."""


def configuration(url: URL | str | None = None) -> Config:
    """Return what Alembic needs to know to work on the database at `url`, by default that of the settings."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def explain(error: CommandError | DBAPIError) -> ConfigurationError:
    """Return in one line why the tables stayed as they were."""
    if isinstance(error, DBAPIError):
        said = refusal(error)
        if "already exists" in said:
            said += "; set ACCOUNTS_SCHEMA to give the admin's tables a schema of their own"
        return ConfigurationError(f"The database was not migrated: {said}")
    if isinstance(error.__cause__, ResolutionError):
        return ConfigurationError(
            f"This code lacks revision {error.__cause__.argument}; a database that has it is newer"
        )
    return ConfigurationError(f"The database was not migrated: {error}")


def is_not_advised(name: str | None, kind: str, parents: Any) -> bool:
    """Let autogenerate leave alone what `advise-indexes` proposed: the `include_name` of an env.py."""
    return kind != "index" or not (name or "").startswith(ADVISED)
