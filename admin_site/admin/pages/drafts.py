"""Drafts of forms: they are kept while people type, offered when a form is opened again, and discarded."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from admin_site.admin.forms import DRAFT
from admin_site.admin.held import HeldForm
from admin_site.admin.kept_forms import (
    CHANGED,
    RESTORE,
    KeptForm,
    form_at,
    form_here,
    other_owner,
    owner_mark,
    restore_url,
)
from admin_site.admin.pages import comebacks
from admin_site.admin.visit import Visit
from admin_site.errors import AdminSiteError, BadRequest, Conflict, Invalid, NotFound
from admin_site.services.drafts import (
    MAX_SIZE,
    TOO_LARGE,
    Kept,
    discard_draft,
    drafts_of,
    find_draft,
    keep_draft,
)

LINKED = 3  # drafts, on the home page
ADDRESS, FIELDS, DISCARD = "address", "fields", "discard"
NOT_YOURS = "Somebody else opened this form. Open it again, and what you type is kept."


def change_draft(visit: Visit) -> Response:
    """Keep what was typed into a form, or forget it; only ever the draft of the person who asks."""
    form = form_at(visit.site, visit.request, _posted(visit, ADDRESS))
    if DISCARD in visit.form:
        discard_draft(visit.session, visit.identity, form.address)
        visit.session.commit()
        if "application/json" in visit.request.headers.get("accept", ""):
            return JSONResponse({"kept": False})
        return visit.go(form.address, "What was not saved is discarded.")
    fields = _posted_fields(visit)
    _require(visit, form, fields)
    changed = _posted(visit, CHANGED)
    count = [(CHANGED, changed)] if changed.isdecimal() and len(changed) < 5 else []
    keep_draft(visit.session, visit.identity, form.address, [*form.keepable(fields), *count])
    visit.session.commit()
    return JSONResponse({"kept": True})


def give_back(visit: Visit, held: HeldForm) -> str:
    """Keep a form that was held for the person who has signed in, and return the address where it goes on.

    Nothing is kept of a form that they may not save, about which the page at that address has words, or that
    was opened by somebody else: what one person typed is not for the next one at the same browser.
    """
    try:
        form = form_at(visit.site, visit.request, held.address)
        fields = form.keepable(held.fields)
        _require(visit, form, fields)
        keep_draft(visit.session, visit.identity, form.address, fields, replaces=True)
        visit.session.commit()
    except AdminSiteError:
        visit.session.rollback()
        return held.address
    return restore_url(form.address)


def _require(visit: Visit, form: KeptForm, fields: list[tuple[str, str]]) -> None:
    """Raise unless the person who asks may save the form, or could when its page was made for them.

    A record may be deleted while its form is open; what was typed is not lost with it.
    """
    if other_owner(visit, dict(fields)) is not None:
        raise Conflict(NOT_YOURS)
    try:
        form.require(visit)
    except NotFound:
        if not form.key or not comebacks.was_shown(visit, form.view, form.key, dict(fields)):
            raise


def begin(visit: Visit) -> Kept | None:
    """Return the draft of the form at this address, if there is one and the form is only shown.

    Where the address asks for it, the form holds what was typed, as if that had been posted.
    """
    if visit.is_post or visit.in_dialog:
        return None
    form = form_here(visit.site, visit.request)
    if form is None:
        return None
    draft = find_draft(visit.session, visit.identity, form.address)
    if draft is not None and visit.request.query_params.get(DRAFT) == RESTORE:
        visit.form = FormData([pair for pair in draft.fields if pair[0] != CHANGED])
    return draft


def end(visit: Visit) -> None:
    """Forget the draft of a form that is being saved, which its page names where there is one."""
    if address := _posted(visit, DRAFT):
        discard_draft(visit.session, visit.identity, address)


def notice(visit: Visit, draft: Kept | None) -> dict[str, Any]:
    """Return what the page of a form knows of its draft: `draft` is what `begin` found."""
    form, base = form_here(visit.site, visit.request), visit.site.base_path(visit.request)
    about: dict[str, Any] = {
        # No draft is kept of what is typed into a dialog, which asks before it closes.
        "url": "" if visit.in_dialog or form is None else f"{base}/drafts",
        "address": form.address if form else "",
        "sign_in_url": f"{base}/login",
        "owner": owner_mark(visit),
        "is_kept": bool(visit.form.get(DRAFT)),
        "offered": None,
        "restored": None,
    }
    if draft is None or form is None:
        return about
    fields = dict(draft.fields)
    told = {
        "kept_at": draft.kept_at.isoformat(),
        "kept_at_text": f"{draft.kept_at.astimezone(visit.zone):%Y-%m-%d %H:%M}",
        "changed": int(fields.get(CHANGED, 0)),
        "left_out": form.left_out,
        "restore_url": restore_url(form.address),
    }
    if visit.form:
        return about | {"is_kept": True, "restored": told}
    return about | {"offered": told}


@dataclass(frozen=True)
class Unsaved:
    """What a person typed and has not saved, in words, with links to the latest forms."""

    text: str
    links: list[dict[str, str]]


def unsaved(visit: Visit) -> Unsaved:
    """Return what the person who asks has not saved anywhere.

    One query tells the addresses. The names of the few records that are linked are read, too, so that
    nobody is shown one they may no longer see.
    """
    drafts = drafts_of(visit.session, visit.identity)
    links = [link for kept in drafts[:LINKED] if (link := _link(visit, kept)) is not None]
    text = "You have an unsaved draft:" if len(drafts) == 1 else f"You have {len(drafts)} unsaved drafts:"
    return Unsaved(text if len(drafts) <= LINKED else f"{text[:-1]}, the latest of them:", links)


def _link(visit: Visit, kept: Kept) -> dict[str, str] | None:
    try:
        form = form_at(visit.site, visit.request, kept.address)
        form.require(visit)
        record = visit.within_scope(form.view, form.key) if form.key else None
    except AdminSiteError:
        return None
    what = form.view.name_plural if form.has_rows else f"Add {form.view.name.lower()}"
    return {"url": kept.address, "label": visit.label(record) if record is not None else what}


def _posted_fields(visit: Visit) -> list[tuple[str, str]]:
    text = _posted(visit, FIELDS)
    if len(text) > 8 * MAX_SIZE:
        raise Invalid({"": TOO_LARGE})
    try:
        pairs = json.loads(text)
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
        raise BadRequest("A draft is a list of names and texts. Nothing was kept.")
    return [(name, value) for name, value in pairs]


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


def _posted(visit: Visit, name: str) -> str:
    value = visit.form.get(name, "")
    return value if isinstance(value, str) else ""
