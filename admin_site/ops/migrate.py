"""Bringing the schema of the database up to the code, one process at a time."""

from alembic import command

from admin_site.config import Settings
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.ops.alone import alone
from admin_site.ops.revisions import configuration

WAIT_SECONDS = 600.0  # for another process that migrates


def migrate(settings: Settings, wait: float = WAIT_SECONDS) -> tuple[str, ...]:
    """Apply the revisions the database lacks and return their ids, oldest first.

    Two processes may do so at once: one works, the other waits up to `wait` seconds and finds it done.
    Raises ConfigurationError when the database is out of reach, locked for longer, or ahead of the code.
    """
    applied: list[str] = []
    config = configuration(settings.accounts_url)
    config.attributes["on_version_apply"] = (lambda step, **_: applied.append(step.up_revision_id),)
    with Database.from_settings(settings) as database:
        database.check()
        with alone(database.engine, wait) as is_alone:
            if not is_alone:
                raise ConfigurationError("Another process is still migrating the database; try again later")
            command.upgrade(config, "head")  # what goes wrong, our env.py says in words
    return tuple(applied)
