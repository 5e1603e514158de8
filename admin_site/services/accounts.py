"""People, and how they sign in."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.descriptions import describe
from admin_site.errors import Conflict, Forbidden
from admin_site.models import LinkPurpose, Role, User, utc_now
from admin_site.models.accounts import MAX_RAW_NAME, normalize_name
from admin_site.permissions import sign
from admin_site.security.passwords import PASSWORDS, Passwords
from admin_site.services import second_factors, throttling
from admin_site.services.constraints import explain
from admin_site.services.devices import device_of
from admin_site.services.links import PasswordLink, create_link, expire_links
from admin_site.services.names import check_full_name, check_names, is_called
from admin_site.services.passwords import (
    change_password,
    give_hash,
    give_temporary_password,
    hash_of,
    redeem_link,
    set_password,
)
from admin_site.services.sessions import end_session, start_session

__all__ = [
    "CodeNeeded",
    "SignInRefused",
    "SignedIn",
    "admit",
    "change_password",
    "create_user",
    "ensure_superuser",
    "find_user",
    "give_temporary_password",
    "redeem_link",
    "set_password",
    "sign_in",
    "sign_out",
]


class SignInRefused(Forbidden):
    """A name and a password that let nobody in; the words do not say which of the two is wrong."""

    def __init__(self) -> None:
        super().__init__(
            "The name or the password is not right. "
            "After too many wrong attempts the right one has to wait as well."
        )


class SignedIn(NamedTuple):
    """Somebody who is in, and the token of their new session."""

    user: User
    token: str


class CodeNeeded(NamedTuple):
    """Somebody whose password is right and who has yet to type a code of their second factor."""

    user: User


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
        give_hash(user, hash_of(session, user, password, passwords), utc_now())
    session.add(user)
    user.roles = list(roles)  # not before: a role must not know of a person who is refused
    try:
        session.flush()  # somebody may have taken the name since it was looked up
    except DBAPIError as error:
        raise explain(error, describe(User)) from error
    return user


def sign_in(
    session: Session,
    name_or_email: str,
    password: str,
    *,
    ip_address: str | None = None,
    user_agent: str | None = None,
    is_kept: bool = False,
    replaces: str | None = None,
    now: datetime | None = None,
    passwords: Passwords = PASSWORDS,
) -> SignedIn | CodeNeeded:
    """Return who signed in and the token of their new session; that of the token `replaces` ends.

    Somebody with a second factor is not in yet: `admit` lets them in once their code is right.

    Raises SignInRefused, alike and after the same time for a name nobody has, a wrong password, and a person
    who is inactive or has no password; TooManyAttempts, whatever the password, after too many of those. The
    attempt is noted: commit after a refusal too. What `session` did before is committed, so that nobody who
    waits for a turn to hash holds a connection.
    """
    now = now or utc_now()
    throttling.check(session, None, name_or_email, ip_address, now=now)
    password_hash = _usable_hash(find_user(session, name_or_email), now)
    session.commit()
    session.expire_all()
    is_right = passwords.verify(password_hash, password)
    is_weak = password_hash is not None and is_right and passwords.needs_rehash(password_hash)
    stronger = passwords.hash(password) if is_weak else None
    user = find_user(session, name_or_email)  # somebody may have changed the account meanwhile
    is_current = is_right and password_hash is not None and _usable_hash(user, now) == password_hash
    is_heard = is_current and throttling.is_open(session, user, name_or_email, ip_address, now=now)
    is_heard = is_heard and lets_in(session, user, password_hash, now=now)
    if user is None or not is_heard:
        throttling.note_failure(session, user, name_or_email, ip_address, now=now)
        # What was typed for a name is not kept: people type their password there.
        label = "" if user else "unknown name"
        audit.note(session, "sign_in_failed", user, label=label, changes=_device(user_agent))
        raise SignInRefused
    if stronger is not None:
        _act_as(session, user)
        user.password_hash = stronger
        session.flush()
    if second_factors.is_on(session, user):
        audit.note(session, "code_asked", user, changes=_device(user_agent))
        return CodeNeeded(user)
    token = admit(
        session,
        user,
        ip_address=ip_address,
        user_agent=user_agent,
        is_kept=is_kept,
        replaces=replaces,
        now=now,
    )
    return SignedIn(user, token)


def lets_in(session: Session, user: User | None, password_hash: str | None, *, now: datetime) -> bool:
    """Return whether that is still the password of `user`, who stays as they are until the transaction ends.

    Without it who changes the password at the same moment would leave this sign-in alive.
    """
    if user is None:
        return False
    try:
        session.refresh(user, with_for_update={"key_share": True})
    except InvalidRequestError:  # the account is gone
        return False
    return password_hash is not None and _usable_hash(user, now) == password_hash


def admit(
    session: Session,
    user: User,
    *,
    ip_address: str | None = None,
    user_agent: str | None = None,
    is_kept: bool = False,
    replaces: str | None = None,
    now: datetime | None = None,
) -> str:
    """Sign in somebody who has proved who they are; return the token of their new session.

    Their links end, earlier failures count no more, and the session of the token `replaces` ends.
    """
    now = now or utc_now()
    _act_as(session, user)
    if replaces is not None:
        end_session(session, replaces)
    expire_links(session, user, now=now)
    _note_login(session, user, now)
    token = start_session(
        session, user, ip_address=ip_address, user_agent=user_agent, is_kept=is_kept, now=now
    )
    audit.note(session, "sign_in", user, changes=_device(user_agent))
    throttling.clear(session, user)
    return token


def sign_out(session: Session, token: str) -> None:
    """End the session of `token`, if there is one."""
    user = end_session(session, token)
    if user is not None:
        _act_as(session, user)
        audit.note(session, "sign_out", user)


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


def _usable_hash(user: User | None, now: datetime) -> str | None:
    """Return the hash of the password that lets somebody in now: a temporary one does so for a day."""
    if user is None or not user.is_active:
        return None
    is_over = user.password_expires_at is not None and user.password_expires_at <= now
    return None if is_over else user.password_hash


def _act_as(session: Session, user: User) -> None:
    """Record as theirs what follows: nobody was signed in when the request began."""
    audit.attribute_to(session, user.user_id, sign(str(user), user.user_name))


def _device(user_agent: str | None) -> dict[str, Any]:
    return {"device": [None, device_of(user_agent)]} if user_agent else {}


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
