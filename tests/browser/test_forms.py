"""Nothing that a person typed is lost: not by leaving, not by a mistake, not by somebody else's save."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from admin_site.models import Course
from tests.browser.sites import Site, Visitor

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


def a_course(site: Site) -> Course:
    with site.database.session() as session:
        return session.scalars(select(Course).order_by(Course.course_id)).first()


def stored(site: Site, course: Course) -> Course:
    with site.database.session() as session:
        return session.get(Course, course.course_id)


def edit(site: Site, page: Page, course: Course) -> None:
    page.goto(f"{site.address}/admin/course/edit/{course.course_id}")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def test_leaving_with_unsaved_changes_asks_first(site: Site, page: Page):
    asked: list[Dialog] = []
    edit(site, page, a_course(site))
    expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    page.get_by_label("Description").fill("Half a sent")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()

    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_label("Description")).to_have_value("Half a sent")
    assert asked == ["beforeunload"]

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


@pytest.mark.parametrize("way_out", ["nothing changed", "changed back", "cancelled", "saved"])
def test_leaving_without_unsaved_changes_asks_nothing(site: Site, page: Page, way_out: str):
    def refuse(dialog: Dialog) -> None:
        dialog.accept()
        raise AssertionError("nothing was to be asked")

    page.on("dialog", refuse)
    edit(site, page, a_course(site))
    field = page.get_by_label("Description")
    before = field.input_value()
    if way_out != "nothing changed":
        field.fill("Something else")
    if way_out == "changed back":
        field.fill(before)
        expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    if way_out == "saved":
        save(page)
    elif way_out == "cancelled":
        page.get_by_role("link", name="Cancel").click()
        page.get_by_role("button", name="Discard changes").click()
    else:
        page.get_by_role("link", name="Home").click()

    page.wait_for_url(lambda url: "/edit/" not in url)


@BOTH
def test_a_refused_form_keeps_all_that_was_typed_and_leads_to_the_mistake(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    page = visit(site, java_script_enabled=scripts).sign_in().go("/admin/course/create")
    typed = {"Name": "  Beekeeping  ", "Description": "\n\n  Bees,\nhives ", "Start date": "2030-06-01"}
    for label, text in typed.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("End date").fill("2030-01-01")
    page.get_by_label("Active").uncheck()
    save(page)

    problems = page.get_by_role("alert")
    expect(problems).to_contain_text("need")
    for label, text in (typed | {"End date": "2030-01-01"}).items():
        expect(page.get_by_label(label)).to_have_value(text)
    expect(page.get_by_label("Active")).not_to_be_checked()
    problem = problems.get_by_role("listitem").filter(has_text="End date")
    words = problem.inner_text().partition(": ")[2]
    expect(page.locator("#field-end_date-field .field-error")).to_have_text(words)
    problem.get_by_role("link").click()
    expect(page.get_by_label("End date")).to_be_focused()
    expect(page.get_by_label("End date")).to_have_attribute("aria-invalid", "true")

    page.get_by_label("End date").fill("2030-12-01")
    save(page)
    expect(page.locator(".toasts")).to_contain_text("was added")
    with site.database.session() as session:
        course = session.scalars(select(Course).where(Course.name == "  Beekeeping  ")).one()
        assert course.description == "\n\n  Bees,\nhives "
        assert not course.is_active


def test_a_missing_value_is_named_before_the_form_is_sent(site: Site, page: Page):
    page.goto(f"{site.address}/admin/enrollment/create")
    save(page)

    expect(page.locator("#field-user-field .field-error")).to_have_text("Choose one.")
    expect(page.locator("#field-course-field .field-error")).to_have_text("Choose one.")
    expect(page.locator("#field-user-ts-control")).to_be_focused()
    expect(page.locator("#field-user-ts-control")).to_have_attribute("aria-invalid", "true")
    assert page.url.endswith("/create")


def test_what_is_no_json_is_said_when_the_field_is_left(site: Site, page: Page):
    page.goto(f"{site.address}/admin/enrollment/create")
    data = page.get_by_label("Associative data")
    error = page.locator("#field-associative_data-field .field-error")

    data.fill('{"grade": 5,}')
    page.get_by_label("End date").focus()
    expect(error).to_contain_text("This is not JSON")
    data.fill('{"grade": 5}')
    page.get_by_label("End date").focus()
    expect(error).to_have_count(0)


def test_edits_of_different_fields_are_both_kept(site: Site, visit: Callable[..., Visitor]):
    course = a_course(site)
    ada = visit(site).sign_in().page
    grace = visit(site).sign_in(user_name="grace", email_address="grace@example.org").page
    edit(site, ada, course)
    edit(site, grace, course)

    grace.get_by_label("Description").fill("What Grace wrote")
    save(grace)
    expect(grace.locator(".toasts")).to_contain_text("was saved")
    ada.get_by_label("Name").fill("A better name")
    save(ada)
    expect(ada.locator(".toasts")).to_contain_text("was saved")

    assert stored(site, course).description == "What Grace wrote"
    assert stored(site, course).name == "A better name"
