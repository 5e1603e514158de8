"""The class of every model's pages, with SQLAdmin's attributes as its language."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

import anyio.from_thread
from sqladmin import ModelView
from starlette.requests import Request

from admin_site import audit
from admin_site.admin import column_filters
from admin_site.admin.actions import BulkAction, RecordAction, actions_of, bulk_actions_of
from admin_site.admin.editable import check_editable
from admin_site.admin.export_options import ExportOptions
from admin_site.admin.form_options import FormOptions
from admin_site.admin.inlines import inlines_of
from admin_site.admin.spelling import (
    chosen_names,
    name_of,
    names_of,
    sorts_of,
    without_children,
)
from admin_site.admin.view_cells import Cells, path_to
from admin_site.admin.view_rights import Rights
from admin_site.descriptions import Description, Field, Kind
from admin_site.errors import ConfigurationError
from admin_site.exporting import FORMATS
from admin_site.keys import encode_key
from admin_site.listing import LABEL, Listing
from admin_site.listing.defaults import columns_of, created_field
from admin_site.listing.paths import foreign_key
from admin_site.permissions import Identity

_NOT_PLAIN = (Kind.BINARY, Kind.OPAQUE)
_DATES = (Kind.DATE, Kind.DATETIME, Kind.INSTANT)


class AdminView(Rights, Cells, ModelView):
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
    bulk_actions: dict[str, BulkAction]

    page_size = 25
    page_size_options: ClassVar[Sequence[int]] = (25, 50, 100)
    export_types: ClassVar[list[str]] = list(FORMATS)
    use_pretty_export = True
    """Whether exports begin with labels and values as shown, or else with attributes and values as stored."""
    list_editable: ClassVar[Sequence[Any]] = ()
    """The fields that can be edited in the rows of the list."""
    inlines: ClassVar[Sequence[Any] | None] = None
    """The children edited under a record; None: those that cannot be without it (delete-orphan)."""
    inline_models: ClassVar[Sequence[Any]] = ()
    """Flask-Admin's name for `inlines`."""
    form_fieldsets: ClassVar[Sequence[Any]] = ()
    """The sections of the form: (title, [names], {"collapsed": True, "help": "..."})."""
    form_readonly: ClassVar[Sequence[Any] | Mapping[Any, str]] = ()
    """The fields that the form shows and nobody changes, with the reason where it is a mapping."""
    form_prepopulated: ClassVar[Mapping[Any, Sequence[Any]]] = MappingProxyType({})
    """The texts that are made from others until somebody types them: {"slug": ["title"]}."""
    save_as = True
    """Whether what stands in the form of a record can be saved as a new one."""
    tree: ClassVar[Any] = None
    """The relation that leads to the record above: no record may come to lie below itself."""
    column_date_hierarchy: ClassVar[Any] = None
    """The date by whose years, months and days the list is walked; None: when records were made, "": none."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # An attribute of a model cannot be read from a class that is not mapped; its name can.
        for attribute in ("column_date_hierarchy", "tree"):
            if (chosen := vars(cls).get(attribute)) is not None:
                setattr(cls, attribute, name_of(chosen))

    def __init__(self) -> None:
        self._custom_actions_in_list: dict[str, str] = {}
        self._custom_actions_in_detail: dict[str, str] = {}
        self._custom_actions_confirmation: dict[str, str] = {}
        self.actions = actions_of(type(self))
        self.bulk_actions = bulk_actions_of(type(self))
        self.sqladmin_actions: dict[str, Callable[..., Any]] = {}
        self._labels = {name_of(key): label for key, label in self.column_labels.items()}
        self._formatters = {name_of(key): value for key, value in self.column_formatters.items()}
        self._detail_formatters = {
            name_of(key): value for key, value in self.column_formatters_detail.items()
        }
        self._fields: dict[str, Field | None] = {}
        every = names_of(self.description)
        self.details_names = chosen_names(
            self.column_details_list, self.column_details_exclude_list, every, every
        )
        typed = names_of(self.description, write_only=True)
        self.form_names = chosen_names(
            self.form_columns, self.form_excluded_columns, without_children(self.description, typed), typed
        )
        rules = (*self.form_rules, *self.form_create_rules, *self.form_edit_rules)
        if rules and not self.form_columns:
            self.form_names = tuple(dict.fromkeys(name_of(item) for item in rules))
            if unknown := [name for name in self.form_names if name not in {*every, *typed}]:
                owner = type(self).__name__
                raise ConfigurationError(f"{owner}.form_rules: there is no field {unknown[0]!r}")
        self.form_options = FormOptions.of(self, self.form_names)
        self.export_options = ExportOptions(self, every)
        shown = (*self.details_names, *self.export_options.names)
        for name in (*shown, *(name for name in self.form_names if name not in typed)):
            self._refuse_secret(name)
        self.editable_names = tuple(name_of(item) for item in self.list_editable)
        check_editable(self.description, self.editable_names, type(self).__name__)
        self.listing = Listing.of(self.description, **self._listing_options(every))
        if own := column_filters.filters_of(self.column_filters, self.description):
            self.listing = replace(self.listing, filters=MappingProxyType({**self.listing.filters, **own}))
        self.date_name = self._date_name()
        self.inline_list = inlines_of(self, self.inlines)

    def read_only_for(self, identity: Identity, record: Any) -> Mapping[str, str]:
        """Return the fields that this person may see but not change, each with the reason.

        `record` is None for a new one. It is asked once for each record of a page: ask the database nothing.
        """
        return {}

    def target_of(self, name: str) -> type | None:
        """Return the class whose records a relation or foreign key is chosen from."""
        if not self.description.has(name):
            return None
        target: type | None = getattr(_described(self.description, name), "target", None)
        return target

    @cached_property
    def common_names(self) -> frozenset[str]:
        """The fields that say most of a record: its name and the columns of its list."""
        return frozenset((*self.listing.columns, *self.description.label_fields))

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
        if (path := path_to(self.description, name)) is not None:
            return path.label
        return name.replace(".", " ").replace("_", " ").strip().capitalize()

    def offer_related(self, view_of: Callable[[type], "AdminView | None"]) -> None:
        """Offer among the columns what the views of single related records show in plain fields."""
        related = {}
        for relation in self.description.relations:
            other = view_of(relation.target) if foreign_key(self.description, relation) else None
            if other is not None and relation.name in self.listing.choosable:
                related[relation.name] = other.plain_names
                for name in other.plain_names:
                    label = f"{self.label(relation.name)} / {other.label(name)}"
                    self._labels.setdefault(f"{relation.name}.{name}", label)
        self.listing = self.listing.offering(related)

    def link_inlines(self, view_of: Callable[[type], "AdminView | None"]) -> None:
        """Let the inlines learn from the views of the children.

        Raises ConfigurationError for names that the children lack.
        """
        for inline in self.inline_list:
            inline.link(view_of)

    @property
    def plain_names(self) -> tuple[str, ...]:
        """The fields that lists show as they are stored, without a formatter of this view."""
        stored = (field for field in self.description.fields if field.column is not None)
        plain = {field.name for field in stored if field.kind not in _NOT_PLAIN}
        offered = plain & self.listing.choosable - self._formatters.keys()
        return tuple(name for name in names_of(self.description) if name in offered)

    def notify(self, hook: str, *arguments: Any) -> None:
        """Run an asynchronous hook of a subclass, from the worker thread a page runs in."""
        if self._overrides(hook):
            anyio.from_thread.run(getattr(self, hook), *arguments)

    def form_description(self) -> Description:
        """Return what a form reads of the model; a subclass may offer choices that only it knows."""
        return self.description

    def further_page(self, request: Request) -> tuple[str, str, str] | None:
        """Return the label, address and icon of a page about each record beside those that all models have.

        The key of the record follows the address after a slash. None where there is none for this person.
        """
        return None

    @property
    def has_history(self) -> bool:
        """Whether what happens to its records leaves entries about them."""
        return audit.is_recorded(self.model)

    def action_buttons(self) -> Iterable[tuple[str, str, str]]:
        """Yield slug, label and icon of what can be done with one record."""
        for action in self.actions.values():
            yield action.slug, action.label, action.icon
        for slug, label in self._custom_actions_in_detail.items():
            yield slug, label, "bolt"

    def _listing_options(self, every: Sequence[str]) -> dict[str, Any]:
        """Return what the class says of its list; the listing makes up the rest."""
        options: dict[str, Any] = {
            "page_size": self.page_size,
            "page_sizes": tuple(sorted({*self.page_size_options, self.page_size})),
        }
        columns: tuple[str, ...] = ()
        if self.column_list or self.column_exclude_list:
            columns = options["columns"] = chosen_names(self.column_list, self.column_exclude_list, (), every)
        if self.column_searchable_list:
            options["searchable"] = tuple(name_of(item) for item in self.column_searchable_list)
        if self.column_sortable_list:
            options["sortable"] = tuple(name_of(item) for item in self.column_sortable_list)
        if self.column_default_sort:
            options["default_sort"] = tuple(sorts_of(self.column_default_sort))
        shown = (*(columns or columns_of(self.description)), *self.details_names, *self.form_names)
        return options | {"offered": frozenset((*shown, *self.description.key))}

    def _date_name(self) -> str:
        name: str | None = self.column_date_hierarchy
        if name is None:
            return created_field(self.description)
        field = next((field for field in self.description.fields if field.name == name), None)
        if name and (field is None or field.kind not in _DATES):
            raise ConfigurationError(f"{type(self).__name__}: {name!r} is no date to walk the list by")
        return name

    def _refuse_secret(self, name: str) -> None:
        path = path_to(self.description, name)
        if path is not None and path.is_secret:
            raise ConfigurationError(f"{type(self).__name__}: {name!r} is secret, it cannot be shown")


def _described(description: Description, name: str) -> Any:
    for relation in description.relations:
        if relation.name == name:
            return relation
    return description.field(name)
