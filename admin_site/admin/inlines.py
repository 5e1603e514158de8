"""Children that are edited under their parent, as a developer describes them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Column
from sqlalchemy.ext.orderinglist import OrderingList
from sqlalchemy.orm import RelationshipProperty

from admin_site.admin.spelling import name_of, sorts_of
from admin_site.descriptions import Description, Field, Kind
from admin_site.errors import ConfigurationError
from admin_site.listing import LABEL, Listing
from admin_site.services.families import bond_of

if TYPE_CHECKING:
    from admin_site.admin.views import AdminView

TABULAR, STACKED = "tabular", "stacked"
MAX_TABULAR = 6  # columns of a row that is still read at a glance
ROWS, STACKED_ROWS, NESTED_ROWS = 50, 10, 10
"""Rows of a page at most: in a table, of those that hold rows of their own, and of those within."""
MAX_CONTROLS = 100  # of a page in a table: more make it heavy, and slow to open
MIN_ROWS = 10

ViewOf = Callable[[type], "AdminView | None"]


class Inline:
    """Records that are edited in the form of the record they belong to.

    Name the model, and the relation where several lead to it; what is not said is made from the model and its
    view, which also decides who may see, add, change and remove which rows:

        class LineInline(Inline, model=Line):
            columns = ["product", "quantity"]
            order_by = "position"
    """

    model: ClassVar[type | None] = None
    relation: ClassVar[str] = ""
    """The parent's relation that holds them; it goes without saying where only one does."""
    label: ClassVar[str] = ""
    layout: ClassVar[str] = ""
    """`tabular`, a row each, or `stacked`, a block each; stacked ones show their own children below."""
    columns: ClassVar[Sequence[Any]] = ()
    """The fields and relations of a row; all that the model's own form has by default."""
    order_by: ClassVar[Any] = ""
    """The field with a whole number that holds the order: people move the rows."""
    column_default_sort: ClassVar[Any] = ()
    """How the rows are sorted otherwise; by their key by default."""
    extra: ClassVar[int] = 0
    """Blank rows to begin with; more come by a button."""
    page_size: ClassVar[int] = 0
    can_add: ClassVar[bool] = True
    can_change: ClassVar[bool] = True
    can_remove: ClassVar[bool] = True
    inlines: ClassVar[Sequence[Any] | None] = None
    """What is edited below each row; None: what the view of the model has, [] nothing."""

    def __init_subclass__(cls, model: Any = None, relation: Any = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        if model is not None:
            cls.model = model
        if relation:
            cls.relation = name_of(relation)

    def __init__(self, parent: Description, name: str = "", options: Mapping[str, Any] | None = None) -> None:
        self.options = dict(options or {})
        for option, value in self.options.items():
            if option not in Inline.__annotations__:
                raise ConfigurationError(f"An inline of {parent.model.__name__} has no option {option!r}")
            setattr(self, option, value)
        self.name = name or self.relation or _relation_to(parent, self.model)
        self.bond = bond_of(parent, self.name)
        if self.layout not in ("", TABULAR, STACKED):
            raise ConfigurationError(f"{self._place}: a layout is {TABULAR} or {STACKED}")
        self.nested: tuple[Inline, ...] = ()
        self.view: AdminView | None = None

    def link(self, view_of: ViewOf, *, is_nested: bool = False) -> None:
        """Learn from the view of the children what nobody has said; without one they are nobody's to see."""
        self.view = view_of(self.bond.relation.target)
        if self.view is None:
            return
        self.bond = bond_of(self.bond.parent, self.name, self.view.description)
        self.is_nested = is_nested
        self._check_names()
        if is_nested or self.layout == TABULAR:
            return
        own = self.view.inline_list if self.inlines is None else inlines_of(self.view, self.inlines)
        self.nested = tuple(type(item)(item.bond.parent, item.name, item.options) for item in own)
        for item in self.nested:
            item.link(view_of, is_nested=True)

    @cached_property
    def is_stacked(self) -> bool:
        if self.layout or self.is_nested:
            return self.layout == STACKED
        return bool(self.nested) or len(self.column_names) > MAX_TABULAR

    @cached_property
    def size(self) -> int:
        """How many rows a page has."""
        if self.page_size:
            return self.page_size
        if self.is_nested or self.nested:
            return NESTED_ROWS if self.is_nested else STACKED_ROWS
        return min(ROWS, max(MIN_ROWS, MAX_CONTROLS // max(1, len(self.column_names))))

    @cached_property
    def order_field(self) -> str:
        """The field that people order the rows by, "" where they cannot."""
        return name_of(self.order_by) if self.order_by else _kept_by_list(self._relationship)

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """What is typed in a row, without what only says whose child it is."""
        assert self.view is not None  # noqa: S101 - others are not shown
        if self.columns:
            return tuple(name_of(item) for item in self.columns)
        told = {*self.bond.names, self.order_field}
        return tuple(name for name in self.view.form_names if name not in told and self._is_typed(name))

    @cached_property
    def title(self) -> str:
        assert self.view is not None  # noqa: S101 - others are not shown
        relation = self.bond.relation
        repeats = relation.label.lower() == self.bond.child.name_plural.lower()
        return self.label or (self.view.name_plural if repeats else relation.label)

    @cached_property
    def listing(self) -> Listing:
        """The list of the rows, which a page of them is read from."""
        child = self.bond.child
        names = [name for name in self.column_names if self._is_listed(name)]
        order = [self.order_field] if self.order_field else []
        return Listing.of(
            child,
            columns=(LABEL, *dict.fromkeys([*names, *order, *self.bond.columns])),
            searchable=(),
            filters={},
            default_sort=self._sort(),
            page_size=self.size,
            page_sizes=(self.size,),
        )

    @property
    def _relationship(self) -> RelationshipProperty[Any]:
        return self.bond.parent.mapper.relationships[self.name]

    @property
    def _place(self) -> str:
        return f"{type(self).__name__} of {self.bond.parent.model.__name__}.{self.name}"

    def _sort(self) -> tuple[tuple[str, bool], ...]:
        child = self.bond.child
        if self.order_field:
            return ((self.order_field, False),)
        if self.column_default_sort:
            return tuple(sorts_of(self.column_default_sort))
        sort = tuple(_sort_of(child, self._relationship))
        key = tuple((name, False) for name in child.key if child.field(name).sortable)
        return sort or key

    def _check_names(self) -> None:
        child = self.bond.child
        for item in self.columns:
            if not child.has(name_of(item)):
                raise ConfigurationError(f"{self._place}: there is no field or relation {name_of(item)!r}")
        if self.order_field:
            field = next((field for field in child.fields if field.name == self.order_field), None)
            if field is None or field.kind is not Kind.INTEGER or field.column is None:
                raise ConfigurationError(
                    f"{self._place}: {self.order_field!r} holds no whole number to order by"
                )

    def _is_typed(self, name: str) -> bool:
        child = self.bond.child
        relation = next((item for item in child.relations if item.name == name), None)
        if relation is not None:
            return not relation.many and not relation.read_only
        return child.has(name) and not child.field(name).read_only

    def _is_listed(self, name: str) -> bool:
        child = self.bond.child
        relation = next((item for item in child.relations if item.name == name), None)
        return not relation.many if relation is not None else not child.field(name).secret


class TabularInline(Inline):
    layout = TABULAR


class StackedInline(Inline):
    layout = STACKED


def inlines_of(view: "AdminView", chosen: Sequence[Any] | None) -> tuple[Inline, ...]:
    """Return the inlines of a view: the chosen ones, or those of children that cannot be without a parent.

    They may be written as relations, models, Inline classes, or as Flask-Admin does, a model with options.
    """
    description = view.description
    chosen = view.inline_models or None if chosen is None else chosen
    if chosen is None:
        return tuple(Inline(description, name) for name in _generated(view))
    return tuple(_written(description, item) for item in chosen)


def _written(description: Description, item: Any) -> Inline:
    options: dict[str, Any] = {}
    if isinstance(item, tuple):
        item, options = item
        options = {_FLASK_ADMIN.get(name, name): value for name, value in options.items()}
    if isinstance(item, type) and issubclass(item, Inline):
        return item(description, options=options)
    if isinstance(item, type):
        return Inline(description, _relation_to(description, item), options)
    return Inline(description, name_of(item), options)


_FLASK_ADMIN = {"form_columns": "columns", "form_label": "label"}


def _generated(view: "AdminView") -> Iterator[str]:
    """Yield the relations whose members go when they leave, unless the form was chosen without them."""
    if view.form_columns:
        return
    excluded = {name_of(item) for item in view.form_excluded_columns}
    for relation in view.description.relations:
        prop = view.description.mapper.relationships[relation.name]
        if relation.name in excluded or not prop.cascade.delete_orphan:
            continue
        try:
            bond_of(view.description, relation.name)
        except ConfigurationError:
            continue
        yield relation.name


def _relation_to(parent: Description, model: type | None) -> str:
    """Return the one relation that holds records of a class.

    Raises ConfigurationError for none or several.
    """
    found = [
        item.name
        for item in parent.relations
        if item.many and item.direction == "one_to_many" and not item.read_only and item.target is model
    ]
    if len(found) != 1:
        name = model.__name__ if model else "no model"
        which = f"several relations lead there: {', '.join(found)}" if found else "no relation leads there"
        raise ConfigurationError(f"An inline of {parent.model.__name__} for {name}: {which}")
    return found[0]


def _sort_of(child: Description, prop: RelationshipProperty[Any]) -> Iterator[tuple[str, bool]]:
    """Yield what the relation itself is sorted by, as far as fields say it."""
    fields: dict[Any, Field] = {field.column: field for field in child.fields if field.sortable}
    for term in prop.order_by or ():
        descending = getattr(getattr(term, "modifier", None), "__name__", "") == "desc_op"
        column: Any = getattr(term, "element", term)
        if not isinstance(column, Column) or column not in fields:
            return
        yield fields[column].name, descending


def _kept_by_list(prop: RelationshipProperty[Any]) -> str:
    """Return the attribute that SQLAlchemy's ordering_list keeps the order in, "" for other collections."""
    if prop.lazy in ("dynamic", "write_only") or prop.collection_class is None:
        return ""
    made = prop.collection_class()
    return str(made.ordering_attr) if isinstance(made, OrderingList) else ""
