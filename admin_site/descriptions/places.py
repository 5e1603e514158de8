"""A mapped column in its surroundings."""

import inspect
import typing
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any

from sqlalchemy import Column, Index, Table, UniqueConstraint, types
from sqlalchemy.orm import ColumnProperty, Mapped, Mapper

from admin_site.descriptions.model import NO_DEFAULT
from admin_site.descriptions.secrecy import is_digest, is_personal, is_secret


@dataclass(frozen=True)
class Place:
    """An attribute of a mapper and the one column, of those it may join, that matters."""

    mapper: Mapper[Any]
    prop: ColumnProperty[Any]
    column: Column[Any]

    @property
    def name(self) -> str:
        return self.prop.key

    @property
    def table(self) -> Table | None:
        """The column's table; None where the class is mapped to a query."""
        return self.column.table if isinstance(self.column.table, Table) else None

    @property
    def info(self) -> dict[Any, Any]:
        return {**self.column.info, **self.prop.info}

    @property
    def is_secret(self) -> bool:
        return is_secret(self.column, self.info, self.name)

    @property
    def is_personal(self) -> bool:
        return is_personal(self.column, self.info, self.name)

    @property
    def is_write_only(self) -> bool:
        """Whether it is a secret that may be typed all the same: nobody marked it, and it is no digest."""
        is_text = isinstance(self.column.type, types.String)
        is_made = is_digest(self.name) or is_digest(self.column.name)
        return self.is_secret and "secret" not in self.info and is_text and not is_made

    @property
    def is_key(self) -> bool:
        return any(self._is(column) for column in self.mapper.primary_key)

    @property
    def is_version(self) -> bool:
        return self._is(self.mapper.version_id_col)

    @property
    def is_discriminator(self) -> bool:
        return self._is(self.mapper.polymorphic_on)

    @property
    def is_numbered(self) -> bool:
        """Whether the database counts it up."""
        return self.table is not None and self.table.autoincrement_column is self.column

    @property
    def is_generated(self) -> bool:
        """Whether the database, the mapper or the class fills it when it is left out."""
        column = self.column
        return (
            column.server_default is not None  # Computed, Identity and FetchedValue among them
            or (column.default is not None and not column.default.is_scalar)
            or bool(column.system)
            or self.is_numbered
            or self.is_version
            or self.is_discriminator
            or self._has_factory
        )

    @property
    def default(self) -> Any:
        """The plain default of the column, if it has one."""
        default: Any = self.column.default
        return default.arg if default is not None and default.is_scalar else NO_DEFAULT

    @property
    def is_unique(self) -> bool:
        """Whether no two rows may have the same value, whatever their other columns hold."""
        column, table = self.column, self.table
        if column.unique or table is None:
            return bool(column.unique)
        return [column] in _unique_columns(table) or any(_is_unique(index, column) for index in table.indexes)

    @property
    def annotation(self) -> Any:
        """X of the attribute's `Mapped[X]`; None where there is none that can be read."""
        for base in self.mapper.class_.__mro__:
            with suppress(Exception):  # an annotation may name what is imported for type checkers alone
                annotation = inspect.get_annotations(base).get(self.name)
                if isinstance(annotation, str):
                    module = vars(inspect.getmodule(base))
                    annotation = eval(annotation, module)  # noqa: S307 - the model's own code
                if _is_mapped(annotation):
                    return typing.get_args(annotation)[0]
        return None

    @property
    def _has_factory(self) -> bool:
        """Whether the `__init__` of a dataclass makes the value."""
        model = self.mapper.class_
        return is_dataclass(model) and any(
            item.default_factory is not MISSING for item in fields(model) if item.name == self.name
        )

    def _is(self, column: Any) -> bool:
        return any(column is own for own in self.prop.columns)


def places(mapper: Mapper[Any]) -> list[Place]:
    """Return the mapped columns in the order of the tables, the parent's table first."""
    return sorted(_found(mapper), key=lambda place: _position(mapper, place.column))


def is_inherited_key(mapper: Mapper[Any], column: Any) -> bool:
    """Whether `column` repeats, in a table of its own, the key that the class inherits."""
    return any(
        column is own
        for parent in mapper.iterate_to_root()
        if parent.inherits is not None and parent.local_table is not parent.inherits.local_table
        for own in (parent.local_table.primary_key if isinstance(parent.local_table, Table) else ())
        if not parent.concrete
    )


def _found(mapper: Mapper[Any]) -> Iterator[Place]:
    for prop in mapper.column_attrs:
        columns = [column for column in prop.columns if isinstance(column, Column)]
        if columns:
            # An inherited key is one attribute over the columns of several tables: the first table's counts.
            column = min(columns, key=lambda column: _position(mapper, column))
            if not _is_bookkeeping(column) and not is_inherited_key(mapper, column):
                yield Place(mapper, prop, column)


def _is_bookkeeping(column: Column[Any]) -> bool:
    """Whether it only helps an INSERT of many rows to match what comes back (insert_sentinel)."""
    return bool(getattr(column, "_insert_sentinel", False)) and not column.primary_key


def _position(mapper: Mapper[Any], column: Column[Any]) -> tuple[int, int]:
    tables = [parent.local_table for parent in reversed(list(mapper.iterate_to_root()))]
    place = next((i for i, table in enumerate(tables) if table is column.table), len(tables))
    siblings = column.table.columns if column.table is not None else ()
    return place, next((i for i, sibling in enumerate(siblings) if sibling is column), 0)


def _unique_columns(table: Table) -> list[list[Column[Any]]]:
    constraints = (item for item in table.constraints if isinstance(item, UniqueConstraint))
    return [list(item.columns) for item in (table.primary_key, *constraints)]


def _is_unique(index: Index, column: Column[Any]) -> bool:
    options = (index.dialect_options[dialect] for dialect in ("postgresql", "sqlite"))
    is_whole = all(option.get("where") is None for option in options)
    return bool(index.unique) and is_whole and [item is column for item in index.expressions] == [True]


def _is_mapped(annotation: Any) -> bool:
    origin: Any = typing.get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Mapped)
