"""How the password of an account changes."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.exc import InvalidRequestError, OperationalError
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.errors import Conflict, Invalid
from admin_site.models import User, utc_now
from admin_site.models.audit import LINK_HOLDER
from admin_site.security.passwords import PASSWORDS, Passwords, is_same, new_password
from admin_site.services import second_factors, throttling
from admin_site.services.constraints import BUSY
from admin_site.services.links import consume_link, expire_links, peek_link
from admin_site.services.mail import MailKind, queue
from admin_site.services.reauthentication import check_own_password
from admin_site.services.sessions import end_sessions

TEMPORARY_LIFETIME = timedelta(hours=24)
SAME_AS_BEFORE = "This is the password you have now. Choose another one."
CHANGED_MEANWHILE = "Your password was changed meanwhile. Sign in with the new one."


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
    _store_hash(session, user, hash_of(session, user, password, passwords), keep_session, now or utc_now())


def change_password(
    session: Session,
    user: User,
    current: str,
    new: str,
    *,
    keep_session: uuid.UUID | None,
    ip_address: str | None = None,
    passwords: Passwords = PASSWORDS,
    now: datetime | None = None,
) -> None:
    """Give `user`, who knows the `current` password, a `new` one; their other sessions and their links end.

    Raises Invalid for the fields `current_password` and `password`, TooManyAttempts, or Conflict when
    somebody else was faster. The attempt is noted: commit after a refusal too. What `session` did before is
    committed, so that nobody who waits for a turn to hash holds a connection.
    """
    now = now or utc_now()
    check_own_password(session, user, current, ip_address=ip_address, passwords=passwords, now=now)
    if is_same(current, new):
        raise Invalid({"password": SAME_AS_BEFORE})
    known_hash = user.password_hash
    check(session, user, new, passwords)
    session.commit()
    password_hash = passwords.hash(new)
    try:
        session.refresh(user, with_for_update=True)
    except InvalidRequestError as error:  # the account is gone
        raise Conflict(CHANGED_MEANWHILE) from error
    if user.password_hash != known_hash:
        raise Conflict(CHANGED_MEANWHILE)
    _store_hash(session, user, password_hash, keep_session, now)
    audit.note(session, "change_password", user)
    queue(session, MailKind.PASSWORD_CHANGED, user)


def give_temporary_password(
    session: Session, user: User, *, passwords: Passwords = PASSWORDS, now: datetime | None = None
) -> str:
    """Return a new password of `user` that lets them in for 24 hours, to choose one of their own.

    Their sessions and their links end. It cannot be shown again. Hashing takes its time: call it before
    anything is written.
    """
    now = now or utc_now()
    password = new_password()
    _store_hash(session, user, passwords.hash(password), None, now)
    user.must_change_password = True
    user.password_expires_at = now + TEMPORARY_LIFETIME
    session.flush()  # before the caller says that it was done
    return password


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
    owner = peek_link(session, token, now=now)
    check(session, owner, password, passwords)
    temporary_hash = owner.password_hash if owner.must_change_password else None
    session.commit()
    session.expire_all()
    if temporary_hash is not None and passwords.verify(temporary_hash, password):
        raise Invalid({"password": SAME_AS_BEFORE})
    password_hash = passwords.hash(password)
    audit.attribute_to(session, None, LINK_HOLDER)
    try:
        with session.begin_nested():  # a refused password gives the link back, whatever the caller commits
            user = consume_link(session, token, now=now)
            check(session, user, password, passwords)  # they may be called something else by now
            _store_hash(session, user, password_hash, None, now)
    except OperationalError as error:
        raise Conflict(BUSY) from error
    audit.note(session, "redeem_link", user)
    queue(session, MailKind.PASSWORD_RESET, user)
    return user


def hash_of(session: Session, user: User, password: str, passwords: Passwords) -> str:
    """Return the hash of a password that `user` may have (raises Invalid)."""
    check(session, user, password, passwords)
    return passwords.hash(password)


def check(session: Session, user: User, password: str, passwords: Passwords) -> None:
    """Raise Invalid unless `user` may have this password; a second factor allows a shorter one."""
    passwords.check(
        password,
        user_name=user.user_name,
        email_address=user.email_address,
        names=(user.first_name, user.last_name),
        has_second_factor=_has_second_factor(session, user),
    )


def give_hash(user: User, password_hash: str, now: datetime) -> None:
    """Let `password_hash` be that of a password which `user` chose."""
    user.password_hash = password_hash
    user.password_changed_at = now
    user.password_expires_at = None
    user.must_change_password = False


def _has_second_factor(session: Session, user: User) -> bool:
    return user.user_id is not None and second_factors.is_on(session, user)


def _store_hash(
    session: Session, user: User, password_hash: str, keep_session: uuid.UUID | None, now: datetime
) -> None:
    give_hash(user, password_hash, now)
    session.flush()  # sessions and links end with the password they rest on
    end_sessions(session, user, keep=keep_session)
    expire_links(session, user, now=now)
    throttling.clear(session, user)  # whoever guessed at the old one has found out nothing
