"""The rights of a role as a matrix of models and actions, changed after a look at whom it concerns."""

from starlette.responses import Response

from admin_site.admin.grant_matrix import changes_between
from admin_site.admin.pages.role_matrix.form import INCOMPLETE, Draft, Page, page_of, read_draft
from admin_site.admin.pages.role_matrix.proposal import Proposal, read_proposal
from admin_site.admin.pages.role_matrix.review import review, save
from admin_site.admin.pages.role_matrix.rows import matrix
from admin_site.admin.pages.role_matrix.subject import Subject, subject_of
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, Forbidden, Invalid

NOTHING_CHANGED = "Nothing is changed yet. Tick what people with this role may do, or take ticks away."
CHANGED_MEANWHILE = (
    "Somebody else changed this role since you opened it. What follows are your changes on top of theirs."
)


def edit_permissions(visit: Visit) -> Response:
    """Show what a role may do; then what a change would mean, and then save it."""
    subject = subject_of(visit)
    if not visit.is_post:
        page = page_of(subject)
        return _show(subject, page, Draft.stored(subject, page))
    if subject.reason:
        raise Forbidden(subject.reason)
    steps = {"review": _review, "save": save, "back": _back}
    step = str(visit.form.get("do", ""))
    if step in steps:
        return steps[step](subject)
    if ":open" in visit.form:
        page = page_of(subject)
        draft = read_draft(subject, page)
        return _show(subject, page, draft, opened=str(visit.form[":open"]))
    raise BadRequest(INCOMPLETE)


def _review(subject: Subject) -> Response:
    """Show what the ticks of the form would change, or the form again with what is wrong in it."""
    page = page_of(subject)
    draft = read_draft(subject, page)
    if draft.problems:
        return _show(subject, page, draft, status=400)
    second_factor = draft.second_factor if draft.second_factor != draft.had_second_factor else None
    wanted = Proposal(changes_between(draft.base, draft.wanted), second_factor)
    proposal = wanted.on_top_of(subject.held)
    if proposal.is_empty(subject):
        draft.problems[""] = NOTHING_CHANGED
        return _show(subject, page, draft, status=400)
    try:
        proposal.require_allowed(subject)
    except Invalid as refusal:
        draft.problems |= refusal.errors
        return _show(subject, page, draft, status=400)
    return review(subject, proposal, CHANGED_MEANWHILE if page.has_moved(draft) else "")


def _back(subject: Subject) -> Response:
    """Show the form with the changes that were reviewed, and not saved."""
    proposal, _ = read_proposal(subject)
    page = page_of(subject)
    return _show(subject, page, Draft.proposed(subject, page, proposal.changes, proposal.second_factor))


def _show(subject: Subject, page: Page, draft: Draft, *, opened: str = "", status: int = 200) -> Response:
    visit = subject.visit
    return visit.page(
        "role_matrix.html",
        status=status,
        title=f"Permissions of {subject.name}",
        view=subject.view,
        name=subject.name,
        record_url=visit.record_url(subject.role),
        list_url=visit.url(subject.view, "list"),
        action_url=page.url,
        reason=subject.reason,
        people=subject.people(),
        **matrix(subject, page, draft, opened),
    )
