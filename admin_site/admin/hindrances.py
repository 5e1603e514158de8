"""Which of many records stand in the way of what is done to all of them, each with the reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from admin_site.admin.associations import name_of
from admin_site.admin.consequences import Consequences, consequences_for
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import AdminSiteError, Conflict, Forbidden, Invalid
from admin_site.permissions import Action
from admin_site.services import records as services
from admin_site.services.powers import check_beforehand

SECONDS = 5.0  # that people wait to learn which records it is
NEEDED = "Other records need it."

Deed = Callable[[Any], object]


@dataclass(frozen=True)
class Hindrance:
    """One record that something is not done to, and why; `is_forbidden` says that rights are lacking."""

    key: str
    label: str
    reason: str
    url: str | None = None
    is_forbidden: bool = False


class Hindered(Exception):
    """Some of the records stand in the way, so nothing was done to any."""

    def __init__(self, hindrances: Sequence[Hindrance]) -> None:
        super().__init__(f"{len(hindrances)} records stand in the way")
        self.hindrances = tuple(hindrances)

    @property
    def is_forbidden(self) -> bool:
        return any(each.is_forbidden for each in self.hindrances)


def known_beforehand(
    visit: Visit, view: AdminView, right: str, records: Sequence[Any]
) -> tuple[Hindrance, ...]:
    """Return those of the records to which this person may not do what `right` allows, as is known by now."""
    view.learn_rows(visit.request, records, right)
    refusals = ((record, _known(visit, view, right, record)) for record in records)
    return tuple(_hindrance(visit, view, record, error) for record, error in refusals if error is not None)


def do_to_each(visit: Visit, view: AdminView, records: Sequence[Any], deed: Deed) -> None:
    """Do something to each of the records.

    Raises Hindered, with all of those to which it cannot be done; the transaction must then be rolled back.
    """
    found = [each for record in records if (each := _tried(visit, view, record, deed)) is not None]
    if found:
        raise Hindered(found)


def found_by_deleting(visit: Visit, view: AdminView, records: Sequence[Any]) -> tuple[Hindrance, ...]:
    """Return those of the records that cannot be deleted even when all that can be of the others are.

    They are deleted one by one to find out, and the transaction is then rolled back. What is found when that
    takes too long is not all.
    """
    left, ends_at = list(records), monotonic() + SECONDS
    while True:
        failed = [
            (record, hindrance)
            for record in left
            if monotonic() < ends_at and (hindrance := _tried(visit, view, record, _deletion(visit, view)))
        ]
        if not failed or len(failed) == len(left) or monotonic() >= ends_at:
            break
        left = [record for record, _ in failed]  # what stood in their way may have gone now
    visit.session.rollback()
    return tuple(hindrance for _, hindrance in failed)


def _deletion(visit: Visit, view: AdminView) -> Deed:
    def delete(record: Any) -> None:
        def agree() -> None:
            require_none(consequences_for(visit, record, is_locking=True))

        services.delete(visit.session, visit.identity, view.description, record, agree=agree)

    return delete


def require_none(found: Consequences) -> None:
    """Raise Forbidden or Conflict for what a deletion meets that this person may not delete, or cannot."""
    if refusal := " ".join(found.refusals):
        raise Forbidden(refusal)
    if found.is_blocked:
        raise Conflict(NEEDED)


def _known(visit: Visit, view: AdminView, right: str, record: Any) -> AdminSiteError | None:
    if not view.allows(visit.request, right, record):
        return Forbidden(f"You may not {_verb(right)} this {view.name.lower()}.")
    try:
        check_beforehand(visit.session, visit.identity, right, record)
    except (Forbidden, Conflict) as refusal:
        return refusal
    return None


def _tried(visit: Visit, view: AdminView, record: Any, deed: Deed) -> Hindrance | None:
    """Do something to a record, and take it back when that is refused."""
    try:
        with visit.session.begin_nested():
            deed(record)
            visit.session.flush()
    except (Conflict, Forbidden, Invalid) as error:
        return _hindrance(visit, view, record, error)
    return None


def _hindrance(visit: Visit, view: AdminView, record: Any, error: AdminSiteError) -> Hindrance:
    may_open = view.allows(visit.request, Action.DETAILS)
    return Hindrance(
        view.key(record),
        name_of(visit, record),
        str(error) or "This cannot be done.",
        visit.url(view, "details", record) if may_open else None,
        isinstance(error, Forbidden),
    )


def _verb(right: str) -> str:
    return right.removeprefix("action:").replace("-", " ")
