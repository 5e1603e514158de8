"""The commands about people: their accounts, sessions and roles."""

import sys
import uuid
from typing import Annotated

import typer

from admin_site.cli.acting import acting, on_record, show_link
from admin_site.config import load_settings
from admin_site.errors import BadRequest, ConfigurationError, NotFound
from admin_site.models import LinkPurpose, UserSession
from admin_site.permissions import Action
from admin_site.security.passwords import Passwords
from admin_site.services import accounts, commands, sessions, support
from admin_site.services.devices import device_of
from admin_site.services.links import create_link

UserName = Annotated[str, typer.Argument(metavar="NAME", help="Their user name or e-mail address.")]
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="The name of the role.")]
Force = Annotated[bool, typer.Option("--force", help="Also for people who hold rights.")]

_COLUMNS = "{:36}  {:16}  {:16}  {:39}  {}"
_HEADS = ("SESSION", "SINCE (UTC)", "LAST USED (UTC)", "ADDRESS", "DEVICE")


def create_user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with.")],
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail address.")],
    superuser: Annotated[bool, typer.Option("--superuser", help="May do everything.")] = False,
    role: Annotated[
        list[str] | None, typer.Option(metavar="ROLE", help="A role to hold; may be repeated.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also with rights, once there is a superuser.")
    ] = False,
) -> None:
    """Add a person, who sets a password with a printed link.

    The link works once, within an hour. With --password-stdin there is none. A role that holds rights, and a
    second superuser, take --force.
    """
    settings = load_settings()
    password = _password_from_stdin() if password_stdin else None
    with acting(settings) as session:
        roles = [commands.find_role(session, each) for each in dict.fromkeys(role or ())]
        with on_record(session):
            commands.require_force_to_give(session, roles, name, superuser=superuser, force=force)
        user = accounts.create_user(
            session,
            user_name=name,
            email_address=email,
            password=password,
            roles=roles,
            passwords=Passwords(site_names=settings.site_names),
            is_superuser=superuser,
        )
        link = None if password_stdin else create_link(session, user, LinkPurpose.FIRST_PASSWORD)
    typer.echo(f"Added {user.user_name}.")
    if link:
        show_link(settings, link)


def reset_password(
    name: UserName,
    mail: Annotated[bool, typer.Option("--mail", help="Send the link to them instead.")] = False,
    force: Force = False,
) -> None:
    """Sign a person out and print a link to set a password.

    The link works once, within an hour; their sessions and earlier links end. With --mail it is the site that
    sends it, as soon as it runs.
    """
    settings = load_settings()
    if mail and not settings.can_send_mail:
        raise ConfigurationError("Set SMTP_HOST, MAIL_FROM and PUBLIC_URL: without them no mail is sent")
    with acting(settings) as session, on_record(session):
        user = commands.find_person(session, name)
        if mail:
            support.send_reset_link(session, None, user, force=force)
        else:
            link = support.reset_password(session, None, user, force=force)
    if mail:
        typer.echo(f"A link to set a password is on its way to {user.email_address}.")
    else:
        show_link(settings, link)


def list_sessions(name: UserName, force: Force = False) -> None:
    """Say where a person is signed in.

    The first column names a session for `end-sessions --session`.
    """
    with acting(load_settings()) as session, on_record(session):
        user = commands.find_person(session, name)
        support.check(session, None, Action.END_SESSIONS, user, force=force)
        lines = [_line(each) for each in sessions.live_sessions(session, user)]
    heads = _COLUMNS.format(*_HEADS)
    typer.echo("\n".join([heads, *lines]) if lines else f"{user.user_name} is not signed in anywhere.")


def end_sessions(
    name: UserName,
    session_id: Annotated[
        uuid.UUID | None, typer.Option("--session", metavar="ID", help="Only this one.")
    ] = None,
    force: Force = False,
) -> None:
    """Sign a person out everywhere, or of one session."""
    with acting(load_settings()) as session, on_record(session):
        user = commands.find_person(session, name)
        number = support.end_sessions_of(session, None, user, session_id=session_id, force=force)
    if session_id is not None and not number:
        raise NotFound(f"{user.user_name} has no session {session_id}.")
    typer.echo(f"{number} session{'' if number == 1 else 's'} of {user.user_name} ended.")


def unlock(name: UserName, force: Force = False) -> None:
    """Let a person try to sign in again after too many wrong passwords."""
    with acting(load_settings()) as session, on_record(session):
        user = commands.find_person(session, name)
        was_locked = support.unlock(session, None, user, force=force)
    typer.echo(f"{user.user_name} {'may sign in again' if was_locked else 'was not locked out'}.")


def grant_role(name: UserName, role: RoleName, force: Force = False) -> None:
    """Give a person a role, which signs them out.

    A role that holds rights takes --force.
    """
    with acting(load_settings()) as session, on_record(session):
        user, found = commands.find_person(session, name), commands.find_role(session, role)
        is_new = commands.grant_role(session, user, found, force=force)
    typer.echo(f"{user.user_name} has {'now' if is_new else 'already'} the role {role}.")


def revoke_role(name: UserName, role: RoleName, force: Force = False) -> None:
    """Take a role from a person, which signs them out."""
    with acting(load_settings()) as session, on_record(session):
        user, found = commands.find_person(session, name), commands.find_role(session, role)
        was_held = commands.revoke_role(session, user, found, force=force)
    typer.echo(f"{user.user_name} {'has no longer' if was_held else 'did not have'} the role {role}.")


def _line(session: UserSession) -> str:
    moments = (f"{moment:%Y-%m-%d %H:%M}" for moment in (session.start_time, session.last_seen_at))
    device = device_of(session.user_agent)
    return _COLUMNS.format(str(session.session_id), *moments, session.ip_address or "", device)


def _password_from_stdin() -> str:
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadRequest("The password on standard input is not UTF-8 text.") from None
