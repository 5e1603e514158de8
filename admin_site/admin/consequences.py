"""What a deletion would do to other records, as far as one person may know it and may do it.

Whoever deletes a record deletes what goes with it, so they need the right to delete each of these too, and
may not reach records outside their scope that way: as in Django's admin. A reference that is emptied asks for
no right to edit the record that holds it: that record keeps all of its own, and nobody could otherwise delete
what others have come to refer to. What the site itself keeps about a person (sessions, drafts) is part of
that person.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy import tuple_ as row
from sqlalchemy.orm import lazyload, object_mapper

from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit, nothing
from admin_site.audit import is_recorded
from admin_site.descriptions import describe
from admin_site.keys import Scope
from admin_site.permissions import Action
from admin_site.services.counting import MOST, Count, WithinReason, as_stored
from admin_site.services.deletion import Affected, Effect, Manner, consequences
from admin_site.services.references import References

HIDDEN = "Some records that you may not see would be deleted with it, so you may not delete it."
UNDELETABLE = "You may not delete {names}, and some would be deleted with it."
UNTOUCHABLE = "Some of its {names} may not be deleted by you."
UNCHECKED = "Whether you may delete all of its {names} could not be found out. Delete those first."
NONE = Count(0)


@dataclass(frozen=True)
class Line:
    """Rows of one kind that a deletion meets: those that the person may see, and whether there are others."""

    affected: Affected
    model: type | None
    view: AdminView | None
    names: str  # what the records are called
    name: str  # one of them
    seen: Count
    has_hidden: bool
    refusal: str = ""  # why the person may not delete them

    @property
    def effect(self) -> Effect:
        return self.affected.effect

    @property
    def is_link(self) -> bool:
        return self.affected.manners == (Manner.LINKS,)

    @property
    def is_own_note(self) -> bool:
        """Whether the rows are what the site keeps by itself, such as sessions and drafts."""
        return self.model is not None and not is_recorded(self.model)

    @property
    def is_shown(self) -> bool:
        return self.seen.number != 0


@dataclass(frozen=True)
class Consequences:
    """All that a deletion meets."""

    lines: tuple[Line, ...]

    @cached_property
    def shown(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.is_shown)

    @property
    def refusals(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.refusal for line in self.lines if line.refusal))

    @property
    def is_blocked(self) -> bool:
        """Whether records are known to stand in the way."""
        return any(line.affected.number for line in self.lines if line.effect is Effect.BLOCKING)

    def hides(self, effect: Effect) -> bool:
        """Return whether there are such records that the person may not see."""
        return any(line.has_hidden and not line.is_own_note for line in self.lines if line.effect is effect)

    @property
    def total(self) -> Count:
        """How many rows, of those that the person may see, would go or lose a reference."""
        return _sum(line.seen for line in self.shown if line.effect is not Effect.BLOCKING)


def consequences_for(visit: Visit, *records: Any, is_locking: bool = False) -> Consequences:
    """Measure what deleting records would do, within a time that people wait for."""
    return measured(visit, [records], is_locking=is_locking)


def measured(visit: Visit, parts: Iterable[Sequence[Any]], *, is_locking: bool = False) -> Consequences:
    """Measure what deleting records would do that come part by part; the time is for all of them together.

    A row that is met by several parts counts for each of them.
    """
    count = WithinReason(visit.session)
    lines: dict[Any, list[Line]] = defaultdict(list)
    for part in parts:
        for line in _lines(visit, part, count, is_locking):
            lines[line.effect, line.affected.table].append(line)
    return Consequences(tuple(map(_together, lines.values())))


def _lines(visit: Visit, records: Sequence[Any], count: WithinReason, is_locking: bool) -> Iterable[Line]:
    by_class: dict[type, list[Any]] = defaultdict(list)
    for record in records:
        by_class[type(record)].append(record)
    for alike in by_class.values():
        affected = consequences(visit.session, *alike, count=count, is_locking=is_locking)
        references = References(object_mapper(alike[0]))
        with visit.session.no_autoflush:
            yield from [_Weighing(visit, references, count, each).line() for each in affected]


def _together(lines: Sequence[Line]) -> Line:
    """Return one line for those of several parts."""
    first, *others = lines
    if not others:
        return first
    return replace(
        first,
        affected=replace(first.affected, count=_sum(line.affected.count for line in lines)),
        seen=_sum(line.seen for line in lines),
        has_hidden=any(line.has_hidden for line in lines),
        refusal=next((line.refusal for line in lines if line.refusal), ""),
    )


def _sum(counts: Iterable[Count]) -> Count:
    known = list(counts)
    if any(count.number is None for count in known):
        return Count(None)
    total = min(sum(count.number or 0 for count in known), MOST + 1)
    return Count(total, " ".join(count.mark for count in known) if total <= MOST else "")


class _Weighing:
    """One line, weighed for one person."""

    def __init__(self, visit: Visit, references: References, count: WithinReason, affected: Affected) -> None:
        self._visit = visit
        self._count = count
        self._affected = affected
        mapper = references.mapper_of(affected.table)
        self._model: type | None = mapper.class_ if mapper is not None else None
        self._view = visit.site.view_of(self._model) if self._model is not None else None

    def line(self) -> Line:
        names, name = self._called()
        seen, has_hidden = self._seen()
        return Line(
            self._affected,
            self._model,
            self._view,
            names,
            name,
            seen,
            has_hidden,
            self._refusal(names, is_hidden=seen.number == 0),
        )

    def _called(self) -> tuple[str, str]:
        if self._view is not None:
            return self._view.name_plural, self._view.name
        table = self._affected.table
        if not any(reference.is_link for reference in self._affected.ways):
            name = self._visit.site.table_name(table)
            return name, f"row of {name}"
        sources = {source.table for reference in self._affected.ways for source in reference.sources}
        ends = {constraint.referred_table for constraint in table.foreign_key_constraints}
        others = sorted(map(self._visit.site.table_name, ends - sources or ends))
        return f"Links to {lowered(' and '.join(others))}", f"link to {lowered(' and '.join(others))}"

    def _seen(self) -> tuple[Count, bool]:
        """Return how many of the rows the person may see, and whether there may be others."""
        scope = self._visit.scope_of(self._model) if self._model is not None else None
        if scope is None:
            return self._affected.count, False
        if scope is nothing:
            return NONE, True
        return self._count(scope(self._keys())), self._reaches_beyond(scope)

    def _refusal(self, names: str, *, is_hidden: bool) -> str:
        """Return why the person may not delete the rows; "" where they may, or need no right to."""
        if self._affected.effect is not Effect.DELETED or self._view is None:
            return ""
        if not is_recorded(self._view.model):
            return ""
        request = self._visit.request
        if not self._view.allows(request, Action.DELETE):
            return HIDDEN if is_hidden else UNDELETABLE.format(names=lowered(names))
        scope = self._view.granted_rows(request, Action.DELETE)
        if scope is not None and self._reaches_beyond(scope):
            return HIDDEN
        return self._refused_by_row(names) if self._view.decides_by_row(Action.DELETE) else ""

    def _refused_by_row(self, names: str) -> str:
        if self._affected.count.is_many:
            return UNCHECKED.format(names=lowered(names))
        assert self._view is not None  # noqa: S101 - asked for views only
        may = self._view.may_by_row(self._visit.request, Action.DELETE)
        model: Any = self._model
        rows: Select[Any] = select(model).where(self._affected.condition).options(lazyload("*"))
        found = self._visit.session.scalars(rows).unique()
        return "" if all(map(may, found)) else UNTOUCHABLE.format(names=lowered(names))

    def _reaches_beyond(self, scope: Scope) -> bool:
        """Return whether some rows may be outside a scope: unknown counts as yes."""
        visible = scope(select(*self._columns)).correlate(None)
        key = row(*self._columns) if len(self._columns) > 1 else self._columns[0]
        return self._count(self._keys().where(key.not_in(visible))).number != 0

    def _keys(self) -> Select[Any]:
        return select(*as_stored(self._columns)).where(self._affected.condition)

    @property
    def _columns(self) -> list[Any]:
        model: Any = self._model
        return [getattr(model, name) for name in describe(model).key]


def lowered(name: str) -> str:
    """Return a name as it stands within a sentence; an abbreviation keeps its capitals."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def number_text(count: Count) -> str:
    if count.number is None:
        return "too many to count in time"
    return f"{MOST:,}+" if count.is_many else f"{count.number:,}"


def counted(line: Line, count: Count) -> str:
    """Return a number of a line's records in words, such as "12 enrollments"."""
    if count.number is None:
        return f"very many {lowered(line.names)}"
    return f"{number_text(count)} {lowered(line.name if count.number == 1 else line.names)}"


def in_words(parts: Sequence[str]) -> str:
    """Return parts as people list them: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def gone_with(found: Consequences, most: int = 3) -> str:
    """Return what a deletion took along, in words; "" for nothing that the person may know of."""
    lines = [line for line in found.shown if line.effect is Effect.DELETED and not line.is_link]
    lines.sort(key=lambda line: (line.is_own_note, line.affected.nearest.level))
    parts = [counted(line, line.seen) for line in lines[:most]]
    if rest := lines[most:]:
        parts.append(f"{sum_text(rest)} more records")
    return in_words(parts)


def sum_text(lines: Sequence[Line]) -> str:
    number = sum(line.seen.number or 0 for line in lines)
    is_more = any(line.seen.is_many for line in lines)
    return f"{number:,}+" if is_more else f"{number:,}"
