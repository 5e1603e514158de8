"""Forgotten passwords: anybody may ask for a link, and learns nothing about who has an account."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.security.throttling import Limit
from admin_site.services.accounts import find_user
from admin_site.services.mail import MailKind, queue
from admin_site.services.throttling import count_request

ASKED = Limit(
    free=20, first=timedelta(minutes=1), longest=timedelta(minutes=15), forgets=timedelta(minutes=2)
)
"""How often links may be asked for from one address, behind which there may be an office."""


def ask_for_link(session: Session, name: str, *, address: str | None, now: datetime | None = None) -> None:
    """Let a link be mailed to the person whose name or e-mail address this is.

    For a name nobody has as much is done and written, so that neither the answer nor its time tells. Raises
    TooManyAttempts, by the `address` alone, after too many requests.
    """
    count_request(session, "forgot password", address, ASKED, now=now)
    user = find_user(session, name)
    queue(session, MailKind.FORGOT_PASSWORD, user, now=now)
    audit.note(session, "forgot_password", user, label="" if user else "unknown name")
