"""A site whose mail reaches a mailbox on this machine, and browsers that use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from itertools import count
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from admin_site import create_app
from admin_site.database import Database
from admin_site.mailing import Mailer
from tests.factories import CHEAP, PASSWORD
from tests.mailing.servers import Mailbox, link_in, mail_server, mail_settings

NEW_PASSWORD = "five cheerful otters swim"

_hosts = count(1)


class MailSite:
    """A site, the mailbox of everybody who uses it, and the process that sends its mail."""

    def __init__(self, database: Database, mailbox: Mailbox, **settings: Any) -> None:
        url = database.engine.url.render_as_string(hide_password=False)
        self.settings = mail_settings(url, mailbox.port, **settings)
        self.app = create_app(self.settings)
        self.app.state.site.passwords = CHEAP
        self._mailbox = mailbox
        self._mailer = Mailer(database, self.settings)

    def browser(self) -> TestClient:
        """Return a browser that nobody is signed in with, on a machine of its own."""
        number = next(_hosts)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return TestClient(self.app, follow_redirects=False, client=(address, 50_000))

    def deliver(self) -> list[EmailMessage]:
        """Send what waits and return the messages that have arrived by that."""
        before = len(self._mailbox.messages)
        self._mailer.send_due()
        return self._mailbox.messages[before:]

    def ask(self, name: str, **headers: str) -> Response:
        """Ask for a link as somebody does who forgot their password."""
        answer = self.browser().post("/admin/forgot-password", data={"username": name}, headers=headers)
        assert answer.status_code == 303, answer.text
        return answer

    def link_for(self, name: str) -> str:
        """Return the path of the link that somebody is mailed."""
        self.ask(name)
        (message,) = self.deliver()
        return link_in(message)


@contextmanager
def site_with_mail(database: Database, **settings: Any) -> Iterator[MailSite]:
    with mail_server() as mailbox:
        yield MailSite(database, mailbox, **settings)


def sign_in(browser: TestClient, name: str, password: str = PASSWORD) -> Response:
    return browser.post("/admin/login", data={"username": name, "password": password})


def is_in(browser: TestClient) -> bool:
    return browser.get("/admin/").status_code == 200


def set_password(browser: TestClient, password: str = NEW_PASSWORD) -> Response:
    """Send the form of a link that the browser has opened."""
    typed = {"password": password, "password_again": password}
    return browser.post("/admin/set-password", data=typed)
