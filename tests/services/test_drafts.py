"""Drafts: what is typed and not saved is kept, for its author alone, and not for ever."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from admin_site.errors import Conflict, Invalid
from admin_site.models import AuditEntry, Draft, Submission, utc_now
from admin_site.permissions import Identity
from admin_site.services.drafts import (
    LIFETIME,
    MAX_DRAFTS,
    MAX_SIZE,
    discard_draft,
    drafts_of,
    find_draft,
    keep_draft,
)
from tests.factories import an_administrator

FORM = "/admin/course/edit/7"
UNAUDITED = {"unaudited": "a test turns the clock"}


@pytest.fixture
def ada(session: Session) -> Identity:
    return an_administrator(session)


def grow_old(session: Session, by: timedelta) -> None:
    session.execute(update(Draft).values(updated_at=utc_now() - by), execution_options=UNAUDITED)
    session.expire_all()


def number(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Draft))


def test_what_was_typed_is_found_again_in_its_order_and_to_the_letter(session, ada):
    fields = [("b", "  two\r\nlines "), ("a", ""), ("b", "“again” – \U0001f41d")]

    keep_draft(session, ada, FORM, fields)
    session.commit()

    kept = find_draft(session, ada, FORM)
    assert list(kept.fields) == fields
    assert kept.address == FORM
    assert utc_now() - kept.kept_at < timedelta(seconds=30)


def test_the_same_form_has_one_draft_and_the_last_words_count(session, ada):
    keep_draft(session, ada, FORM, [("a", "1")])
    keep_draft(session, ada, FORM, [("a", "2")])

    assert find_draft(session, ada, FORM).fields == (("a", "2"),)
    assert number(session) == 1


def test_nobody_finds_or_discards_somebody_elses_draft(session, ada):
    grace = an_administrator(session)
    keep_draft(session, ada, FORM, [("a", "hers")])

    assert find_draft(session, grace, FORM) is None
    assert drafts_of(session, grace) == []
    discard_draft(session, grace, FORM)
    assert find_draft(session, ada, FORM) is not None


def test_a_draft_of_another_page_of_the_form_is_not_written_over(session, ada):
    keep_draft(session, ada, FORM, [(":nonce", "one tab"), ("a", "1")])

    with pytest.raises(Conflict):
        keep_draft(session, ada, FORM, [(":nonce", "another tab"), ("a", "2")])

    assert dict(find_draft(session, ada, FORM).fields)["a"] == "1"
    keep_draft(session, ada, FORM, [(":nonce", "another tab"), ("a", "3")], replaces=True)
    assert dict(find_draft(session, ada, FORM).fields)["a"] == "3"


def test_what_arrives_late_of_a_form_that_was_just_saved_is_not_kept(session, ada):
    fields = [(":nonce", "one tab"), ("a", "1")]
    submission = Submission(
        user_id=ada.user_id, nonce="one tab", address="/", message="", created_at=utc_now()
    )
    session.add(submission)
    session.flush()

    with pytest.raises(Conflict):
        keep_draft(session, ada, FORM, fields)
    submission.created_at -= timedelta(minutes=1)
    session.flush()

    keep_draft(session, ada, FORM, fields)
    assert find_draft(session, ada, FORM) is not None


def test_what_is_too_much_is_refused_with_words(session, ada):
    with pytest.raises(Invalid, match="too much"):
        keep_draft(session, ada, FORM, [("a", "x" * MAX_SIZE)])
    with pytest.raises(Invalid, match="address"):
        keep_draft(session, ada, "/admin/course/create?" + "x" * 1000, [("a", "1")])

    assert number(session) == 0


def test_characters_that_no_database_keeps_do_not_stand_in_the_way(session, ada):
    keep_draft(session, ada, FORM, [("a", "nul\x00 and half \ud83d a bee")])
    session.commit()

    assert find_draft(session, ada, FORM).fields == (("a", "nul� and half � a bee"),)


def test_an_old_draft_is_not_found_and_goes_with_the_next_one(session, ada):
    keep_draft(session, ada, FORM, [("a", "1")])
    grow_old(session, LIFETIME)

    assert find_draft(session, ada, FORM) is None
    assert drafts_of(session, ada) == []
    keep_draft(session, ada, "/admin/course/create", [("a", "1")])
    assert [kept.address for kept in drafts_of(session, ada)] == ["/admin/course/create"]
    assert number(session) == 1


def test_drafts_of_people_who_never_come_back_go_in_the_end(session, ada):
    keep_draft(session, ada, FORM, [("a", "1")])
    grow_old(session, LIFETIME)

    keep_draft(session, an_administrator(session), FORM, [("a", "1")])

    assert number(session) == 1


def test_an_old_draft_can_be_typed_into_again(session, ada):
    keep_draft(session, ada, FORM, [(":nonce", "long ago"), ("a", "1")])
    grow_old(session, LIFETIME)

    keep_draft(session, ada, FORM, [(":nonce", "now"), ("a", "2")])

    assert dict(find_draft(session, ada, FORM).fields)["a"] == "2"


def test_of_too_many_drafts_the_oldest_make_room(session, ada):
    for index in range(MAX_DRAFTS):
        session.add(
            Draft(
                user_id=ada.user_id,
                address=f"/{index}",
                fields=[["a", "1"]],
                updated_at=utc_now() - timedelta(minutes=index + 1),
            )
        )
    session.flush()

    keep_draft(session, ada, FORM, [("a", "1")])

    addresses = [kept.address for kept in drafts_of(session, ada)]
    assert len(addresses) == MAX_DRAFTS
    assert addresses[0] == FORM
    assert f"/{MAX_DRAFTS - 1}" not in addresses


def test_drafts_are_listed_newest_first_without_what_was_typed(session, ada):
    keep_draft(session, ada, "/1", [("a", "1")])
    keep_draft(session, ada, "/2", [("a", "1")])
    keep_draft(session, ada, "/1", [("a", "2")])

    assert [(kept.address, kept.fields) for kept in drafts_of(session, ada)] == [("/1", ()), ("/2", ())]


def test_typing_leaves_no_record(session, ada):
    before = session.scalar(select(func.count()).select_from(AuditEntry))
    keep_draft(session, ada, FORM, [("a", "1")])
    discard_draft(session, ada, FORM)
    session.commit()

    assert session.scalar(select(func.count()).select_from(AuditEntry)) == before
    assert number(session) == 0
