"""Rows of a list edited in their places: saved together or not at all."""

import re
from datetime import date
from html import unescape

import pytest
from sqlalchemy import select

from admin_site.admin.views import AdminView
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.models import AuditEntry, Course, Enrollment, Item, User
from tests.admin.html_forms import PageForm, read_forms, record_form
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_user

URL = "/admin/course/edit-rows"


class OpenCourses(AdminView, model=Course):
    list_editable = ["name", "end_date"]

    def list_query(self, request):
        return select(Course).where(Course.is_active)


class KeptCourses(AdminView, model=Course):
    list_editable = [Course.name]

    async def check_can_edit(self, request, record):
        return record.name != "Cooking"


class HookedCourses(AdminView, model=Course):
    list_editable = ["name"]
    seen: list[str] = []

    async def on_model_change(self, data, model, is_created, request):
        data["name"] = data["name"].strip()

    async def after_model_change(self, data, model, is_created, request):
        self.seen.append(model.name)


class Items(AdminView, model=Item):
    list_editable = ["title", "description"]


@pytest.fixture(autouse=True)
def courses(database: Database) -> None:
    with database.session() as session:
        for name, is_active in (("Astronomy", True), ("Beekeeping", False), ("Cooking", True)):
            session.add(Course(name=name, start_date=date(2030, 1, 7), is_active=is_active))


def form_of(html: str) -> PageForm:
    return next(form for form in read_forms(html) if "edit-rows" in form.action)


def row_of(form: PageForm, database: Database, name: str) -> str:
    """Return the number of a course's row in the form."""
    with database.session() as session:
        key = str(session.scalars(select(Course.course_id).where(Course.name == name)).one())
    return next(
        field.partition("/")[0] for field, value in form.pairs if field.endswith("/key") and value == key
    )


def typed(form: PageForm, database: Database, **changes: dict[str, str]) -> dict[str, list[str]]:
    """Return what is posted when some fields of courses, by their names, are typed over."""
    data = form.data()
    for name, fields in changes.items():
        number = row_of(form, database, name)
        for field, text in fields.items():
            assert f"{number}/{field}" in data
            data[f"{number}/{field}"] = [text]
    return data


def stored(database: Database, field: str) -> dict[str, object]:
    with database.session() as session:
        return {course.name: getattr(course, field) for course in session.scalars(select(Course))}


def test_the_rows_of_a_page_are_saved_together_and_lead_back_to_the_list(client, database):
    assert "/admin/course/edit-rows?sort=name" in client.get("/admin/course/list?sort=name").text
    form = form_of(client.get(f"{URL}?sort=name").text)
    changes = {
        "Astronomy": {"end_date": "2030-06-01"},
        "Cooking": {"is_active": "false", "start_date": "2030-02-01"},
    }

    answer = client.post(form.action, data=typed(form, database, **changes))

    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/course/list?sort=name"
    assert "2 courses were saved." in client.get(answer.headers["location"]).text
    assert stored(database, "end_date") == {
        "Astronomy": date(2030, 6, 1),
        "Beekeeping": None,
        "Cooking": None,
    }
    assert stored(database, "is_active") == {"Astronomy": True, "Beekeeping": False, "Cooking": False}
    with database.session() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.model == "courses", AuditEntry.action == "edit")
        )
        sets = {(entry.change_set_id, frozenset(entry.changes)) for entry in entries}
    assert {names for _, names in sets} == {frozenset({"end_date"}), frozenset({"is_active", "start_date"})}
    assert len({act for act, _ in sets}) == 1


def test_nothing_changed_saves_nothing(client, database):
    form = form_of(client.get(URL).text)
    answer = client.post(form.action, data=form.data())

    assert answer.status_code == 303
    assert "Nothing was changed." in client.get("/admin/course/list").text
    with database.session() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).all() == []


def test_one_wrong_row_keeps_all_from_being_saved_and_everything_typed_stays(client, database):
    form = form_of(client.get(URL).text)
    changes = {"Astronomy": {"end_date": "2030-06-01"}, "Cooking": {"end_date": "soon"}}

    answer = client.post(form.action, data=typed(form, database, **changes))

    assert answer.status_code == 400
    assert "Cooking, End date" in answer.text
    assert "Nothing was saved." in answer.text
    assert set(stored(database, "end_date").values()) == {None}
    again = form_of(answer.text)
    number = row_of(again, database, "Astronomy")
    assert (f"{number}/end_date", "2030-06-01") in again.pairs
    assert (f"{row_of(again, database, 'Cooking')}/end_date", "soon") in again.pairs
    data = typed(again, database, Cooking={"end_date": "2030-07-01"})
    assert client.post(again.action, data=data).status_code == 303
    assert stored(database, "end_date")["Astronomy"] == date(2030, 6, 1)


def test_what_the_database_refuses_stands_beside_its_row_and_undoes_the_others(client, database):
    form = form_of(client.get(f"{URL}?sort=name").text)
    changes = {"Astronomy": {"end_date": "2030-06-01"}, "Cooking": {"end_date": "2020-01-01"}}

    answer = client.post(form.action, data=typed(form, database, **changes))

    assert answer.status_code == 400
    assert "Cooking" in answer.text.split('id="problems"')[1].split("</ul>")[0]
    assert "Astronomy" not in answer.text.split('id="problems"')[1].split("</ul>")[0]
    assert set(stored(database, "end_date").values()) == {None}
    assert (f"{row_of(form_of(answer.text), database, 'Astronomy')}/end_date", "2030-06-01") in form_of(
        answer.text
    ).pairs


def test_what_somebody_else_changed_meanwhile_is_kept_or_refused_by_field(client, database):
    form = form_of(client.get(URL).text)
    with database.session() as session:
        for course in session.scalars(select(Course)):
            course.end_date = date(2031, 1, 1)
    # The dates that were not touched stay as they were changed.
    data = typed(form, database, Astronomy={"start_date": "2030-03-01"})
    assert client.post(form.action, data=data).status_code == 303
    assert set(stored(database, "end_date").values()) == {date(2031, 1, 1)}

    answer = client.post(form.action, data=typed(form, database, Cooking={"end_date": "2030-06-01"}))

    assert answer.status_code == 409
    assert "The site itself changed this meanwhile. Choose what is saved." in answer.text
    assert answer.text.count('<fieldset class="clash"') == 1
    assert stored(database, "end_date")["Cooking"] == date(2031, 1, 1)
    again = form_of(answer.text)
    number = row_of(again, database, "Cooking")
    assert (f"{number}/end_date", "2030-06-01") in again.pairs
    theirs = client.post(again.action, data=again.data() | {f"{number}/end_date:take": ["theirs"]})
    assert theirs.status_code == 303
    assert stored(database, "end_date")["Cooking"] == date(2031, 1, 1)
    assert client.post(again.action, data=again.data()).status_code == 303
    assert stored(database, "end_date")["Cooking"] == date(2030, 6, 1)


def test_a_row_that_was_deleted_meanwhile_is_named_and_the_others_can_then_be_saved(client, database):
    form = form_of(client.get(URL).text)
    data = typed(form, database, Astronomy={"end_date": "2030-06-01"}, Cooking={"end_date": "2030-06-02"})
    with database.session() as session:
        session.delete(session.scalars(select(Course).where(Course.name == "Cooking")).one())

    answer = client.post(form.action, data=data)

    assert answer.status_code == 400
    assert "This record was deleted by the site itself." in answer.text
    assert ">2030-06-02<" in answer.text
    anew = client.get(unescape(re.search(r'<a href="([^"]*)"[^>]*>Add it again</a>', answer.text)[1])).text
    assert ("end_date", "2030-06-02") in record_form(anew).pairs
    again = form_of(answer.text)
    assert client.post(again.action, data=again.data()).status_code == 303
    assert stored(database, "end_date") == {"Astronomy": date(2030, 6, 1), "Beekeeping": None}


def test_a_list_without_editable_columns_has_no_such_page_and_no_button(client, database):
    assert "edit-rows" not in client.get("/admin/user/list").text
    assert client.get("/admin/user/edit-rows").status_code == 404
    reader = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(reader, database, ("course", "list"), ("course", "details"))
    assert "edit-rows" not in reader.get("/admin/course/list").text
    assert reader.get(URL).status_code == 403
    assert reader.post(URL, data={"0/key": "1", "0/end_date": "2030-01-01"}).status_code == 403
    writer = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(writer, database, ("course", "edit"))
    assert writer.get(URL).status_code == 403


def test_rows_out_of_sight_or_that_may_not_be_changed_are_not_written(database):
    scoped = a_site(database, views=[OpenCourses])
    page = scoped.get(URL).text
    assert "Beekeeping" not in page
    form = form_of(page)
    with database.session() as session:
        hidden = str(session.scalars(select(Course.course_id).where(Course.name == "Beekeeping")).one())
    answer = scoped.post(URL, data=form.data() | {"7/key": [hidden], "7/name": ["Mine"], "7/end_date": [""]})
    assert answer.status_code == 400
    assert "Beekeeping" not in answer.text

    kept = a_site(database, views=[KeptCourses])
    page = kept.get(URL).text
    assert 'value="Astronomy"' in page
    assert 'value="Cooking"' not in page
    assert "Cooking" in page
    with database.session() as session:
        locked = str(session.scalars(select(Course.course_id).where(Course.name == "Cooking")).one())
    assert kept.post(URL, data={"0/key": locked, "0/name": "Mine"}).status_code == 403
    assert set(stored(database, "name")) == {"Astronomy", "Beekeeping", "Cooking"}


def test_hooks_of_the_view_run_for_each_row_that_changed(database):
    HookedCourses.seen.clear()
    site = a_site(database, views=[HookedCourses])
    form = form_of(site.get(URL).text)

    site.post(form.action, data=typed(form, database, Cooking={"name": "  Baking "}))

    assert HookedCourses.seen == ["Baking"]
    assert "Baking" in stored(database, "name")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"0/name": "x"},
        {"0/key": "1", "0/is_superuser": "true"},
        {"0/key": "1", "0/course_id": "9"},
        {"0/key": "1", "name": "x"},
        {"0/key": "1", "1/key": "1"},
        {"0/key": "no such key", "0/start_date": "2030-01-01"},
        {"0/key": "1", "0/:state": "{}", "0/start_date": "2030-01-01"},
        {"0/key": "1", "0/:state": "nonsense"},
        {f"{n}/key": str(n) for n in range(101)},
    ],
)
def test_a_form_that_is_not_ours_saves_nothing(client, database, data):
    before = stored(database, "start_date")
    answer = client.post(URL, data=data)

    assert answer.status_code == 400
    assert stored(database, "start_date") == before


def test_all_that_can_be_edited_is_there_whatever_the_columns_and_a_form_stays_small(client, database):
    with database.session() as session:
        session.add_all(Course(name=f"Course {n}", start_date=date(2030, 1, 7)) for n in range(110))
    page = client.get(f"{URL}?columns=name&size=100").text
    form = form_of(page)

    assert {"end_date", "is_active", "start_date"} <= {name.partition("/")[2] for name, _ in form.pairs}
    assert sum(name.endswith("/key") for name, _ in form.pairs) == 100
    assert client.post(form.action, data=form.data()).status_code == 303


def test_the_cost_does_not_grow_with_the_rows(client, database, statements):
    def cost() -> tuple[int, int]:
        statements.clear()
        form = form_of(client.get(URL).text)
        shown = len(statements)
        statements.clear()
        client.post(form.action, data=form.data())
        return shown, len(statements)

    cost()
    few = cost()
    with database.session() as session:
        for number in range(15):
            course = Course(name=f"Course {number}", start_date=date(2030, 1, 7))
            session.add(Enrollment(user=make_user(session), course=course))

    assert cost() == few


def test_texts_of_all_kinds_come_back_unchanged(database):
    site = a_site(database, views=[Items])
    with database.session() as session:
        owner = make_user(session)
        texts = ["  spaces  ", "<b>&amp;</b>", '"quoted"', "a\r\nb", "\nfirst line", ""]
        session.add_all(
            Item(title=f"Item {n}", description=text, owner=owner) for n, text in enumerate(texts)
        )
    form = form_of(site.get("/admin/item/edit-rows").text)

    assert site.post(form.action, data=form.data()).status_code == 303

    with database.session() as session:
        kept = session.scalars(select(Item.description).order_by(Item.item_id)).all()
    assert kept == texts


@pytest.mark.parametrize(
    ("model", "name", "words"),
    [
        (User, "nonsense", "is no field"),
        (User, "user_type", "is no field"),
        (User, "user_type_id", "needs the form"),
        (User, "roles", "is no field"),
        (User, "password_hash", "is secret"),
        (User, "created_at", "is read-only"),
        (User, "user_id", "is read-only"),
        (Course, "course_id", "is read-only"),
    ],
)
def test_a_view_that_names_what_cannot_be_edited_does_not_start(
    sqlite_template, model: type, name: str, words: str
):
    view = type(
        "Wrong", (AdminView,), {"list_editable": ["age" if model is User else "name", name]}, model=model
    )

    with pytest.raises(ConfigurationError, match=f"list_editable: '{name}' {words}"):
        open_site(f"sqlite:///{sqlite_template}", views=[view])
