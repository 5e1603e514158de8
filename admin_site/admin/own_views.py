"""The views of our own models that say more than is generated."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from markupsafe import Markup
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute
from starlette.requests import Request
from starlette.responses import Response

from admin_site import audit
from admin_site.admin.actions import record_action
from admin_site.admin.reset_links import hand_over
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import Choice, Description, Kind
from admin_site.models import (
    AuditEntry,
    Course,
    CredentialToken,
    Draft,
    ListPreference,
    OutgoingMail,
    RecoveryCode,
    RoleGrant,
    SavedView,
    SecondFactor,
    Submission,
    Throttle,
    User,
    UserSession,
    Viewing,
)
from admin_site.permissions import WILDCARD, Action, Identity, covers, within
from admin_site.services import support

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite

SEEING = (Action.LIST, Action.DETAILS)


class Limited:
    """What a view has of which not everybody sees every row."""

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        """Return the condition of the rows that the person behind `request` may see; None: all of them."""
        raise NotImplementedError

    def list_query(self, request: Request) -> Select[Any]:
        every: Select[Any] = super().list_query(request)  # type: ignore[misc]
        limit = self.limit(request)
        return every if limit is None else every.where(limit)

    def scope(self, request: Request) -> Callable[[Select[Any]], Select[Any]] | None:
        limit = self.limit(request)
        return None if limit is None else lambda statement: statement.where(limit)


class UserView(AdminView, model=User):
    icon = "user"
    column_list = [
        "__str__",
        "user_name",
        "email_address",
        "user_type",
        "is_active",
        "last_login",
        "created_at",
    ]
    column_searchable_list = ["user_name", "email_address", "first_name", "last_name"]
    form_columns = [
        "user_name",
        "email_address",
        "first_name",
        "last_name",
        "age",
        "user_type",
        "user_image",
        "is_active",
        "is_superuser",
        "must_change_password",
        "roles",
        "flows",
        "last_login",
        "password_changed_at",
        "created_at",
        "updated_at",
    ]
    inlines = ["enrollments", "items"]

    @record_action(
        "Reset password",
        icon="key",
        confirmation=(
            "{record} is signed out everywhere and earlier links stop working. You get a link with which "
            "they choose a new password; it works once, within an hour."
        ),
    )
    def reset_password(self, visit: Visit, record: User) -> Response:
        link = support.reset_password(visit.session, visit.identity, record)
        visit.session.commit()
        return hand_over(visit, self, record, link)


class UserSessionView(Limited, AdminView, model=UserSession):
    """From where people are signed in: of those alone who have no right that the person who looks lacks."""

    icon = "device-desktop"
    column_list = [
        "__str__",
        "user",
        "start_time",
        "last_seen_at",
        "expiration_time",
        "ip_address",
        "user_agent",
    ]
    column_default_sort = ("start_time", True)

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        return _within_reach(request, UserSession.user_id)


class CredentialTokenView(Limited, AdminView, model=CredentialToken):
    icon = "key"
    name = "Password link"
    name_plural = "Password links"

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        return _within_reach(request, CredentialToken.user_id)


class RoleGrantView(AdminView, model=RoleGrant):
    icon = "shield"

    def form_description(self) -> Description:
        """Offer the models of the site and what can be done to them."""
        grantable = _site_of(self).grantable
        choices = {"model": _choices(grantable.models), "action": _choices(grantable.actions)}
        fields = (
            replace(field, kind=Kind.CHOICE, choices=choices[field.name]) if field.name in choices else field
            for field in self.description.fields
        )
        return replace(self.description, fields=tuple(fields))


class AuditEntryView(Limited, AdminView, model=AuditEntry):
    """What happened to records of the kinds that the person who looks may see all of.

    Who may see everything sees everything: what happened to nobody known, too.
    """

    icon = "history"
    name_plural = "Audit entries"
    column_list = ["happened_at", "actor_name", "action", "label", "model", "ip_address"]
    column_labels = {"actor_name": "Who", "action": "What", "label": "Record", "model": "Kind"}
    column_default_sort = ("entry_id", True)

    def __init__(self) -> None:
        super().__init__()
        self._formatters |= {
            "actor_name": lambda entry, _: entry.actor,
            "action": lambda entry, _: entry.verb,
            "label": self._link,
            "model": lambda entry, _: self._kind(entry),
        }

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        if all(covers(request.state.identity, (WILDCARD, action)) for action in SEEING):
            return None
        seen: dict[str, bool] = {}
        for view in _site_of(self).model_views:
            if view is not self:
                name = audit.model_name(view.description)
                seen[name] = seen.get(name, True) and _shows_everything(view, request)
        return AuditEntry.model.in_([name for name, is_seen in seen.items() if is_seen])

    def _kind(self, entry: AuditEntry) -> str:
        view = _site_of(self).views_by_table.get(entry.model)
        return view.name if view else entry.model

    def _link(self, entry: AuditEntry, _: str, request: Request) -> str:
        """Return the name of the record, as a link to it where the person may go there."""
        site = _site_of(self)
        view = site.views_by_table.get(entry.model)
        if view is None or not entry.key or entry.action == "delete":
            return entry.label
        if not view.allows(request, Action.DETAILS):
            return entry.label
        url = f"{site.base_path(request)}/{view.identity}/details/{entry.key}"
        return Markup('<a href="{}">{}</a>').format(url, entry.label)


class Kept(Limited):
    """What people keep, which is theirs alone to see; superusers see everybody's and find it in the menu."""

    owner_name: ClassVar[str] = "user_id"

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        actor: Identity = request.state.identity
        return None if actor.is_superuser else self._is_own(actor)

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
    """Drafts are nobody else's to see, whatever their rights."""

    can_create = False
    can_edit = False
    column_list = ["address", "updated_at"]

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        return self._is_own(request.state.identity)


class Hidden:
    """What the site keeps for itself, of which nothing is to be found in the menu."""

    can_create = False
    can_edit = False
    can_delete = False

    def is_visible(self, request: Request) -> bool:
        return False


class SecondFactorView(Hidden, Limited, AdminView, model=SecondFactor):
    icon = "key"

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        return _within_reach(request, SecondFactor.user_id)


class RecoveryCodeView(Hidden, Limited, AdminView, model=RecoveryCode):
    icon = "key"

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        return _within_reach(request, RecoveryCode.user_id)


class ViewingView(Hidden, Limited, AdminView, model=Viewing):
    icon = "eye"

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        return _within_reach(request, Viewing.user_id)


class ThrottleView(Hidden, AdminView, model=Throttle):
    icon = "lock"


class OutgoingMailView(Hidden, Limited, AdminView, model=OutgoingMail):
    icon = "mail"
    column_list = ["kind", "user", "created_at", "sent_at", "due_at", "attempts", "error"]

    def limit(self, request: Request) -> ColumnElement[bool] | None:
        return _within_reach(request, OutgoingMail.user_id)


class CourseView(AdminView, model=Course):
    list_editable = ["start_date", "end_date", "is_active"]


VIEWS: tuple[type[AdminView], ...] = (
    UserView,
    UserSessionView,
    CredentialTokenView,
    AuditEntryView,
    SavedViewView,
    ListPreferenceView,
    SubmissionView,
    DraftView,
    SecondFactorView,
    RecoveryCodeView,
    ViewingView,
    ThrottleView,
    OutgoingMailView,
    CourseView,
    RoleGrantView,
)


def _site_of(view: AdminView) -> "AdminSite":
    return cast("AdminSite", view._admin_ref)


def _within_reach(request: Request, user_id: InstrumentedAttribute[Any]) -> ColumnElement[bool] | None:
    identity: Identity = request.state.identity
    return None if identity.is_superuser else within(identity, user_id)


def _shows_everything(view: AdminView, request: Request) -> bool:
    return all(view.allows(request, action) for action in SEEING) and view.scope(request) is None


def _choices(words: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(text, label, text) for text, label in words.items())
