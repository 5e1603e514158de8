"""The drill-down from years to days."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.errors import BadRequest
from admin_site.listing import Listing, ListQuery, count, periods
from admin_site.models import Course, Enrollment, User
from tests.factories import make_user
from tests.listing.walks import statements

PEOPLE = Listing.of(describe(User))
MOMENTS = (
    datetime(2024, 5, 6, tzinfo=UTC),
    datetime(2026, 3, 1, 0, 30, tzinfo=UTC),
    datetime(2026, 3, 1, 12, tzinfo=UTC),
    datetime(2026, 3, 31, 23, 30, tzinfo=UTC),
    datetime(2026, 11, 21, tzinfo=UTC),
)


@pytest.mark.parametrize("name", ["created_at", "last_login"])
def test_years_then_months_then_days(session: Session, name: str) -> None:
    for moment in MOMENTS:
        make_user(session, **{name: moment})

    assert _periods(session, name) == [("2024", "2024", "1"), ("2026", "2026", "4")]
    assert _periods(session, name, "2026") == [("2026-03", "March", "3"), ("2026-11", "November", "1")]
    assert _periods(session, name, "2026-03") == [("2026-03-01", "1", "2"), ("2026-03-31", "31", "1")]
    assert _periods(session, name, "2026-03-31") == _periods(session, name, "2026-03")
    assert _periods(session, name, "last-7-days") == _periods(session, name)
    assert _periods(session, name, "1999") == []


def test_days_are_those_of_the_viewer(session: Session) -> None:
    for moment in MOMENTS:
        make_user(session, created_at=moment)
    east, west = (timezone(timedelta(hours=hours)) for hours in (1, -1))

    assert _periods(session, "created_at", "2026", zone=east) == [
        ("2026-03", "March", "2"),
        ("2026-04", "April", "1"),
        ("2026-11", "November", "1"),
    ]
    assert _periods(session, "created_at", "2026", zone=west)[0] == ("2026-02", "February", "1")


def test_every_period_counts_what_its_filter_finds(session: Session) -> None:
    for number in range(60):
        make_user(session, created_at=datetime(2023, 12, 1, tzinfo=UTC) + timedelta(days=11.7 * number))
    zone = timezone(timedelta(hours=5, minutes=45))

    for chosen in ("", "2024", "2024-02", "2023-12"):
        pairs = [("created_at", chosen)]
        query = ListQuery.parse(pairs, PEOPLE, zone)
        for period in periods(session, PEOPLE, query, "created_at"):
            asked = query.with_filter("created_at", period.text)
            assert count(session, PEOPLE, asked).number == period.count.number


def test_they_follow_the_other_conditions(session: Session) -> None:
    for moment, is_active in zip(MOMENTS, (True, True, False, False, False), strict=True):
        make_user(session, created_at=moment, is_active=is_active)
    query = ListQuery.parse([("is_active", "yes")], PEOPLE)

    assert [
        (period.text, period.count.number) for period in periods(session, PEOPLE, query, "created_at")
    ] == [
        ("2024", 1),
        ("2026", 1),
    ]


def test_dates_are_drilled_into_as_well(session: Session) -> None:
    for day in (date(2024, 2, 29), date(2024, 12, 31), date(9999, 12, 31)):
        course = Course(name=str(day), start_date=day)
        session.add(Enrollment(user=make_user(session), course=course, enrolled_date=day))
    session.flush()
    listing = Listing.of(describe(Enrollment))

    for pairs, texts in (
        ([("enrolled_date__lt", "2026")], ["2024"]),
        ([("enrolled_date__lt", "2026"), ("enrolled_date", "2024")], ["2024-02", "2024-12"]),
        ([("enrolled_date", "2024-12")], ["2024-12-31"]),
        ([("enrolled_date", "9999")], ["9999-12"]),
        ([("enrolled_date", "9999-12")], ["9999-12-31"]),
    ):
        found = periods(session, listing, ListQuery.parse(pairs, listing), "enrolled_date")
        assert [period.text for period in found] == texts
    found = periods(session, listing, ListQuery.parse([], listing), "enrolled_date")
    assert [period.text for period in found] == ["2024", "9999"]


def test_an_empty_list_has_no_years(session: Session) -> None:
    assert _periods(session, "created_at") == []


def test_a_drill_down_takes_two_statements(session: Session) -> None:
    make_user(session)

    with statements(session) as heard:
        _periods(session, "created_at")
        _periods(session, "created_at", "2026")

    assert len(heard) <= 3


@pytest.mark.parametrize("name", ["age", "nothing", "password_changed", "user_type", "created_at__gte__x"])
def test_only_dates_are_drilled_into(session: Session, name: str) -> None:
    with pytest.raises(BadRequest, match="no date"):
        _periods(session, name)


def _periods(session: Session, name: str, chosen: str = "", zone=UTC) -> list[tuple[str, str, str]]:
    query = ListQuery.parse([(name, chosen)] if chosen else [], PEOPLE, zone)
    return [
        (period.text, period.label, str(period.count)) for period in periods(session, PEOPLE, query, name)
    ]
