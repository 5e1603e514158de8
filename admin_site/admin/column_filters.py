"""SQLAdmin's `column_filters` as filters of our lists."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from inspect import iscoroutinefunction
from typing import Any

import anyio.from_thread
from anyio import CapacityLimiter, to_thread
from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy import tuple_ as row
from sqlalchemy.exc import SQLAlchemyError

from admin_site.descriptions import Description
from admin_site.errors import BadRequest
from admin_site.listing import Condition, Control, ListQuery

NOT = "__not"
MOST_OFFERED = 200  # choices of one filter on a page
EVERYTHING = "__all"
ALL = ("", "all", EVERYTHING)  # what SQLAdmin's own filters call "no filter"
OPERATION = "_op"  # how SQLAdmin spells the parameter beside the value of a filter with operations

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class ColumnFilter:
    """One object of a view's `column_filters`, or one operation of it."""

    filter: Any
    description: Description
    operation: str = ""
    verb: str = "is"

    @property
    def label(self) -> str:
        return f"{self.filter.title} {self.verb}"

    @property
    def control(self) -> Control:
        return Control.TEXT if self.operation else Control.CHOICES

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        return ()  # `offered` asks for them: they may cost a query

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        """Return the condition the object makes of the last of `texts`; it knows no "or"."""
        text = texts[-1]
        return Condition(
            parameter=name,
            texts=(text,),
            clause=self._clause(text),
            subject=self.filter.title,
            verb=self.verb,
            shown=(text,),
        )

    def _clause(self, text: str) -> ColumnElement[bool]:
        """Return the condition that the object's own SELECT finds a record."""
        if text in ALL:
            return true()
        model = self.description.model
        every: Select[Any] = select(model)
        arguments = (every, self.operation, text, model) if self.operation else (every, text, model)
        try:
            filtered: Select[Any] = call(self.filter.get_filtered_query, *arguments)
        except (ValueError, TypeError, SQLAlchemyError):
            raise BadRequest(f"{self.filter.title}: “{text[:100]}” is none of its values.") from None
        where = filtered.whereclause
        if where is None and filtered.compare(every):
            return true()
        if where is not None and filtered.compare(every.where(where)):
            return where
        columns = [getattr(model, name) for name in self.description.key]
        keys = filtered.with_only_columns(*columns).order_by(None).correlate(None)
        return row(*columns).in_(keys) if len(columns) > 1 else columns[0].in_(keys)


def filters_of(filters: Iterable[Any], description: Description) -> dict[str, ColumnFilter]:
    """Return a view's `column_filters` under their names in a URL."""
    table: dict[str, ColumnFilter] = {}
    for item in filters:
        if not getattr(item, "has_operator", False):
            table[item.parameter_name] = ColumnFilter(item, description)
            continue
        for operation, label in item.get_operation_options_for_model(description.model):
            table[f"{item.parameter_name}__{operation}"] = ColumnFilter(
                item, description, operation, _VERBS.get(operation, label.lower())
            )
    return table


_VERBS = {
    "equals": "is",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "greater_than": "is over",
    "less_than": "is under",
}


def translated(pairs: Pairs, filters: Sequence[Any]) -> Pairs:
    """Return parameters as our lists spell them, from a URL that may be SQLAdmin's.

    What is missing gets the default of its filter, which "all" takes away again.
    """
    if not filters:
        return pairs
    given = dict(pairs)
    changed: dict[str, list[tuple[str, str]]] = {}
    for item in filters:
        name, value = item.parameter_name, given.get(item.parameter_name)
        operation = given.get(name + OPERATION)
        default = default_of(item)
        if getattr(item, "has_operator", False):
            if operation:
                changed[name] = [(f"{name}__{operation}", value)] if value else []
                changed[name + OPERATION] = []
        elif value is None and default is not None and f"{name}__not" not in given:
            changed[name] = [(name, default)]
        elif value in ALL and default is None:
            changed[name] = []
    kept = [pair for pair in pairs if pair[0] not in changed]
    return [*kept, *(pair for parts in changed.values() for pair in parts)]


def default_of(item: Any) -> str | None:
    """Return the text that a filter takes where a URL says nothing, or None."""
    value = getattr(item, "default_value", None)
    if value is None or type(value).__module__.startswith("sqladmin"):  # its mark for "no default"
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def without_defaults(query: ListQuery, filters: Sequence[Any]) -> ListQuery:
    """Return a query in which filters that nothing is asked of have not even their defaults."""
    asked = {condition.parameter for condition in query.conditions}
    for item in filters:
        if default_of(item) is not None and item.parameter_name not in asked:
            query = query.with_filter(item.parameter_name, EVERYTHING)
    return query


def offered(item: Any, request: Any, session: Any, model: type) -> list[tuple[str, str]]:
    """Return the first choices of a filter with their labels; what they cost is up to the object."""

    async def run_query(statement: Any) -> Any:
        # A turn of its own: the page that waits for this keeps one of the common ones.
        return await to_thread.run_sync(
            lambda: session.execute(statement).all(), limiter=CapacityLimiter(total_tokens=1)
        )

    found = call(item.lookups, request, model, run_query)
    return [(str(value), str(label)) for value, label in found if str(value) not in ALL][:MOST_OFFERED]


def labels(
    filters: Mapping[str, Any], condition: Condition, offer: Callable[[Any], Pairs]
) -> tuple[str, ...]:
    """Return what is shown for the texts of a condition: the labels of a column filter's own choices."""
    item = filters.get(condition.parameter.removesuffix(NOT))
    if not isinstance(item, ColumnFilter) or item.operation:
        return condition.shown
    names = dict(offer(item.filter))
    return tuple(names.get(text, text) for text in condition.texts)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function that may be asynchronous, from the worker thread a page runs in."""
    if not iscoroutinefunction(function):
        return function(*arguments)
    return anyio.from_thread.run(function, *arguments)
