"""The page that asks whether something is done to all records that are selected in a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from admin_site.admin.associations import names_of
from admin_site.admin.bulk_deeds import Deed
from admin_site.admin.consent import TYPED, UNREADABLE, Unagreed, Untyped
from admin_site.admin.hindrances import Hindered, Hindrance
from admin_site.admin.selection import ALL_GONE, DELETE, PAGE, Selection
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import Forbidden, NotFound
from admin_site.permissions import Action
from admin_site.services.constraints import BUSY

NAMED = 10  # records that the page calls by their names
SHOWN = 50  # of those that stand in the way
WRONG = "This is not what is asked for. Nothing was done."
GONE = "{number} of what you selected {verb} not there any more, or you may no longer see {it}."


@dataclass(frozen=True)
class Question:
    """Whether to do it, asked of one person."""

    visit: Visit
    view: AdminView
    deed: Deed
    selection: Selection

    def again(self, error: Exception, before: str = "") -> Response:
        """Ask once more, after an answer that could not be followed; `before` says what was done already."""
        if isinstance(error, Untyped):
            return self.page(400, before, typed=str(self.visit.form.get(TYPED, "")), typing_error=WRONG)
        if isinstance(error, Hindered):
            status = 403 if error.is_forbidden else 409
            return self.page(status, before, hindrances=error.hindrances)
        if isinstance(error, Unagreed):
            return self.page(400 if str(error) == UNREADABLE else 409, before, objection=str(error))
        if str(error) == BUSY:
            return self.page(409, before, objection=BUSY)
        return self.page(403 if isinstance(error, Forbidden) else 409, before, refusal=str(error))

    def page(
        self,
        status: int = 200,
        before: str = "",
        *,
        objection: str = "",
        refusal: str = "",
        hindrances: Sequence[Hindrance] = (),
        typed: str = "",
        typing_error: str = "",
    ) -> Response:
        """Say what it would do and what stands in its way."""
        visit, view, deed = self.visit, self.view, self.deed
        selection, records, gone = self._there()
        number = len(selection.keys)
        named = self._named(records)
        told = deed.question(selection, records)
        in_the_way = _unique([*hindrances, *told.pop("hindrances", ())])
        rest = selection.without(each.key for each in in_the_way)
        set_reason = told.pop("reason", "")
        counted = deed.counted(number)
        return visit.page(
            "bulk.html",
            status=status,
            title=f"{deed.label} {counted}" if deed.name == DELETE else f"{deed.label}: {counted}",
            view=view,
            list_url=visit.list_url(view, selection.query),
            action_url=visit.list_url(view, selection.query, PAGE),
            text=deed.text(number),
            before=before,
            gone=gone,
            objection=objection,
            reason=refusal or ("" if in_the_way else set_reason),
            hindrances=in_the_way[:SHOWN],
            hindrances_more=max(0, len(in_the_way) - SHOWN),
            number_in_the_way=deed.counted(len(in_the_way)),
            rest={"text": rest.text, "counted": deed.counted(len(rest.keys))} if rest.keys else None,
            records=named,
            more=max(0, number - len(named)),
            steps=_steps_words(selection),
            deed={
                "name": deed.name,
                "icon": deed.icon,
                "button": f"{deed.label} {counted}" if deed.name == DELETE else deed.label,
                "is_dangerous": deed.is_dangerous,
            },
            keys=selection.text,
            typed=typed,
            typing_error=typing_error,
            **{"blocking": (), "going": (), "deeper": "", "notes": (), "typing": None, "seen": "", **told},
        )

    def _there(self) -> tuple[Selection, Sequence[Any], str]:
        """Return what of the selection is there, the first of its records, and words on what is not.

        Raises NotFound when nothing is.
        """
        records = self.selection.first().records()
        there = {self.view.key(record) for record in records}
        missing = [key for key in self.selection.first().keys if key not in there]
        selection = self.selection.without(missing)
        if not selection.keys or not records:
            raise NotFound(ALL_GONE)
        return selection, records, gone_words(len(missing))

    def _named(self, records: Sequence[Any]) -> list[dict[str, Any]]:
        first = records[:NAMED]
        may_open = self.view.allows(self.visit.request, Action.DETAILS)
        return [
            {"label": label, "url": self.visit.url(self.view, "details", record) if may_open else None}
            for record, label in zip(first, names_of(self.visit, first), strict=True)
        ]


def gone_words(number: int) -> str:
    if not number:
        return ""
    return GONE.format(
        number=f"{number:,}", verb="is" if number == 1 else "are", it="it" if number == 1 else "them"
    )


def _steps_words(selection: Selection) -> str:
    if not selection.is_stepwise:
        return ""
    at_a_time = len(selection.first().keys)
    return f"It is done in steps of {at_a_time:,}. You can stop after each; what is done by then stays done."


def _unique(hindrances: Sequence[Hindrance]) -> list[Hindrance]:
    return list({each.key: each for each in reversed(hindrances)}.values())[::-1]
