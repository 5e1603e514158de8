"""What a view says of its export, in SQLAdmin's attributes and hooks."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import anyio.from_thread
from sqladmin import ModelView
from starlette.requests import Request

from admin_site.admin.cells import read
from admin_site.admin.spelling import name_of
from admin_site.errors import NotFound
from admin_site.exporting import FORMATS, Format
from admin_site.listing import LABEL, ListQuery
from admin_site.permissions import Action

if TYPE_CHECKING:
    from admin_site.admin.views import AdminView


class ExportOptions:
    """Which columns of a view may stand in a file, in which formats, and who may take it.

    `column_export_list` are the only columns there are, and those of the file unless others of them were
    chosen; `column_export_exclude_list` never stand in a file.
    """

    def __init__(self, view: "AdminView", names: Sequence[str]) -> None:
        self._view = view
        excluded = {name_of(item) for item in view.column_export_exclude_list}
        listed: Any = view.column_export_list
        self._listed = tuple(names) if listed == "__all__" else tuple(map(name_of, listed))
        self._all = self._listed or tuple(name for name in names if name not in excluded)
        self._excluded = excluded

    @property
    def names(self) -> tuple[str, ...]:
        return self._all

    def columns(self, query: ListQuery, *, every: bool) -> tuple[str, ...]:
        """Return the columns of a file: those of the list or, `every`, all that it can show of a record."""
        withheld = query.listing.withheld
        chosen = () if self._listed and query.columns == query.listing.columns else query.columns
        shown = tuple(filter(self._may_stand, chosen))
        if shown and not every:
            return shown
        listed = (name for name in self._all if name in query.listing.choosable or self._listed)
        names = tuple(name for name in listed if name not in withheld)
        return (*names, *(name for name in shown if name not in names and name != LABEL)) or (LABEL,)

    @cached_property
    def formats(self) -> dict[str, Format]:
        return {name: FORMATS[name] for name in self._view.export_types if name in FORMATS}

    def format(self, name: str) -> Format:
        """Return a format that is offered; raises NotFound."""
        try:
            return self.formats[name]
        except KeyError:
            offered = f"There is {', '.join(self.formats)}." if self.formats else ""
            raise NotFound(f"There is no export as “{name[:30]}” here. {offered}".strip()) from None

    def may(self, request: Request) -> bool:
        """Return whether the person behind `request` may download the list, which they may see."""
        view = self._view
        if not (self.formats and view.allows(request, Action.LIST) and view.allows(request, Action.EXPORT)):
            return False
        if not self._overrides("check_can_export"):
            return True
        return bool(anyio.from_thread.run(view.check_can_export, request))

    def file_name(self, format_name: str) -> str:
        """Return what a subclass calls the file, or ""."""
        return self._view.get_export_name(format_name) if self._overrides("get_export_name") else ""

    @cached_property
    def has_cells(self) -> bool:
        """Whether a subclass says itself what stands in the cells."""
        return self._overrides("custom_export_cell")

    def cell(self, record: Any, name: str) -> str | None:
        """Return what a subclass says stands in a cell, or None."""
        value = read(record, name)
        text: str | None = anyio.from_thread.run(self._view.custom_export_cell, record, name, value)
        return text

    def _may_stand(self, name: str) -> bool:
        return name in self._listed if self._listed else name not in self._excluded

    def _overrides(self, hook: str) -> bool:
        return getattr(type(self._view), hook) is not getattr(ModelView, hook)
