"""Attempts to sign in that have to wait after too many failed ones."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from admin_site.errors import TooManyAttempts
from admin_site.models import AuditEntry, Throttle
from admin_site.security.throttling import ACCOUNT, ADDRESS
from admin_site.services.throttling import blocked_until, check, clear, is_open, note_failure, sweep_throttles
from tests.factories import make_user

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def fail(session, user, name="maria", address="192.0.2.7", times=1, now=NOW):
    for _ in range(times):
        note_failure(session, user, name, address, now=now)


def retry_after(session, user, name="maria", address="192.0.2.7", now=NOW) -> int:
    """Return how many seconds an attempt has to wait, 0 for none."""
    try:
        check(session, user, name, address, now=now)
    except TooManyAttempts as refusal:
        return refusal.retry_after
    return 0


@pytest.mark.parametrize("is_known", [True, False])
def test_the_tenth_failure_makes_a_name_wait_whether_or_not_somebody_has_it(session, is_known):
    user = make_user(session, user_name="maria") if is_known else None

    fail(session, user, times=9)
    assert retry_after(session, None) == 0
    fail(session, user)

    assert retry_after(session, None) == 60
    assert retry_after(session, None, address="198.51.100.4") == 60
    assert retry_after(session, None, name="somebody else", address="198.51.100.4") == 0


def test_each_further_failure_doubles_the_wait_up_to_an_hour(session):
    user, now, waits = make_user(session, user_name="maria"), NOW, []
    fail(session, user, times=9)

    for number in range(9):
        fail(session, user, address=f"192.0.2.{number}", now=now)
        waits.append(blocked_until(session, user, now=now) - now)
        now += waits[-1]

    # An hour's wait is an hour without a failure, for which one is forgotten.
    assert waits == [number * MINUTE for number in (1, 2, 4, 8, 16, 32, 60, 60, 60)]


def test_waiting_clears_by_itself_and_so_do_the_failures(session):
    user = make_user(session, user_name="maria")
    fail(session, user, times=10)

    assert retry_after(session, user, now=NOW + MINUTE - timedelta(seconds=1)) == 1
    assert retry_after(session, user, now=NOW + MINUTE) == 0
    later = NOW + ACCOUNT.memory
    fail(session, user, times=9, now=later)
    assert retry_after(session, user, now=later) == 0


def test_an_attempt_while_waiting_makes_nobody_wait_longer(session):
    user = make_user(session, user_name="maria")
    fail(session, user, times=10)

    for _ in range(5):
        with pytest.raises(TooManyAttempts) as refusal:
            note_failure(session, user, "maria", "192.0.2.7", now=NOW + MINUTE / 2)

    assert refusal.value.retry_after == 30
    assert blocked_until(session, user, now=NOW) == NOW + MINUTE


@pytest.mark.parametrize("name", ["MARIA", " maria ", "ｍａｒｉａ", "Maria"])
def test_however_a_name_is_written_it_is_counted_once(session, name):
    fail(session, None, times=10)

    assert retry_after(session, None, name=name, address=None) == 60


@pytest.mark.parametrize("name", ["", "nul\0", "half \ud800", "x" * 100_000, "a" + "\u0301\u0316" * 100_000])
def test_any_text_is_counted_and_none_is_kept(session, name):
    fail(session, None, name=name, times=10)

    assert retry_after(session, None, name=name) == 60
    assert {len(key) for key in session.scalars(select(Throttle.key))} == {64}


def test_the_two_names_of_a_person_do_not_tell_of_each_other_but_share_the_guesses(session):
    user = make_user(session, user_name="maria", email_address="maria@example.org")

    fail(session, user, times=10)

    assert retry_after(session, None, "maria@example.org") == 0
    assert not is_open(session, user, "maria@example.org", "192.0.2.7", now=NOW)
    assert retry_after(session, user, "maria@example.org") == 60


def test_an_address_waits_after_failures_at_many_accounts(session):
    for number in range(ADDRESS.free):
        assert retry_after(session, None, name=f"n{number}") == 0
        fail(session, None, name=f"n{number}")

    assert retry_after(session, None, name="another") == 60
    assert retry_after(session, None, name="another", address="192.0.2.8") == 0
    event = session.scalars(select(AuditEntry).where(AuditEntry.action == "throttled")).one()
    assert (event.label, str(event)) == (
        "192.0.2.7",
        "The site itself made too many attempts from 192.0.2.7",
    )


def test_an_address_that_fails_now_and_then_never_waits(session):
    for number in range(2 * ADDRESS.free):
        fail(session, None, name=f"n{number}", now=NOW + number * ADDRESS.forgets)

    assert retry_after(session, None, name="another", now=NOW + 2 * ADDRESS.free * ADDRESS.forgets) == 0


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("no address", "no address", True),
    ],
)
def test_a_client_is_an_address_or_the_network_of_one_customer(session, one, other, is_same):
    for number in range(ADDRESS.free):
        fail(session, None, name=f"n{number}", address=one)

    assert (retry_after(session, None, address=other) > 0) is is_same


def test_clearing_lets_a_person_try_at_once_by_either_name(session):
    user, other = make_user(session, user_name="maria"), make_user(session)
    fail(session, user, times=10)
    fail(session, user, name=user.email_address, address="192.0.2.9", now=NOW + MINUTE)
    fail(session, other, name=other.user_name, times=10, address="192.0.2.9", now=NOW)

    assert blocked_until(session, user, now=NOW + MINUTE) == NOW + 3 * MINUTE
    clear(session, user)

    assert blocked_until(session, user, now=NOW) is None
    assert retry_after(session, user) == 0
    assert retry_after(session, other, name=other.user_name) == 60


def test_clearing_says_whether_somebody_had_to_wait(session):
    user = make_user(session)
    note_failure(session, user, user.user_name, None)
    assert clear(session, user) is False

    for _ in range(10):
        note_failure(session, user, user.user_name, None)
    assert clear(session, user) is True


def test_that_an_account_waits_is_recorded_once_with_until_when(session):
    user = make_user(session, user_name="maria", first_name="Maria")
    fail(session, user, times=10)
    fail(session, None, name="nobody", times=10, address=None)

    known, unknown = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "locked").order_by(AuditEntry.entry_id)
    ).all()

    assert (known.label, known.key) == ("Maria", str(user.user_id))
    assert known.changes == {"until": [None, (NOW + MINUTE).isoformat()]}
    assert (unknown.label, unknown.key) == ("unknown name", "")


def test_guesses_at_once_are_counted_each(database):
    with database.session() as session:
        user = make_user(session, user_name="maria")
    start, heard = Barrier(12), []

    def guess(number: int) -> None:
        start.wait()
        for _ in range(4):
            try:
                with database.session() as session:
                    name = "maria" if number % 2 else "maria@example.org"
                    note_failure(session, user, name, f"192.0.2.{number}", now=NOW)
            except TooManyAttempts:
                continue
            heard.append(name)

    threads = [Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (heard.count("maria"), heard.count("maria@example.org")) == (ACCOUNT.free, ACCOUNT.free)
    with database.session() as session:
        assert blocked_until(session, user, now=NOW) == NOW + MINUTE


def test_right_and_wrong_attempts_at_once_never_wait_for_each_other_in_a_circle(database):
    with database.session() as session:
        user = make_user(session, user_name="maria", email_address="maria@example.org")
    start, failed = Barrier(8), []

    def attempt(number: int) -> None:
        start.wait()
        name = ("maria", "maria@example.org")[number % 2]
        try:
            for _ in range(8):
                with database.session() as session:
                    if number < 4:
                        note_failure(session, user, name, "192.0.2.7")
                    elif is_open(session, user, name, "192.0.2.7"):
                        clear(session, user)
        except TooManyAttempts:
            pass
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=attempt, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_what_counts_no_more_is_swept_and_nothing_else(session):
    fail(session, None, name="old", address=None, now=NOW - ACCOUNT.memory - MINUTE)
    fail(session, None, name="new", address=None)

    sweep_throttles(session, NOW)

    assert session.scalar(select(func.count()).select_from(Throttle)) == 2
    assert session.scalars(select(Throttle.failed_at)).all() == [NOW, NOW]
