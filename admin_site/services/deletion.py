"""What would go, be cleared, or stand in the way if records were deleted."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, or_
from sqlalchemy.orm import Session

from admin_site.services.counting import Count, Counter, Exactly, rows_of
from admin_site.services.references import Effect, Manner, Reference
from admin_site.services.steps import Step, steps_of

__all__ = ["Affected", "Effect", "Manner", "Step", "consequences", "steps_of"]


@dataclass(frozen=True)
class Affected:
    """Rows of one table that a deletion meets, in whatever ways."""

    effect: Effect
    table: Table
    count: Count
    steps: tuple[Step, ...] = field(compare=False)

    @property
    def number(self) -> int:
        """How many rows, as far as they were counted."""
        return self.count.number or 0

    @property
    def condition(self) -> ColumnElement[bool]:
        return or_(*(step.condition for step in self.steps))

    @property
    def ways(self) -> tuple[Reference, ...]:
        return tuple(reference for step in self.steps for reference in step.references)

    @property
    def manners(self) -> tuple[Manner, ...]:
        """Who does what to the rows, in the order of the ways to them."""
        return tuple(dict.fromkeys(reference.manner for reference in self.ways))

    @property
    def nearest(self) -> Step:
        """The step to them that is the nearest to the records."""
        return min(self.steps, key=lambda step: step.level)


def consequences(
    session: Session, *records: Any, count: Counter | None = None, is_locking: bool = False
) -> list[Affected]:
    """Measure what deleting records of one class would do to other rows, a line per table and effect.

    Follows foreign keys and the mapper's own cascades as far as they lead, with a number of statements that
    depends on tables and not on rows. A row counts once, whatever ways lead to it; a circle of several
    tables is followed once around. `count` says how far rows are counted, and `is_locking` is that of
    `steps_of`.
    """
    count = count or Exactly(session)
    alike: dict[tuple[Effect, Table], list[Step]] = defaultdict(list)
    for step in steps_of(session, records, count, is_locking=is_locking):
        alike[step.effect, step.table].append(step)
    return [Affected(*place, _count_of(count, steps), tuple(steps)) for place, steps in alike.items()]


def _count_of(count: Counter, steps: Sequence[Step]) -> Count:
    first, *others = steps
    if not others:
        return first.count
    return count(rows_of(first.table, or_(*(step.condition for step in steps))))
