"""The class of every model's pages, with SQLAdmin's attributes as its language."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, ClassVar, cast

import anyio.from_thread
from markupsafe import Markup
from sqladmin import ModelView
from sqladmin.formatters import BASE_FORMATTERS
from sqlalchemy import Select
from sqlalchemy import tuple_ as row
from starlette.requests import Request

from admin_site.admin.actions import RecordAction, actions_of
from admin_site.admin.cells import align, read, show, show_plain
from admin_site.descriptions import Description, Relation
from admin_site.errors import ConfigurationError
from admin_site.keys import encode_key
from admin_site.listing import LABEL, Listing
from admin_site.listing.defaults import columns_of
from admin_site.listing.paths import resolve
from admin_site.permissions import Action, allows

FLAGS = {
    Action.DETAILS: "can_view_details",
    Action.CREATE: "can_create",
    Action.EDIT: "can_edit",
    Action.DELETE: "can_delete",
    Action.EXPORT: "can_export",
    Action.IMPORT: "can_import",
}
"""The class attribute with which a view turns an action off for everybody."""

ROW_CHECKS = {
    Action.DETAILS: "check_can_view_details",
    Action.EDIT: "check_can_edit",
    Action.DELETE: "check_can_delete",
}
"""SQLAdmin's hooks that decide about one record."""


class AdminView(ModelView):
    """The pages of one model.

    Subclass it with `model=` and the attributes of SQLAdmin's ModelView to replace what is generated:
    `column_list`, `column_searchable_list`, `form_columns`, `column_formatters`, `can_delete`, ... What a
    subclass does not set is generated from the model's description.
    """

    description: ClassVar[Description]
    details_names: tuple[str, ...]
    form_names: tuple[str, ...]
    listing: Listing
    actions: dict[str, RecordAction]

    page_size = 25
    page_size_options: ClassVar[Sequence[int]] = (25, 50, 100)

    def __init__(self) -> None:
        self._custom_actions_in_list: dict[str, str] = {}
        self._custom_actions_in_detail: dict[str, str] = {}
        self._custom_actions_confirmation: dict[str, str] = {}
        self.actions = actions_of(type(self))
        self.sqladmin_actions: dict[str, Callable[..., Any]] = {}
        self._labels = {_name(key): label for key, label in self.column_labels.items()}
        self._formatters = {_name(key): value for key, value in self.column_formatters.items()}
        self._detail_formatters = {_name(key): value for key, value in self.column_formatters_detail.items()}
        every = self._all_names()
        self.details_names = _chosen(self.column_details_list, self.column_details_exclude_list, every, every)
        self.form_names = _chosen(self.form_columns, self.form_excluded_columns, self._form_defaults(), every)
        for name in (*self.details_names, *self.form_names):
            self._refuse_secret(name)
        self.listing = Listing.of(self.description, **self._listing_options(every))

    def allows(self, request: Request, action: str, record: Any = None) -> bool:
        """Return whether the person behind `request` may do `action` here, or to this record of it."""
        flag = FLAGS.get(cast(Action, action))
        if flag and not getattr(self, flag):
            return False
        if not allows(request.state.identity, action, self.identity):
            return False
        check = ROW_CHECKS.get(cast(Action, action))
        if record is not None and check and self._overrides(check):
            return bool(anyio.from_thread.run(getattr(self, check), request, record))
        return True

    def is_accessible(self, request: Request) -> bool:
        return any(
            allows(request.state.identity, action, self.identity) for action in (Action.LIST, Action.DETAILS)
        )

    def scope(self, request: Request) -> Callable[[Select[Any]], Select[Any]] | None:
        """Return what limits queries to the rows this person may see, by the view's own `list_query`."""
        if not self._overrides("list_query"):
            return None
        columns = [getattr(self.model, name) for name in self.description.key]
        visible = self.list_query(request).with_only_columns(*columns).order_by(None).correlate(None)
        key = row(*columns) if len(columns) > 1 else columns[0]
        return lambda statement: statement.where(key.in_(visible))

    def target_of(self, name: str) -> type | None:
        """Return the class whose records a relation or foreign key is chosen from."""
        if not self.description.has(name):
            return None
        target: type | None = getattr(_described(self.description, name), "target", None)
        return target

    @cached_property
    def shown_fields(self) -> frozenset[str]:
        """The fields and relations that a record's pages show, with the foreign keys of those relations."""
        shown = {*self.details_names, *self.form_names}
        relations = [item for item in self.description.relations if item.name in shown]
        return frozenset(shown.union(*(item.columns for item in relations)))

    def key(self, record: Any) -> str:
        """Return the key of a record as it stands in addresses."""
        return encode_key(self.description, self.description.key_of(record))

    def label(self, name: str) -> str:
        if name in self._labels:
            return self._labels[name]
        if name == LABEL:
            return self.name
        if self.description.has(name):
            return str(_described(self.description, name).label)
        return name.replace(".", " ").replace("_", " ").strip().capitalize()

    def may_by_row(self, request: Request, action: str) -> Callable[[Any], bool]:
        """Return `allows` for the rows of one list, which asks what does not depend on the row only once."""
        may = self.allows(request, action)
        if not may or not self._overrides(ROW_CHECKS[cast(Action, action)]):
            return lambda _: may
        return lambda record: self.allows(request, action, record)

    def cell(self, request: Request, record: Any, name: str, *, short: bool) -> Markup:
        """Return one value of a record as HTML, by the view's own formatter when it has one."""
        formatters = self._formatters if short else self._detail_formatters or self._formatters
        if formatter := formatters.get(name):
            return show_plain(_format(formatter, record, name, request), short=short)
        if name == LABEL:
            return show_plain(self.description.label_of(record), short=short)
        value = read(record, name)
        if self.column_type_formatters is not BASE_FORMATTERS and type(value) in self.column_type_formatters:
            return show_plain(self.column_type_formatters[type(value)](value), short=short)
        if name in self._field_table:
            return show(self._field_table[name], value, short=short)
        return show_plain(value, short=short)

    def align(self, name: str) -> str:
        return align(self._field_table[name]) if name in self._field_table else "start"

    def notify(self, hook: str, *arguments: Any) -> None:
        """Run an asynchronous hook of a subclass, from the worker thread a page runs in."""
        if self._overrides(hook):
            anyio.from_thread.run(getattr(self, hook), *arguments)

    def action_buttons(self) -> Iterable[tuple[str, str, str]]:
        """Yield slug, label and icon of what can be done with one record."""
        for action in self.actions.values():
            yield action.slug, action.label, action.icon
        for slug, label in self._custom_actions_in_detail.items():
            yield slug, label, "bolt"

    @property
    def formatted_names(self) -> Iterable[str]:
        """The columns that the view has a formatter for."""
        return self._formatters.keys()

    def _overrides(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(ModelView, method)

    def _all_names(self) -> tuple[str, ...]:
        description = self.description
        covered = {column for relation in description.relations for column in relation.columns}
        fields = [
            field.name for field in description.fields if not field.secret and field.name not in covered
        ]
        to_one = [relation.name for relation in description.relations if not relation.many]
        to_many = [relation.name for relation in description.relations if relation.many]
        return tuple(_by_declaration(description, fields, to_one) + to_many)

    def _form_defaults(self) -> tuple[str, ...]:
        """Return what a form offers: all but the children, which have forms of their own."""
        children = {
            relation.name
            for relation in self.description.relations
            if relation.many and relation.direction != "many_to_many"
        }
        return tuple(name for name in self._all_names() if name not in children)

    def _listing_options(self, every: Sequence[str]) -> dict[str, Any]:
        """Return what the class says of its list; the listing makes up the rest."""
        options: dict[str, Any] = {
            "page_size": self.page_size,
            "page_sizes": tuple(sorted({*self.page_size_options, self.page_size})),
        }
        columns: tuple[str, ...] = ()
        if self.column_list or self.column_exclude_list:
            columns = options["columns"] = _chosen(self.column_list, self.column_exclude_list, (), every)
        if self.column_searchable_list:
            options["searchable"] = tuple(_name(item) for item in self.column_searchable_list)
        if self.column_sortable_list:
            options["sortable"] = tuple(_name(item) for item in self.column_sortable_list)
        if self.column_default_sort:
            options["default_sort"] = tuple(_sorts(self.column_default_sort))
        shown = (*(columns or columns_of(self.description)), *self.details_names, *self.form_names)
        return options | {"offered": frozenset((*shown, *self.description.key))}

    def _refuse_secret(self, name: str) -> None:
        with suppress(KeyError):  # a property of the class
            if resolve(self.description, name).is_secret:
                raise ConfigurationError(f"{type(self).__name__}: {name!r} is secret, it cannot be shown")

    @property
    def _field_table(self) -> dict[str, Any]:
        table: dict[str, Any] | None = self.__dict__.get("_fields_by_name")
        if table is None:
            table = self.__dict__["_fields_by_name"] = {
                field.name: field for field in self.description.fields
            }
        return table


def _described(description: Description, name: str) -> Any:
    for relation in description.relations:
        if relation.name == name:
            return relation
    return description.field(name)


def _by_declaration(description: Description, fields: list[str], to_one: list[str]) -> list[str]:
    """Return fields with each to-one relation in the place of its first column."""
    names = [field.name for field in description.fields]
    relations: dict[str, Relation] = {relation.name: relation for relation in description.relations}

    def place(name: str) -> int:
        if name in relations and relations[name].columns:
            return names.index(relations[name].columns[0])
        return names.index(name) if name in names else len(names)

    return sorted(fields + to_one, key=place)


def _chosen(
    chosen: str | Sequence[Any], excluded: Sequence[Any], default: Iterable[str], every: Sequence[str]
) -> tuple[str, ...]:
    if chosen == "__all__":
        return tuple(every)
    if chosen:
        return tuple(_name(item) for item in chosen)
    if excluded:
        without = {_name(item) for item in excluded}
        return tuple(name for name in every if name not in without)
    return tuple(default)


def _name(item: Any) -> str:
    return item if isinstance(item, str) else str(item.key)


def _sorts(default: Any) -> Iterable[tuple[str, bool]]:
    """Yield (name, descending) from SQLAdmin's ways of writing a default sort."""
    for item in default if isinstance(default, list) else [default]:
        name, descending = item if isinstance(item, tuple) else (item, False)
        yield _name(name), descending


def _format(formatter: Callable[..., Any], record: Any, name: str, request: Request) -> Any:
    """Call a formatter, which may or may not ask for the request."""
    code = getattr(formatter, "__code__", None)
    wants_request = code is not None and code.co_argcount >= 3
    return formatter(record, name, request) if wants_request else formatter(record, name)
