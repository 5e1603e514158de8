"""The relations of a mapped class."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.ext.automap import AutomapBase
from sqlalchemy.orm import Mapper, RelationshipDirection, RelationshipProperty
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList
from sqlalchemy.util import duck_type_collection

from admin_site.descriptions.model import Relation
from admin_site.descriptions.names import relation_label
from admin_site.descriptions.reasons import NO_TABLE, in_words_of

VIEW_ONLY = "It only shows what other fields and records say."
OWN_RULE = "It is joined by a rule of its own."
LINK_HAS_DATA = "Each link holds data of its own, so it is a record of its own."
UNKNOWN_COLLECTION = "It is kept in a collection of its own kind."

_DIRECTIONS = {
    RelationshipDirection.MANYTOONE: "many_to_one",
    RelationshipDirection.ONETOMANY: "one_to_many",
    RelationshipDirection.MANYTOMANY: "many_to_many",
}
_QUERIES = ("dynamic", "write_only")
_COLLECTIONS = {list: "list", set: "set", dict: "dict"}


def relations(mapper: Mapper[Any]) -> tuple[Relation, ...]:
    return tuple(_relation(mapper, prop) for prop in _in_order(mapper))


def _in_order(mapper: Mapper[Any]) -> list[RelationshipProperty[Any]]:
    """Return the relations as they were declared; automap makes them in another order each time."""
    if not issubclass(mapper.class_, AutomapBase):
        return list(mapper.relationships)
    return sorted(mapper.relationships, key=lambda prop: (bool(prop.uselist), prop.key))


def columns_of_relations(mapper: Mapper[Any]) -> frozenset[Any]:
    """Return the foreign-key columns that many-to-one relations stand for."""
    return frozenset(
        column
        for prop in mapper.relationships
        if prop.direction is RelationshipDirection.MANYTOONE and not _obstacle(prop)
        for column in prop.local_columns
    )


def _relation(mapper: Mapper[Any], prop: RelationshipProperty[Any]) -> Relation:
    direction = _DIRECTIONS[prop.direction]
    obstacle = _obstacle(prop)
    stands_for_columns = direction == "many_to_one" and not obstacle
    return Relation(
        name=prop.key,
        label=relation_label(prop),
        target=prop.mapper.class_,
        many=bool(prop.uselist),
        direction=direction,
        collection=_collection(mapper, prop) if prop.uselist else "",
        columns=tuple(_local_names(mapper, prop)) if stands_for_columns else (),
        required=stands_for_columns and _is_required(prop),
        owned=bool(prop.cascade.delete or prop.cascade.delete_orphan),
        read_only=obstacle or in_words_of(prop.info.get("read_only")),
        reverse=prop.back_populates or "",
        tree=bool(prop.info.get("tree")) and leads_up(prop),
    )


def leads_up(prop: RelationshipProperty[Any]) -> bool:
    """Whether a relation leads to one other record of the same kind, over columns of its own."""
    is_own_kind = prop.mapper.isa(prop.parent) or prop.parent.isa(prop.mapper)
    return is_own_kind and prop.direction is RelationshipDirection.MANYTOONE and not _obstacle(prop)


def _obstacle(prop: RelationshipProperty[Any]) -> str:
    """Return why setting the relation could not make it so; "" when it could."""
    if prop.viewonly:
        return VIEW_ONLY
    if not isinstance(prop.parent.local_table, Table):
        return NO_TABLE
    is_between_tables = prop.entity.is_mapper and isinstance(prop.secondary, Table | None)
    joins = (join for join in (prop.primaryjoin, prop.secondaryjoin) if join is not None)
    if not is_between_tables or not all(map(_is_plain, joins)):
        return OWN_RULE
    if _link_has_data(prop):
        return LINK_HAS_DATA
    if prop.uselist and prop.lazy not in _QUERIES and _duck_type(prop.parent, prop) not in _COLLECTIONS:
        return UNKNOWN_COLLECTION
    return ""


def _is_plain(join: Any) -> bool:
    """Whether a join says no more than that columns equal columns, which setting a member makes true."""
    clauses = list(join.clauses) if isinstance(join, BooleanClauseList) else [join]
    return all(
        isinstance(clause, BinaryExpression)
        and clause.operator is operators.eq
        and isinstance(clause.left, Column)
        and isinstance(clause.right, Column)
        for clause in clauses
    )


def _link_has_data(prop: RelationshipProperty[Any]) -> bool:
    """Whether a row of the table between needs more than the two keys."""
    if not isinstance(prop.secondary, Table):
        return False
    linking = {column for pair in prop.local_remote_pairs or () for column in pair}
    linking |= set(_columns_in(prop.secondaryjoin))
    return any(
        not column.nullable
        and column.default is None
        and column.server_default is None
        and prop.secondary.autoincrement_column is not column
        for column in prop.secondary.columns
        if column not in linking
    )


def _columns_in(expression: Any) -> Iterator[Column[Any]]:
    yield from (element for element in visitors.iterate(expression) if isinstance(element, Column))


def _collection(mapper: Mapper[Any], prop: RelationshipProperty[Any]) -> str:
    if prop.lazy in _QUERIES:
        return str(prop.lazy)
    return _COLLECTIONS.get(_duck_type(mapper, prop), "list")


def _duck_type(mapper: Mapper[Any], prop: RelationshipProperty[Any]) -> Any:
    if prop.lazy in _QUERIES or not prop.uselist:
        return None
    factory = getattr(mapper.class_manager[prop.key].impl, "collection_factory", list)
    return duck_type_collection(factory())


def _local_names(mapper: Mapper[Any], prop: RelationshipProperty[Any]) -> Iterator[str]:
    """Yield the attributes of the foreign-key columns, in the order of the table's columns."""
    for column_prop in mapper.column_attrs:
        if any(column in prop.local_columns for column in column_prop.columns):
            yield column_prop.key


def _is_required(prop: RelationshipProperty[Any]) -> bool:
    # Of several columns, one that may be empty is enough to leave the relation empty.
    return all(
        not column.nullable and column.default is None and column.server_default is None
        for column in prop.local_columns
    )
