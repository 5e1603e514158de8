"""The page of one record."""

from datetime import date

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import Course, Enrollment, Item
from tests.factories import make_user


def queries(client: TestClient, url: str) -> int:
    """Return how many statements the page takes, once all that is learned about labels is known."""
    client.get(url)
    engine, seen = client.app.state.site.database.engine, []
    event.listen(engine, "before_cursor_execute", lambda *_: seen.append(1))
    assert client.get(url).status_code == 200
    return len(seen)


@pytest.fixture
def leon(database: Database):
    with database.session() as session:
        leon = make_user(session, first_name="Leon", last_name="Alonso")
        courses = [Course(name=f"Course {number}", start_date=date(2030, 1, 1)) for number in range(6)]
        session.add_all([Enrollment(user=leon, course=course) for course in courses])
        return leon


def test_an_association_is_named_by_the_records_it_ties(client, leon):
    page = client.get("/admin/enrollment/details/1").text

    assert "Leon Alonso – Course 0</h1>" in page


def test_beside_a_record_its_own_name_is_not_repeated(client, leon):
    page = client.get(f"/admin/user/details/{leon.user_id}").text

    assert "<bdi>Course 3</bdi>" in page
    assert "Leon Alonso – Course" not in page


def test_names_made_of_other_records_take_no_query_each(client, database, leon):
    url = f"/admin/user/details/{leon.user_id}"
    many = queries(client, url)
    with database.session() as session:
        for enrollment in session.query(Enrollment).offset(2):
            session.delete(enrollment)

    assert many <= queries(client, url)


def test_what_was_never_changed_by_hand_has_no_history(client, database, leon):
    with database.session() as session:
        item = Item(title="Kite", owner_id=leon.user_id)
        session.add(item)
        session.flush()
        key = item.item_id
    session_page = client.get("/admin/user-session/list").text
    mine = session_page.partition('href="details/')[2].partition('"')[0]

    assert 'id="history"' in client.get(f"/admin/item/details/{key}").text
    assert 'id="history"' not in client.get(f"/admin/user-session/details/{mine}").text


PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="


@pytest.mark.parametrize(
    ("address", "is_shown"),
    [
        (PIXEL, True),
        ("/pictures/leon.png", True),
        ("https://elsewhere.example/leon.png", False),
        ("//elsewhere.example/leon.png", False),
        ("javascript:alert(1)", False),
        ('x" onerror="alert(1)', False),
    ],
)
def test_a_picture_is_shown_where_the_policy_lets_a_browser_show_it(client, database, address, is_shown):
    with database.session() as session:
        user = make_user(session, first_name="Leon", last_name="Alonso", user_image=address)

    page = client.get(f"/admin/user/details/{user.user_id}").text

    assert ('<img class="avatar-image large"' in page) == is_shown
    assert ('<span class="avatar-initials large" aria-hidden="true">LA<' in page) != is_shown


def test_related_records_are_called_as_their_own_pages_call_them(client, leon):
    page = client.get(f"/admin/user/details/{leon.user_id}").text.partition("<main")[2]

    assert "Password links" in page
    assert "Credential tokens" not in page
