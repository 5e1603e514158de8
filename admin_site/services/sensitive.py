"""Which changes take the password of who makes them once more: of credentials, and of who may do what."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.base import PassiveFlag

from admin_site.models import Role, RoleGrant, User
from admin_site.permissions import Identity
from admin_site.services.reauthentication import require_recent_password

# What a relation gained or lost is known without loading the rest of it.
_UNLOADED = PassiveFlag.PASSIVE_NO_INITIALIZE | PassiveFlag.INCLUDE_PENDING_MUTATIONS


def require_password_for_changes(session: Session, actor: Identity) -> None:
    """Raise PasswordNeeded when `session` is about to write what takes it and it was typed a while ago."""
    if any(_is_sensitive(session, record) for record in (*session.new, *session.dirty, *session.deleted)):
        require_recent_password(actor)


def _is_sensitive(session: Session, record: Any) -> bool:
    return any(isinstance(record, model) and asks(session, record) for model, asks in _SENSITIVE.items())


def _of_user(session: Session, user: User) -> bool:
    """Return whether a person gets or loses rights, or another address, to which password links are sent."""
    if user in session.deleted:
        return False
    if user in session.new:
        return bool(user.is_superuser) or _has_changed(user, "roles")
    return any(_has_changed(user, name) for name in ("email_address", "is_superuser", "roles"))


def _of_role(session: Session, role: Role) -> bool:
    is_written = role in session.new or role in session.deleted
    return is_written or any(_has_changed(role, name) for name in ("requires_second_factor", "users"))


def _of_grant(session: Session, grant: RoleGrant) -> bool:
    is_written = grant in session.new or grant in session.deleted
    names = ("model", "action", "fields", "scope", "role", "role_id")
    return is_written or any(_has_changed(grant, name) for name in names)


_SENSITIVE: dict[type, Callable[[Session, Any], bool]] = {
    User: _of_user,
    Role: _of_role,
    RoleGrant: _of_grant,
}


def _has_changed(record: Any, name: str) -> bool:
    history = inspect(record).get_history(name, _UNLOADED)
    return list(history.added or ()) != list(history.deleted or ())
