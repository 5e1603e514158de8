"""The second step of a sign-in: a code, after the right password."""

from datetime import datetime

from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.errors import Forbidden
from admin_site.models import User, utc_now
from admin_site.services import second_factors, throttling

AFTER_A_RIGHT_PASSWORD = "the code after a right password"  # noqa: S105 - words


class CodeRefused(Forbidden):
    """A code that is wrong, or was used before."""

    def __init__(self) -> None:
        super().__init__("This code is not right, or it was used already. Type the one your app shows now.")


def check_code(
    session: Session, user: User, code: str, *, ip_address: str | None = None, now: datetime | None = None
) -> None:
    """Make sure that somebody who knows the password of `user` has their second factor too.

    The code is used up. Raises CodeRefused, or TooManyAttempts: failures count with those of the password.
    The attempt is noted: commit after a refusal too.
    """
    now = now or utc_now()
    name = user.user_name
    throttling.check(session, user, name, ip_address, now=now)
    is_right = second_factors.verify(session, user, code, now=now)
    # Of many that come at once only as many count as right as may be tried.
    if is_right and throttling.is_open(session, user, name, ip_address, now=now):
        return
    throttling.note_failure(session, user, name, ip_address, now=now)
    audit.note(session, "sign_in_failed", user, changes={"wrong": [None, AFTER_A_RIGHT_PASSWORD]})
    raise CodeRefused
