"""The commands: `python -m admin_site COMMAND`."""

from collections.abc import Callable

import typer
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from admin_site.cli.indexes import advise_indexes
from admin_site.cli.keeping import rotate_secret_key, sweep
from admin_site.cli.people import (
    create_user,
    end_sessions,
    grant_role,
    list_sessions,
    reset_password,
    revoke_role,
    unlock,
)
from admin_site.cli.serving import migrate, run, seed, serve
from admin_site.database.failures import refusal
from admin_site.errors import AdminSiteError, ConfigurationError, Invalid

COMMANDS: tuple[Callable[..., None], ...] = (
    run,
    serve,
    migrate,
    seed,
    create_user,
    reset_password,
    list_sessions,
    end_sessions,
    unlock,
    grant_role,
    revoke_role,
    rotate_secret_key,
    sweep,
    advise_indexes,
)
"""Every command: a function whose docstring is its help and whose parameters are its arguments."""

app = typer.Typer(
    help="An admin site for SQLAlchemy models. Settings come from the environment and `.env`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in COMMANDS:
    app.command()(_command)


def main() -> None:
    """Run a command; a refusal becomes one line on stderr and exit code 1."""
    try:
        app(prog_name="python -m admin_site")
    except (AdminSiteError, DBAPIError) as error:
        typer.echo(f"Error: {_in_words(error)}", err=True)
        raise SystemExit(1) from None


def _in_words(error: AdminSiteError | DBAPIError) -> str:
    # What a service makes of these is for staff; who runs commands can mend what the database says.
    is_translated = isinstance(error.__cause__, OperationalError | ProgrammingError)
    cause = error.__cause__ if is_translated and not isinstance(error, ConfigurationError) else error
    if isinstance(cause, DBAPIError):
        return f"The database refuses this: {refusal(cause)}"
    if not isinstance(error, Invalid):
        return str(error)
    return " ".join(
        f"{name.replace('_', ' ').capitalize()}: {words}" if name else words
        for name, words in error.errors.items()
    )
