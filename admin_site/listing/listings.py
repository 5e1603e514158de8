"""What one list offers: its columns, and the ways to search, sort and narrow it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select
from sqlalchemy.sql.base import ExecutableOption

from admin_site.descriptions import Description, Field
from admin_site.errors import ConfigurationError
from admin_site.listing import defaults
from admin_site.listing.conditions import Filter
from admin_site.listing.defaults import LABEL
from admin_site.listing.documents import json_fields_of, key_filter
from admin_site.listing.filters import filters_of, generated
from admin_site.listing.orders import Order, Sort, can_sort, order_of, sort_path
from admin_site.listing.paths import Path, resolve

Scope = Callable[[Select[Any]], Select[Any]]
Tree = dict[str, "Tree"]  # names of attributes; under a relation, what is read of the related record

_MAX_KEPT = 256  # compiled orders and statements of one list; people sort by few columns


@dataclass(frozen=True, eq=False)
class Listing:
    """One list, made once and used by every request.

    Names are attributes, dotted ones go over relations ("user.user_name"). `columns` may hold LABEL and plain
    properties of the class too. `scope` leaves only the rows a person may see, `related_scopes` does so for
    related records that are counted. `offered` are the fields and relations that people may choose as columns
    and narrow by; None: all of them. `related` are fields of single related records that they may choose as
    columns, by relation, `withheld` those that this person may not see. Raises ConfigurationError for names
    that cannot do what they are given for.
    """

    description: Description
    columns: tuple[str, ...]
    searchable: tuple[str, ...] = ()
    sortable: tuple[str, ...] = ()
    default_sort: Sort = ()
    page_size: int = 25
    page_sizes: tuple[int, ...] = (25, 50, 100, 250)
    filters: Mapping[str, Filter] = field(default_factory=lambda: MappingProxyType({}))
    offered: frozenset[str] | None = None
    related: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    scope: Scope | None = None
    related_scopes: Mapping[type, Scope] = field(default_factory=lambda: MappingProxyType({}))
    options: tuple[ExecutableOption, ...] = ()
    withheld: frozenset[str] = frozenset()
    learned: dict[type, Tree] = field(init=False, repr=False, default_factory=dict)
    kept: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.columns:
            self._check_column(name)
        for name in self.searchable:
            self._check(name, "searched", self._path(name))
        for name in (*self.sortable, *(name for name, _ in self.default_sort)):
            path = self._check(name, "sorted by", sort_path(self.description, name))
            if not path.leads_to_one:
                raise ConfigurationError(f"{self._place}: {name!r} is many values, which cannot be sorted by")

    @classmethod
    def of(cls, description: Description, **changes: Any) -> Listing:
        """Return the list of a model nobody has said anything about; `changes` are what has been said."""
        values: dict[str, Callable[[], Any]] = {
            "columns": lambda: defaults.columns_of(description),
            "searchable": lambda: _among(offered, defaults.searchable_of(description)),
            "sortable": lambda: _among(offered, defaults.sortable_of(description)),
            "default_sort": lambda: defaults.sort_of(description),
            "filters": lambda: _filters(description, offered),
        }
        offered = changes.get("offered")
        chosen = {name: value() for name, value in values.items() if name not in changes}
        return cls(description=description, **{**chosen, **changes})

    def scoped(
        self, scope: Scope | None, related_scopes: Mapping[type, Scope] = MappingProxyType({})
    ) -> Listing:
        """Return the same list with other rows hidden; it costs next to nothing.

        What would tell of hidden related records is not offered: searching, sorting and filtering by what
        they hold. Being related to the record of a key can still be asked.
        """
        changes: dict[str, Any] = {"scope": scope, "related_scopes": related_scopes}
        if related_scopes:
            changes |= self._without_closed(related_scopes)
        else:
            _ = self.choosable  # worked out once, for all copies
        return self._changed(changes)

    def preferring(self, columns: Iterable[str]) -> Listing:
        """Return the same list with the columns that somebody chose, as far as they may still be chosen."""
        chosen = tuple(name for name in dict.fromkeys(columns) if name in self.choosable)
        return self._changed({"columns": chosen or self.columns})

    def offering(self, related: Mapping[str, tuple[str, ...]]) -> Listing:
        """Return the same list with these fields of related records among what may be chosen as columns.

        Those that have an order can be sorted by as well.
        """
        names = (f"{way}.{name}" for way, fields in related.items() for name in fields)
        further = (name for name in names if name not in self.sortable and can_sort(self.description, name))
        return self._changed({"related": related, "sortable": (*self.sortable, *further)})

    def without(self, names: Collection[str]) -> Listing:
        """Return the same list for somebody from whom these fields, own or related ones, are withheld."""

        def is_left(name: str) -> bool:
            return not any(name == each or name.startswith((f"{each}.", f"{each}__")) for each in names)

        described = self.description
        every = (*(item.name for item in described.fields), *(item.name for item in described.relations))
        offered = every if self.offered is None else self.offered
        return self._changed(
            {
                "columns": tuple(filter(is_left, self.columns)) or (LABEL,),
                "searchable": tuple(filter(is_left, self.searchable)),
                "sortable": tuple(filter(is_left, self.sortable)),
                "default_sort": tuple(term for term in self.default_sort if is_left(term[0])),
                "filters": MappingProxyType(
                    {name: item for name, item in self.filters.items() if is_left(name)}
                ),
                "offered": frozenset(filter(is_left, offered)),
                "related": {
                    way: tuple(name for name in fields if is_left(f"{way}.{name}"))
                    for way, fields in self.related.items()
                    if is_left(way)
                },
                "withheld": frozenset(names),
            }
        )

    def filter(self, name: str) -> Filter | None:
        """Return the filter of this name in a URL: one of `filters`, or one on a key of a JSON field.

        Raises BadRequest for a key that cannot be asked for.
        """
        return self.filters.get(name) or key_filter(self.description, self.json_fields, name)

    def is_closed(self, path: Path) -> bool:
        """Return whether a path leads over records of which some are hidden."""
        return _leads_over(self.related_scopes, path)

    @cached_property
    def targets(self) -> frozenset[type]:
        """The classes of the related records that this list tells something of."""
        names = (*self.columns, *self.searchable, *self.sortable, *self.filters)
        paths = (self._path(name) for name in (*names, *(name for name, _ in self.default_sort)))
        over = {item.target for path in paths if path for item in path.relations}
        return frozenset(over.union(item.target for item in self.description.relations))

    @cached_property
    def json_fields(self) -> Mapping[str, Field]:
        """The fields whose keys can be asked for, as in "data.colour"."""
        fields = json_fields_of(self.description)
        return {name: fields[name] for name in _among(self.offered, fields)}

    @cached_property
    def max_size(self) -> int:
        return max(self.page_size, *self.page_sizes)

    @cached_property
    def choosable(self) -> frozenset[str]:
        """The names a person may choose as columns."""
        fields = (item.name for item in self.description.fields if not item.secret)
        relations = (item.name for item in self.description.relations)
        over = (f"{way}.{name}" for way, names in self._open_related() for name in names)
        return frozenset((LABEL, *self.columns, *_among(self.offered, (*fields, *relations)), *over))

    def order(self, sort: Sort) -> Order:
        order: Order = self.keep(("order", sort), lambda: order_of(self.description, sort))
        return order

    def keep(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what was made under `key` before, or make it now. Two threads may make it at once."""
        kept = self.kept.get(key)
        if kept is None:
            if len(self.kept) >= _MAX_KEPT:
                self.kept.clear()
            kept = self.kept[key] = make()
        return kept

    def learn(self, model: type, tree: Tree) -> None:
        """Remember what the labels of a class read; statements that did not load it are made anew."""
        self.learned[model] = tree
        self.kept.clear()

    def _changed(self, changes: Mapping[str, Any]) -> Listing:
        changed = copy.copy(self)
        if changes.get("related_scopes") or "related" in changes:
            changed.__dict__.pop("choosable", None)
            changed.__dict__.pop("json_fields", None)
        for name, value in changes.items():
            object.__setattr__(changed, name, value)
        return changed

    def _open_related(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        """Return what may be chosen of related records, by relation, but for those partly hidden."""
        targets = {item.name: item.target for item in self.description.relations}
        return [item for item in self.related.items() if targets[item[0]] not in self.related_scopes]

    def _without_closed(self, closed: Collection[type]) -> dict[str, Any]:
        """Return what is offered when of the records of some classes only a part may be seen."""

        def is_open(name: str) -> bool:
            path = self._path(name)
            return path is None or not _leads_over(closed, path)

        covered = {
            column for item in self.description.relations if item.target in closed for column in item.columns
        }
        columns = tuple(name for name in self.columns if "." not in name or is_open(name))
        filters = {
            name: item
            for name, item in self.filters.items()
            if name.partition("__")[0] not in covered and _tells_little(closed, name, item)
        }
        return {
            "columns": columns or (LABEL,),
            "searchable": tuple(filter(is_open, self.searchable)),
            "sortable": tuple(name for name in self.sortable if is_open(name) and name not in covered),
            "default_sort": tuple(term for term in self.default_sort if is_open(term[0])),
            "filters": MappingProxyType(filters),
        }

    @property
    def _place(self) -> str:
        return f"The list of {self.description.model.__name__}"

    def _check_column(self, name: str) -> None:
        path = self._path(name)
        if path is not None and path.is_secret:
            raise ConfigurationError(f"{self._place}: {name!r} is secret, it cannot be shown")
        if path is not None and path.is_many and len(path.relations) > (0 if path.field else 1):
            raise ConfigurationError(
                f"{self._place}: {name!r} is many values, show how many there are instead"
            )
        if path is None and name != LABEL and not hasattr(self.description.model, name):
            raise ConfigurationError(f"{self._place}: there is no attribute {name!r}")

    def _check(self, name: str, use: str, path: Path | None) -> Path:
        if path is None or path.field is None:
            raise ConfigurationError(f"{self._place}: {name!r} is no field, it cannot be {use}")
        if path.is_secret:
            raise ConfigurationError(f"{self._place}: {name!r} is secret, it cannot be {use}")
        return path

    def _path(self, name: str) -> Path | None:
        try:
            return resolve(self.description, name)
        except KeyError:
            return None


def _among(offered: frozenset[str] | None, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if offered is None or name in offered)


def _filters(description: Description, offered: frozenset[str] | None) -> Mapping[str, Filter]:
    if offered is None:
        return generated(description)
    stored = [field.name for field in description.fields if field.column is not None]
    return filters_of(description, _among(offered, (*stored, *(item.name for item in description.relations))))


def _leads_over(closed: Collection[type], path: Path) -> bool:
    return any(relation.target in closed for relation in path.relations)


def _tells_little(closed: Collection[type], name: str, item: Filter) -> bool:
    """Return whether a filter asks for nothing that hidden records hold: whose key it is, or whether any."""
    path: Path | None = getattr(item, "path", None)
    if path is None or not _leads_over(closed, path):
        return True
    is_direct = path.field is None and len(path.relations) == 1
    return is_direct and (name == path.name or not path.is_many)
