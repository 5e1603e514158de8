"""A second factor of sign-in: the codes of an authenticator app, and those that stand in for a lost one."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Row, delete, func, insert, inspect, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.errors import Conflict, Invalid
from admin_site.models import RecoveryCode, SecondFactor, User, utc_now
from admin_site.security.tokens import hash_token
from admin_site.security.totp import new_recovery_code, new_secret, recovery_text, setup_uri, step_of
from admin_site.services.links import expire_links
from admin_site.services.mail import MailKind, queue
from admin_site.services.sessions import end_sessions

RECOVERY_CODES = 10
OFFER_LIFETIME = timedelta(hours=1)  # for which a secret that nobody confirmed is shown again

IS_ON = "A second factor is set up already. Remove it first."
NO_OFFER = "This took too long. Scan the new code with your app, then type what it shows."
TWICE = "Another page of yours is setting up a second factor right now. Go on there, or load this one again."
WRONG_CODE = "This code is not right. Type the one that your app shows now."

_NO_RECORD = {audit.UNAUDITED: "second factors are recorded as the events they are: added, used, removed"}


@dataclass(frozen=True)
class Offer:
    """What an authenticator is told: the secret, and the same as the URI that a QR code holds."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


def is_on(session: Session, user: User) -> bool:
    """Return whether a code is asked of `user` at sign-in."""
    return _confirmed(session, user) is not None


def offer(session: Session, user: User, *, issuer: str = "Admin", now: datetime | None = None) -> Offer:
    """Return what `user` tells an authenticator; nothing is asked of them before `confirm`.

    Asked again within an hour it is the same. `issuer` is what the app calls the site. Raises Conflict when a
    second factor is on.
    """
    now = now or utc_now()
    factor = _offered(session, user, now)
    secret = factor.secret if factor is not None else _new_secret(session, user, now)
    return Offer(secret, setup_uri(secret, user.user_name, issuer))


def confirm(
    session: Session,
    user: User,
    code: str,
    *,
    keep_session: uuid.UUID | None = None,
    now: datetime | None = None,
) -> list[str]:
    """Turn the offered second factor on; return the recovery codes, which cannot be shown again.

    The other sessions and the links of `user` end. Raises Invalid, for the field `code`, when the code is not
    right, Conflict when a second factor is on.
    """
    now = now or utc_now()
    # Who signs in with the password alone right now is waited for, and signed out.
    session.execute(select(User.user_id).where(User.user_id == user.user_id).with_for_update(key_share=True))
    factor = _offered(session, user, now)
    if factor is None:
        raise Invalid({"code": NO_OFFER})
    step = step_of(factor.secret, code, now, after=None)
    if step is None:
        raise Invalid({"code": WRONG_CODE})
    is_offered = SecondFactor.user_id == user.user_id, SecondFactor.confirmed_at.is_(None)
    turned_on = update(SecondFactor).where(*is_offered, SecondFactor.secret == factor.secret)
    if _execute(session, turned_on.values(confirmed_at=now, last_step=step)) != 1:
        raise Conflict(IS_ON)
    _end_others(session, user, keep_session, now)
    audit.note(session, "add_second_factor", user)
    queue(session, MailKind.SECOND_FACTOR_ADDED, user)
    return _new_codes(session, user, now)


def verify(session: Session, user: User, code: str, *, now: datetime | None = None) -> bool:
    """Return whether `code` is one of the authenticator or a recovery code of `user`, and use it up.

    Of two who try the same code at once one succeeds.
    """
    now = now or utc_now()
    factor = _confirmed(session, user)
    if factor is None:
        return False
    return _use_step(session, user, factor, code, now) or _use_code(session, user, code, now)


def renew_codes(session: Session, user: User, *, now: datetime | None = None) -> list[str]:
    """Return new recovery codes; the earlier ones stop working.

    Raises Conflict when `user` has no second factor.
    """
    if not is_on(session, user):
        raise Conflict("There is no second factor to recover. Set one up first.")
    audit.note(session, "renew_recovery_codes", user)
    queue(session, MailKind.RECOVERY_CODES_RENEWED, user)
    return _new_codes(session, user, now or utc_now())


def remove(
    session: Session,
    user: User,
    *,
    keep_session: uuid.UUID | None = None,
    created_by: uuid.UUID | None = None,
    now: datetime | None = None,
) -> None:
    """Take away the second factor of `user` with its recovery codes; their other sessions and links end.

    `created_by` is who does it, where that is not `user`, who is told by mail.

    A password that was chosen while a second factor allowed a short one has to be changed at the next
    sign-in. Nothing happens to who has none.
    """
    now = now or utc_now()
    factor = _confirmed(session, user)
    _forget(session, user)
    if factor is None:
        return
    if user.password_changed_at is not None:
        user.must_change_password |= user.password_changed_at >= factor.confirmed_at
    session.flush()  # before the event of which it is a part
    _end_others(session, user, keep_session, now)
    audit.note(session, "remove_second_factor", user)
    queue(session, MailKind.SECOND_FACTOR_REMOVED, user, created_by=created_by)


def codes_left(session: Session, user: User) -> int:
    """Return how many recovery codes of `user` still work."""
    statement = select(func.count()).select_from(RecoveryCode).where(*_unused(user))
    return session.scalar(statement) or 0


def _stored(session: Session, user: User) -> Row[*tuple[Any, ...]] | None:
    facts = SecondFactor.secret, SecondFactor.created_at, SecondFactor.confirmed_at, SecondFactor.last_step
    return session.execute(select(*facts).where(SecondFactor.user_id == user.user_id)).one_or_none()


def _offered(session: Session, user: User, now: datetime) -> Row[*tuple[Any, ...]] | None:
    """Return the secret that waits to be confirmed; raises Conflict when one was."""
    factor = _stored(session, user)
    if factor is not None and factor.confirmed_at is not None:
        raise Conflict(IS_ON)
    is_fresh = factor is not None and factor.created_at > now - OFFER_LIFETIME
    return factor if is_fresh else None


def _confirmed(session: Session, user: User) -> Row[*tuple[Any, ...]] | None:
    factor = _stored(session, user)
    return factor if factor is not None and factor.confirmed_at is not None else None


def _new_secret(session: Session, user: User, now: datetime) -> str:
    _forget(session, user)
    secret = new_secret()
    try:
        with session.begin_nested():
            _execute(
                session, insert(SecondFactor).values(user_id=user.user_id, secret=secret, created_at=now)
            )
    except IntegrityError as error:  # their other tab was a moment faster
        raise Conflict(TWICE) from error
    return secret


def _use_step(session: Session, user: User, factor: Row[*tuple[Any, ...]], code: str, now: datetime) -> bool:
    step = step_of(factor.secret, code, now, factor.last_step)
    if step is None:
        return False
    its_own = SecondFactor.user_id == user.user_id, SecondFactor.secret == factor.secret
    is_unused = or_(SecondFactor.last_step.is_(None), SecondFactor.last_step < step)
    # Looking first and writing later would let two through; the database decides in one statement.
    return _execute(session, update(SecondFactor).where(*its_own, is_unused).values(last_step=step)) == 1


def _use_code(session: Session, user: User, code: str, now: datetime) -> bool:
    digest = hash_token(recovery_text(code))
    statement = update(RecoveryCode).where(*_unused(user), RecoveryCode.code_hash == digest)
    if _execute(session, statement.values(used_at=now)) != 1:
        return False
    audit.note(session, "use_recovery_code", user, changes={"left": [None, codes_left(session, user)]})
    queue(session, MailKind.RECOVERY_CODE_USED, user)
    return True


def _new_codes(session: Session, user: User, now: datetime) -> list[str]:
    _execute(session, delete(RecoveryCode).where(RecoveryCode.user_id == user.user_id))
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    rows = [
        {"user_id": user.user_id, "code_hash": hash_token(recovery_text(code)), "created_at": now}
        for code in codes
    ]
    session.execute(insert(RecoveryCode), rows, execution_options=_NO_RECORD)
    return codes


def _unused(user: User) -> tuple[Any, ...]:
    return RecoveryCode.user_id == user.user_id, RecoveryCode.used_at.is_(None)


def _forget(session: Session, user: User) -> None:
    for model in (RecoveryCode, SecondFactor):
        _execute(session, delete(model).where(model.user_id == user.user_id))
    if inspect(user).persistent:
        session.expire(user, ["second_factor"])


def _end_others(session: Session, user: User, keep_session: uuid.UUID | None, now: datetime) -> None:
    end_sessions(session, user, keep=keep_session)
    expire_links(session, user, now=now)


def _execute(session: Session, statement: Any) -> int:
    return cast(CursorResult[Any], session.execute(statement, execution_options=_NO_RECORD)).rowcount
