"""Doing something to all records that are selected in a list: what it would do, then the deed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import RedirectResponse, Response

from admin_site import audit
from admin_site.admin.bulk_deeds import ActionDeed, Deed, SqladminDeed
from admin_site.admin.bulk_deletion import Deletion
from admin_site.admin.consent import Unagreed, Untyped
from admin_site.admin.hindrances import Hindered
from admin_site.admin.pages.bulk_question import Question, gone_words
from admin_site.admin.selection import DELETE, DO, PAGE, Selection
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.audit.acts import act_of
from admin_site.errors import AdminSiteError, BadRequest, Conflict, Forbidden, Invalid, NotFound
from admin_site.permissions import Action
from admin_site.security.tokens import Seal
from admin_site.services.guards import note_refusal

SURE, PROGRESS = ":sure", ":progress"  # the names of the form's fields
NO_STEP = "This is no step of what you agreed to. Begin again from the list."


def act_on_many(visit: Visit) -> Response:
    """Say what something would do to the records that are selected; when that is agreed to, do it."""
    view = visit.view(Action.LIST)
    if not visit.is_post:
        return RedirectResponse(visit.list_url(view, visit.query(view, visit.asked()[1])), status_code=303)
    deed = _deed(visit, view)
    visit.view(deed.right)
    selection = Selection.of(visit, view)
    if visit.form.get(SURE):
        return _Performance(visit, view, deed, selection).answer()
    return Question(visit, view, deed, selection).page()


def _deed(visit: Visit, view: AdminView) -> Deed:
    name = str(visit.form.get(DO, ""))
    if name == DELETE:
        return Deletion(visit, view)
    slug = name.removeprefix("action:")
    if slug in view.bulk_actions:
        return ActionDeed(visit, view, view.bulk_actions[slug])
    if slug in view._custom_actions_in_list:
        return SqladminDeed(visit, view, slug)
    raise NotFound(f"There is no action “{name[:100]}” for many {view.name_plural.lower()} here.")


@dataclass(frozen=True)
class _Progress:
    """How far it has come: `done` of `total` records, under one number in the audit trail."""

    change_set_id: uuid.UUID
    done: int
    total: int

    @classmethod
    def of(cls, visit: Visit, seal: Seal, selection: Selection) -> "_Progress":
        """Return what the form says, which is the first step where it says nothing; raises BadRequest."""
        text = str(visit.form.get(PROGRESS, ""))
        if not text:
            return cls(act_of(visit.session).change_set_id, 0, len(selection.keys))
        try:
            change_set_id, done, total, keys = seal.read(text)
        except ValueError:
            raise BadRequest(NO_STEP) from None
        if keys != _digest(seal, selection):
            raise BadRequest(NO_STEP)
        return cls(uuid.UUID(change_set_id), done, total)

    def signed(self, seal: Seal, rest: Selection) -> str:
        return seal.sign([self.change_set_id.hex, self.done, self.total, _digest(seal, rest)])


class _Performance:
    """The deed, or a step of it."""

    def __init__(self, visit: Visit, view: AdminView, deed: Deed, selection: Selection) -> None:
        self._visit = visit
        self._view = view
        self._deed = deed
        self._selection = selection
        self._seal = visit.site.seals.about("many", str(visit.identity.user_id), view.identity, deed.name)
        self._progress = _Progress.of(visit, self._seal, selection)

    def answer(self) -> Response:
        visit, deed = self._visit, self._deed
        audit.attribute(
            visit.session, replace(act_of(visit.session), change_set_id=self._progress.change_set_id)
        )
        try:
            records = self._selection.first().records(lock=True)
            if known := deed.known(records):
                raise Hindered(known)
            self._require_all(records)
            self._require_agreement()
            if isinstance(deed, SqladminDeed):
                return deed.answer(records)
            deed.run(records)
            answer = self._next(len(records))
            visit.commit(self._view)
        except (Hindered, Unagreed, Untyped, Conflict, Forbidden, Invalid) as error:
            return self._refuse(error)
        deed.after(records)
        return answer

    @property
    def _is_first(self) -> bool:
        return self._progress.done == 0

    def _require_agreement(self) -> None:
        if self._is_first:
            self._deed.require_agreement(self._selection)
        else:
            self._deed.require_again()

    def _require_all(self, records: Sequence[Any]) -> None:
        """Raise Unagreed when fewer records are there than agreed to; a later step takes what is left."""
        missing = len(self._selection.first().keys) - len(records)
        if missing and self._is_first:
            raise Unagreed(gone_words(missing))

    def _next(self, number: int) -> Response:
        """Return the answer when so many more are done: the end, or the page that goes on."""
        rest, done = self._selection.rest(), self._progress.done + number
        list_url = self._visit.list_url(self._view, self._selection.query)
        if not rest.keys:
            return self._visit.go(list_url, self._deed.done(done))
        progress = replace(self._progress, done=done)
        return self._visit.page(
            "bulk_progress.html",
            title=f"{self._deed.label}: {self._deed.counted(progress.total)}",
            view=self._view,
            list_url=list_url,
            action_url=self._visit.list_url(self._view, rest.query, PAGE),
            done=done,
            total=progress.total,
            deed={"name": self._deed.name},
            keys=rest.text,
            progress=progress.signed(self._seal, rest),
        )

    def _refuse(self, error: Exception) -> Response:
        """Ask again, or say what stands in the way; what earlier steps did stays done."""
        visit, progress = self._visit, self._progress
        visit.session.rollback()
        self._note(error)
        done = "" if self._is_first else f"{progress.done:,} of {progress.total:,} are done already."
        return Question(visit, self._view, self._deed, self._selection).again(error, done)

    def _note(self, error: Exception) -> None:
        """Record what was refused for want of a right."""
        refusals: list[tuple[AdminSiteError, str]] = []
        if isinstance(error, Forbidden):
            refusals.append((error, self._visit.request.url.path))
        elif isinstance(error, Hindered):
            lacking = (each for each in error.hindrances if each.is_forbidden)
            refusals += [(Forbidden(each.reason), each.label) for each in lacking]
        for refusal, label in refusals:
            note_refusal(self._visit.session, refusal, label=label)
        if refusals:
            self._visit.session.commit()


def _digest(seal: Seal, selection: Selection) -> str:
    return seal.digest(selection.text.encode())
