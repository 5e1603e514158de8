"""Which columns a list shows to whom, and the page where they are chosen."""

from datetime import date
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from admin_site.admin.views import AdminView
from admin_site.database import Database
from admin_site.models import Course, Enrollment, Item, ListPreference, User
from tests.admin.html_forms import PageForm, read_forms
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_user


class OpenPeople(AdminView, model=User):
    def list_query(self, request):
        return select(User).where(User.is_active)


class MaskedPeople(AdminView, model=User):
    column_formatters = {"email_address": lambda person, name: "masked"}
    column_details_exclude_list = ["age"]
    form_excluded_columns = ["age"]
    column_labels = {"first_name": "Given name"}


@pytest.fixture
def kite(database: Database) -> None:
    with database.session() as session:
        ada = make_user(session, first_name="Ada", email_address="ada@example.org", age=36)
        session.add(Item(title="Kite", owner=ada))


def headings(html: str) -> list[str]:
    head = html[html.index("<thead>") : html.index("</thead>")]
    return [unescape(part.split("</span>")[0].split(">")[-1]) for part in head.split("<span")[1:-1]]


def chooser(html: str) -> PageForm:
    return next(form for form in read_forms(html) if "/columns" in form.action)


def choose(client: TestClient, url: str, *names: str, **more: str):
    return client.post(url, data={"columns": list(names), **more})


def offered(html: str) -> list[str]:
    parts = html.split('name="columns" value="')[1:]
    return [unescape(part.split('"')[0]) for part in parts]


def test_a_choice_is_remembered_for_one_person_and_list_and_the_address_stays_plain(client, database):
    answer = choose(client, "/admin/course/columns?sort=name", "name", "end_date", remember="yes")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/course/list?sort=name"
    assert headings(_some_courses(client, database)) == ["Name", "End date"]
    other = a_site(database)
    assert len(headings(other.get("/admin/course/list").text)) > 2
    assert "Remember" in client.get("/admin/user/columns").text


def test_a_choice_that_is_not_remembered_stands_in_the_address_and_wins(client, database):
    _some_courses(client, database)
    choose(client, "/admin/course/columns", "name", remember="yes")
    answer = choose(client, "/admin/course/columns", "name", "is_active")

    url = answer.headers["location"]
    assert parse_qs(urlsplit(url).query) == {"columns": ["name,is_active"]}
    page = client.get(url).text
    assert headings(page) == ["Name", "Active"]
    assert "columns=name%2Cis_active&amp;size=50" in page or "size=50" in page
    assert headings(client.get("/admin/course/list").text) == ["Name"]
    assert headings(client.get("/admin/course/list?columns=name,start_date").text) == ["Name", "Start date"]
    # A stranger sees what the address chooses.
    assert headings(a_site(database).get(url).text) == ["Name", "Active"]


def test_reset_and_choosing_what_the_list_shows_anyway_forget_the_choice(client, database):
    _some_courses(client, database)
    usual = headings(client.get("/admin/course/list").text)
    choose(client, "/admin/course/columns", "name", remember="yes")
    answer = client.post("/admin/course/columns?columns=name", data={"reset": "yes"})

    assert answer.headers["location"] == "/admin/course/list"
    assert headings(client.get("/admin/course/list").text) == usual
    names = [
        value for name, value in chooser(client.get("/admin/course/columns").text).pairs if name == "columns"
    ]
    choose(client, "/admin/course/columns", *names, remember="yes")
    with database.session() as session:
        assert session.scalars(select(ListPreference.columns)).all() == [None]


def test_without_scripts_buttons_move_a_column_and_nothing_is_kept_yet(client):
    url = "/admin/course/columns?columns=name,start_date,end_date"
    form = chooser(client.get(url).text)
    assert [value for name, value in form.pairs if name == "columns"] == ["name", "start_date", "end_date"]

    answer = client.post(form.action, data=form.data() | {"move": "up:end_date"})
    assert answer.status_code == 303, "so that Back shows the page and asks for nothing"
    page = client.get(answer.headers["location"])
    form = chooser(page.text)
    assert [value for name, value in form.pairs if name == "columns"] == ["name", "end_date", "start_date"]
    page = client.get(
        client.post(form.action, data=form.data() | {"move": "down:start_date"}).headers["location"]
    )
    form = chooser(page.text)
    assert [value for name, value in form.pairs if name == "columns"] == ["name", "end_date", "start_date"]

    data = form.data()
    del data["remember"]
    answer = client.post(form.action, data=data)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["columns"] == ["name,end_date,start_date"]


def test_a_choice_of_nothing_or_of_no_column_is_refused_in_words(client):
    answer = choose(client, "/admin/course/columns", remember="yes")
    assert answer.status_code == 400
    assert "Choose at least one column." in answer.text
    for name in ("nonsense", "enrollments.user", "name.x", "__class__"):
        answer = choose(client, "/admin/course/columns", name, remember="yes")
        assert answer.status_code == 400, name
    assert choose(client, "/admin/user/columns", "password_hash").status_code == 400
    assert client.get("/admin/item/list?columns=owner.password_hash").status_code == 400


def test_fields_of_single_related_records_are_offered_and_shown_like_fields(client, kite, database):
    names = offered(client.get("/admin/item/columns").text)
    assert {"owner.email_address", "owner.is_active", "owner.age"} <= set(names)
    assert not [name for name in names if "password_hash" in name or name.count(".") > 1]
    assert "enrollments" in offered(client.get("/admin/course/columns").text)

    page = client.get("/admin/item/list?columns=title,owner.email_address,owner.is_active,owner.age").text

    assert headings(page) == ["Title", "Owner / Email address", "Owner / Active", "Owner / Age"]
    assert "ada@example.org" in page
    assert ">Yes</span>" in page
    assert '<td class="end">' in page


def test_related_fields_cost_no_query_per_row(client, database, statements):
    with database.session() as session:
        for number in range(5):
            session.add(Item(title=f"Item {number}", owner=make_user(session)))
    url = "/admin/item/list?columns=title,owner.email_address,owner.age"
    client.get(url)
    statements.clear()
    client.get(url)
    few = len(statements)
    with database.session() as session:
        for number in range(15):
            session.add(Item(title=f"More {number}", owner=make_user(session)))
    statements.clear()
    client.get(url)

    assert len(statements) == few


def test_what_the_view_of_related_records_hides_or_formats_is_not_offered(database, kite):
    client = a_site(database, views=[MaskedPeople])
    names = offered(client.get("/admin/item/columns").text)

    assert "owner.first_name" in names
    assert "Given name" in client.get("/admin/item/columns").text
    assert "owner.email_address" not in names
    assert "owner.age" not in names
    assert client.get("/admin/item/list?columns=title,owner.email_address").status_code == 400
    assert client.get("/admin/item/list?columns=title,owner.age").status_code == 400


def test_related_fields_need_the_permission_to_see_all_of_those_records(database, kite):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, ("item", "list"))
    scoped = a_site(database, views=[OpenPeople])

    for site in (client, scoped):
        assert not [name for name in offered(site.get("/admin/item/columns").text) if "owner." in name]
        answer = site.get("/admin/item/list?columns=title,owner.email_address")
        assert answer.status_code == 400
        assert "ada@example.org" not in answer.text


def test_a_remembered_column_that_may_no_longer_be_seen_is_left_out(database, kite):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    person = sign_in(client, database, ("item", "list"))
    with database.session() as session:
        columns = ["title", "owner.email_address", "gone"]
        session.add(ListPreference(user_id=person.user_id, model="item", columns=columns))

    page = client.get("/admin/item/list")

    assert page.status_code == 200
    assert headings(page.text) == ["Title"]
    assert "ada@example.org" not in page.text


def test_a_list_one_may_not_see_has_no_columns_to_choose(database):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, ("item", "list"))

    assert client.get("/admin/course/columns").status_code == 403
    assert choose(client, "/admin/course/columns", "name", remember="yes").status_code == 403


def _some_courses(client: TestClient, database: Database) -> str:
    with database.session() as session:
        course = Course(name="Beekeeping", start_date=date(2030, 1, 7))
        session.add(course)
        session.add(Enrollment(user=make_user(session), course=course))
        session.add_all(Course(name=f"Course {number}", start_date=date(2030, 1, 7)) for number in range(30))
    return client.get("/admin/course/list").text
