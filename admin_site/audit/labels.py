"""The labels of the records in entries.

A `__str__` may load whatever it reads. In a flush of many records that would be a query for each, so the
labels of one flush share a budget; when it is spent, a record is called by its model and key.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session, object_session

from admin_site.descriptions import describe

MAX_LOADS = 50

_BUDGET = "admin_site.label_loads"


class TooManyLoads(Exception):
    """A label asks for more than the labels of its flush may load."""


@dataclass
class _Budget:
    left: int = MAX_LOADS
    is_read: bool = False  # whether a label is being read: nothing else counts


@contextmanager
def few_loads(session: Session) -> Iterator[None]:
    """Let the labels that are read in this block load MAX_LOADS times."""
    session.info[_BUDGET] = _Budget()
    try:
        yield
    finally:
        del session.info[_BUDGET]


def spend_load(session: Session) -> None:
    """Count a load; raises TooManyLoads, whereupon the record is called by its key."""
    budget: _Budget | None = session.info.get(_BUDGET)
    if budget is not None and budget.is_read:
        if not budget.left:
            raise TooManyLoads
        budget.left -= 1


def label_of(record: object) -> str:
    session = object_session(record)
    budget = (session.info.get(_BUDGET) if session else None) or _Budget()
    budget.is_read = True
    try:
        return describe(type(record)).label_of(record)
    finally:
        budget.is_read = False
