"""How to read columns of a list without making a record of any row.

Plain columns are selected as they are, and of related records the one column that names them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.types import Uuid

from admin_site.descriptions import Description, Field
from admin_site.descriptions.labels import MAX_LABEL
from admin_site.keys import encode_key
from admin_site.listing.defaults import LABEL
from admin_site.listing.listings import Listing
from admin_site.listing.orders import naming_field
from admin_site.listing.paths import Path, foreign_key, resolve
from admin_site.listing.untyped import untyped

Columns = Sequence[Sequence[Any]]  # some rows, as the values of each column

_Read = Callable[..., Any]  # one value of a row from what was selected for it


@dataclass(frozen=True)
class _Source:
    """What is selected for one column, and what makes its value of that; None: it is the value."""

    expressions: tuple[Any, ...]
    read: _Read | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """How to read some columns of a list without its records."""

    sources: tuple[_Source, ...]
    joins: tuple[Any, ...]

    @property
    def width(self) -> int:
        """How many expressions the columns are made of."""
        return sum(len(source.expressions) for source in self.sources)

    def statement(self, model: type, *further: Any) -> Select[Any]:
        """Return the SELECT of what the columns are made of, with further expressions after it."""
        selected = [expression for source in self.sources for expression in source.expressions]
        statement: Select[Any] = select(*selected, *further).select_from(model)
        for relation in self.joins:
            statement = statement.outerjoin(relation)
        return statement

    def columns(self, rows: Sequence[Sequence[Any]]) -> Columns:
        """Return the values of each column, for at least one row that the statement gave."""
        return list(self._columns(list(zip(*rows, strict=True))))

    def _columns(self, selected: Columns) -> Iterator[Sequence[Any]]:
        place = 0
        for source in self.sources:
            values = selected[place : place + len(source.expressions)]
            place += len(source.expressions)
            yield list(map(source.read, *values)) if source.read else values[0]


def plan(listing: Listing, names: Sequence[str], *, raw: bool = False, light: bool = True) -> Plan | None:
    """Return how to read the columns, or None when that takes records.

    Of a related record it is the label that is read or, `raw`, the key, as it stands in addresses where it
    has several parts. UUIDs come as the driver has them when `light`: to make one takes longer than all the
    rest.
    """

    def make() -> tuple[Plan | None]:
        return (_Planner(listing, raw, light).plan(names),)

    closed = frozenset(listing.related_scopes)
    found: tuple[Plan | None] = listing.keep(("plan", tuple(names), raw, light, closed), make)
    return found[0]


class _Planner:
    """Finds the source of each column; the related tables that they share are joined once."""

    def __init__(self, listing: Listing, raw: bool, light: bool) -> None:
        self._listing = listing
        self._raw = raw
        self._light = light
        self._joins: dict[str, tuple[Any, Any]] = {}  # by the way there: a relation, the alias it ends in

    def plan(self, names: Sequence[str]) -> Plan | None:
        sources = []
        for name in names:
            source = self._source(name)
            if source is None:
                return None
            sources.append(source)
        return Plan(tuple(sources), tuple(relation for relation, _ in self._joins.values()))

    def _source(self, name: str) -> _Source | None:
        description = self._listing.description
        if name == LABEL:
            return self._label(description, description.model)
        try:
            path = resolve(description, name)
        except KeyError:
            return None
        if not path.leads_to_one or self._listing.is_closed(path):
            return None
        if path.field is not None:
            return self._value(path, path.field)
        if self._raw:
            return self._foreign_key(path)
        return self._label(path.end, self._owner(path)) if _has_label(path.end) else None

    def _value(self, path: Path, field: Field) -> _Source | None:
        if field.column is None or field.secret or field.name not in path.end.mapper.column_attrs:
            return None
        return _Source((self._read_lightly(field, getattr(self._owner(path), field.name)),))

    def _foreign_key(self, path: Path) -> _Source:
        """Return what reads a related record's key without the record."""
        *before, last = path.relations
        owner = self._owner(Path(path.name, path.start, tuple(before), None))
        description, end = path.owners[-2], path.end
        names = foreign_key(description, last)
        if len(names) == 1:
            return _Source((self._read_lightly(description.field(names[0]), getattr(owner, names[0])),))

        def read(*key: Any) -> str | None:
            return None if None in key else encode_key(end, key)

        return _Source(tuple(getattr(owner, name) for name in names), read)

    def _label(self, description: Description, owner: Any) -> _Source | None:
        """Return what reads the label of a record, or of nobody."""
        if not _has_label(description):
            return None
        others = (name for names in description.other_label_fields for name in names)
        names = list(dict.fromkeys((naming_field(description), *others)))
        key = [(description.field(name), getattr(owner, name)) for name in description.key]

        def read(*values: Any) -> str | None:
            key = values[len(names) :]
            if key[0] is None:
                return None
            if type(values[0]) is str and _is_label(values[0]):
                return values[0]
            known = dict(zip(names, values, strict=False)) | _named(description, key)
            return description.label_of(_transient(description, known))

        words = (getattr(owner, name) for name in names)
        return _Source((*words, *(self._read_lightly(*pair) for pair in key)), read)

    def _read_lightly(self, field: Field, expression: Any) -> Any:
        return untyped(expression) if self._light and _may_be_light(field) else expression

    def _owner(self, path: Path) -> Any:
        """Return the class the end of a path is read from; a related one is joined, once, under an alias."""
        owner: Any = path.start.model
        way = ""
        for relation in path.relations:
            way += f".{relation.name}"
            if way not in self._joins:
                alias: Any = aliased(relation.target)
                self._joins[way] = getattr(owner, relation.name).of_type(alias), alias
            owner = self._joins[way][1]
        return owner


def _has_label(description: Description) -> bool:
    """Whether one column tells what each record is called, also those of further classes in the table."""
    return bool(naming_field(description)) and len(list(description.mapper.self_and_descendants)) == 1


def _is_label(text: str) -> bool:
    """Whether a text is its own label: one line, nothing odd in it, not too long."""
    return 0 < len(text) <= MAX_LABEL and text.isprintable() and " ".join(text.split()) == text


def _named(description: Description, key: Sequence[Any]) -> dict[str, Any]:
    """Return the parts of a key by name; one that was read lightly is made what it should be."""
    parts = zip(description.key, key, strict=True)
    return {name: UUID(str(part)) if _may_be_light(description.field(name)) else part for name, part in parts}


def _transient(description: Description, values: dict[str, Any]) -> Any:
    """Return a record that is in no session and holds `values` alone."""
    record = description.mapper.class_manager.new_instance()
    for name, value in values.items():
        set_committed_value(record, name, value)
    return record


def _may_be_light(field: Field) -> bool:
    return isinstance(field.column_type, Uuid) and not field.is_decorated
