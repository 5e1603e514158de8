"""How a view shows the values of its records."""

from collections.abc import Callable, Sequence, Set
from functools import partial
from typing import Any, ClassVar

from markupsafe import Markup
from sqladmin.formatters import BASE_FORMATTERS
from starlette.requests import Request

from admin_site.admin.cells import align, cell_of, read, show, show_column, show_plain, show_unreadable
from admin_site.admin.spelling import formatted
from admin_site.descriptions import Description, Field, Unreadable
from admin_site.listing import LABEL
from admin_site.listing.paths import Path, resolve


class Cells:
    """The part of a view that makes HTML, and values of files, of what records hold."""

    description: ClassVar[Description]
    column_type_formatters: Any
    _formatters: dict[str, Callable[..., Any]]
    _detail_formatters: dict[str, Callable[..., Any]]
    _fields: dict[str, Field | None]

    def cell(self, request: Request, record: Any, name: str, *, short: bool) -> Markup:
        """Return one value of a record as HTML, by the view's own formatter when it has one."""
        return self.cell_maker(request, name, short=short)(record)

    def cell_maker(self, request: Request, name: str, *, short: bool) -> Callable[[Any], Markup]:
        """Return what makes the HTML of one value from a record, for those who show many records."""
        formatters = self._formatters if short else self._detail_formatters or self._formatters
        if formatter := formatters.get(name):
            return lambda record: self._formatted(formatter, record, name, request, short)
        if name == LABEL:
            return lambda record: show_plain(self.description.label_of(record), short=short)
        field = self._field_at(name)
        is_plain = self.column_type_formatters is BASE_FORMATTERS
        if field and is_plain:
            return cell_of(field, name, short=short)
        look = partial(show, field) if field else show_plain
        if is_plain:
            return lambda record: look(read(record, name), short=short)
        return lambda record: self._by_type(look, read(record, name), short)

    def cells(self, name: str, values: Sequence[Any]) -> Sequence[str]:
        """Return the HTML of the values of a list's column for which the view has no formatter."""
        return show_column(self._field_at(name), values)

    def _formatted(
        self, formatter: Callable[..., Any], record: Any, name: str, request: Request, short: bool
    ) -> Markup:
        stored = vars(record).get(name)
        if isinstance(stored, Unreadable):  # nothing that a formatter expects
            return show_unreadable(stored)
        return show_plain(formatted(formatter, record, name, request), short=short)

    def _by_type(self, look: Callable[..., Markup], value: Any, short: bool) -> Markup:
        if type(value) in self.column_type_formatters:
            return show_plain(self.column_type_formatters[type(value)](value), short=short)
        return look(value, short=short)

    def value_reader(self, request: Request, name: str, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return what tells one value of a record in a file: the view's own formatters, or `read`."""
        if formatter := self._formatters.get(name):
            return lambda record: formatted(formatter, record, name, request)
        if not self.formats_types:
            return read
        told = self.column_type_formatters
        return lambda record: told.get(type(value := read(record)), _same)(value)

    @property
    def formats_types(self) -> bool:
        """Whether the view has its own words for values of some types."""
        return self.column_type_formatters is not BASE_FORMATTERS

    def align(self, name: str) -> str:
        field = self._field_at(name)
        return align(field) if field else "start"

    @property
    def formatted_names(self) -> Set[str]:
        """The columns that the view has a formatter for."""
        return self._formatters.keys()

    def _field_at(self, name: str) -> Field | None:
        """Return the field that a column shows, of a single related record too."""
        if name not in self._fields:
            path = path_to(self.description, name)
            self._fields[name] = None if path is None or path.is_many else path.field
        return self._fields[name]


def path_to(description: Description, name: str) -> Path | None:
    """Return what a name leads to, or None for a property of the class."""
    try:
        return resolve(description, name)
    except KeyError:
        return None


def _same(value: Any) -> Any:
    return value
