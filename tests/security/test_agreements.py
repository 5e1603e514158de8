"""What was shown comes back as it was, or not at all."""

import pytest

from admin_site.security.agreements import Agreements

AGREEMENTS = Agreements("a secret of the tests, long enough")
SHOWN = {"enrollments": [12, "mark"]}


def test_what_was_sealed_comes_back():
    assert AGREEMENTS.open("ann user/1", AGREEMENTS.seal("ann user/1", SHOWN)) == SHOWN


@pytest.mark.parametrize("subject", ["bob user/1", "ann user/2", ""])
def test_it_is_no_agreement_to_anything_else(subject):
    assert AGREEMENTS.open(subject, AGREEMENTS.seal("ann user/1", SHOWN)) is None


@pytest.mark.parametrize("text", ["", "x", "é", ".", "a.b", "\ud800"])
def test_a_text_that_is_not_ours_is_no_agreement(text):
    assert AGREEMENTS.open("ann user/1", text) is None


def test_one_that_was_changed_or_sealed_with_another_key_is_none():
    sealed = AGREEMENTS.seal("ann user/1", SHOWN)
    changed = ("A" if sealed[0] != "A" else "B") + sealed[1:]

    assert AGREEMENTS.open("ann user/1", changed) is None
    assert Agreements("another secret, long enough too").open("ann user/1", sealed) is None


def test_marks_tell_things_apart_and_nothing_else():
    assert AGREEMENTS.mark("12") == AGREEMENTS.mark("12") != AGREEMENTS.mark("13")
    assert AGREEMENTS.mark("12") != Agreements("another secret, long enough too").mark("12")
