"""Real mail servers on this machine: one that takes mail, and some that do not."""

import asyncio
import email
import email.policy
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from admin_site import Settings
from tests.admin.sites import SETTINGS

CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""A key and a certificate for localhost, good until 2120; nobody trusts it who is not told to."""


class Mailbox:
    """Keeps what a server was given; the answers to RCPT and DATA may be others, one after the other."""

    def __init__(self, *, at_recipient: tuple[str, ...] = (), at_data: tuple[str, ...] = ()) -> None:
        self.envelopes: list[Envelope] = []
        self.senders: list[str] = []
        self.signed_in: list[tuple[bytes, bytes]] = []
        self._at_recipient = list(at_recipient)
        self._at_data = list(at_data)

    @property
    def messages(self) -> list[EmailMessage]:
        return [email.message_from_bytes(each.content, policy=email.policy.SMTP) for each in self.envelopes]

    @property
    def recipients(self) -> list[str]:
        return [recipient for each in self.envelopes for recipient in each.rcpt_tos]

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        self.senders.append(address)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answer = self._at_recipient.pop(0) if self._at_recipient else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self._at_data.pop(0) if self._at_data else "250 OK"
        if answer.startswith("2"):
            self.envelopes.append(envelope)
        return answer


@contextmanager
def mail_server(mailbox: Mailbox | None = None, *, is_tls: bool = False, **options: Any) -> Iterator[Any]:
    """Take mail on a free port until the block ends; give the mailbox, which knows the `port`."""
    mailbox = mailbox or Mailbox()
    loop = asyncio.new_event_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    mailbox.port = listener.getsockname()[1]

    def new_connection() -> SMTP:
        return SMTP(mailbox, hostname="mail.test", loop=loop, **options)

    context = server_context() if is_tls else None
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opening = loop.create_server(new_connection, sock=listener, ssl=context)
    server = asyncio.run_coroutine_threadsafe(opening, loop).result(10)
    try:
        yield mailbox
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Talk to everybody who connects to the port given, as no mail server should."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                with suppress(OSError):
                    talk(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        for each in (listener, *connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        thread.join(10)


def say_nothing(connection: socket.socket) -> None:
    """Take the connection, and leave whoever made it waiting."""


def die_at(command: bytes) -> Callable[[socket.socket], None]:
    """Return a server that ends the connection when it hears a command."""

    def talk(connection: socket.socket) -> None:
        with connection, connection.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 mail.test\r\n")
            is_data = False
            for line in lines:
                if line.upper().startswith(command):
                    return
                if is_data and line != b".\r\n":
                    continue
                is_data = line.upper().startswith(b"DATA")
                lines.write(b"354 Go on\r\n" if is_data else b"250 OK\r\n")

    return talk


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def a_closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def mail_settings(database_url: str, port: int, **others: Any) -> Settings:
    """Return settings that send mail to a server on this machine."""
    sending = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "mail_from": "The School <school@example.org>",
    }
    return Settings(**{**SETTINGS, "database_url": database_url, **sending, **others})


def text_of(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content()


def html_of(message: EmailMessage) -> str:
    return message.get_body(("html",)).get_content()


def link_in(message: EmailMessage) -> str:
    """Return the path of the link that a message holds."""
    return re.search(r"/admin/set-password/[\w-]+", text_of(message))[0]


async def _close(server: asyncio.Server) -> None:
    server.close()
    for task in asyncio.all_tasks():
        if task is not asyncio.current_task():
            task.cancel()
    await asyncio.sleep(0)
