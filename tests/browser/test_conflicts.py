"""Two people edit one record: the one who saves later chooses, and loses nothing."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from admin_site import audit
from admin_site.models import Course
from tests.browser.inspection import faults
from tests.browser.sites import Site, Visitor

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


def make_course(site: Site) -> str:
    with site.database.session() as session:
        course = Course(name="Botany", description="Plants", start_date=date(2030, 1, 7))
        session.add(course)
    return f"{site.address}/admin/course/edit/{course.course_id}"


def change(site: Site, url: str, **values: str) -> None:
    """Let Bob change the course."""
    with site.database.session() as session:
        audit.attribute(session, audit.Act(actor_id="7", actor_name="Bob Stone (bob)"))
        for name, value in values.items():
            setattr(session.get_one(Course, int(url.rpartition("/")[2])), name, value)


def stored(site: Site, url: str) -> tuple[str, str | None]:
    with site.database.session() as session:
        course = session.get_one(Course, int(url.rpartition("/")[2]))
        return course.name, course.description


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


@BOTH
def test_the_person_chooses_between_mine_theirs_and_what_it_was(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    page = visit(site, java_script_enabled=scripts).sign_in().page
    url = make_course(site)
    for option, name in (("Yours", "Mine"), ("Saved by Bob", "Theirs"), ("What it was before", "Botany")):
        change(site, url, name="Botany", description="Plants")
        page.goto(url)
        change(site, url, name="Theirs")
        page.locator("#field-name").fill("Mine")
        page.get_by_label("Description").fill("Also mine")
        save(page)

        expect(page.get_by_role("alert")).to_contain_text("Somebody else saved this record")
        expect(page.get_by_label("Description")).to_have_value("Also mine")
        expect(page.get_by_role("radio", name="Yours")).to_be_checked()
        page.get_by_role("radio", name=option).check()
        save(page)

        expect(page.get_by_text("was saved.")).to_be_visible()
        assert stored(site, url) == (name, "Also mine")


def test_typing_into_the_field_chooses_what_is_typed(site: Site, page: Page):
    url = make_course(site)
    page.goto(url)
    change(site, url, name="Theirs")
    page.locator("#field-name").fill("Mine")
    save(page)
    page.get_by_role("radio", name="Saved by Bob").check()

    page.locator("#field-name").fill("Both of ours")

    expect(page.get_by_role("radio", name="Yours")).to_be_checked()
    save(page)
    expect(page.get_by_text("was saved.")).to_be_visible()
    assert stored(site, url)[0] == "Both of ours"


def test_a_choice_is_made_with_the_keyboard_alone(site: Site, page: Page):
    url = make_course(site)
    page.goto(url)
    change(site, url, name="Theirs")
    page.locator("#field-name").fill("Mine")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Name", exact=True).press("Enter")
    expect(page.locator("#field-name")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Saved by Bob")).to_be_checked()

    page.keyboard.press("Enter")

    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    assert stored(site, url)[0] == "Theirs"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 360])
def test_the_choice_fits_and_can_be_read(site: Site, visit: Callable[..., Visitor], scheme: str, width: int):
    page = visit(site, color_scheme=scheme, viewport={"width": width, "height": 780}).sign_in().page
    url = make_course(site)
    page.goto(url)
    change(site, url, name="Their name " * 15, description="Their words " * 200)
    page.locator("#field-name").fill("My name " * 20)
    page.get_by_label("Description").fill("My words " * 200)
    save(page)

    expect(page.locator(".clash")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert faults(page) == []


@BOTH
def test_a_record_deleted_meanwhile_is_added_again_from_what_was_typed(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    page = visit(site, java_script_enabled=scripts).sign_in().page
    url = make_course(site)
    page.goto(url)
    page.locator("#field-name").fill("Geology")
    with site.database.session() as session:
        session.delete(session.get_one(Course, int(url.rpartition("/")[2])))
    save(page)

    expect(page.get_by_role("alert")).to_contain_text("was deleted by")
    expect(page.locator("#field-name")).to_have_value("Geology")
    page.get_by_role("button", name="Add this course again").last.click()

    expect(page.get_by_text("Course “Geology” was added.")).to_be_visible()
    assert stored(site, url) == ("Geology", "Plants")
