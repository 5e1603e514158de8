"""Changes of a role's rights as they are asked about before they are saved: what changes, and for whom."""

from typing import Any

from starlette.responses import Response

from admin_site.admin.pages.role_matrix.form import page_of
from admin_site.admin.pages.role_matrix.outcome import Outcome
from admin_site.admin.pages.role_matrix.proposal import Proposal, read_proposal
from admin_site.admin.pages.role_matrix.saving import apply
from admin_site.admin.pages.role_matrix.subject import Subject

MOVED = (
    "The role, or who has it, changed while you looked at this. Nothing is saved yet: this is how it would "
    "be now."
)
DONE_ALREADY = "The role is like this already."


def review(subject: Subject, proposal: Proposal, notice: str = "", status: int = 200) -> Response:
    """Show what changes for whom, and ask."""
    visit, outcome = subject.visit, Outcome(subject, proposal)
    return visit.page(
        "role_matrix_review.html",
        status=status,
        title=f"Change the permissions of {subject.name}?",
        view=subject.view,
        name=subject.name,
        list_url=visit.url(subject.view, "list"),
        action_url=page_of(subject).url,
        notice=notice,
        groups=outcome.groups(),
        people=_people(subject, outcome),
        is_own=subject.is_own,
        changes_rights=bool(proposal.changes),
        second_factor=outcome.second_factor(),
        sealed=subject.seal.sign({**proposal.facts(), "shown": outcome.digest}),
    )


def save(subject: Subject) -> Response:
    """Make the changes that were reviewed, or show them again where the role is another by now."""
    visit, url = subject.visit, page_of(subject).url
    reviewed, shown = read_proposal(subject)
    proposal = reviewed.on_top_of(subject.held)
    proposal.require_allowed(subject)
    if proposal.is_empty(subject):
        return visit.greet(url, DONE_ALREADY)
    if Outcome(subject, proposal).digest != shown:
        return review(subject, proposal, MOVED, status=409)
    apply(subject, proposal)
    response = visit.go(url, f"The permissions of {subject.name} are changed.")
    visit.commit(subject.view)
    return response


def _people(subject: Subject, outcome: Outcome) -> dict[str, Any] | None:
    """Return who has the role; None where this person may not know."""
    if not subject.may_see_people:
        return None
    return {"number": outcome.holders.number, "is_part": subject.people_scope is not None}
