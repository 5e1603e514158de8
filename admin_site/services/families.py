"""A record and the children that are edited under it, saved as one act."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, with_parent
from sqlalchemy.orm.exc import UnmappedColumnError

from admin_site.descriptions import Description, Relation, describe
from admin_site.errors import ConfigurationError, Conflict, Invalid
from admin_site.permissions import Identity
from admin_site.services import records
from admin_site.services.swaps import in_order

JOINT = "|"
"""Between the place of a child and the name of what is wrong with it, in the names of errors."""

Values = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Bond:
    """How children belong to their parent: the relation, and the child's attributes that hold its key."""

    relation: Relation
    parent: Description
    child: Description
    columns: Mapping[str, str]  # the child's attribute: the parent's

    @property
    def names(self) -> frozenset[str]:
        """What of a child says nothing but whose child it is."""
        told = {item.name for item in self.child.relations if item.columns and self._tells_only(item)}
        return frozenset({self.relation.reverse, *self.columns, *told} - {""})

    def values(self, parent: Any) -> dict[str, Any]:
        """Return what makes a new child the child of `parent`, whose other children stay unread."""
        reverse = self.relation.reverse
        if reverse and self.child.has(reverse) and not self.child.relation(reverse).read_only:
            return {reverse: parent}
        return {name: getattr(parent, held) for name, held in self.columns.items()}

    def holds(self, parent: Any) -> ColumnElement[bool]:
        """Return the condition that a row is a child of `parent`."""
        return with_parent(parent, getattr(type(parent), self.relation.name))

    def _tells_only(self, relation: Relation) -> bool:
        return set(relation.columns) <= self.columns.keys()


@dataclass(eq=False)
class Child:
    """One child as it is to be: a new one without a record, a changed one, or one to be deleted.

    `place` leads people to it in errors. `children` are its own, one level further down.
    """

    bond: Bond
    place: str
    record: Any = None
    values: Values = field(default_factory=dict)
    is_removed: bool = False
    children: Sequence["Child"] = ()


def bond_of(parent: Description, name: str, child: Description | None = None) -> Bond:
    """Return how the members of a relation belong to the record that has it.

    Raises ConfigurationError for relations whose members cannot be written under it.
    """
    place = f"{parent.model.__name__}.{name}"
    relation = next((item for item in parent.relations if item.name == name), None)
    if relation is None:
        raise ConfigurationError(f"{place} is no relation, so its records cannot be edited inline")
    if not relation.many or relation.direction != "one_to_many":
        raise ConfigurationError(f"{place} does not lead to children, so they cannot be edited inline")
    if relation.read_only:
        raise ConfigurationError(f"{place} cannot be edited inline. {relation.read_only}")
    child = child or describe(relation.target)
    try:
        columns = dict(_columns(parent, name, child))
    except UnmappedColumnError:
        raise ConfigurationError(f"{place} cannot be edited inline: its foreign key is not mapped") from None
    return Bond(relation, parent, child, columns)


def save_children(session: Session, actor: Identity, parent: Any, children: Sequence[Child]) -> None:
    """Store what became of children of `parent`, which is stored already, in the same transaction.

    First go those that are removed, then come the changes, then the new ones, so that a value which nobody
    else may have can move from one to another; changes that swap such values are put in an order that works.
    Raises Forbidden, or Invalid by `place|name` for what cannot be stored, `place|` for a whole child; the
    transaction must then be rolled back.
    """
    for child in _removed(children):
        with _at(child):
            records.delete(session, actor, child.bond.child, child.record)
    kept = [child for child in every_child(children) if not child.is_removed and child.record is not None]
    for alike in _by_class(child for child in kept if child.values):
        changes = [(child.record, child.values) for child in alike]
        for child in (alike[place] for place in in_order(session, alike[0].bond.child, changes)):
            with _at(child):
                records.update(session, actor, child.bond.child, child.record, child.values)
    _add(session, actor, parent, children)


def every_child(children: Iterable[Child]) -> Iterator[Child]:
    """Yield children and theirs, but not what goes with one that is removed."""
    for child in children:
        yield child
        if not child.is_removed:
            yield from every_child(child.children)


def _add(session: Session, actor: Identity, parent: Any, children: Iterable[Child]) -> None:
    for child in children:
        if child.is_removed:
            continue
        if child.record is None:
            with _at(child):
                values = {**child.values, **child.bond.values(parent)}
                child.record = records.create(session, actor, child.bond.child, values)
        _add(session, actor, child.record, child.children)


def _removed(children: Iterable[Child]) -> Iterator[Child]:
    """Yield the stored children that go, those of others first; what belongs to one of them goes with it."""
    for child in children:
        if not child.is_removed:
            yield from _removed(child.children)
    yield from (child for child in children if child.is_removed and child.record is not None)


def _by_class(children: Iterable[Child]) -> Iterable[list[Child]]:
    found: dict[int, list[Child]] = {}
    for child in children:
        found.setdefault(id(child.bond.child.mapper), []).append(child)
    return found.values()


@contextmanager
def _at(child: Child) -> Iterator[None]:
    """Say of what is refused which child it is about."""
    try:
        yield
    except Invalid as error:
        errors = {f"{child.place}{JOINT}{name}": words for name, words in error.errors.items()}
        raise Invalid(errors) from error
    except Conflict as error:
        raise Invalid({f"{child.place}{JOINT}": str(error)}) from error


def _columns(parent: Description, name: str, child: Description) -> Iterator[tuple[str, str]]:
    for source, held in parent.mapper.relationships[name].synchronize_pairs:
        own = child.mapper.get_property_by_column(held).key
        yield own, parent.mapper.get_property_by_column(source).key
