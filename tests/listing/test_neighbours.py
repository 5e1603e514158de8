"""Where a record stands in a list, and what stands beside it."""

import random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.listing import Listing, ListQuery, fetch, neighbours, place
from admin_site.models import Role, User, UserType
from tests import zoo
from tests.factories import make_role, make_user
from tests.listing.walks import forwards, statements

PEOPLE = Listing.of(describe(User))


def test_every_record_of_the_zoo_has_the_neighbours_it_has_in_the_list(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model))
        keys = [listing.description.key_of(row) for row in zoo_session.scalars(select(model))]
        if len(set(keys)) < len(keys):
            continue  # a union of tables: their keys are alike
        for sort in (listing.default_sort, *(((name, False),) for name in listing.sortable[:2])):
            query = ListQuery.parse([], listing).with_(sort=sort)
            _check(zoo_session, listing, query)


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_follow_any_sort_and_filter(session: Session, seed: int) -> None:
    chance = random.Random(seed)
    _people(session, chance, 25)
    sort = tuple(
        (name, chance.random() < 0.5)
        for name in chance.sample(["age", "first_name", "user_type", "is_active"], 3)
    )
    query = ListQuery.parse([("is_active", "yes")], PEOPLE).with_(sort=sort)

    _check(session, PEOPLE, query)


def test_a_record_outside_the_filter_has_neighbours_inside_it(session: Session) -> None:
    young, outside, old = (make_user(session, age=age, is_active=age != 2) for age in (1, 2, 3))
    query = ListQuery.parse([("is_active", "yes"), ("sort", "age")], PEOPLE)

    assert neighbours(session, PEOPLE, query, outside) == ((young.user_id,), (old.user_id,))


def test_neighbours_stay_within_what_may_be_seen(session: Session) -> None:
    one, _, three = (make_role(session, name=name) for name in ("1", "2 hidden", "3"))
    listing = Listing.of(describe(Role)).scoped(lambda roles: roles.where(~Role.name.contains("hidden")))
    query = ListQuery.parse([("sort", "name")], listing)

    assert neighbours(session, listing, query, one) == (None, (three.role_id,))
    assert neighbours(session, listing, query, three) == ((one.role_id,), None)


def test_a_record_that_is_gone_has_none(session: Session) -> None:
    role = make_role(session)
    listing = Listing.of(describe(Role))
    query = ListQuery.parse([], listing)
    session.delete(role)
    session.flush()

    assert neighbours(session, listing, query, role) == (None, None)
    assert place(session, listing, query, role) == ""


def test_neighbours_take_three_statements(session: Session) -> None:
    _people(session, random.Random(1), 9)
    query = ListQuery.parse([("sort", "user_name")], PEOPLE)
    person = session.scalars(select(User).order_by(User.user_name).offset(4)).first()

    with statements(session) as heard:
        neighbours(session, PEOPLE, query, person)

    assert len(heard) == 3


def test_a_list_opens_where_a_record_stands(session: Session) -> None:
    _people(session, random.Random(3), 30)
    query = ListQuery.parse([("sort", "-age"), ("size", "7")], PEOPLE)
    everyone = forwards(session, PEOPLE, query)

    for number, person in enumerate(everyone):
        page = fetch(session, PEOPLE, query.with_(after=place(session, PEOPLE, query, person)))
        assert person in page.rows
        if 3 <= number < 26:
            assert list(page.rows).index(person) == 2, number


def _check(session: Session, listing: Listing, query: ListQuery) -> None:
    rows = forwards(session, listing, query)
    keys = [listing.description.key_of(row) for row in rows]
    for row, before, after in zip(rows, [None, *keys], [*keys[1:], None], strict=False):
        assert neighbours(session, listing, query, row) == (before, after), (
            listing.description.model,
            query.sort,
        )


def _people(session: Session, chance: random.Random, number: int) -> None:
    types = [UserType(name=name) for name in ("Staff", "Pupil")]
    for _ in range(number):
        make_user(
            session,
            first_name=chance.choice([None, "", "Ann", "Zoë"]),
            age=chance.choice([None, 1, 2, 30]),
            is_active=chance.random() < 0.7,
            user_type=chance.choice([None, *types]),
        )
