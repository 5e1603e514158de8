"""How a message leaves the site: by SMTP, or on the console of a site that is tried on one machine."""

import smtplib
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import Any, Protocol
from urllib.parse import urlsplit

from admin_site.config import Settings

PATIENCE = 20.0  # seconds to wait for each answer of the mail server
DEADLINE = 60.0  # seconds that one message may take, however slowly the server goes on answering


class NotSent(Exception):
    """A message that did not go out; `for_good` where it makes no sense to try again."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Transport(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Send a message to the address it names (raises NotSent)."""

    def abort(self) -> None:
        """End the send that is under way in another thread; it raises NotSent there."""


class Console:
    """Prints messages, for a site without a mail server that nobody but its developer uses."""

    def send(self, message: EmailMessage) -> None:
        body = message.get_body(("plain",))
        text = body.get_content() if body else ""
        sys.stdout.write(f"\nMail to {message['To']}: {message['Subject']}\n\n{text}\n")
        sys.stdout.flush()

    def abort(self) -> None:
        pass


class Smtp:
    """Hands messages to the server of the settings, each over a connection of its own.

    With `starttls` and `tls` the server must prove its name, or nothing is sent.
    """

    def __init__(self, settings: Settings, *, patience: float = PATIENCE, deadline: float = DEADLINE) -> None:
        self._settings = settings
        self._patience = patience
        self._deadline = deadline
        self._connection: smtplib.SMTP | None = None

    def send(self, message: EmailMessage) -> None:
        try:
            with self._connected() as connection:
                connection.send_message(message)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _in_words(error) from error

    def abort(self) -> None:
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Give a connection, which is closed without waiting for the server's goodbye: the message is out."""
        connection = self._connection = self._new()
        watch = threading.Timer(self._deadline, self.abort)
        watch.daemon = True
        watch.start()
        try:
            connection.connect(self._settings.smtp_host, self._settings.smtp_port)
            self._introduce(connection)
            yield connection
            with suppress(OSError, smtplib.SMTPException):
                connection.putcmd("quit")
        finally:
            watch.cancel()
            connection.close()
            self._connection = None

    def _new(self) -> smtplib.SMTP:
        host = urlsplit(self._settings.address).hostname or ""
        name = host if host and ":" not in host else "localhost"  # not looked up, which may take long
        options: dict[str, Any] = {"local_hostname": name, "timeout": self._patience}
        if self._settings.smtp_security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(context=ssl.create_default_context(), **options)
        else:
            connection = smtplib.SMTP(**options)
        # smtplib takes the name that a certificate must bear from its constructor alone, which would connect
        # before anybody could abort it (CPython 3.11 to 3.14, SMTP.__init__).
        connection._host = self._settings.smtp_host  # type: ignore[attr-defined]
        return connection

    def _introduce(self, connection: smtplib.SMTP) -> None:
        if self._settings.smtp_security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        if self._settings.smtp_user:
            password = self._settings.smtp_password
            connection.login(self._settings.smtp_user, password.get_secret_value() if password else "")


def transport_for(settings: Settings) -> Transport | None:
    """Return how a site with these settings sends mail, or None when it cannot."""
    if not settings.can_send_mail:
        return None
    return Smtp(settings) if settings.smtp_host else Console()


def _in_words(error: Exception) -> NotSent:
    """Say why a message was not sent; what the server answers 5xx about the message stays so."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return NotSent(f"The address was refused: {_answer(code, answer)}", for_good=code >= 500)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return NotSent("The mail server refuses SMTP_USER and SMTP_PASSWORD.")
    if isinstance(error, smtplib.SMTPDataError):
        words = _answer(error.smtp_code, error.smtp_error)
        return NotSent(f"The message was refused: {words}", for_good=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotSent(f"The mail server lacks something: {error}")
    if isinstance(error, smtplib.SMTPResponseException):
        return NotSent(f"The mail server refuses: {_answer(error.smtp_code, error.smtp_error)}")
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return NotSent("The mail server does not answer.")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return NotSent("The mail server ended the connection.")
    if isinstance(error, ssl.SSLError):
        return NotSent(f"The connection to the mail server is not safe: {error.reason or error}")
    return NotSent(f"The mail server cannot be reached: {error}")


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} " + "".join(char if char.isprintable() else " " for char in words)
