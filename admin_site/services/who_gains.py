"""Whom a change of a role's rights concerns: not who holds them by another role, nor superusers."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, false, func, select
from sqlalchemy.orm import Session

from admin_site.keys import Scope
from admin_site.models import Role, RoleGrant, SecondFactor, User, user_roles
from admin_site.permissions import WILDCARD, Identity, LimitedGrant, Right, covers, right_of

NAMED = 10
"""How many people of a crowd are loaded, to be named."""

_NOBODY = uuid.UUID(int=0)
_BY_NAME = User.first_name, User.last_name, User.user_name


@dataclass(frozen=True)
class Crowd:
    """How many people there are, and the first of them by name."""

    number: int
    first: tuple[User, ...]


NO_ONE = Crowd(0, ())


@dataclass(frozen=True)
class Effects:
    """Who gains each right that a role gets, and who loses each that it is deprived of."""

    gains: dict[Right, Crowd]
    losses: dict[Right, Crowd]


def holders(session: Session, role: Role, scope: Scope | None = None) -> Crowd:
    """Return the people who have a role, those of them alone that `scope` leaves."""
    return _crowd(session, _members(role), scope)


def without_second_factor(session: Session, role: Role, scope: Scope | None = None) -> Crowd:
    """Return those people with a role who have no second factor that works yet."""
    confirmed = select(SecondFactor.user_id).where(SecondFactor.confirmed_at.is_not(None))
    return _crowd(session, _members(role).where(User.user_id.not_in(confirmed)), scope)


def holding(held: Collection[Right]) -> Identity:
    """Return somebody who holds these rights and no others."""
    limited = frozenset(right for right in held if isinstance(right, LimitedGrant))
    whole = frozenset(right for right in held if not isinstance(right, LimitedGrant))
    return Identity(_NOBODY, None, "", is_superuser=False, grants=whole, limited=limited)


def effects(
    session: Session,
    role: Role,
    before: Collection[Right],
    after: Collection[Right],
    *,
    gained: Iterable[Right] = (),
    lost: Iterable[Right] = (),
    scope: Scope | None = None,
) -> Effects:
    """Return whom it concerns that the rights of `role` become `after` where they were `before`.

    One query finds what its members hold by other roles, and two at most count each different crowd: most
    rights are gained or lost by the same people.
    """
    gained, lost = tuple(gained), tuple(lost)
    rivals = _rivals(session, role, {right[0] for right in (*gained, *lost)})
    crowds: dict[frozenset[int], Crowd] = {}

    def lacking(right: Right, own: Identity) -> Crowd:
        if covers(own, right):
            return NO_ONE
        roles = frozenset(role_id for role_id, held in rivals.items() if covers(held, right))
        if roles not in crowds:
            crowds[roles] = _crowd(session, _without(role, roles), scope)
        return crowds[roles]

    then, later = holding(before), holding(after)
    return Effects(
        {right: lacking(right, then) for right in gained}, {right: lacking(right, later) for right in lost}
    )


def _rivals(session: Session, role: Role, models: Collection[str]) -> dict[int, Identity]:
    """Return what the other roles of a role's members hold of these models, by the key of the role."""
    others = user_roles.alias()
    shared = (
        select(others.c.role_id)
        .join(user_roles, user_roles.c.user_id == others.c.user_id)
        .where(user_roles.c.role_id == role.role_id, others.c.role_id != role.role_id)
    )
    columns = RoleGrant.role_id, RoleGrant.model, RoleGrant.action, RoleGrant.fields, RoleGrant.scope
    grants = select(*columns).where(
        RoleGrant.role_id.in_(shared), RoleGrant.model.in_([WILDCARD, *sorted(models)])
    )
    found: dict[int, list[Right]] = {}
    for grant in session.execute(grants):
        found.setdefault(grant.role_id, []).append(right_of(grant))
    return {role_id: holding(held) for role_id, held in found.items()}


def _members(role: Role) -> Select[Any]:
    mine = select(user_roles.c.user_id).where(user_roles.c.role_id == role.role_id)
    return select(User).where(User.user_id.in_(mine))


def _without(role: Role, roles: Collection[int]) -> Select[Any]:
    """Return the members of a role who have none of other roles, and are no superusers."""
    statement = _members(role).where(User.is_superuser == false())
    if not roles:
        return statement
    held = select(user_roles.c.user_id).where(user_roles.c.role_id.in_(sorted(roles)))
    return statement.where(User.user_id.not_in(held))


def _crowd(session: Session, people: Select[Any], scope: Scope | None) -> Crowd:
    if scope is not None:
        people = scope(people)
    first: Sequence[User] = session.scalars(people.order_by(*_BY_NAME).limit(NAMED + 1)).all()
    if len(first) <= NAMED:
        return Crowd(len(first), tuple(first))
    number = session.scalar(
        select(func.count()).select_from(people.with_only_columns(User.user_id).subquery())
    )
    return Crowd(number or 0, tuple(first[:NAMED]))
