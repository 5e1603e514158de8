"""Who may do what: one table of actions, one question."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, and_, false, not_, or_, select, true
from sqlalchemy.orm import Session

from admin_site.errors import Forbidden
from admin_site.models import Role, RoleGrant, User, user_roles
from admin_site.models.accounts import full_name

WILDCARD = "*"  # in a grant: every model, or every action
MAX_NAME = 100  # characters of a person's own name in the audit trail

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
    TEMPORARY_PASSWORD = "action:temporary-password"  # noqa: S105 - the name of an action
    UNLOCK = "action:unlock"
    END_SESSIONS = "action:end-sessions"
    REMOVE_SECOND_FACTOR = "action:remove-second-factor"
    ACTIVATE = "action:activate"
    VIEW_AS = "action:view-as"


ACTIONS: dict[Action, str] = {
    Action.LIST: "See the list of records, search it, and choose records of the kind in other forms.",
    Action.DETAILS: "See everything on a record that is not secret.",
    Action.CREATE: "Add records.",
    Action.EDIT: "Change records.",
    Action.DELETE: "Delete records.",
    Action.EXPORT: "Download the list of records as a file, where it may be seen.",
    Action.IMPORT: "Add and change records from a file.",
    Action.RESET_PASSWORD: "Send a person a single-use link to set a new password (for the model `user`).",
    Action.TEMPORARY_PASSWORD: "Give a person a password for one day (for the model `user`).",
    Action.UNLOCK: "Let a person try to sign in again after too many attempts (for the model `user`).",
    Action.END_SESSIONS: "See where a person is signed in, and sign them out (for the model `user`).",
    Action.REMOVE_SECOND_FACTOR: "Take away a person's second factor (for the model `user`).",
    Action.ACTIVATE: "Activate and deactivate people (for the model `user`).",
    Action.VIEW_AS: "See the site as a person does, changing nothing (for the model `user`).",
}

# What the site writes itself: the generic pages never do it by hand, not even for a superuser.
_WRITTEN_BY_HAND = (Action.CREATE, Action.EDIT, Action.IMPORT)
_KEPT_BY_THE_SITE = (
    "audit-entry",
    "credential-token",
    "outgoing-mail",
    "recovery-code",
    "second-factor",
    "throttle",
    "viewing",
)
NEVER: frozenset[Grant] = frozenset(
    [
        (model, action)
        for model in (*_KEPT_BY_THE_SITE, "list-preference", "saved-view", "user-session")
        for action in _WRITTEN_BY_HAND
    ]
    + [(model, Action.DELETE) for model in _KEPT_BY_THE_SITE]
)


class Duty(StrEnum):
    """What a person has to do before they may do anything else."""

    CHANGE_PASSWORD = "change-password"  # noqa: S105 - the name of a page
    SET_UP_SECOND_FACTOR = "second-factor"


@dataclass(frozen=True)
class Viewer:
    """Who looks at the site as somebody else does."""

    user_id: uuid.UUID
    signature: str
    reason: str
    until: datetime


@dataclass(frozen=True)
class Preferences:
    """How a person wants pages to be; "" leaves it to the browser."""

    language: str = ""
    time_zone: str = ""
    theme: str = ""


@dataclass(frozen=True)
class Identity:
    """An active person who is signed in, and the rights they hold.

    With a `viewer` it is not they who sit there, and nothing may be changed.
    """

    user_id: uuid.UUID
    session_id: uuid.UUID | None
    name: str
    is_superuser: bool
    grants: frozenset[Grant] = frozenset()
    roles: tuple[str, ...] = ()
    user_name: str = ""
    seen_at: datetime | None = field(default=None, compare=False)  # when their session was last noted in use
    authenticated_at: datetime | None = field(
        default=None, compare=False
    )  # when their password was typed last
    duty: Duty | None = None
    viewer: Viewer | None = None
    preferences: Preferences = Preferences()

    @property
    def signature(self) -> str:
        """Return the name under which deeds are recorded: people choose what they are called, so their user
        name, which is nobody else's, ends it.
        """
        own = sign(self.name, self.user_name)
        return f"{self.viewer.signature} as {own}" if self.viewer else own


# Whoever may run commands on the machine reaches the database anyway.
COMMAND_LINE = Identity(user_id=uuid.UUID(int=0), session_id=None, name="command line", is_superuser=True)


def sign(name: str, user_name: str) -> str:
    """Return a person's name followed by their user name, such as "Ada Lovelace (ada)"."""
    if name == user_name or not user_name:
        return name
    shown = name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…"
    return f"{shown} ({user_name})"


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


def within(identity: Identity, user_id: SQLColumnExpression[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition that `user_id` is somebody who has no right that `identity` lacks."""
    if identity.is_superuser:
        return true()
    links = user_roles.join(RoleGrant, RoleGrant.role_id == user_roles.c.role_id)
    mighty = select(user_roles.c.user_id).select_from(links).where(_exceeds(identity))
    return user_id.not_in(mighty) & user_id.not_in(select(User.user_id).where(User.is_superuser))


def lesser_roles(identity: Identity) -> ColumnElement[bool]:
    """Return the condition that a role holds no right that `identity` lacks."""
    if identity.is_superuser:
        return true()
    return Role.role_id.not_in(select(RoleGrant.role_id).where(_exceeds(identity)))


def _exceeds(identity: Identity) -> ColumnElement[bool]:
    """Return the condition that a grant is a right that `identity` lacks."""
    return not_(or_(false(), *map(_is_covered_by, sorted(identity.grants))))


def _is_covered_by(grant: Grant) -> ColumnElement[bool]:
    model, action = grant
    same_model = [RoleGrant.model == model] if model != WILDCARD else []
    same_action = [RoleGrant.action == action] if action != WILDCARD else []
    return and_(true(), *same_model, *same_action)


@dataclass(frozen=True)
class Grantable:
    """What roles may be granted on a site, each with its words."""

    models: Mapping[str, str]
    actions: Mapping[str, str]


def grantable(models: Mapping[str, str], actions: Mapping[str, str]) -> Grantable:
    """Return what can be granted where these models, by identity, have `actions` beside those of the table.

    `models` are called by their names in the plural, `actions` by their labels.
    """
    generic = {str(action): f"{_verb(action).capitalize()}: {words}" for action, words in ACTIONS.items()}
    named = {identity: f"{name} ({identity})" for identity, name in sorted(models.items(), key=_by_name)}
    return Grantable({WILDCARD: "All models", **named}, {WILDCARD: "All actions", **actions, **generic})


def _by_name(item: tuple[str, str]) -> str:
    return item[1].casefold()


def _verb(action: str) -> str:
    return action.removeprefix("action:").replace("-", " ")


def identity_of(session: Session, user: User, session_id: uuid.UUID | None = None) -> Identity:
    """Return the rights `user` has in the database, with one query; what is not flushed does not count."""
    rights = with_rights(select().where(User.user_id == user.user_id))
    with session.no_autoflush:
        if stored := session.execute(rights).all():
            return identity_from(stored, session_id)
    return Identity(user.user_id, session_id, str(user), is_superuser=False, user_name=user.user_name)


def with_rights(people: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return a SELECT of people with their names and rights: a row for each grant they hold, or for none."""
    return (
        people.add_columns(
            User.user_id,
            User.user_name,
            User.first_name,
            User.last_name,
            User.is_superuser.label("may_all"),
            Role.name.label("role"),
            Role.requires_second_factor,
            RoleGrant.model.label("model"),
            RoleGrant.action.label("action"),
        )
        .outerjoin_from(User, user_roles, user_roles.c.user_id == User.user_id)
        .outerjoin(Role, Role.role_id == user_roles.c.role_id)
        .outerjoin(RoleGrant, RoleGrant.role_id == Role.role_id)
    )


def identity_from(
    rights: Sequence[Row[*tuple[Any, ...]]],
    session_id: uuid.UUID | None,
    **facts: Any,
) -> Identity:
    """Return the identity of a person, of whom `rights` are all rows that `with_rights` gives.

    `facts` are further fields of the identity.
    """
    person = rights[0]
    return Identity(
        user_id=person.user_id,
        session_id=session_id,
        name=full_name(person.first_name, person.last_name) or person.user_name,
        is_superuser=any(row.may_all for row in rights),
        grants=frozenset((row.model, row.action) for row in rights if row.model is not None),
        roles=tuple(sorted({row.role for row in rights if row.role is not None})),
        user_name=person.user_name,
        **facts,
    )


def _refusal(identity: Identity | None, action: str, model: str) -> str:
    if identity is None:
        return "Sign in first."
    verb, name = _verb(action), model.replace("-", " ")
    if (model, action) in NEVER:
        return f"Records of the kind “{name}” are written by the site itself, never by hand."
    return f"You may not do this: {verb} records of the kind “{name}”."
