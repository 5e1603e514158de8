"""The list page: what narrows it, what it says of its size, and how records lead on in it."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from html import unescape
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
from sqladmin.filters import (
    AllUniqueStringValuesFilter,
    BooleanFilter,
    ForeignKeyFilter,
    OperationColumnFilter,
    StaticValuesFilter,
)
from sqlalchemy import Connection, Engine, Select, event, select, text
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from admin_site import AdminView, create_app
from admin_site.admin.pages import lists
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.models import Course, Enrollment, User, UserType
from tests.admin.html_forms import PageForm, read_forms
from tests.admin.sites import a_site, open_site, settings_for, sign_in
from tests.factories import make_user

TITLES = re.compile(r'<a class="chip-text" href="([^"]*)"[^>]*><span dir="auto">([^<]*)</span>')
WAYS = re.compile(r'<a class="btn" href="([^"]*)">([^<]*)</a>')


@pytest.fixture
def visitor(database_url: str) -> TestClient:
    """A browser that nobody is signed in with."""
    return open_site(database_url)


@pytest.fixture
def courses(database: Database) -> list[str]:
    """Forty courses, of which every fourth is not active; the keys in the order of their names."""
    with database.session() as session:
        made = [
            Course(
                name=f"Course {number:02}",
                description="" if number % 5 else "in short",
                start_date=date(2030, 1, 1) + timedelta(days=20 * number),
                is_active=number % 4 > 0,
            )
            for number in range(40)
        ]
        session.add_all(made)
        session.flush()
        return [str(course.course_id) for course in made]


def names(html: str) -> list[str]:
    """Return the names in the first column."""
    return [
        unescape(name)
        for name in re.findall(r"<tr[^>]*><th[^>]*>(?:<input[^>]*>)?<a [^>]*>([^<]*)</a>", html)
    ]


def chips(html: str) -> dict[str, str]:
    """Return the sentences of the filters in use with where each is changed."""
    return {unescape(text): unescape(url) for url, text in TITLES.findall(html)}


def form_of(html: str) -> PageForm:
    """Return the form of a panel as it is sent when nothing in it is touched."""
    return next(form for form in read_forms(html) if any(name.startswith(":") for name, _ in form.pairs))


def sent_by(client: TestClient, form: PageForm) -> Response:
    return client.get(f"{form.action}?{urlencode(form.pairs)}")


ROUND_TRIPS = [
    ("user", "is_active=yes"),
    ("user", "is_active__not=yes"),
    ("user", "is_active=no&is_active=yes"),
    ("user", "user_name=ann"),
    ("user", "user_name=ann&user_name=ben"),
    ("user", "user_name__contains=a%25"),
    ("user", "user_name__contains__not=a"),
    ("user", "user_name__starts=a&sort=user_name&size=50"),
    ("user", "user_name__ends=a&search=ada"),
    ("user", "age=18"),
    ("user", "age__gte=18"),
    ("user", "age__gt__not=18"),
    ("user", "age__empty=yes"),
    ("user", "age__empty=no"),
    ("user", "created_at=last-7-days"),
    ("user", "created_at=2026-11"),
    ("user", "created_at__gte=2026-11-21"),
    ("user", "created_at__lt=2026-11-21T18%3A30%3A00%2B00%3A00"),
    ("user", "user_type__empty=yes"),
    ("user", "roles__any=no"),
    ("audit-entry", "changes.colour=red"),
    ("audit-entry", "changes.size.width__contains=1"),
    ("audit-entry", "changes.colour__empty=yes"),
]


@pytest.mark.parametrize(("identity", "query"), ROUND_TRIPS)
def test_a_chip_leads_to_the_form_that_leads_to_the_same_list(client: TestClient, identity: str, query: str):
    asked = client.get(f"/admin/{identity}/list?{query}")
    assert asked.status_code == 200
    (words, edit_url), *others = chips(asked.text).items()
    assert others == []

    form = client.get(edit_url)
    assert form.status_code == 200, words
    answer = sent_by(client, form_of(form.text))

    assert answer.status_code == 303, answer.text
    back = urlsplit(answer.headers["location"])
    assert back.path == f"/admin/{identity}/list"
    assert sorted(parse_qsl(back.query)) == sorted(parse_qsl(query))


def test_the_chip_of_a_related_record_leads_to_the_form_that_names_it(client: TestClient, database: Database):
    with database.session() as session:
        kind = UserType(name="Alumnus")
        session.add(kind)
        session.flush()
        key = str(kind.user_type_id)

    page = client.get(f"/admin/user/list?user_type={key}").text
    ((words, edit_url),) = chips(page).items()
    assert words == "User type is Alumnus"

    form = form_of(client.get(edit_url).text)
    assert (":value", key) in form.pairs
    answer = sent_by(client, form)
    assert answer.headers["location"] == f"/admin/user/list?user_type={key}"


APPLIED = [
    ([(":field", "is_active"), (":operator", ""), (":value", "yes")], "is_active=yes"),
    (
        [(":field", "name"), (":operator", "__not"), (":value", "a"), (":value", "b")],
        "name__not=a&name__not=b",
    ),
    ([(":field", "is_active"), (":operator", "")], ""),
    ([(":field", "name"), (":operator", "__contains"), (":value", " a ")], "name__contains=a"),
    ([(":field", "name"), (":operator", "__empty=yes"), (":value", "a")], "name__empty=yes"),
    (
        [
            (":field", "start_date"),
            (":operator", "__between"),
            (":value", "2030-01-01"),
            (":stop", "2030-02-01"),
        ],
        "start_date__gte=2030-01-01&start_date__lte=2030-02-01",
    ),
    (
        [(":field", "start_date"), (":operator", "__between"), (":value", ""), (":stop", "2030-02-01")],
        "start_date__lte=2030-02-01",
    ),
    ([(":field", "start_date"), (":operator", ""), (":value", "today")], "start_date=today"),
    ([(":field", "enrollments"), (":operator", "__any=no")], "enrollments__any=no"),
]


@pytest.mark.parametrize(("sent", "expected"), APPLIED, ids=lambda value: str(value)[:60])
def test_a_form_adds_to_the_address_and_keeps_the_rest(client: TestClient, sent: Any, expected: str):
    kept = [("search", "a"), ("sort", "name"), ("end_date__empty", "yes")]

    answer = client.get(f"/admin/course/filters?{urlencode([*kept, *sent])}")

    assert answer.status_code == 303, answer.text
    found = parse_qsl(urlsplit(answer.headers["location"]).query)
    assert sorted(found) == sorted([*kept, *parse_qsl(expected)])


def test_a_second_value_of_the_same_filter_is_or(client: TestClient):
    sent = [("name__contains", "a"), (":field", "name"), (":operator", "__contains"), (":value", "b")]
    answer = client.get(f"/admin/course/filters?{urlencode(sent)}")

    assert answer.headers["location"].endswith("/list?name__contains=a&name__contains=b")
    assert list(chips(client.get(answer.headers["location"]).text)) == ["Name contains a or b"]


def test_what_cannot_be_asked_is_said_in_the_form_which_keeps_what_was_typed(client: TestClient):
    sent = [(":field", "start_date"), (":operator", "__gte"), (":value", "soonish")]
    answer = client.get(f"/admin/course/filters?is_active=yes&{urlencode(sent)}")

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    again = set(form_of(answer.text).pairs)
    assert {(":value", "soonish"), (":operator", "__gte"), ("is_active", "yes")} <= again
    nothing = client.get("/admin/course/filters?:field=name&:operator=__contains&:value=+")
    assert nothing.status_code == 400
    assert "Say what name contains." in nothing.text


@pytest.mark.parametrize(
    "query", [":field=nothing", ":field=password_hash", ":field=name&:operator=__nope&:value=1", "nothing=1"]
)
def test_a_filter_that_does_not_exist_is_refused_in_words(client: TestClient, query: str):
    assert client.get(f"/admin/user/filters?{query}").status_code == 400


def test_clicking_on_a_filter_without_javascript_shows_a_page_with_everything(client: TestClient):
    page = client.get("/admin/user/filters?sort=user_name").text
    links = [unescape(url) for url in re.findall(r'<a class="popup-item" href="([^"]*)" data-panel>', page)]

    assert len(links) > 10
    for link in links:
        assert client.get(link).status_code == 200
        assert "sort=user_name" in link


def test_a_script_gets_the_popup_alone_and_is_told_where_to_go(client: TestClient):
    panel = client.get("/admin/course/filters?:field=name", headers={"X-Panel": "yes"})
    assert "<html" not in panel.text
    assert "X-Panel" in panel.headers["vary"]

    answer = client.get(
        "/admin/course/filters?:field=name&:operator=__contains&:value=a", headers={"X-Panel": "yes"}
    )
    assert answer.status_code == 204
    assert answer.headers["hx-location"] == "/admin/course/list?name__contains=a"


def test_a_lookup_needs_no_more_than_the_permission_to_list(visitor: TestClient, database: Database):
    with database.session() as session:
        session.add_all([Course(name=name, start_date=date(2030, 1, 1)) for name in ("Botany", "Art")])
    sign_in(visitor, database, ("enrollment", "list"), ("course", "list"))

    found = visitor.get("/admin/enrollment/filters/lookup?:field=course&term=bot").json()
    assert [item["text"] for item in found["results"]] == ["Botany"]
    assert visitor.get("/admin/enrollment/filters/lookup?:field=user").status_code == 403
    assert visitor.get("/admin/enrollment/filters/lookup?:field=enrolled_date").status_code == 400
    assert visitor.get("/admin/course/filters/lookup?:field=nothing").status_code == 400
    assert visitor.get("/admin/user/filters/lookup?:field=user_type").status_code == 403
    page = visitor.get("/admin/enrollment/filters?:field=course&:term=bot&:find=yes").text
    assert re.findall(r'<option value="[^"]+">(\w+)</option>', page.split('name=":value"')[1]) == ["Botany"]


def test_a_record_is_found_by_filters_of_whatever_page_size(client: TestClient, courses: list[str]):
    page = client.get("/admin/course/list?is_active=no&sort=name").text

    assert names(page) == [f"Course {number:02}" for number in range(0, 40, 4)]
    assert list(chips(page)) == ["Active is no"]


# ---- Counts ----------------------------------------------------------------------------------------


def test_the_pager_says_which_rows_of_how_many(client: TestClient, courses: list[str]):
    page = client.get("/admin/course/list").text

    assert "1–25 of 40" in page
    second = re.search(r'href="([^"]*)" aria-label="Next page"', page)
    assert "26–40 of 40" in client.get(unescape(second[1])).text


def test_a_list_that_fits_on_its_page_is_not_counted(
    client: TestClient, courses: list[str], database: Database
):
    statements = statements_of(client, lambda: client.get("/admin/course/list?size=100"))

    assert len([statement for statement in statements if "FROM courses" in statement]) == 1


def test_beyond_the_limit_the_exact_number_comes_on_click(
    client: TestClient, courses: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lists, "quick_count", lambda *arguments: lists.Count(30, exact=False))

    page = client.get("/admin/course/list?search=course&sort=name").text
    link = re.search(r'<a href="([^"]*)" data-count-exactly[^>]*>30\+</a>', page)
    assert "1–25 of 30+" in page

    exact = client.get(unescape(link[1]))
    assert "1–25 of 40" in exact.text
    assert "data-count-exactly" not in exact.text
    assert names(exact.text) == names(page)
    assert client.get(unescape(link[1]), headers={"X-Panel": "yes"}).text == "40"


# ---- Too slow --------------------------------------------------------------------------------------

ENDLESS = {
    "sqlite": text(
        "(WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t) > 0"
    ),
    "postgresql": text("pg_sleep(30) IS NULL"),
}


@pytest.fixture
def slow(database: Database, courses: list[str]) -> Iterator[Callable[[str], TestClient]]:
    """Opens a site that gives a list a tenth of a second, on which statements that hold a text never end."""
    settings = settings_for(database.engine.url.render_as_string(hide_password=False))
    client = TestClient(
        create_app(settings.model_copy(update={"list_time_limit": 0.1})), follow_redirects=False
    )
    sign_in(client, database, superuser=True)
    endless = ENDLESS[database.engine.dialect.name]
    watched: list[str] = []

    def stall(_: Connection, statement: Any, *parameters: Any) -> tuple[Any, ...]:
        is_watched = (
            watched and isinstance(statement, Select) and all(part in str(statement) for part in watched)
        )
        return statement.where(endless) if is_watched else statement, *parameters[:2]

    def open_it(*parts: str) -> TestClient:
        watched.extend(parts)
        return client

    event.listen(Engine, "before_execute", stall, retval=True)
    yield open_it
    event.remove(Engine, "before_execute", stall)


def test_a_list_that_takes_too_long_says_so_and_keeps_what_was_asked(slow: Callable[..., TestClient]):
    client = slow("FROM courses", "ORDER BY")
    answer = client.get("/admin/course/list?search=chem&is_active=yes&sort=name")

    assert answer.status_code == 503
    assert "This takes too long" in answer.text
    assert 'value="chem"' in answer.text
    assert list(chips(answer.text)) == ["Active is yes"]
    ways = {unescape(label): unescape(url) for url, label in WAYS.findall(answer.text)}
    assert ways["Without the search"] == "/admin/course/list?is_active=yes&sort=name"
    assert ways["Without this sort"] == "/admin/course/list?search=chem&is_active=yes"
    assert ways["Only the last 7 days"].endswith("created_at=last-7-days&is_active=yes&sort=name")
    assert client.get("/admin/").status_code == 200, "the next page has its database"


def test_a_count_that_takes_too_long_loses_no_row(slow: Callable[..., TestClient]):
    client = slow("FROM courses", "count(")
    answer = client.get("/admin/course/list?search=course&sort=name")

    assert answer.status_code == 200
    assert names(answer.text) == [f"Course {number:02}" for number in range(25)]
    assert ">25+</a>" in answer.text
    exact = client.get("/admin/course/count?sort=name", headers={"X-Panel": "yes", "Accept": "text/html"})
    assert exact.status_code == 503
    assert len(names(client.get("/admin/course/count?sort=name").text)) == 25


def test_a_number_that_would_take_long_is_told_once_the_page_is_there(
    client: TestClient, courses: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lists, "quick_count", lambda *arguments: None)

    page = client.get("/admin/course/list?search=course").text
    later = re.search(r'data-count-later="([^"]*)"[^>]*>25\+</a>', page)

    assert client.get(unescape(later[1]), headers={"X-Panel": "yes"}).text == "40"
    assert "1–25 of 40" in client.get(unescape(later[1])).text


def test_dates_that_take_too_long_are_said_to(slow: Callable[..., TestClient]):
    page = slow("FROM courses", "min(").get("/admin/course/dates")

    assert page.status_code == 200
    assert 'role="alert"' in page.text


# ---- Facets ----------------------------------------------------------------------------------------


def test_choices_have_their_numbers_in_a_request_of_their_own(client: TestClient, courses: list[str]):
    page = client.get("/admin/course/filters?search=course+1&is_active=yes&:field=is_active").text
    url = re.search(r'data-counts="([^"]*)"', page)

    assert client.get(unescape(url[1])).json() == {"yes": "11", "no": "3"}


def test_without_javascript_the_numbers_come_on_click(client: TestClient, courses: list[str]):
    page = client.get("/admin/course/filters?:field=is_active").text
    assert ">30</span>" not in page
    link = re.search(r'<a class="without-js" href="([^"]*)">Show how many', page)

    page = client.get(unescape(link[1])).text
    assert re.findall(r"<span[^>]*data-count>(\d+)</span>", page) == ["30", "10"]


# ---- Sorting, jumping, dates -----------------------------------------------------------------------


def test_a_form_sorts_by_several_columns(client: TestClient, courses: list[str]):
    page = client.get("/admin/course/sort?is_active=no&sort=is_active,-name").text
    form = form_of(page)
    assert [pair for pair in form.pairs if pair[0] in (":by", ":direction")] == [
        (":by", "is_active"),
        (":direction", "up"),
        (":by", "name"),
        (":direction", "down"),
        (":by", ""),
        (":direction", "up"),
    ]
    form.pairs[-2:] = [(":by", "start_date"), (":direction", "down")]

    location = unquote(sent_by(client, form).headers["location"])
    assert location == "/admin/course/list?is_active=no&sort=is_active,-name,-start_date"
    listed = client.get("/admin/course/list?sort=is_active,-name").text
    assert names(listed)[:2] == ["Course 36", "Course 32"]
    assert re.findall(r'data-name="(\w+)" data-place="(\d)"', listed) == [("name", "2"), ("is_active", "1")]


def test_the_list_opens_at_a_value_of_the_column_it_is_sorted_by(client: TestClient, courses: list[str]):
    page = client.get("/admin/course/list?sort=name&is_active=yes&size=25").text
    form = re.search(r'<form class="jump".*?</form>', page, re.DOTALL)
    assert "Jump to name" in form[0]
    assert '<input type="hidden" name="is_active" value="yes">' in form[0]

    assert names(client.get("/admin/course/list?sort=name&jump=Course 2").text)[0] == "Course 20"
    assert 'name="jump" type="date"' in client.get("/admin/course/list?sort=start_date").text


def test_dates_lead_from_year_to_month_to_day(client: TestClient, database: Database):
    class Dated(AdminView, model=Course):
        column_date_hierarchy = Course.start_date

    with database.session() as session:
        for day in (date(2029, 5, 1), date(2030, 2, 3), date(2030, 2, 3), date(2030, 7, 9)):
            session.add(Course(name=f"Of {day} {day.day}", start_date=day, is_active=day.month == 2))
    client = a_site(database, views=[Dated])

    def steps(url: str) -> dict[str, tuple[str, str]]:
        found = re.findall(
            r'<a class="popup-item[^"]*" href="([^"]*)"[^>]*><span>(\w+)</span>'
            r'<span class="count">(\d+)</span></a>'
            r'(?:<a class="quiet-button" href="([^"]*)")?',
            client.get(url).text,
        )
        return {f"{label} {count}": (unescape(show), unescape(more)) for show, label, count, more in found}

    (url,) = re.findall(
        r'<a class="btn btn-tool" href="([^"]*/dates[^"]*)"', client.get("/admin/course/list").text
    )
    years = steps(unescape(url))
    assert list(years) == ["2029 1", "2030 3"]
    months = steps(years["2030 3"][1])
    assert list(months) == ["February 2", "July 1"]
    days = steps(months["February 2"][1])
    assert list(days) == ["3 2"]

    page = client.get(days["3 2"][0]).text
    assert len(names(page)) == 2
    assert list(chips(page)) == ["Start date is on 2030-02-03"]
    assert list(steps("/admin/course/dates?start_date=2030")) == ["February 2", "July 1"]
    assert list(steps("/admin/course/dates?is_active=yes")) == ["2030 2"]


def test_a_date_to_walk_by_is_a_date_of_the_model(database: Database):
    class ByName(AdminView, model=Course):
        column_date_hierarchy = "name"

    with pytest.raises(ConfigurationError, match="'name' is no date"):
        a_site(database, views=[ByName])


def test_a_view_may_have_no_date_to_walk_by(database: Database):
    class Undated(AdminView, model=Course):
        column_date_hierarchy = ""

    client = a_site(database, views=[Undated])
    assert "/dates" not in client.get("/admin/course/list").text
    assert client.get("/admin/course/dates").status_code == 404


# ---- SQLAdmin's filters ----------------------------------------------------------------------------


class WithoutDescription:
    """A filter somebody wrote for SQLAdmin, without asking for its base classes."""

    title = "Described"
    parameter_name = "described"
    template = "sqladmin/filters/lookup_filter.html"

    async def lookups(
        self, request: Request, model: Any, run_query: Callable[[Any], Any]
    ) -> list[tuple[str, str]]:
        (found,) = await run_query(select(model.name).where(model.name == "Course 00"))
        return [("all", "All"), ("short", f"in short, as {found.name}"), ("long", "at length")]

    async def get_filtered_query(self, query: Select[Any], value: Any, model: Any) -> Select[Any]:
        return query.filter(model.description == "in short") if value == "short" else query


class Taken:
    """One that joins another table."""

    title = "Taken by"
    parameter_name = "taken_by"
    template = "sqladmin/filters/lookup_filter.html"

    def lookups(self, request: Request, model: Any, run_query: Callable[[Any], Any]) -> list[tuple[str, str]]:
        return [("anybody", "anybody")]

    def get_filtered_query(self, query: Select[Any], value: Any, model: Any) -> Select[Any]:
        return query.join(Enrollment, Enrollment.course_id == model.course_id)


class Courses(AdminView, model=Course):
    column_filters: ClassVar = [
        BooleanFilter(Course.is_active),
        AllUniqueStringValuesFilter(Course.description),
        StaticValuesFilter(
            Course.name, [("Course 01", "the first"), ("Course 02", "the second")], title="Which"
        ),
        OperationColumnFilter(Course.start_date),
        WithoutDescription(),
        Taken(),
    ]


SQLADMIN_URLS = [
    ("is_active=false", 10, ["Is Active is No"]),
    ("is_active=all", 40, []),
    ("description=in+short", 8, ["Description is in short"]),
    ("name=Course+02", 1, ["Which is the second"]),
    ("name__not=Course+02", 39, ["Which is not the second"]),
    ("start_date=2031-01-01&start_date_op=greater_than", 21, ["Start Date is over 2031-01-01"]),
    ("start_date_op=greater_than", 40, []),
    ("described=short", 8, ["Described is in short, as Course 00"]),
    ("described=long", 40, ["Described is at length"]),
    ("taken_by=anybody", 1, ["Taken by is anybody"]),
]


@pytest.mark.parametrize(("query", "number", "sentences"), SQLADMIN_URLS)
def test_filters_of_sqladmin_keep_their_addresses(
    database: Database, courses: list[str], query: str, number: int, sentences: list[str]
):
    with database.session() as session:
        course = session.scalars(select(Course).where(Course.name == "Course 07")).one()
        people = [make_user(session), make_user(session)]
        session.add_all([Enrollment(user=person, course=course) for person in people])
    client = a_site(database, views=[Courses])

    page = client.get(f"/admin/course/list?{query}&size=100")

    assert page.status_code == 200
    assert len(names(page.text)) == number
    assert list(chips(page.text)) == sentences
    for edit_url in chips(page.text).values():
        answer = sent_by(client, form_of(client.get(edit_url).text))
        assert len(names(client.get(answer.headers["location"]).text)) == number


def test_a_filter_of_sqladmin_refuses_other_values_in_words(database: Database):
    class ByType(AdminView, model=User):
        column_filters: ClassVar = [ForeignKeyFilter(User.user_type_id, UserType.name, title="Kind")]

    with database.session() as session:
        session.add(UserType(name="Alumnus"))
    client = a_site(database, views=[ByType])

    answer = client.get("/admin/user/list?user_type_id=many")
    assert answer.status_code == 400
    assert "Kind: “many” is none of its values." in answer.text
    assert ">Alumnus</span>" in client.get("/admin/user/filters?:field=user_type_id").text


def test_a_default_of_sqladmin_holds_until_it_is_taken_away(database: Database, courses: list[str]):
    class Active(AdminView, model=Course):
        column_filters: ClassVar = [BooleanFilter(Course.is_active, title="Running", default_value=True)]

    client = a_site(database, views=[Active])
    page = client.get("/admin/course/list?size=100").text
    assert len(names(page)) == 30
    assert list(chips(page)) == ["Running is Yes"]
    assert len(names(client.get("/admin/course/list?size=100&is_active=false").text)) == 10

    remove = re.search(r'<a class="chip-remove" href="([^"]*)"', page)
    assert len(names(client.get(unescape(remove[1])).text)) == 40


# ---- Records beside each other ---------------------------------------------------------------------


def beside(html: str) -> dict[str, str]:
    links = re.findall(r'<a class="quiet-button" href="([^"]*)" aria-label="(\w+) in the list"', html)
    found = {label: unescape(url) for url, label in links}
    back = re.search(r'<nav class="crumbs"[^>]*>\s*<a href="([^"]*)"', html)
    return found | ({"back": unescape(back[1])} if back else {})


def test_a_record_leads_on_in_the_list_it_was_opened_from(client: TestClient, courses: list[str]):
    query = "is_active=no&sort=-name"
    page = client.get(f"/admin/course/details/{courses[8]}?{urlencode({'list': query})}").text

    assert urlsplit(beside(page)["Next"]).path == f"/admin/course/details/{courses[4]}"
    assert urlsplit(beside(page)["Previous"]).path == f"/admin/course/details/{courses[12]}"
    assert beside(page)["back"] == f"/admin/course/list?{query}"

    page = client.get(beside(page)["Next"]).text
    page = client.get(beside(page)["Next"]).text
    assert "Course 00" in page
    assert "Next" not in beside(page)
    assert urlsplit(beside(page)["Previous"]).path == f"/admin/course/details/{courses[4]}"


def test_after_stepping_on_the_list_opens_where_the_record_stands(client: TestClient, courses: list[str]):
    page = client.get(f"/admin/course/details/{courses[29]}?{urlencode({'list': 'sort=name&size=25'})}").text
    assert beside(page)["back"] == "/admin/course/list?sort=name"
    page = client.get(beside(page)["Next"]).text

    assert "Course 30" in names(client.get(beside(page)["back"]).text)


def test_a_record_opened_from_nowhere_leads_on_in_the_usual_list(client: TestClient, courses: list[str]):
    page = client.get(f"/admin/course/details/{courses[8]}").text

    assert {"Next", "Previous"} <= beside(page).keys()
    assert beside(page)["back"] == "/admin/course/list"
    broken = client.get(f"/admin/course/details/{courses[8]}?list=nothing%3D1").text
    assert beside(broken) == beside(page)


def test_who_may_not_list_is_led_nowhere(visitor: TestClient, database: Database, courses: list[str]):
    sign_in(visitor, database, ("course", "details"))

    assert beside(visitor.get(f"/admin/course/details/{courses[8]}?list=is_active%3Dno").text) == {}


def test_a_key_that_is_searched_for_leads_to_its_record(client: TestClient, courses: list[str]):
    page = client.get(f"/admin/course/list?search={courses[0]}").text

    link = re.search(r'<p class="keyed".*?<a href="([^"]*)"[^>]*>([^<]*)</a>', page)
    assert link.groups() == (f"/admin/course/details/{courses[0]}", "Course 00")
    assert 'class="keyed"' not in client.get("/admin/course/list?search=987654").text
    assert 'class="keyed"' not in client.get("/admin/course/list?search=Course+12").text


# ---- Empty, and everything at once -----------------------------------------------------------------


def test_the_three_empty_pages_are_told_apart(visitor: TestClient, client: TestClient, database: Database):
    nothing = client.get("/admin/course/list").text
    assert "Nothing here yet" in nothing
    assert "Add the first one" in nothing
    no_match = client.get("/admin/course/list?name=x").text
    assert "Nothing matches" in no_match
    assert "Clear search and filters" in no_match
    sign_in(visitor, database, ("item", "list"))
    assert "You may not see this" in visitor.get("/admin/course/list").text
    assert "Add the first one" not in visitor.get("/admin/item/list").text


def test_the_search_box_says_what_it_looks_into(client: TestClient, courses: list[str]):
    assert 'placeholder="Search name, description"' in client.get("/admin/course/list").text
    assert 'placeholder="Search by enrollment ID"' in client.get("/admin/enrollment/list?search=1").text


def test_a_hundred_rows_of_eight_columns_weigh_less_than_60_kb(client: TestClient, database: Database):
    with database.session() as session:
        for number in range(100):
            make_user(session, first_name="Bartholomew", last_name=f"Featherstonehaugh {number}", age=40)
    columns = "user_name,email_address,first_name,user_type,is_active,age,last_login,created_at"
    page = client.get(
        f"/admin/user/list?size=100&columns={columns}&sort=-user_name&is_active=yes&age__gte=18"
    )

    assert len(names(page.text)) == 100
    assert len(page.content) < 60_000


def test_the_number_of_statements_does_not_depend_on_what_is_shown(client: TestClient, courses: list[str]):
    client.get("/admin/course/list")
    few = statements_of(client, lambda: client.get("/admin/course/list"))
    many = statements_of(
        client, lambda: client.get("/admin/course/list?size=50&is_active=yes&sort=-name,is_active")
    )

    assert len(few) <= 9
    assert len(many) <= len(few)


def statements_of(client: TestClient, ask: Callable[[], Any]) -> list[str]:
    """Return the statements of one request."""
    engine = client.app.state.site.database.engine
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    assert ask().status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return found
