"""What may be done with the records of a view, by whom."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

import anyio.from_thread
from sqladmin import ModelView
from sqlalchemy import Select
from sqlalchemy import tuple_ as row
from starlette.requests import Request

from admin_site.descriptions import VIEW, Description
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

_CHANGES = (Action.CREATE, Action.EDIT, Action.DELETE)


class Rights:
    """The part of a view that says who may do what, by its flags and hooks and what people were granted."""

    description: ClassVar[Description]
    identity: Any
    model: Any
    list_query: Any
    is_database_view = False  # the database has a stored query where the model has a table

    def allows(self, request: Request, action: str, record: Any = None) -> bool:
        """Return whether the person behind `request` may do `action` here, or to this record of it."""
        flag = FLAGS.get(cast(Action, action))
        if (flag and not getattr(self, flag)) or self.why_not(action):
            return False
        if not allows(request.state.identity, action, self.identity):
            return False
        check = ROW_CHECKS.get(cast(Action, action))
        if record is not None and check and self._overrides(check):
            return bool(anyio.from_thread.run(getattr(self, check), request, record))
        return True

    def why_not(self, action: str) -> str:
        """Return why nobody can do `action` here, whatever their rights; "" when it can be done."""
        if action not in _CHANGES:
            return ""
        reason = self.description.read_only or (VIEW if self.is_database_view else "")
        return reason or (self.description.abstract_reason if action == Action.CREATE else "")

    def may_touch(self, request: Request, record: Any) -> bool:
        """Return whether the view's own rule lets the person behind `request` change a record."""
        check = ROW_CHECKS[Action.EDIT]
        return not self._overrides(check) or bool(
            anyio.from_thread.run(getattr(self, check), request, record)
        )

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

    def decides_by_row(self, action: Action) -> bool:
        """Return whether the view has a rule of its own about single records."""
        return self._overrides(ROW_CHECKS[action])

    def may_by_row(self, request: Request, action: str) -> Callable[[Any], bool]:
        """Return `allows` for the rows of one list, which asks what does not depend on the row only once."""
        may = self.allows(request, action)
        if not may or not self._overrides(ROW_CHECKS[cast(Action, action)]):
            return lambda _: may
        return lambda record: self.allows(request, action, record)

    def _overrides(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(ModelView, method)
