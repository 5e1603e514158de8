"""The commands: `python -m admin_site COMMAND`."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer
from sqlalchemy import Table, select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session
from tqdm import tqdm

from admin_site import audit
from admin_site import seed as example
from admin_site.app import create_app, find_site
from admin_site.config import Settings, check_for_deployment, load_settings
from admin_site.database import Database
from admin_site.database.failures import refusal
from admin_site.errors import AdminSiteError, BadRequest, ConfigurationError, Forbidden, Invalid, NotFound
from admin_site.models import Base, LinkPurpose, Role
from admin_site.ops import index_revisions, local
from admin_site.ops import indexes as advisor
from admin_site.ops import migrate as migrations
from admin_site.ops import serve as server
from admin_site.ops.advice import KEEPING, in_words
from admin_site.ops.status import check_schema
from admin_site.security.passwords import Passwords
from admin_site.services import accounts, support
from admin_site.services.links import PasswordLink, create_link

app = typer.Typer(
    help="An admin site for SQLAlchemy models. Settings come from the environment and `.env`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

UserName = Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with.")]


def main() -> None:
    """Run a command; a refusal becomes one line on stderr and exit code 1."""
    try:
        app(prog_name="python -m admin_site")
    except (AdminSiteError, DBAPIError) as error:
        typer.echo(f"Error: {_in_words(error)}", err=True)
        raise SystemExit(1) from None


@app.command()
def run() -> None:
    """Try the site on this machine, with example data.

    Migrates the database, adds an example school when nobody is in it, prints a link for a first
    superuser unless one has a password, and serves until Ctrl-C.
    """
    server.stop_cleanly_on_signals()
    settings = load_settings()
    with server.listen(settings.host, settings.port) as listener:
        settings = local.complete(settings, server.address_of(listener))
        migrations.migrate(settings)
        with Database.from_settings(settings) as database:
            if example.is_empty(database):
                _seed(database, example.PEOPLE, example.RANDOM_SEED)
            with database.session() as session:
                audit.attribute(session, audit.COMMAND_LINE)
                link = accounts.ensure_superuser(session)
        site = create_app(settings)
        if link:
            _show_link(settings, link)
        typer.echo(f"The admin is at {settings.address}/admin (Ctrl-C stops it).")
        server.serve(lambda: site, listener)


@app.command()
def serve() -> None:
    """Serve the site in production, until SIGTERM.

    Needs SECRET_KEY and PUBLIC_URL; listens on HOST and PORT with WEB_CONCURRENCY processes.
    """
    server.stop_cleanly_on_signals()
    settings = load_settings()
    check_for_deployment(settings)
    with _opened(settings):
        pass
    with server.listen(settings.host, settings.port) as listener:
        typer.echo(f"Listening on {server.address_of(listener)} for {settings.address}")
        server.serve("admin_site.app:deployed", listener, settings.web_concurrency, log_level="info")


@app.command()
def migrate() -> None:
    """Bring the tables of the database up to this version.

    The release step of a deployment; several at once wait for each other.
    """
    applied = migrations.migrate(load_settings())
    typer.echo("\n".join(f"Applied {revision}." for revision in applied) or "Nothing to do.")


@app.command()
def seed(
    people: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many people the school has.")
    ] = example.PEOPLE,
    random_seed: Annotated[int, typer.Option(metavar="N", help="Another number makes another school.")] = (
        example.RANDOM_SEED
    ),
) -> None:
    """Add an example school, as far as it is not there yet.

    Nobody in it can sign in until someone sends them a link.
    """
    with _opened(load_settings()) as database:
        _seed(database, people, random_seed)


@app.command()
def create_user(
    name: UserName,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail address.")],
    superuser: Annotated[bool, typer.Option("--superuser", help="May do everything.")] = False,
    role: Annotated[
        list[str] | None, typer.Option(metavar="ROLE", help="A role to hold; may be repeated.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Add a person, who sets a password with a printed link.

    The link works once, within an hour. With --password-stdin there is none.
    """
    settings = load_settings()
    password = _password_from_stdin() if password_stdin else None
    with _opened(settings) as database, database.session() as session:
        audit.attribute(session, audit.COMMAND_LINE)
        user = accounts.create_user(
            session,
            user_name=name,
            email_address=email,
            password=password,
            roles=_roles(session, role or ()),
            passwords=Passwords(site_names=settings.site_names),
            is_superuser=superuser,
        )
        link = None if password_stdin else create_link(session, user, LinkPurpose.FIRST_PASSWORD)
    typer.echo(f"Added {user.user_name}.")
    if link:
        _show_link(settings, link)


@app.command()
def reset_password(
    name: UserName,
    force: Annotated[bool, typer.Option("--force", help="Also for people who hold rights.")] = False,
) -> None:
    """Sign a person out and print a link to set a password.

    The link works once, within an hour; their sessions and earlier links end.
    """
    settings = load_settings()
    with _opened(settings) as database, database.session() as session:
        audit.attribute(session, audit.COMMAND_LINE)
        user = accounts.find_user(session, name)
        if user is None:
            raise NotFound(f"There is nobody called “{name}”.")
        try:
            link = support.reset_password(session, None, user, force=force)
        except Forbidden:
            session.commit()  # the refusal is on record
            raise
    _show_link(settings, link)


@app.command()
def advise_indexes(
    site: Annotated[
        str, typer.Option("--app", metavar="MODULE:NAME", help="The app whose lists to look at; else ours.")
    ] = "",
    rows: Annotated[
        int, typer.Option("--rows", min=0, metavar="N", help="Leave out tables with fewer rows.")
    ] = advisor.LEAST_ROWS,
    tables: Annotated[
        list[str] | None, typer.Option("--table", metavar="TABLE", help="Only this table; may be repeated.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write a revision of Alembic.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the statements alone.")] = False,
) -> None:
    """Say which indexes would make the lists quicker.

    With --app those of another app's own tables: what `create_app` returned, as uvicorn names it. The
    revision then goes to the alembic.ini of this folder.
    """
    admin = find_site(site) if site else create_app(load_settings()).state.site
    with admin.database as database:
        check_schema(database)
        listings = [view.listing for view in admin.model_views]
        chosen = partial(_is_chosen, is_ours=not site, names=tables)
        with tqdm(total=advisor.tables_of(listings, chosen), desc="Tables", unit="", disable=None) as bar:
            report = advisor.advise(database, listings, rows, chosen, bar.update)
        dialect = database.engine.dialect
        if sql:
            typer.echo("\n".join(index_revisions.statements(report, dialect)))
            return
        typer.echo("\n".join(in_words(report, rows, dialect.name)))
        if write and report.advice:
            environment = index_revisions.environment(is_ours=not site)
            file = index_revisions.write_revision(report, dialect, environment, is_ours=not site)
            typer.echo(f"Wrote {file}; apply it with `alembic upgrade head`.")
            if site:
                typer.echo(KEEPING)


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    with Database.from_settings(settings) as database:
        if warning := check_schema(database):
            typer.echo(f"Warning: {warning}", err=True)
        yield database


def _is_chosen(table: Table, *, is_ours: bool, names: Sequence[str] | None) -> bool:
    return (table.metadata is Base.metadata) is is_ours and (not names or table.name in names)


def _seed(database: Database, people: int, random_seed: int) -> None:
    with tqdm(total=people, desc="Example data", unit=" people", disable=None) as bar:
        outcome = example.seed(database, people, random_seed, bar.update)
    typer.echo(f"Example data: {outcome.added:,} people added, {outcome.present:,} were there already.")


def _show_link(settings: Settings, link: PasswordLink) -> None:
    typer.echo(
        f"To set the password of {link.user_name}, open this link; it works once, within an hour:\n"
        f"  {settings.password_link(link.token)}"
    )


def _roles(session: Session, names: Iterable[str]) -> list[Role]:
    roles = {role.name: role for role in session.scalars(select(Role).order_by(Role.name))}
    for name in names:
        if name not in roles:
            raise NotFound(f"There is no role “{name}”; there are: {', '.join(roles) or 'none'}.")
    return [roles[name] for name in dict.fromkeys(names)]


def _password_from_stdin() -> str:
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadRequest("The password on standard input is not UTF-8 text.") from None


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
