"""Every row exactly once, in the same order forwards and backwards, on any sort."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import desc, func, insert, nulls_last, select, text, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from admin_site.audit import UNAUDITED
from admin_site.descriptions import describe
from admin_site.errors import BadRequest
from admin_site.listing import Listing, ListQuery, fetch
from admin_site.models import User, UserType
from tests import zoo
from tests.factories import make_user
from tests.listing.walks import backwards, forwards, numbered
from tests.zoo import relations


def test_every_row_of_the_zoo_appears_once_on_every_sort(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model), page_size=3)
        for sort in _sorts(listing):
            rows = _walk(zoo_session, listing, sort)
            assert _size(zoo_session, model) == len(rows), (model, sort)


def test_a_sort_follows_the_database_with_empty_values_last(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model), page_size=40)
        for name in (field.name for field in listing.description.fields if field.name in listing.sortable):
            attribute = getattr(model, name)
            plain = select(model).order_by(
                nulls_last(desc(type_coerce(attribute, NullType()))), *_key_columns(listing, descending=True)
            )
            wanted = list(zoo_session.scalars(plain))
            assert forwards(zoo_session, listing, _query(listing, ((name, True),))) == wanted, (model, name)


@pytest.mark.parametrize("seed", range(3))
def test_random_sorts_of_random_people_give_every_row_once(session: Session, seed: int) -> None:
    chance = random.Random(seed)
    people = _people(session, chance, 41)
    listing = Listing.of(describe(User))
    names = [
        "first_name",
        "last_name",
        "age",
        "is_active",
        "last_login",
        "user_type",
        "created_at",
        "user_name",
    ]
    for _ in range(12):
        chosen = chance.sample(names, chance.randint(1, 4))
        sort = tuple((name, chance.random() < 0.5) for name in chosen)
        rows = _walk(session, listing, sort, size=chance.choice([1, 3, 7, 50]))
        assert sorted(row.user_id for row in rows) == people, sort


def test_rows_added_meanwhile_neither_repeat_nor_hide_the_others(session: Session) -> None:
    chance = random.Random(5)
    before = set(_people(session, chance, 30))
    listing = Listing.of(describe(User))
    query = _query(listing, (("age", True), ("first_name", False)), size=4)

    seen = []
    for page in _pages(session, listing, query):
        seen += [row.user_id for row in page.rows]
        _people(session, chance, 3)

    assert len(seen) == len(set(seen))
    assert before <= set(seen)


@pytest.mark.parametrize("backward", [False, True])
def test_rows_that_others_commit_meanwhile_change_nothing_for_the_rest(
    zoo_session: Session, backward: bool
) -> None:
    """The key is of two columns, and many rows are alike in what the list is sorted by."""
    model = relations.Building
    chance = random.Random(11)
    zoo_session.execute(insert(model), list(_buildings(chance, range(0, 60, 2))))
    zoo_session.commit()
    listing = Listing.of(describe(model))
    before = set(map(tuple, zoo_session.execute(select(model.street, model.house))))
    query = _query(listing, (("storeys", not backward),), size=7).with_(last=backward)

    seen = []
    with Session(zoo_session.get_bind()) as other:
        for number in range(100):
            page = fetch(zoo_session, listing, query)
            seen += [listing.description.key_of(row) for row in page.rows]
            zoo_session.commit()
            other.execute(insert(model), list(_buildings(chance, [61 + 2 * number])))
            other.commit()
            cursor = page.before if backward else page.after
            if cursor is None:
                break
            query = query.with_(**{"before" if backward else "after": cursor})

    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_going_back_from_the_second_page_shows_the_first_again(session: Session) -> None:
    _people(session, random.Random(2), 12)
    listing = Listing.of(describe(User))
    query = _query(listing, (("last_login", False),), size=5)
    first = fetch(session, listing, query)
    second = fetch(session, listing, query.with_(after=first.after))

    again = fetch(session, listing, query.with_(before=second.before))

    assert again.rows == first.rows
    assert (again.has_previous, again.has_next) == (False, True)


def test_pages_know_their_places(session: Session) -> None:
    _people(session, random.Random(2), 12)
    listing = Listing.of(describe(User))
    query = _query(listing, (("age", False),), size=5)

    pages = list(_pages(session, listing, query))

    assert [(page.start, page.stop) for page in pages] == [(1, 5), (6, 10), (11, 12)]
    back = fetch(session, listing, query.with_(before=pages[2].before))
    assert (back.start, back.stop) == (6, 10)
    assert fetch(session, listing, query.with_(last=True)).start is None
    assert fetch(session, listing, query.with_(page=3)).start == 11


def test_a_place_behind_the_last_row_shows_the_last_page(session: Session) -> None:
    _people(session, random.Random(2), 6)
    listing = Listing.of(describe(User))
    query = _query(listing, (("user_name", False),), size=4)
    after = fetch(session, listing, query).after
    for person in fetch(session, listing, query.with_(after=after)).rows:
        session.delete(person)
    session.flush()

    page = fetch(session, listing, query.with_(after=after))

    assert len(page.rows) == 4
    assert not page.has_next
    assert fetch(session, listing, query.with_(page=9)).rows == page.rows


def test_an_empty_list_has_one_empty_page(session: Session) -> None:
    listing = Listing.of(describe(UserType))

    for query in (_query(listing), _query(listing).with_(last=True), _query(listing).with_(page=2)):
        page = fetch(session, listing, query)
        assert (list(page.rows), page.has_previous, page.has_next) == ([], False, False)


def test_times_that_the_database_wrote_itself_are_read_exactly(session: Session) -> None:
    """SQLite's CURRENT_TIMESTAMP has no microseconds in its text, those written by SQLAlchemy have."""
    for number in range(7):
        session.execute(
            text(
                "INSERT INTO user_types (name, created_at, updated_at) "
                f"VALUES ('{number}', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
            ),
            execution_options={UNAUDITED: "the test's rows"},
        )
    session.add_all(UserType(name=f"later {number}", created_at=datetime.now(UTC)) for number in range(4))
    session.flush()
    listing = Listing.of(describe(UserType))

    for descending in (False, True):
        assert len(_walk(session, listing, (("created_at", descending),), size=2)) == 11


def test_long_texts_are_sorted_by_all_of_their_characters(session: Session) -> None:
    for number in (3, 1, 2, 5, 4):
        make_user(session, user_image="y" * 499 + str(number))
    listing = Listing.of(describe(User))
    query = _query(listing, (("user_image", False),), size=1)

    rows = forwards(session, listing, query)

    assert [row.user_image[-1] for row in rows] == ["1", "2", "3", "4", "5"]
    assert len(fetch(session, listing, query).after or "") < 600


def test_a_cursor_is_refused_by_another_sort(session: Session) -> None:
    _people(session, random.Random(1), 5)
    listing = Listing.of(describe(User))
    after = fetch(session, listing, _query(listing, (("age", False),), size=2)).after

    with pytest.raises(BadRequest, match="another sort"):
        ListQuery.parse([("sort", "-age"), ("after", after or "")], listing)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "bnVsbA", "W10", "é", "x" * 9000, "WyJhIiwxLFtdXQ"])
def test_a_damaged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest):
        ListQuery.parse([("after", cursor)], Listing.of(describe(User)))


def test_a_forged_cursor_is_refused_or_finds_nothing(session: Session) -> None:
    from admin_site.listing.cursors import Cursor, encode

    _people(session, random.Random(1), 5)
    listing = Listing.of(describe(User))
    for sort in ((("age", False),), (("created_at", True),), (("is_active", False),)):
        query = _query(listing, sort)
        for forged in ("abc", 3, 2.5, "\0", "", b"x"):
            cursor = encode(query.order, Cursor((forged, "no uuid")))
            with session.begin_nested() as savepoint:
                try:
                    fetch(session, listing, query.with_(after=cursor))
                except BadRequest:
                    savepoint.rollback()


def _walk(session: Session, listing: Listing, sort, size: int | None = None) -> list:
    """Return the rows in their order, having read them each way."""
    query = _query(listing, sort, size)
    rows = forwards(session, listing, query)
    assert len(set(map(id, rows))) == len(rows), sort
    assert backwards(session, listing, query) == rows, sort
    assert numbered(session, listing, query, len(rows)) == rows, sort
    return rows


def _query(listing: Listing, sort=None, size: int | None = None) -> ListQuery:
    query = ListQuery.parse([], listing)
    return query.with_(sort=query.sort if sort is None else sort, size=size or query.size)


def _pages(session: Session, listing: Listing, query: ListQuery) -> Iterator:
    page = fetch(session, listing, query)
    yield page
    while page.has_next:
        page = fetch(session, listing, query.with_(after=page.after))
        yield page


def _sorts(listing: Listing) -> Iterator:
    yield listing.default_sort
    yield ()
    for number, name in enumerate(listing.sortable):
        yield ((name, bool(number % 2)),)


def _size(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(select(model).subquery()))


def _key_columns(listing: Listing, *, descending: bool) -> list:
    columns = [getattr(listing.description.model, name) for name in listing.description.key]
    return [column.desc() if descending else column.asc() for column in columns]


def _buildings(chance: random.Random, houses: Iterable[int]) -> Iterator[dict[str, object]]:
    for house in houses:
        yield {"street": chance.choice("abc"), "house": house, "storeys": chance.randint(1, 3)}


def _people(session: Session, chance: random.Random, number: int) -> list:
    """Store people many of whom are alike, and return the keys of all there are, sorted."""
    types = list(session.scalars(select(UserType))) or [UserType(name=name) for name in ("Staff", "Pupil")]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(number):
        make_user(
            session,
            first_name=chance.choice([None, "", "Ann", "ann", "Änne", "Zoë", "'"]),
            last_name=chance.choice([None, "Lee", "Li"]),
            age=chance.choice([None, 1, 2, 30]),
            is_active=chance.random() < 0.5,
            last_login=chance.choice([None, start, start + timedelta(microseconds=1)]),
            user_type=chance.choice([None, *types]),
            created_at=start + timedelta(days=chance.randint(0, 3)),
        )
    return sorted(session.scalars(select(User.user_id)))
