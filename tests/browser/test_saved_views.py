"""Saved views, the columns of a list and rows edited in place, as people use them."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from admin_site.models import Course, ListPreference
from tests.browser.sites import Site, Visitor

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
LIST = "/admin/course/list"


def headings(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("thead th:not(:last-child)").all_inner_texts()]


def names(page: Page) -> list[str]:
    return page.locator("tbody th").all_inner_texts()


def tab(page: Page, name: str):
    return page.get_by_role("navigation", name="Views").get_by_role("link", name=re.compile(rf"^{name}\*?$"))


@BOTH
def test_a_view_is_saved_changed_updated_and_deleted_and_back_leads_through_them(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    page = visit(site, java_script_enabled=scripts).sign_in().go(f"{LIST}?is_active=yes&sort=name")
    active = names(page)
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name", exact=True).fill("Running now")
    page.get_by_role("button", name="Save", exact=True).click()

    page.wait_for_url(re.compile(r"/list\?view=\d+$"))
    view = page.url
    expect(page.get_by_text("The view “Running now” was saved.")).to_be_visible()
    expect(tab(page, "Running now")).to_have_attribute("aria-current", "page")
    assert names(page) == active

    page.get_by_role("link", name="Name", exact=True).click()
    page.wait_for_url("**sort=-name**")
    expect(tab(page, "Running now")).to_have_attribute("aria-current", "true")
    turned = names(page)
    assert turned != active
    tab(page, "All").click()
    page.wait_for_url(f"**{LIST}")
    expect(tab(page, "All")).to_have_attribute("aria-current", "page")
    page.go_back()
    page.wait_for_url("**sort=-name**")
    expect(tab(page, "Running now")).to_have_attribute("aria-current", "true")
    expect(page.locator("tbody th")).to_have_text(turned)
    page.go_back()
    page.wait_for_url(view)
    expect(tab(page, "Running now")).to_have_attribute("aria-current", "page")
    expect(page.locator("tbody th")).to_have_text(active)
    page.go_forward()

    page.get_by_role("link", name="Save view").click()
    page.get_by_role("button", name="Update “Running now”").click()
    expect(page.get_by_text("shows this list from now on")).to_be_visible()
    assert page.url == view
    assert names(page) == turned

    page.get_by_role("link", name="Change the view Running now").click()
    page.get_by_label("Name", exact=True).fill("Late in the alphabet")
    page.get_by_label("Open this list with it").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(tab(page, "Late in the alphabet")).to_be_visible()
    page.goto(site.address + LIST)
    assert names(page) == turned
    tab(page, "All").click()
    page.wait_for_url("**view=all")

    tab(page, "Late in the alphabet").click()
    page.get_by_role("link", name="Change the view").click()
    page.locator("summary", has_text="Delete…").click()
    page.get_by_role("button", name="Delete “Late in the alphabet”").click()
    expect(page.get_by_role("navigation", name="Views")).to_have_count(0)


@BOTH
def test_columns_are_chosen_ordered_remembered_and_reset(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    page = visit(site, java_script_enabled=scripts).sign_in().go("/admin/item/list")
    usual = headings(page)
    page.get_by_role("link", name="Columns").click()
    page.locator("summary", has_text="Owner").click()
    page.get_by_role("checkbox", name="Email address").check()
    page.get_by_role("list", name="Shown").get_by_role("checkbox", name="Created at").uncheck()
    if scripts:
        page.get_by_role("button", name="Move Email address up").click()
    page.get_by_role("button", name="Show", exact=True).last.click()

    expected = ["Title", "Owner", "Owner / Email address"]
    page.wait_for_url("**/admin/item/list")
    expect(page.get_by_role("link", name="Columns")).to_be_visible()
    expect(page.locator("thead")).to_contain_text("Owner / Email address")
    assert headings(page) == expected
    page.goto(f"{site.address}/admin/item/list")
    assert headings(page) == expected

    page.get_by_role("link", name="Columns").click()
    page.get_by_role("button", name="Move Owner / Email address up").click()
    page.get_by_label("Remember for this list").uncheck()
    page.get_by_role("button", name="Show", exact=True).last.click()
    page.wait_for_url("**columns=title**")
    expect(page.locator("thead th").nth(1)).to_have_text("Owner / Email address")
    page.go_back()
    if not scripts:  # the page of the columns before the move, and the list before that
        page.go_back()
        page.go_back()
    expect(page.locator("thead th").nth(1)).to_have_text("Owner")

    page.get_by_role("link", name="Columns").click()
    page.get_by_role("button", name="Reset to default").click()
    page.wait_for_url("**/admin/item/list")
    expect(page.locator("thead")).not_to_contain_text("Email address")
    assert headings(page) == usual


def test_columns_are_dragged_and_found_with_the_keyboard(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/list")
    page.get_by_role("link", name="Columns").press("Enter")
    expect(page.get_by_label("Find a column")).to_be_focused()
    page.keyboard.type("age")
    page.keyboard.press("Enter")
    shown = page.locator("[data-order] li")
    expect(shown.last).to_contain_text("Age")
    page.get_by_label("Find a column").fill("")

    shown.last.drag_to(shown.first, target_position={"x": 40, "y": 3})
    expect(shown.first).to_contain_text("Age")
    page.get_by_role("button", name="Move Age down").press("Enter")
    expect(page.get_by_role("button", name="Move Age down")).to_be_focused()
    page.get_by_role("button", name="Show", exact=True).last.click()

    expect(page.locator("thead th").nth(1)).to_have_text("Age")
    with site.database.session() as session:
        columns = session.scalars(select(ListPreference.columns)).one()
    assert columns[:2] == ["__str__", "age"]


@BOTH
def test_rows_are_edited_in_place_saved_together_and_lead_back(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    page = visit(site, java_script_enabled=scripts).sign_in().go(f"{LIST}?sort=name&is_active=yes")
    first, second = names(page)[:2]
    page.get_by_role("link", name="Edit rows").click()

    page.get_by_label(f"End date, {first}").fill("2031-05-06")
    page.get_by_label(f"End date, {second}").fill("1999-01-01")
    page.get_by_label(f"Active, {first}").uncheck()
    if scripts:
        expect(page.get_by_text("Unsaved changes")).to_be_visible()
        page.keyboard.press("Control+s")
    else:
        page.get_by_role("button", name="Save", exact=True).last.click()
    problems = page.locator("#problems")
    expect(problems).to_contain_text(second)
    expect(page.get_by_label(f"End date, {first}")).to_have_value("2031-05-06")
    problems.get_by_role("link").first.click()

    page.get_by_label(f"End date, {second}").fill("2031-05-07")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.wait_for_url(f"**{LIST}?is_active=yes&sort=name")
    expect(page.get_by_text("2 courses were saved.")).to_be_visible()
    assert first not in names(page)
    with site.database.session() as session:
        course = session.scalars(select(Course).where(Course.name == second)).one()
        assert f"{course.end_date}" == "2031-05-07"


def test_everything_fits_on_a_narrow_screen(site: Site, visit: Callable[..., Visitor]):
    page = visit(site, viewport={"width": 360, "height": 780}).sign_in().go(f"{LIST}?is_active=yes")
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name", exact=True).fill("Running now")
    page.keyboard.press("Enter")
    expect(tab(page, "Running now")).to_be_in_viewport()
    for link in ("Change the view", "Columns"):
        page.get_by_role("link", name=link).click()
        expect(page.locator("#panel")).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")
    page.get_by_role("link", name="Edit rows").click()
    expect(page.get_by_label(re.compile("^End date")).first).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
