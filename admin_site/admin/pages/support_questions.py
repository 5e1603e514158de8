"""The questions of the support desk: each deed is asked about, then done by a POST."""

from starlette.responses import Response

from admin_site.admin.pages.support_deeds import (
    DEEDS,
    SEND_LINK,
    SHOW,
    Deed,
    address_of,
    may_show_link,
    sends_mail,
)
from admin_site.admin.support_desk import desk_url, desk_view
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import Invalid, NotFound
from admin_site.models import User
from admin_site.services.powers import check_beforehand
from admin_site.services.viewing import MAX_REASON, stop_viewing

BY_MAIL = (
    "{person} is signed out everywhere and earlier links stop working. A link with which they choose a new "
    "password is sent to {address}; it works once, within an hour."
)


def do_deed(visit: Visit) -> Response:
    """Ask about a deed, then do it."""
    deed = DEEDS.get(visit.request.path_params["deed"])
    if deed is None:
        raise NotFound("There is no such page at the support desk.")
    view = desk_view(visit)
    user = visit.record(
        view, deed.action, str(visit.request.path_params["pk"]), lock=visit.is_post and deed.is_locking
    )
    if not visit.is_post:
        check_beforehand(visit.session, visit.identity, deed.action, user)
        return _question(visit, view, deed, user)
    try:
        return deed.run(visit, view, user)
    except Invalid as refusal:
        visit.session.rollback()
        user = visit.record(view, deed.action, str(visit.request.path_params["pk"]))
        return _question(visit, view, deed, user, refusal.errors.get("reason", str(refusal)))


def stop_looking(visit: Visit) -> Response:
    """Let somebody who sees the site as somebody else does be themselves again."""
    seen = stop_viewing(visit.session, visit.identity)
    visit.session.commit()
    if seen is None:
        return visit.greet(f"{visit.site.base_path(visit.request)}/", "You see the site as yourself.")
    page = desk_url(visit.site, visit.request, str(seen.user_id))
    return visit.greet(page, "You see the site as yourself again.")


def _question(visit: Visit, view: AdminView, deed: Deed, user: User, error: str = "") -> Response:
    is_mailed = deed.slug == SEND_LINK and sends_mail(visit)
    words = BY_MAIL if is_mailed else deed.question
    key, person = view.key(user), visit.label(user)
    return visit.page(
        "support_deed.html",
        status=400 if error else 200,
        title=deed.title.replace("{person}", person),
        person=person,
        text=words.replace("{person}", person).replace("{address}", address_of(visit, view, user)),
        deed=deed,
        button_label=deed.button or deed.label,
        reason=str(visit.form.get("reason", ""))[:MAX_REASON],
        most=MAX_REASON,
        error=error,
        show_instead=SHOW if is_mailed and may_show_link(visit, view) else "",
        desk_url=desk_url(visit.site, visit.request),
        back_url=desk_url(visit.site, visit.request, key),
        action_url=desk_url(visit.site, visit.request, key, deed.slug),
    )
