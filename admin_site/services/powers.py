"""What one account may do to another: nothing that takes rights which it does not hold itself."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, not_, select
from sqlalchemy.orm import Session

from admin_site.errors import Conflict, Forbidden
from admin_site.keys import Scope
from admin_site.models import Role, RoleGrant, User, UserSession, user_roles
from admin_site.permissions import (
    Action,
    Identity,
    covers,
    holds_more,
    identity_of,
    lesser_roles,
    right_of,
    within,
)
from admin_site.services.viewing import check_viewing

INACTIVE = "This person is not active, so the link would not work. Activate them first."
CANNOT_SIGN_IN = "This person is not active, so no password lets them in. Activate them first."
OWN_ACCOUNT = "This is your own account: somebody else has to help you with it."
WHO_IS_SUPERUSER = "Only a superuser may decide who is a superuser."

_RIGHT = RoleGrant.model, RoleGrant.action, RoleGrant.fields, RoleGrant.scope

SUPERUSERS = select(User.user_id, User.password_hash.is_not(None).label("has_password")).where(
    User.is_superuser, User.is_active
)


def why_not(session: Session, actor: Identity, action: str, record: Any) -> str:
    """Return why `actor` may not do `action` to `record`, in words, or "" where nothing is known.

    It is asked before anything is changed, by pages that offer no button which leads nowhere.
    """
    try:
        check_beforehand(session, actor, action, record)
    except (Forbidden, Conflict) as refusal:
        return str(refusal)
    return ""


def check_beforehand(session: Session, actor: Identity, action: str, record: Any) -> None:
    """Raise Forbidden or Conflict where `why_not` has a reason."""
    for model, act, check in _BEFOREHAND:
        if act == action and isinstance(record, model):
            check(session, actor, record)


def fixed_fields(actor: Identity, model: type) -> dict[str, str]:
    """Return the fields of a model that `actor` may never set, each with the reason."""
    if actor.is_superuser or not issubclass(model, User):
        return {}
    return {"is_superuser": WHO_IS_SUPERUSER}


def choosable(actor: Identity, model: type, name: str) -> Scope | None:
    """Return what leaves of the records that a relation could be given those that `actor` may give it.

    None leaves all of them. It says beforehand what the guards say of every save.
    """
    found = (limit for owner, relation, limit in _CHOICES if issubclass(model, owner) and relation == name)
    limit = next(found, None)
    if limit is None or actor.is_superuser:
        return None
    condition = limit(actor)
    return lambda statement: statement.where(condition)


def require_power_over(session: Session, actor: Identity, user: User) -> None:
    if not actor.is_superuser and holds_more(actor, identity_of(session, user)):
        raise Forbidden(f"{user} holds rights that you lack, so you may not change this account.")


def require_power_over_members(session: Session, actor: Identity, role: Role) -> None:
    members = select(user_roles.c.user_id).where(user_roles.c.role_id == role.role_id)
    is_superuser = User.is_superuser.label("is_superuser")
    rights = (
        select(is_superuser, *_RIGHT)
        .distinct()
        .join(User.roles)
        .outerjoin(Role.grants)
        .where(User.user_id.in_(members))
    )
    if actor.is_superuser:
        return
    for row in session.execute(rights):
        if row.is_superuser or (row.model is not None and not covers(actor, right_of(row))):
            raise Forbidden(f"Some people with the role “{role}” hold rights that you lack.")


def require_rights_of(session: Session, actor: Identity, roles: Iterable[Role]) -> None:
    """Raise Forbidden when one of the roles holds, in the database, a right that `actor` lacks."""
    if actor.is_superuser:
        return
    for role in set(roles):
        # In the database: a role may hold more grants than anybody wants to read for each that is written.
        mightier = select(Role.role_id).where(Role.role_id == role.role_id, not_(lesser_roles(actor)))
        if session.execute(mightier).first() is not None:
            raise Forbidden(f"The role “{role}” holds rights that you lack.")


def require_power_to_reset(session: Session, actor: Identity, user: User) -> None:
    """Raise Forbidden unless `actor` may give `user` a link for a new password."""
    if actor.user_id == user.user_id:
        raise Forbidden("Change your own password instead of resetting it.")
    if holds_more(actor, identity_of(session, user)):
        raise Forbidden(f"{user} holds rights that you lack, so you may not reset their password.")


def require_power_to_help(session: Session, actor: Identity, user: User) -> None:
    """Raise Forbidden unless `actor` may do to the account of `user` what a support desk does."""
    if actor.user_id == user.user_id:
        raise Forbidden(OWN_ACCOUNT)
    if holds_more(actor, identity_of(session, user)):
        raise Forbidden(f"{user} holds rights that you lack: somebody who has them too has to help them.")


def refuse_oneself(_session: Session, actor: Identity, user: User) -> None:
    """Raise Conflict when somebody would delete their own account."""
    if actor.user_id == user.user_id:
        raise Conflict("This is your own account. Somebody else has to delete it.")


def _be_active(_session: Session, _actor: Identity, user: User) -> None:
    if not user.is_active:
        raise Conflict(INACTIVE)


def _be_active_to_sign_in(_session: Session, _actor: Identity, user: User) -> None:
    if not user.is_active:
        raise Conflict(CANNOT_SIGN_IN)


def refuse_the_last(before: Sequence[Any], leaving: Collection[Any]) -> None:
    """Raise Conflict when of these active superusers none is left, or none who can sign in."""
    after = [row for row in before if row.user_id not in leaving]
    can_sign_in = any(row.has_password for row in before), any(row.has_password for row in after)
    if len(after) < len(before) and (not after or can_sign_in == (True, False)):
        raise Conflict("This is the last active superuser. Make somebody else one first.")


def _keep_this_superuser(session: Session, _: Identity, user: User) -> None:
    if user.is_superuser and user.is_active:
        refuse_the_last(session.execute(SUPERUSERS).all(), {user.user_id})


_BEFOREHAND: tuple[tuple[type, str, Callable[[Session, Identity, Any], None]], ...] = (
    (User, Action.EDIT, require_power_over),
    (User, Action.DELETE, require_power_over),
    (User, Action.DELETE, _keep_this_superuser),
    (User, Action.DELETE, refuse_oneself),
    (User, Action.RESET_PASSWORD, require_power_to_reset),
    (User, Action.RESET_PASSWORD, _be_active),
    (User, Action.TEMPORARY_PASSWORD, require_power_to_help),
    (User, Action.TEMPORARY_PASSWORD, _be_active_to_sign_in),
    (User, Action.UNLOCK, require_power_to_help),
    (User, Action.END_SESSIONS, require_power_to_help),
    (User, Action.REMOVE_SECOND_FACTOR, require_power_to_help),
    (User, Action.ACTIVATE, require_power_to_help),
    (User, Action.ACTIVATE, _keep_this_superuser),
    (User, Action.VIEW_AS, check_viewing),
    (Role, Action.EDIT, lambda session, actor, role: require_rights_of(session, actor, [role])),
    (Role, Action.DELETE, lambda session, actor, role: require_rights_of(session, actor, [role])),
    (Role, Action.DELETE, require_power_over_members),
    (RoleGrant, Action.EDIT, lambda session, actor, grant: require_rights_of(session, actor, [grant.role])),
    (
        RoleGrant,
        Action.DELETE,
        lambda session, actor, grant: require_rights_of(session, actor, [grant.role]),
    ),
    (
        UserSession,
        Action.DELETE,
        lambda session, actor, ended: require_power_over(session, actor, ended.user),
    ),
)
"""What is known before anything is changed: of records of a model, the action, and what is asked then."""

_CHOICES: tuple[tuple[type, str, Callable[[Identity], ColumnElement[bool]]], ...] = (
    (User, "roles", lesser_roles),
    (Role, "users", lambda actor: within(actor, User.user_id)),
    (RoleGrant, "role", lesser_roles),
)
"""Which records of a relation would be refused to people who lack some of their rights."""
