"""The forms with which a person narrows a list, loaded when they are opened."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import JSONResponse, Response

from admin_site.admin.column_filters import ColumnFilter, offered
from admin_site.admin.list_filters import (
    NOT,
    Subject,
    Way,
    find_subject,
    narrowed,
    subject_name,
    subjects,
)
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import Kind
from admin_site.errors import BadRequest, Forbidden
from admin_site.keys import encode_key, key_text
from admin_site.listing import Condition, Control, ListQuery, facets, limited, lookup, named
from admin_site.permissions import Action

LOOKUP_SIZE = 25
FACET_SECONDS = 0.2  # all counts beside the choices of one filter together
DATES = {
    "today": "Today",
    "yesterday": "Yesterday",
    "last-7-days": "Last 7 days",
    "last-30-days": "Last 30 days",
    "last-90-days": "Last 90 days",
    "this-week": "This week",
    "last-week": "Last week",
    "this-month": "This month",
    "last-month": "Last month",
    "this-year": "This year",
    "last-year": "Last year",
    "next-7-days": "Next 7 days",
}
INPUT_TYPES = {Control.DATE: "date", Control.MOMENT: "date", Control.TIME: "time"}

Asked = dict[str, list[str]]


def choose_filter(visit: Visit) -> Response:
    """Show what a list can be narrowed by, or the form of one of them; a form that is sent leads to the list.

    What the form is about stands in `:field` (a subject) and `:edit` (the condition it replaces).
    """
    view = visit.view(Action.LIST)
    asked, pairs = visit.asked()
    query = visit.query(view, pairs).with_()
    name = _last(asked, "field")
    if not name:
        return _choose(visit, view, query)
    subject = _permitted(visit, find_subject(view, query.listing, name))
    if "operator" not in asked or "find" in asked:
        return _ask(visit, view, query, subject, asked)
    try:
        return visit.see(visit.list_url(view, _answered(query, subject, asked)))
    except BadRequest as error:
        return _ask(visit, view, query, subject, asked, str(error))


def look_up_filter(visit: Visit) -> Response:
    """Answer `?:field=relation&term=words` with records to filter by; the permission to list is enough.

    `after` leads on from an earlier answer.
    """
    view, asked = visit.view(Action.LIST), visit.request.query_params
    subject = find_subject(view, visit.listing(view), asked.get(":field", ""))
    found, after = _found(visit, subject, asked.get("term", ""), asked.get("after", ""))
    return JSONResponse({"results": found, "more": bool(after), "after": after})


def count_choices(visit: Visit) -> Response:
    """Answer how many records of the list each choice of `:field` has; nothing where that takes too long."""
    view = visit.view(Action.LIST)
    asked, pairs = visit.asked()
    counts = _counts(visit, visit.query(view, pairs), _last(asked, "field"))
    return JSONResponse(counts)


def filter_url(visit: Visit, view: AdminView, query: ListQuery, condition: Condition) -> str:
    """Return where a condition can be changed."""
    name = subject_name(query.listing, condition)
    return visit.list_url(view, query.with_(), "filters", field=name, edit=condition.parameter)


def _choose(visit: Visit, view: AdminView, query: ListQuery) -> Response:
    used = {subject_name(query.listing, condition) for condition in query.conditions}
    return visit.panel(
        "list/filters.html",
        title="Filter",
        view=view,
        list_url=visit.list_url(view, query),
        subjects=[
            {
                "label": subject.label,
                "icon": subject.icon,
                "url": visit.list_url(view, query, "filters", field=subject.name),
                "used": subject.name in used,
            }
            for subject in subjects(view, query.listing)
        ],
    )


def _ask(
    visit: Visit, view: AdminView, query: ListQuery, subject: Subject, asked: Asked, problem: str = ""
) -> Response:
    edited = _edited(query, subject, asked)
    if edited is not None:
        subject = _with_way_of(subject, edited)
    chosen = _last(asked, "operator") if "operator" in asked else _way_of(subject, edited)
    takes_values = edited is not None and subject.way(_way_of(subject, edited)).inputs > 0
    values = asked.get("value") or (list(edited.texts) if edited and takes_values else [])
    return visit.panel(
        "list/filter.html",
        status=400 if problem else 200,
        title=subject.label,
        view=view,
        list_url=visit.list_url(view, query),
        back_url=visit.list_url(view, query, "filters"),
        action_url=visit.url(view, "filters"),
        problem=problem,
        subject=subject,
        chosen=chosen,
        key=_last(asked, "key") or _key_of(subject, edited),
        hidden=[
            *query.to_pairs(),
            (":field", subject.name),
            *((":edit", item.parameter) for item in [edited] if item),
        ],
        values=values,
        stop=_last(asked, "stop"),
        input_type=_input_type(subject, values),
        dates=list(_dates(visit, view, query, subject, edited)),
        options=_options(visit, query, subject, values, asked),
        term=_last(asked, "term"),
        lookup_url=visit.url(view, "filters/lookup", **{":field": subject.name}),
        counts_url=_counts_url(visit, view, query, subject),
        show_counts_url=visit.list_url(view, query, "filters", field=subject.name, counts="yes"),
        shows_counts="counts" in asked,
    )


def _answered(query: ListQuery, subject: Subject, asked: Asked) -> ListQuery:
    """Return the list as the sent form wants it; raises BadRequest for what it cannot be asked."""
    edited = _edited(query, subject, asked)
    if edited is not None:
        subject, query = _with_way_of(subject, edited), query.with_filter(edited.parameter)
    way = subject.way(_last(asked, "operator"))
    texts = [text.strip() for text in asked.get("value", [])]
    key = _last(asked, "key").strip()
    if subject.has_keys and not key:
        raise BadRequest("Name the key to look under.")
    if way.inputs == 2:
        texts = [*texts[:1], _last(asked, "stop").strip()]
    else:
        texts = [text for text in texts if text]
    is_list = way.control in (Control.CHOICES, Control.LOOKUP)
    if way.inputs and not any(texts) and not is_list:
        raise BadRequest(f"Say what {subject.label.lower()} {way.label}.")
    return narrowed(query, subject, way, key, texts)


def _permitted(visit: Visit, subject: Subject) -> Subject:
    """Return a subject without the ways that would look up records this person may not see."""
    if subject.control is not Control.LOOKUP or visit.may_list(_target(subject).model):
        return subject
    ways = tuple(way for way in subject.ways if way.control is not Control.LOOKUP)
    if not ways:
        raise Forbidden(f"You may not see what {subject.label.lower()} can be.")
    return replace(subject, ways=ways)


def _edited(query: ListQuery, subject: Subject, asked: Asked) -> Condition | None:
    """Return the condition that the form changes: the named one, or the one that already chooses."""
    name = _last(asked, "edit")
    if not name and subject.control in (Control.CHOICES, Control.LOOKUP):
        names = (subject.name, f"{subject.name}__is", subject.name + NOT)
        return next((item for item in query.conditions if item.parameter in names), None)
    return next((item for item in query.conditions if item.parameter == name), None)


def _with_way_of(subject: Subject, condition: Condition) -> Subject:
    """Return the subject with the way a condition asks, which may be one that no form offers by itself."""
    value = _way_of(subject, condition)
    if any(way.value == value for way in subject.ways):
        return subject
    return replace(subject, ways=(*subject.ways, Way(value, condition.verb, subject.control)))


def _way_of(subject: Subject, condition: Condition | None) -> str:
    if condition is None:
        return subject.ways[0].value
    operator = condition.parameter.removeprefix(subject.name)
    if subject.has_keys and operator.startswith("."):
        operator = operator[len(_key_of(subject, condition)) + 1 :]
    operator = operator.removeprefix("__is") if operator in ("__is", "__is" + NOT) else operator
    with_text = f"{operator}={condition.texts[0]}"
    return with_text if any(way.value == with_text for way in subject.ways) else operator


def _key_of(subject: Subject, condition: Condition | None) -> str:
    if condition is None or not subject.has_keys:
        return ""
    return condition.parameter.removeprefix(f"{subject.name}.").partition("__")[0]


def _input_type(subject: Subject, values: Sequence[str]) -> str:
    kind = INPUT_TYPES.get(subject.control, "text")
    # A word such as today, a year or an exact moment is no value of a browser's own date input.
    is_plain = all(len(value) == len("2026-11-21") and value[:4].isdecimal() for value in values if value)
    return kind if kind == "text" or is_plain else "text"


def _dates(
    visit: Visit, view: AdminView, query: ListQuery, subject: Subject, edited: Condition | None
) -> Iterable[dict[str, Any]]:
    if not subject.is_dated or (edited is not None and edited.parameter != subject.name):
        return
    for text, label in DATES.items():
        yield {
            "label": label,
            "url": visit.list_url(view, query.with_filter(subject.name, text)),
            "current": edited is not None and text in edited.texts,
        }


def _options(
    visit: Visit, query: ListQuery, subject: Subject, values: Sequence[str], asked: Asked
) -> list[dict[str, Any]]:
    """Return the choices of a filter, those in use marked; of a lookup those in use and those found."""
    if subject.control is Control.LOOKUP:
        found = _found(visit, subject, _last(asked, "term"))[0] if "find" in asked else []
        pairs = {**_named(visit, query, subject, values), **{item["id"]: item["text"] for item in found}}
    elif isinstance(subject.filter, ColumnFilter):
        with limited(visit.session, visit.site.settings.list_time_limit):
            pairs = dict(
                offered(subject.filter.filter, visit.request, visit.session, query.listing.description.model)
            )
    else:
        choices = subject.filter.choices if subject.filter is not None else ()
        pairs = {text: _choice_label(subject, text, label) for text, label in choices}
    counts = _counts(visit, query, subject.name) if "counts" in asked else {}
    return [
        {"value": value, "label": label, "checked": value in values, "count": counts.get(value, "")}
        for value, label in pairs.items()
    ]


def _choice_label(subject: Subject, text: str, label: str) -> str:
    field = getattr(getattr(subject.filter, "path", None), "field", None)
    if field is not None and field.kind is Kind.BOOLEAN:
        return {"unset": "Not set"}.get(text, label.capitalize())
    return label


def _named(visit: Visit, query: ListQuery, subject: Subject, values: Sequence[str]) -> dict[str, str]:
    """Return the labels of the records with these keys in a URL."""
    if not values:
        return {}
    assert subject.filter is not None  # noqa: S101 - what is looked up has one
    condition = subject.filter.parse(subject.name, values, visit.zone)
    shown = named(visit.session, [condition], query.listing.related_scopes)[0].shown
    return dict(zip(condition.texts, shown, strict=True))


def _found(visit: Visit, subject: Subject, term: str, after: str = "") -> tuple[list[dict[str, str]], str]:
    """Return the records that a search offers, and the place of the next ones."""
    if subject.control is not Control.LOOKUP:
        raise BadRequest(f"{subject.label} is not looked up.")
    target = _target(subject)
    if not visit.may_list(target.model):
        raise Forbidden(f"You may not see what {subject.label.lower()} can be.")
    with limited(visit.session, visit.site.settings.list_time_limit):
        scope = visit.scope_of(target.model)
        withheld = visit.withheld_of(target.model)
        found = lookup(visit.session, target, term[:200], LOOKUP_SIZE, scope, after, withheld=withheld)
    offered = [
        {
            "id": encode_key(target, target.key_of(record)),
            "text": target.label_of(record),
            "key": key_text(target, record),
        }
        for record in found.records
    ]
    return offered, found.after


def _target(subject: Subject) -> Any:
    return subject.filter.path.end  # type: ignore[union-attr]  # only relations are looked up


def _counts(visit: Visit, query: ListQuery, name: str) -> dict[str, str]:
    found = facets(visit.session, query.listing, query, [name], FACET_SECONDS)
    return {facet.text: str(facet.count) for facet in found.get(name, ())}


def _counts_url(visit: Visit, view: AdminView, query: ListQuery, subject: Subject) -> str | None:
    if subject.control is not Control.CHOICES or isinstance(subject.filter, ColumnFilter):
        return None
    return visit.list_url(view, query, "filters/counts", field=subject.name)


def _last(asked: Asked, name: str) -> str:
    return asked.get(name, [""])[-1]
