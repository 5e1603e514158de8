"""A list that takes too long is stopped, and the session goes on."""

from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import pytest
from sqlalchemy import Executable, func, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.errors import BadRequest, NotFound, TooSlow
from admin_site.listing import Listing, ListQuery, count, fetch, limited
from admin_site.listing.limits import limited_to_the_end
from admin_site.listing.statements import run
from admin_site.models import Role, User
from tests.factories import make_role, make_user
from tests.listing.walks import statements

COUNTING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT max(i) FROM n"
SLOW = {"sqlite": COUNTING.format(10**9), "postgresql": "SELECT pg_sleep(10)"}


@pytest.fixture
def slow(backend: str) -> Executable:
    return text(SLOW[backend])


def test_a_statement_that_takes_too_long_is_stopped_in_words(session: Session, slow: Executable) -> None:
    with pytest.raises(TooSlow, match=r"0\.05 seconds.*beginning of a name"), limited(session, 0.05):
        run(session, slow).all()


def test_the_session_goes_on_with_all_it_had_done(session: Session, slow: Executable) -> None:
    make_role(session, name="before")
    with pytest.raises(TooSlow), limited(session, 0.02):
        run(session, slow).all()

    make_role(session, name="after")
    session.commit()

    assert set(session.scalars(select(Role.name))) == {"before", "after"}


def test_a_limit_to_the_end_stops_too_and_the_session_goes_on(session: Session, slow: Executable) -> None:
    with suppress(TooSlow), limited_to_the_end(session, 0.02):
        run(session, text("SELECT 1")).all()
        run(session, slow).all()
        pytest.fail("it was not stopped")

    make_role(session, name="after")
    session.commit()

    assert set(session.scalars(select(Role.name))) == {"after"}


def test_a_limit_to_the_end_sends_no_statement_of_its_own(session: Session, backend: str) -> None:
    session.connection()  # begins the transaction
    with statements(session) as heard, limited_to_the_end(session, 5):
        seconds = run(session, text("SHOW statement_timeout" if backend == "postgresql" else "SELECT 5"))

    assert str(seconds.scalar_one()).startswith("5")
    assert len(heard) == 1
    session.commit()
    if backend == "postgresql":
        assert session.scalar(text("SHOW statement_timeout")) == "0"


def test_what_was_not_yet_stored_is_not_lost_either(session: Session, slow: Executable) -> None:
    session.add(Role(name="pending"))
    with pytest.raises(TooSlow), limited(session, 0.02):
        run(session, slow).all()

    session.commit()

    assert session.scalar(select(func.count()).select_from(Role)) == 1


def test_after_the_block_nothing_is_limited(session: Session, backend: str, slow: Executable) -> None:
    with limited(session, 0.02):
        run(session, text("SELECT 1")).all()
    with suppress(TooSlow), limited(session, 0.02):
        run(session, slow).all()

    if backend == "postgresql":
        assert session.scalar(text("SHOW statement_timeout")) == "0"
        session.execute(text("SELECT pg_sleep(0.05)"))
    else:
        assert session.scalar(text(COUNTING.format(200_000))) == 200_000


def test_limits_lie_within_each_other(session: Session, slow: Executable) -> None:
    with limited(session, 0.2):
        with pytest.raises(TooSlow, match=r"0\.02"), limited(session, 0.02):
            run(session, slow).all()
        make_role(session)
        with limited(session, 5):
            run(session, text("SELECT 1")).all()
        with pytest.raises(TooSlow, match=r"0\.2 "), limited(session, 0.2):
            run(session, slow).all()
    assert session.scalar(select(func.count()).select_from(Role)) == 1


def test_each_statement_has_its_own_time(session: Session, backend: str) -> None:
    quick = text("SELECT pg_sleep(0.02)" if backend == "postgresql" else COUNTING.format(12_000))
    started = monotonic()
    with limited(session, 0.3):
        while monotonic() - started < 0.35:
            run(session, quick).all()


def test_a_page_and_its_count_are_limited(session: Session, backend: str) -> None:
    make_user(session)
    slowly = _slow_condition(backend)
    listing = Listing.of(describe(User)).scoped(lambda people: people.where(slowly))
    query = ListQuery.parse([], listing)

    for read in (fetch, count):
        with pytest.raises(TooSlow), limited(session, 0.02):
            read(session, listing, query)
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_other_errors_pass_and_leave_the_session_usable(session: Session, backend: str) -> None:
    make_role(session, name="kept")
    with pytest.raises((OperationalError, ProgrammingError)), limited(session, 1):
        run(session, text("SELECT nothing FROM nowhere"))
    with suppress(BadRequest), limited(session, 1):
        run(session, text("SELECT 1 / 0"))
    with pytest.raises(NotFound), limited(session, 1):
        raise NotFound("what the caller looks for")

    assert list(session.scalars(select(Role.name))) == ["kept"]


@pytest.mark.parametrize("end", [Session.rollback, Session.commit, Session.close])
def test_a_transaction_may_end_within_the_block(session: Session, end: Callable[[Session], None]) -> None:
    with limited(session, 1):
        run(session, text("SELECT 1")).all()
        end(session)

    make_role(session)
    session.commit()


def _slow_condition(backend: str):
    if backend == "postgresql":
        return text("pg_sleep(10) IS NOT NULL")
    return text(f"({SLOW['sqlite']}) > 0")
