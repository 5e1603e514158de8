"""What is deleted once it was kept long enough, by a command and by the site itself."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, null, select, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site import audit, create_app
from admin_site.config import Settings
from admin_site.database import Database
from admin_site.models import (
    AuditEntry,
    CredentialToken,
    Draft,
    LinkPurpose,
    OutgoingMail,
    Submission,
    Throttle,
    User,
    UserSession,
    Viewing,
    utc_now,
)
from admin_site.ops.alone import alone
from admin_site.ops.retention import Sweeper, sweep
from admin_site.services import retention
from admin_site.services.links import create_link
from admin_site.services.sessions import start_session
from tests.factories import make_user
from tests.processes import command

NOW = utc_now()
LONG_AGO = NOW - timedelta(days=400)
LATELY = NOW - timedelta(minutes=1)


def leave(session: Session, user: User, at: datetime) -> None:
    """Leave a row of everything that is swept, as it is left at a moment."""
    start_session(session, user, now=at)
    started = session.scalars(select(UserSession.session_id).where(UserSession.start_time == at)).one()
    create_link(session, user, LinkPurpose.RESET_PASSWORD, now=at)
    session.add_all(
        [
            Viewing(
                session_id=started,
                user=user,
                reason="r",
                created_at=at,
                expires_at=at + timedelta(minutes=15),
            ),
            Throttle(key=f"{at}", failures=3, failed_at=at),
            OutgoingMail(kind="password_link", user=user, created_at=at, due_at=null(), sent_at=at),
            Submission(
                user_id=user.user_id, nonce=f"{at:%Y%m%d}-a-nonce", address="/", message="m", created_at=at
            ),
            Draft(user_id=user.user_id, address=f"/{at}", fields=[], created_at=at, updated_at=at),
        ]
    )
    audit.note(session, "sign_in", user)
    session.flush()
    session.execute(
        update(AuditEntry).where(AuditEntry.happened_at > at).values(happened_at=at),
        execution_options=audit.RETENTION,
    )


SWEPT = (UserSession, CredentialToken, Viewing, Throttle, OutgoingMail, Submission, Draft)


def numbers(database: Database) -> dict[str, int]:
    with database.session() as session:
        return {
            model.__name__: session.scalar(select(func.count()).select_from(model)) or 0 for model in SWEPT
        }


def sign_ins(database: Database) -> int:
    with database.session() as session:
        entries = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "sign_in")
        return session.scalar(entries) or 0


def test_what_is_old_goes_and_what_is_not_stays(database: Database, settings: Settings):
    with database.session() as session:
        user = make_user(session)
        leave(session, user, LONG_AGO)
    with database.session() as session:
        leave(session, session.get_one(User, user.user_id), LATELY)

    swept = sweep(settings, now=NOW)

    assert numbers(database) == {model.__name__: 1 for model in SWEPT}
    assert swept is not None
    assert swept["security events"] == sign_ins(database) == 1
    assert sum(swept.values()) >= 6  # what goes along with a session is not counted
    assert sweep(settings, now=NOW) == dict.fromkeys(swept, 0)


def test_an_idle_session_goes_with_its_view_and_one_that_is_kept_stays(
    database: Database, settings: Settings
):
    yesterday = NOW - timedelta(days=1)
    with database.session() as session:
        user = make_user(session)
        start_session(session, user, now=yesterday)
        start_session(session, user, is_kept=True, now=yesterday)

    sweep(settings, now=NOW)

    with database.session() as session:
        assert session.scalars(select(UserSession.is_kept)).all() == [True]


def test_a_message_that_is_still_to_be_sent_stays(database: Database, settings: Settings):
    with database.session() as session:
        session.add(OutgoingMail(kind="password_link", created_at=LONG_AGO, due_at=LONG_AGO))

    sweep(settings, now=NOW)

    assert numbers(database)["OutgoingMail"] == 1


def test_many_rows_go_in_transactions_of_their_own(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention, "SWEPT", 3)
    with database.session() as session:
        session.add_all(OutgoingMail(kind="k", created_at=LONG_AGO, due_at=null()) for _ in range(10))

    swept = sweep(settings, now=NOW)

    assert swept is not None
    assert swept["messages"] == 10
    assert numbers(database)["OutgoingMail"] == 0


@pytest.mark.parametrize(("days", "left"), [(30, 1), (500, 2)])
def test_a_setting_says_how_long_security_events_are_kept(
    database: Database, settings: Settings, days: int, left: int
):
    with database.session() as session:
        user = make_user(session)
        leave(session, user, LONG_AGO)
    with database.session() as session:
        audit.note(session, "sign_in", session.merge(user))

    sweep(settings.model_copy(update={"security_events_days": days}), now=NOW)

    assert sign_ins(database) == left


def test_one_process_sweeps_at_a_time(database: Database, settings: Settings):
    with alone(database.engine, wait=0) as is_alone:
        assert is_alone
        assert sweep(settings) is None

    assert sweep(settings) is not None


def wait_until(is_so: Callable[[], bool]) -> bool:
    for _ in range(200):
        if is_so():
            return True
        time.sleep(0.05)
    return False


def test_the_site_sweeps_by_itself_and_again(database: Database, settings: Settings):
    sweeper = Sweeper(settings, first=0, every=0.1)
    sweeper.start()
    try:
        for _ in range(2):
            with database.session() as session:
                session.add(OutgoingMail(kind="k", created_at=LONG_AGO, due_at=null()))
            assert wait_until(lambda: numbers(database)["OutgoingMail"] == 0)
    finally:
        sweeper.stop()


def test_the_site_goes_on_when_the_database_cannot_be_swept(caplog: pytest.LogCaptureFixture, tmp_path: Path):
    missing = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/without-tables.sqlite3")
    sweeper = Sweeper(missing, first=0, every=0.05)
    sweeper.start()
    try:
        assert wait_until(lambda: caplog.text.count("could not be deleted") > 1)
    finally:
        sweeper.stop()


def test_the_sweeper_ends_with_the_site(settings: Settings):
    others = set(threading.enumerate())
    with TestClient(create_app(settings)):
        assert "retention" in {thread.name for thread in set(threading.enumerate()) - others}

    assert "retention" not in {thread.name for thread in set(threading.enumerate()) - others}


def test_the_command_says_what_it_deleted_and_is_on_record(database: Database, database_url: str):
    with database.session() as session:
        session.add_all(OutgoingMail(kind="k", created_at=LONG_AGO, due_at=null()) for _ in range(2))

    first = command("sweep", DATABASE_URL=database_url)
    second = command("sweep", DATABASE_URL=database_url)

    assert (first.stdout, second.stdout) == ("Deleted 2 messages.\n", "Nothing to do.\n")
    with database.session() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.changes) == ("sweep", {"messages": [2, 0]})
        assert entry.actor_name.startswith("cli:")
