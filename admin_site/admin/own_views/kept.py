"""The views of what people keep, and of what the site remembers for them."""

import uuid
from typing import ClassVar

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import InstrumentedAttribute
from starlette.requests import Request

from admin_site.admin.own_views.limited import Limited
from admin_site.admin.views import AdminView
from admin_site.models import Draft, ListPreference, SavedView, Submission
from admin_site.permissions import Identity


class Kept(Limited):
    """What people keep, which is theirs alone to see; superusers see everybody's and find it in the menu."""

    owner_name: ClassVar[str] = "user_id"

    def limit(self, identity: Identity) -> ColumnElement[bool] | None:
        return None if identity.is_superuser else self._is_own(identity)

    def _is_own(self, actor: Identity) -> ColumnElement[bool]:
        owner: InstrumentedAttribute[uuid.UUID] = getattr(self.model, self.owner_name)  # type: ignore[attr-defined]
        return owner == actor.user_id

    def is_visible(self, request: Request) -> bool:
        return bool(request.state.identity.is_superuser)


class SavedViewView(Kept, AdminView, model=SavedView):
    icon = "table"
    owner_name = "owner_id"
    name_plural = "Saved views"
    column_list = ["name", "model", "owner", "role", "created_at"]


class Remembered(Kept):
    """What the site remembers by itself; nobody looks for it in a menu."""

    icon = "table"

    def is_visible(self, request: Request) -> bool:
        return False


class ListPreferenceView(Remembered, AdminView, model=ListPreference):
    pass


class SubmissionView(Remembered, AdminView, model=Submission):
    can_create = False
    can_edit = False


class DraftView(Remembered, AdminView, model=Draft):
    """Drafts are nobody else's to see, whatever their rights, nor for who looks at the site as they do."""

    can_create = False
    can_edit = False
    column_list = ["address", "updated_at"]

    def limit(self, identity: Identity) -> ColumnElement[bool] | None:
        return false() if identity.viewer else self._is_own(identity)
