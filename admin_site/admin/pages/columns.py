"""The columns of a list: which are shown to one person, in which order."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from admin_site.admin.preferred import Preferred, preferred
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest
from admin_site.listing import LABEL, ListQuery
from admin_site.listing.orders import naming_field
from admin_site.permissions import Action
from admin_site.services.list_preferences import forget_columns, remember_columns

COLUMNS, CHOSEN, MOVE, REMEMBER, RESET = "columns", "chosen", "move", "remember", "reset"
NO_COLUMNS = "Choose at least one column."


def choose_columns(visit: Visit) -> Response:
    """Show what columns a list can have; the choice that is sent leads back to the list.

    A button beside a column moves it: the page comes again with `:chosen` in that order, nothing is kept yet.
    """
    view = visit.view(Action.LIST)
    kept = preferred(visit, view)
    asked, pairs = visit.asked()
    query = kept.query(pairs)
    if not visit.is_post:
        chosen = _known(kept, asked[CHOSEN][-1].split(",")) if CHOSEN in asked else query.columns
        remember = REMEMBER in asked if CHOSEN in asked else kept.view_of(query) is None
        return _page(visit, view, kept, query, chosen, remember=remember)
    if RESET in visit.form:
        forget_columns(visit.session, visit.identity, view.identity)
        return _see(visit, view, query, visit.listing(view).columns)
    names = _known(kept, [str(name) for name in visit.form.getlist(COLUMNS)])
    remember = REMEMBER in visit.form
    if MOVE in visit.form:
        more = {CHOSEN: ",".join(_moved(names, str(visit.form[MOVE])))} | (
            {REMEMBER: "yes"} if remember else {}
        )
        return visit.see(visit.list_url(view, query, "columns", **more))
    if not names:
        return _page(visit, view, kept, query, query.columns, NO_COLUMNS, remember=remember)
    if remember:
        _remember(visit, view, names)
    return _see(visit, view, query, names)


def _remember(visit: Visit, view: AdminView, names: Sequence[str]) -> None:
    """Keep a choice; one that is what the list shows by itself is none, and follows it if it changes."""
    if tuple(names) == visit.listing(view).columns:
        forget_columns(visit.session, visit.identity, view.identity)
    else:
        remember_columns(visit.session, visit.identity, view.identity, names)


def _see(visit: Visit, view: AdminView, query: ListQuery, names: Sequence[str]) -> Response:
    """Lead back to the list; its address names the columns unless they are what it shows anyway."""
    visit.commit(view)
    listing = preferred(visit, view).listing
    return visit.see(visit.list_url(view, replace(query.with_(columns=tuple(names)), listing=listing)))


def _known(kept: Preferred, names: Sequence[str]) -> list[str]:
    """Return names of columns, each once; raises BadRequest for one that is none."""
    if unknown := [name for name in names if name and name not in kept.listing.choosable]:
        raise BadRequest(f"This list has no column “{unknown[0][:100]}”.")
    return [name for name in dict.fromkeys(names) if name]


def _moved(names: list[str], move: str) -> list[str]:
    """Return names with one of them a place further up or down: `move` is such as "up:name"."""
    direction, _, name = move.partition(":")
    if name in names:
        place = names.index(name)
        other = max(0, min(len(names) - 1, place + (-1 if direction == "up" else 1)))
        names[place], names[other] = names[other], names[place]
    return names


def _page(
    visit: Visit,
    view: AdminView,
    kept: Preferred,
    query: ListQuery,
    chosen: Sequence[str],
    problem: str = "",
    *,
    remember: bool,
) -> Response:
    return visit.panel(
        "list/columns.html",
        status=400 if problem else 200,
        title="Columns",
        view=view,
        list_url=visit.list_url(view, query),
        action_url=visit.list_url(view, query, "columns"),
        problem=problem,
        chosen=[{"name": name, "label": view.label(name)} for name in chosen],
        groups=list(_groups(visit, view, kept, frozenset(chosen))),
        remember=remember,
        is_remembered=bool(kept.preferences.columns),
    )


def _groups(
    visit: Visit, view: AdminView, kept: Preferred, chosen: frozenset[str]
) -> Iterator[dict[str, Any]]:
    """Yield the columns that are not chosen: the record's own, numbers of others, fields of related ones."""
    relations = {item.name: item for item in view.description.relations}
    free = [name for name in _in_order(view, kept) if name not in chosen]
    own = [name for name in free if "." not in name and not (name in relations and relations[name].many)]
    numbers = [name for name in free if name in relations and relations[name].many]
    visible = [name for name in numbers if visit.may_list(relations[name].target)]
    yield _group("Fields", own, view.label)
    yield _group("How many", visible, view.label)
    for way, relation in relations.items():
        names = [name for name in free if name.startswith(f"{way}.")]
        if visit.may_list(relation.target):
            yield _group(view.label(way), names, lambda name: view.label(name).rpartition(" / ")[2])


def _in_order(view: AdminView, kept: Preferred) -> list[str]:
    """Return all that may be chosen: as the list shows it, then as the record's pages do, then the rest."""
    # Where one field is what a record is called by, the label would be that field again.
    choosable = kept.listing.choosable - ({LABEL} if naming_field(view.description) else set())
    over = [f"{way}.{name}" for way, names in kept.listing.related.items() for name in names]
    shown = [LABEL, *view.listing.columns, *view.details_names, *view.form_names, *over]
    return [name for name in dict.fromkeys([*shown, *sorted(choosable)]) if name in choosable]


def _group(title: str, names: Sequence[str], label: Any) -> dict[str, Any]:
    return {"title": title, "columns": [{"name": name, "label": label(name)} for name in names]}
