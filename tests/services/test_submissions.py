"""What is kept of forms that were saved."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from admin_site.errors import BadRequest
from admin_site.models import Submission, utc_now
from admin_site.services.sessions import start_session
from admin_site.services.submissions import (
    LIFETIME,
    Repeated,
    Saved,
    check_nonce,
    digest_of,
    find_saved,
    forget_saved,
    keep_saved,
    new_nonce,
)
from tests.factories import make_user
from tests.parallel import at_once

FIRST = Saved("/admin/course/details/1", "Course “Botany” was saved.", "a" * 64, "1", "name")


def test_a_form_that_was_saved_is_found_with_its_answer(session):
    user, nonce = make_user(session), new_nonce()

    keep_saved(session, user.user_id, nonce, FIRST)

    assert find_saved(session, user.user_id, nonce) == FIRST
    assert find_saved(session, user.user_id, new_nonce()) is None
    assert find_saved(session, make_user(session).user_id, nonce) is None


def test_a_form_is_kept_once(session):
    user, nonce = make_user(session), new_nonce()
    keep_saved(session, user.user_id, nonce, FIRST)

    with pytest.raises(Repeated):
        keep_saved(session, user.user_id, nonce, FIRST)


def test_of_two_who_keep_the_same_form_at_once_one_is_told(database):
    with database.session() as session:
        user = make_user(session)

    done = at_once(database, *[lambda session: keep_saved(session, user.user_id, "n" * 22, FIRST)] * 2)

    assert sorted(type(each).__name__ for each in done) == ["NoneType", "Repeated"]


def test_a_form_saved_again_with_something_else_in_it_has_another_answer(session):
    user, nonce = make_user(session), new_nonce()
    keep_saved(session, user.user_id, nonce, FIRST)
    second = Saved("/admin/course/list", "Nothing was changed.", "b" * 64)

    keep_saved(session, user.user_id, nonce, second, is_again=True)

    assert find_saved(session, user.user_id, nonce) == second
    with pytest.raises(Repeated):
        keep_saved(session, user.user_id, nonce, second, is_again=True)


def test_what_failed_can_be_sent_again(session):
    user, nonce = make_user(session), new_nonce()
    keep_saved(session, user.user_id, nonce, FIRST)

    forget_saved(session, user.user_id, nonce)

    assert find_saved(session, user.user_id, nonce) is None


def test_what_is_a_week_old_goes_when_somebody_signs_in(session):
    user = make_user(session)
    for age in (LIFETIME + timedelta(seconds=1), timedelta(days=6), timedelta()):
        kept = {"nonce": new_nonce(), "address": str(age), "message": ""}
        session.add(Submission(user=user, created_at=utc_now() - age, **kept))
    session.flush()

    start_session(session, user)

    left = session.scalars(select(Submission.address).order_by(Submission.created_at)).all()
    assert left == [str(timedelta(days=6)), str(timedelta())]


def test_names_of_pages_are_random_and_proper():
    names = {new_nonce() for _ in range(100)}

    assert len(names) == 100
    assert all(len(check_nonce(name)) == 22 for name in names)


@pytest.mark.parametrize("name", ["", "short", "x" * 65, "with a space in it", "new\nline" * 4, "ü" * 20])
def test_an_improper_name_of_a_page_is_refused(name: str):
    with pytest.raises(BadRequest):
        check_nonce(name)


@pytest.mark.parametrize(
    "other",
    [
        [("name", "b")],
        [("nam", "ea")],
        [("name", "a"), ("name", "a")],
        [("x", "a"), ("name", "a")],
        [],
        [("name", "\ud800")],
    ],
)
def test_forms_with_something_else_in_them_have_other_digests(other: list[tuple[str, Any]]):
    assert digest_of([("name", "a")]) == digest_of([("name", "a")])
    assert digest_of(other) != digest_of([("name", "a")])
