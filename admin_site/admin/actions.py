"""Things to do with a record beyond changing its values."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from admin_site.admin.visit import Visit
from admin_site.errors import Forbidden, NotFound
from admin_site.permissions import Action
from admin_site.services.submissions import Saved

Run = Callable[[Any, Visit, Any], Response]
RunForOne = Callable[[Any, Visit, Any], str | None]
WhyNot = Callable[[Visit], str]

DONE_ALREADY = "This was done already."


@dataclass(frozen=True)
class RecordAction:
    """A button on a record: asked about, then done by a POST, allowed by the grant `action:<slug>`."""

    slug: str
    label: str
    confirmation: str
    icon: str
    is_dangerous: bool
    run: Run | RunForOne
    is_bulk: bool = False


@dataclass(frozen=True)
class BulkAction:
    """A button for the records that are selected in a list, done to all of them or to none.

    It is allowed by the grant `right`; `why_not` says why nobody can do it now, "" when it can be done.
    """

    slug: str
    label: str
    confirmation: str
    icon: str
    is_dangerous: bool
    run: RunForOne
    right: str
    why_not: WhyNot = field(default=lambda _: "")


def record_action(
    label: str, *, confirmation: str, icon: str = "bolt", is_dangerous: bool = False, bulk: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a method of a view, `(self, visit, record) -> Response`, an action on one record.

    `confirmation` is the question asked first, in which `{record}` stands for the record's name. With `bulk`
    it can be done to the records selected in a list, too: then the method changes the record without a
    commit, and returns what it says afterwards, or None.
    """

    def mark(run: Callable[..., Any]) -> Callable[..., Any]:
        action = RecordAction(_slug(label), label, confirmation, icon, is_dangerous, run, bulk)
        run.record_action = action  # type: ignore[attr-defined]
        return run

    return mark


def bulk_action(
    label: str,
    *,
    confirmation: str,
    right: str = "",
    icon: str = "bolt",
    is_dangerous: bool = False,
    why_not: WhyNot = lambda _: "",
) -> Callable[[RunForOne], RunForOne]:
    """Make a method of a view, `(self, visit, record)`, an action on the records selected in a list.

    It runs for one record after the other, changes each without a commit, and raises Forbidden, Conflict or
    Invalid for one to which it cannot be done: then it is done to none. `right` is the grant it needs, by
    itself `action:<slug>`; `why_not(visit)` says why nobody can do it now, "" when it can be done.
    """

    def mark(run: RunForOne) -> RunForOne:
        slug = _slug(label)
        run.bulk_action = BulkAction(  # type: ignore[attr-defined]
            slug, label, confirmation, icon, is_dangerous, run, right or f"action:{slug}", why_not
        )
        return run

    return mark


def actions_of(view: type) -> dict[str, RecordAction]:
    """Return the actions a view class declares, by slug, in the order of their labels."""
    marked = [getattr(view, name) for name in dir(view)]
    actions = [
        run.record_action for run in marked if isinstance(getattr(run, "record_action", None), RecordAction)
    ]
    return {action.slug: action for action in sorted(actions, key=lambda action: action.label)}


def bulk_actions_of(view: type) -> dict[str, BulkAction]:
    """Return the actions a view class declares for many records, by slug, in the order of their labels."""
    marked = [getattr(view, name) for name in dir(view)]
    own = [run.bulk_action for run in marked if isinstance(getattr(run, "bulk_action", None), BulkAction)]
    actions = [*own, *(_in_bulk(action) for action in actions_of(view).values() if action.is_bulk)]
    return {action.slug: action for action in sorted(actions, key=lambda action: action.label)}


def _in_bulk(action: RecordAction) -> BulkAction:
    run = cast(RunForOne, action.run)
    right = f"action:{action.slug}"
    return BulkAction(
        action.slug, action.label, action.confirmation, action.icon, action.is_dangerous, run, right
    )


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def act(visit: Visit) -> Response:
    """Ask about an action, then do it."""
    view = visit.site.find_view(visit.request.path_params["identity"])
    slug = visit.request.path_params["slug"]
    if slug not in view.actions and slug not in view.sqladmin_actions:
        raise NotFound(f"There is no action “{slug[:100]}” here.")
    view = visit.view(f"action:{slug}")
    keys = visit.request.query_params.get("pks", "")
    if slug in view.sqladmin_actions:
        return _act_for_sqladmin(visit, view, slug)
    action = view.actions[slug]
    record = visit.record(view, f"action:{slug}", keys)
    if visit.is_post:
        return _run(visit, view, action, record)
    return _question(
        visit,
        title=f"{action.label}?",
        text=action.confirmation.replace("{record}", visit.label(record)),
        label=action.label,
        back=visit.record_url(record) or visit.url(view, "list"),
        is_dangerous=action.is_dangerous,
    )


def _run(visit: Visit, view: Any, action: RecordAction, record: Any) -> Response:
    """Run an action for one record; one that can run for many leaves it to us to answer and to commit."""
    back, label = visit.record_url(record) or visit.url(view, "list"), visit.label(record)
    answer = action.run(view, visit, record)
    if isinstance(answer, Response):
        return answer
    response = visit.go(back, answer or f"{action.label}: done for {label}.")
    visit.commit(view)
    return response


def _act_for_sqladmin(visit: Visit, view: Any, slug: str) -> Response:
    """Run a method marked with SQLAdmin's own `@action`: by POST, where SQLAdmin runs it by GET.

    The method reads the keys from the address itself, and whatever records they name. So this person must
    see each of them, and a view that keeps somebody from changing a record keeps actions from it too.
    """
    for key in _named(visit):
        require_touch(visit, view, visit.record(view, Action.DETAILS, key), f"action:{slug}")
    if visit.is_post:
        return run_once(visit, view, slug, visit.request)
    label = view._custom_actions_in_detail.get(slug) or view._custom_actions_in_list.get(slug) or slug
    text = view._custom_actions_confirmation.get(slug, "")
    return _question(visit, f"{label}?", text, label, visit.url(view, "list"), is_dangerous=False)


def require_touch(visit: Visit, view: Any, record: Any, action: str) -> None:
    """Raise Forbidden for a record to which this person may not do `action`, or may not even see.

    So it is for one that the view itself keeps as it is.
    """
    may = all(view.allows(visit.request, each, record) for each in (Action.DETAILS, action))
    if not (may and view.may_touch(visit.request, record)):
        raise Forbidden(f"You may not change this {view.name.lower()}.")


def run_once(visit: Visit, view: Any, slug: str, request: Request) -> Response:
    """Run a method of SQLAdmin's, which opens sessions of its own and reads the keys from `request`.

    It counts as done before it runs, unless it fails.
    """
    visit.keep(Saved(visit.url(view, "list"), DONE_ALREADY, ""))
    visit.session.commit()
    try:
        response: Response = visit.call(view.sqladmin_actions[slug], request)
    except BaseException:
        visit.unkeep()
        raise
    return response


def _named(visit: Visit) -> list[str]:
    """Return the keys in the address, as SQLAdmin's methods read them."""
    pks = ",".join(visit.request.query_params.getlist("pks"))
    return list(dict.fromkeys(key for key in pks.split(",") if key))


def _question(visit: Visit, title: str, text: str, label: str, back: str, is_dangerous: bool) -> Response:
    path = visit.request.url.path
    return visit.page(
        "confirm.html",
        title=title,
        text=text,
        button_label=label,
        action_url=f"{path}?{visit.request.url.query}",
        cancel_url=back,
        danger=is_dangerous,
    )
