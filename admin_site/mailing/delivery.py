"""From the queue to the server: each message is taken, written and sent by one process."""

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, joinedload, undefer

from admin_site.config import Settings
from admin_site.database import Database
from admin_site.mailing.messages import BadAddress, compose, make_environment, write
from admin_site.mailing.transport import NotSent, Transport, transport_for
from admin_site.models import LinkPurpose, OutgoingMail, User
from admin_site.services.links import create_link, rests_on
from admin_site.services.mail import (
    LINK_KINDS,
    MOST_LINKS,
    Claim,
    MailKind,
    claim,
    hold,
    links_sent,
    note_failure,
    note_sent,
)

NO_SERVER = "This site sends no mail: SMTP_HOST or PUBLIC_URL is not set."
PAUSES = (0.2, 1.0, 5.0)  # seconds between the tries to write down that a message was sent
LOG = logging.getLogger("admin_site.mail")


class Mailer:
    """Sends what is due, one message after the other."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        templates_dir: str = "templates",
        transport: Transport | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._environment = make_environment(templates_dir)
        self.transport = transport or transport_for(settings)

    def send_due(self) -> int:
        """Send all that is due now; return how many messages were looked at."""
        number = 0
        while self.send_one():
            number += 1
        return number

    def send_one(self) -> bool:
        """Send the message that is due longest; return whether there was one.

        No transaction is open while the server is spoken to.
        """
        with self._database.session() as session:
            taken = claim(session)
        if taken is None:
            return False
        try:
            if self.transport is None:
                raise NotSent(NO_SERVER, for_good=True)
            self.transport.send(self._written(taken))
        except NotSent as failure:
            self._note_failure(taken, str(failure), failure.for_good)
        except Exception:
            LOG.exception("Message %d could not be written", taken.mail_id)
            self._note_failure(taken, "The message could not be written; the log says why.", False)
        else:
            self._note_sent(taken)
        return True

    def _written(self, taken: Claim) -> EmailMessage:
        """Return a message, whose link works once this returns (raises NotSent)."""
        options = (
            joinedload(OutgoingMail.user),
            joinedload(OutgoingMail.created_by),
            undefer(OutgoingMail.facts),
        )
        with self._database.session() as session:
            mail = session.get(OutgoingMail, taken.mail_id, options=options)
            if mail is None or mail.user is None or mail.due_at is None:
                raise NotSent("There is nobody to send it to.", for_good=True)
            kind = MailKind(mail.kind)
            told = self._told(mail, mail.user)
            recipient = mail.user.email_address
            if kind in LINK_KINDS:
                told |= self._with_link(session, mail, mail.user, taken)
            else:
                recipient = mail.facts.get("send_to") or recipient
            try:
                words = write(self._environment, kind, told)
                return compose(self._environment, self._settings, recipient, words, told)
            except BadAddress as error:
                raise NotSent("The address is not one that mail can be sent to.", for_good=True) from error

    def _with_link(self, session: Session, mail: OutgoingMail, user: User, taken: Claim) -> Mapping[str, Any]:
        """Return what a message tells of a link, which is made now (raises NotSent)."""
        if not rests_on(session, user, mail.created_by):
            raise NotSent("The account, or that of who asked, is not what it was.", for_good=True)
        if mail.kind == MailKind.FORGOT_PASSWORD and links_sent(session, user) >= MOST_LINKS:
            raise NotSent("They were sent enough links within the last hour.", for_good=True)
        purpose = LinkPurpose.RESET_PASSWORD if user.password_hash else LinkPurpose.FIRST_PASSWORD
        link = create_link(session, user, purpose, created_by=mail.created_by_id)
        hold(session, taken)
        return {
            "link": self._settings.password_link(link.token),
            "until": _moment(link.expires_at, user.time_zone),
            "is_first": purpose is LinkPurpose.FIRST_PASSWORD,
        }

    def _told(self, mail: OutgoingMail, user: User) -> dict[str, Any]:
        is_own = mail.created_by is None or mail.created_by_id == user.user_id
        return {
            **mail.facts,
            "come_from": mail.facts.get("come_from", "") if is_own else "",
            "site": self._settings.site_title,
            "site_url": f"{self._settings.address}/admin/",
            "language": user.language or "en",
            "name": str(user),
            "user_name": user.user_name,
            "by": "" if is_own else str(mail.created_by),
            "when": _moment(mail.created_at, user.time_zone),
            "forgot_url": f"{self._settings.address}/admin/forgot-password",
            "link": "",
        }

    def _note_sent(self, taken: Claim) -> None:
        """Write down that a message is out, though the database is busy: it would be sent once more."""
        for pause in PAUSES:
            with suppress(OperationalError), self._database.session() as session:
                note_sent(session, taken)
                session.commit()
                return
            time.sleep(pause)
        LOG.error("Message %d was sent, which could not be written down; it is sent again", taken.mail_id)

    def _note_failure(self, taken: Claim, reason: str, for_good: bool) -> None:
        with self._database.session() as session:
            is_over = note_failure(session, taken, reason, for_good=for_good)
        LOG.warning("Message %d was %s: %s", taken.mail_id, "given up" if is_over else "not sent", reason)


def _moment(instant: Any, zone_name: str | None) -> str:
    """Return a moment by the clock of the person who reads it."""
    try:
        zone = ZoneInfo(zone_name or "UTC")
    except (ValueError, OSError):
        zone = ZoneInfo("UTC")
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"
