"""How long a download may keep the other threads of the process waiting."""

import sys

import pytest

from admin_site.admin.turns import SECONDS, short_turns
from admin_site.models import Course
from tests.test_models import a_course


def test_turns_are_short_while_any_work_goes_on_and_usual_after():
    usual = sys.getswitchinterval()

    with short_turns():
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(SECONDS)
        assert sys.getswitchinterval() == pytest.approx(SECONDS)

    assert sys.getswitchinterval() == pytest.approx(usual)


def test_turns_are_usual_again_after_work_that_failed():
    usual = sys.getswitchinterval()

    with pytest.raises(ZeroDivisionError), short_turns():
        raise ZeroDivisionError

    assert sys.getswitchinterval() == pytest.approx(usual)


def test_a_download_takes_short_turns_and_gives_them_back(client, session):
    session.add(a_course())
    session.commit()
    usual, seen = sys.getswitchinterval(), []
    view = client.app.state.site.find_view("course")
    view._formatters["name"] = lambda course, _: seen.append(sys.getswitchinterval()) or course.name

    answer = client.get("/admin/course/export/csv")

    assert answer.status_code == 200, answer.text
    assert session.get(Course, 1) is not None
    assert seen == pytest.approx([SECONDS] * len(seen))
    assert seen
    assert sys.getswitchinterval() == pytest.approx(usual)
