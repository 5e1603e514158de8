"""What a dotted name such as "user.user_name" stands for."""

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.exc import UnmappedColumnError

from admin_site.descriptions import Description, Field, Relation, describe


@dataclass(frozen=True, eq=False)
class Path:
    """A way from one description over relations to a field, or to the last of the relations."""

    name: str
    start: Description
    relations: tuple[Relation, ...]
    field: Field | None

    @property
    def label(self) -> str:
        steps = [relation.label for relation in self.relations]
        return " / ".join([*steps, self.field.label] if self.field else steps)

    @property
    def is_secret(self) -> bool:
        return self.field is not None and self.field.secret

    @cached_property
    def owners(self) -> tuple[Description, ...]:
        """The description each relation belongs to, then the one the last of them leads to."""
        return (self.start, *(describe(relation.target) for relation in self.relations))

    @property
    def end(self) -> Description:
        return self.owners[-1]

    @property
    def parent(self) -> "Path":
        """The way without its last relation."""
        return Path(self.name, self.start, self.relations[:-1], None)

    @property
    def is_many(self) -> bool:
        return any(relation.many for relation in self.relations)

    @property
    def leads_to_one(self) -> bool:
        """Whether every relation on the way finds at most one record, by its primary key."""
        return all(
            foreign_key(owner, relation) for owner, relation in zip(self.owners, self.relations, strict=False)
        )

    @property
    def expression(self) -> Any:
        """The field as SQL, on its own class."""
        assert self.field is not None  # noqa: S101 - only paths to a field are compared
        return getattr(self.end.model, self.field.name)

    def holds(self, criterion: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
        """Return the condition that the field, or the same field of any related record, meets `criterion`."""
        return self.reaches(criterion(self.expression))

    def reaches(self, criterion: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return the condition that a record at the end of the way meets `criterion`.

        It is an EXISTS, so a record never appears twice for having two such relatives.
        """
        for owner, relation in reversed(list(zip(self.owners, self.relations, strict=False))):
            attribute = getattr(owner.model, relation.name)
            criterion = attribute.any(criterion) if relation.many else attribute.has(criterion)
        return criterion


def resolve(description: Description, name: str) -> Path:
    """Return the path `name` stands for.

    Raises KeyError when one of its parts is no field or relation.
    """
    *steps, last = [name] if description.has(name) else name.split(".")
    relations: list[Relation] = []
    current = description
    for step in steps:
        relations.append(current.relation(step))
        current = describe(relations[-1].target)
    if any(relation.name == last for relation in current.relations):
        return Path(name, description, (*relations, current.relation(last)), None)
    return Path(name, description, tuple(relations), current.field(last))


def foreign_key(description: Description, relation: Relation) -> tuple[str, ...]:
    """Return the local fields that hold the target's key, in the order of that key.

    It is () for relations that hold no such key or join on anything more: several rows could match those.
    """
    mapper = description.mapper
    found = mapper.relationships[relation.name]
    pairs = found.local_remote_pairs or ()
    if relation.direction != "many_to_one" or relation.many or found.secondary is not None:
        return ()
    if not _is_conjunction_of(found.primaryjoin, len(pairs)):
        return ()
    try:
        local_of = {_name(found.mapper, remote): _name(mapper, local) for local, remote in pairs}
    except UnmappedColumnError:
        return ()
    key = describe(found.mapper).key
    return tuple(local_of[name] for name in key) if set(local_of) == set(key) else ()


def key_among(description: Description, entity: Any, keys: Iterable[tuple[Any, ...]]) -> ColumnElement[bool]:
    """Return the condition that a row of `entity`, the class or an alias of it, has one of the keys."""
    columns = [getattr(entity, name) for name in description.key]
    if len(columns) > 1:
        return tuple_(*columns).in_(list(keys))
    among: ColumnElement[bool] = columns[0].in_([part for (part,) in keys])
    return among


def _is_conjunction_of(join: Any, equalities: int) -> bool:
    parts = list(getattr(join, "clauses", (join,)))
    return len(parts) == equalities and all(getattr(part, "operator", None) is operator.eq for part in parts)


def _name(mapper: Mapper[Any], column: Any) -> str:
    return mapper.get_property_by_column(column).key
