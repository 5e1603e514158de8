"""What a list is sorted by: its terms, the last of which are always the key."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import aliased

from admin_site.descriptions import Description
from admin_site.listing.paths import Path, resolve

Joins = dict[str, tuple[Any, Any]]  # by the way there: the relation to join, and the alias it ends in
Sort = tuple[tuple[str, bool], ...]  # names, and whether each runs downwards

_SAMPLES = (" some Text-1 " * 50, "")  # nothing that a label is commonly made into leaves both as they are


@dataclass(frozen=True, eq=False)
class Term:
    """One expression of an ORDER BY. Empty values come last, whichever way the others run."""

    name: str
    expression: Any
    descending: bool
    nullable: bool
    is_key: bool


@dataclass(frozen=True, eq=False)
class Order:
    """A total order: no two rows are equal in all of its terms.

    `signature` tells it from other orders, of other models too.
    """

    model: type
    terms: tuple[Term, ...]
    joins: tuple[Any, ...]
    signature: str

    def join(self, statement: Select[Any]) -> Select[Any]:
        """Return `statement` with the related tables that are sorted by; rows without a relative stay."""
        for relation in self.joins:
            statement = statement.outerjoin(relation)
        return statement


def order_of(description: Description, sort: Sort) -> Order:
    """Return the order `sort` asks for, with the key as tie-breaker.

    The key runs the way of the first term, so that one index on both serves, read either way.
    """
    joins: Joins = {}
    given = [_term(description, name, descending, joins) for name, descending in sort]
    names = {term.name for term in given}
    downwards = sort[0][1] if sort else True
    ties = [_term(description, name, downwards, joins) for name in description.key if name not in names]
    terms = (*given, *ties, *_kinds(description, downwards))
    return Order(
        description.model,
        terms,
        tuple(relation for relation, _ in joins.values()),
        _signature(description, terms),
    )


def can_sort(description: Description, name: str) -> bool:
    """Whether a field, or the name of a related record, has an order."""
    path = sort_path(description, name)
    return path is not None and path.field is not None and path.field.sortable and path.leads_to_one


def sort_path(description: Description, name: str) -> Path | None:
    """Return the path to what `name` is sorted by: of a relation it is the name of the related record."""
    try:
        path = resolve(description, name)
    except KeyError:
        return None
    if path.field is not None:
        return path
    naming = naming_field(path.end)
    return resolve(description, f"{name}.{naming}") if naming else None


@cache
def naming_field(description: Description) -> str:
    """Return the field that is the human label, or "" where the label is more than one field's value.

    A `__str__` of one's own is called with objects all of whose attributes are one text: when it gives that
    text back having read one attribute, whatever the text is, then the label is that attribute.
    """
    if description.label_fields:
        return description.label_fields[0] if len(description.label_fields) == 1 else ""
    names = {name for text in _SAMPLES for name in _read_for_label(description.model, text)}
    stored = {field.name for field in description.fields if field.column is not None}
    return names.pop() if len(names) == 1 and names <= stored else ""


class _Sample:
    """An object that has every attribute, all of them the same text, and remembers which were read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._read: set[str] = set()

    def __getattr__(self, name: str) -> str:
        self._read.add(name)
        return self._text


def _read_for_label(model: Any, text: str) -> set[str]:
    """Return what `__str__` reads to give back `text`; of no use is what it gives otherwise."""
    sample = _Sample(text)
    with suppress(Exception):  # it is anyone's code, and expects a record
        if model.__str__(sample) == text:
            return sample._read
    return {""}


def _term(description: Description, name: str, descending: bool, joins: Joins) -> Term:
    path = sort_path(description, name)
    assert path is not None  # noqa: S101 - the listing has checked it
    assert path.field is not None  # noqa: S101 - and this
    return Term(
        name=name,
        expression=getattr(_owner(path, joins), path.field.name),
        descending=descending,
        # Another table's row may be missing; an expression promises nothing.
        nullable=bool(path.relations) or path.field.column is None or path.field.nullable,
        is_key=name in description.key,
    )


def _kinds(description: Description, descending: bool) -> Iterator[Term]:
    """Yield what tells the records of a union of tables apart, whose keys may be the same."""
    mapper = description.mapper
    is_union = any(item.concrete for item in mapper.self_and_descendants if item is not mapper)
    if is_union and mapper.polymorphic_on is not None:
        yield Term("", mapper.polymorphic_on, descending, nullable=False, is_key=True)


def _owner(path: Path, joins: Joins) -> Any:
    """Return the class the field is read from; a related one is joined, once, under an alias."""
    owner: Any = path.start.model
    way = ""
    for relation in path.relations:
        way += f".{relation.name}"
        if way not in joins:
            alias: Any = aliased(relation.target)
            joins[way] = getattr(owner, relation.name).of_type(alias), alias
        owner = joins[way][1]
    return owner


def _signature(description: Description, terms: Iterable[Term]) -> str:
    words = ",".join(("-" if term.descending else "") + term.name for term in terms)
    return f"{description.table}:{words}"
