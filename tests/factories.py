"""People, roles and identities for tests, stored and flushed; every name is taken once."""

from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from admin_site.models import Role, RoleGrant, User
from admin_site.permissions import Identity, LimitedGrant, Right, as_fields, identity_of
from admin_site.security.passwords import Passwords, Policy
from admin_site.services.sessions import start_session

# As weak as Argon2id can be: a test that is about something else does not wait for it.
CHEAP = Passwords(Policy(memory_kib=8, time_cost=1, parallelism=1))
PASSWORD = "a violin under seven clouds"

_numbers = count(1)


def make_user(
    session: Session,
    *,
    password: str | None = None,
    roles: tuple[Role, ...] = (),
    superuser: bool = False,
    signed_in_on: int = 0,
    **values: Any,
) -> User:
    """Store a person, who has a password only if it is given and `signed_in_on` so many sessions."""
    number = next(_numbers)
    defaults = {"user_name": f"person{number}", "email_address": f"person{number}@example.org"}
    user = User(**{**defaults, "is_superuser": superuser, "roles": list(roles), **values})
    if password is not None:
        user.password_hash = CHEAP.hash(password)
    session.add(user)
    session.flush()
    for _ in range(signed_in_on):
        start_session(session, user)
    return user


def make_role(session: Session, *grants: Right, name: str | None = None) -> Role:
    """Store a role with grants such as `("course", "edit")` or `LimitedGrant(...)`."""
    role = Role(name=name or f"Role {next(_numbers)}", grants=list(map(_grant, grants)))
    session.add(role)
    session.flush()
    return role


def _grant(right: Right) -> RoleGrant:
    if isinstance(right, LimitedGrant):
        model, action, fields, scope = right
        return RoleGrant(model=model, action=action, fields=as_fields(fields), scope=scope)
    model, action = right
    return RoleGrant(model=model, action=action)


def an_administrator(session: Session) -> Identity:
    """Return the identity of a new superuser."""
    return identity_of(session, make_user(session, superuser=True))


def identity_with(session: Session, *grants: Right) -> Identity:
    """Return the identity of a new person whose one role holds the grants."""
    return identity_of(session, make_user(session, roles=(make_role(session, *grants),)))
