"""People, how they sign in and how their passwords change."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.descriptions import describe
from admin_site.errors import Conflict, Forbidden
from admin_site.models import LinkPurpose, Role, User, utc_now
from admin_site.models.accounts import MAX_RAW_NAME, normalize_name
from admin_site.models.audit import LINK_HOLDER
from admin_site.permissions import sign
from admin_site.security.passwords import PASSWORDS, Passwords
from admin_site.services.constraints import explain
from admin_site.services.links import PasswordLink, consume_link, create_link, expire_links, peek_link
from admin_site.services.names import check_full_name, check_names, is_called
from admin_site.services.sessions import end_session, end_sessions, start_session

BUSY = "Somebody else is changing the same data right now. Try again."


class SignInRefused(Forbidden):
    """A name and a password that let nobody in; the words do not say which of the two is wrong."""

    def __init__(self) -> None:
        super().__init__("The name or the password is not right.")


def create_user(
    session: Session,
    *,
    user_name: str,
    email_address: str,
    password: str | None = None,
    roles: Iterable[Role] = (),
    passwords: Passwords = PASSWORDS,
    **values: Any,
) -> User:
    """Store a new person; without a password they cannot sign in until someone sends them a link.

    Raises Invalid with what is wrong by field.
    """
    user = User(user_name=user_name, email_address=email_address, **values)
    check_names(session, user)
    check_full_name(user)
    if password is not None:
        _give_hash(user, _hash_of(user, password, passwords), utc_now())
    session.add(user)
    user.roles = list(roles)  # not before: a role must not know of a person who is refused
    try:
        session.flush()  # somebody may have taken the name since it was looked up
    except DBAPIError as error:
        raise explain(error, describe(User)) from error
    return user


def set_password(
    session: Session,
    user: User,
    password: str,
    *,
    keep_session: uuid.UUID | None = None,
    now: datetime | None = None,
    passwords: Passwords = PASSWORDS,
) -> None:
    """Give `user` a new password; their other sessions and their links end (raises Invalid).

    Hashing takes its time: call it before anything else is written, or all who write wait for it on SQLite.
    """
    _store_hash(session, user, _hash_of(user, password, passwords), keep_session, now or utc_now())


def sign_in(
    session: Session,
    name_or_email: str,
    password: str,
    *,
    ip_address: str | None = None,
    user_agent: str | None = None,
    replaces: str | None = None,
    now: datetime | None = None,
    passwords: Passwords = PASSWORDS,
) -> tuple[User, str]:
    """Return who signed in and the token of their new session; that of the token `replaces` ends.

    Raises SignInRefused, alike and after the same time for a name nobody has, a wrong password, and a person
    who is inactive or has no password. The attempt is noted: commit after a refusal too. What `session` did
    before is committed, so that nobody who waits for a turn to hash holds a connection.
    """
    now = now or utc_now()
    password_hash = _usable_hash(find_user(session, name_or_email))
    session.commit()
    session.expire_all()
    is_right = passwords.verify(password_hash, password)
    is_weak = password_hash is not None and is_right and passwords.needs_rehash(password_hash)
    stronger = passwords.hash(password) if is_weak else None
    user = find_user(session, name_or_email)  # somebody may have changed the account meanwhile
    if user is None or password_hash is None or not is_right or _usable_hash(user) != password_hash:
        # What was typed for a name is not kept: people type their password there.
        audit.note(session, "sign_in_failed", user, label="" if user else "unknown name")
        raise SignInRefused
    _act_as(session, user)
    if stronger is not None:
        user.password_hash = stronger
        session.flush()
    if replaces is not None:
        end_session(session, replaces)
    expire_links(session, user, now=now)
    _note_login(session, user, now)
    token = start_session(session, user, ip_address=ip_address, user_agent=user_agent, now=now)
    audit.note(session, "sign_in", user)
    return user, token


def sign_out(session: Session, token: str) -> None:
    """End the session of `token`, if there is one."""
    user = end_session(session, token)
    if user is not None:
        _act_as(session, user)
        audit.note(session, "sign_out", user)


def redeem_link(
    session: Session,
    token: str,
    password: str,
    *,
    now: datetime | None = None,
    passwords: Passwords = PASSWORDS,
) -> User:
    """Set the password of whose link it is, and use the link up; they are not signed in by it.

    Raises LinkExpired, Conflict, or Invalid when the password will not do: the link then still works. What
    `session` did before is committed, so that nobody waits for the hash: neither for a connection nor, on
    SQLite, for a turn to write.
    """
    now = now or utc_now()
    _check(passwords, password, peek_link(session, token, now=now))
    session.commit()
    session.expire_all()
    password_hash = passwords.hash(password)
    try:
        with session.begin_nested():  # a refused password gives the link back, whatever the caller commits
            user = consume_link(session, token, now=now)
            _check(passwords, password, user)  # they may be called something else by now
            _store_hash(session, user, password_hash, None, now)
    except OperationalError as error:
        raise Conflict(BUSY) from error
    audit.attribute_to(session, None, LINK_HOLDER)
    audit.note(session, "redeem_link", user)
    return user


def ensure_superuser(session: Session, *, now: datetime | None = None) -> PasswordLink | None:
    """Return a link for a first superuser, or None when an active one already has a password."""
    statement = select(User).where(User.is_superuser, User.is_active).order_by(User.created_at, User.user_id)
    superusers = session.scalars(statement).all()
    if any(user.password_hash for user in superusers):
        return None
    user = superusers[0] if superusers else _create_administrator(session)
    audit.note(session, "create_link", user)
    return create_link(session, user, LinkPurpose.FIRST_PASSWORD, now=now)


def find_user(session: Session, name_or_email: str) -> User | None:
    """Return whose user name or e-mail address this is, in whatever case it is written."""
    if len(name_or_email) > MAX_RAW_NAME:
        return None
    name = normalize_name(name_or_email)
    if not name.isprintable() or len(name) > 254:  # PostgreSQL stores no NUL and no half of a surrogate pair
        return None
    by_email, by_name = is_called(User.email_address, name), is_called(User.user_name, name)
    preferred = by_email if "@" in name else by_name
    statement = select(User).where(or_(by_email, by_name)).order_by(preferred.desc()).limit(1)
    return session.scalars(statement).first()


def _usable_hash(user: User | None) -> str | None:
    return user.password_hash if user is not None and user.is_active else None


def _hash_of(user: User, password: str, passwords: Passwords) -> str:
    """Return the hash of a password that `user` may have (raises Invalid)."""
    _check(passwords, password, user)
    return passwords.hash(password)


def _check(passwords: Passwords, password: str, user: User) -> None:
    passwords.check(
        password,
        user_name=user.user_name,
        email_address=user.email_address,
        names=(user.first_name, user.last_name),
    )


def _store_hash(
    session: Session, user: User, password_hash: str, keep_session: uuid.UUID | None, now: datetime
) -> None:
    _give_hash(user, password_hash, now)
    session.flush()
    end_sessions(session, user, keep=keep_session)
    expire_links(session, user, now=now)


def _give_hash(user: User, password_hash: str, now: datetime) -> None:
    user.password_hash = password_hash
    user.password_changed_at = now
    user.must_change_password = False


def _act_as(session: Session, user: User) -> None:
    """Record as theirs what follows: nobody was signed in when the request began."""
    audit.attribute_to(session, user.user_id, sign(str(user), user.user_name))


def _note_login(session: Session, user: User, now: datetime) -> None:
    """Keep when the person was last here, without saying that the record was edited then."""
    statement = (
        update(User).where(User.user_id == user.user_id).values(last_login=now, updated_at=User.updated_at)
    )
    session.execute(statement, execution_options={audit.UNAUDITED: "a sign-in is recorded as an event"})


def _create_administrator(session: Session) -> User:
    for number in range(1, 1000):
        name = "admin" if number == 1 else f"admin-{number}"
        email_address = f"{name}@example.org"
        if not find_user(session, name) and not find_user(session, email_address):
            return create_user(session, user_name=name, email_address=email_address, is_superuser=True)
    raise Conflict("Every name for a first superuser is taken; create one with create-user --superuser.")
