"""How many rows a query finds, exactly or as far as people wait for it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Select, Table, func, literal, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NULLTYPE

from admin_site.errors import TooSlow
from admin_site.listing.limits import limited

MOST = 1_000  # rows that are counted one by one; of more it is said that they are more
SECONDS = 3.0  # all the counts of one question may take
SECONDS_EACH = 1.0
_WORTH_TRYING = 0.05


@dataclass(frozen=True)
class Count:
    """How many rows there are.

    `number` is None when they were too many to count in time; one more than MOST stands for any more.
    `mark` is the same for the same rows and another for others, "" where they were not looked at.
    """

    number: int | None
    mark: str = ""

    @property
    def is_many(self) -> bool:
        """Whether the number is not known exactly."""
        return self.number is None or self.number > MOST


class Counter(Protocol):
    """Something that counts the rows of a query."""

    most: int | None

    def __call__(self, rows: Select[Any]) -> Count: ...


class Exactly:
    """Counts all rows, however long it takes."""

    most: int | None = None

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, rows: Select[Any]) -> Count:
        return Count(self._session.scalar(select(func.count()).select_from(rows.subquery())) or 0)


class WithinReason:
    """Counts MOST rows of a query and no further, for SECONDS_EACH and for SECONDS in all.

    It reads the keys of the rows, so that it also knows whether they are the same ones as before.
    """

    most: int | None = MOST

    def __init__(self, session: Session, seconds: float = SECONDS) -> None:
        self._session = session
        self._left = seconds

    def __call__(self, rows: Select[Any]) -> Count:
        started = monotonic()
        try:
            found = self._first(rows.limit(MOST + 1))
        except TooSlow:
            return Count(None)
        finally:
            self._left -= monotonic() - started
        return Count(len(found), _mark(found) if 0 < len(found) <= MOST else "")

    def _first(self, rows: Select[Any]) -> Sequence[Any]:
        seconds = min(self._left, SECONDS_EACH)
        if seconds < _WORTH_TRYING:
            raise TooSlow
        with limited(self._session, seconds):
            return self._session.execute(rows).all()


def rows_of(table: Table, condition: ColumnElement[bool]) -> Select[Any]:
    """Return the query of the rows of a table, by their keys if it has any."""
    return select(*(as_stored(table.primary_key) or [literal(1)])).select_from(table).where(condition)


def as_stored(columns: Sequence[Column[Any]] | Any) -> list[ColumnElement[Any]]:
    """Return columns to be read as the driver gives them, whatever their types make of what is stored."""
    return [type_coerce(column, NULLTYPE) for column in columns]


def _mark(rows: Sequence[Any]) -> str:
    told = sorted(
        repr([bytes(part) if isinstance(part, memoryview) else part for part in row]) for row in rows
    )
    return hashlib.sha256("\n".join(told).encode(errors="surrogatepass")).hexdigest()
