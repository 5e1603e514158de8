"""The list of a model's records: searched, filtered, sorted, a page at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import PlainTextResponse, Response

from admin_site.admin.column_filters import EVERYTHING, labels, offered, without_defaults
from admin_site.admin.list_rows import Rows, make_rows, plan_rows
from admin_site.admin.pages.filters import filter_url
from admin_site.admin.pages.inplace import edit_rows_url
from admin_site.admin.pages.saved_views import tabs
from admin_site.admin.preferred import Preferred, preferred
from admin_site.admin.selection import selecting
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import Kind
from admin_site.errors import BadRequest, TooSlow
from admin_site.listing import (
    Count,
    Listing,
    ListQuery,
    Page,
    count,
    exact,
    fetch,
    keyed,
    limited,
    named,
    quick_count,
)
from admin_site.listing.limits import limited_to_the_end
from admin_site.listing.orders import sort_path
from admin_site.permissions import Action

BOUNDED = "bounded"
CHOICES_SECONDS = 1.0  # for the words of a chip whose filter asks the database for them
JUMP_TYPES = {Kind.DATE: "date", Kind.DATETIME: "date", Kind.INSTANT: "date"}
JUMPS = (Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, *JUMP_TYPES)
"""What people can name a value of that the list begins at."""


def list_records(visit: Visit) -> Response:
    """Show a page of the list.

    When the database needs too long it is answered 503, as the request may well be met another time or asked
    otherwise; the page is whole, with the search and the filters in their places and without rows.
    """
    return _answer(visit, visit.request.query_params.multi_items(), quick_count)


def count_records(visit: Visit) -> Response:
    """Show the list with its number, or answer a script with the number alone.

    It is exact, or `:bounded` as far as lists count.
    """
    asked, pairs = visit.asked()
    counting = count if BOUNDED in asked else exact
    if not visit.in_panel:
        return _answer(visit, pairs, counting)
    view = visit.view(Action.LIST)
    query = visit.query(view, pairs)
    with limited(visit.session, visit.site.settings.list_time_limit):
        number = counting(visit.session, query.listing, query)
    return PlainTextResponse(str(number))


_Counting = Callable[[Session, Listing, ListQuery], Count | None]


def _answer(visit: Visit, pairs: Sequence[tuple[str, str]], counting: _Counting) -> Response:
    view = visit.view(Action.LIST)
    kept = preferred(visit, view)
    try:
        query, problem = kept.read(pairs)
        return _list_page(visit, view, kept, query, counting, problem)
    except BadRequest as error:
        visit.session.rollback()  # the database may be the one that could make no sense of it
        problem = f"{error} This is the whole list instead."
        return _list_page(visit, view, kept, kept.whole(), counting, problem, status=400)


def _list_page(
    visit: Visit,
    view: AdminView,
    kept: Preferred,
    query: ListQuery,
    counting: _Counting,
    problem: str,
    status: int = 200,
) -> Response:
    read = _read(visit, view, query, counting)
    page, total = read.page, read.total
    return visit.page(
        "list.html",
        status=503 if read.too_slow else status,
        title=view.name_plural,
        view=view,
        problem=problem,
        too_slow=read.too_slow,
        quicker=_quicker(visit, view, query) if read.too_slow else [],
        state=_state(query, page),
        count=_count(visit, view, query, page, total),
        keyed=_keyed(visit, view, query, page) if query.search and page is not None else None,
        search=_search(visit, view, query),
        chips=_chips(visit, view, query),
        clear_url=_list_without(visit, view, query.cleared()) if query.is_narrowed else None,
        **tabs(visit, view, kept, query),
        **_tools(visit, view, query, page),
        sort_text=",".join(("-" if downwards else "") + name for name, downwards in query.sort),
        columns=[_column(visit, view, query, name) for name in query.columns],
        rows=read.rows,
        bulk=selecting(visit, view, query, page, total) if page is not None and page.rows else None,
        pager=_pager(visit, view, query, page, total) if page is not None else None,
        sizes=[
            {"size": size, "url": visit.list_url(view, query.with_(size=size)), "current": size == query.size}
            for size in query.listing.page_sizes
        ],
    )


@dataclass
class _Read:
    """What was read before the time was over: a page with its rows, how many there are, or neither."""

    page: Page | None = None
    rows: Rows | None = None
    total: Count | None = None
    too_slow: str = ""


def _read(visit: Visit, view: AdminView, query: ListQuery, counting: _Counting) -> _Read:
    """Return what is shown of a list; the number comes last, as a page without it is still a page."""
    read = _Read()
    try:
        with limited_to_the_end(visit.session, visit.site.settings.list_time_limit):
            way, with_total = plan_rows(visit, view, query), counting is not exact
            page = fetch(visit.session, query.listing, query, way, with_total=with_total)
            read.rows = make_rows(visit, view, query, page) if page.rows else None
            read.page = page
            read.total = _known_total(page) or counting(visit.session, query.listing, query)
    except TooSlow as error:
        if read.page is None:
            read.too_slow = str(error)
    return read


def _tools(visit: Visit, view: AdminView, query: ListQuery, page: Page | None) -> dict[str, Any]:
    """Return where the buttons around the list lead."""
    first = query.with_()
    may_export = view.export_options.may(visit.request)
    return {
        "create_url": visit.url(view, "create") if view.allows(visit.request, Action.CREATE) else None,
        "export_url": visit.list_url(view, first, "export") if may_export else None,
        "filters_url": visit.list_url(view, first, "filters"),
        "sort_url": visit.list_url(view, first, "sort"),
        "columns_url": visit.list_url(view, first, "columns"),
        "edit_rows_url": edit_rows_url(visit, view, query) if page is not None and page.rows else None,
        "dates": _dates(visit, view, query),
    }


def _keyed(visit: Visit, view: AdminView, query: ListQuery, page: Page) -> dict[str, str] | None:
    """Return the way to the record whose key was searched for, unless it is all that was found."""
    record = keyed(visit.session, query.listing, query)
    if (
        record is None
        or list(page.rows) in ([record], [view.description.key_of(record)])
        or not view.allows(visit.request, Action.DETAILS, record)
    ):
        return None
    return {"label": visit.label(record), "url": visit.url(view, "details", record)}


def _state(query: ListQuery, page: Page | None) -> str:
    if page is None:
        return "too_slow"
    return "rows" if page.rows else "no_match" if query.is_narrowed else "nothing_here"


def _known_total(page: Page) -> Count | None:
    """Return how many there are where the page says it itself."""
    if not page.rows:
        return Count(0)
    return Count(len(page.rows)) if page.start == 1 and not page.has_next else page.total


def _count(
    visit: Visit, view: AdminView, query: ListQuery, page: Page | None, total: Count | None
) -> dict[str, Any]:
    """Return the number beside the title, and where the exact one is had if this is not it."""
    if page is None:
        return {"text": "", "exact_url": None, "later_url": None}
    text = str(total) if total is not None else f"{page.stop or len(page.rows):,}+"
    is_exact = total is not None and total.exact
    whole = query.with_()
    return {
        "text": text,
        "exact_url": None if is_exact else visit.list_url(view, whole, "count"),
        "later_url": visit.list_url(view, whole, "count", **{BOUNDED: "yes"}) if total is None else None,
    }


def _search(visit: Visit, view: AdminView, query: ListQuery) -> dict[str, Any]:
    without = query.with_(search="")
    return {
        "value": query.search,
        "placeholder": _placeholder(view, query),
        "action": visit.url(view, "list"),
        "clear_url": visit.list_url(view, without),
        "hidden": [pair for pair in without.to_pairs() if pair[0] != "search"],
    }


def _placeholder(view: AdminView, query: ListQuery) -> str:
    """Return what the search looks into; nothing but field:value where there is no such field."""
    names = query.listing.searchable
    if names:
        words = [_lowered(view.label(name)) for name in names[:3]]
        return f"Search {', '.join(words)}{', …' if len(names) > 3 else ''}"
    key = view.description.key
    return f"Search by {_lowered(view.label(key[0]))}" if len(key) == 1 else "Search, such as field:value"


def _lowered(label: str) -> str:
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _chips(visit: Visit, view: AdminView, query: ListQuery) -> list[dict[str, str]]:
    def offer(item: Any) -> Sequence[tuple[str, str]]:
        try:
            with limited(visit.session, CHOICES_SECONDS):
                return offered(item, visit.request, visit.session, view.model)
        except TooSlow:
            return []

    chips = []
    for condition in named(visit.session, query.conditions, query.listing.related_scopes):
        if condition.texts == (EVERYTHING,):
            continue
        shown = replace(condition, shown=labels(query.listing.filters, condition, offer))
        chips.append(
            {
                "text": shown.sentence,
                "edit_url": filter_url(visit, view, query, condition),
                "remove_url": _list_without(visit, view, query.with_filter(condition.parameter)),
            }
        )
    return chips


def _list_without(visit: Visit, view: AdminView, query: ListQuery) -> str:
    """Return the address of a list that has lost a filter, which must not come back as a default."""
    return visit.list_url(view, without_defaults(query, view.column_filters))


def _dates(visit: Visit, view: AdminView, query: ListQuery) -> dict[str, str] | None:
    """Return where the list can be drilled into by date, if its view has a date for that."""
    name = view.date_name
    if not name or name not in query.listing.filters:
        return None
    return {"label": view.label(name), "url": visit.list_url(view, query.with_(), "dates")}


def _quicker(visit: Visit, view: AdminView, query: ListQuery) -> list[dict[str, str]]:
    """Return what may be left out of a question that took too long."""
    ways = []
    if query.sort != query.listing.default_sort:
        ways.append(("Without this sort", query.with_(sort=query.listing.default_sort)))
    if query.search:
        ways.append(("Without the search", query.with_(search="")))
    if query.conditions:
        ways.append(("Without the filters", replace(query.with_(), conditions=())))
    if view.date_name in query.listing.filters:
        ways.append(("Only the last 7 days", query.with_filter(view.date_name, "last-7-days")))
    return [{"label": label, "url": visit.list_url(view, way)} for label, way in ways if way != query]


def _column(visit: Visit, view: AdminView, query: ListQuery, name: str) -> dict[str, Any]:
    terms = dict(query.sort)
    current = terms.get(name)
    can_sort = name in query.listing.sortable
    return {
        "name": name,
        "label": view.label(name),
        "sort_url": visit.list_url(view, query.sorted_by(name)) if can_sort else None,
        "direction": "" if current is None else "desc" if current else "asc",
        "place": list(terms).index(name) + 1 if current is not None and len(terms) > 1 else 0,
        "align": view.align(name),
    }


def _pager(
    visit: Visit, view: AdminView, query: ListQuery, page: Page, total: Count | None
) -> dict[str, Any]:
    shown = f"{page.start:,}–{page.stop:,}" if page.start else f"{len(page.rows):,}"
    return {
        "text": f"{shown} of {total}" if total is not None else shown,
        "first_url": visit.list_url(view, query.with_()) if page.has_previous else None,
        "previous_url": visit.list_url(view, query.with_(before=page.before)) if page.has_previous else None,
        "next_url": visit.list_url(view, query.with_(after=page.after)) if page.has_next else None,
        "last_url": visit.list_url(view, query.with_(last=True)) if page.has_next else None,
        "jump": _jump(visit, view, query) if page.has_next or page.has_previous else None,
    }


def _jump(visit: Visit, view: AdminView, query: ListQuery) -> dict[str, Any] | None:
    """Return the form that opens the list at a value of the first column it is sorted by."""
    if not query.sort:
        return None
    name = query.sort[0][0]
    path = sort_path(view.description, name)
    if path is None or path.field is None or path.field.kind not in JUMPS:
        return None
    return {
        "label": _lowered(view.label(name)),
        "action": visit.url(view, "list"),
        "type": JUMP_TYPES.get(path.field.kind, "text"),
        "value": query.jump,
        "hidden": query.with_().to_pairs(),
    }
