"""Who may do what: one table of actions, one question."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_site.errors import Forbidden
from admin_site.models import Role, RoleGrant, User, user_roles

WILDCARD = "*"  # in a grant: every model, or every action

Grant = tuple[str, str]  # the identity of a model, or *, and an action, or *


class Action(StrEnum):
    LIST = "list"
    DETAILS = "details"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    EXPORT = "export"
    IMPORT = "import"
    RESET_PASSWORD = "action:reset-password"  # noqa: S105 - the name of an action


ACTIONS: dict[Action, str] = {
    Action.LIST: "See the list of records, search it, and choose records of the kind in other forms.",
    Action.DETAILS: "See everything on a record that is not secret.",
    Action.CREATE: "Add records.",
    Action.EDIT: "Change records.",
    Action.DELETE: "Delete records.",
    Action.EXPORT: "Download records as a file.",
    Action.IMPORT: "Add and change records from a file.",
    Action.RESET_PASSWORD: "Give a person a single-use link to set a new password (for the model `user`).",
}

# What the site writes itself: the generic pages never do it by hand, not even for a superuser.
_WRITTEN_BY_HAND = (Action.CREATE, Action.EDIT, Action.IMPORT)
NEVER: frozenset[Grant] = frozenset(
    [
        (model, action)
        for model in ("audit-entry", "credential-token", "user-session")
        for action in _WRITTEN_BY_HAND
    ]
    + [("audit-entry", Action.DELETE), ("credential-token", Action.DELETE)]
)


@dataclass(frozen=True)
class Identity:
    """An active person who is signed in, and the rights they hold."""

    user_id: uuid.UUID
    session_id: uuid.UUID | None
    name: str
    is_superuser: bool
    grants: frozenset[Grant] = frozenset()
    roles: tuple[str, ...] = ()


# Whoever may run commands on the machine reaches the database anyway.
COMMAND_LINE = Identity(user_id=uuid.UUID(int=0), session_id=None, name="command line", is_superuser=True)


def allows(identity: Identity | None, action: str, model: str) -> bool:
    """Return whether `identity` may do `action` to records of the model with that identity."""
    if identity is None or (model, action) in NEVER:
        return False
    return covers(identity, (model, action))


def require(identity: Identity | None, action: str, model: str) -> None:
    """Raise Forbidden, in words, unless `identity` may do `action` to records of the model."""
    if not allows(identity, action, model):
        raise Forbidden(_refusal(identity, action, model))


def covers(identity: Identity, grant: Grant) -> bool:
    """Return whether `identity` holds a right or a wider one; `*` is covered by `*` alone."""
    if identity.is_superuser:
        return True
    model, action = grant
    wider = {(model, action), (model, WILDCARD), (WILDCARD, action), (WILDCARD, WILDCARD)}
    return not identity.grants.isdisjoint(wider)


def covers_all(identity: Identity, grants: Iterable[Grant]) -> bool:
    return all(covers(identity, grant) for grant in grants)


def holds_more(identity: Identity, other: Identity) -> bool:
    """Return whether `other` has any right that `identity` lacks."""
    if identity.is_superuser:
        return False
    return other.is_superuser or not covers_all(identity, other.grants)


def identity_of(session: Session, user: User, session_id: uuid.UUID | None = None) -> Identity:
    """Return the rights `user` has in the database, with one query; what is not flushed does not count."""
    rights = (
        select(User.is_superuser, Role.name, RoleGrant.model, RoleGrant.action)
        .select_from(User)
        .outerjoin(user_roles, user_roles.c.user_id == User.user_id)
        .outerjoin(Role, Role.role_id == user_roles.c.role_id)
        .outerjoin(RoleGrant, RoleGrant.role_id == Role.role_id)
        .where(User.user_id == user.user_id)
    )
    with session.no_autoflush:
        rows = session.execute(rights).all()
    return Identity(
        user_id=user.user_id,
        session_id=session_id,
        name=str(user),
        is_superuser=any(row.is_superuser for row in rows),
        grants=frozenset((row.model, row.action) for row in rows if row.model is not None),
        roles=tuple(sorted({row.name for row in rows if row.name is not None})),
    )


def _refusal(identity: Identity | None, action: str, model: str) -> str:
    if identity is None:
        return "Sign in first."
    verb, name = action.removeprefix("action:").replace("-", " "), model.replace("-", " ")
    if (model, action) in NEVER:
        return f"Records of the kind “{name}” are written by the site itself, never by hand."
    return f"You may not do this: {verb} records of the kind “{name}”."
