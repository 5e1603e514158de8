"""What can be done to many records at once, each in its words and by its rules."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from admin_site.admin.actions import BulkAction, require_touch, run_once
from admin_site.admin.consequences import lowered
from admin_site.admin.hindrances import Hindered, Hindrance, do_to_each, known_beforehand
from admin_site.admin.selection import AT_A_TIME, Selection
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import Conflict, Forbidden
from admin_site.permissions import Action

AT_ONCE = f"This is done to at most {AT_A_TIME} records at once. Select fewer of them."


class Deed:
    """Something that is asked about, then done to all records of a selection."""

    name: str  # what the form calls it
    right: str  # the action that somebody has to be allowed
    label: str
    icon: str = "bolt"
    is_dangerous = False

    def __init__(self, visit: Visit, view: AdminView) -> None:
        self.visit = visit
        self.view = view

    def counted(self, number: int) -> str:
        """Return how many records, such as "12 courses"."""
        return f"{number:,} {lowered(self.view.name if number == 1 else self.view.name_plural)}"

    def done(self, number: int) -> str:
        """Return in words that it was done to so many records."""
        return f"{self.label}: done for {self.counted(number)}."

    def text(self, number: int) -> str:
        """Return what it means, to be read before it is done."""
        return ""

    def known(self, records: Sequence[Any]) -> tuple[Hindrance, ...]:
        """Return those of the records that are known to stand in the way before anything is tried."""
        return known_beforehand(self.visit, self.view, self.right, records)

    def question(self, selection: Selection, records: Sequence[Any]) -> dict[str, Any]:
        """Return what the page that asks shows: what is in the way among other things."""
        return {"hindrances": () if selection.is_stepwise else self.known(records)}

    def require_agreement(self, selection: Selection) -> None:
        """Raise Unagreed, Untyped or PasswordNeeded unless the person has agreed to what will happen."""

    def require_again(self) -> None:
        """Raise PasswordNeeded where a later step asks for it."""

    def run(self, records: Sequence[Any]) -> None:
        """Do it to these records, without a commit; raises Hindered when it cannot be done to all."""
        raise NotImplementedError

    def after(self, records: Sequence[Any]) -> None:
        """Do what comes after the commit."""


class ActionDeed(Deed):
    """An action that the view declares for many records."""

    def __init__(self, visit: Visit, view: AdminView, action: BulkAction) -> None:
        super().__init__(visit, view)
        self._action = action
        self.name = f"action:{action.slug}"
        self.right = action.right
        self.label, self.icon, self.is_dangerous = action.label, action.icon, action.is_dangerous

    def text(self, number: int) -> str:
        whom = "Each of them" if number > 1 else "It"
        confirmation = self._action.confirmation
        is_first = confirmation.startswith("{record}")
        return confirmation.replace("{record}", whom if is_first else lowered(whom))

    def question(self, selection: Selection, records: Sequence[Any]) -> dict[str, Any]:
        if reason := self._action.why_not(self.visit):
            return {"reason": reason}
        return super().question(selection, records)

    def require_agreement(self, selection: Selection) -> None:
        if reason := self._action.why_not(self.visit):
            raise Conflict(reason)

    def run(self, records: Sequence[Any]) -> None:
        do_to_each(self.visit, self.view, records, partial(self._action.run, self.view, self.visit))


class SqladminDeed(Deed):
    """A method marked with SQLAdmin's own `@action`, which reads the keys from the address."""

    def __init__(self, visit: Visit, view: AdminView, slug: str) -> None:
        super().__init__(visit, view)
        self._slug = slug
        self.name = self.right = f"action:{slug}"
        self.label = view._custom_actions_in_list[slug]

    def text(self, number: int) -> str:
        return self.view._custom_actions_confirmation.get(self._slug, "")

    def require_agreement(self, selection: Selection) -> None:
        if selection.is_stepwise:
            raise Conflict(AT_ONCE)

    def known(self, records: Sequence[Any]) -> tuple[Hindrance, ...]:
        self.view.learn_rows(self.visit.request, records, Action.DETAILS, self.right)
        try:
            do_to_each(self.visit, self.view, records, self._look)
        except Hindered as hindered:
            return hindered.hindrances
        return ()

    def question(self, selection: Selection, records: Sequence[Any]) -> dict[str, Any]:
        return {"reason": AT_ONCE} if selection.is_stepwise else super().question(selection, records)

    def answer(self, records: Sequence[Any]) -> Response:
        """Run the method, which answers itself and does not know our transaction."""
        keys = ",".join(map(self.view.key, records))
        scope = {**self.visit.request.scope, "query_string": urlencode({"pks": keys}).encode()}
        return run_once(self.visit, self.view, self._slug, Request(scope, self.visit.request.receive))

    def _look(self, record: Any) -> None:
        if not self.view.allows(self.visit.request, Action.DETAILS, record):
            raise Forbidden("You may not see this record.")
        require_touch(self.visit, self.view, record, self.right)
