"""A form that is sent twice: saved once, and answered the second time as the first."""

from starlette.responses import Response

from admin_site.admin.visit import Page, Visit
from admin_site.errors import AdminSiteError, Conflict
from admin_site.services.constraints import BUSY
from admin_site.services.submissions import Repeated, Saved, find_saved

REFUSED = 400  # and above: nothing was saved


def answer_once(visit: Visit, page: Page) -> Response:
    """Return the answer of a page, or the first one to the form that was sent.

    Of two that are sent at once the second fails, by whatever rule it breaks first or by keeping the same
    name: it is then answered as the first, which has been saved by then. A form that comes from a page saved
    before, but with something else in it, is for its page to answer, which finds `visit.earlier`.
    """
    if not visit.is_post or visit.request.state.identity is None or not visit.posted_nonce:
        return page(visit)
    if (first := _first_answer(visit)) is not None:
        return first
    refusal: Exception
    try:
        response = page(visit)
    except (AdminSiteError, Repeated) as error:
        refusal = error
    else:
        if response.status_code < REFUSED:
            return response
        return _after_refusal(visit) or response
    visit.session.rollback()
    if (first := _after_refusal(visit)) is not None:
        return first
    raise refusal if isinstance(refusal, AdminSiteError) else Conflict(BUSY)


def _first_answer(visit: Visit) -> Response | None:
    """Return the answer to the same form before; notes in `visit` if it had something else in it."""
    saved = find_saved(visit.session, visit.identity.user_id, visit.posted_nonce)
    if saved is None or saved.digest != visit.digest:
        visit.earlier = saved
        return None
    return _repeat(visit, saved)


def _after_refusal(visit: Visit) -> Response | None:
    """Return the answer that another request got for the same form while this one was refused."""
    saved = find_saved(visit.session, visit.identity.user_id, visit.posted_nonce)
    if saved is None or saved.digest != visit.digest:
        return None
    visit.session.rollback()
    return _repeat(visit, saved)


def _repeat(visit: Visit, saved: Saved) -> Response:
    return visit.greet(saved.address, saved.message, saved.changed, saved.key)
