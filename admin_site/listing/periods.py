"""The years, months and days of a date column that have records: steps to drill down by."""

import calendar
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select
from sqlalchemy.orm import Session

from admin_site.descriptions import Field, Kind
from admin_site.errors import BadRequest
from admin_site.listing.conditions import NOT
from admin_site.listing.counting import MAX_COUNTED, Count
from admin_site.listing.days import MONTHS, days_of, is_word
from admin_site.listing.defaults import leads_index
from admin_site.listing.filters import FieldFilter
from admin_site.listing.listings import Listing
from admin_site.listing.operators import equals
from admin_site.listing.query import ListQuery
from admin_site.listing.readers import read
from admin_site.listing.statements import matching, run

MAX_YEARS = 60  # of more than these the years around this one are shown, the first one and the last

_DATES = (Kind.DATE, Kind.DATETIME, Kind.INSTANT)


@dataclass(frozen=True)
class Period:
    """A stretch of days: `name=text` asks for it. `stop` is the first day after it, if there is one."""

    text: str
    label: str
    count: Count
    start: date
    stop: date | None


def periods(session: Session, listing: Listing, query: ListQuery, name: str) -> Sequence[Period]:
    """Return the years in which a date field has values, the months of the year the query asks for, or the
    days of its month; only those with records, in the order of time.

    They are days of the viewer's zone, and what all other conditions of the query leave. Two statements,
    which take long on a big table where the column leads no index: set a limit. Counts are exact up to 10,000
    where it does. Raises BadRequest for what is no date.
    """
    field = _date_field(listing, name)
    chosen = next((item.texts[0] for item in query.conditions if item.parameter == name), "")
    others = replace(
        query, conditions=tuple(item for item in query.conditions if item.parameter not in (name, name + NOT))
    )
    texts = list(_months_or_days(chosen)) or _years(session, listing, others, field)
    spans = {text: read(field, text, query.zone)[1] for text in texts}
    counts = _counts(session, listing, others, field, list(spans.values())) if spans else []
    return [_period(text, count) for text, count in zip(spans, counts, strict=True) if count.number]


def _date_field(listing: Listing, name: str) -> Field:
    item = listing.filters.get(name)
    if isinstance(item, FieldFilter) and item.field.kind in _DATES and not item.path.relations:
        return item.field
    raise BadRequest(f"“{name}” is no date of this list.")


def _months_or_days(chosen: str) -> Iterator[str]:
    if len(chosen) == 4:
        yield from (f"{chosen}-{month:02}" for month in range(1, 13))
    elif len(chosen) in (7, 10) and not is_word(chosen):
        year, month = int(chosen[:4]), int(chosen[5:7])
        days = calendar.monthrange(year, month)[1]
        yield from (f"{year:04}-{month:02}-{day:02}" for day in range(1, days + 1))


def _years(session: Session, listing: Listing, query: ListQuery, field: Field) -> list[str]:
    expression = getattr(listing.description.model, field.name)
    ends = matching(listing, query).with_only_columns(func.min(expression), func.max(expression))
    first, last = (_day(value, query) for value in run(session, ends).one())
    if first is None or last is None:
        return []
    years = list(range(first.year, last.year + 1))
    if len(years) > MAX_YEARS:  # such as those of contracts until 9999-12-31
        now = datetime.now(query.zone).year
        years = [year for year in years if abs(year - now) < MAX_YEARS // 2 or year in (years[0], years[-1])]
    return [f"{year:04}" for year in years]


def _day(value: Any, query: ListQuery) -> date | None:
    if isinstance(value, datetime):
        with suppress(OverflowError):
            return (value.astimezone(query.zone) if value.tzinfo else value).date()
    return value if isinstance(value, date) else None


def _counts(
    session: Session, listing: Listing, query: ListQuery, field: Field, spans: Sequence[Any]
) -> list[Count]:
    expression = getattr(listing.description.model, field.name)
    conditions = [equals(expression, span) for span in spans]
    if leads_index(listing.description, field.name):
        return _by_ranges(session, matching(listing, query), conditions)
    return _by_one_scan(session, matching(listing, query).where(expression.is_not(None)), conditions)


def _by_ranges(
    session: Session, statement: Select[Any], conditions: Sequence[ColumnElement[bool]]
) -> list[Count]:
    """Count each range of an index by itself, none of them further than anybody reads."""
    some = statement.with_only_columns(literal(1)).limit(MAX_COUNTED + 1)
    numbers = [select(func.count()).select_from(some.where(item).subquery()) for item in conditions]
    row = run(session, select(*(number.scalar_subquery() for number in numbers))).one()
    return [Count(min(number, MAX_COUNTED), number <= MAX_COUNTED) for number in row]


def _by_one_scan(
    session: Session, statement: Select[Any], conditions: Sequence[ColumnElement[bool]]
) -> list[Count]:
    numbers = [func.sum(case((item, 1), else_=0)) for item in conditions]
    row = run(session, statement.with_only_columns(*numbers)).one()
    return [Count(int(number or 0)) for number in row]


def _period(text: str, count: Count) -> Period:
    days = days_of(text, date.min)
    assert days is not None  # noqa: S101 - all texts are years, months or days
    parts = text.split("-")
    label = (text, MONTHS[days.start.month - 1], str(days.start.day))[len(parts) - 1]
    return Period(text, label, count, days.start, days.stop)
