"""What is wrong with a field is said on leaving it, and no more than said."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from admin_site.models import Course
from tests.browser.sites import ADA, Site
from tests.factories import make_user

TAKEN = "Another record already has this value."


@pytest.fixture
def taken(site: Site) -> str:
    """An address that somebody has."""
    with site.database.session() as session:
        return make_user(
            session, **{**ADA, "user_name": "someone", "email_address": "taken@example.org"}
        ).email_address


def test_leaving_a_taken_address_says_so(site: Site, page: Page, taken: str):
    page.goto(f"{site.address}/admin/user/create")
    field = page.get_by_label("Email address")
    field.fill(taken.upper())
    page.locator("#field-first_name").focus()

    expect(page.locator("#field-email_address-error")).to_have_text(TAKEN)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(TAKEN))
    expect(page.get_by_label("First name")).to_be_focused()

    field.fill("free@example.org")
    page.locator("#field-first_name").focus()
    expect(page.locator("#field-email_address-error")).to_have_count(0)
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_a_field_that_is_said_to_be_wrong_can_be_saved_all_the_same(site: Site, page: Page, taken: str):
    """The server is asked again, which knows better."""
    page.goto(f"{site.address}/admin/user/create")
    page.get_by_label("User name").fill("new one")
    page.get_by_label("Email address").fill(taken)
    page.get_by_label("User name").focus()
    expect(page.locator("#field-email_address-error")).to_have_text(TAKEN)
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator("#problems")).to_contain_text(TAKEN)
    expect(page.get_by_label("Email address")).to_have_value(taken)


def test_a_field_is_right_again_when_the_one_it_depends_on_changes(site: Site, page: Page):
    with site.database.session() as session:
        course = session.scalars(select(Course).order_by(Course.course_id)).first()
        key = course.course_id
    page.goto(f"{site.address}/admin/course/edit/{key}")
    page.locator("#field-start_date").fill("2026-02-01")
    page.locator("#field-end_date").fill("2026-01-01")
    page.locator("#field-name").focus()
    expect(page.locator("#field-end_date-error")).to_have_text("End date must not be before start date.")

    page.locator("#field-start_date").fill("2025-12-01")
    page.locator("#field-name").focus()
    expect(page.locator("#field-end_date-error")).to_have_count(0)


def test_an_answer_that_makes_no_sense_says_nothing(site: Site, page: Page, taken: str):
    page.goto(f"{site.address}/admin/user/create")
    page.route("**/user/check", lambda route: route.fulfill(body="<html>"))
    page.locator("#field-email_address").fill(taken)
    with page.expect_response("**/user/check"):
        page.locator("#field-first_name").focus()

    expect(page.locator("#field-email_address-error")).to_have_count(0)
    expect(page.locator("#field-email_address")).not_to_have_attribute("aria-invalid", "true")


def test_a_browser_says_what_a_pattern_means(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/create")
    page.route("**/user/check", lambda route: route.fulfill(body="<html>"))
    page.locator("#field-age").fill("old")
    page.locator("#field-first_name").focus()

    expect(page.locator("#field-age-error")).to_have_text("Enter a whole number, 1 or more.")
