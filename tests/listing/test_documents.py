"""What JSON documents hold under their keys."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from admin_site.audit import UNAUDITED
from admin_site.descriptions import describe
from admin_site.errors import BadRequest
from admin_site.listing import Control, Listing, ListQuery, fetch
from admin_site.models import Course, Enrollment, User
from tests.factories import make_user

LISTING = Listing.of(describe(Enrollment))
DATA = "associative_data"
_UNAUDITED = {UNAUDITED: "the test's rows"}


@pytest.mark.parametrize(
    ("name", "texts", "found"),
    [
        ("grade", ["A"], {1}),
        ("grade", ["A", "B"], {1, 2}),
        ("grade", ["a"], set()),
        ("grade__contains", ["a"], {1}),
        ("grade__starts", ["b"], {2}),
        ("grade__not", ["A"], {2, 3, 4, 5, 6}),
        ("grade__empty", ["yes"], {3, 4, 5, 6}),
        ("grade__empty", ["no"], {1, 2}),
        ("points", ["3"], {1}),
        ("points", ["2.5"], {2}),
        ("passed", ["true"], {1}),
        ("passed", ["false"], {2}),
        ("place.room", ["Blue"], {1}),
        ("place.room__not", ["Blue"], {2, 3, 4, 5, 6}),
        ("place__contains", ["blue"], {1}),
        ("tags.1", ["late"], {2}),
        ("tags__contains", ["late"], {1, 2}),
        ("it's 50%", ["x_y"], {3}),
        ("it's 50%__contains", ["_"], {3}),
        ("7", ["seven"], {3}),
        ("nothing", ["x"], set()),
    ],
)
def test_any_key_of_a_document_can_be_asked_for(
    session: Session, name: str, texts: list[str], found: set[int]
) -> None:
    _enroll(session, {"grade": "A", "points": 3, "passed": True, "place": {"room": "Blue"}, "tags": ["late"]})
    _enroll(session, {"grade": "B", "points": 2.5, "passed": False, "tags": ["new", "late"]})
    _enroll(session, {"grade": None, "it's 50%": "x_y", "7": "seven"})
    _enroll(session, {"grade": ""})
    _enroll(session, {})
    _enroll(session, None)

    query = ListQuery.parse([(f"{DATA}.{name}", item) for item in texts], LISTING)
    numbers = {row.enrollment_id for row in fetch(session, LISTING, query).rows}

    assert numbers == found
    assert ListQuery.parse(query.to_pairs(), LISTING) == query


def test_their_conditions_read_as_sentences() -> None:
    pairs = [
        (f"{DATA}.place.room", "Blue"),
        (f"{DATA}.grade__empty", "no"),
        (f"{DATA}.grade__contains__not", "A"),
    ]

    sentences = {condition.sentence for condition in ListQuery.parse(pairs, LISTING).conditions}

    assert sentences == {
        "Associative data / place / room is Blue",
        "Associative data / grade is not empty",
        "Associative data / grade does not contain A",
    }


def test_the_search_box_looks_under_keys_as_well(session: Session) -> None:
    _enroll(session, {"grade": "A-"})
    _enroll(session, {"grade": "B"})

    for words, number in ((f"{DATA}.grade:a", 1), (f"{DATA}.grade=B", 1), (f"{DATA}.grade=A", 0)):
        assert len(fetch(session, LISTING, ListQuery.parse([("search", words)], LISTING)).rows) == number, (
            words
        )


def test_a_list_names_the_fields_that_have_keys() -> None:
    assert list(LISTING.json_fields) == [DATA]
    assert dict(Listing.of(describe(User)).json_fields) == {}
    assert dict(Listing.of(describe(Enrollment), offered=frozenset(["user"])).json_fields) == {}
    asked = LISTING.filter(f"{DATA}.grade__starts")
    assert asked is not None
    assert (asked.label, asked.control, asked.choices) == (
        "Associative data / grade starts with",
        Control.TEXT,
        (),
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (f"{DATA}.", "names no key"),
        (f"{DATA}.__contains", "names no key"),
        (f"{DATA}.a..b", "names no key"),
        (f'{DATA}.a"b', "names no key"),
        (f"{DATA}.{'a.' * 11}b", "names no key"),
        ("user.password_hash", "no filter"),
        ("grade.x", "no filter"),
    ],
)
def test_what_is_no_key_is_refused_in_words(name: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        ListQuery.parse([(name, "x")], LISTING)


def test_texts_that_are_no_documents_hold_nothing(session: Session, backend: str) -> None:
    _enroll(session, {"grade": "A"})
    broken = text("UPDATE enrollments SET associative_data = '{broken'")
    if backend == "postgresql":  # takes documents only
        with pytest.raises(DataError):
            session.execute(broken, execution_options=_UNAUDITED)
        return
    session.execute(broken, execution_options=_UNAUDITED)

    query = ListQuery.parse([(f"{DATA}.grade__empty", "yes"), ("columns", "enrolled_date")], LISTING)

    assert len(fetch(session, LISTING, query).rows) == 1


def _enroll(session: Session, data: Any) -> None:
    course = Course(name="Latin", start_date=date(2026, 1, 1))
    session.add(Enrollment(user=make_user(session), course=course, associative_data=data))
    session.flush()
