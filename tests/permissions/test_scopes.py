"""Rows that somebody may see, as conditions of queries."""

import uuid
from datetime import date

import pytest
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from admin_site.descriptions import describe
from admin_site.models import Course, Enrollment
from admin_site.permissions import Identity, Narrow, RowRules, RowScope
from tests.factories import make_user

ADA = Identity(uuid.uuid4(), None, "Ada", is_superuser=False)
OPEN = Enrollment.course.has(Course.is_active)


@pytest.fixture
def enrollments(session: Session) -> Session:
    """Two enrollments in an active course, one in each of two that have ended."""
    active, *ended = (
        Course(name=name, start_date=date(2030, 1, 7), is_active=name == "Botany")
        for name in ("Botany", "Latin", "Choir")
    )
    session.add_all(Enrollment(user=make_user(session), course=course) for course in (active, active, *ended))
    session.flush()
    return session


NARROWING: dict[str, Narrow] = {
    "a condition": lambda statement, _: statement.where(OPEN),
    "two conditions": lambda statement, _: statement.where(OPEN).where(Enrollment.enrollment_id > 0),
    "a join": lambda statement, _: statement.join(Enrollment.course).where(Course.is_active),
    "a second table": lambda statement, _: statement.where(
        Enrollment.course_id == Course.course_id, Course.is_active
    ),
    "an order": lambda statement, _: statement.where(OPEN).order_by(Enrollment.end_date),
    "a subquery": lambda statement, _: statement.where(
        Enrollment.course_id.in_(select(Course.course_id).where(Course.is_active))
    ),
    "a join that doubles rows": lambda statement, _: statement.join(
        aliased(Course), func.length("x") == 1
    ).where(OPEN),
}


def rows(session: Session, condition: ColumnElement[bool]) -> list[str]:
    statement = select(Course.name).join(Enrollment.course).where(condition)
    return sorted(session.scalars(statement))


@pytest.mark.parametrize("how", NARROWING)
def test_whatever_a_scope_does_to_a_query_it_leaves_the_same_rows_of_another(enrollments: Session, how: str):
    rules = RowRules(describe(Enrollment), named={"open": RowScope("Open", NARROWING[how])})
    condition = rules.condition(ADA, {"open"})

    assert condition is not None
    names = enrollments.scalars(select(Enrollment).where(condition)).all()
    assert [row.course.name for row in names] == ["Botany", "Botany"]


def test_a_plain_condition_is_used_as_it_is():
    rules = RowRules(describe(Enrollment), own=NARROWING["a condition"])

    assert rules.own_condition(ADA) is OPEN


def test_a_scope_that_leaves_the_query_alone_leaves_all_rows():
    rules = RowRules(
        describe(Enrollment),
        own=lambda statement, _: statement,
        named={"all": RowScope("All", lambda s, _: s)},
    )

    assert rules.own_condition(ADA) is None
    assert rules.condition(ADA, {"all", "gone"}) is None


def test_several_scopes_hold_what_one_of_them_holds(enrollments: Session):
    named = {
        name: RowScope(
            name, lambda statement, _, name=name: statement.where(Enrollment.course.has(name=name))
        )
        for name in ("Latin", "Choir", "Botany")
    }
    rules = RowRules(describe(Enrollment), named=named)

    assert rows(enrollments, rules.condition(ADA, {"Latin", "Choir"})) == ["Choir", "Latin"]
    assert rows(enrollments, rules.condition(ADA, {"gone"})) == []
    assert rows(enrollments, rules.condition(ADA, ())) == []
