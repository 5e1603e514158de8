"""A list as a file."""

import csv
import io
import json
import threading
import tracemalloc
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

import anyio
import pytest
from markupsafe import Markup
from sqlalchemy import Select, func, insert, literal, select
from starlette.requests import Request
from starlette.testclient import TestClient

from admin_site import AdminView, create_app
from admin_site.admin.downloads import Download, Piece
from admin_site.admin.exports import AT_ONCE
from admin_site.database import Database
from admin_site.listing import ListQuery, fetch
from admin_site.models import AuditEntry, Course, Enrollment, User, UserSession, UserType
from tests.admin.html_forms import read_forms
from tests.admin.sites import a_site, open_site, settings_for, sign_in
from tests.exported import sheet_rows
from tests.factories import make_user

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FORMATS = ("xlsx", "csv", "jsonl", "json")


@pytest.fixture
def courses(database: Database) -> list[int]:
    """The keys of sixty courses, some of the same name and some without an end."""
    with database.session() as session:
        made = [
            Course(
                name=f"Course {number % 20:02}",
                start_date=date(2030, 1, 1 + number % 28),
                end_date=date(2031, 1, 1 + number % 28) if number % 3 else None,
                is_active=number % 2 == 0,
            )
            for number in range(60)
        ]
        session.add_all(made)
        session.flush()
        return [course.course_id for course in made]


def download(client: TestClient, path: str, **asked: str) -> Any:
    more = urlencode({f":{name}": text for name, text in asked.items()})
    answer = client.get(f"/admin/{path}{'&' if '?' in path else '?'}{more}")
    assert answer.status_code == 200, answer.text[:2000]
    return answer


def records(client: TestClient, path: str) -> list[dict[str, Any]]:
    """Return the rows of an export of raw values under the names of attributes."""
    identity, _, query = path.partition("?")
    answer = download(client, f"{identity}/export/jsonl?{query}", headers="names", values="raw")
    return [json.loads(line) for line in answer.text.splitlines()]


def keys_in_the_list(client: TestClient, database: Database, identity: str, query: str) -> list[str]:
    """Return the keys on all pages of a list, one after the other."""
    view = client.app.state.site.find_view(identity)
    pairs = [tuple(pair.split("=", 1)) for pair in query.split("&") if pair]
    wanted, keys = ListQuery.parse(pairs, view.listing), []
    with database.session() as session:
        while True:
            page = fetch(session, view.listing, wanted)
            keys += [view.key(record) for record in page.rows]
            if not page.has_next:
                return keys
            wanted = wanted.with_(after=page.after)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "size=10",
        "sort=name",
        "sort=-end_date",
        "sort=end_date,-name",
        "is_active=yes&sort=-start_date",
        "search=course+0".replace("+", " "),
        "end_date__empty=yes&search=1",
        "name__not=Course 03&sort=-name",
        "search=nothing like this",
    ],
)
def test_an_export_has_the_rows_of_all_pages_of_the_list_in_their_order(
    client, database, courses, query: str
):
    expected = keys_in_the_list(client, database, "course", query)

    rows = records(client, f"course?columns=course_id,name&{query}")

    assert [str(row["course_id"]) for row in rows] == expected


def test_the_page_of_the_list_that_is_open_makes_no_difference(client, courses):
    whole = records(client, "course?sort=name")

    for place in ("page=2", "last=yes", "size=10&page=3", "after=nonsense"):
        assert records(client, f"course?sort=name&{place}") == whole


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_columns_are_those_of_the_list(client, courses, format_name: str):
    answer = download(client, f"course/export/{format_name}?columns=name,course_id")

    header, first = table_of(answer, format_name)[:2]

    assert header == ["Name", "Course ID"]
    assert first[0].startswith("Course ")


def table_of(answer: Any, format_name: str) -> list[list[Any]]:
    """Return header and rows of a file of any format."""
    if format_name == "xlsx":
        return sheet_rows(answer.content)
    if format_name == "csv":
        return list(csv.reader(io.StringIO(answer.text)))
    found = (
        answer.json() if format_name == "json" else [json.loads(line) for line in answer.text.splitlines()]
    )
    return [list(found[0]), *(list(row.values()) for row in found)]


def test_all_columns_can_be_asked_for(client, courses):
    answer = download(client, "course/export/json", columns="all", headers="names")

    assert list(answer.json()[0]) == [
        "course_id",
        "name",
        "description",
        "start_date",
        "end_date",
        "is_active",
        "created_at",
        "updated_at",
        "enrollments",
    ]


@pytest.fixture
def enrolled(database: Database) -> dict[str, str]:
    """The keys of a person of a type, and of the two courses that person takes."""
    with database.session() as session:
        user = make_user(session, first_name="Ada", last_name="Lovelace", user_type=UserType(name="Student"))
        taken = [
            Enrollment(
                user=user,
                course=Course(name=name, start_date=date(2030, 1, 7)),
                enrolled_date=date(2030, 2, day),
                associative_data={"grade": day},
            )
            for day, name in enumerate(("Botany", "Chemistry"), 1)
        ]
        session.add_all(taken)
        session.flush()
        return {
            "user": str(user.user_id),
            "botany": str(taken[0].course_id),
            "chemistry": str(taken[1].course_id),
        }


def test_related_records_are_told_by_their_labels(client, enrolled):
    answer = download(
        client, "enrollment/export/json?columns=user,course,associative_data&sort=enrolled_date"
    )

    assert answer.json() == [
        {"User": "Ada Lovelace", "Course": "Botany", "Associative data": {"grade": 1}},
        {"User": "Ada Lovelace", "Course": "Chemistry", "Associative data": {"grade": 2}},
    ]


def test_raw_values_of_related_records_are_their_keys(client, enrolled):
    rows = records(client, "enrollment?columns=user,course&sort=enrolled_date")

    assert rows == [
        {"user": enrolled["user"], "course": int(enrolled["botany"])},
        {"user": enrolled["user"], "course": int(enrolled["chemistry"])},
    ]


def test_relations_to_many_are_told_by_their_number(client, enrolled):
    rows = records(client, "user?columns=user_name,enrollments,roles&search=Lovelace")

    assert [(row["enrollments"], row["roles"]) for row in rows] == [(2, 0)]


def test_times_are_told_in_the_viewers_zone_and_stored_ones_in_utc(client, courses):
    client.cookies.set("zone", "Asia/Kolkata")

    shown = download(client, "course/export/json?columns=created_at").json()[0]["Created at"]
    raw = records(client, "course?columns=created_at")[0]["created_at"]

    assert shown.endswith("+05:30")
    assert raw.endswith("+00:00")


class Courses(AdminView, model=Course):
    column_list: ClassVar = ["name", "is_active", "enrollments"]
    column_labels: ClassVar = {"name": "Title"}
    column_formatters: ClassVar = {"name": lambda course, _: Markup("<b>{}</b>").format(course.name.upper())}


def test_a_views_labels_and_formatters_are_those_of_the_file(database, courses):
    client = a_site(database, views=[Courses])

    table = table_of(download(client, "course/export/csv?sort=name"), "csv")

    assert table[:2] == [["Title", "Active", "Enrollments"], ["COURSE 00", "Yes", "0"]]


def test_raw_values_pass_no_formatter(database, courses):
    client = a_site(database, views=[Courses])

    assert records(client, "course?sort=name")[0] == {
        "name": "Course 00",
        "is_active": True,
        "enrollments": 0,
    }


class Listed(AdminView, model=Course):
    column_export_list: ClassVar = ["course_id", Course.name]
    export_types: ClassVar = ["csv", "pdf"]
    export_max_rows = 7
    use_pretty_export = False

    def get_export_name(self, export_type: str) -> str:
        return f'Über "{export_type}".csv'


def test_what_sqladmin_says_of_exports_is_kept(database, courses):
    client = a_site(database, views=[Listed])

    answer = download(client, "course/export/csv")

    table = table_of(answer, "csv")
    assert table[0] == ["course_id", "name"]
    assert len(table) == 8
    assert (
        answer.headers["content-disposition"]
        == "attachment; filename=\"Uber-csv-.csv\"; filename*=UTF-8''%C3%9Cber%20%22csv%22.csv"
    )
    assert client.get("/admin/course/export/json").status_code == 404
    assert "Only the first 7 of them" in client.get("/admin/course/export").text


class Excluding(AdminView, model=Course):
    column_export_exclude_list: ClassVar = ["name"]

    async def custom_export_cell(self, row: Any, name: str, value: Any) -> str | None:
        return f"no. {value}" if name == "course_id" else None


def test_excluded_columns_are_in_no_file_and_own_cells_in_every_one(database, courses):
    client = a_site(database, views=[Excluding])

    table = table_of(download(client, "course/export/csv?columns=name,course_id&sort=course_id"), "csv")

    assert table[:2] == [["Course ID"], [f"no. {min(courses)}"]]
    assert (
        "name"
        not in json.loads(download(client, "course/export/json", columns="all", headers="names").text)[0]
    )


class Closed(AdminView, model=Course):
    async def check_can_export(self, request: Request) -> bool:
        return False


def test_a_view_can_refuse(database, courses):
    client = a_site(database, views=[Closed])

    assert client.get("/admin/course/export/csv").status_code == 403
    assert "/export" not in client.get("/admin/course/list").text


PAGES = ("course/export", *(f"course/export/{name}" for name in FORMATS))


@pytest.mark.parametrize("path", PAGES)
def test_an_export_needs_the_right_to_it_and_to_the_list(database, database_url, courses, path: str):
    client = open_site(database_url)
    statuses = {}
    for grants in ((), ("list",), ("export",), ("list", "export")):
        sign_in(client, database, *(("course", action) for action in grants))
        statuses[grants] = client.get(f"/admin/{path}").status_code

    assert statuses == {(): 403, ("list",): 403, ("export",): 403, ("list", "export"): 200}


def test_the_button_is_there_for_those_who_may(database, database_url, courses):
    client = open_site(database_url)

    sign_in(client, database, ("course", "list"))
    assert "course/export" not in client.get("/admin/course/list").text

    sign_in(client, database, ("course", "list"), ("course", "export"))
    assert 'href="/admin/course/export?search=Course"' in client.get("/admin/course/list?search=Course").text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("course/export/pdf", 404, "There is no export as “pdf” here."),
        ("course/export?:format=pdf", 404, "There is no export as “pdf” here."),
        ("nonsense/export/csv", 404, "There is no model “nonsense” here."),
        ("course/export/csv?sort=nonsense", 400, "cannot be sorted by “nonsense”"),
        ("course/export/csv?nonsense=1", 400, "no filter “nonsense”"),
        ("course/export/csv?columns=nonsense", 400, "no column “nonsense”"),
        ("course/export/csv?:values=nonsense", 400, "shown or raw"),
        ("user/export/csv?columns=password_hash", 400, "no column “password_hash”"),
        ("user/export/csv?password_hash=1", 400, "no filter “password_hash”"),
    ],
)
def test_what_cannot_be_exported_is_a_page_in_words(client, path: str, status: int, words: str):
    answer = client.get(f"/admin/{path}")

    assert answer.status_code == status
    assert words in answer.text
    assert "content-disposition" not in answer.headers


def test_secrets_are_in_no_file(client, database):
    with database.session() as session:
        make_user(session, password="canary", signed_in_on=1)
        secrets = [user.password_hash for user in session.scalars(select(User)) if user.password_hash]
        secrets += [row.token_hash for row in session.scalars(select(UserSession))]

    assert secrets
    for identity in ("user", "user-session", "credential-token"):
        for values in ("raw", "shown"):
            text = download(client, f"{identity}/export/json", columns="all", values=values).text
            assert "_hash" not in text
            assert not [secret for secret in secrets if str(secret) in text]


class OpenCourses(AdminView, model=Course):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Course).where(Course.name != "Chemistry")


@pytest.mark.parametrize("values", ["raw", "shown"])
def test_rows_out_of_scope_are_in_no_file_nor_named_in_another(database, enrolled, values: str):
    client = a_site(database, views=[OpenCourses])

    own = download(client, "course/export/json?columns=name", values=values)
    others = download(client, "enrollment/export/json?columns=course&sort=enrolled_date", values=values)

    assert [row["Name"] for row in own.json()] == ["Botany"]
    shown = "Botany" if values == "shown" else int(enrolled["botany"])
    assert [row["Course"] for row in others.json()] == [shown, None]


def test_relatives_of_a_kind_one_may_not_list_are_nowhere(database, database_url, enrolled):
    client = open_site(database_url)
    sign_in(client, database, ("enrollment", "list"), ("enrollment", "export"))

    rows = download(client, "enrollment/export/json?columns=course,user").json()

    assert rows == [{"Course": None, "User": None}] * 2


def entries(database: Database) -> list[AuditEntry]:
    with database.session() as session:
        return list(
            session.scalars(
                select(AuditEntry).where(AuditEntry.action == "export").order_by(AuditEntry.entry_id)
            )
        )


def test_an_export_is_on_record(database, database_url, courses):
    client = open_site(database_url)
    user = sign_in(client, database, ("course", "list"), ("course", "export"), first_name="Ada")

    download(client, "course/export/csv?search=Course&is_active=yes&columns=name", values="raw")

    (entry,) = entries(database)
    assert entry.actor_id == str(user.user_id)
    assert entry.label == "Courses: 30 rows as CSV"
    assert entry.changes == {
        "list": "course",
        "rows": 30,
        "complete": True,
        "format": "csv",
        "query": "Search is “Course” · Active is yes",
        "columns": ["name"],
        "values": "raw",
        "address": "/admin/course/export/csv?search=Course&is_active=yes&columns=name&%3Avalues=raw",
    }


def test_looking_at_the_page_leaves_no_record(client, database, courses):
    client.get("/admin/course/export")
    client.head("/admin/course/export/csv")
    client.get("/admin/course/export/csv?sort=nonsense")

    assert entries(database) == []


def test_the_file_has_a_name_and_is_kept_by_nobody(client, courses):
    answer = download(client, "course/export/csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    name = f"courses-{datetime.now(UTC):%Y-%m-%d}.csv"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}"')
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_head_makes_no_file(client, courses):
    answer = client.head("/admin/course/export/csv")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"]


def test_the_page_says_how_many_rows_and_keeps_the_query(client, courses):
    page = client.get("/admin/course/export?search=Course&is_active=yes&sort=-name")

    assert "30 rows" in page.text
    assert "Search is “Course” · Active is yes" in page.text
    form = next(form for form in read_forms(page.text) if form.action.endswith("/export"))
    answer = client.get(form.action, params=form.pairs)
    assert answer.status_code == 303
    table = table_of(client.get(answer.headers["location"]), "xlsx")
    assert len(table) == 31
    assert [row[0] for row in table[1:]] == sorted((row[0] for row in table[1:]), reverse=True)


def test_csv_for_excel_begins_with_a_byte_order_mark(client, courses):
    answer = client.get("/admin/course/export?:format=csv.mark&columns=name")

    file = client.get(answer.headers["location"])

    assert file.content.startswith(b"\xef\xbb\xbfName\r\n")
    assert not client.get("/admin/course/export/csv").content.startswith(b"\xef")


class Sent:
    """What an app sends to one request, to a browser that may go away after some pieces of the body."""

    def __init__(self, client: TestClient, path: str, pieces: int | None = None) -> None:
        self.bodies: list[bytes] = []
        self.size = 0
        self.is_ended = False
        self.status = 0
        self.failure: BaseException | None = None
        self._pieces = pieces
        address, _, query = path.partition("?")
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": address,
            "raw_path": address.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"testserver"), (b"cookie", cookies.encode())],
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
        }
        anyio.run(self._run, client.app)

    async def _run(self, app: Any) -> None:
        gone, is_read = anyio.Event(), False

        async def receive() -> dict[str, Any]:
            nonlocal is_read
            if not is_read:
                is_read = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                return
            self.bodies = [*self.bodies[-1:], message["body"]]
            self.size += len(message["body"])
            self.is_ended = not message.get("more_body", False)
            if self._pieces is not None:
                self._pieces -= 1
                if self._pieces == 0:
                    gone.set()
                    await anyio.sleep(10)  # a write that is never finished

        try:
            await app(self._scope, receive, send)
        except Exception as error:
            self.failure = error


def many_courses(database: Database, number: int) -> None:
    row = {"start_date": date(2030, 1, 7), "is_active": True, "created_at": NOW, "updated_at": NOW}
    with database.engine.begin() as connection:
        connection.execute(
            insert(Course.__table__), [{"name": f"Course {place:05}", **row} for place in range(number)]
        )


def test_a_browser_that_leaves_ends_the_session_and_is_on_record(client, database):
    many_courses(database, 950)
    engine = client.app.state.site.database.engine

    sent = Sent(client, "/admin/course/export/csv?columns=name", pieces=2)

    assert not sent.is_ended
    assert sent.failure is None
    assert engine.pool.checkedout() == 0
    (entry,) = entries(database)
    assert entry.changes["rows"] == 600  # of the second piece a part may have arrived
    assert entry.changes["complete"] is False
    assert entry.label == "Courses: 600 rows as CSV, broke off"


class Breaking(AdminView, model=Course):
    column_list: ClassVar = ["name"]

    @staticmethod
    def told(course: Course, _: str) -> str:
        if course.name == "Course 00900":
            raise ValueError("no words for this one")
        return course.name

    column_formatters: ClassVar = {"name": told}


def test_an_error_on_the_way_breaks_the_transfer_off(database):
    many_courses(database, 950)
    client = a_site(database, views=[Breaking])

    sent = Sent(client, "/admin/course/export/csv?sort=name")

    assert sent.status == 200
    assert not sent.is_ended
    assert isinstance(sent.failure, ValueError)
    assert sent.bodies[-1] == b"This file is not complete: it broke off after 500 rows.\r\n"
    assert client.app.state.site.database.engine.pool.checkedout() == 0
    assert entries(database)[0].label == "Courses: 500 rows as CSV, broke off"


def test_an_error_before_the_first_byte_is_a_page(database):
    many_courses(database, 950)
    client = a_site(database, views=[Breaking])
    client = TestClient(client.app, cookies=client.cookies, raise_server_exceptions=False)

    answer = client.get("/admin/course/export/csv?sort=-name")

    assert answer.status_code == 500
    assert "Something broke" in answer.text
    assert client.app.state.site.database.engine.pool.checkedout() == 0


class Stuck:
    """A source whose second piece is never made."""

    def __init__(self) -> None:
        self.pieces = [Piece(b"first", 1)]
        self.given_up = threading.Event()
        self.closed_with: tuple[int, bool] | None = None

    def next(self) -> Piece | None:
        if self.pieces:
            return self.pieces.pop()
        assert self.given_up.wait(10)
        raise RuntimeError("interrupted")

    def interrupt(self) -> None:
        self.given_up.set()

    def broken(self, rows: int) -> bytes:
        return b""

    def close(self, rows: int, *, is_whole: bool) -> None:
        self.closed_with = rows, is_whole


def test_a_browser_that_leaves_interrupts_what_is_being_made():
    source = Stuck()

    async def receive() -> dict[str, Any]:
        await anyio.sleep(0.05)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        pass

    anyio.run(Download(source, {}), {"type": "http"}, receive, send)

    assert source.closed_with == (1, False)


def test_only_so_many_downloads_run_at_once(client, database, courses):
    waiting = client.app.state.site.downloads
    taken = [waiting.acquire(blocking=False) for _ in range(AT_ONCE)]
    assert all(taken)

    refused = client.get("/admin/course/export/csv")
    for _ in taken:
        waiting.release()

    assert refused.status_code == 409
    assert "downloads are under way already" in refused.text
    for _ in range(AT_ONCE + 1):
        download(client, "course/export/csv")


class Slow(AdminView, model=Course):
    def list_query(self, request: Request) -> Select[Any]:
        numbers = select(literal(1).label("number")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < 10**9))
        return select(Course).where(
            Course.course_id > select(func.count()).select_from(numbers).scalar_subquery()
        )


def test_a_list_that_takes_too_long_is_refused_in_words(database, database_url, courses):
    settings = settings_for(database_url).model_copy(update={"list_time_limit": 0.1})
    client = TestClient(create_app(settings, views=[Slow]), follow_redirects=False)
    sign_in(client, database, superuser=True)

    answer = client.get("/admin/course/export/csv")

    assert answer.status_code == 503
    assert "This takes too long" in answer.text
    assert client.app.state.site.database.engine.pool.checkedout() == 0


@pytest.mark.parametrize(
    ("path", "number"),
    [("columns=name,start_date,course_id,is_active", 10_000), ("columns=__str__,enrollments", 2_500)],
)
def test_memory_does_not_grow_with_the_rows(client, database, path: str, number: int):
    many_courses(database, number)
    Sent(client, f"/admin/course/export/csv?{path}", pieces=3)  # what is made once is made
    tracemalloc.start()

    sent = Sent(client, f"/admin/course/export/csv?{path}")

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent.is_ended
    assert peak < 6_000_000
