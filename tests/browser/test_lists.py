"""A list whose address is its state, whether the table is swapped or the page is loaded."""

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from admin_site.models import User
from tests.browser.sites import Site, Visitor

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


def names(page: Page) -> list[str]:
    return page.locator("tbody th").all_inner_texts()


@BOTH
def test_the_address_keeps_sort_filter_search_and_page_and_back_restores_them(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    page = visit(site, java_script_enabled=scripts).sign_in().go("/admin/course/list")
    unsorted = names(page)
    if scripts:
        page.evaluate("window.isSamePage = true")

    page.get_by_role("link", name="Name", exact=True).click()
    page.wait_for_url("**/list?sort=name")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Name")
    by_name = names(page)
    assert by_name == sorted(by_name) != unsorted

    page.get_by_role("button", name="Active").click()
    page.get_by_role("link", name=re.compile("^yes$", re.IGNORECASE)).click()
    page.wait_for_url("**is_active=yes**")
    chip = page.get_by_role("list", name="Filters in use").get_by_role("listitem").first
    expect(chip).to_contain_text("Active")
    filtered = names(page)

    page.get_by_label("Next page").click()
    page.wait_for_url("**after=**")
    expect(page.locator("tbody th").first).not_to_have_text(filtered[0])
    second_page, address = names(page), page.url
    assert "sort=name" in address
    assert "is_active=yes" in address

    page.locator("#search").fill("art")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=art**")
    expect(page.locator("#search")).to_have_value("art")
    assert names(page) != second_page
    assert "sort=name" in page.url
    assert "is_active=yes" in page.url
    if scripts:
        expect(page.locator("#search")).to_be_focused()
        assert page.evaluate("window.isSamePage"), "the table was swapped, the page stayed"

    page.go_back()
    page.wait_for_url(address)
    expect(page.locator("tbody th").first).to_have_text(second_page[0])
    assert names(page) == second_page
    expect(page.locator("#search")).to_have_value("")
    page.go_back()
    expect(page.locator("tbody th").first).to_have_text(filtered[0])
    assert names(page) == filtered


@BOTH
def test_chips_are_taken_away_one_by_one_or_together(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    visitor = visit(site, java_script_enabled=scripts).sign_in()
    page = visitor.go("/admin/user/list?is_active=yes&is_superuser=no&search=a")
    chips = (
        page.get_by_role("list", name="Filters in use")
        .get_by_role("listitem")
        .filter(has=page.locator("span"))
    )
    expect(chips).to_have_count(2)

    page.get_by_role("link", name="Remove filter: Superuser").click()
    expect(chips).to_have_count(1)
    assert "is_superuser" not in page.url
    page.get_by_role("link", name="Clear search").click()
    expect(page.locator("#search")).to_have_value("")
    assert "is_active=yes" in page.url
    page.get_by_role("link", name="Clear all").click()
    expect(chips).to_have_count(0)
    page.wait_for_url("**/admin/user/list")


def test_nothing_matches_and_nothing_here_are_different_and_lead_on(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/list?search=zzzz")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Clear search and filters").click()
    expect(page.locator("tbody tr").first).to_be_visible()

    page.goto(f"{site.address}/admin/credential-token/list")
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    expect(page.get_by_role("link", name="Clear search and filters")).to_have_count(0)


def test_a_session_that_ended_leads_to_the_sign_in_page_and_back(site: Site, visit: Callable[..., Visitor]):
    visitor = visit(site).sign_in()
    page = visitor.go("/admin/course/list")
    visitor.context.clear_cookies()

    page.get_by_role("link", name="Name", exact=True).click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("#list")).to_have_count(0)


def test_a_click_anywhere_on_a_row_opens_it_but_marking_text_does_not(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/list")
    cell = page.locator("tbody tr").nth(2).locator("td").nth(1)
    words = cell.inner_text()

    box = cell.bounding_box()
    page.mouse.move(box["x"] + 13, box["y"] + 18)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 18)
    page.mouse.up()
    assert page.evaluate("getSelection().toString()") in words
    assert page.evaluate("getSelection().toString()") != ""
    assert page.url.endswith("/list")

    name = page.locator("tbody tr").nth(2).locator("th").inner_text()
    page.mouse.click(box["x"] + 5, box["y"] + 3)
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.go_back()
    expect(page.locator("tr.current th")).to_have_text(name)

    with page.context.expect_page() as opened:
        page.locator("tbody tr").nth(4).locator("td").nth(1).click(modifiers=["Control"])
    opened.value.wait_for_url("**/details/*")
    with page.context.expect_page() as opened:
        page.locator("tbody tr").nth(5).locator("td").nth(1).click(button="middle")
    opened.value.wait_for_url("**/details/*")
    assert page.url.endswith("/list")


def test_every_column_and_eighteen_rows_are_seen_at_once(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/list")

    assert page.locator("thead th").count() - 1 == 7
    for heading in page.locator("thead th").all():
        expect(heading).to_be_in_viewport(ratio=1)
    for row in page.locator("tbody tr").all()[:18]:
        expect(row).to_be_in_viewport(ratio=1)
    frame = page.locator(".table-frame")
    assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")


def test_instants_are_in_the_zone_of_the_viewer_with_utc_on_hover(site: Site, visit: Callable[..., Visitor]):
    with site.database.session() as session:
        person = session.scalars(select(User).where(User.user_name == "leon.alonso")).one()
        created = person.created_at
    visitor = visit(site, timezone_id="Asia/Tokyo").sign_in()
    page = visitor.go("/admin/user/list?search=leon.alonso")

    instant = page.locator("tbody time").last
    expect(instant).to_have_text(f"{created.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M}")
    expect(instant).to_have_attribute("title", re.compile(f"^{created:%Y-%m-%d %H:%M}.* UTC$"))
    visitor.go("/admin/")
    expect(page.locator("time").first).to_have_text(re.compile("minute"))
    expect(page.locator("time").first).to_have_attribute("title", re.compile(" UTC$"))


def test_on_a_narrow_screen_each_value_stands_beside_the_name_of_its_column(
    site: Site, visit: Callable[..., Visitor]
):
    page = visit(site, viewport={"width": 360, "height": 780}).sign_in().go("/admin/user/list")

    labels = page.locator("thead th").all_inner_texts()[1:-1]
    card = page.locator("tbody tr").first
    for label, cell in zip(labels, card.locator("td").all()[:-1], strict=True):
        assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == f'"{label}"'
        expect(cell).to_be_in_viewport()
    expect(card).to_have_attribute("role", "row")
    card.get_by_role("button", name="More for").click()
    expect(page.locator("#row-menu")).to_be_in_viewport(ratio=1)
