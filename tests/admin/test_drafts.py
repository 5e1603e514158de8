"""Drafts of forms: kept while people type, offered when a form is opened again, gone when it is saved."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import Course, Draft, User, UserSession
from tests.admin.html_forms import PageForm, read_forms, record_form
from tests.admin.sites import open_site, sign_in
from tests.factories import PASSWORD, make_user

AS_JSON = {"accept": "application/json"}
CANARY = "zq-canary-of-a-secret-71"


@pytest.fixture
def course(database: Database) -> Course:
    with database.session() as session:
        course = Course(name="Beekeeping", description="Bees", start_date=date(2030, 1, 1))
        session.add(course)
    return course


@pytest.fixture
def url(course: Course) -> str:
    return f"/admin/course/edit/{course.course_id}"


def typed(form: PageForm, **changes: str) -> list[list[str]]:
    """Return what a script takes of a form in which something was typed."""
    return [[name, text] for name, texts in form.data(**changes).items() for text in texts]


def keep(client: TestClient, address: str, fields: Any, **more: str) -> Any:
    data = {"address": address, "fields": json.dumps(fields), **more}
    return client.post("/admin/drafts", data=data, headers=AS_JSON)


def kept(session: Session) -> list[tuple[str, dict[str, str]]]:
    session.rollback()
    return [(draft.address, dict(draft.fields)) for draft in session.scalars(select(Draft))]


def open_form(client: TestClient, url: str) -> PageForm:
    return record_form(client.get(url).text)


def test_a_form_with_a_draft_offers_it_and_shows_it_when_asked(client, url):
    form = open_form(client, url)
    assert keep(client, url, typed(form, description="Half a sent"), **{":changed": "2"}).json() == {
        "kept": True
    }

    page = client.get(url)
    assert "You have unsaved changes from" in page.text
    assert "(2 fields)" in page.text
    assert "Half a sent" not in page.text
    restored = client.get(f"{url}?%3Adraft=restore")

    assert "This was not saved yet." in restored.text
    assert "data-dirty" in restored.text
    fields = dict(record_form(restored.text).pairs)
    assert fields["description"] == "Half a sent"
    assert record_form(restored.text).action == url
    assert (fields[":state"], fields[":nonce"]) == (dict(form.pairs)[":state"], dict(form.pairs)[":nonce"])


def test_saving_a_restored_draft_deletes_it(client, session, course, url):
    keep(client, url, typed(open_form(client, url), description="Half a sent"))
    form = open_form(client, f"{url}?%3Adraft=restore")

    answer = client.post(url, data=form.data(description="A whole sentence"))

    assert answer.status_code == 303
    assert session.get_one(Course, course.course_id).description == "A whole sentence"
    assert kept(session) == []
    assert "unsaved changes" not in client.get(url).text


def test_a_save_that_is_refused_leaves_the_draft(client, session, url):
    keep(client, url, typed(open_form(client, url), description="Half a sent"))
    form = open_form(client, f"{url}?%3Adraft=restore")

    refused = client.post(url, data=form.data(name=""))

    assert refused.status_code == 400
    assert len(kept(session)) == 1
    assert dict(record_form(refused.text).pairs)[":draft"] == url


def test_a_restored_draft_meets_what_others_saved_meanwhile(client, session, course, url, database):
    keep(client, url, typed(open_form(client, url), description="Mine"))
    with database.session() as other:
        stored = other.get_one(Course, course.course_id)
        stored.description, stored.name = "Theirs", "Bees and wasps"

    form = open_form(client, f"{url}?%3Adraft=restore")
    assert client.post(url, data=form.data()).status_code in (400, 409)

    stored = session.get_one(Course, course.course_id)
    assert (stored.description, stored.name) == ("Theirs", "Bees and wasps")


def test_a_save_says_nothing_to_drafts_unless_its_page_knows_of_one(client, url, statements):
    form = open_form(client, url)
    statements.clear()

    client.post(url, data=form.data(description="New"))

    assert not [statement for statement in statements if "drafts" in statement]


def test_without_scripts_a_draft_is_discarded_by_a_button(client, session, url):
    keep(client, url, typed(open_form(client, url), description="Half a sent"))
    page = client.get(url)
    discard = next(form for form in read_forms(page.text) if form.action == "/admin/drafts")

    answer = client.post("/admin/drafts", data={**discard.data(), "discard": "yes"})

    assert (answer.status_code, answer.headers["location"]) == (303, url)
    assert kept(session) == []


def test_what_a_new_record_begins_with_has_a_draft_of_its_own(client, session, database):
    with database.session() as other:
        person = make_user(other)
    begun = f"/admin/enrollment/create?user={person.user_id}"
    keep(client, begun, [["end_date", "2030-01-01"]])
    keep(client, "/admin/enrollment/create", [["end_date", "2031-01-01"]])

    assert dict(kept(session)) == {
        begun: {"end_date": "2030-01-01"},
        "/admin/enrollment/create": {"end_date": "2031-01-01"},
    }
    restored = open_form(client, f"{begun}&%3Adraft=restore")
    assert dict(restored.pairs)["end_date"] == "2030-01-01"
    assert restored.action == begun


def test_a_record_has_one_draft_however_one_came_to_its_form(client, url):
    keep(client, f"{url}?list=search%3Dbees", [["description", "Half a sent"]])

    assert "You have unsaved changes" in client.get(url).text


def test_neither_secrets_nor_files_nor_what_is_no_field_are_kept(client, session, database):
    with database.session() as other:
        person = make_user(other)
    fields = [
        ["user_name", "ada"],
        ["password_hash", CANARY],
        ["password_hash:clear", "true"],
        ["password", CANARY],
        ["roles:add", "3"],
        ["roles:search", "sup"],
        ["sessions|1|token_hash", CANARY],
        ["sessions|1|ip_address", "::1"],
        ["flows|+1|secret", CANARY],
        [":find", "roles"],
        ["save", "Save"],
    ]

    assert keep(client, f"/admin/user/edit/{person.user_id}", fields).status_code == 200

    assert [draft for _, draft in kept(session)] == [
        {"user_name": "ada", "roles:add": "3", "sessions|1|ip_address": "::1"}
    ]


def test_nobody_sees_or_uses_somebody_elses_draft(client, session, url, database_url, database):
    keep(client, url, typed(open_form(client, url), description="Hers"))
    grace = open_site(database_url)
    sign_in(grace, database, superuser=True)

    for page in (grace.get(url), grace.get(f"{url}?%3Adraft=restore"), grace.get("/admin/")):
        assert "You have" not in page.text
        assert "Hers" not in page.text
    grace.post("/admin/drafts", data={"address": url, "discard": "yes"})
    assert len(kept(session)) == 1


def test_a_form_that_somebody_else_opened_is_not_kept(client, session, url, database_url, database):
    grace = open_site(database_url)
    sign_in(grace, database, superuser=True)
    opened_by_ada = typed(open_form(client, url), description="Hers")

    answer = keep(grace, url, opened_by_ada)

    assert answer.status_code == 409
    assert "Somebody else opened this form" in answer.json()["error"]
    assert kept(session) == []


def test_two_tabs_do_not_write_over_each_other(client, session, url):
    one, other = open_form(client, url), open_form(client, url)
    keep(client, url, typed(one, description="In one tab"))

    answer = keep(client, url, typed(other, description="In another tab"))

    assert answer.status_code == 409
    assert "Another draft" in answer.json()["error"]
    assert [draft["description"] for _, draft in kept(session)] == ["In one tab"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/admin/course/edit/999", 404),
        ("/admin/course/edit/x", 404),
        ("/admin/nothing/create", 404),
        ("/admin/course/list", 404),
        ("/admin/course/delete?pks=1", 404),
        ("/admin/login", 404),
        ("https://evil.example/admin/course/create", 404),
        ("//evil.example/admin/course/create", 404),
        ("", 404),
        ("/admin/audit-entry/create", 403),
        ("/admin/course/create?name=" + "x" * 1000, 400),
    ],
)
def test_what_is_no_form_of_ours_is_refused(client, session, address: str, status: int):
    answer = keep(client, address, [["name", "x"]])

    assert answer.status_code == status
    assert answer.json()["error"]
    assert kept(session) == []


@pytest.mark.parametrize(
    "fields", ["", "{", "7", '["ab"]', '[["a", 1]]', '[["a"]]', '{"a": "b"}', "[" * 5_000, "null"]
)
def test_what_is_no_draft_is_refused_in_words(client, session, url, fields: str):
    answer = client.post("/admin/drafts", data={"address": url, "fields": fields}, headers=AS_JSON)

    assert answer.status_code == 400
    assert "Nothing was kept" in answer.json()["error"]
    assert kept(session) == []


def test_what_is_too_much_is_refused_in_words(client, session, url):
    assert keep(client, url, [["description", "x" * 200_001]]).status_code == 400
    assert keep(client, url, [["description", "x" * 700_000]]).status_code == 400
    assert kept(session) == []


def test_a_draft_needs_the_right_to_save_the_form(session, database, database_url, url):
    reader = open_site(database_url)
    sign_in(reader, database, ("course", "list"), ("course", "details"))

    assert keep(reader, url, [["name", "x"]]).status_code == 403
    assert keep(reader, "/admin/course/create", [["name", "x"]]).status_code == 403
    assert kept(session) == []


def test_a_draft_is_kept_from_our_own_pages_only(client, session, url):
    headers = AS_JSON | {"origin": "https://evil.example"}

    answer = client.post("/admin/drafts", data={"address": url, "fields": "[]"}, headers=headers)

    assert answer.status_code == 403
    assert kept(session) == []


def test_signing_out_keeps_drafts(client, session, url):
    keep(client, url, typed(open_form(client, url), description="Half a sent"))

    client.post("/admin/logout")

    assert len(kept(session)) == 1


def test_a_page_without_a_draft_asks_once_whether_there_is_one(client, url, statements):
    client.get(url)

    assert len([statement for statement in statements if "drafts" in statement]) == 1


def test_the_home_page_leads_to_the_forms_that_were_not_saved(client, session, course, url, database):
    assert "unsaved" not in client.get("/admin/").text
    keep(client, url, typed(open_form(client, url), description="Half a sent"))
    page = client.get("/admin/").text
    assert "You have an unsaved draft" in page
    assert f'<a href="{url}" dir="auto">{course}</a>' in page

    for number in range(4):
        keep(client, f"/admin/course/create?x={number}", [["name", "x"]])
    page = client.get("/admin/").text
    assert "You have 5 unsaved drafts, the latest of them:" in page
    assert page.count("Add course</a>") == 3

    with database.session() as other:
        for draft in other.scalars(select(Draft).where(Draft.address != url)):
            other.delete(draft)
        other.delete(other.get_one(Course, course.course_id))
    assert "unsaved" not in client.get("/admin/").text


def test_nobody_reads_on_the_home_page_of_a_record_they_may_no_longer_see(
    session, database, database_url, url
):
    visitor = open_site(database_url)
    person = sign_in(visitor, database, ("course", "*"))
    keep(visitor, url, [["name", "x"]])
    assert "Beekeeping" in visitor.get("/admin/").text
    with database.session() as other:
        user = other.get_one(User, person.user_id)
        user.roles.clear()

    assert "Beekeeping" not in visitor.get("/admin/").text


# -- a session that has ended ---------------------------------------------------------------------------


def end_sessions(database: Database) -> None:
    with database.session() as session:
        session.execute(delete(UserSession), execution_options={"unaudited": "a test"})


@pytest.fixture
def ada(database: Database) -> User:
    """A superuser with a password, who can sign in again."""
    with database.session() as session:
        return make_user(session, password=PASSWORD, user_name="ada", superuser=True)


@pytest.fixture
def visitor(database_url: str) -> TestClient:
    return open_site(database_url)


@pytest.fixture
def browser(database_url: str, ada: User) -> TestClient:
    """A browser that Ada is signed in with."""
    browser = open_site(database_url)
    browser.post("/admin/login", data={"username": "ada", "password": PASSWORD})
    return browser


def sign_in_again(browser: TestClient, page: str, **typed: str) -> Any:
    form = read_forms(page)[0]
    return browser.post(form.action, data=form.data(**{"username": "ada", "password": PASSWORD} | typed))


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
def test_a_form_sent_after_its_session_ended_is_there_again_after_signing_in(
    browser, session, course, url, database, encoding
):
    form = open_form(browser, url)
    end_sessions(database)
    sent = form.data(description="  Half\n\na “sentence” \U0001f41d ", name="Beekeeping II")
    files = {"upload": ("x.bin", b"\0" * 2_000_000)} if encoding == "multipart" else None

    page = browser.post(url, data=sent, files=files)
    assert page.status_code == 401
    assert "Your form is kept: sign in and it is there again." in page.text
    assert session.get_one(Course, course.course_id).description == "Bees"
    answer = sign_in_again(browser, page.text)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{url}?%3Adraft=restore")
    again = browser.get(answer.headers["location"])
    assert "This was not saved yet." in again.text
    restored = record_form(again.text)
    held = {name: texts for name, texts in sent.items() if name not in ("save", ":draft")}
    assert {name: texts for name, texts in restored.data().items() if name in held} == held
    saved = browser.post(restored.action, data=restored.data())
    assert saved.status_code == 303
    session.rollback()
    assert session.get_one(Course, course.course_id).name == "Beekeeping II"
    assert kept(session) == []


def test_a_wrong_password_does_not_lose_the_held_form(browser, url, database, session):
    form = open_form(browser, url)
    end_sessions(database)
    page = browser.post(url, data=form.data(description="Half a sent"))

    refused = sign_in_again(browser, page.text, password="wrong")
    assert refused.status_code == 400
    assert "Your form is kept" in refused.text
    assert kept(session) == []
    sign_in_again(browser, refused.text)

    assert [draft["description"] for _, draft in kept(session)] == ["Half a sent"]


def test_a_new_record_that_was_being_added_is_there_again(browser, session, database):
    form = open_form(browser, "/admin/course/create")
    end_sessions(database)

    page = browser.post("/admin/course/create", data=form.data(name="Weaving", start_date="2031-02-03"))
    answer = sign_in_again(browser, page.text)
    restored = open_form(browser, answer.headers["location"])

    assert browser.post(restored.action, data=restored.data()).status_code == 303
    assert session.scalars(select(Course.name)).one() == "Weaving"


def test_what_changed_while_one_signed_in_is_a_conflict(browser, session, course, url, database):
    form = open_form(browser, url)
    end_sessions(database)
    page = browser.post(url, data=form.data(description="Mine"))
    with database.session() as other:
        stored = other.get_one(Course, course.course_id)
        stored.description = "Theirs"
    restored = open_form(browser, sign_in_again(browser, page.text).headers["location"])

    assert browser.post(restored.action, data=restored.data()).status_code in (400, 409)
    assert session.get_one(Course, course.course_id).description == "Theirs"


def test_secrets_and_files_are_in_neither_page_nor_draft_and_the_page_says_so(
    browser, session, ada, database
):
    form = open_form(browser, "/admin/user/create")
    end_sessions(database)
    sent = form.data(user_name="grace", email_address="grace@example.org") | {"password_hash": CANARY}

    page = browser.post("/admin/user/create", data=sent, files={"user_image": ("x", CANARY.encode())})

    held = dict(read_forms(page.text)[0].pairs)["held"]
    carried = json.dumps(browser.app.state.site.seals.about("held form").read(held))
    assert "grace@example.org" in carried
    assert CANARY not in page.text + carried
    sign_in_again(browser, page.text)
    assert kept(session)
    assert CANARY not in str(kept(session))


def test_somebody_else_who_signs_in_gets_nothing_of_it(browser, session, url, database):
    with database.session() as other:
        make_user(other, password=PASSWORD, user_name="grace", superuser=True)
    form = open_form(browser, url)
    end_sessions(database)
    page = browser.post(url, data=form.data(description="Only Ada's"))

    answer = sign_in_again(browser, page.text, username="grace")

    assert (answer.status_code, answer.headers["location"]) == (303, url)
    assert kept(session) == []
    assert "Only Ada" not in browser.get(url).text


def test_who_may_no_longer_save_the_form_is_told_so(browser, session, ada, url, database):
    form = open_form(browser, url)
    end_sessions(database)
    page = browser.post(url, data=form.data(description="Half a sent"))
    with database.session() as other:
        person = other.get_one(User, ada.user_id)
        person.is_superuser = False

    answer = sign_in_again(browser, page.text)

    assert answer.headers["location"] == url
    assert browser.get(url).status_code == 403
    assert kept(session) == []


@pytest.mark.parametrize("held", ["x", "", CANARY, "W10.e30", "a" * 400_000])
def test_a_held_form_that_no_page_of_ours_made_is_left_out(browser, session, database, held: str):
    end_sessions(database)

    answer = browser.post("/admin/login", data={"username": "ada", "password": PASSWORD, "held": held})

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")
    assert kept(session) == []


def test_a_form_that_is_too_large_to_be_held_is_said_to_be(browser, url, database):
    form = open_form(browser, url)
    end_sessions(database)
    for size in (250_000, 900_000, 1_100_000):
        page = browser.post(url, data=form.data(description="x" * size), files={"x": ("", b"")})

        assert page.status_code == 401
        assert "too large to be kept" in page.text
        assert "xxxxxx" not in page.text


@pytest.mark.parametrize("body", [b"", b"--b\r\nnonsense", b"--b--"])
def test_a_form_that_cannot_be_read_leads_to_sign_in_all_the_same(visitor, body: bytes):
    answer = visitor.post(
        "/admin/course/create", content=body, headers={"content-type": "multipart/form-data; boundary=b"}
    )

    assert answer.status_code == 401


def test_what_is_no_form_of_a_record_is_to_be_done_again(browser, url, course, database):
    end_sessions(database)
    delete_url = f"/admin/course/delete?pks={course.course_id}"

    page = browser.post(delete_url)

    assert page.status_code == 401
    assert "nothing was done yet" in page.text
    assert sign_in_again(browser, page.text).headers["location"] == delete_url
    end_sessions(database)
    assert browser.post("/admin/logout").headers["location"] == "/admin/login"


def test_a_script_is_told_that_the_session_has_ended_and_leads_nowhere(browser, url, database):
    end_sessions(database)

    for answer in (
        browser.get("/admin/course/columns", headers={"x-panel": "yes"}),
        browser.post(url, data={"name": "x"}, headers={"x-panel": "yes"}),
    ):
        assert answer.status_code == 401
        assert "<html" not in answer.text
        assert 'href="/admin/login" target="_blank"' in answer.text
    answer = browser.post("/admin/drafts", data={"address": url}, headers=AS_JSON)
    assert (answer.status_code, answer.json()) == (401, {"error": "Sign in first."})


def test_what_was_typed_outlives_its_record(browser, session, course, url, database):
    form = open_form(browser, url)
    assert keep(browser, url, typed(form, description="A first word")).status_code == 200
    end_sessions(database)
    with database.session() as other:
        other.delete(other.get_one(Course, course.course_id))
    page = browser.post(url, data=form.data(description="Half a sent"))

    restored = browser.get(sign_in_again(browser, page.text).headers["location"])

    assert "was deleted" in restored.text
    assert dict(record_form(restored.text).pairs)["description"] == "Half a sent"
    assert keep(browser, url, typed(record_form(restored.text))).status_code == 200
    again = record_form(restored.text)
    assert browser.post(again.action, data=again.data()).status_code == 303
    assert session.scalars(select(Course.description)).one() == "Half a sent"
    assert kept(session) == []


def test_rows_edited_in_a_list_are_there_again(browser, session, course, database):
    rows = "/admin/course/edit-rows?search=bee"
    page = browser.get(rows)
    form = next(form for form in read_forms(page.text) if form.action.startswith("/admin/course/edit-rows"))
    end_sessions(database)

    page = browser.post(form.action, data=form.data(**{"0/start_date": "2029-05-05"}))
    assert "Your form is kept" in page.text
    answer = sign_in_again(browser, page.text)
    again = browser.get(answer.headers["location"])
    assert "This was not saved yet." in again.text
    restored = next(
        form for form in read_forms(again.text) if form.action.startswith("/admin/course/edit-rows")
    )
    assert restored.action == form.action
    assert dict(restored.pairs)["0/start_date"] == "2029-05-05"

    assert browser.post(restored.action, data=restored.data()).status_code == 303
    session.rollback()
    assert session.get_one(Course, course.course_id).start_date == date(2029, 5, 5)
    assert kept(session) == []


@pytest.mark.parametrize("query", ["x=\\", "x=//", "x=" + "y" * 3000, "x=%00", "%3Adraft=restore", "x=%ff"])
def test_whatever_an_address_asks_its_form_opens(client, url, query: str):
    for address in (url, "/admin/course/create", "/admin/course/edit-rows"):
        assert client.get(f"{address}?{query}").status_code in (200, 400)
