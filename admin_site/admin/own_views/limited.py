"""What views share of which not everybody sees every row."""

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, Select
from starlette.requests import Request

from admin_site.admin.views import AdminView
from admin_site.permissions import Identity, within

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite


class Limited:
    """What a view has of which not everybody sees every row."""

    def limit(self, identity: Identity) -> ColumnElement[bool] | None:
        """Return the condition of the rows that somebody may see; None: all of them."""
        raise NotImplementedError

    def scope(self, statement: Select[Any], identity: Identity) -> Select[Any]:
        limit = self.limit(identity)
        return statement if limit is None else statement.where(limit)


class WithinReach(Limited):
    """Rows about people: of those alone who have no right that the person who looks lacks."""

    def limit(self, identity: Identity) -> ColumnElement[bool] | None:
        user_id = self.model.user_id  # type: ignore[attr-defined]
        return None if identity.is_superuser else within(identity, user_id)


class Hidden:
    """What the site keeps for itself, of which nothing is to be found in the menu."""

    can_create = False
    can_edit = False
    can_delete = False

    def is_visible(self, request: Request) -> bool:
        return False


def site_of(view: AdminView) -> "AdminSite":
    return cast("AdminSite", view._admin_ref)
