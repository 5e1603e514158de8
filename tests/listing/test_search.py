"""What is typed into the search box."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_site.descriptions import Description, describe
from admin_site.errors import BadRequest
from admin_site.keys import encode_key
from admin_site.listing import Listing, ListQuery, count, fetch, keyed
from admin_site.listing.search import TYPED_KEYS, UNSTORABLE
from admin_site.models import Item, User, UserType
from admin_site.values import to_text
from tests import zoo
from tests.factories import make_role, make_user
from tests.zoo import columns, keys


def test_words_must_all_be_found_in_any_fields(session: Session) -> None:
    ann = make_user(session, first_name="Ann", last_name="Lee")
    bob = make_user(session, first_name="Bob", last_name="Lee")

    assert _found(session, "lee") == {ann, bob}
    assert _found(session, "lee ann") == {ann}
    assert _found(session, "ANN  Lee ") == {ann}
    assert _found(session, "ann bob") == set()


def test_quoted_words_belong_together(session: Session) -> None:
    joined = make_user(session, first_name="Mary Ann")
    apart = make_user(session, first_name="Ann Mary")

    assert _found(session, '"mary ann"') == {joined}
    assert _found(session, "mary ann") == {joined, apart}
    assert _found(session, '"mary') == set()


@pytest.mark.parametrize("word", ["50%", "a_b", "back\\slash", "slash/", "'", '5"', "--", "%", "_"])
def test_every_character_stands_for_itself(session: Session, word: str) -> None:
    wanted = make_user(session, first_name=f"x{word}y")
    make_user(session, first_name="x50 aXb back slash 5 y")

    assert _found(session, word) == {wanted}


@pytest.mark.parametrize("word", ["zoë", "ZOË", "Zoë", "öz", "ÖZ"])
def test_case_does_not_matter_beyond_ascii_either(session: Session, word: str) -> None:
    wanted = {make_user(session, first_name=name) for name in ("Zoë Özil", "ZOË ÖZIL", "zoë özil")}
    make_user(session, first_name="Zoe Ozil")

    assert _found(session, word) == wanted


def test_a_key_finds_its_record(session: Session) -> None:
    ann = make_user(session, first_name="Ann")
    make_user(session, first_name="Bob")
    role = make_role(session)

    assert _found(session, str(ann.user_id)) == {ann}
    assert _found(session, ann.user_id.hex) == {ann}
    listing = Listing.of(describe(type(role)))
    assert fetch(session, listing, ListQuery.parse([("search", str(role.role_id))], listing)).rows == [role]


def test_a_key_alone_in_the_search_box_is_the_record_to_jump_to(session: Session) -> None:
    ann, bob = make_user(session, first_name="Ann"), make_user(session, first_name="Bob")
    listing = Listing.of(describe(User))
    scoped = listing.scoped(lambda people: people.where(User.first_name != "Bob"))

    def jumped(chosen: Listing, text: str) -> User | None:
        return keyed(session, chosen, ListQuery.parse([("search", text)], chosen))

    assert jumped(listing, str(ann.user_id)) is ann
    assert jumped(listing, f" {ann.user_id.hex} ") is ann
    assert jumped(scoped, str(bob.user_id)) is None
    for text in ("", "Ann", f"{ann.user_id} Ann", "00000000-0000-0000-0000-000000000000"):
        assert jumped(listing, text) is None, text


def test_every_key_of_the_zoo_is_jumped_to(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        description = describe(model)
        listing = Listing.of(description)
        rows = list(zoo_session.scalars(select(model)))
        if len(set(map(description.key_of, rows))) < len(rows):
            continue  # a union of tables: their keys are alike
        for row in rows:
            text = _typed(description, description.key_of(row))
            if UNSTORABLE.search(text) or text != text.strip():
                continue
            found = keyed(zoo_session, listing, ListQuery.parse([("search", text)], listing))
            assert found in (row, None), (model, text)
            is_typed = len(description.key) > 1 or description.field(description.key[0]).kind in TYPED_KEYS
            assert (found is row) == (is_typed and text != ""), (model, text)


@pytest.mark.parametrize("word", ["9" * 30, "-1", "0x1", "1e5", "٣"])
def test_words_that_are_no_key_find_nothing(session: Session, word: str) -> None:
    make_role(session, name="Reader")
    listing = Listing.of(describe(UserType))

    assert count(session, listing, ListQuery.parse([("search", word)], listing)).number == 0


def test_names_and_signs_look_into_one_field(session: Session) -> None:
    staff = UserType(name="Staff")
    ann = make_user(session, first_name="Ann", last_name="Bell", age=20, user_type=staff)
    bell = make_user(session, first_name="Bell", last_name="Ann", age=30, is_active=False)

    assert _found(session, "first_name:nn") == {ann}
    assert _found(session, 'first_name:"ANN"') == {ann}
    assert _found(session, "first_name=Ann") == {ann}
    assert _found(session, "age>20") == {bell}
    assert _found(session, "age>=20 age<30") == {ann}
    assert _found(session, "age:30") == {bell}
    assert _found(session, "is_active:no") == {bell}
    assert _found(session, "user_type:staff bell") == {ann}
    assert _found(session, "created_at>2020-01-01 bell") == {ann, bell}


def test_signs_between_other_words_are_text(session: Session) -> None:
    wanted = make_user(session, first_name="at 10:30", last_name="http://example.org")

    assert _found(session, "10:30 http://example") == {wanted}
    assert _found(session, "first_name:") == set()


def test_comparing_with_what_a_field_cannot_hold_is_refused() -> None:
    with pytest.raises(BadRequest, match="Age"):
        ListQuery.parse([("search", "age>old")], Listing.of(describe(User)))


def test_secrets_cannot_be_searched(session: Session) -> None:
    make_user(session, password="a violin under seven clouds")

    assert _found(session, "argon2") == set()
    with pytest.raises(BadRequest, match="cannot be searched"):
        _found(session, "password_hash:argon2")


def test_related_fields_are_searched_without_duplicates(session: Session) -> None:
    owner = make_user(session, first_name="Ann", user_type=UserType(name="Pupil"))
    owner.items = [Item(title="red book"), Item(title="red pen")]
    session.flush()
    listing = Listing.of(describe(User), searchable=("first_name", "items.title", "user_type.name"))

    for words in ("red", "ann red", "pupil", "pupil pen"):
        assert fetch(session, listing, ListQuery.parse([("search", words)], listing)).rows == [owner], words
    assert fetch(session, listing, ListQuery.parse([("search", "blue")], listing)).rows == []


def test_numbers_are_searched_as_text_where_a_list_says_so(session: Session) -> None:
    wanted = make_user(session, age=42)
    make_user(session, age=7)
    listing = Listing.of(describe(User), searchable=("age",))

    assert fetch(session, listing, ListQuery.parse([("search", "42")], listing)).rows == [wanted]


def test_a_type_that_changes_values_does_not_change_the_search(zoo_session: Session) -> None:
    listing = Listing.of(describe(columns.Decorated), searchable=("lower", "shouted"))

    assert count(zoo_session, listing, ListQuery.parse([("search", "LOUD")], listing)).number == 1
    assert count(zoo_session, listing, ListQuery.parse([("search", "LOWER")], listing)).number == 1


def test_anything_can_be_searched_for_in_every_class(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model))
        for text in (*keys.AWKWARD_TEXTS, "1", "0", "-5", "2026-03-01", "a:b", '"', '""', "x" * 1000, ";"):
            query = ListQuery.parse([("search", text)], listing)
            assert count(zoo_session, listing, query).number >= 0


@pytest.mark.parametrize("text", ["x" * 10_000, "a " * 21, "NUL\0", "\ud800"])
def test_searches_without_sense_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        ListQuery.parse([("search", text)], Listing.of(describe(User)))


def _typed(description: Description, key: tuple) -> str:
    """Return a key as people type it: one value as it is, several as they stand in addresses."""
    if len(key) > 1:
        return encode_key(description, key)
    return to_text(description.field(description.key[0]), key[0])


def _found(session: Session, text: str) -> set[User]:
    listing = Listing.of(describe(User))
    return set(fetch(session, listing, ListQuery.parse([("search", text)], listing)).rows)
