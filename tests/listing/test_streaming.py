"""All rows of a list, as quick as they come and as its pages have them."""

from datetime import date
from threading import Timer
from typing import Any

import pytest
from sqlalchemy import func, literal, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.listing import LABEL, Listing, ListQuery
from admin_site.listing.plans import plan
from admin_site.listing.streaming import FIRST, SIZE, interrupter, records, snapshot, tuples
from admin_site.models import Course, Enrollment, User, UserType
from tests.factories import make_user
from tests.listing import labels
from tests.listing.walks import forwards, statements


def listing(*columns: str, **options: Any) -> Listing:
    return Listing.of(describe(Enrollment), columns=columns, **options)


def streamed(
    session: Session, listing: Listing, query: ListQuery, *, raw: bool = False
) -> list[tuple[Any, ...]]:
    """Return the rows of the columns, read without records."""
    way = plan(listing, query.columns, raw=raw)
    assert way is not None
    return [row for part in tuples(session, listing, query, way) for row in zip(*part, strict=True)]


@pytest.fixture
def enrollments(database: Database) -> int:
    """As many as take several parts to read: two people in many courses, some without an end."""
    number = SIZE + 2 * FIRST
    with database.session() as session:
        kind = UserType(name="Student")
        people = [make_user(session, user_name="ada", user_type=kind), make_user(session, user_name="bob")]
        for place in range(number // 2):
            course = Course(name=f"Course {place % 50}", start_date=date(2030, 1, 7))
            end = date(2031, 1, 1 + place % 28) if place % 3 else None
            session.add_all(Enrollment(user=user, course=course, end_date=end) for user in people)
    return number


@pytest.mark.parametrize(
    "sort", ["", "end_date", "-end_date", "course,-enrollment_id", "-enrolled_date,end_date"]
)
def test_rows_come_in_the_order_of_the_list(session: Session, enrollments: int, sort: str):
    way = listing("enrollment_id", "end_date")
    query = ListQuery.parse([("sort", sort)], way)

    rows = streamed(session, way, query)

    expected = forwards(session, way, query.with_(size=way.max_size))
    assert len(rows) == enrollments
    assert rows == [(record.enrollment_id, record.end_date) for record in expected]


def test_rows_are_those_that_the_query_and_the_scope_leave(session: Session, enrollments: int):
    way = listing("enrollment_id").scoped(lambda statement: statement.where(Enrollment.end_date.is_not(None)))
    query = ListQuery.parse([("end_date__gte", "2031-01-20")], way)

    rows = streamed(session, way, query)

    expected = session.scalars(
        select(Enrollment.enrollment_id).where(Enrollment.end_date >= date(2031, 1, 20))
    )
    assert {key for (key,) in rows} == set(expected)
    assert len(rows) == len(set(rows)) > 0


def test_the_place_in_the_list_makes_no_difference(session: Session, enrollments: int):
    way = listing("enrollment_id")
    query = ListQuery.parse([], way)

    assert streamed(session, way, query.with_(last=True)) == streamed(session, way, query)


def test_related_records_are_told_by_label_key_and_field(session: Session, enrollments: int):
    way = listing("course", "user.user_name", "user.user_type", "user", "enrollment_id")
    query = ListQuery.parse([("sort", "enrollment_id")], way)
    first, second = list(session.scalars(select(Enrollment).order_by(Enrollment.enrollment_id).limit(2)))

    labelled = listing("course", "user.user_name", "user.user_type", "enrollment_id")
    shown = streamed(session, labelled, ListQuery.parse([("sort", "enrollment_id")], labelled))
    raw = streamed(session, way, query, raw=True)

    assert shown[:2] == [
        ("Course 0", "ada", "Student", first.enrollment_id),
        ("Course 0", "bob", None, second.enrollment_id),
    ]
    kind = first.user.user_type_id
    keys = [(row[0], row[1], row[2], str(row[3]).replace("-", ""), row[4]) for row in raw[:2]]
    assert keys == [
        (first.course_id, "ada", kind, first.user_id.hex, first.enrollment_id),
        (second.course_id, "bob", None, second.user_id.hex, second.enrollment_id),
    ]


@pytest.mark.parametrize("name", ["  two  spaces ", "line\nbreak", "", "x" * 200, "tab\there"])
def test_a_name_that_is_no_label_is_told_as_a_page_tells_it(session: Session, name: str):
    session.add(Enrollment(user=make_user(session), course=Course(name=name, start_date=date(2030, 1, 7))))
    session.flush()
    way = listing("course")
    course = session.scalars(select(Course)).one()

    assert streamed(session, way, ListQuery.parse([], way)) == [(describe(Course).label_of(course),)]


@pytest.mark.parametrize("column", ["user", "user.roles", "user.sessions", "nonsense", "user.password_hash"])
def test_what_takes_a_record_has_no_plan(column: str):
    """A person's label is more than a column; what is many, secret or no field is not read so either."""
    assert plan(listing("enrollment_id"), (column,)) is None


def test_what_leads_over_hidden_records_has_no_plan():
    way = listing("course", "course.name").scoped(None, {Course: lambda statement: statement})

    assert plan(way, ("course",)) is None
    assert plan(way, ("course.name",)) is None
    assert plan(way, ("enrollment_id",)) is not None


def test_records_come_as_pages_have_them(book_session: Session):
    way = Listing.of(describe(labels.Copy), columns=(LABEL, "author", "readers"))
    query = ListQuery.parse([("sort", "title")], way)
    expected = forwards(book_session, way, query)

    pages = list(records(book_session, way, query, way.columns))

    found = [record for page in pages for record in page.rows]
    assert found == expected
    told = [page.label(record) for page in pages for record in page.rows]
    assert told == [str(record) for record in expected]
    counts = {key: str(count) for page in pages for key, count in page.counts["readers"].items()}
    assert counts == {(record.id,): str(len(record.readers)) for record in expected}


def test_records_take_few_statements(book_session: Session):
    way = Listing.of(describe(labels.Copy), columns=(LABEL, "author", "readers"))
    query = ListQuery.parse([("sort", "id")], way)
    list(records(book_session, way, query, way.columns))  # what labels read is learned
    book_session.expunge_all()

    with statements(book_session) as heard:
        list(records(book_session, way, query, way.columns))

    assert len(heard) < 12


def test_a_list_is_read_as_it_was_when_reading_began(database: Database, enrollments: int):
    way = listing("enrollment_id", "end_date")
    query = ListQuery.parse([("sort", "-end_date")], way)
    with database.session() as session:
        snapshot(session, way)
        parts = tuples(session, way, query, plan(way, query.columns))
        rows = list(zip(*next(parts), strict=True))
        with database.session() as other:
            changed = other.scalars(select(Enrollment).order_by(Enrollment.end_date).limit(50))
            for enrollment in changed:
                enrollment.end_date = date(2040, 1, 1)
        rows += [row for part in parts for row in zip(*part, strict=True)]

    assert len(rows) == enrollments == len({key for key, _ in rows})
    assert date(2040, 1, 1) not in {end for _, end in rows}


def test_uuids_are_read_the_same_with_and_without_a_record(session: Session):
    user = make_user(session)
    way = Listing.of(describe(User), columns=("user_id", "user_name"))

    ((key, name),) = streamed(session, way, ListQuery.parse([], way))

    assert (str(key).replace("-", ""), name) == (user.user_id.hex, user.user_name)


def test_a_statement_is_stopped_from_another_thread(session: Session):
    endless = select(literal(1).label("number")).cte("endless", recursive=True)
    endless = endless.union_all(select(endless.c.number + 1).where(endless.c.number < 10**9))
    number = select(func.count()).select_from(endless).scalar_subquery()
    session.add(Course(name="Botany", start_date=date(2030, 1, 7)))
    session.commit()
    way = Listing.of(describe(Course)).scoped(lambda statement: statement.where(Course.course_id < number))
    query = ListQuery.parse([("columns", "course_id")], way)
    Timer(0.1, interrupter(session, way)).start()

    with pytest.raises(OperationalError):
        streamed(session, way, query)
