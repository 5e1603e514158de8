"""Pages found by the values of the row they begin after, which takes the same time on every page.

An order with a nullable first term is read in segments, rows with a value before rows without: each is one
range of a plain index on both databases, which an ORDER BY ... NULLS LAST is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, tuple_

from admin_site.listing.cursors import Cursor, Cut, bound
from admin_site.listing.orders import Order, Term
from admin_site.listing.untyped import untyped

Bound = Sequence[Any]  # one SQL value for each term, None for an empty one


@dataclass(frozen=True)
class Segment:
    """A run of the order that one statement reads: its conditions, and the terms that still vary in it."""

    conditions: tuple[ColumnElement[bool], ...]
    order_by: tuple[Any, ...]

    def read(self, statement: Select[Any], limit: int) -> Select[Any]:
        return statement.where(*self.conditions).order_by(*self.order_by).limit(limit)


def segments(
    order: Order,
    cursor: Cursor | None,
    dialect: str,
    *,
    backward: bool,
    begin: ColumnElement[bool] | None = None,
) -> Iterator[Segment]:
    """Yield what lies after `cursor`, or before it, from there onwards; all of it where there is none.

    `begin` is a condition on the first term that the rows with a value must meet.
    """
    leading = len(list(takewhile(lambda term: term.nullable, order.terms)))
    here = _empty_at(cursor, leading) if cursor else (leading if backward else 0)
    anchor = _anchor(order, cursor, dialect) if cursor else None
    for empty in range(here, -1, -1) if backward else range(here, leading + 1):
        segment = _segment(order, empty, leading, anchor if empty == here else None, backward=backward)
        yield segment if begin is None or empty else replace(segment, conditions=(*segment.conditions, begin))


def whole(order: Order) -> tuple[Any, ...]:
    """Return the ORDER BY of the whole list in one statement, for what is counted from its beginning."""
    return tuple(_ordered(term, backward=False, has_empty=term.nullable) for term in order.terms)


def _empty_at(cursor: Cursor, leading: int) -> int:
    return len(list(takewhile(lambda value: value is None, cursor.values[:leading])))


def _segment(order: Order, empty: int, leading: int, anchor: Bound | None, *, backward: bool) -> Segment:
    """Return the run of rows in which the first `empty` terms have no value and the next one has."""
    terms = order.terms[empty:]
    conditions = [untyped(term.expression).is_(None) for term in order.terms[:empty]]
    if empty < leading:
        conditions.append(untyped(terms[0].expression).is_not(None))
    if anchor is not None:
        conditions.append(_beyond(terms, anchor[empty:], backward=backward, first=True))
    # The NULLS clause of a later term stands in the index, so it does where no row is empty as well.
    ordered = [
        _ordered(term, backward=backward, has_empty=term.nullable and term is not order.terms[0])
        for term in terms
    ]
    return Segment(tuple(conditions), tuple(ordered))


def _ordered(term: Term, *, backward: bool, has_empty: bool) -> Any:
    plain = untyped(term.expression)
    ordered = plain.desc() if term.descending is not backward else plain.asc()
    if not has_empty:
        return ordered
    return ordered.nulls_first() if backward else ordered.nulls_last()


def _beyond(
    terms: Sequence[Term], anchor: Bound, *, backward: bool, first: bool = False
) -> ColumnElement[bool]:
    """Return the condition that a row comes after `anchor`, or before it, in the order of `terms`.

    The first term of a segment has a value in all of its rows.
    """
    term, value = terms[0], anchor[0]
    expression, downwards = untyped(term.expression), term.descending is not backward
    if _is_uniform(terms, first=first):
        past: ColumnElement[bool] = _past(
            tuple_(*(untyped(term.expression) for term in terms)), tuple_(*anchor), downwards
        )
        return past
    rest = _beyond(terms[1:], anchor[1:], backward=backward)
    if term.nullable and not first:
        beyond, equal = _past_nullable(term, value, backward=backward)
        return or_(beyond, and_(equal, rest))
    # The first half says no more than the second, in a form that an index can begin with.
    return and_(
        expression <= value if downwards else expression >= value,
        or_(_past(expression, value, downwards), and_(expression == value, rest)),
    )


def _is_uniform(terms: Sequence[Term], *, first: bool) -> bool:
    """Whether the terms can be compared as one row value, (a, b) > (1, 2); one term always can."""
    has_empty = any(term.nullable for term in (terms[1:] if first else terms))
    return not has_empty and len({term.descending for term in terms}) == 1


def _past_nullable(
    term: Term, value: Any, *, backward: bool
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that a row's value lies beyond `value`, and that it is the same."""
    expression = untyped(term.expression)
    if value is None:
        return (expression.is_not(None) if backward else false()), expression.is_(None)
    past = _past(expression, value, term.descending is not backward)
    return (past if backward else or_(past, expression.is_(None))), expression == value


def _past(left: Any, right: Any, downwards: bool) -> Any:
    return left < right if downwards else left > right


def _anchor(order: Order, cursor: Cursor, dialect: str) -> Bound:
    pairs = list(zip(order.terms, cursor.values, strict=True))
    key = and_(
        *(untyped(term.expression) == bound(term, value, dialect) for term, value in pairs if term.is_key)
    )
    return [_bound(order, term, value, key, dialect) for term, value in pairs]


def _bound(order: Order, term: Term, value: Any, key: ColumnElement[bool], dialect: str) -> Any:
    if value is None:
        return None
    if not isinstance(value, Cut):
        return bound(term, value, dialect)
    # A long text is looked up; should its row be gone by now, the place is where its beginning sorts.
    rest = order.join(select(untyped(term.expression)).select_from(order.model)).where(key).correlate(None)
    return untyped(func.coalesce(rest.scalar_subquery(), bound(term, value.beginning, dialect)))
