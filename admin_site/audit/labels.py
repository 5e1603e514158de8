"""The labels of the records in entries.

A `__str__` may load whatever it reads. In a flush of many records that would be a query for each, so the
labels of one flush share a budget; when it is spent, a record is called by its model and key.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from admin_site.descriptions import describe

MAX_LOADS = 50

_BUDGET = "admin_site.label_loads"


class TooManyLoads(Exception):
    """A label asks for more than the labels of its flush may load."""


@contextmanager
def few_loads(session: Session) -> Iterator[None]:
    """Refuse what is loaded in this block beyond MAX_LOADS."""
    session.info[_BUDGET] = MAX_LOADS
    try:
        yield
    finally:
        del session.info[_BUDGET]


def spend_load(session: Session) -> None:
    """Count a load; raises TooManyLoads, which `label_of` answers with a label that needs none."""
    budget = session.info.get(_BUDGET)
    if budget is not None:
        if budget <= 0:
            raise TooManyLoads
        session.info[_BUDGET] = budget - 1


def label_of(record: object) -> str:
    return describe(type(record)).label_of(record)
