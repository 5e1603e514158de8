"""A list as a file."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from starlette.responses import RedirectResponse, Response

from admin_site.admin.downloads import Download
from admin_site.admin.exports import Export, Wish
from admin_site.admin.personal import is_personal
from admin_site.admin.preferred import COLUMNS
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, Forbidden, TooSlow
from admin_site.exporting import disposition, file_name
from admin_site.listing import LABEL, Count, ListQuery, count, exact, limited, named
from admin_site.permissions import Action
from admin_site.services.reauthentication import require_recent_password

COUNT_SECONDS = 1.0  # for the number of rows, before anything is downloaded
KEPT_IN_PAGE = 500_000  # rows; a longer list is left to the browser, whose tab would have to hold the file
PLACE = ("page", "after", "before", "last", "jump", "size", "pageSize")  # which page of a list is not asked

ANSWERS = {"headers": ("labels", "names"), "values": ("shown", "raw"), "columns": ("shown", "all")}
"""What a download is asked beside its format."""


def choose_export(visit: Visit) -> Response:
    """Show what would be downloaded and ask how; the form that is sent leads to the file."""
    view = _view(visit)
    asked, pairs = _asked(visit)
    query = _query(visit, view, pairs)
    if "format" in asked:
        format_name, _, mark = asked.pop("format").partition(".")
        view.export_options.format(format_name)
        more = asked | ({"mark": "yes"} if mark else {})
        return RedirectResponse(visit.list_url(view, query, f"export/{format_name}", **more), 303)
    words = _words(visit, query)
    number = _number(visit, query)
    shown, every = (view.export_options.columns(query, every=each) for each in (False, True))
    return visit.page(
        "export.html",
        title=f"Export {view.name_plural.lower() if view.name_plural[1:].islower() else view.name_plural}",
        view=view,
        list_url=visit.list_url(view, query),
        action_url=visit.url(view, "export"),
        hidden=query.to_pairs(),
        words=words,
        number=_in_words(number, view.export_max_rows),
        rows=number.number if number and (number.exact or number.is_estimate) else "",
        kept_in_page=KEPT_IN_PAGE,
        formats=list(view.export_options.formats.values()),
        shown=[view.label(name) for name in shown],
        every=[view.label(name) for name in every],
        first_name=next((name for name in shown if name != LABEL), shown[0]),
        pretty=view.use_pretty_export,
    )


def export_records(visit: Visit) -> Response:
    """Send the file: all rows that the list of the same address has on all of its pages."""
    view = _view(visit)
    chosen = view.export_options.format(visit.request.path_params["export_type"])
    asked, pairs = _asked(visit)
    query = _query(visit, view, pairs)
    default = ("labels", "shown") if view.use_pretty_export else ("names", "raw")
    wish = Wish(
        view=view,
        query=query,
        names=view.export_options.columns(query, every=asked.get("columns") == "all"),
        format=chosen,
        named=asked.get("headers", default[0]) == "names",
        raw=asked.get("values", default[1]) == "raw",
        marked="mark" in asked,
        words=_words(visit, query),
    )
    if any(is_personal(view.description, column, raw=wish.raw) for column in wish.names):
        require_recent_password(visit.identity)
    name = view.export_options.file_name(chosen.name) or file_name(
        view.name_plural, datetime.now(visit.zone).date(), chosen.name
    )
    headers = {"Content-Type": chosen.media_type, "Content-Disposition": disposition(name)}
    if visit.request.method == "HEAD":
        return Response(headers=headers)
    export = Export(visit, wish)
    return Download(export, headers | {"X-Bytes-Per-Row": str(export.bytes_per_row)})


def _view(visit: Visit) -> AdminView:
    view = visit.view(Action.EXPORT)
    if not view.export_options.may(visit.request):
        raise Forbidden(f"You may not export {view.name_plural.lower()}.")
    visit.purpose = Action.EXPORT
    return view


def _asked(visit: Visit) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return what is asked of a download, and the parameters that say which list is meant."""
    asked, pairs = visit.asked()
    last = {name: texts[-1] for name, texts in asked.items()}
    for name, answers in ANSWERS.items():
        if last.get(name, answers[0]) not in answers:
            raise BadRequest(f"The {name} of an export are {' or '.join(answers)}.")
    return last, [(name, text) for name, text in pairs if name not in PLACE]


def _query(visit: Visit, view: AdminView, pairs: list[tuple[str, str]]) -> ListQuery:
    withheld = view.withheld(visit.request, Action.EXPORT)
    return visit.query(view, list(_without(withheld, pairs)) if withheld else pairs).with_()


def _without(withheld: frozenset[str], pairs: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield what the address of a list asks for, without columns that it shows and a file may not hold."""
    for name, text in pairs:
        left = [column for column in text.split(",") if column not in withheld]
        if name != COLUMNS:
            yield name, text
        elif left:
            yield name, ",".join(left)


def _words(visit: Visit, query: ListQuery) -> str:
    """Return which rows are meant as a sentence."""
    conditions = named(visit.session, query.conditions, query.listing.related_scopes)
    search = [f"Search is “{query.search}”"] if query.search else []
    return " · ".join([*search, *(condition.sentence for condition in conditions)])


def _number(visit: Visit, query: ListQuery) -> Count | None:
    """Return how many rows there are, as exactly as can be told at once."""
    known = None
    try:
        with limited(visit.session, COUNT_SECONDS):
            known = count(visit.session, query.listing, query)
            if not known.exact and not known.is_estimate:
                known = exact(visit.session, query.listing, query)
    except TooSlow:
        return known
    return known


def _in_words(number: Count | None, limit: int) -> dict[str, Any]:
    if number is None:
        text = "An unknown number of rows"
    else:
        text = f"{str(number)[:1].upper()}{str(number)[1:]} {'row' if number == Count(1) else 'rows'}"
    is_cut = bool(limit) and (number is None or number.number > limit)
    return {"text": text, "limit": f"{limit:,}" if is_cut else ""}
