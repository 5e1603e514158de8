"""Deleting a record: what it would do, then the deed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.responses import Response

from admin_site.admin.associations import name_of
from admin_site.admin.consent import (
    SEEN,
    TYPED,
    UNREADABLE,
    Consent,
    Unagreed,
    Untyped,
    is_typed,
    needs_typing,
    to_type,
)
from admin_site.admin.consequences import (
    Consequences,
    consequences_for,
    gone_with,
    lowered,
    number_text,
)
from admin_site.admin.loss_tree import LossTree
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import Conflict, Forbidden, Invalid
from admin_site.permissions import Action
from admin_site.services import records
from admin_site.services.constraints import BUSY
from admin_site.services.deletion import Effect
from admin_site.services.powers import check_beforehand, why_not

BLOCKED = "Other records need it. Delete those first, or move them elsewhere."
BLOCKED_UNSEEN = "Some records that you may not see need it."
WRONG = "This is not what is asked for. Nothing was deleted."
NOTES = {
    Effect.DELETED: "Some records that you may not see go with it.",
    Effect.CLEARED: "Some records that you may not see lose their reference to it.",
}


def delete_record(visit: Visit) -> Response:
    """Say what deleting would do; a POST then does it, if it still does what was said."""
    view = visit.view(Action.DELETE)
    key = visit.request.query_params.get("pks", "")
    record = visit.record(view, Action.DELETE, key)
    if not visit.is_post:
        return _question(visit, view, record).page()
    label = visit.label(record)
    try:
        gone = gone_with(_delete(visit, view, record))
        with_it = f", and with it {gone}" if gone else ""
        answer = visit.go(visit.url(view, "list"), f"{view.name} “{label}” was deleted{with_it}.")
        visit.commit(view)
    except (Conflict, Invalid, Unagreed, Untyped) as error:
        visit.session.rollback()
        return _question(visit, view, visit.record(view, Action.DELETE, key)).again(error)
    view.notify("after_model_delete", record, visit.request)
    return answer


def _delete(visit: Visit, view: AdminView, record: Any) -> Consequences:
    """Delete a record, if the person has agreed to what that does; return what has gone with it."""
    found: list[Consequences] = []

    def agree() -> None:
        found.append(consequences_for(visit, record, is_locking=True))
        _Question(visit, view, record, found[-1]).require_agreement()
        view.notify("on_model_delete", record, visit.request)

    records.delete(visit.session, visit.identity, view.description, record, agree=agree)
    return found[-1]


def _question(visit: Visit, view: AdminView, record: Any) -> "_Question":
    return _Question(visit, view, record, consequences_for(visit, record))


@dataclass
class _Question:
    """Whether to delete a record, asked of one person."""

    visit: Visit
    view: AdminView
    record: Any
    found: Consequences

    @cached_property
    def _label(self) -> str:
        return name_of(self.visit, self.record)

    @cached_property
    def _consent(self) -> Consent:
        return Consent(self.visit, self.view, self.view.key(self.record), self._label)

    def require_agreement(self) -> None:
        """Raise unless the person may do it, nothing stands in the way, and they have agreed to all of it."""
        check_beforehand(self.visit.session, self.visit.identity, Action.DELETE, self.record)
        if refusal := " ".join(self.found.refusals):
            raise Forbidden(refusal)
        if self.found.is_blocked:
            raise Conflict(self._why_blocked)
        if objection := self._consent.objection(self._posted(SEEN), self.found):
            raise Unagreed(objection)
        if needs_typing(self.found) and not is_typed(self._posted(TYPED), to_type(self.found, self._label)):
            raise Untyped

    def again(self, error: Exception) -> Response:
        """Ask once more, after an answer that could not be followed."""
        if isinstance(error, Untyped):
            return self.page(400, typed=self._posted(TYPED), typing_error=WRONG)
        if str(error) == BUSY:
            return self.page(409, objection=BUSY)
        if isinstance(error, Unagreed):
            return self.page(400 if str(error) == UNREADABLE else 409, objection=str(error))
        return self.page(409, refusal=str(error))

    def page(
        self,
        status: int = 200,
        *,
        refusal: str = "",
        objection: str = "",
        typed: str = "",
        typing_error: str = "",
    ) -> Response:
        """Say what deleting would do and what stands in its way: `refusal`, or what is found."""
        visit, view, found = self.visit, self.view, self.found
        known = why_not(visit.session, visit.identity, Action.DELETE, self.record)
        tree = LossTree(visit, [self.record], found)
        return visit.page(
            "delete.html",
            status=status,
            title=f"Delete {self._label}",
            view=view,
            record={"label": self._label},
            list_url=visit.url(view, "list") if view.allows(visit.request, Action.LIST) else None,
            reason=refusal or known or " ".join(found.refusals) or self._why_blocked,
            objection=objection,
            blocking=tree.blocking,
            going=tree.going,
            deeper=tree.deeper,
            notes=[words for effect, words in NOTES.items() if found.hides(effect)],
            typing=self._typing(typed, typing_error),
            seen=self._consent.seal(found),
            action_url=visit.url(view, "delete", pks=view.key(self.record)),
            cancel_url=self._back,
            button_label=f"Delete {lowered(view.name)}",
        )

    def _typing(self, typed: str, error: str) -> dict[str, Any] | None:
        """Return what the form asks to be typed, None for nothing."""
        if not needs_typing(self.found):
            return None
        total = self.found.total
        return {
            "wanted": to_type(self.found, self._label),
            "number": number_text(total) if total.number is not None else "",
            "value": typed,
            "error": error,
        }

    @property
    def _why_blocked(self) -> str:
        if not self.found.is_blocked:
            return ""
        is_seen = any(line.effect is Effect.BLOCKING for line in self.found.shown)
        is_hidden = self.found.hides(Effect.BLOCKING)
        return " ".join([BLOCKED] * is_seen + [BLOCKED_UNSEEN] * is_hidden)

    @property
    def _back(self) -> str:
        may_see = self.view.allows(self.visit.request, Action.DETAILS)
        return self.visit.url(self.view, "details" if may_see else "edit", self.record)

    def _posted(self, name: str) -> str:
        text = self.visit.form.get(name, "")
        return text if isinstance(text, str) else ""
