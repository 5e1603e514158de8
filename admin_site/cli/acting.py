"""The database in which a command does something, and in whose name."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.config import Settings
from admin_site.database import Database
from admin_site.errors import Forbidden
from admin_site.ops.status import check_schema
from admin_site.services.links import PasswordLink


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """Give the database of `settings`; raises ConfigurationError when its tables are not ours."""
    with Database.from_settings(settings) as database:
        if warning := check_schema(database):
            typer.echo(f"Warning: {warning}", err=True)
        yield database


@contextmanager
def acting(settings: Settings) -> Iterator[Session]:
    """Give a session whose work is recorded as that of whoever runs the command, and committed at its end."""
    with opened(settings) as database, database.session() as session:
        audit.attribute(session, audit.command_line())
        yield session


@contextmanager
def on_record(session: Session) -> Iterator[None]:
    """Keep what a service notes of a refusal, before which it changes nothing."""
    try:
        yield
    except Forbidden:
        session.commit()
        raise


def show_link(settings: Settings, link: PasswordLink) -> None:
    typer.echo(
        f"To set the password of {link.user_name}, open this link; it works once, within an hour:\n"
        f"  {settings.password_link(link.token)}"
    )
