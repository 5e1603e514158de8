"""What a person may narrow a list by: its subjects, and the ways to ask about each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admin_site.admin.column_filters import ColumnFilter
from admin_site.admin.views import AdminView
from admin_site.descriptions import Kind
from admin_site.errors import BadRequest
from admin_site.listing import Condition, Control, Filter, Listing, ListQuery

NOT = "__not"
BETWEEN = "__between"
OPPOSITES = {
    "is": "is not",
    "is on": "is not on",
    "include": "do not include",
    "contains": "does not contain",
    "starts with": "does not start with",
    "ends with": "does not end with",
}
"""The ways whose opposite is offered too; of the others it would be another of the ways."""

ICONS = {
    Kind.BOOLEAN: "circle-check",
    Kind.CHOICE: "tag",
    Kind.DATE: "calendar",
    Kind.DATETIME: "calendar",
    Kind.INSTANT: "calendar",
    Kind.TIME: "clock",
    Kind.INTERVAL: "clock",
    Kind.JSON: "database",
    Kind.MAPPING: "database",
}
DATES = (Control.DATE, Control.MOMENT)


@dataclass(frozen=True)
class Way:
    """One way to ask: `operator` stands behind the subject's name in a URL, with `text` if it needs no other.

    `inputs` is how many values it takes: none, one (or several that are "or"), or the two ends of a range.
    """

    operator: str
    label: str
    control: Control
    inputs: int = 1
    text: str = ""

    @property
    def value(self) -> str:
        """What a form sends for it."""
        return f"{self.operator}={self.text}" if self.text else self.operator


@dataclass(frozen=True)
class Subject:
    """A field, a relation or one of the view's own filters, with all ways to ask about it."""

    name: str
    label: str
    icon: str
    ways: tuple[Way, ...]
    filter: Filter | None = None
    has_keys: bool = False

    @property
    def control(self) -> Control:
        return self.ways[0].control

    @property
    def is_dated(self) -> bool:
        return self.control in DATES

    def way(self, value: str) -> Way:
        for way in self.ways:
            if way.value == value:
                return way
        raise BadRequest(f"{self.label} cannot be asked about like this.")


def subjects(view: AdminView, listing: Listing) -> list[Subject]:
    """Return what a list can be narrowed by: the view's own filters, then its columns, then the rest."""
    groups: dict[str, dict[str, Filter]] = {}
    for name, item in listing.filters.items():
        subject = _subject_of(name, item)
        groups.setdefault(subject, {})[name.removeprefix(subject)] = item
    own = {item.filter.parameter_name for item in listing.filters.values() if isinstance(item, ColumnFilter)}
    order = {name: place for place, name in enumerate(listing.columns)}
    made = [_subject(view, name, group) for name, group in groups.items()]
    made += [_document(view, name) for name in listing.json_fields]
    return sorted(made, key=lambda item: (item.name not in own, order.get(item.name, len(order))))


def find_subject(view: AdminView, listing: Listing, name: str) -> Subject:
    found = next((item for item in subjects(view, listing) if item.name == name), None)
    if found is None:
        raise BadRequest(f"This list has no filter “{name[:100]}”.")
    return found


def subject_name(listing: Listing, condition: Condition) -> str:
    """Return which subject a condition is about."""
    name = condition.parameter.removesuffix(NOT)
    item = listing.filters.get(name) or listing.filters.get(name.removesuffix("__is"))
    return _subject_of(name, item) if item is not None else name.partition(".")[0]


def narrowed(query: ListQuery, subject: Subject, way: Way, key: str, texts: Sequence[str]) -> ListQuery:
    """Return the query with one more condition; the texts of one that asks alike are added to it."""
    name = f"{subject.name}.{key}" if key else subject.name
    if way.inputs == 2:
        start, stop = (*texts, "", "")[:2]
        for operator, text in (("__gte", start), ("__lte", stop)):
            query = query.with_filter(name + operator, text) if text else query
        return query
    parameter = name + way.operator
    if way.inputs == 0:
        return query.with_filter(parameter, way.text)
    present = next((item.texts for item in query.conditions if item.parameter == parameter), ())
    return query.with_filter(parameter, *dict.fromkeys([*present, *texts])) if texts else query


def _subject_of(name: str, item: Filter) -> str:
    if isinstance(item, ColumnFilter):
        return str(item.filter.parameter_name)
    path = getattr(item, "path", None)
    return path.name if path is not None else name.partition("__")[0]


def _subject(view: AdminView, name: str, group: Mapping[str, Filter]) -> Subject:
    own = {suffix: item for suffix, item in group.items() if isinstance(item, ColumnFilter)}
    first = next(iter((own or group).values()))
    ways = tuple(_own_ways(own) if own else _ways(group))
    if isinstance(first, ColumnFilter):
        return Subject(name, first.filter.title, "filter", ways, first)
    kind = _kind(first)
    icon = ICONS.get(kind, "list") if kind else "link"
    return Subject(name, view.label(name), icon, ways, first)


def _kind(item: Filter) -> Kind | None:
    """Return the kind of field a filter compares, or None where it follows a relation."""
    field = getattr(getattr(item, "path", None), "field", None)
    return field.kind if field is not None else None


def _document(view: AdminView, name: str) -> Subject:
    asked = [Way(operator, verb, Control.TEXT) for operator, verb in _KEY_VERBS.items()]
    empty = [Way("__empty", label, Control.TEXT, 0, text) for text, label in _YES_NO["__empty"]]
    return Subject(
        name, view.label(name), "database", tuple(_with_opposites([*asked, *empty])), has_keys=True
    )


def _own_ways(group: Mapping[str, Filter]) -> Iterator[Way]:
    for suffix, item in group.items():
        assert isinstance(item, ColumnFilter)  # noqa: S101 - the caller chose them
        yield Way(suffix, item.verb, item.control)
        if suffix == "":
            yield Way(NOT, "is not", item.control)


def _ways(group: Mapping[str, Filter]) -> Iterable[Way]:
    asked = list(_asked(group))
    # The opposite of yes is no.
    return asked if _kind(next(iter(group.values()))) is Kind.BOOLEAN else _with_opposites(asked)


def _with_opposites(asked: Sequence[Way]) -> Iterator[Way]:
    operators = {way.operator for way in asked}
    for way in asked:
        yield way
        if way.inputs == 1 and way.label in OPPOSITES:
            yield Way(way.operator + NOT, OPPOSITES[way.label], way.control)
        if way.operator == "" and {"__gte", "__lte"} <= operators:
            yield Way(BETWEEN, "is between", way.control, inputs=2)


def _asked(group: Mapping[str, Filter]) -> Iterable[Way]:
    for suffix, item in group.items():
        if suffix in _YES_NO:
            for text, label in _YES_NO[suffix]:
                yield Way(suffix, label, item.control, inputs=0, text=text)
        else:
            yield Way(suffix, _verb(item), item.control)


def _verb(item: Any) -> str:
    operator = getattr(item, "operator", None)
    if operator is not None:
        return str(operator.verb)
    return "include" if item.path.is_many else "is"


_KEY_VERBS = {"": "is", "__contains": "contains", "__starts": "starts with", "__ends": "ends with"}
_YES_NO = {
    "__empty": (("yes", "is empty"), ("no", "is not empty")),
    "__any": (("yes", "has any"), ("no", "has none")),
}
