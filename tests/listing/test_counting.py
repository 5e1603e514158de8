"""How many there are."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.listing import Listing, ListQuery, count
from admin_site.listing.counting import Count
from admin_site.models import Role, User
from tests.factories import make_role, make_user
from tests.zoo.inheritance import Boss, Employee, Taxi

EVERYONE = Listing.of(describe(User))


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
    assert str(count(session, EVERYONE, ListQuery.parse([], EVERYONE), limit=None)) == "5"


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
