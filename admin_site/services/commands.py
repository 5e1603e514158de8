"""What the command line does to people's roles: it holds no right of its own unless it is forced."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.descriptions import describe
from admin_site.errors import Forbidden, NotFound
from admin_site.models import Role, User
from admin_site.permissions import COMMAND_LINE, Action, Identity
from admin_site.services import records, support
from admin_site.services.accounts import find_user
from admin_site.services.guards import REFUSED
from admin_site.services.powers import SUPERUSERS, require_rights_of
from admin_site.services.records import Members

UNFORCED = Identity(user_id=uuid.UUID(int=0), session_id=None, name="command line", is_superuser=False)
"""Whoever runs commands, with the rights they have as long as they do not say --force: none."""


def find_person(session: Session, name: str) -> User:
    """Return whose user name or e-mail address this is (raises NotFound)."""
    user = find_user(session, name)
    if user is None:
        raise NotFound(f"There is nobody called “{name}”.")
    return user


def find_role(session: Session, name: str) -> Role:
    """Return the role of that name; raises NotFound, which names those that there are."""
    roles = {role.name: role for role in session.scalars(select(Role).order_by(Role.name))}
    if name not in roles:
        raise NotFound(f"There is no role “{name}”; there are: {', '.join(roles) or 'none'}.")
    return roles[name]


def require_force_to_give(
    session: Session, roles: Iterable[Role], to: User | str, *, superuser: bool = False, force: bool
) -> None:
    """Raise Forbidden, which is noted, unless `force` says so or what is given holds no right.

    `to` is a person, or the name of one who is not stored yet. As long as there is no active superuser the
    command line may make the first one.
    """
    if force:
        return
    if superuser and session.execute(SUPERUSERS).first() is not None:
        _refuse(session, to, "There is a superuser already. Add --force to make another one.")
    for role in roles:
        try:
            require_rights_of(session, UNFORCED, [role])
        except Forbidden:
            _refuse(session, to, f"The role “{role}” holds rights. Add --force to give it anyway.")


def grant_role(session: Session, user: User, role: Role, *, force: bool = False) -> bool:
    """Give `user` a role, which ends their sessions; return whether they lacked it (raises Forbidden)."""
    support.check(session, None, Action.EDIT, user, force=force)
    require_force_to_give(session, [role], user, force=force)
    return role not in user.roles and _change_roles(session, user, Members(add=(role,)))


def revoke_role(session: Session, user: User, role: Role, *, force: bool = False) -> bool:
    """Take a role from `user`, which ends their sessions; return whether they had it (raises Forbidden)."""
    support.check(session, None, Action.EDIT, user, force=force)
    return role in user.roles and _change_roles(session, user, Members(remove=(role,)))


def _change_roles(session: Session, user: User, change: Members) -> bool:
    records.update(session, COMMAND_LINE, describe(User), user, {"roles": change})
    return True


def _refuse(session: Session, whom: User | str, words: str) -> None:
    user, label = (whom, "") if isinstance(whom, User) else (None, whom)
    audit.note(session, REFUSED, user, label=label, changes={"reason": [None, words]})
    raise Forbidden(words)
