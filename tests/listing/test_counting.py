"""How many there are."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.listing import Listing, ListQuery, count, counting, exact, fetch, quick_count
from admin_site.listing.counting import Count
from admin_site.listing.plans import plan
from admin_site.models import Role, User
from tests.factories import make_role, make_user
from tests.listing.walks import plans, statements
from tests.zoo.inheritance import Boss, Employee, Taxi

EVERYONE = Listing.of(describe(User))
ROLES = Listing.of(describe(Role))


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (Count(0), "0"),
        (Count(1234), "1,234"),
        (Count(10_000, exact=False), "10,000+"),
        (Count(123_456, exact=False, is_estimate=True), "about 123.5 thousand"),
        (Count(10_000_000, exact=False, is_estimate=True), "about 10.0 million"),
    ],
)
def test_counts_read_as_people_say_them(counted: Count, words: str) -> None:
    assert str(counted) == words


def test_counts_are_exact_up_to_the_limit(session: Session) -> None:
    for _ in range(5):
        make_user(session)

    assert str(count(session, EVERYONE, ListQuery.parse([], EVERYONE), limit=5)) == "5"
    assert str(count(session, EVERYONE, ListQuery.parse([("age__empty", "yes")], EVERYONE), limit=4)) == "4+"
    assert str(exact(session, EVERYONE, ListQuery.parse([], EVERYONE))) == "5"


def test_what_may_not_be_seen_is_not_counted(session: Session) -> None:
    for name in ("a", "b", "hidden"):
        make_role(session, name=name)
    listing = Listing.of(describe(Role)).scoped(lambda roles: roles.where(Role.name != "hidden"))

    assert count(session, listing, ListQuery.parse([], listing)).number == 2


def test_postgresql_estimates_the_whole_of_a_big_table(session: Session, backend: str) -> None:
    for _ in range(30):
        make_user(session, is_active=True)
    if backend == "postgresql":
        session.execute(text("ANALYZE users"))
    everyone, some = ListQuery.parse([], EVERYONE), ListQuery.parse([("is_active", "yes")], EVERYONE)
    hidden = EVERYONE.scoped(lambda people: people.where(User.is_active))

    assert str(count(session, EVERYONE, everyone, limit=9)) == (
        "about 30" if backend == "postgresql" else "9+"
    )
    assert str(count(session, EVERYONE, some, limit=9)) == "9+"
    assert str(count(session, hidden, everyone, limit=9)) == "9+"


def test_the_last_page_tells_the_number_without_a_query(session: Session) -> None:
    for _ in range(7):
        make_user(session)
    query = ListQuery.parse([("size", "3"), ("sort", "user_name")], EVERYONE)
    pages = [fetch(session, EVERYONE, query)]
    while pages[-1].has_next:
        pages.append(fetch(session, EVERYONE, query.with_(after=pages[-1].after)))
    whole = fetch(session, EVERYONE, query.with_(size=10))
    none = fetch(session, EVERYONE, query.with_(search="nobody at all"))
    last = fetch(session, EVERYONE, query.with_(last=True))

    with statements(session) as heard:
        assert (
            count(session, EVERYONE, query, page=whole)
            == count(session, EVERYONE, query, page=pages[-1])
            == Count(7)
        )
        assert count(session, EVERYONE, query.with_(search="nobody at all"), page=none) == Count(0)
    assert heard == []
    for page in (pages[0], last):
        assert count(session, EVERYONE, query, page=page) == Count(7)


def test_no_row_of_a_big_table_is_read_to_estimate_it(session: Session, backend: str) -> None:
    session.add_all(Role(name=str(number)) for number in range(30))
    session.flush()
    query = ListQuery.parse([], ROLES)
    if backend == "postgresql":
        session.execute(text("ANALYZE roles"))
    with statements(session) as heard:
        words = {limit: str(count(session, ROLES, query, limit=limit)) for limit in (9, 20, 100)}

    assert len(heard) == 3
    if backend == "postgresql":
        assert words == {9: "about 30", 20: "about 30", 100: "30"}
        analyzed = plans(session, lambda: count(session, ROLES, query, limit=9), "EXPLAIN ANALYZE")
        assert "Seq Scan on roles (never executed)" in re.sub(r" +\(cost=.*?\)", "", analyzed[0])
    else:
        assert words == {9: "9+", 20: "20+", 100: "30"}


def test_what_the_planner_takes_for_far_too_many_is_left_to_be_counted_later(
    session: Session, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.add_all(Role(name=f"role {number}") for number in range(300))
    session.flush()
    if backend == "postgresql":
        session.execute(text("ANALYZE roles"))
    common, rare = (ListQuery.parse([("search", word)], ROLES) for word in ("role", "nobody"))
    monkeypatch.setattr(counting, "MAX_COUNTED", 100)

    later = quick_count(session, ROLES, common)

    assert quick_count(session, ROLES, rare) == Count(0)
    assert later is None if backend == "postgresql" else later == Count(300)
    assert str(count(session, ROLES, common, limit=100)) == "100+"


def test_a_page_that_is_planned_knows_its_total_where_that_is_quick(session: Session, backend: str) -> None:
    for number in range(7):
        make_role(session, name=str(number))
    query = ListQuery.parse([("columns", "name"), ("size", "3")], ROLES)
    way = plan(ROLES, query.columns)

    with statements(session) as heard:
        page = fetch(session, ROLES, query, way)
        narrowed = fetch(session, ROLES, query.with_(search="1"), way)

    assert page.total == (Count(7) if backend == "postgresql" else None)
    assert narrowed.total is None
    assert len(heard) == 2


def test_a_table_postgresql_knows_nothing_of_is_not_estimated(session: Session) -> None:
    for number in range(4):
        make_role(session, name=str(number))
    listing = Listing.of(describe(Role))

    assert str(count(session, listing, ListQuery.parse([], listing), limit=3)) == "3+"


def test_inheriting_classes_count_their_own_records(zoo_session: Session) -> None:
    for model, number in ((Boss, 2), (Employee, 4), (Taxi, 2)):
        listing = Listing.of(describe(model))
        query = ListQuery.parse([], listing)
        zoo_session.execute(text("ANALYZE"))
        assert count(zoo_session, listing, query).number == number
        assert not count(zoo_session, listing, query, limit=1).exact
    listing = Listing.of(describe(Boss))
    assert not count(zoo_session, listing, ListQuery.parse([], listing), limit=1).is_estimate
