"""Trees: records each of which may lie below another one of its kind, and none below itself.

Which relation leads to the record above is said by `info={"tree": True}` on it, for every door to these
records, or by the attribute `tree` of a view, for what is saved through that view's description.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Table, func, inspect, literal, select, tuple_
from sqlalchemy.orm import RelationshipDirection, Session, aliased

from admin_site.descriptions import Description, Relation, describe
from admin_site.descriptions.relations import leads_up
from admin_site.errors import ConfigurationError, Invalid
from admin_site.services.members import Members

ITSELF = "A record cannot be its own {relation}."
BELOW = "“{label}” lies below this record, so it cannot be its {relation} too."
AMONG_OWN = "A record cannot be one of its own {relation}."
ABOVE = "“{label}” lies above this record, so it cannot be one of its {relation} too."

NEW = object()

Node = tuple[Any, ...]  # what other records refer to a record by
Above = dict[Node, Node | None]  # by record the one that it lies below


@dataclass(frozen=True)
class Tree:
    """One relation to the record above. `pairs` are the fields that refer and those that they refer to."""

    relation: Relation
    model: Any
    pairs: tuple[tuple[str, str], ...]

    def node(self, record: Any) -> Node:
        """Return what others refer to a record by; nobody refers to a new one whose key is not known yet."""
        values = tuple(getattr(record, name) for _, name in self.pairs)
        return (NEW, id(record)) if None in values else values

    def is_reverse(self, relation: Relation) -> bool:
        """Whether a relation leads to the records below, over the same columns."""
        prop = inspect(self.model).relationships.get(relation.name)
        if prop is None or prop.direction is not RelationshipDirection.ONETOMANY or relation.read_only:
            return False
        own = inspect(self.model).relationships[self.relation.name]
        return {(above, below) for above, below in prop.synchronize_pairs} == {
            (above, below) for above, below in own.synchronize_pairs
        }


@dataclass(frozen=True)
class Move:
    """A record is to lie below another one; `name` is where the person asked for it, `words` refuse it."""

    name: str
    below: Node
    above: Node
    words: str


def as_tree(description: Description, name: str) -> Description:
    """Return the description with the relation `name` leading to the record above.

    Raises ConfigurationError where it leads anywhere else.
    """
    prop = description.mapper.relationships.get(name)
    if prop is None or not leads_up(prop):
        raise ConfigurationError(
            f"{description.model.__name__}: {name!r} is no relation to one other record of the same kind, "
            "so it makes no tree"
        )
    relations = (replace(item, tree=item.tree or item.name == name) for item in description.relations)
    return replace(description, relations=tuple(relations))


def keep(session: Session, description: Description, record: Any, values: Mapping[str, Any]) -> None:
    """Raise Invalid, by field, where `values` would put `record` or one of its members below itself.

    Of two people who move records of one kind at once, the second waits until the first is done, and is
    judged by what is stored then.
    """
    for tree in trees_of(description):
        moves = list(_moves(tree, description, record, values))
        _refuse([move for move in moves if move.below == move.above])
        if not moves or (_is_new(record) and not any(move.above == tree.node(record) for move in moves)):
            continue  # nothing lies below a new record
        _lock(session, tree)
        above = _chains(session, tree, {move.above for move in moves})
        above |= dict.fromkeys(_leaving(tree, description, values))
        above |= {move.below: move.above for move in moves}
        _refuse([move for move in moves if _lies_above(above, move.below, move.above)])


def fitting(
    session: Session, description: Description, record: Any, name: str, candidates: Sequence[Any]
) -> list[Any]:
    """Return those of `candidates` that may be chosen for a relation or foreign key of `record`."""
    relation = next((item for item in description.relations if item.name == name), None)
    for tree in trees_of(description):
        own = tree.node(record)
        if name in _names(tree):
            above = _chains(session, tree, {tree.node(each) for each in candidates})
            return [each for each in candidates if not _lies_above(above, own, tree.node(each))]
        if relation is not None and tree.is_reverse(relation):
            above = _chains(session, tree, {own})
            return [each for each in candidates if not _lies_above(above, tree.node(each), own)]
    return list(candidates)


def has_circles(description: Description, name: str) -> bool:
    """Whether a choice for a relation or foreign key might close a circle."""
    relation = next((item for item in description.relations if item.name == name), None)
    return any(
        name in _names(tree) or (relation is not None and tree.is_reverse(relation))
        for tree in trees_of(description)
    )


@cache
def trees_of(description: Description) -> tuple[Tree, ...]:
    return tuple(_tree(description, relation) for relation in description.relations if relation.tree)


def _tree(description: Description, relation: Relation) -> Tree:
    prop = description.mapper.relationships[relation.name]
    mapper = prop.parent
    pairs = tuple(
        (mapper.get_property_by_column(own).key, prop.mapper.get_property_by_column(above).key)
        for above, own in prop.synchronize_pairs
    )
    return Tree(relation, mapper.class_, pairs)


def _names(tree: Tree) -> set[str]:
    return {tree.relation.name, *(own for own, _ in tree.pairs)}


def _moves(tree: Tree, description: Description, record: Any, values: Mapping[str, Any]) -> Iterator[Move]:
    """Yield who is to lie below whom."""
    label, node = tree.relation.label.lower(), tree.node(record)
    above, name, called = _new_above(tree, record, values)
    if above is not None:
        words = (ITSELF if above == node else BELOW).format(label=called, relation=label)
        yield Move(name, node, above, words)
    for relation, change in _reverse_changes(tree, description, values):
        for member in change.add:
            below = tree.node(member)
            words = ABOVE.format(
                label=describe(type(member)).label_of(member), relation=relation.label.lower()
            )
            own = AMONG_OWN.format(relation=relation.label.lower())
            yield Move(relation.name, below, node, own if below == node else words)


def _new_above(tree: Tree, record: Any, values: Mapping[str, Any]) -> tuple[Node | None, str, str]:
    """Return whom `values` put above the record, by which name, and what they are called."""
    if tree.relation.name in values:
        other = values[tree.relation.name]
        label = "" if other is None else describe(type(other)).label_of(other)
        return (None if other is None else tree.node(other)), tree.relation.name, label
    given = [own for own, _ in tree.pairs if own in values]
    node = tuple(values.get(own, getattr(record, own)) for own, _ in tree.pairs)
    if not given or None in node:
        return None, "", ""
    return node, given[0], " / ".join(map(str, node))


def _reverse_changes(
    tree: Tree, description: Description, values: Mapping[str, Any]
) -> Iterator[tuple[Relation, Members]]:
    for relation in description.relations:
        change = values.get(relation.name)
        if isinstance(change, Members) and tree.is_reverse(relation):
            yield relation, change


def _leaving(tree: Tree, description: Description, values: Mapping[str, Any]) -> Iterator[Node]:
    for _, change in _reverse_changes(tree, description, values):
        yield from map(tree.node, change.remove)


def _chains(session: Session, tree: Tree, starts: Iterable[Node]) -> Above:
    """Return the stored chains from these records upwards, with one statement."""
    stored = [node for node in starts if node[0] is not NEW]
    if not stored:
        return {}
    width = len(tree.pairs)
    first, step = aliased(tree.model), aliased(tree.model)
    chain = select(*_columns(tree, first)).where(_is_one_of(tree, first, stored)).cte(recursive=True)
    refers = [
        getattr(step, above) == chain.columns[f"own_{place}"] for place, (_, above) in enumerate(tree.pairs)
    ]
    chain = chain.union(select(*_columns(tree, step)).where(*refers))
    rows = session.execute(select(chain)).all()
    return {
        tuple(row[:width]): None if None in row[width:] else tuple(row[width:])
        for row in rows
        if None not in row[:width]
    }


def _columns(tree: Tree, entity: Any) -> list[Any]:
    above = [getattr(entity, name).label(f"above_{place}") for place, (_, name) in enumerate(tree.pairs)]
    own = [getattr(entity, name).label(f"own_{place}") for place, (name, _) in enumerate(tree.pairs)]
    return [*above, *own]


def _is_one_of(tree: Tree, entity: Any, nodes: Sequence[Node]) -> ColumnElement[bool]:
    columns = [getattr(entity, name) for _, name in tree.pairs]
    if len(columns) > 1:
        return tuple_(*columns).in_(nodes)
    among: ColumnElement[bool] = columns[0].in_([node[0] for node in nodes])
    return among


def _lies_above(above: Above, wanted: Node, start: Node) -> bool:
    """Whether `wanted` is `start`, or lies above it; a circle that is stored already is walked once."""
    node: Node | None = start
    seen: set[Node] = set()
    while node is not None and node not in seen:
        if node == wanted:
            return True
        seen.add(node)
        node = above.get(node)
    return False


def _lock(session: Session, tree: Tree) -> None:
    """Let nobody else move records of this kind until the transaction ends.

    Rows could be locked one by one only in an order that the moves of two people do not share. SQLite has one
    lock, which FOR UPDATE takes.
    """
    connection = session.connection(bind_arguments={"mapper": inspect(tree.model)})
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_lock_key(tree))))
    else:
        connection.execute(select(literal(1)).with_for_update())


def _lock_key(tree: Tree) -> int:
    table = inspect(tree.model).local_table
    name = table.fullname if isinstance(table, Table) else tree.model.__name__
    return int.from_bytes(blake2b(f"tree {name}".encode(), digest_size=8).digest(), "big", signed=True)


def _is_new(record: Any) -> bool:
    return not inspect(record).has_identity


def _refuse(moves: Sequence[Move]) -> None:
    if moves:
        raise Invalid({move.name: move.words for move in moves})
