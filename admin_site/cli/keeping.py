"""The commands that keep a site in order: what it signs with, and what it no longer needs."""

from typing import Annotated

import typer

from admin_site import audit
from admin_site.cli.acting import acting, opened
from admin_site.config import load_settings
from admin_site.ops import retention, secret_keys


def rotate_secret_key(
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Somebody has seen the old key: it counts no more.")
    ] = False,
) -> None:
    """Make a new secret key; what the old one signed holds for another week.

    The key is replaced where it is kept: in `.env`, or where `run` keeps its own. One that comes from the
    environment is printed, to be set there. With --drop-old everybody has to sign in again.
    """
    settings = load_settings()
    with acting(settings) as session:
        audit.note(session, "rotate_secret_key", changes={"dropped": [None, True]} if drop_old else None)
        rotation = secret_keys.rotate(settings, keep_old=not drop_old)
    typer.echo("\n".join(rotation.words))


def sweep() -> None:
    """Delete ended sessions, used links and whatever else was kept long enough.

    The site does so by itself every hour. SECURITY_EVENTS_DAYS says how long security events are kept.
    """
    settings = load_settings()
    with opened(settings):
        numbers = retention.sweep(settings)
    if numbers is None:
        typer.echo("Another process is at it.")
        return
    swept = {name: number for name, number in numbers.items() if number}
    if swept:
        with acting(settings) as session:
            audit.note(session, "sweep", changes={name: [number, 0] for name, number in swept.items()})
    typer.echo("\n".join(f"Deleted {number:,} {name}." for name, number in swept.items()) or "Nothing to do.")
