"""How a message leaves the site."""

import ssl
import time
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import AuthResult

from admin_site.mailing.transport import Console, NotSent, Smtp, transport_for
from tests.mailing.servers import (
    CERTIFICATE,
    Mailbox,
    listening,
    mail_server,
    mail_settings,
    say_nothing,
    server_context,
)


@pytest.fixture
def message() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "school@example.org", "ada@example.org", "News"
    message.set_content("Hello")
    return message


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the certificate of the tests be one that this machine trusts, as OpenSSL is told so."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


def smtp(port: int, **settings) -> Smtp:
    return Smtp(mail_settings("sqlite://", port, smtp_host="localhost", **settings), patience=5, deadline=10)


def test_with_starttls_mail_is_secret_on_its_way(message, trusted):
    with mail_server(tls_context=server_context(), require_starttls=True) as mailbox:
        smtp(mailbox.port, smtp_security="starttls").send(message)

    assert mailbox.recipients == ["ada@example.org"]


def test_with_tls_mail_is_secret_from_the_first_byte(message, trusted):
    with mail_server(is_tls=True) as mailbox:
        smtp(mailbox.port, smtp_security="tls").send(message)

    assert mailbox.recipients == ["ada@example.org"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_cannot_prove_its_name_is_told_nothing(message, security):
    options = {"is_tls": True} if security == "tls" else {"tls_context": server_context()}
    with mail_server(**options) as mailbox, pytest.raises(NotSent, match="not safe") as failure:
        smtp(mailbox.port, smtp_security=security).send(message)

    assert mailbox.senders == []
    assert not failure.value.for_good


def test_a_certificate_for_another_name_is_none(message, trusted):
    with mail_server(tls_context=server_context()) as mailbox:
        settings = mail_settings("sqlite://", mailbox.port, smtp_host="127.0.0.2", smtp_security="starttls")
        with pytest.raises(NotSent):
            Smtp(settings).send(message)

    assert mailbox.senders == []


def test_a_server_without_starttls_is_not_spoken_to_openly(message):
    with mail_server() as mailbox, pytest.raises(NotSent, match="STARTTLS"):
        smtp(mailbox.port, smtp_security="starttls").send(message)

    assert mailbox.senders == []


@pytest.mark.parametrize("is_right", [True, False])
def test_the_site_signs_in_where_the_server_asks(message, trusted, is_right):
    mailbox = Mailbox()

    def check(server, session, envelope, mechanism, data):
        mailbox.signed_in.append((data.login, data.password))
        return AuthResult(success=is_right, handled=False)

    options = {"tls_context": server_context(), "auth_required": True, "authenticator": check}
    with mail_server(mailbox, **options):
        sender = smtp(
            mailbox.port, smtp_security="starttls", smtp_user="school", smtp_password="a mail password"
        )
        if is_right:
            sender.send(message)
        else:
            with pytest.raises(NotSent, match="SMTP_USER and SMTP_PASSWORD") as failure:
                sender.send(message)
            assert "a mail password" not in str(failure.value)

    assert mailbox.signed_in[0] == (b"school", b"a mail password")
    assert len(mailbox.messages) == int(is_right)


def test_what_a_server_says_is_kept_in_one_printable_line(message):
    mailbox = Mailbox(at_recipient=("550 No\x1b[31m\tway",))
    with mail_server(mailbox), pytest.raises(NotSent) as failure:
        smtp(mailbox.port).send(message)

    assert str(failure.value).isprintable()
    assert failure.value.for_good


def test_a_send_under_way_can_be_ended_from_another_thread(message):
    sender = None

    def end(_):
        time.sleep(0.1)
        sender.abort()

    with listening(end) as port:
        sender = smtp(port)
        start = time.monotonic()
        with pytest.raises(NotSent):
            sender.send(message)

    assert time.monotonic() - start < 3
    sender.abort()  # there is nothing to end any more


def test_waiting_for_an_answer_has_an_end(message):
    with listening(say_nothing) as port:
        settings = mail_settings("sqlite://", port)
        with pytest.raises(NotSent, match="does not answer"):
            Smtp(settings, patience=0.2).send(message)


def test_a_connection_that_is_encrypted_to_a_server_that_is_not_fails_in_words(message):
    with mail_server() as mailbox, pytest.raises(NotSent):
        smtp(mailbox.port, smtp_security="tls").send(message)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, Smtp),
        ({"smtp_host": ""}, Console),
        ({"smtp_host": "", "public_url": "https://admin.example.org"}, type(None)),
        ({"public_url": None}, type(None)),
        ({"public_url": None, "smtp_host": ""}, type(None)),
        ({"public_url": "https://admin.example.org"}, Smtp),
    ],
)
def test_how_a_site_sends_mail_follows_from_its_settings(settings, expected):
    chosen = mail_settings("sqlite://", 25, **settings)

    assert isinstance(transport_for(chosen), expected)
    assert chosen.can_send_mail is (expected is not type(None))


def test_the_certificate_of_these_tests_is_trusted_by_nobody_else():
    assert str(CERTIFICATE) not in str(ssl.get_default_verify_paths())
