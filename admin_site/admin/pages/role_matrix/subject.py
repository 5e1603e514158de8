"""The role that a matrix is about: what it holds, who has it, and whether its rights may be changed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select

from admin_site.admin.associations import names_of
from admin_site.admin.grant_matrix import Cell, Granted, Limits, held_by, parted
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import describe
from admin_site.errors import Forbidden, NotFound
from admin_site.keys import Scope, encode_key
from admin_site.models import Role, RoleGrant, User, user_roles
from admin_site.permissions import Action, Grantable, allows
from admin_site.security.tokens import Seal
from admin_site.services.powers import why_not
from admin_site.services.who_gains import Crowd, holders

SECOND_FACTOR = "requires_second_factor"
NOT_SEEN = "You may not see which rights roles hold."
NOT_CHANGED = "You may see the rights of roles, but not change them."
LOOKING = "You see the site as somebody else does: nothing can be changed."

_CHANGES = (Action.CREATE, Action.EDIT, Action.DELETE)


@dataclass(frozen=True)
class Subject:
    """A role, the views of it and of its grants, and why nothing of it may be changed ("": it may)."""

    visit: Visit
    view: AdminView
    grants_view: AdminView
    role: Role
    name: str
    keys: dict[Cell, int]
    held: dict[Cell, Limits]
    reason: str

    @property
    def key(self) -> str:
        return self.view.key(self.role)

    @property
    def grantable(self) -> Grantable:
        return self.visit.site.grantable

    @cached_property
    def granted(self) -> Granted:
        return parted(self.held, self.grantable)

    @property
    def seal(self) -> Seal:
        """What signs the facts that the pages about this role carry, for this person alone."""
        return self.visit.site.seals.about("permissions", str(self.visit.identity.user_id), self.key)

    # -- the second factor ---------------------------------------------------------------------------------

    @cached_property
    def shows_second_factor(self) -> bool:
        return SECOND_FACTOR not in self.visit.withheld(self.view, Action.DETAILS, self.role)

    @cached_property
    def may_set_second_factor(self) -> bool:
        """Return whether it may be changed who has to have one; that is a field of the role."""
        if self.reason or not self.shows_second_factor:
            return False
        if not self.view.allows(self.visit.request, Action.EDIT, self.role):
            return False
        return SECOND_FACTOR not in self.visit.withheld(self.view, Action.EDIT, self.role)

    # -- who has the role ----------------------------------------------------------------------------------

    @cached_property
    def may_see_people(self) -> bool:
        """Return whether this person may know who has the role."""
        visit = self.visit
        of_role = visit.withheld(self.view, Action.DETAILS, self.role)
        return visit.may_list(User) and "users" not in of_role and "roles" not in visit.withheld_of(User)

    @property
    def people_scope(self) -> Scope | None:
        return self.visit.scope_of(User)

    @cached_property
    def is_own(self) -> bool:
        """Return whether the person who looks has the role."""
        mine = user_roles.c.user_id == self.visit.identity.user_id
        statement = select(user_roles.c.role_id).where(mine, user_roles.c.role_id == self.role.role_id)
        return self.visit.session.scalar(statement) is not None

    def people(self) -> dict[str, Any] | None:
        """Return who has the role, in words; None where this person may not know."""
        if not self.may_see_people:
            return None
        crowd = holders(self.visit.session, self.role, self.people_scope)
        return {**self.told(crowd), "is_part": self.people_scope is not None, "url": self._people_url()}

    def told(self, crowd: Crowd) -> dict[str, Any]:
        """Return how many people there are, the names of the first, and how many more there are."""
        names = names_of(self.visit, crowd.first)
        people = [
            {"name": name, "url": self.visit.record_url(user)}
            for name, user in zip(names, crowd.first, strict=True)
        ]
        return {"number": crowd.number, "first": people, "more": crowd.number - len(people)}

    def _people_url(self) -> str:
        view = self.visit.site.view_of(User)
        if view is None or "roles" not in view.listing.filters:
            return ""
        description = describe(Role)
        return self.visit.url(view, "list", roles=encode_key(description, description.key_of(self.role)))


def subject_of(visit: Visit) -> Subject:
    """Return the role that the URL names.

    Raises NotFound, or Forbidden for who may not see all of the rights that roles hold.
    """
    view, grants_view = visit.site.view_of(Role), visit.site.view_of(RoleGrant)
    if (
        view is None
        or grants_view is None
        or visit.site.find_view(visit.request.path_params["identity"]) is not view
    ):
        raise NotFound("There is no such page.")
    visit.view(Action.DETAILS)
    is_saved = visit.is_post and visit.form.get("do") == "save"
    role = visit.record(view, Action.DETAILS, visit.request.path_params["pk"], lock=is_saved)
    if not may_see_rights(visit, view, grants_view, role):
        raise Forbidden(NOT_SEEN)
    columns = RoleGrant.grant_id, RoleGrant.model, RoleGrant.action, RoleGrant.fields, RoleGrant.scope
    rows = visit.session.execute(select(*columns).where(RoleGrant.role_id == role.role_id)).all()
    return Subject(
        visit,
        view,
        grants_view,
        role,
        visit.label(role),
        {(row.model, row.action): row.grant_id for row in rows},
        held_by(rows),
        _why_fixed(visit, grants_view, role),
    )


def may_see_rights(visit: Visit, view: AdminView, grants_view: AdminView, role: Role) -> bool:
    """Return whether somebody may see every right of a role: a matrix with gaps would say what is not so."""
    return grants_view.shows_everything(visit.identity) and "grants" not in visit.withheld(
        view, Action.DETAILS, role
    )


def _why_fixed(visit: Visit, grants_view: AdminView, role: Role) -> str:
    """Return why the rights of a role may not be changed, "" when they may."""
    identity = visit.identity
    if identity.viewer is not None:
        return LOOKING
    may_change = all(
        grants_view.permits(identity, action) and allows(identity, action, grants_view.identity)
        for action in _CHANGES
    )
    return why_not(visit.session, identity, Action.EDIT, role) if may_change else NOT_CHANGED
