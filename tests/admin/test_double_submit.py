"""A form is saved once, however often it is sent, and two who save at once cannot both pass the check."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from sqladmin import action
from sqlalchemy import event, func, select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from admin_site.admin.views import AdminView
from admin_site.database import Database
from admin_site.errors import Conflict
from admin_site.models import AuditEntry, Course, Submission
from tests.admin.html_forms import read_forms, record_form
from tests.admin.sites import a_site, open_site, sign_in

ADD = "/admin/course/create"


@pytest.fixture
def course(database: Database) -> Course:
    with database.session() as session:
        course = Course(name="Botany", description="Plants", start_date=date(2030, 1, 7))
        session.add(course)
    return course


@pytest.fixture
def url(course: Course) -> str:
    return f"/admin/course/edit/{course.course_id}"


def test_a_form_sent_twice_makes_one_record_and_is_answered_the_same(client, session):
    data = record_form(client.get(ADD).text).data(name="Zoology", start_date="2030-02-01")

    first, second = client.post(ADD, data=data), client.post(ADD, data=data)

    assert (second.status_code, second.headers["location"]) == (303, first.headers["location"])
    assert "Course “Zoology” was added." in client.get(second.headers["location"]).text
    assert [course.name for course in session.scalars(select(Course))] == ["Zoology"]


def test_two_forms_make_two_records(client, session):
    for _ in range(2):
        client.post(ADD, data=record_form(client.get(ADD).text).data(name="Zoology", start_date="2030-02-01"))

    assert session.scalar(select(func.count()).select_from(Course)) == 2


def test_a_form_that_was_refused_keeps_its_name_and_is_saved_when_it_is_mended(client, session):
    data = record_form(client.get(ADD).text).data(name="Zoology", start_date="soon")
    refused = record_form(client.post(ADD, data=data).text)

    mended = refused.data(start_date="2030-02-01")
    answers = [client.post(ADD, data=mended) for _ in range(2)]

    assert refused.data()[":nonce"] == data[":nonce"]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert session.scalar(select(func.count()).select_from(Course)) == 1


def test_a_form_sent_twice_changes_a_record_once_and_marks_the_same_fields(client, session, url):
    data = record_form(client.get(url).text).data(name="Geology")

    answers = [client.post(url, data=data) for _ in range(2)]
    page = client.get(answers[1].headers["location"]).text

    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert "Course “Geology” was saved." in page
    assert page.count('class="fact changed"') == 1
    assert session.scalar(select(func.count()).where(AuditEntry.action == "edit")) == 1


def test_what_was_changed_after_going_back_to_a_saved_new_record_is_kept_for_that_record(client, session):
    form = record_form(client.get(ADD).text)
    client.post(ADD, data=form.data(name="Zoology", start_date="2030-02-01", description="Animals"))

    back = client.post(
        ADD, data=form.data(name="Zoology", start_date="2030-02-01", description="All animals")
    )

    assert back.status_code == 409
    assert "This was saved already, as “Zoology”." in back.text
    assert 'href="/admin/course/details/1">Open what was saved</a>' in back.text
    again = record_form(back.text)
    assert "/admin/course/edit/" in again.action
    assert dict(again.pairs)["description"] == "All animals"
    answer = client.post(again.action, data=again.data())
    assert answer.status_code == 303
    assert [course.description for course in session.scalars(select(Course))] == ["All animals"]


def test_who_may_only_add_keeps_what_was_changed_after_going_back(database, session):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, ("course", "create"))
    form = record_form(client.get(ADD).text)
    client.post(ADD, data=form.data(name="Zoology", start_date="2030-02-01"))

    back = client.post(ADD, data=form.data(name="Botany", start_date="2030-02-01"))
    answer = client.post(ADD, data=record_form(back.text).data())

    assert back.status_code == 409
    assert "This was saved already" in back.text
    assert answer.status_code == 303
    assert sorted(course.name for course in session.scalars(select(Course))) == ["Botany", "Zoology"]


def test_what_was_changed_after_going_back_to_a_saved_change_clashes_with_oneself(
    client, session, course, url
):
    form = record_form(client.get(url).text)
    client.post(url, data=form.data(name="Geology"))

    merged = client.post(url, data=form.data(name="Geology", description="Stones"))
    clashing = client.post(url, data=form.data(name="Zoology"))

    assert merged.status_code == 303
    assert clashing.status_code == 409
    assert "You changed this meanwhile" in clashing.text
    stored = session.get_one(Course, course.course_id)
    assert (stored.name, stored.description) == ("Geology", "Stones")


def test_the_form_of_somebody_else_with_the_same_name_is_another_one(client, database, session):
    data = record_form(client.get(ADD).text).data(name="Zoology", start_date="2030-02-01")
    other = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(other, database, superuser=True)

    client.post(ADD, data=data)
    other.post(ADD, data=data)

    assert session.scalar(select(func.count()).select_from(Course)) == 2


@pytest.mark.parametrize("nonce", ["", "x", "a b" * 10, "x" * 65, "\x00" * 20, "☃" * 20])
def test_a_page_without_a_proper_name_saves_nothing(client, session, nonce: str):
    data = record_form(client.get(ADD).text).data(name="Zoology", start_date="2030-02-01")

    answer = client.post(ADD, data=data | {":nonce": [nonce]})

    assert answer.status_code == 400
    assert "Nothing was saved" in answer.text
    assert session.scalars(select(Course)).all() == []


def test_rows_edited_in_place_are_saved_once(client, session, course):
    form = next(
        form for form in read_forms(client.get("/admin/course/edit-rows").text) if "edit-rows" in form.action
    )
    data = form.data()
    data["0/start_date"] = ["2031-01-01"]

    answers = [client.post(form.action, data=data) for _ in range(2)]

    greeting = client.get(answers[1].headers["location"]).text
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert "1 course was saved." in greeting


def test_an_action_of_sqladmin_that_is_sent_twice_is_done_once_unless_it_fails(database, course):
    done: list[str] = []

    class Courses(AdminView, model=Course):
        @action("mail", "Send mail", add_in_detail=True)
        async def send_mail(self, request: Request) -> Response:
            done.append(request.query_params["pks"])
            if len(done) == 1:
                raise Conflict("The mail server is asleep.")
            return PlainTextResponse("Sent.")

    client = a_site(database, views=[Courses])
    url = f"/admin/course/action/mail?pks={course.course_id}"
    form = next(form for form in read_forms(client.get(url).text) if "/action/" in form.action)

    failed, sent, again = (client.post(url, data=form.data()) for _ in range(3))

    assert (failed.status_code, sent.text, again.status_code) == (409, "Sent.", 303)
    assert len(done) == 2
    assert "This was done already." in client.get(again.headers["location"]).text


def test_two_new_records_sent_at_once_from_one_page_are_one(database, session):
    both = Barrier(2)

    class Courses(AdminView, model=Course):
        async def on_model_change(self, data, model, is_created, request):
            both.wait(timeout=10)  # both have found that nothing is saved yet

    client = a_site(database, views=[Courses])
    data = record_form(client.get(ADD).text).data(name="Zoology", start_date="2030-02-01")

    first, second = _at_once(lambda each: each.post(ADD, data=data), client, client)

    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert session.scalar(select(func.count()).select_from(Course)) == 1
    assert session.scalar(select(func.count()).select_from(Submission)) == 1


def test_a_change_sent_twice_at_once_is_made_once_and_answered_twice(client, session, course, url):
    data = record_form(client.get(url).text).data(name="Geology")

    with _meeting_at(client, "FROM submissions"):
        first, second = _at_once(lambda each: each.post(url, data=data), client, client)

    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert session.scalar(select(func.count()).where(AuditEntry.action == "edit")) == 1
    for answer in (first, second):
        assert "was saved." in _greeting(client, answer)


def test_of_two_who_change_the_same_field_at_once_one_is_asked(client, database, session, course, url):
    bob = _colleague(client, database)
    pages = {each: record_form(each.get(url).text) for each in (client, bob)}
    names = {client: "Mine", bob: "Theirs"}

    with _meeting_at(client, "FROM submissions"):
        answers = _at_once(lambda each: each.post(url, data=pages[each].data(name=names[each])), client, bob)

    by_status = dict(zip([answer.status_code for answer in answers], (client, bob), strict=True))
    assert by_status.keys() == {303, 409}
    assert session.get_one(Course, course.course_id).name == names[by_status[303]]


def test_of_two_who_change_different_fields_at_once_both_are_saved(client, database, session, course, url):
    bob = _colleague(client, database)
    pages = {each: record_form(each.get(url).text) for each in (client, bob)}
    typed = {client: {"name": "Geology"}, bob: {"description": "Stones"}}

    with _meeting_at(client, "FROM submissions"):
        answers = _at_once(lambda each: each.post(url, data=pages[each].data(**typed[each])), client, bob)

    assert [answer.status_code for answer in answers] == [303, 303]
    stored = session.get_one(Course, course.course_id)
    assert (stored.name, stored.description) == ("Geology", "Stones")


def test_of_two_who_change_the_same_row_of_a_list_at_once_one_is_asked(client, database, session, course):
    bob = _colleague(client, database)
    forms, typed = {}, {client: "2031-01-01", bob: "2032-01-01"}
    for each in (client, bob):
        html = each.get("/admin/course/edit-rows").text
        forms[each] = next(form for form in read_forms(html) if "edit-rows" in form.action)

    def send(each: TestClient) -> Any:
        data = forms[each].data()
        data["0/start_date"] = [typed[each]]
        return each.post(forms[each].action, data=data)

    with _meeting_at(client, "FROM submissions"):
        answers = _at_once(send, client, bob)

    by_status = dict(zip([answer.status_code for answer in answers], (client, bob), strict=True))
    assert by_status.keys() == {303, 409}
    assert str(session.get_one(Course, course.course_id).start_date) == typed[by_status[303]]


def test_a_save_with_history_takes_six_statements(client, database, url, statements):
    page = record_form(client.get(url).text)
    statements.clear()

    answer = client.post(url, data=page.data(name="Geology"))

    assert answer.status_code == 303
    counted = [text for text in statements if not text.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]
    assert len(counted) <= 6, counted


def test_a_rows_form_and_a_delete_carry_the_name_of_their_page(client, course):
    for address in (
        "/admin/course/edit-rows",
        f"/admin/course/delete?pks={course.course_id}",
        ADD,
        f"/admin/course/edit/{course.course_id}",
    ):
        forms = [form for form in read_forms(client.get(address).text) if "logout" not in form.action]
        names = [name for form in forms if form.method == "post" for name, _ in form.pairs]
        assert ":nonce" in names, address


@contextmanager
def _meeting_at(client: TestClient, fragment: str) -> Iterator[None]:
    """Let the first two requests go on from a statement only when both have got its result."""
    both, arrivals = Barrier(2), count(1)

    def wait(connection, cursor, statement, parameters, context, many) -> None:
        if fragment in statement and next(arrivals) <= 2:
            both.wait(timeout=10)

    engine = client.app.state.site.database.engine
    event.listen(engine, "after_cursor_execute", wait)
    yield
    event.remove(engine, "after_cursor_execute", wait)


def _at_once(send: Callable[[TestClient], Any], *clients: TestClient) -> list[Any]:
    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(send, clients))


def _colleague(client: TestClient, database: Database) -> TestClient:
    """Return another person's browser at the same site."""
    other = TestClient(client.app, follow_redirects=False)
    sign_in(other, database, superuser=True)
    return other


def _greeting(client: TestClient, answer: Any) -> str:
    flash = answer.headers["set-cookie"].partition(";")[0].partition("=")
    client.cookies.set(flash[0], flash[2], path="/admin")
    return client.get(answer.headers["location"]).text
