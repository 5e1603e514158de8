"""Two people with the same form: what each of them typed is kept, or they choose."""

from datetime import date
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from starlette.testclient import TestClient

from admin_site.admin.views import AdminView
from admin_site.database import Database
from admin_site.models import Course, Flow, Item, User
from admin_site.permissions import Grant
from tests.admin.html_forms import PageForm, read_forms, record_form
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_user


class Base(DeclarativeBase):
    pass


class Boat(Base):
    __tablename__ = "boats_with_versions"

    boat_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    note: Mapped[str]
    kind: Mapped[str]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "boat", "version_id_col": version}


class Ferry(Boat):
    __tablename__ = "ferries_with_versions"

    boat_id: Mapped[int] = mapped_column(ForeignKey(Boat.boat_id), primary_key=True)
    seats: Mapped[int]

    __mapper_args__ = {"polymorphic_identity": "ferry"}


@pytest.fixture
def course(database: Database) -> Course:
    return _stored(database, Course(name="Botany", description="Plants", start_date=date(2030, 1, 7)))


@pytest.fixture
def url(course: Course) -> str:
    return f"/admin/course/edit/{course.course_id}"


@pytest.fixture
def bob(database: Database) -> TestClient:
    """The browser of Bob, a colleague."""
    other = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(other, database, superuser=True, user_name="bob", first_name="Bob", last_name="Stone")
    return other


def test_changes_of_different_fields_are_both_kept_and_that_is_said(client, bob, session, course, url):
    page = _page(client, url)
    _save(bob, url, description="Stones")

    answer = client.post(url, data=page.data(name="Geology"))

    assert answer.status_code == 303
    stored = session.get_one(Course, course.course_id)
    assert (stored.name, stored.description) == ("Geology", "Stones")
    greeting = client.get(answer.headers["location"]).text
    assert (
        "Course “Geology” was saved. Meanwhile Bob Stone (bob) had changed Description; that is kept."
        in greeting
    )


def test_who_changed_it_is_not_told_to_who_may_not_see_the_history(database, bob, session, course, url):
    editor = _editor(database, ("course", "edit"), ("course", "list"))
    page = _page(editor, url)
    _save(bob, url, description="Stones", name="Theirs")

    refused = editor.post(url, data=page.data(name="Mine"))
    choice = record_form(refused.text).data(name__take="mine")
    answer = editor.post(url, data=choice)

    assert "Bob" not in refused.text
    assert "Somebody else changed this meanwhile." in refused.text
    greeting = editor.get(answer.headers["location"]).text
    assert "Meanwhile somebody else had changed Description; that is kept." in greeting


def test_a_clash_shows_mine_theirs_and_what_it_was_and_loses_nothing(client, bob, session, course, url):
    page = _page(client, url)
    _save(bob, url, name="Theirs")

    answer = client.post(url, data=page.data(name="Mine", description="Also mine"))

    assert answer.status_code == 409
    assert "Somebody else saved this record while you were editing it." in answer.text
    assert "Bob Stone (bob) changed this meanwhile." in answer.text
    assert _options(answer.text) == {"mine": "Mine", "theirs": "Theirs", "original": "Botany"}
    typed = dict(record_form(answer.text).pairs)
    assert (typed["name"], typed["description"], typed["name:take"]) == ("Mine", "Also mine", "mine")
    assert session.get_one(Course, course.course_id).name == "Theirs"


@pytest.mark.parametrize(
    ("taken", "typed", "stored"),
    [
        ("mine", "Mine", "Mine"),
        ("mine", "A third way", "A third way"),
        ("theirs", "Mine", "Theirs"),
        ("original", "Mine", "Botany"),
    ],
)
def test_the_choice_is_saved_with_all_else_that_was_typed(
    client, bob, session, course, url, taken: str, typed: str, stored: str
):
    page = _page(client, url)
    _save(bob, url, name="Theirs")
    refused = client.post(url, data=page.data(name="Mine", description="Also mine"))

    answer = client.post(url, data=record_form(refused.text).data(name=typed, name__take=taken))

    assert answer.status_code == 303
    saved = session.get_one(Course, course.course_id)
    assert (saved.name, saved.description) == (stored, "Also mine")


def test_a_third_change_during_the_choice_asks_again_and_still_knows_the_first_text(
    client, bob, session, course, url
):
    page = _page(client, url)
    _save(bob, url, name="Second")
    first = client.post(url, data=page.data(name="Mine"))
    _save(bob, url, name="Third")

    again = client.post(url, data=record_form(first.text).data(name__take="mine"))

    assert again.status_code == 409
    assert _options(again.text) == {"mine": "Mine", "theirs": "Third", "original": "Botany"}


def test_a_choice_stays_when_another_field_is_wrong(client, bob, session, course, url):
    page = _page(client, url)
    _save(bob, url, name="Theirs")
    refused = client.post(url, data=page.data(name="Mine"))
    choice = record_form(refused.text).data(name__take="theirs", start_date="soon")

    wrong = client.post(url, data=choice)
    answer = client.post(url, data=record_form(wrong.text).data(start_date="2031-01-01"))

    assert dict(record_form(wrong.text).pairs)["name:take"] == "theirs"
    assert answer.status_code == 303
    saved = session.get_one(Course, course.course_id)
    assert (saved.name, saved.start_date) == ("Theirs", date(2031, 1, 1))


@pytest.mark.parametrize("again", [{":find": "nothing"}, {"start_date": "soon"}])
def test_a_form_shown_again_does_not_forget_what_it_began_with(
    client, bob, session, course, url, again: dict[str, str]
):
    page = _page(client, url)
    _save(bob, url, description="Stones")
    shown = client.post(url, data=page.data(name="Geology") | again)

    answer = client.post(url, data=record_form(shown.text).data(start_date="2030-01-07"))

    assert answer.status_code == 303
    saved = session.get_one(Course, course.course_id)
    assert (saved.name, saved.description) == ("Geology", "Stones")


def test_two_who_make_the_same_change_do_not_clash(client, bob, session, course, url):
    page = _page(client, url)
    _save(bob, url, name="Geology")

    answer = client.post(url, data=page.data(name="Geology", description="Stones"))

    assert answer.status_code == 303
    assert session.get_one(Course, course.course_id).description == "Stones"


def test_ones_own_change_in_another_tab_is_told_as_such(client, session, course, url):
    page = _page(client, url)
    _save(client, url, name="In another tab")

    answer = client.post(url, data=page.data(name="In this one"))

    assert "You saved this record in the meantime" in answer.text
    assert "You changed this meanwhile" in answer.text


def test_a_long_text_from_before_comes_from_the_history(client, bob, database, session, course, url):
    long = "all about plants " * 100
    _save(client, url, description=long)
    page = _page(client, url)
    _save(bob, url, description="Stones")

    refused = client.post(url, data=page.data(description="Mine"))
    answer = client.post(url, data=record_form(refused.text).data(description__take="original"))

    assert long.strip() in _options(refused.text)["original"]
    assert answer.status_code == 303
    assert session.get_one(Course, course.course_id).description == long


def test_a_long_text_from_before_that_nobody_recorded_is_said_to_be_unknown(
    client, database, session, url, course
):
    _change(database, course, description="all about plants " * 100)
    page = _page(client, url)
    with database.engine.begin() as connection:
        connection.execute(Course.__table__.update().values(description="Stones"))

    answer = client.post(url, data=page.data(description="Mine"))

    assert answer.status_code == 409
    assert "too long to show, or not on record" in answer.text
    assert set(_options(answer.text)) == {"mine", "theirs"}


def test_what_the_page_did_not_begin_with_cannot_be_taken(client, bob, session, course, url):
    page = _page(client, url)

    answer = client.post(url, data=page.data(name="Mine", name__take="original"))

    assert answer.status_code == 400
    assert "What this was before is not known." in answer.text
    assert session.get_one(Course, course.course_id).name == "Botany"


def test_another_record_chosen_meanwhile_is_told_by_its_name(client, bob, database, session):
    with database.session() as other:
        people = [make_user(other, first_name=name, last_name="") for name in ("Ann", "Ben", "Cyd")]
        other.add(Item(title="Kite", owner=people[0]))
    url = "/admin/item/edit/1"
    page = _page(client, url)
    _save(bob, url, owner=str(people[1].user_id))

    refused = client.post(url, data=page.data(owner=str(people[2].user_id)))
    answer = client.post(url, data=record_form(refused.text).data(owner__take="original"))

    assert refused.status_code == 409
    assert _options(refused.text) == {"mine": "Cyd", "theirs": "Ben", "original": "Ann"}
    assert answer.status_code == 303
    assert session.get_one(Item, 1).owner_id == people[0].user_id


def test_somebody_who_is_a_member_already_is_no_clash(client, bob, database, session):
    with database.session() as other:
        user, flow = make_user(other), Flow(name="Admission")
        other.add(flow)
    url = f"/admin/user/edit/{user.user_id}"
    page = _page(client, url)
    bob.post(url, data=_page(bob, url).data(flows__add=str(flow.flow_id)))

    answer = client.post(url, data=page.data(first_name="New", flows__add=str(flow.flow_id)))

    assert answer.status_code == 303
    stored = session.get_one(User, user.user_id)
    assert (stored.first_name, [flow.name for flow in stored.flows]) == ("New", ["Admission"])


@pytest.mark.parametrize(
    "state", [None, "", "{", "\u2603", "x" * 10_000, "tampered", "of another record", "of Bob"]
)
def test_a_form_that_lost_what_it_knew_is_refused_with_all_that_was_typed(
    client, bob, database, session, course, url, state: str | None
):
    other = _stored(database, Course(name="Other", start_date=date(2030, 1, 7)))
    page = _page(client, url)
    data = page.data(name="Geology")
    if state == "tampered":
        state = data[":state"][0].replace("a", "b", 3)
    elif state == "of another record":
        state = _page(client, f"/admin/course/edit/{other.course_id}").data()[":state"][0]
    elif state == "of Bob":
        state = _page(bob, url).data()[":state"][0]
    data |= {":state": [] if state is None else [state]}

    answer = client.post(url, data=data)

    assert answer.status_code == 400
    assert "Nothing was saved" in answer.text
    assert session.get_one(Course, course.course_id).name == "Botany"
    assert _options(answer.text) == {"mine": "Geology", "theirs": "Botany"}
    again = client.post(url, data=record_form(answer.text).data())
    assert again.status_code == 303


def test_only_what_was_changed_is_written(client, session, course, url, statements):
    page = _page(client, url)
    statements.clear()

    client.post(url, data=page.data(name="Geology"))

    [update] = [statement for statement in statements if statement.startswith("UPDATE courses")]
    written = update.partition(" SET ")[2].partition(" WHERE ")[0]
    assert {part.partition("=")[0].strip() for part in written.split(",")} <= {"name", "updated_at"}


def test_a_record_that_is_gone_can_be_added_again_under_its_key(client, bob, session, course, url):
    page = _page(client, url)
    _delete(bob, course)

    refused = client.post(url, data=page.data(name="Geology"))

    assert refused.status_code == 409
    assert "was deleted by Bob Stone (bob)" in refused.text
    assert "Add this course again" in refused.text
    typed = dict(record_form(refused.text).pairs)
    assert (typed["name"], typed["description"]) == ("Geology", "Plants")
    answer = client.post(record_form(refused.text).action, data=record_form(refused.text).data())
    assert answer.status_code == 303
    stored = session.get_one(Course, course.course_id)
    assert (stored.name, stored.description) == ("Geology", "Plants")


def test_who_may_not_add_records_keeps_what_was_typed_to_copy_it(database, bob, session, course, url):
    editor = _editor(database, ("course", "edit"), ("course", "details"))
    page = _page(editor, url)
    _delete(bob, course)

    refused = editor.post(url, data=page.data(name="Geology"))
    forced = editor.post(url, data=record_form(refused.text).data())

    assert refused.status_code == forced.status_code == 409
    assert "for you to copy" in refused.text
    assert dict(record_form(refused.text).pairs)["name"] == "Geology"
    assert "again</button>" not in refused.text
    assert session.scalars(select(Course)).all() == []


def test_a_record_that_one_may_no_longer_see_is_not_offered_anew(database, course, session, url):
    class OpenCourses(AdminView, model=Course):
        def list_query(self, request):
            return select(Course).where(Course.is_active)

    client = a_site(database, views=[OpenCourses])
    page = _page(client, url)
    _change(database, course, is_active=False)

    answer = client.post(url, data=page.data(name="Geology"))

    assert answer.status_code == 409
    assert "You may no longer see this record" in answer.text
    assert dict(record_form(answer.text).pairs)["name"] == "Geology"


def test_a_form_of_a_record_that_was_never_shown_is_nothing(client, bob, course, url):
    page = _page(client, url)
    _delete(bob, course)

    assert bob.post(url, data=page.data(name="Geology")).status_code == 404
    assert client.post("/admin/course/edit/4711", data=page.data()).status_code == 404


def test_records_that_count_their_versions_and_their_subclasses_merge_and_clash_alike(database, session):
    Base.metadata.create_all(database.engine)
    with database.session() as other:
        other.add(Ferry(boat_id=1, name="Anna", note="old", seats=10))
    client = a_site(database, models=[Base])
    page = _page(client, "/admin/ferry/edit/1")
    _save(client, "/admin/boat/edit/1", note="new")

    merged = client.post("/admin/ferry/edit/1", data=page.data(seats="12"))
    clashing = client.post("/admin/ferry/edit/1", data=page.data(note="mine"))

    assert (merged.status_code, clashing.status_code) == (303, 409)
    assert _options(clashing.text) == {"mine": "mine", "theirs": "new", "original": "old"}
    stored = session.get_one(Ferry, 1)
    assert (stored.seats, stored.note, stored.version) == (12, "new", 3)


def test_a_form_with_many_texts_does_not_carry_all_of_them_twice(database):
    names = [f"text{number}" for number in range(60)]
    columns = [Column("id", Integer, primary_key=True), *(Column(name, Text) for name in names)]
    table = Table("wide", MetaData(), *columns)
    wide = type("Wide", (), {})
    registry().map_imperatively(wide, table)
    table.create(database.engine)
    with database.engine.begin() as other:
        other.execute(table.insert().values(id=1, **{name: _random_text(250) for name in names}))
    client = a_site(database, models=[wide])

    state = _page(client, "/admin/wide/edit/1").data()[":state"][0]

    assert len(state) < 15_000


def _page(client: TestClient, url: str) -> PageForm:
    return record_form(client.get(url).text)


def _save(client: TestClient, url: str, **typed: str) -> None:
    assert client.post(url, data=_page(client, url).data(**typed)).status_code == 303


def _delete(client: TestClient, course: Course) -> None:
    url = f"/admin/course/delete?pks={course.course_id}"
    form = next(form for form in read_forms(client.get(url).text) if "/delete" in form.action)
    assert client.post(url, data=form.data()).status_code == 303


def _editor(database: Database, *grants: Grant) -> TestClient:
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, *grants)
    return client


def _options(html: str) -> dict[str, str]:
    """Return what a page offers of the first field in conflict."""
    block = html.split('<fieldset class="clash"')[1].split("</fieldset>")[0]
    found = {}
    for label in block.split("<label")[1:]:
        value = label.split('value="')[1].split('"')[0]
        shown = label.split('class="clash-value"')[1].partition(">")[2].rpartition("</span></label>")[0]
        found[value] = shown.removeprefix('<div class="multiline">').removesuffix("</div>")
    return found


def _random_text(length: int) -> str:
    return token_hex(length // 2)


def _stored(database: Database, record: Any) -> Any:
    with database.session() as session:
        session.add(record)
    return record


def _change(database: Database, course: Course, **values: Any) -> None:
    with database.session() as session:
        stored = session.get_one(Course, course.course_id)
        for name, value in values.items():
            setattr(stored, name, value)
