"""Checking a field on leaving it: what saving would say, and no more than that."""

from datetime import date

import pytest

from admin_site.descriptions import describe
from admin_site.keys import encode_key
from admin_site.models import AuditEntry, Course, Enrollment
from tests.admin.sites import open_site, sign_in
from tests.factories import make_user

TAKEN = "Another record already has this value."
TAKEN_TOGETHER = "Another record already has these values together."


def ask(client, identity, field, text="", record=None, **others):
    """Return the words that leaving a field brings, with the status of the answer."""
    key = encode_key(describe(type(record)), describe(type(record)).key_of(record)) if record else ""
    form = {":field": field, ":key": key, field: text, **others}
    answer = client.post(f"/admin/{identity}/check", data=form, headers={"accept": "application/json"})
    return answer.status_code, answer.json()["error"]


@pytest.fixture
def course(session):
    course = Course(name="Biology", start_date=date(2026, 2, 1), end_date=date(2026, 3, 1))
    session.add(course)
    session.commit()
    return course


def test_a_taken_address_is_told_whatever_its_case(client, session):
    make_user(session, user_name="ada", email_address="ada@example.org")
    session.commit()

    assert ask(client, "user", "email_address", "ADA@Example.org") == (200, TAKEN)
    assert ask(client, "user", "email_address", "new@example.org") == (200, "")


def test_a_record_does_not_collide_with_itself(client, session):
    ada = make_user(session, email_address="ada@example.org")
    make_user(session, email_address="bob@example.org")
    session.commit()

    assert ask(client, "user", "email_address", "ada@example.org", ada) == (200, "")
    assert ask(client, "user", "email_address", "Ada@example.org", ada) == (200, "")
    assert ask(client, "user", "email_address", "bob@example.org", ada) == (200, TAKEN)


def test_what_is_no_value_of_the_field_is_told(client, course):
    assert ask(client, "user", "age", "old") == (200, "Enter a whole number.")
    assert ask(client, "user", "age", "0") == (200, "Enter 1 or more.")
    assert ask(client, "course", "name", "", course) == (200, "This field needs a value.")
    assert ask(client, "course", "name", "x" * 201) == (
        200,
        "Enter at most 200 characters (these are 201).",
    )


def test_a_field_is_compared_with_the_others_that_are_typed(client, course):
    words = "End date must not be before start date."
    dates = {"start_date": "2026-05-01"}
    assert ask(client, "course", "end_date", "2026-04-01", **dates) == (200, words)
    assert ask(client, "course", "end_date", "2026-05-01", **dates) == (200, "")
    assert ask(client, "course", "end_date", "2026-04-01", start_date="someday") == (200, "")
    assert ask(client, "course", "end_date", "2026-01-01", course) == (200, words)
    assert ask(client, "course", "start_date", "2026-03-02", course) == (
        200,
        "Start date must not be after end date.",
    )


def test_what_only_several_fields_together_may_not_have_is_told(client, session, course):
    user = make_user(session)
    other = Course(name="Chemistry", start_date=date(2026, 2, 1))
    session.add_all([Enrollment(user=user, course=course), other])
    session.commit()
    taken = {"user": str(user.user_id), "course": str(course.course_id)}

    assert ask(client, "enrollment", "course", taken["course"], user=taken["user"]) == (200, TAKEN_TOGETHER)
    assert ask(client, "enrollment", "course", taken["course"]) == (200, "")
    assert ask(client, "enrollment", "course", str(other.course_id), user=taken["user"]) == (200, "")


def test_a_stored_value_that_is_left_alone_is_never_wrong(client, session, course):
    assert ask(client, "course", "end_date", "2026-03-01", course, start_date="2026-02-01") == (200, "")


def test_nothing_is_stored_by_checking(client, session, course):
    before = session.query(AuditEntry).count()
    ask(client, "course", "name", "Botany", course)
    session.expire_all()

    assert session.get(Course, course.course_id).name == "Biology"
    assert session.query(AuditEntry).count() == before


def test_secrets_and_what_the_form_does_not_have_are_not_checked(client, session):
    user = make_user(session)
    session.commit()
    for name in ("password_hash", "nonsense", "", "sessions"):
        for record in (None, user):
            status, words = ask(client, "user", name, "x", record)
            assert (status, words) == (400, "This form has no such field to check.")


def test_checking_needs_the_right_to_save(client, database, session, course):
    ada = make_user(session, user_name="ada", email_address="ada@example.org")
    session.commit()
    visitor = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(visitor, database, ("course", "list"), ("course", "edit"))

    assert ask(visitor, "course", "name", "x", course)[0] == 200
    assert ask(visitor, "course", "name", "x")[0] == 403
    assert ask(visitor, "user", "email_address", "ada@example.org")[0] == 403
    assert ask(visitor, "user", "email_address", "x@example.org", ada)[0] == 403


def test_what_this_person_may_not_set_is_not_checked(database, session):
    user = make_user(session, user_name="ada")
    session.commit()
    visitor = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(visitor, database, ("user", "edit"))

    assert ask(visitor, "user", "is_superuser", "true", user)[0] == 403


def test_other_sites_cannot_ask(client):
    answer = client.post(
        "/admin/user/check", data={":field": "email_address"}, headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403


def test_nobody_asks_without_signing_in(database):
    visitor = open_site(database.engine.url.render_as_string(hide_password=False))
    assert ask(visitor, "user", "email_address", "x")[0] == 401


def test_a_form_says_where_it_is_checked_and_what_depends_on_what(client, course):
    page = client.get(f"/admin/course/edit/{course.course_id}").text

    assert 'data-check-url="/admin/course/check"' in page
    assert f'data-check-key="{course.course_id}"' in page
    assert "&#34;end_date&#34;: [&#34;start_date&#34;]" in page
