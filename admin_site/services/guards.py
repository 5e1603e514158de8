"""What nobody may do to accounts and rights, whichever door the change comes through."""

import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import InstanceState, Session
from sqlalchemy.orm.attributes import History
from sqlalchemy.orm.base import PassiveFlag

from admin_site import audit
from admin_site.errors import AdminSiteError, Forbidden, Invalid
from admin_site.models import AuditEntry, CredentialToken, Role, RoleGrant, SecondFactor, User, UserSession
from admin_site.models.accounts import CHANGED_HERE
from admin_site.permissions import COMMAND_LINE, Identity, covers, right_of
from admin_site.services.grants import check_grant
from admin_site.services.links import expire_links, expire_links_of_members
from admin_site.services.mail import tell_of_new_address
from admin_site.services.names import FULL_NAME, NAMES, check_full_name, check_names
from admin_site.services.powers import (
    SUPERUSERS,
    WHO_IS_SUPERUSER,
    refuse_oneself,
    refuse_the_last,
    require_power_over,
    require_power_over_members,
    require_rights_of,
)
from admin_site.services.sensitive import require_password_for_changes
from admin_site.services.sessions import end_sessions, end_sessions_of_members
from admin_site.services.temporary_passwords import (
    expire_temporary_password,
    expire_temporary_passwords_of_members,
)

REFUSED = "refused"
MAX_REFUSALS = 20  # recorded of one person in REFUSALS_COUNT_FOR
REFUSALS_COUNT_FOR = timedelta(minutes=1)
MAX_REASON = 200  # characters of a reason and of an address, which may hold whatever somebody sent
TEMPORARY = "They have a temporary password, which cannot be kept."
NO_HAND_ON_FACTORS = "A second factor is set up by its owner, and taken away at the support desk."
LAST_REFUSAL = " Further refusals within this minute are not recorded."

Guard = Callable[[Session, Identity, Any], None]

# What a relation gained or lost is known without loading the rest of it.
_UNLOADED = PassiveFlag.PASSIVE_NO_INITIALIZE | PassiveFlag.INCLUDE_PENDING_MUTATIONS


def guard(session: Session, identity: Identity | None) -> None:
    """Ask the guards about every record `session` is about to write.

    Raises Forbidden, Invalid, Conflict or PasswordNeeded; the transaction must then be rolled back, and
    `note_refusal` be called in the next one. `identity` is None on the command line, which only what holds
    for everybody can stop.
    """
    with session.no_autoflush:
        for record in [*session.new, *session.dirty, *session.deleted]:
            for model, check in GUARDS.items():
                if isinstance(record, model):
                    check(session, identity or COMMAND_LINE, record)
        # Last: nobody types their password for what would be refused all the same.
        require_password_for_changes(session, identity or COMMAND_LINE)


def note_refusal(
    session: Session, refusal: AdminSiteError, record: object | None = None, *, label: str = ""
) -> None:
    """Record in a new transaction what was refused, after that of the attempt was rolled back.

    Of one person's refusals in a minute only the first are recorded, so that nobody fills the trail.
    """
    number = audit.recent(session, REFUSED, REFUSALS_COUNT_FOR)
    if number >= MAX_REFUSALS:
        return
    reason = _short(str(refusal)) + (LAST_REFUSAL if number == MAX_REFUSALS - 1 else "")
    audit.note(session, REFUSED, record, label=_short(label), changes={"reason": [None, reason]})


def _guard_user(session: Session, actor: Identity, user: User) -> None:
    changed = _changed_columns(user)
    roles = _history(user, "roles")
    is_new, is_deleted = user in session.new, user in session.deleted
    if not (is_new or is_deleted or changed or _is_changed(roles) or _has_changed_relations(user)):
        return
    if "password_hash" in changed and not (is_new and user.password_hash is None):
        raise Forbidden("A password is set by its owner, or by a link; never by hand.")
    if not is_deleted and _is_changed(_history(user, "second_factor")):
        raise Forbidden(NO_HAND_ON_FACTORS)
    if not actor.is_superuser and (
        (is_new and user.is_superuser) or (not is_new and "is_superuser" in changed)
    ):
        raise Forbidden(WHO_IS_SUPERUSER)
    require_power_over(session, actor, user)
    require_rights_of(session, actor, roles.added)
    if not is_deleted and (is_new or changed & NAMES):
        check_names(session, user)
    if not is_deleted and (is_new or changed & FULL_NAME):
        check_full_name(user)
    if "must_change_password" in changed and user.password_expires_at and not user.must_change_password:
        raise Invalid({"must_change_password": TEMPORARY})
    if is_deleted or changed & {"is_active", "is_superuser"}:
        _keep_a_superuser(session)
    if is_deleted:
        refuse_oneself(session, actor, user)
    if not is_new and not is_deleted and "email_address" in changed:
        _tell_of_new_address(session, actor, user)
    if not is_new and not is_deleted:
        _end_what_no_longer_holds(session, user, changed, has_other_roles=_is_changed(roles))


def _guard_role(session: Session, actor: Identity, role: Role) -> None:
    members = _history(role, "users")
    is_deleted = role in session.deleted
    if not (is_deleted or role in session.new or _changed_columns(role) or _is_changed(members)):
        return
    require_rights_of(session, actor, [role])
    if is_deleted:
        require_power_over_members(session, actor, role)
        end_sessions_of_members(session, role)
        expire_links_of_members(session, role)
        expire_temporary_passwords_of_members(session, role)
        return
    for user in (*members.added, *members.deleted):
        require_power_over(session, actor, user)
        end_sessions(session, user)
        expire_links(session, user)
        expire_temporary_password(session, user)


def _guard_grant(session: Session, actor: Identity, grant: RoleGrant) -> None:
    is_written = grant in session.new or grant in session.deleted
    if not (is_written or _changed_columns(grant) or _is_changed(_history(grant, "role"))):
        return
    if grant not in session.deleted and not covers(actor, right_of(grant)):
        raise Forbidden(f"You may not grant “{grant}”: you do not hold this right yourself.")
    former = session.scalars(select(Role).join(Role.grants).where(RoleGrant.grant_id == _stored_key(grant)))
    current = grant.role or (session.get(Role, grant.role_id) if grant.role_id is not None else None)
    roles = [*former, current] if current else list(former)
    require_rights_of(session, actor, roles)
    if grant not in session.deleted:
        check_grant(session, grant)
    for role in roles:
        end_sessions_of_members(session, role, keep=actor.session_id)
        expire_links_of_members(session, role)
        expire_temporary_passwords_of_members(session, role)


def _guard_session(session: Session, actor: Identity, ended: UserSession) -> None:
    if ended in session.new or _changed_columns(ended) or _is_changed(_history(ended, "user")):
        raise Forbidden("A session begins when somebody signs in; it can be ended, not written by hand.")
    if ended in session.deleted and not _goes_with_its_user(session, ended):
        require_power_over(session, actor, ended.user)


def _guard_link(session: Session, _: Identity, link: CredentialToken) -> None:
    is_touched = _changed_columns(link) or _is_changed(_history(link, "user"))
    if link in session.new or is_touched or not _goes_with_its_user(session, link):
        raise Forbidden("Password links are written by the site itself, never by hand.")


def _guard_entry(session: Session, _: Identity, entry: AuditEntry) -> None:
    if entry in session.new or entry in session.deleted or _changed_columns(entry):
        raise Forbidden("The history of changes is written by the site itself, never by hand.")


def _guard_factor(session: Session, _: Identity, factor: SecondFactor) -> None:
    is_touched = _changed_columns(factor) or _is_changed(_history(factor, "user"))
    if factor in session.new or is_touched or not _goes_with_its_user(session, factor):
        raise Forbidden(NO_HAND_ON_FACTORS)


GUARDS: dict[type, Guard] = {
    SecondFactor: _guard_factor,
    User: _guard_user,
    Role: _guard_role,
    RoleGrant: _guard_grant,
    UserSession: _guard_session,
    CredentialToken: _guard_link,
    AuditEntry: _guard_entry,
}


def _keep_a_superuser(session: Session) -> None:
    """Raise Conflict when this flush would leave no active superuser, or none who has a password.

    The rows are locked in the order of their keys, so that of two who demote each other one waits, looks
    again, and is refused. SQLite lets only one of them write.
    """
    statement = SUPERUSERS.order_by(User.user_id).with_for_update(key_share=True)
    refuse_the_last(session.execute(statement).all(), {_stored_key(user) for user in _leaving(session)})


def _leaving(session: Session) -> Iterable[User]:
    """Yield who will not be an active superuser after this flush."""
    for record in (*session.dirty, *session.deleted):
        is_gone = record in session.deleted
        if isinstance(record, User) and (is_gone or not (record.is_active and record.is_superuser)):
            yield record


def _tell_of_new_address(session: Session, actor: Identity, user: User) -> None:
    created_by = actor.user_id if actor != COMMAND_LINE else None
    for former in _history(user, "email_address").deleted or ():
        tell_of_new_address(session, user, former, created_by=created_by)


def _end_what_no_longer_holds(
    session: Session, user: User, changed: set[str], *, has_other_roles: bool
) -> None:
    """End the sessions and links of a person whose rights change, and the links of one who moved."""
    has_other_rights = has_other_roles or bool(changed & {"is_active", "is_superuser"})
    if has_other_rights:
        end_sessions(session, user)
        expire_temporary_password(session, user)
    if has_other_rights or "email_address" in changed:
        expire_links(session, user)


def _goes_with_its_user(session: Session, record: UserSession | CredentialToken | SecondFactor) -> bool:
    """Return whether `record` is deleted because its user is."""
    owners = {user.user_id for user in session.deleted if isinstance(user, User)}
    return record in session.deleted and record.user_id in owners


def _changed_columns(record: Any) -> set[str]:
    """Return the names of the column attributes that hold another value than the database."""
    names = inspect(record).mapper.column_attrs.keys()
    return {name for name in names if _is_changed(_history(record, name))}


def _has_changed_relations(user: User) -> bool:
    """Return whether a person refers to something else, or has other members by a change from their side."""
    state = inspect(user)
    names = {relation.key for relation in state.mapper.relationships if not relation.uselist}
    return any(_is_changed(_history(user, name)) for name in names | state.info.get(CHANGED_HERE, set()))


def _is_changed(history: History) -> bool:
    return list(history.added or ()) != list(history.deleted or ())


def _short(text: str) -> str:
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"


def _history(record: Any, name: str) -> History:
    state: InstanceState[Any] = inspect(record)
    return state.get_history(name, _UNLOADED)


def _stored_key(record: Any) -> uuid.UUID | int | None:
    """Return the key under which the database knows a record, whatever it holds now."""
    key = inspect(record).identity
    return key[0] if key else None
