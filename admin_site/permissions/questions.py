"""Who may do what: the one question, and who holds more than whom."""

import uuid
from collections.abc import Iterable

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, literal, not_, or_, select, true

from admin_site.errors import Forbidden
from admin_site.models import Role, RoleGrant, User, user_roles
from admin_site.permissions.actions import BY_FIELD, NEVER, WILDCARD, verb
from admin_site.permissions.identities import Identity
from admin_site.permissions.rights import Grant, LimitedGrant, Right


def allows(identity: Identity | None, action: str, model: str) -> bool:
    """Return whether `identity` may do `action` to every record of the model with that identity."""
    if identity is None or (model, action) in NEVER:
        return False
    return covers(identity, (model, action))


def allows_some(identity: Identity | None, action: str, model: str) -> bool:
    """Return whether `identity` may do `action` to records of the model, if only to some rows or fields.

    To which ones, `limits` tells.
    """
    if identity is None or (model, action) in NEVER:
        return False
    return limits(identity, action, model) != ()


def require(identity: Identity | None, action: str, model: str) -> None:
    """Raise Forbidden, in words, unless `identity` may do `action` to every record of the model."""
    if not allows(identity, action, model):
        raise Forbidden(refusal(identity, action, model))


def limits(identity: Identity, action: str, model: str) -> tuple[LimitedGrant, ...] | None:
    """Return the limited grants by which `identity` may do `action` to the model; None where nothing limits.

    What is done to whole records is not granted for some of their fields.
    """
    if covers(identity, (model, action)):
        return None
    if not identity.limited:
        return ()
    found = identity.limited_by_right
    held = (*found.get((model, action), ()), *found.get((model, WILDCARD), ()))
    return held if action in BY_FIELD else tuple(grant for grant in held if not grant.fields)


def covers(identity: Identity, right: Right) -> bool:
    """Return whether `identity` holds a right or a wider one; `*` is covered by `*` alone.

    One grant has to cover it: that several limited ones together reach as far does not count.
    """
    if identity.is_superuser:
        return True
    model, action = right[:2]
    wider = {(model, action), (model, WILDCARD), (WILDCARD, action), (WILDCARD, WILDCARD)}
    if not identity.grants.isdisjoint(wider):
        return True
    if not isinstance(right, LimitedGrant):
        return False
    held = identity.limited_by_right
    return any(_is_within(right, each) for name in wider for each in held.get(name, ()))


def covers_all(identity: Identity, rights: Iterable[Right]) -> bool:
    return all(covers(identity, right) for right in rights)


def holds_more(identity: Identity, other: Identity) -> bool:
    """Return whether `other` has any right that `identity` lacks."""
    if identity.is_superuser:
        return False
    return other.is_superuser or not covers_all(identity, other.rights)


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


def refusal(identity: Identity | None, action: str, model: str) -> str:
    """Return in words that somebody may not do `action` to records of a model."""
    if identity is None:
        return "Sign in first."
    name = model.replace("-", " ")
    if (model, action) in NEVER:
        return f"Records of the kind “{name}” are written by the site itself, never by hand."
    return f"You may not do this: {verb(action)} records of the kind “{name}”."


def _is_within(right: LimitedGrant, held: LimitedGrant) -> bool:
    """Return whether one limited grant leaves no more than another, to the same kind of deed."""
    has_fields = not held.fields or (bool(right.fields) and right.fields <= held.fields)
    is_by_field = not held.fields or right.action in BY_FIELD or right.action == held.action
    return has_fields and is_by_field and held.scope in ("", right.scope)


def _exceeds(identity: Identity) -> ColumnElement[bool]:
    """Return the condition that a grant is a right that `identity` lacks."""
    limited = map(_is_within_limits, sorted(identity.limited, key=_order))
    return not_(or_(false(), *_is_among(identity.grants), *limited))


def _is_among(grants: Iterable[Grant]) -> Iterable[ColumnElement[bool]]:
    """Yield few conditions one of which a grant meets that is no wider than one of these."""
    models: dict[str, list[str]] = {}
    for model, action in sorted(grants):
        models.setdefault(action, []).append(model)
    for action, named in models.items():
        is_action = true() if action == WILDCARD else RoleGrant.action == action
        yield is_action if WILDCARD in named else and_(is_action, RoleGrant.model.in_(named))


def _is_within_limits(right: LimitedGrant) -> ColumnElement[bool]:
    """Return the condition that a grant is no wider than `right`, as `covers` says it of one."""
    is_model = true() if right.model == WILDCARD else RoleGrant.model == right.model
    is_action = true() if right.action == WILDCARD else RoleGrant.action == right.action
    return and_(is_model, is_action, *_limits_as_much(right))


def _limits_as_much(right: LimitedGrant) -> Iterable[ColumnElement[bool]]:
    yield or_(RoleGrant.fields != "", RoleGrant.scope != "")
    if right.scope:
        yield RoleGrant.scope == right.scope
    if right.fields:
        yield RoleGrant.fields != ""
        yield _without(right.fields) == ","
        yield RoleGrant.action.in_([*BY_FIELD, right.action])


def _without(names: Iterable[str]) -> ColumnElement[str]:
    """Return, in SQL, the fields of a grant but for these: "," where there are no others."""
    left: ColumnElement[str] = literal(",").concat(RoleGrant.fields).concat(",")
    for name in sorted(names):
        left = func.replace(left, f",{name},", ",")
    return left


def _order(right: LimitedGrant) -> tuple[str, str, str, str]:
    return right.model, right.action, ",".join(sorted(right.fields)), right.scope
