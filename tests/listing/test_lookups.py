"""Choosing a record by a few typed letters."""

import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from admin_site.descriptions import Description, describe
from admin_site.errors import BadRequest
from admin_site.listing import Found, known, labels_of, lookup
from admin_site.models import Course, Role, User
from tests import zoo
from tests.factories import make_role, make_user
from tests.listing.walks import statements
from tests.zoo import keys

ROLES = describe(Role)


def test_the_typed_key_comes_first_then_beginnings_then_the_rest(session: Session) -> None:
    first = make_role(session, name="Zebra")
    names = (f"{first.role_id} wardens", "Warden", "Head warden", "Award", f"Group {first.role_id}")
    for name in names:
        make_role(session, name=name)

    assert _names(lookup(session, ROLES, "ward")) == [
        "Warden",
        f"{first.role_id} wardens",
        "Award",
        "Head warden",
    ]
    assert _names(lookup(session, ROLES, str(first.role_id)))[:2] == ["Zebra", f"{first.role_id} wardens"]


def test_all_words_must_be_found(session: Session) -> None:
    ann = make_user(session, first_name="Ann", last_name="Lee")
    make_user(session, first_name="Ann", last_name="Moss")

    assert lookup(session, describe(User), "lee ann").records == [ann]
    assert lookup(session, describe(User), str(ann.user_id)).records == [ann]
    assert lookup(session, describe(User), str(uuid.uuid4())).records == []


def test_nothing_typed_shows_all_by_a_name_that_has_an_index(session: Session) -> None:
    for name in ("c", "a", "b", "d"):
        make_role(session, name=name)

    assert _names(lookup(session, ROLES, " ", limit=3)) == ["a", "b", "c"]


def test_the_newest_come_first_where_the_order_by_name_is_not_asked_for(session: Session) -> None:
    for name in ("c", "a", "b", "d"):
        make_role(session, name=name)

    assert _names(lookup(session, ROLES, "", limit=3, by_name=False)) == ["d", "b", "a"]
    assert _names(lookup(session, ROLES, "", limit=4, by_name=False)) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("term", ["", "ward", "1"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("by_name", [True, False])
def test_every_record_is_found_once_over_all_pages(
    session: Session, term: str, limit: int, by_name: bool
) -> None:
    for name in ("Ward 1", "ward", "Head ward", "wardens", "forward", "1", "11 wards", "Eleven", "re 1ward"):
        make_role(session, name=name)

    found = _every_page(session, ROLES, term, limit, by_name=by_name)

    assert {role.name for role in found} == set(_names(lookup(session, ROLES, term, 100)))
    assert len(found) == len(set(found))


def test_names_that_hold_nothing_are_found_once(session: Session) -> None:
    people = [make_user(session, first_name="Ann", last_name=last) for last in (None, "Annson", "Lee", None)]
    people.append(make_user(session, first_name=None, last_name="Hannah"))

    assert set(_every_page(session, describe(User), "ann", 1)) == set(people)
    assert len(_every_page(session, describe(User), "ann", 2)) == len(people)


def test_a_later_page_costs_what_the_first_one_does(session: Session) -> None:
    for number in range(60):
        make_role(session, name=f"role {number:03}")
    first = lookup(session, ROLES, "", limit=25)
    second = lookup(session, ROLES, "", limit=25, after=first.after)
    session.expunge_all()

    with statements(session) as heard:
        third = lookup(session, ROLES, "", limit=25, after=second.after)

    assert _names(third) == [f"role {number:03}" for number in range(50, 60)]
    assert third.after == ""
    assert len(heard) == 1


@pytest.mark.parametrize("after", ["x", "0.", "9.W10", "0.W10", "-1.W10", ".", "²."])
def test_a_place_that_no_page_gave_is_refused(session: Session, after: str) -> None:
    with pytest.raises(BadRequest):
        lookup(session, ROLES, "", after=after)


def test_a_lookup_is_bounded_and_asks_no_more_than_it_must(session: Session) -> None:
    for number in range(120):
        make_role(session, name=f"role {number:03}")
    session.expunge_all()

    assert len(lookup(session, ROLES, "role", limit=10_000).records) == 100
    with statements(session) as heard:
        assert len(lookup(session, ROLES, "role", limit=7).records) == 7
    assert len(heard) == 1


def test_what_may_not_be_seen_is_not_found(session: Session) -> None:
    hidden, shown = make_role(session, name="hidden role"), make_role(session, name="role")

    def scope(roles):
        return roles.where(Role.role_id != hidden.role_id)

    for term in ("", "role", str(hidden.role_id), "hidden"):
        assert hidden not in lookup(session, ROLES, term, scope=scope).records
    assert lookup(session, ROLES, "role", scope=scope).records == [shown]


def test_signs_have_no_meaning_in_a_lookup(session: Session) -> None:
    wanted = make_role(session, name="name:x 50%_\\")

    assert lookup(session, ROLES, "name:x").records == [wanted]
    assert lookup(session, ROLES, "50%_\\").records == [wanted]
    assert lookup(session, ROLES, '"x 50"').records == [wanted]
    assert lookup(session, ROLES, "5%0").records == []


def test_anything_can_be_looked_up_in_every_class(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        description = describe(model)
        for term in ("", "a", "1", "NUL\0\ud800", "x" * 10_000, '"', *keys.AWKWARD_TEXTS[:8]):
            found = lookup(zoo_session, description, term, limit=5).records
            assert len(found) <= 5
            assert len({description.key_of(record) for record in found}) == len(found)


def test_records_are_named_by_their_keys_in_one_statement(session: Session) -> None:
    roles = [make_role(session, name=name) for name in ("a", "b")]
    keys_of_roles = [(role.role_id,) for role in roles]
    session.expunge_all()

    with statements(session) as heard:
        labels = labels_of(session, ROLES, [*keys_of_roles, (10**6,)])

    assert labels == dict(zip(keys_of_roles, ("a", "b"), strict=True))
    assert len(heard) == 1
    assert labels_of(session, describe(Course), []) == {}
    assert {key: role.name for key, role in known(session, ROLES, keys_of_roles).items()} == labels


def _names(found: Found) -> list[str]:
    return [record.name for record in found.records]


def _every_page(
    session: Session, description: Description, term: str, limit: int, **options: Any
) -> list[Any]:
    """Return what is found from the first page to the last."""
    page = lookup(session, description, term, limit, **options)
    records = list(page.records)
    while page.after:
        page = lookup(session, description, term, limit, after=page.after, **options)
        assert page.records
        records += page.records
    return records
