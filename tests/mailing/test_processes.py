"""Several processes that send from one queue."""

import signal
import time

from sqlalchemy import select

from admin_site.models import OutgoingMail
from admin_site.services.mail import MailKind, queue
from tests.factories import make_user
from tests.mailing.servers import mail_server
from tests.processes import SECRET_KEY, serving

MESSAGES = 20


def test_the_processes_of_a_site_send_each_message_once(database, database_url):
    with mail_server() as mailbox:
        settings = {
            "DATABASE_URL": database_url,
            "SECRET_KEY": SECRET_KEY,
            "PUBLIC_URL": "http://localhost:8000",
            "WEB_CONCURRENCY": "2",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mailbox.port),
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "school@example.org",
        }
        with database.session() as session:
            people = [make_user(session) for _ in range(MESSAGES)]
            for user in people:
                queue(session, MailKind.PASSWORD_CHANGED, user)
            addresses = sorted(user.email_address for user in people)
        with serving("serve", **settings) as server:
            end = time.monotonic() + 60
            while not all(_sent(database)) and time.monotonic() < end:
                time.sleep(0.1)
            code, _ = server.stop(signal.SIGTERM)  # a supervisor that is killed leaves its processes behind

    assert code == 0
    assert all(_sent(database))
    assert sorted(mailbox.recipients) == addresses


def _sent(database) -> list[bool]:
    with database.session() as session:
        return [sent_at is not None for sent_at in session.scalars(select(OutgoingMail.sent_at))]
