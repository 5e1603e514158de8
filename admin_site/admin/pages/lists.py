"""The list of a model's records: searched, filtered, sorted, a page at a time."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response

from admin_site.admin.cells import EMPTY, show_number, show_plain
from admin_site.admin.views import AdminView
from admin_site.admin.visit import HIDDEN, Visit, leads_over, passed
from admin_site.descriptions import Kind
from admin_site.errors import BadRequest
from admin_site.listing import LABEL, ListQuery, Page, count, fetch, named
from admin_site.permissions import Action

MOST_CHOICES = 20  # of a column that gets a filter of its own above the list


def list_records(visit: Visit) -> Response:
    view = visit.view(Action.LIST)
    listing = visit.listing(view)
    try:
        query = ListQuery.parse(visit.request.query_params.multi_items(), listing)
        return _list_page(visit, view, query)
    except BadRequest as error:
        visit.session.rollback()  # the database may be the one that could make no sense of it
        problem = f"{error} This is the whole list instead."
        return _list_page(visit, view, ListQuery.parse([], listing), problem)


def _list_page(visit: Visit, view: AdminView, query: ListQuery, problem: str = "") -> Response:
    page = fetch(visit.session, query.listing, query)
    total = count(visit.session, query.listing, query)
    may_create = view.allows(visit.request, Action.CREATE)
    state = "rows" if page.rows else "no_match" if query.is_narrowed else "nothing_here"
    return visit.page(
        "list.html",
        status=400 if problem else 200,
        title=view.name_plural,
        view=view,
        problem=problem,
        state=state,
        count_text=str(total),
        create_url=visit.url(view, "create") if may_create else None,
        search=_search(visit, view, query),
        chips=_chips(visit, view, query),
        clear_url=_url(visit, view, query.cleared()) if query.is_narrowed else None,
        columns=[_column(visit, view, query, name) for name in query.columns],
        rows=list(_rows(visit, view, query, page)),
        pager=_pager(visit, view, query, page),
        sizes=[
            {"size": size, "url": _url(visit, view, query.with_(size=size)), "current": size == query.size}
            for size in query.listing.page_sizes
        ],
        filters=list(_filters(visit, view, query)),
    )


def _url(visit: Visit, view: AdminView, query: ListQuery) -> str:
    pairs = query.to_pairs()
    return visit.url(view, "list") + (f"?{urlencode(pairs)}" if pairs else "")


def _search(visit: Visit, view: AdminView, query: ListQuery) -> dict[str, Any]:
    labels = [view.label(name).lower() for name in query.listing.searchable[:3]]
    more = ", …" if len(query.listing.searchable) > 3 else ""
    return {
        "value": query.search,
        "placeholder": f"Search {', '.join(labels)}{more}" if labels else "Search by key",
        "enabled": True,
        "clear_url": _url(visit, view, query.with_(search="")),
        "hidden": [pair for pair in query.with_(search="").to_pairs() if pair[0] != "search"],
    }


def _chips(visit: Visit, view: AdminView, query: ListQuery) -> list[dict[str, str]]:
    return [
        {
            "text": condition.sentence,
            "remove_url": _url(visit, view, query.with_filter(condition.parameter)),
        }
        for condition in named(visit.session, query.conditions, query.listing.related_scopes)
    ]


def _column(visit: Visit, view: AdminView, query: ListQuery, name: str) -> dict[str, Any]:
    current = dict(query.sort).get(name)
    can_sort = name in query.listing.sortable
    return {
        "name": name,
        "label": view.label(name),
        "sort_url": _url(visit, view, query.sorted_by(name)) if can_sort else None,
        "direction": "" if current is None else "desc" if current else "asc",
        "align": view.align(name),
    }


def _rows(visit: Visit, view: AdminView, query: ListQuery, page: Page) -> Iterator[dict[str, Any]]:
    base = visit.url(view, "")
    may_open, may_edit, may_delete = (
        view.may_by_row(visit.request, action) for action in (Action.DETAILS, Action.EDIT, Action.DELETE)
    )
    others = (other for record in page.rows for name in query.columns for other in passed(record, name))
    hidden = visit.hidden(list(others))
    cells = [_cell(visit, view, page, name, hidden) for name in query.columns]
    for record in page.rows:
        key = view.key(record)
        yield {
            "key": key,
            "label": page.label(record),
            "url": f"{base}details/{key}" if may_open(record) else None,
            "edit_url": f"{base}edit/{key}" if may_edit(record) else None,
            "delete_url": f"{base}delete?pks={key}" if may_delete(record) else None,
            "cells": [cell(record) for cell in cells],
        }


def _cell(
    visit: Visit, view: AdminView, page: Page, name: str, hidden: frozenset[int]
) -> Callable[[Any], Markup]:
    """Return what makes the HTML of one column from a record, nothing of a record that is hidden."""
    show = _shown(visit, view, page, name)
    if not hidden:
        return show
    return lambda record: HIDDEN if leads_over(hidden, record, name) else show(record)


def _shown(visit: Visit, view: AdminView, page: Page, name: str) -> Callable[[Any], Markup]:
    relation = next((item for item in view.description.relations if item.name == name), None)
    if relation and relation.many and not visit.may_list(relation.target):
        return lambda _: HIDDEN
    if name in view.formatted_names:
        return lambda record: view.cell(visit.request, record, name, short=True)
    if name == LABEL:
        return lambda record: show_plain(page.label(record), short=True)
    if relation is None:
        return lambda record: view.cell(visit.request, record, name, short=True)
    if relation.many:
        counts, key_of = page.counts.get(name, {}), view.description.key_of
        return lambda record: show_number(str(counts.get(key_of(record), 0)))
    return lambda record: _related(page, getattr(record, name))


def _related(page: Page, other: Any) -> Markup:
    return EMPTY if other is None else show_plain(page.label(other), short=True)


def _pager(visit: Visit, view: AdminView, query: ListQuery, page: Page) -> dict[str, Any]:
    return {
        "text": f"{page.start:,}–{page.stop:,}" if page.start else f"{len(page.rows):,} shown",
        "first_url": _url(visit, view, query.with_()) if page.has_previous else None,
        "previous_url": _url(visit, view, query.with_(before=page.before)) if page.has_previous else None,
        "next_url": _url(visit, view, query.with_(after=page.after)) if page.has_next else None,
        "last_url": _url(visit, view, query.with_(last=True)) if page.has_next else None,
    }


def _filters(visit: Visit, view: AdminView, query: ListQuery) -> Any:
    """Yield the choices of the columns that have few: yes and no, kinds and states."""
    in_use = {condition.parameter: condition.texts for condition in query.conditions}
    for field in view.description.fields:
        if field.kind not in (Kind.BOOLEAN, Kind.CHOICE) or field.name not in query.listing.filters:
            continue
        choices = query.listing.filters[field.name].choices
        if not 0 < len(choices) <= MOST_CHOICES:
            continue
        chosen = in_use.get(field.name, ())
        yield {
            "label": view.label(field.name),
            "options": [
                {
                    "label": label,
                    "url": _url(
                        visit,
                        view,
                        query.without(field.name, text)
                        if text in chosen
                        else query.with_filter(field.name, *chosen, text),
                    ),
                    "selected": text in chosen,
                }
                for text, label in choices
            ],
        }
