"""What a form writes, and above all what it leaves alone."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import AuditEntry, Course, Enrollment, Flow, Item, User, UserType
from tests.admin.html_forms import deletion_form, record_form
from tests.factories import make_user


@pytest.fixture
def course(database: Database) -> Course:
    return _stored(database, Course(name="Botany", description="Plants", start_date=date(2030, 1, 7)))


def test_a_new_record_gets_what_was_typed(client: TestClient, session: Session):
    answer = _post(
        client, "/admin/course/create", name="Zoology", start_date="2030-02-01", description="a\nb"
    )

    assert answer.status_code == 303
    course = session.scalars(select(Course)).one()
    assert (course.name, course.description, course.start_date, course.end_date, course.is_active) == (
        "Zoology",
        "a\nb",
        date(2030, 2, 1),
        None,
        True,
    )
    assert answer.headers["location"].endswith(f"/admin/course/details/{course.course_id}")


@pytest.mark.parametrize(
    ("button", "page"),
    [("Save and continue editing", "/edit/"), ("Save and add another", "/create"), ("Save", "/details/")],
)
def test_the_button_decides_where_one_goes_after_saving(
    client: TestClient, course: Course, button: str, page: str
):
    answer = _post(client, f"/admin/course/edit/{course.course_id}", name="Geology", save=button)

    assert page in answer.headers["location"]
    assert "Course “Geology” was saved." in client.get(answer.headers["location"]).text


def test_two_people_who_change_different_fields_both_keep_their_change(client, database, session, course):
    url = f"/admin/course/edit/{course.course_id}"
    page = record_form(client.get(url).text)
    _change(database, course, description="Changed by somebody else")

    answer = client.post(url, data=page.data(name="Geology"))

    assert answer.status_code == 303
    stored = session.get_one(Course, course.course_id)
    assert (stored.name, stored.description) == ("Geology", "Changed by somebody else")


def test_a_form_that_lost_a_field_on_the_way_is_refused(client, session, course):
    url = f"/admin/course/edit/{course.course_id}"
    data = record_form(client.get(url).text).data(name="Geology")
    del data["description"]

    answer = client.post(url, data=data)

    assert answer.status_code == 400
    assert "arrived without “description”" in answer.text
    assert session.get_one(Course, course.course_id).name == "Botany"


@pytest.mark.parametrize(
    "name", ["nonsense", "password_hash", "course_id", "created_at", "__class__", "name:add"]
)
def test_a_field_the_form_does_not_have_is_refused(client, session, course, name: str):
    url = f"/admin/course/edit/{course.course_id}"
    data = record_form(client.get(url).text).data() | {name: "1"}

    answer = client.post(url, data=data)

    assert answer.status_code == 400
    assert "has no field" in answer.text


def test_an_empty_form_is_refused(client, course):
    assert client.post(f"/admin/course/edit/{course.course_id}", data={}).status_code == 400
    assert client.post("/admin/course/create", data={}).status_code == 400


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"start_date": "yesterday"}, "date"),
        ({"start_date": "2030-02-30"}, "date"),
        ({"start_date": ""}, "needs a value"),
        ({"name": "x" * 201}, "200"),
        ({"name": ""}, "needs a value"),
        ({"end_date": "2029-12-31"}, "End date must not be before start date."),
        ({"name": "a\x00b"}, "character"),
    ],
)
def test_what_cannot_be_saved_is_said_beside_the_field_with_all_that_was_typed(
    client, session, course, typed: dict[str, str], words: str
):
    url = f"/admin/course/edit/{course.course_id}"

    answer = _post(client, url, **{"description": "typed before", **typed})

    assert answer.status_code == 400
    form = answer.text[answer.text.index('id="record-form"') :]
    assert words in form
    assert dict(record_form(answer.text).pairs)["description"] == "typed before"
    assert "SELECT" not in answer.text
    assert "UPDATE" not in answer.text
    assert session.get_one(Course, course.course_id).description == "Plants"


def test_a_taken_name_is_said_beside_the_field(client, database):
    _stored(database, Flow(name="Admission"))

    answer = _post(client, "/admin/flow/create", name="Admission")

    assert answer.status_code == 400
    assert "Another record already has this value." in answer.text
    assert 'href="#field-name"' in answer.text


def test_a_name_taken_but_for_its_case_is_refused(client, database):
    with database.session() as session:
        make_user(session, user_name="ada")

    answer = _post(client, "/admin/user/create", user_name="ADA", email_address="new@example.org")

    assert answer.status_code == 400
    assert 'href="#field-user_name"' in answer.text


def test_emptied_text_is_no_value_and_untouched_empty_text_stays(client, database, session):
    no_value = _stored(database, Flow(name="a", description=None))
    empty = _stored(database, Flow(name="b", description=""))
    text = _stored(database, Flow(name="c", description="words"))

    for flow in (no_value, empty, text):
        _post(
            client,
            f"/admin/flow/edit/{flow.flow_id}",
            name=f"{flow.name}2",
            **({"description": ""} if flow is text else {}),
        )

    stored = session.scalars(select(Flow.description).order_by(Flow.name)).all()
    assert stored == [None, "", None]


def test_line_ends_stay_what_they_are(client, database, session):
    for name, text in (("unix", "a\nb"), ("windows", "a\r\nb")):
        flow = _stored(database, Flow(name=name, description=text))
        _post(client, f"/admin/flow/edit/{flow.flow_id}", description="a\nb\nc")

    stored = dict(session.execute(select(Flow.name, Flow.description)).all())
    assert stored == {"unix": "a\nb\nc", "windows": "a\r\nb\r\nc"}


@pytest.mark.parametrize("value", [0, [], None, {}, "", False, {"b": 1, "a": [None, 1.0]}])
def test_json_is_what_was_typed_and_an_untouched_one_stays(client, database, session, value: Any):
    with database.session() as other:
        user = make_user(other)
    course = _stored(database, Course(name="x", start_date=date(2030, 1, 1)))
    enrollment = _stored(database, Enrollment(user_id=user.user_id, course_id=course.course_id))
    url = f"/admin/enrollment/edit/{enrollment.enrollment_id}"

    typed = _post(client, url, associative_data=json.dumps(value))
    untouched = _post(client, url, enrolled_date="2030-05-05")

    assert (typed.status_code, untouched.status_code) == (303, 303)
    stored = session.get_one(Enrollment, enrollment.enrollment_id)
    # PostgreSQL's JSONB keeps no order of names.
    assert json.dumps(stored.associative_data, sort_keys=True) == json.dumps(value, sort_keys=True)


def test_invalid_json_is_refused_in_words_and_kept(client, database):
    answer = _post(client, "/admin/enrollment/create", associative_data="{not json")

    assert answer.status_code == 400
    assert dict(record_form(answer.text).pairs)["associative_data"] == "{not json"


def test_members_join_and_leave_and_nobody_else_is_touched(client, database, session):
    with database.session() as other:
        flows = [Flow(name=name) for name in "abcd"]
        other.add_all(flows)
        user = make_user(other, flows=flows[:3])
        keys = [flow.flow_id for flow in flows]
    url = f"/admin/user/edit/{user.user_id}"
    data = record_form(client.get(url).text).data()

    answer = client.post(url, data=data | {"flows:add": [keys[3], keys[0]], "flows:remove": [keys[1]]})

    assert answer.status_code == 303
    stored = session.get_one(User, user.user_id)
    assert sorted(flow.name for flow in stored.flows) == ["a", "c", "d"]
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.model == "users").order_by(AuditEntry.entry_id.desc())
    )
    assert entry.first().changes == {"flows": [["b"], ["d"]]}


def test_a_relation_to_a_record_that_is_gone_is_refused(client, database):
    answer = _post(client, "/admin/item/create", title="Kite", owner="00000000-0000-0000-0000-000000000000")

    assert answer.status_code == 400
    assert "Choose a record that exists." in answer.text


def test_an_address_may_begin_a_form(client, database):
    with database.session() as session:
        user = make_user(session, first_name="Ada")

    page = client.get("/admin/item/create", params={"owner": str(user.user_id), "nonsense": "1"})

    assert dict(record_form(page.text).pairs)["owner"] == str(user.user_id)
    assert "Ada" in page.text


def test_find_searches_without_javascript_and_saves_nothing(client, database, session):
    with database.session() as other:
        make_user(other, first_name="Ada", last_name="Lovelace")
    data = record_form(client.get("/admin/item/create").text).data(title="Kite")

    page = client.post("/admin/item/create", data=data | {":find": "owner", "owner:search": "lovel"})

    assert page.status_code == 200
    assert "Ada Lovelace" in page.text
    assert dict(record_form(page.text).pairs)["title"] == "Kite"
    assert session.scalars(select(Item)).all() == []


def test_a_change_is_on_record_with_who_made_it(client, session, course):
    _post(client, f"/admin/course/edit/{course.course_id}", name="Geology")

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).one()
    person = session.scalars(select(User)).one()
    assert (entry.model, entry.key, entry.label) == ("courses", str(course.course_id), "Geology")
    assert entry.changes == {"name": ["Botany", "Geology"]}
    assert (entry.actor_id, entry.actor_name) == (str(person.user_id), str(person))


def test_saving_an_unchanged_form_leaves_no_record(client, session, course):
    answer = _post(client, f"/admin/course/edit/{course.course_id}")

    assert "Nothing was changed." in client.get(answer.headers["location"]).text
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).all() == []


def test_what_cannot_be_edited_is_shown_with_the_reason(client, course):
    page = client.get(f"/admin/course/edit/{course.course_id}").text

    assert "Set when the record is created." in page
    assert "The database numbers new records." in page


def test_a_type_in_use_cannot_be_deleted_and_the_page_says_what_stands_in_the_way(client, database, session):
    kind = _stored(database, UserType(name="Student"))
    with database.session() as other:
        make_user(other, user_type_id=kind.user_type_id)
    url = f"/admin/user-type/delete?pks={kind.user_type_id}"

    question, answer = client.get(url), client.post(url)

    assert "What stands in the way" in question.text
    assert "Users" in question.text
    assert answer.status_code == 409
    assert session.get(UserType, kind.user_type_id) is not None


def test_deleting_a_person_says_and_does_what_goes_along(client, database, session):
    with database.session() as other:
        user = make_user(other, signed_in_on=2, items=[Item(title="Kite"), Item(title="Drum")])
    url = f"/admin/user/delete?pks={user.user_id}"

    question = client.get(url)
    answer = client.post(url, data=deletion_form(question.text).data())

    assert "<span>Items</span>" in question.text
    assert "<span>User sessions</span>" in question.text
    assert answer.status_code == 303
    assert session.get(User, user.user_id) is None
    assert session.scalars(select(Item)).all() == []


def _post(client: TestClient, url: str, **typed: str) -> Any:
    return client.post(url, data=record_form(client.get(url).text).data(**typed))


def _stored(database: Database, record: Any) -> Any:
    with database.session() as session:
        session.add(record)
    return record


def _change(database: Database, record: Any, **values: Any) -> None:
    with database.session() as session:
        stored = session.get_one(type(record), record.course_id)
        for name, value in values.items():
            setattr(stored, name, value)


def test_a_needed_text_may_be_saved_empty_once_that_is_asked_for(client, session, course):
    url = f"/admin/course/edit/{course.course_id}"
    refused = _post(client, url, name="")
    assert 'name="name:empty"' in refused.text

    answer = client.post(url, data=record_form(refused.text).data(name__empty="true"))

    assert answer.status_code == 303
    assert session.get_one(Course, course.course_id).name == ""


def test_the_fields_that_were_changed_stand_out_once(client, course):
    answer = _post(client, f"/admin/course/edit/{course.course_id}", name="Geology", description="Stones")

    page, again = (client.get(answer.headers["location"]).text for _ in range(2))

    assert page.count('class="fact changed"') == 2
    assert again.count('class="fact changed"') == 0


def test_all_history_of_a_record_is_one_click_away(client, course):
    _post(client, f"/admin/course/edit/{course.course_id}", name="Geology")
    page = client.get(f"/admin/course/details/{course.course_id}").text

    url = page[page.index("/admin/audit-entry/list?") :].split('"')[0].replace("&amp;", "&")

    assert client.get(url).text.count('href="details/') >= 2
