"""The views of roles and what they grant."""

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request

from admin_site.admin.own_views.limited import site_of
from admin_site.admin.views import AdminView
from admin_site.descriptions import Choice, Description, Kind
from admin_site.models import Role, RoleGrant
from admin_site.permissions import WILDCARD, action_label


class RoleView(AdminView, model=Role):
    icon = "shield"

    def further_page(self, request: Request) -> tuple[str, str, str] | None:
        site = site_of(self)
        grants = site.view_of(RoleGrant)
        if grants is None or not grants.shows_everything(request.state.identity):
            return None
        return "Permissions", f"{site.base_path(request)}/{self.identity}/permissions", "shield-lock"


class RoleGrantView(AdminView, model=RoleGrant):
    icon = "shield"

    column_list = ["__str__", "role", "model", "action", "fields", "scope"]
    column_labels = {"fields": "Only these fields", "scope": "Only these rows"}
    form_args = {
        "fields": {
            "description": "Names of fields with commas between, such as “name, end_date”; none: all. "
            "What a record is called is seen by everybody who sees the record."
        }
    }

    def __init__(self) -> None:
        super().__init__()
        self._formatters |= {
            "model": lambda grant, _: site_of(self).grantable.models.get(grant.model, grant.model),
            "action": lambda grant, _: "All" if grant.action == WILDCARD else action_label(grant.action),
            "fields": lambda grant, _: grant.fields.replace(",", ", ") or "All",
            "scope": lambda grant, _: self._called(grant) or "All",
        }

    def _called(self, grant: RoleGrant) -> str:
        """Return what the rows are called to which a grant is limited, "" for no limit."""
        kind = site_of(self).grantable.kinds.get(grant.model)
        return kind.scopes.get(grant.scope, grant.scope) if kind else grant.scope

    def form_description(self) -> Description:
        """Offer the models of the site, what can be done to them, and to which rows."""
        grantable = site_of(self).grantable
        scopes = {
            name: f"{kind.name}: {label}"
            for kind in grantable.kinds.values()
            for name, label in kind.scopes.items()
        }
        offered = {
            "model": grantable.models,
            "action": grantable.actions,
            "scope": {"": "All rows", **scopes},
        }
        choices = {name: _choices(words) for name, words in offered.items()}
        fields = (
            replace(field, kind=Kind.CHOICE, choices=choices[field.name]) if field.name in choices else field
            for field in self.description.fields
        )
        return replace(self.description, fields=tuple(fields))


def _choices(words: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(text, label, text) for text, label in words.items())
