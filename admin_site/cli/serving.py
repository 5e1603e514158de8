"""The commands that make a site and serve it."""

from typing import Annotated

import typer
from tqdm import tqdm

from admin_site import audit
from admin_site import seed as example
from admin_site.app import create_app
from admin_site.cli.acting import opened, show_link
from admin_site.config import check_for_deployment, load_settings
from admin_site.database import Database
from admin_site.ops import local
from admin_site.ops import migrate as migrations
from admin_site.ops import serve as server
from admin_site.services import accounts


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
                audit.attribute(session, audit.command_line())
                link = accounts.ensure_superuser(session)
        site = create_app(settings)
        if link:
            show_link(settings, link)
        typer.echo(f"The admin is at {settings.address}/admin (Ctrl-C stops it).")
        server.serve(lambda: site, listener)


def serve() -> None:
    """Serve the site in production, until SIGTERM.

    Needs SECRET_KEY and PUBLIC_URL; listens on HOST and PORT with WEB_CONCURRENCY processes.
    """
    server.stop_cleanly_on_signals()
    settings = load_settings()
    check_for_deployment(settings)
    with opened(settings):
        pass
    with server.listen(settings.host, settings.port) as listener:
        typer.echo(f"Listening on {server.address_of(listener)} for {settings.address}")
        server.serve("admin_site.app:deployed", listener, settings.web_concurrency, log_level="info")


def migrate() -> None:
    """Bring the tables of the database up to this version.

    The release step of a deployment; several at once wait for each other.
    """
    applied = migrations.migrate(load_settings())
    typer.echo("\n".join(f"Applied {revision}." for revision in applied) or "Nothing to do.")


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
    with opened(load_settings()) as database:
        _seed(database, people, random_seed)


def _seed(database: Database, people: int, random_seed: int) -> None:
    with tqdm(total=people, desc="Example data", unit=" people", disable=None) as bar:
        outcome = example.seed(database, people, random_seed, bar.update)
    typer.echo(f"Example data: {outcome.added:,} people added, {outcome.present:,} were there already.")
