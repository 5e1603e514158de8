"""Choosing a record by a few typed letters."""

import uuid

from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.listing import labels_of, lookup
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

    assert lookup(session, describe(User), "lee ann") == [ann]
    assert lookup(session, describe(User), str(ann.user_id)) == [ann]
    assert lookup(session, describe(User), str(uuid.uuid4())) == []


def test_nothing_typed_shows_the_newest_in_alphabetical_order(session: Session) -> None:
    for name in ("c", "a", "b", "d"):
        make_role(session, name=name)

    assert _names(lookup(session, ROLES, " ", limit=3)) == ["a", "b", "d"]


def test_a_lookup_is_bounded_and_asks_no_more_than_it_must(session: Session) -> None:
    for number in range(120):
        make_role(session, name=f"role {number:03}")
    session.expunge_all()

    assert len(lookup(session, ROLES, "role", limit=10_000)) == 100
    with statements(session) as heard:
        assert len(lookup(session, ROLES, "role", limit=7)) == 7
    assert len(heard) == 1


def test_what_may_not_be_seen_is_not_found(session: Session) -> None:
    hidden, shown = make_role(session, name="hidden role"), make_role(session, name="role")

    def scope(roles):
        return roles.where(Role.role_id != hidden.role_id)

    for term in ("", "role", str(hidden.role_id), "hidden"):
        assert hidden not in lookup(session, ROLES, term, scope=scope)
    assert lookup(session, ROLES, "role", scope=scope) == [shown]


def test_signs_have_no_meaning_in_a_lookup(session: Session) -> None:
    wanted = make_role(session, name="name:x 50%_\\")

    assert lookup(session, ROLES, "name:x") == [wanted]
    assert lookup(session, ROLES, "50%_\\") == [wanted]
    assert lookup(session, ROLES, '"x 50"') == [wanted]
    assert lookup(session, ROLES, "5%0") == []


def test_anything_can_be_looked_up_in_every_class(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        description = describe(model)
        for term in ("", "a", "1", "NUL\0\ud800", "x" * 10_000, '"', *keys.AWKWARD_TEXTS[:8]):
            found = lookup(zoo_session, description, term, limit=5)
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


def _names(roles: list[Role]) -> list[str]:
    return [role.name for role in roles]
