"""A list by year, month and day of its view's date."""

import re

from starlette.responses import Response

from admin_site.admin.visit import Visit
from admin_site.errors import NotFound, TooSlow
from admin_site.listing import ListQuery, limited, periods
from admin_site.permissions import Action

STEP = re.compile(r"\d{4}(-\d\d){0,2}")  # a year, a month or a day


def drill_down(visit: Visit) -> Response:
    """Show the years that have records, the months of a year or the days of a month, each with its number.

    `:within` says which year or month; without it, the one that the list is narrowed to.
    """
    view = visit.view(Action.LIST)
    asked, pairs = visit.asked()
    query = visit.query(view, pairs).with_()
    name = view.date_name
    if not name or name not in query.listing.filters:
        raise NotFound("This list has no dates to go by.")
    chosen = _chosen(query, name)
    within = asked["within"][-1] if "within" in asked else chosen
    steps, problem = [], ""
    inside = query.with_filter(name, *([within[:7]] if within else []))
    try:
        with limited(visit.session, visit.site.settings.list_time_limit):
            found = periods(visit.session, query.listing, inside, name)
        for period in found:
            list_url = visit.list_url(view, query.with_filter(name, period.text))
            more_url = visit.list_url(view, query, "dates", within=period.text)
            is_day = len(period.text) > len("2026-11")
            steps.append(
                {
                    "label": period.label,
                    "count": str(period.count),
                    "url": list_url,
                    "more_url": None if is_day else more_url,
                    "current": period.text == chosen,
                }
            )
    except TooSlow as error:
        problem = str(error)
    return visit.panel(
        "list/dates.html",
        title=view.label(name),
        view=view,
        list_url=visit.list_url(view, query),
        problem=problem,
        steps=steps,
        above=[
            {"label": label, "url": visit.list_url(view, query, "dates", within=text)}
            for label, text in _above(within)
        ],
        clear_url=visit.list_url(view, query.with_filter(name)) if chosen else None,
    )


def _chosen(query: ListQuery, name: str) -> str:
    """Return the year, month or day that the list is narrowed to."""
    texts = next((item.texts for item in query.conditions if item.parameter == name), ())
    return texts[0] if len(texts) == 1 and STEP.fullmatch(texts[0]) else ""


def _above(within: str) -> list[tuple[str, str]]:
    """Return the steps that lead back up."""
    if not within:
        return []
    year = within[:4]
    return [("All years", ""), *([(year, year)] if len(within) > len(year) else [])]
