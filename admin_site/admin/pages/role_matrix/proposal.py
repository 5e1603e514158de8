"""Changes that somebody wants to make to a role's rights, before they are saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from admin_site.admin.grant_matrix import (
    Change,
    Held,
    as_facts,
    from_facts,
    name_of_cell,
    rebased,
)
from admin_site.admin.pages.role_matrix.form import INCOMPLETE, NOT_HELD
from admin_site.admin.pages.role_matrix.subject import Subject
from admin_site.admin.pages.role_matrix.words import in_words
from admin_site.errors import BadRequest, Forbidden, Invalid
from admin_site.models import RoleGrant
from admin_site.permissions import as_fields, may_grant
from admin_site.services.grants import check_grant

NOT_THE_SECOND_FACTOR = "You may not change who has to have a second factor."


@dataclass(frozen=True)
class Proposal:
    """Changes to cells, and to who has to have a second factor: None leaves that as it is."""

    changes: Sequence[Change]
    second_factor: bool | None

    def is_empty(self, subject: Subject) -> bool:
        return not self.changes and not self.sets_second_factor(subject)

    def sets_second_factor(self, subject: Subject) -> bool:
        return self.second_factor not in (None, subject.role.requires_second_factor)

    def on_top_of(self, now: Held) -> "Proposal":
        """Return what is left to do where the role holds something else by now."""
        return Proposal(rebased(self.changes, now), self.second_factor)

    def require_allowed(self, subject: Subject) -> None:
        """Raise Forbidden for what the editor may not do, Invalid by cell for what cannot be granted."""
        if self.second_factor is not None and not subject.may_set_second_factor:
            raise Forbidden(NOT_THE_SECOND_FACTOR)
        errors: dict[str, str] = {}
        for change in self.changes:
            if change.new is None:
                continue
            (model, action), left = change.cell, change.new
            if not may_grant(subject.visit.identity, model, action, left.fields, left.scope):
                raise Forbidden(NOT_HELD.format(right=in_words(subject.grantable, change.cell, left)))
            grant = RoleGrant(model=model, action=action, fields=as_fields(left.fields), scope=left.scope)
            try:
                check_grant(subject.visit.session, grant)
            except Invalid as refusal:
                errors[name_of_cell(change.cell)] = " ".join(refusal.errors.values())
        if errors:
            raise Invalid(errors)

    def facts(self) -> dict[str, Any]:
        """Return what a page carries of the changes."""
        return {
            "old": as_facts({change.cell: change.old for change in self.changes}),
            "new": as_facts({change.cell: change.new for change in self.changes}),
            "second_factor": self.second_factor,
        }


def read_proposal(subject: Subject) -> tuple[Proposal, str]:
    """Return the changes that were reviewed, and the digest of what was shown of them."""
    try:
        facts = subject.seal.read(str(subject.visit.form.get(":reviewed", "")))
        old, new = from_facts(facts["old"]), from_facts(facts["new"])
        changes = [Change(cell, old[cell], new[cell]) for cell in old]
        return Proposal(changes, facts["second_factor"]), facts["shown"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadRequest(INCOMPLETE) from error
