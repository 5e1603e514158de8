"""The form with which a list is sorted by several columns."""

from typing import Any

from starlette.responses import Response

from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.listing import ListQuery
from admin_site.permissions import Action


def choose_sort(visit: Visit) -> Response:
    """Show by what a list is sorted, with room for one column more; a form that is sent leads to the list."""
    view = visit.view(Action.LIST)
    asked, pairs = visit.asked()
    query = visit.query(view, pairs).with_()
    if "by" in asked:
        directions = asked.get("direction", [])
        terms = zip(asked["by"], [*directions, *[""] * len(asked["by"])], strict=False)
        text = ",".join(f"-{name}" if direction == "down" else name for name, direction in terms if name)
        rest = [pair for pair in query.to_pairs() if pair[0] != "sort"]
        return visit.see(visit.list_url(view, visit.query(view, [*rest, ("sort", text)])))
    return visit.panel(
        "list/sort.html",
        title="Sort",
        view=view,
        list_url=visit.list_url(view, query),
        action_url=visit.url(view, "sort"),
        hidden=[pair for pair in query.to_pairs() if pair[0] != "sort"],
        terms=[*query.sort, ("", False)],
        names=_names(view, query),
        default_url=visit.list_url(view, query.with_(sort=query.listing.default_sort))
        if query.sort != query.listing.default_sort
        else None,
    )


def _names(view: AdminView, query: ListQuery) -> list[dict[str, Any]]:
    """Return what the list can be sorted by, its columns first."""
    sortable = [name for name in query.columns if name in query.listing.sortable]
    current = [name for name, _ in query.sort]
    names = dict.fromkeys([*sortable, *current, *query.listing.sortable])
    return [{"name": name, "label": view.label(name)} for name in names]
