"""The thread that sends mail while the site serves."""

import threading
import time

import pytest
from alembic import command
from alembic.config import Config
from starlette.testclient import TestClient

from admin_site import create_app
from admin_site.config import ROOT
from admin_site.database import Database
from admin_site.mailing import Mailer, Worker
from admin_site.models import OutgoingMail
from admin_site.services.mail import MailKind, queue
from tests.factories import make_user
from tests.mailing.servers import listening, mail_server, mail_settings


def queue_a_message(database: Database) -> int:
    with database.session() as session:
        mail = queue(session, MailKind.PASSWORD_CHANGED, make_user(session))
        session.flush()
        return mail.mail_id


def wait_for(is_so, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def others() -> set[threading.Thread]:
    """The threads that run already, for other tests."""
    return set(threading.enumerate())


def mail_threads(others: set[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "mail" and thread not in others]


def test_a_site_that_serves_sends_its_mail(database, database_url, others):
    with mail_server() as mailbox:
        app = create_app(mail_settings(database_url, mailbox.port))
        with TestClient(app):
            queue_a_message(database)
            wait_for(lambda: mailbox.messages)

    assert mail_threads(others) == []


def test_a_site_starts_and_stops_more_than_once(database, database_url, others):
    app = create_app(mail_settings(database_url, 25))

    for _ in range(2):
        with TestClient(app) as client:
            assert client.get("/healthz").status_code == 200
            assert len(mail_threads(others)) == 1
    assert mail_threads(others) == []


def test_a_site_stops_though_the_mail_server_hangs(database, database_url, others):
    mail_id = queue_a_message(database)
    is_connected = threading.Event()

    with listening(lambda _: is_connected.set()) as port:
        worker = Worker(Mailer(database, mail_settings(database_url, port)), every=0.01, goodbye=0.2)
        worker.start()
        assert is_connected.wait(10)
        start = time.monotonic()
        worker.stop()

    assert time.monotonic() - start < 3
    assert mail_threads(others) == []
    with database.session() as session:
        left = session.get_one(OutgoingMail, mail_id)
        assert left.sent_at is None
        assert left.due_at is not None


def test_the_thread_outlives_a_database_that_refuses(empty_database_url, caplog):
    with mail_server() as mailbox, Database(empty_database_url) as database:
        worker = Worker(Mailer(database, mail_settings(empty_database_url, mailbox.port)), every=0.02)
        worker.start()
        wait_for(lambda: "database refuses" in caplog.text)
        config = Config(ROOT / "alembic.ini")
        config.attributes["url"] = empty_database_url
        command.upgrade(config, "head")
        queue_a_message(database)
        wait_for(lambda: mailbox.messages, 20)
        worker.stop()

    assert caplog.text.count("database refuses") == 1
