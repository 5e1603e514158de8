"""What may be done with the records of a view, by whom."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

import anyio.from_thread
from sqladmin import ModelView
from starlette.requests import Request

from admin_site.admin.view_rows import RowRights
from admin_site.descriptions import VIEW, Description
from admin_site.permissions import SEEING, Action, Identity, allows, allows_some

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


class Rights(RowRights):
    """The part of a view that says who may do what, by its flags and hooks and what people were granted."""

    description: ClassVar[Description]
    identity: Any
    is_database_view = False  # the database has a stored query where the model has a table

    def allows(self, request: Request, action: str, record: Any = None) -> bool:
        """Return whether the person behind `request` may do `action` here, or to this record of it.

        Without a record it is enough that they may do it to some records, or to some of their fields.
        """
        if not self.permits(request.state.identity, action):
            return False
        if record is None:
            return True
        return self.is_granted(request, action, record) and self._passes_check(request, action, record)

    def permits(self, identity: Identity | None, action: str) -> bool:
        """Return whether somebody may do `action` here at all."""
        flag = FLAGS.get(cast(Action, action))
        if (flag and not getattr(self, flag)) or self.why_not(action):
            return False
        return allows_some(identity, action, self.identity)

    def shows_everything(self, identity: Identity) -> bool:
        """Return whether somebody may see every row of this kind, in lists and alone, and every field."""
        may_see = all(self.permits(identity, action) for action in SEEING)
        is_whole = all(allows(identity, action, self.identity) for action in SEEING)
        return may_see and is_whole and self.has_all_rows(identity) and not self.hidden_for(identity)

    def why_not(self, action: str) -> str:
        """Return why nobody can do `action` here, whatever their rights; "" when it can be done."""
        if action not in _CHANGES:
            return ""
        reason = self.description.read_only or (VIEW if self.is_database_view else "")
        return reason or (self.description.abstract_reason if action == Action.CREATE else "")

    def may_touch(self, request: Request, record: Any) -> bool:
        """Return whether the view's own rule lets the person behind `request` change a record."""
        return self._passes_check(request, Action.EDIT, record)

    def is_accessible(self, request: Request) -> bool:
        return any(allows_some(request.state.identity, action, self.identity) for action in SEEING)

    def decides_by_row(self, action: Action) -> bool:
        """Return whether the view has a rule of its own about single records."""
        return self._overrides(ROW_CHECKS[action])

    def may_by_row(self, request: Request, action: str) -> Callable[[Any], bool]:
        """Return `allows` for the rows of one list, which asks what does not depend on the row only once."""
        may = self.allows(request, action)
        has_check = action in ROW_CHECKS and self._overrides(ROW_CHECKS[cast(Action, action)])
        if not may or not (has_check or self.varies_by_row(request, action)):
            return lambda _: may
        return lambda record: self.allows(request, action, record)

    def _passes_check(self, request: Request, action: str, record: Any) -> bool:
        """Return whether SQLAdmin's hook for single records, where the view has it, lets `action` pass."""
        check = ROW_CHECKS.get(cast(Action, action))
        if check is None or not self._overrides(check):
            return True
        return bool(anyio.from_thread.run(getattr(self, check), request, record))

    def _overrides(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(ModelView, method)
