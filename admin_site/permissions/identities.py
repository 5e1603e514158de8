"""Who is signed in, with the rights their roles grant them."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache, reduce
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, func, literal, select
from sqlalchemy.orm import Session

from admin_site.models import Role, RoleGrant, User, user_roles
from admin_site.models.accounts import full_name
from admin_site.permissions.rights import Grant, LimitedGrant, Right, right_of

MAX_NAME = 100  # characters of a person's own name in the audit trail


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

    `grants` are whole; `limited` ones leave out fields or rows. With a `viewer` it is not they who sit there,
    and nothing may be changed.
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
    limited: frozenset[LimitedGrant] = frozenset()

    @property
    def signature(self) -> str:
        """Return the name under which deeds are recorded: people choose what they are called, so their user
        name, which is nobody else's, ends it.
        """
        own = sign(self.name, self.user_name)
        return f"{self.viewer.signature} as {own}" if self.viewer else own

    @property
    def rights(self) -> frozenset[Right]:
        return self.grants | self.limited

    @cached_property
    def limited_by_right(self) -> Mapping[Grant, tuple[LimitedGrant, ...]]:
        """The limited grants by the model and the action that they name."""
        found: dict[Grant, tuple[LimitedGrant, ...]] = {}
        for grant in self.limited:
            right = grant.model, grant.action
            found[right] = (*found.get(right, ()), grant)
        return found


# Whoever may run commands on the machine reaches the database anyway.
COMMAND_LINE = Identity(user_id=uuid.UUID(int=0), session_id=None, name="command line", is_superuser=True)


# Between the parts of a grant, and between grants, where all that somebody holds is one text.
_PART, _END = "\x1f", "\x1e"


class _Held(NamedTuple):
    model: str
    action: str
    fields: str
    scope: str


def _of_roles(wanted: ColumnElement[Any], *joined: Any) -> Select[Any]:
    """Return what `wanted` makes of the roles that a person of the query around it has."""
    own = select(wanted).select_from(user_roles).where(user_roles.c.user_id == User.user_id)
    for table, role_id in joined:
        own = own.join(table, role_id == user_roles.c.role_id)
    return own.correlate(User)


def _as_text(columns: Iterable[Any]) -> ColumnElement[str]:
    first, *others = columns
    return reduce(lambda text, column: text.concat(_PART).concat(column), others, first)


_HELD_ROLES = _of_roles(func.aggregate_strings(Role.name, _END), (Role, Role.role_id)).scalar_subquery()
_HELD_RIGHTS = _of_roles(
    func.aggregate_strings(_as_text(getattr(RoleGrant, name) for name in _Held._fields), _END),
    (RoleGrant, RoleGrant.role_id),
).scalar_subquery()
_MUST_HAVE_SECOND_FACTOR = (
    _of_roles(literal(1), (Role, Role.role_id)).where(Role.requires_second_factor).exists()
)


def sign(name: str, user_name: str) -> str:
    """Return a person's name followed by their user name, such as "Ada Lovelace (ada)"."""
    if name == user_name or not user_name:
        return name
    shown = name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…"
    return f"{shown} ({user_name})"


def identity_of(session: Session, user: User, session_id: uuid.UUID | None = None) -> Identity:
    """Return the rights `user` has in the database, with one query; what is not flushed does not count."""
    rights = with_rights(select().where(User.user_id == user.user_id))
    with session.no_autoflush:
        if stored := session.execute(rights).all():
            return identity_from(stored, session_id)
    return Identity(user.user_id, session_id, str(user), is_superuser=False, user_name=user.user_name)


def with_rights(people: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return a SELECT of people with their names and rights, one row for each of them.

    Whoever holds ten thousand grants would be told of them in as many rows otherwise, for every page.
    """
    return people.add_columns(
        User.user_id,
        User.user_name,
        User.first_name,
        User.last_name,
        User.is_superuser.label("may_all"),
        _HELD_ROLES.label("roles"),
        _MUST_HAVE_SECOND_FACTOR.label("requires_second_factor"),
        _HELD_RIGHTS.label("rights"),
    )


def identity_from(
    rights: Sequence[Row[*tuple[Any, ...]]],
    session_id: uuid.UUID | None,
    **facts: Any,
) -> Identity:
    """Return the identity of a person, of whom `rights` are the rows that `with_rights` gives.

    `facts` are further fields of the identity.
    """
    person = rights[0]
    grants, limited = _read(person.rights or "")
    return Identity(
        user_id=person.user_id,
        session_id=session_id,
        name=full_name(person.first_name, person.last_name) or person.user_name,
        is_superuser=person.may_all,
        grants=grants,
        limited=limited,
        roles=tuple(sorted(person.roles.split(_END))) if person.roles else (),
        user_name=person.user_name,
        **facts,
    )


@lru_cache(maxsize=256)
def _read(rights: str) -> tuple[frozenset[Grant], frozenset[LimitedGrant]]:
    """Return the whole and the limited grants in a text; what is none there grants nothing."""
    parts = (grant.split(_PART) for grant in rights.split(_END))
    held = {right_of(_Held(*grant)) for grant in parts if len(grant) == len(_Held._fields)}
    limited = frozenset(right for right in held if isinstance(right, LimitedGrant))
    return frozenset(right for right in held if not isinstance(right, LimitedGrant)), limited
