"""How a page shows what a deletion would do: kinds of records, each below the kind it is reached through."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from admin_site.admin.consequences import Consequences, Line, lowered, number_text, sum_text
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import Relation, describe
from admin_site.keys import encode_key
from admin_site.permissions import Action
from admin_site.services.deletion import Effect, Manner, Step
from admin_site.services.references import Reference

LEVELS = 3  # that are shown one by one; what lies deeper is summed up
MAX_KEYS = 50  # of records whose relatives one list is asked for

MANNERS = {
    Manner.CASCADE: "deleted by the database",
    Manner.MAPPER: "deleted one by one",
    Manner.LINKS: "only the links go",
    Manner.EMPTIED: "kept, with an empty reference",
    Manner.DEFAULT: "kept, with the default reference",
}


@dataclass(frozen=True)
class Node:
    """A kind of records, and the kinds that are reached through it."""

    label: str
    manner: str
    number: str
    url: str
    below: tuple["Node", ...] = ()


class LossTree:
    """The consequences of deleting records, ready for a template.

    Without the records it is those of too many to be asked for by the lists it would lead to.
    """

    def __init__(self, visit: Visit, records: Sequence[Any], found: Consequences) -> None:
        self._visit = visit
        self._records = records if len({type(record) for record in records}) == 1 else ()
        self._going = [line for line in found.shown if line.effect is not Effect.BLOCKING]
        self._blocking = [line for line in found.shown if line.effect is Effect.BLOCKING]
        self._by_table = {line.affected.table: line for line in found.lines if line.effect is Effect.DELETED}

    @property
    def going(self) -> tuple[Node, ...]:
        return tuple(map(self._node, self._below(None)))

    @property
    def blocking(self) -> tuple[Node, ...]:
        return tuple(self._node(line, is_tree=False) for line in self._blocking)

    @property
    def deeper(self) -> str:
        """What lies below the levels that are shown, in words."""
        lines = [line for line in self._going if self._depth(line) > LEVELS]
        if not lines:
            return ""
        kinds = ", ".join(dict.fromkeys(line.names for line in lines))
        return f"Further down: {sum_text(lines)} more ({kinds})"

    def _node(self, line: Line, *, is_tree: bool = True) -> Node:
        depth = self._depth(line)
        return Node(
            label=line.names,
            manner=self._manner(line),
            number=number_text(line.seen),
            url=self._url(line),
            below=tuple(map(self._node, self._below(line))) if is_tree and depth < LEVELS else (),
        )

    def _below(self, above: Line | None) -> Iterable[Line]:
        return [line for line in self._going if self._above(line) is above and line is not above]

    def _above(self, line: Line) -> Line | None:
        """Return the line that another is shown below: the next above it of which the person sees any."""
        table = line.affected.nearest.above
        above = self._by_table.get(table) if table is not None else None
        return above if above is None or above.is_shown else self._above(above)

    def _depth(self, line: Line) -> int:
        above = self._above(line)
        return 1 if above is None else 1 + self._depth(above)

    def _manner(self, line: Line) -> str:
        if line.effect is not Effect.BLOCKING:
            return ", ".join(MANNERS[manner] for manner in line.affected.manners)
        above = self._above(line)
        it, its = ("it", "its") if len(self._records) == 1 else ("them", "their")
        return f"refer to {it}" if above is None else f"refer to {its} {lowered(above.names)}"

    def _url(self, line: Line) -> str:
        """Return the address of the list of exactly these rows, "" where a list cannot be asked for them."""
        view, table, ways = line.view, line.affected.table, line.affected.ways
        if view is None or view.description.mapper.local_table is not table or len(ways) != 1:
            return ""
        relation = _relation_along(view, ways[0])
        if relation is None or not view.allows(self._visit.request, Action.LIST):
            return ""
        keys = self._keys(line.affected.nearest, ways[0].sources[0].table, relation)
        query = urlencode([(relation.name, key) for key in keys])
        return f"{self._visit.url(view, 'list')}?{query}" if keys else ""

    def _keys(self, step: Step, table: Any, relation: Relation) -> Sequence[str]:
        """Return the keys of the records that rows refer to; none if they are too many, or not all seen."""
        if step.origin is None or not self._records:
            return []
        owner = describe(type(self._records[0]))
        if table in owner.mapper.tables and step.level == 1:
            is_few = len(self._records) <= MAX_KEYS
            return [encode_key(owner, owner.key_of(record)) for record in self._records if is_few]
        above = self._by_table.get(step.above) if step.above is not None else None
        if above is None or above.model is None or above.has_hidden or above.affected.table is not table:
            return []
        if above.affected.count.is_many or above.affected.number > MAX_KEYS:
            return []
        description = describe(above.model)
        if describe(relation.target).mapper.base_mapper is not description.mapper.base_mapper:
            return []
        columns = [getattr(above.model, name) for name in description.key]
        found = self._visit.session.execute(select(*columns).where(step.origin))
        return [encode_key(description, tuple(key)) for key in found]


def _relation_along(view: AdminView, reference: Reference) -> Relation | None:
    """Return the relation of a view's records that a list filters by and that stands for a reference."""
    columns = set(reference.columns)
    for relation in view.description.relations:
        own = {view.description.field(name).column for name in relation.columns}
        if own == columns and relation.name in view.listing.filters:
            return relation
    return None
