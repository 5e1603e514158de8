"""The rows of a model that somebody may see or change, as conditions of queries."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy import tuple_ as row

from admin_site.descriptions import Description
from admin_site.permissions.identities import Identity

Narrow = Callable[[Select[Any], Identity], Select[Any]]


@dataclass(frozen=True)
class RowScope:
    """Rows of a view that a grant may be limited to: how they are called, and what leaves them of a query."""

    label: str
    narrow: Narrow


@dataclass(frozen=True)
class RowRules:
    """What a view says of its rows: which anybody may see (`own`, None: all), and the scopes it names."""

    description: Description
    own: Narrow | None = None
    named: Mapping[str, RowScope] = field(default_factory=dict)

    def own_condition(self, identity: Identity) -> ColumnElement[bool] | None:
        """Return the condition of the rows that the view shows to somebody; None: all of them."""
        return None if self.own is None else condition_of(self.description, self.own, identity)

    def condition(self, identity: Identity, names: Iterable[str]) -> ColumnElement[bool] | None:
        """Return the condition of the rows in any of the named scopes; None: all of them.

        A scope that the view does not have holds no row.
        """
        conditions: list[ColumnElement[bool]] = [false()]
        for name in sorted(names):
            if (scope := self.named.get(name)) is not None:
                found = condition_of(self.description, scope.narrow, identity)
                if found is None:
                    return None
                conditions.append(found)
        return or_(*conditions)


def condition_of(description: Description, narrow: Narrow, identity: Identity) -> ColumnElement[bool] | None:
    """Return what `narrow` leaves of all rows as a condition of any query of the model; None: all of them."""
    every: Select[Any] = select(description.model)
    kept = narrow(every, identity)
    if kept is every:
        return None
    if (condition := kept.whereclause) is not None and _is_no_more_than(every, condition, kept):
        return condition
    columns = [getattr(description.model, name) for name in description.key]
    visible = kept.with_only_columns(*columns).order_by(None).correlate(None)
    return (row(*columns) if len(columns) > 1 else columns[0]).in_(visible)


def _is_no_more_than(every: Select[Any], condition: ColumnElement[bool], kept: Select[Any]) -> bool:
    """Return whether a query is `every` with a condition on its own tables: no join, no order, no limit."""
    own = {table for source in every.columns_clause_froms for table in _tables(source)}
    return own.issuperset(_tables(condition)) and every.where(condition).compare(kept)


def _tables(element: Any) -> Iterable[Any]:
    """Return the tables that an element adds to a query; those in a subquery of it stay there."""
    found: Iterable[Any] = element._from_objects
    return found
