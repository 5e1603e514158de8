"""Saving what was changed of a role's rights: through the services and guards of every other change."""

from sqlalchemy import select

from admin_site.admin.pages.role_matrix.proposal import Proposal
from admin_site.admin.pages.role_matrix.subject import SECOND_FACTOR, Subject
from admin_site.errors import Conflict, Forbidden
from admin_site.models import RoleGrant
from admin_site.permissions import Action, as_fields
from admin_site.services import records

GONE = "Somebody else changed these rights at the same moment. Open the page again."


def apply(subject: Subject, proposal: Proposal) -> None:
    """Make changes to a role, in the transaction of its visit.

    Raises Forbidden, Invalid, Conflict or PasswordNeeded; then nothing may be committed.
    """
    visit, description = subject.visit, subject.grants_view.description
    stored = _stored(subject, proposal)
    gone = [stored[change.cell] for change in proposal.changes if change.new is None]
    _require(subject, Action.DELETE, gone)
    if gone:
        records.delete_all(visit.session, visit.identity, description, gone)
    for change in proposal.changes:
        if change.new is None:
            continue
        limits = {"fields": as_fields(change.new.fields), "scope": change.new.scope}
        if change.old is None:
            model, action = change.cell
            values = {"role": subject.role, "model": model, "action": action, **limits}
            records.create(visit.session, visit.identity, description, values)
        else:
            _require(subject, Action.EDIT, [stored[change.cell]])
            records.update(visit.session, visit.identity, description, stored[change.cell], limits)
    if proposal.sets_second_factor(subject):
        values = {SECOND_FACTOR: proposal.second_factor}
        records.update(visit.session, visit.identity, subject.view.description, subject.role, values)


def _stored(subject: Subject, proposal: Proposal) -> dict[tuple[str, str], RoleGrant]:
    """Return the grants that are changed or deleted, by their cells."""
    keys = [subject.keys[change.cell] for change in proposal.changes if change.old is not None]
    found = subject.visit.session.scalars(select(RoleGrant).where(RoleGrant.grant_id.in_(keys)))
    stored = {(grant.model, grant.action): grant for grant in found}
    if len(stored) != len(keys):
        raise Conflict(GONE)
    return stored


def _require(subject: Subject, action: str, grants: list[RoleGrant]) -> None:
    """Raise Forbidden where a rule of the view keeps one of the grants as it is."""
    if not all(subject.grants_view.allows(subject.visit.request, action, grant) for grant in grants):
        raise Forbidden("You may not change some of these rights.")
