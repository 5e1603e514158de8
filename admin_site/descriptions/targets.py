"""What foreign keys refer to where no relation says so."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column
from sqlalchemy.exc import NoReferencedColumnError, NoReferencedTableError
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.exc import UnmappedColumnError

from admin_site.descriptions.places import Place, is_inherited_key


def target_of(place: Place) -> tuple[type | None, str]:
    """Return the class and attribute that a foreign key of one column refers to; (None, "") without one."""
    for referred in _referred_columns(place.column):
        for mapper in _mappers_of(place.mapper, referred.table):
            try:
                return mapper.class_, mapper.get_property_by_column(_original(mapper, referred)).key
            except UnmappedColumnError:
                continue
    return None, ""


def _referred_columns(column: Column[Any]) -> Iterator[Column[Any]]:
    for key in sorted(column.foreign_keys, key=lambda key: key.target_fullname):
        if key.constraint is None or len(key.constraint.elements) == 1:
            try:
                yield key.column
            except (NoReferencedTableError, NoReferencedColumnError):
                continue  # its table belongs to another MetaData


def _mappers_of(mapper: Mapper[Any], table: Any) -> list[Mapper[Any]]:
    """Return the mappers of a table, those that other classes of the same table inherit from first."""
    found = [other for other in mapper.registry.mappers if other.local_table is table]
    return sorted(found, key=lambda other: (len(list(other.iterate_to_root())), other.class_.__qualname__))


def _original(mapper: Mapper[Any], column: Column[Any]) -> Any:
    """Return the inherited key that `column` repeats, else `column` itself."""
    return mapper.primary_key[0] if is_inherited_key(mapper, column) else column
