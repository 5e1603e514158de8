"""From the queue to a mail server."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from admin_site.database import Database
from admin_site.mailing import Mailer
from admin_site.mailing.transport import Smtp
from admin_site.models import CredentialToken, LinkPurpose, OutgoingMail, User, utc_now
from admin_site.services.links import LINK_LIFETIME, expire_links, peek_link
from admin_site.services.mail import DELAYS, LEASE, MOST_LINKS, MailKind, claim, queue
from tests.factories import PASSWORD, make_role, make_user
from tests.mailing.servers import (
    Mailbox,
    a_closed_port,
    die_at,
    html_of,
    link_in,
    listening,
    mail_server,
    mail_settings,
    text_of,
)

UNAUDITED = {"unaudited": "a test turns the clock"}


def queued(database: Database, kind: MailKind = MailKind.PASSWORD_LINK, **values) -> int:
    """Store a person and a message to them; return the number of the message."""
    with database.session() as session:
        user = make_user(session, **{"password": PASSWORD, **values})
        mail = queue(session, kind, user)
        session.flush()
        return mail.mail_id


def stored(database: Database, mail_id: int) -> OutgoingMail:
    with database.session() as session:
        return session.get_one(OutgoingMail, mail_id)


def make_due(database: Database) -> None:
    """Turn the clock to when whatever waits is tried again."""
    waits = update(OutgoingMail).where(OutgoingMail.due_at.is_not(None))
    with database.session() as session:
        session.execute(waits.values(due_at=utc_now()), execution_options=UNAUDITED)


def a_mailer(
    database: Database, port: int, *, patience: float = 20, deadline: float = 60, **settings
) -> Mailer:
    url = database.engine.url.render_as_string(hide_password=False)
    chosen = mail_settings(url, port, **settings)
    return Mailer(database, chosen, transport=Smtp(chosen, patience=patience, deadline=deadline))


def test_a_message_arrives_as_text_and_as_html(database):
    mail_id = queued(database, user_name="ada", first_name="Ada", email_address="ada@example.org")

    with mail_server() as mailbox:
        assert a_mailer(database, mailbox.port).send_due() == 1

    (message,) = mailbox.messages
    assert mailbox.recipients == ["ada@example.org"]
    assert mailbox.senders == ["school@example.org"]
    assert message["From"] == "The School <school@example.org>"
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == "A new password for Admin"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]
    assert message["Message-ID"].endswith("@example.org>")
    for text in (text_of(message), html_of(message)):
        assert "Ada" in text
        assert "http://testserver/admin/set-password/" in text
    sent = stored(database, mail_id)
    assert (sent.due_at, sent.error, sent.attempts) == (None, None, 1)
    assert sent.sent_at is not None


def test_the_link_of_a_message_is_made_when_it_is_sent_and_stored_nowhere(database):
    mail_id = queued(database)
    with database.session() as session:
        assert session.scalars(select(CredentialToken)).all() == []

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    token = link_in(mailbox.messages[0]).rpartition("/")[2]
    with database.session() as session:
        owner = peek_link(session, token)
        assert owner.user_id == stored(database, mail_id).user_id
        rows = [
            *session.execute(select(OutgoingMail.__table__)),
            *session.execute(select(CredentialToken.__table__)),
        ]
        assert token not in repr(rows)
        link = session.scalars(select(CredentialToken)).one()
        assert link.purpose is LinkPurpose.RESET_PASSWORD
        assert link.expires_at - link.created_at == LINK_LIFETIME


def test_who_has_no_password_yet_is_asked_to_choose_a_first_one(database):
    queued(database, MailKind.FORGOT_PASSWORD, password=None)

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    assert mailbox.messages[0]["Subject"] == "Choose a password for Admin"
    with database.session() as session:
        assert session.scalars(select(CredentialToken)).one().purpose is LinkPurpose.FIRST_PASSWORD


def test_what_a_server_refuses_for_now_is_tried_again_after_growing_delays(database):
    mail_id = queued(database)
    answers = ("451 Later",) * (len(DELAYS) + 1)

    waits = []
    with mail_server(Mailbox(at_recipient=answers)) as mailbox:
        mailer = a_mailer(database, mailbox.port)
        while stored(database, mail_id).due_at is not None:
            before = utc_now()
            make_due(database)
            assert mailer.send_due() == 1
            due_at = stored(database, mail_id).due_at
            waits.append(due_at and round((due_at - before) / timedelta(minutes=1)))

    assert waits == [1, 5, 15, 60, 240, None]
    given_up = stored(database, mail_id)
    assert given_up.sent_at is None
    assert given_up.error == "The address was refused: 451 Later"
    assert mailbox.messages == []


def test_a_message_that_failed_arrives_once_the_server_takes_it(database):
    mail_id = queued(database)

    with mail_server(Mailbox(at_data=("451 Later",))) as mailbox:
        mailer = a_mailer(database, mailbox.port)
        mailer.send_due()
        assert mailer.send_due() == 0
        make_due(database)
        mailer.send_due()

    assert len(mailbox.messages) == 1
    assert (stored(database, mail_id).error, stored(database, mail_id).attempts) == (None, 2)


@pytest.mark.parametrize(
    "answers", [{"at_recipient": ("550 Nobody here",)}, {"at_data": ("554 Not such words",)}]
)
def test_what_a_server_refuses_for_good_is_not_tried_again(database, answers):
    mail_id = queued(database)

    with mail_server(Mailbox(**answers)) as mailbox:
        a_mailer(database, mailbox.port).send_due()

    refused = stored(database, mail_id)
    assert (refused.due_at, refused.sent_at) == (None, None)
    assert refused.error.endswith(("550 Nobody here", "554 Not such words"))


def test_a_server_that_cannot_be_reached_keeps_the_message_waiting(database):
    mail_id = queued(database)

    a_mailer(database, a_closed_port()).send_due()

    assert stored(database, mail_id).due_at > utc_now()
    assert "cannot be reached" in stored(database, mail_id).error


@pytest.mark.parametrize("command", [b"EHLO", b"MAIL", b"RCPT", b"DATA", b".\r\n"])
def test_a_server_that_dies_in_the_middle_loses_no_message(database, command):
    mail_id = queued(database)

    with listening(die_at(command)) as port:
        a_mailer(database, port).send_due()
    waiting = stored(database, mail_id)
    make_due(database)
    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    assert waiting.sent_at is None
    assert waiting.error
    assert len(mailbox.messages) == 1
    assert stored(database, mail_id).sent_at is not None


def test_while_a_server_hangs_others_write_and_in_the_end_it_is_given_up(database):
    mail_id = queued(database)
    is_connected = threading.Event()

    with listening(lambda _: is_connected.set()) as port:
        sending = threading.Thread(target=a_mailer(database, port, patience=0.5).send_due)
        sending.start()
        assert is_connected.wait(5)
        start = time.monotonic()
        with database.session() as session:
            make_user(session)
            session.execute(update(User).values(age=30), execution_options=UNAUDITED)
        seconds = time.monotonic() - start
        still_hangs = sending.is_alive()
        sending.join(5)

    assert still_hangs
    assert seconds < 0.4
    assert stored(database, mail_id).error == "The mail server does not answer."


def test_a_server_that_goes_on_and_on_is_given_up_at_the_deadline(database):
    mail_id = queued(database)

    def drip(connection):
        while True:
            connection.sendall(b"220-\r\n")
            time.sleep(0.05)

    with listening(drip) as port:
        start = time.monotonic()
        a_mailer(database, port, deadline=0.4).send_due()

    assert time.monotonic() - start < 3
    assert stored(database, mail_id).due_at is not None
    assert stored(database, mail_id).sent_at is None


def test_a_server_that_never_says_goodbye_was_given_the_message_once(database):
    mail_id = queued(database)
    heard = []

    def talk(connection):
        with connection.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 mail.test\r\n")
            is_data = False
            for line in lines:
                heard.append(line)
                if line.upper().startswith(b"QUIT"):
                    return  # and says nothing any more
                if is_data and line != b".\r\n":
                    continue
                is_data = line.upper().startswith(b"DATA")
                lines.write(b"354 Go on\r\n" if is_data else b"250 OK\r\n")

    with listening(talk) as port:
        start = time.monotonic()
        a_mailer(database, port).send_due()

    assert time.monotonic() - start < 5
    assert stored(database, mail_id).sent_at is not None
    assert heard.count(b".\r\n") == 1


def test_a_message_is_sent_once_though_the_database_is_away_afterwards(database):
    mail_id = queued(database)
    mailbox = Mailbox()

    class Away(Smtp):
        """Takes the database away for as long as it takes to notice, once the message is out."""

        def send(self, message):
            super().send(message)
            failures.extend([None] * 2)

    failures = []

    def fail(*_):
        if failures:
            failures.pop()
            raise OperationalError("UPDATE", {}, Exception("away"))

    event.listen(database.engine, "before_cursor_execute", fail)
    with mail_server(mailbox):
        settings = mail_settings(database.engine.url.render_as_string(hide_password=False), mailbox.port)
        Mailer(database, settings, transport=Away(settings)).send_due()

    assert failures == []
    assert len(mailbox.messages) == 1
    assert stored(database, mail_id).sent_at is not None


def test_two_workers_on_one_queue_send_each_message_once(database, database_url):
    with database.session() as session:
        people = [make_user(session) for _ in range(12)]
        for user in people:
            queue(session, MailKind.PASSWORD_CHANGED, user)
        addresses = sorted(user.email_address for user in people)

    with mail_server() as mailbox, Database(database_url) as other:
        mailers = [a_mailer(each, mailbox.port) for each in (database, other)]
        start = threading.Barrier(2)
        numbers = []

        def work(mailer):
            start.wait(10)
            numbers.append(mailer.send_due())

        threads = [threading.Thread(target=work, args=(mailer,)) for mailer in mailers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert sorted(mailbox.recipients) == addresses
    assert sum(numbers) == 12


def test_what_one_process_died_over_is_sent_by_another_later(database):
    mail_id = queued(database)
    with database.session() as session:
        taken = claim(session)
    assert taken.mail_id == mail_id

    with mail_server() as mailbox:
        mailer = a_mailer(database, mailbox.port)
        assert mailer.send_due() == 0
        left = stored(database, mail_id).due_at - utc_now()
        make_due(database)
        assert mailer.send_due() == 1

    assert LEASE - timedelta(seconds=30) < left <= LEASE
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"email_address": "somewhere@example.net"},
    ],
)
def test_no_link_goes_out_after_the_account_has_changed(database, change):
    mail_id = queued(database, MailKind.FORGOT_PASSWORD)
    with database.session() as session:
        user = session.get_one(User, stored(database, mail_id).user_id)
        for name, value in change.items():
            setattr(user, name, value)
        expire_links(session, user)

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    assert mailbox.messages == []
    assert stored(database, mail_id).error


def test_who_is_inactive_is_sent_no_link(database):
    mail_id = queued(database, MailKind.FORGOT_PASSWORD, is_active=False)

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    assert mailbox.senders == []
    assert stored(database, mail_id).due_at is None


def test_who_sent_a_link_and_is_no_longer_stronger_sends_none(database):
    with database.session() as session:
        support = make_user(session, password=PASSWORD)
        boss = make_user(session, roles=(make_role(session, ("course", "*")),))
        mail = queue(session, MailKind.PASSWORD_LINK, boss, created_by=support.user_id)
        session.flush()

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    assert mailbox.messages == []
    assert stored(database, mail.mail_id).due_at is None


def test_a_message_says_who_did_it_when_it_was_somebody_else(database):
    with database.session() as session:
        support = make_user(session, superuser=True, first_name="Sam", last_name="Support")
        user = make_user(session)
        queue(session, MailKind.SECOND_FACTOR_REMOVED, user, created_by=support.user_id)
        queue(session, MailKind.SECOND_FACTOR_REMOVED, user, created_by=user.user_id, come_from="192.0.2.7")

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    by_support, by_oneself = map(text_of, mailbox.messages)
    assert "Sam Support did this." in " ".join(by_support.split())
    assert "192.0.2.7" not in by_support
    assert "from the address 192.0.2.7" in " ".join(by_oneself.split())


def test_for_nobody_known_nothing_is_sent(database):
    with database.session() as session:
        mail = queue(session, MailKind.FORGOT_PASSWORD, None)
        session.flush()

    with mail_server() as mailbox:
        assert a_mailer(database, mailbox.port).send_due() == 1

    assert mailbox.senders == []
    assert stored(database, mail.mail_id).due_at is None


def test_nobody_is_sent_more_links_than_some_an_hour(database):
    with database.session() as session:
        user = make_user(session, password=PASSWORD)
        key = user.user_id

    with mail_server() as mailbox:
        mailer = a_mailer(database, mailbox.port)
        for _ in range(MOST_LINKS + 2):
            with database.session() as session:
                queue(session, MailKind.FORGOT_PASSWORD, session.get_one(User, key))
            mailer.send_due()
        assert len(mailbox.messages) == MOST_LINKS
        with database.session() as session:
            peek_link(session, link_in(mailbox.messages[-1]).rpartition("/")[2])
            queue(session, MailKind.PASSWORD_LINK, session.get_one(User, key))
        mailer.send_due()
        assert len(mailbox.messages) == MOST_LINKS + 1


def test_asked_twice_before_anything_went_out_one_link_is_sent(database):
    with database.session() as session:
        user = make_user(session, password=PASSWORD)
        for _ in range(2):
            queue(session, MailKind.FORGOT_PASSWORD, user)

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    (message,) = mailbox.messages
    with database.session() as session:
        assert peek_link(session, link_in(message).rpartition("/")[2])


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org, b@example.org",
        "Ada <ada@example.org>",
        "a@example.org\r\nBcc: b@example.org",
        "a b@example.org",
        "a@",
        "@example.org",
        "nobody",
        "a@exa mple.org",
        "x" * 100 + "@" + "y" * 100 + ".org",
    ],
)
def test_mail_goes_to_one_address_or_none(database, address):
    mail_id = queued(database)
    with database.session() as session:
        session.execute(update(User).values(email_address=address), execution_options=UNAUDITED)

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    assert mailbox.senders == []
    assert stored(database, mail_id).due_at is None
    assert stored(database, mail_id).error == "The address is not one that mail can be sent to."
    with database.session() as session:
        assert session.scalars(select(CredentialToken)).all() == []


def test_domains_in_other_letters_are_written_as_the_mail_system_writes_them(database):
    queued(database, email_address="ada@bücher.example")

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port).send_due()

    assert mailbox.recipients == ["ada@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "name", ["Ada\r\nBcc: x@example.org", "<script>alert(1)</script>", "{{ link }}", "Ł 🎻"]
)
def test_names_are_text_and_nothing_else(database, name):
    queued(database, MailKind.PASSWORD_CHANGED, first_name=name, email_address="ada@example.org")

    with mail_server() as mailbox:
        a_mailer(database, mailbox.port, site_title=name.replace("\r\n", " ")).send_due()

    (message,) = mailbox.messages
    assert set(message.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"),
    }
    assert mailbox.recipients == ["ada@example.org"]
    assert " ".join(name.split()) in " ".join(text_of(message).split())
    assert "<script>" not in html_of(message)


def test_a_message_that_cannot_be_written_stops_no_other(database, tmp_path, caplog):
    broken = queued(database, MailKind.PASSWORD_CHANGED)
    queued(database, MailKind.PASSWORD_RESET)
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "password_changed.txt").write_text("{{ no_such_thing }}")

    with mail_server() as mailbox:
        url = database.engine.url.render_as_string(hide_password=False)
        Mailer(database, mail_settings(url, mailbox.port), str(tmp_path)).send_due()

    assert len(mailbox.messages) == 1
    assert stored(database, broken).due_at is not None
    assert "could not be written" in caplog.text


def test_a_site_writes_its_mail_in_its_own_words(database, tmp_path):
    queued(database, MailKind.PASSWORD_CHANGED, first_name="Ada")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "password_changed.txt").write_text("News\n\nDear {{ name }},\n\nbe careful.")

    with mail_server() as mailbox:
        url = database.engine.url.render_as_string(hide_password=False)
        Mailer(database, mail_settings(url, mailbox.port), str(tmp_path)).send_due()

    assert mailbox.messages[0]["Subject"] == "News"
    assert text_of(mailbox.messages[0]).replace("\r\n", "\n") == "Dear Ada,\n\nbe careful.\n"


def test_without_a_server_in_production_nothing_waits_for_ever(database, database_url):
    mail_id = queued(database)
    settings = mail_settings(database_url, 25, smtp_host="", public_url="https://admin.example.org")

    Mailer(database, settings).send_due()

    assert stored(database, mail_id).due_at is None
    assert "SMTP_HOST" in stored(database, mail_id).error


def test_without_a_server_in_development_messages_are_printed(database, database_url, capsys):
    queued(database, email_address="ada@example.org")

    Mailer(database, mail_settings(database_url, 25, smtp_host="")).send_due()

    printed = capsys.readouterr().out
    assert "Mail to ada@example.org: A new password for Admin" in printed
    assert "http://testserver/admin/set-password/" in printed
