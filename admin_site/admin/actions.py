"""Things to do with a record beyond changing its values."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from admin_site.admin.visit import Visit
from admin_site.errors import Forbidden, NotFound
from admin_site.permissions import Action
from admin_site.services.submissions import Saved

Run = Callable[[Any, Visit, Any], Response]

DONE_ALREADY = "This was done already."


@dataclass(frozen=True)
class RecordAction:
    """A button on a record: asked about, then done by a POST, allowed by the grant `action:<slug>`."""

    slug: str
    label: str
    confirmation: str
    icon: str
    is_dangerous: bool
    run: Run


def record_action(
    label: str, *, confirmation: str, icon: str = "bolt", is_dangerous: bool = False
) -> Callable[[Run], Run]:
    """Make a method of a view, `(self, visit, record) -> Response`, an action on one record.

    `confirmation` is the question asked first, in which `{record}` stands for the record's name.
    """

    def mark(run: Run) -> Run:
        slug = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
        run.record_action = RecordAction(slug, label, confirmation, icon, is_dangerous, run)  # type: ignore[attr-defined]
        return run

    return mark


def actions_of(view: type) -> dict[str, RecordAction]:
    """Return the actions a view class declares, by slug, in the order of their labels."""
    marked = [getattr(view, name) for name in dir(view)]
    actions = [
        run.record_action for run in marked if isinstance(getattr(run, "record_action", None), RecordAction)
    ]
    return {action.slug: action for action in sorted(actions, key=lambda action: action.label)}


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
        return action.run(view, visit, record)
    return _question(
        visit,
        title=f"{action.label}?",
        text=action.confirmation.replace("{record}", visit.label(record)),
        label=action.label,
        back=visit.record_url(record) or visit.url(view, "list"),
        is_dangerous=action.is_dangerous,
    )


def _act_for_sqladmin(visit: Visit, view: Any, slug: str) -> Response:
    """Run a method marked with SQLAdmin's own `@action`: by POST, where SQLAdmin runs it by GET.

    The method reads the keys from the address itself, and whatever records they name. So this person must
    see each of them, and a view that keeps somebody from changing a record keeps actions from it too.
    """
    for key in _named(visit):
        record = visit.record(view, Action.DETAILS, key)
        if not view.may_touch(visit.request, record):
            raise Forbidden(f"You may not change this {view.name.lower()}.")
    if visit.is_post:
        return _run_once(visit, view, slug)
    label = view._custom_actions_in_detail.get(slug) or view._custom_actions_in_list.get(slug) or slug
    text = view._custom_actions_confirmation.get(slug, "")
    return _question(visit, f"{label}?", text, label, visit.url(view, "list"), is_dangerous=False)


def _run_once(visit: Visit, view: Any, slug: str) -> Response:
    """Run a method that opens sessions of its own: it counts as done before it runs, unless it fails."""
    visit.keep(Saved(visit.url(view, "list"), DONE_ALREADY, ""))
    visit.session.commit()
    try:
        response: Response = visit.call(view.sqladmin_actions[slug], visit.request)
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
