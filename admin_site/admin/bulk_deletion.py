"""Deleting many records at once."""

import hashlib
from collections.abc import Sequence
from typing import Any

from admin_site.admin.bulk_deeds import Deed
from admin_site.admin.consent import (
    SEEN,
    TYPED,
    Consent,
    Unagreed,
    Untyped,
    is_large,
    is_typed,
    needs_typing,
)
from admin_site.admin.consequences import Consequences, consequences_for, gone_with, measured
from admin_site.admin.hindrances import Hindrance, found_by_deleting, require_none
from admin_site.admin.loss_tree import LossTree
from admin_site.admin.selection import DELETE, Selection
from admin_site.errors import Conflict, Forbidden
from admin_site.permissions import Action
from admin_site.services import records as services
from admin_site.services.deletion import Effect
from admin_site.services.reauthentication import require_recent_password

NOTES = {
    Effect.DELETED: "Some records that you may not see go with them.",
    Effect.CLEARED: "Some records that you may not see lose their reference to them.",
}
FOR_GOOD = "This cannot be undone."
NOTHING_ELSE = "Nothing else is deleted with them."


class Deletion(Deed):
    name = DELETE
    right = Action.DELETE
    label = "Delete"
    icon = "trash"
    is_dangerous = True

    _gone = ""  # what went along, in words

    def done(self, number: int) -> str:
        is_one = number == 1
        with_them = f", and with {'it' if is_one else 'them'} {self._gone}" if self._gone else ""
        return f"{self.counted(number)} {'was' if is_one else 'were'} deleted{with_them}."

    def question(self, selection: Selection, records: Sequence[Any]) -> dict[str, Any]:
        found = measured(self.visit, selection.parts())
        tree = LossTree(self.visit, () if selection.is_stepwise else records, found)
        notes = [words for effect, words in NOTES.items() if found.hides(effect)]
        return {
            "reason": _refusal(found),
            "blocking": tree.blocking,
            "going": tree.going,
            "deeper": tree.deeper,
            "notes": [*notes, FOR_GOOD if tree.going or notes else f"{NOTHING_ELSE} {FOR_GOOD}"],
            "typing": _typing(found, len(selection.keys)),
            "seen": self._consent(selection).seal(found),
            "hindrances": () if selection.is_stepwise else self._hindrances(records, found),
        }

    def require_agreement(self, selection: Selection) -> None:
        """Raise unless the person agreed to all of it, and for more than 100 typed their password lately."""
        found, number = measured(self.visit, selection.parts()), len(selection.keys)
        if objection := self._consent(selection).objection(self._posted(SEEN), found):
            raise Unagreed(objection)
        if needs_typing(found, number) and not is_typed(self._posted(TYPED), _wanted(found, number)):
            raise Untyped
        if is_large(found, number):
            require_recent_password(self.visit.identity)

    def require_again(self) -> None:
        require_recent_password(self.visit.identity)  # there are steps for more than 100 records alone

    def run(self, records: Sequence[Any]) -> None:
        visit, view = self.visit, self.view

        def agree() -> None:
            found = consequences_for(visit, *records, is_locking=True)
            require_none(found)
            self._gone = gone_with(found)
            for record in records:
                view.notify("on_model_delete", record, visit.request)

        services.delete_all(visit.session, visit.identity, view.description, records, agree=agree)

    def after(self, records: Sequence[Any]) -> None:
        for record in records:
            self.view.notify("after_model_delete", record, self.visit.request)

    def _hindrances(self, records: Sequence[Any], found: Consequences) -> tuple[Hindrance, ...]:
        """Return those that cannot be deleted; where it is not known which they are, it is tried."""
        known = self.known(records)
        if not _refusal(found):
            return known
        keys = {each.key for each in known}
        others = [record for record in records if self.view.key(record) not in keys]
        return (*known, *found_by_deleting(self.visit, self.view, others))

    def _consent(self, selection: Selection) -> Consent:
        keys = hashlib.sha256(selection.text.encode()).hexdigest()
        return Consent(self.visit, self.view, f"many {keys}", self.counted(len(selection.keys)))

    def _posted(self, name: str) -> str:
        return str(self.visit.form.get(name, ""))


def _refusal(found: Consequences) -> str:
    """Return why this cannot be done to all of them, "" when nothing is known to stand in the way."""
    try:
        require_none(found)
    except (Forbidden, Conflict) as refusal:
        return str(refusal)
    return ""


def _typing(found: Consequences, number: int) -> dict[str, Any] | None:
    """Return what the form asks to be typed, None for nothing."""
    if not needs_typing(found, number):
        return None
    others = found.total
    affected = f"{number + (others.number or 0):,}{'+' if others.is_many else ''}"
    return {"wanted": _wanted(found, number), "number": affected}


def _wanted(found: Consequences, number: int) -> tuple[str, ...]:
    """Return the text that confirms: how many rows are met, where that is known."""
    others = found.total
    return ("delete",) if others.is_many else (f"{number + (others.number or 0):,}",)
