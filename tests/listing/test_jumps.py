"""Pages that begin with a value of the sort column."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.errors import BadRequest
from admin_site.listing import LABEL, Listing, ListQuery, fetch
from admin_site.models import User, UserType
from tests import zoo
from tests.factories import make_user
from tests.listing.walks import statements

PEOPLE = Listing.of(
    describe(User), page_size=3, sortable=("age", "last_name", "created_at", "user_type", "is_active")
)


@pytest.mark.parametrize(
    ("sort", "jump", "ages", "is_first"),
    [
        ("age", "30", [30, 40, 50], False),
        ("age", "25", [30, 40, 50], False),
        ("age", "5", [10, 20, 30], True),
        ("-age", "30", [30, 20, 10], False),
        ("-age", "35", [30, 20, 10], False),
        ("-age", "99", [50, 40, 30], True),
        ("last_name", "c", [30, 40, 50], False),
        ("last_name", "ba", [20, 30, 40], False),
        ("-last_name", "d", [40, 30, 20], False),
        ("-last_name", "ca", [20, 10], False),
        ("-last_name", "cb", [30, 20, 10], False),
        ("created_at", "2026-03", [30, 40, 50], False),
        ("created_at", "2026-02-15", [20, 30, 40], False),
        ("-created_at", "2026-03", [30, 20, 10], False),
        ("-created_at", "2026", [50, 40, 30], True),
        ("-created_at", "2026-03-15", [30, 20, 10], False),
    ],
)
def test_a_page_begins_with_the_value_that_is_jumped_to(
    session: Session, sort: str, jump: str, ages: list[int], is_first: bool
) -> None:
    _five(session)

    page = fetch(session, PEOPLE, ListQuery.parse([("sort", sort), ("jump", jump)], PEOPLE))

    assert [person.age for person in page.rows] == ages
    assert page.has_previous is not is_first
    assert page.start == (1 if is_first else None)


def test_from_there_one_goes_on_and_back(session: Session) -> None:
    _five(session)
    query = ListQuery.parse([("sort", "age"), ("jump", "20"), ("size", "2")], PEOPLE)
    page = fetch(session, PEOPLE, query)

    following = fetch(session, PEOPLE, query.with_(after=page.after))
    before = fetch(session, PEOPLE, query.with_(before=page.before))

    ages = [[person.age for person in found.rows] for found in (before, page, following)]
    assert ages == [[10], [20, 30], [40, 50]]


def test_rows_without_a_value_follow(session: Session) -> None:
    _five(session)
    make_user(session, age=None)

    page = fetch(session, PEOPLE, ListQuery.parse([("sort", "age"), ("jump", "50")], PEOPLE))

    assert [person.age for person in page.rows] == [50, None]


def test_behind_the_last_value_is_the_last_page(session: Session) -> None:
    _five(session)

    page = fetch(session, PEOPLE, ListQuery.parse([("sort", "age"), ("jump", "51")], PEOPLE))

    assert [person.age for person in page.rows] == [30, 40, 50]
    assert not page.has_next


def test_days_begin_at_midnight_of_the_viewer(session: Session) -> None:
    east = timezone(timedelta(hours=9))
    for age, hour in ((1, 14), (2, 15)):
        make_user(session, age=age, created_at=datetime(2026, 2, 28, hour, tzinfo=UTC))
    query = ListQuery.parse([("sort", "created_at"), ("jump", "2026-03")], PEOPLE, east)

    assert [person.age for person in fetch(session, PEOPLE, query).rows] == [2]


def test_related_names_can_be_jumped_to(session: Session) -> None:
    for age, name in enumerate(("Guest", "Pupil", "Staff"), start=1):
        make_user(session, age=age, user_type=UserType(name=name))

    page = fetch(session, PEOPLE, ListQuery.parse([("sort", "user_type"), ("jump", "P")], PEOPLE))

    assert [person.age for person in page.rows] == [2, 3]


def test_it_stays_in_the_url_until_another_place_is_chosen(session: Session) -> None:
    query = ListQuery.parse([("sort", "age"), ("jump", " 30 ")], PEOPLE)

    assert query.to_pairs() == [("sort", "age"), ("jump", "30")]
    assert (
        query.with_(last=True).jump == query.sorted_by("age").jump == query.with_filter("age", "3").jump == ""
    )


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("sort", "age"), ("jump", "old")], "Age"),
        ([("sort", "created_at"), ("jump", "someday")], "date"),
        ([("sort", "last_name"), ("jump", "x" * 201)], "200"),
        ([("sort", "age"), ("jump", "3"), ("page", "2")], "Only one"),
    ],
)
def test_what_the_column_cannot_hold_is_refused(pairs: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        ListQuery.parse(pairs, PEOPLE)


def test_a_jump_takes_two_statements(session: Session) -> None:
    _five(session)
    query = ListQuery.parse([("sort", "last_name"), ("jump", "b")], PEOPLE)
    fetch(session, PEOPLE, query)
    session.expunge_all()

    with statements(session) as heard:
        fetch(session, PEOPLE, query)

    assert len(heard) <= 3


def test_every_sort_of_the_zoo_is_jumped_in_or_says_why_not(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model))
        for place, name in enumerate(listing.sortable):
            sort = f"-{name}" if place % 2 else name
            for text in ("a", "1", "2026", "yes"):
                with suppress(BadRequest):
                    query = ListQuery.parse([("sort", sort), ("jump", text), ("columns", LABEL)], listing)
                    fetch(zoo_session, listing, query)
                    break


def _five(session: Session) -> None:
    for number, name in enumerate("abcde", start=1):
        make_user(
            session, age=number * 10, last_name=f"{name}b", created_at=datetime(2026, number, 15, tzinfo=UTC)
        )
    session.flush()
