"""A list whose address is its state, whether the table is swapped or the page is loaded."""

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from admin_site.admin.pages import lists
from admin_site.listing import Count
from admin_site.models import User
from tests.browser.sites import Site, Visitor


def opened(page: Page, scripts: bool = True) -> Locator:
    """Return the popup over the list, or the page that it is without scripts."""
    return page.locator("#panel" if scripts else "main")


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

    page.get_by_role("link", name="Filter", exact=True).click()
    opened(page, scripts).get_by_role("link", name="Active", exact=True).click()
    page.get_by_label("Yes").check()
    page.get_by_role("button", name="Apply").click()
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
    expect(page.locator("time").first).to_have_text(re.compile("minute|just now"))
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


@BOTH
def test_a_filter_is_chosen_changed_and_kept_in_the_address(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    page = visit(site, java_script_enabled=scripts).sign_in().go("/admin/user/list?sort=user_name")
    chips = page.get_by_role("list", name="Filters in use")
    page.get_by_role("link", name="Filter", exact=True).click()
    opened(page, scripts).get_by_role("link", name="User name").click()
    page.get_by_label("How").select_option("contains")
    page.get_by_label("Value").fill("an")
    page.get_by_role("button", name="Apply").click()

    expect(chips).to_contain_text("User name contains an")
    assert page.url.endswith("/admin/user/list?user_name__contains=an&sort=user_name")
    assert all("an" in name for name in page.locator("tbody td:nth-child(2)").all_inner_texts())

    page.get_by_role("link", name="User name contains an", exact=True).click()
    expect(page.get_by_label("Value")).to_have_value("an")
    page.get_by_label("How").select_option("does not start with")
    page.get_by_label("Value").fill("a")
    page.get_by_label("Or", exact=True).fill("b")
    page.get_by_role("button", name="Apply").click()

    expect(chips).to_contain_text("User name does not start with a or b")
    assert not [name for name in page.locator("tbody td:nth-child(2)").all_inner_texts() if name[0] in "ab"]
    if scripts:
        expect(page.locator("#panel:popover-open")).to_have_count(0)


@BOTH
def test_a_related_record_to_filter_by_is_looked_up(site: Site, visit: Callable[..., Visitor], scripts: bool):
    page = visit(site, java_script_enabled=scripts).sign_in().go("/admin/enrollment/list")
    course = page.locator("tbody tr").first.locator("td").nth(1).inner_text()
    page.get_by_role("link", name="Filter", exact=True).click()
    opened(page, scripts).get_by_role("link", name="Course", exact=True).click()
    if scripts:
        expect(page.locator("#panel .ts-control input")).to_be_focused()
        page.keyboard.type(course)
        page.locator("#panel .option").filter(has_text=course).first.click()
        expect(page.locator("#panel .item")).to_contain_text(course)
    else:
        page.get_by_label("Search Course").fill(course)
        page.get_by_role("button", name="Find").click()
        page.get_by_label("Course", exact=True).select_option(course)
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_role("list", name="Filters in use")).to_contain_text(f"Course is {course}")
    assert set(page.locator("tbody td:nth-child(3)").all_inner_texts()) == {course}


def test_a_filter_is_found_and_set_by_the_keyboard_alone(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/list")
    page.evaluate("window.isSamePage = true")
    page.get_by_role("link", name="Filter", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Filter by")).to_be_focused()
    page.keyboard.type("superu")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Yes")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    page.wait_for_url("**/admin/user/list?is_superuser=no")
    expect(page.get_by_role("link", name="Filter", exact=True)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.current th")).to_have_text(names(page)[1])
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    assert page.evaluate("window.isSamePage"), "the table was swapped, the page stayed"

    page.get_by_role("link", name="Filter", exact=True).click()
    expect(page.get_by_label("Filter by")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel:popover-open")).to_have_count(0)


def test_what_a_filter_refuses_is_said_in_the_popup(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/list")
    page.get_by_role("link", name="Filter", exact=True).click()
    opened(page).get_by_role("link", name="Age", exact=True).click()
    page.get_by_label("Value").fill("old")
    # A refusal is an answer in words; the browser calls it an error in its console.
    page.route("**/filters?**", lambda route: route.fulfill(response=route.fetch(), status=200))
    page.get_by_role("button", name="Apply").click()

    expect(opened(page).get_by_role("alert")).to_contain_text("Age")
    expect(page.get_by_label("Value")).to_have_value("old")
    expect(page.get_by_label("Value")).to_be_focused()
    assert page.url.endswith("/admin/user/list")


def test_the_numbers_of_choices_arrive_after_them(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/list?is_active=yes")
    page.get_by_role("link", name="Filter", exact=True).click()
    opened(page).get_by_role("link", name="Active").click()

    number = page.locator(".page-head .count").inner_text()
    expect(page.locator("label", has_text="Yes").locator("[data-count]")).to_have_text(number)


def test_shift_and_a_click_sort_by_one_column_more(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/list?sort=is_active")
    page.get_by_role("link", name="Name", exact=True).click(modifiers=["Shift"])
    page.wait_for_url("**/list?sort=is_active%2Cname")
    expect(page.locator("th[data-name=name]")).to_have_attribute("data-place", "2")
    page.get_by_role("link", name="Name", exact=True).click(modifiers=["Shift"])
    page.wait_for_url("**/list?sort=is_active%2C-name")

    page.get_by_role("link", name="Sort", exact=True).click()
    expect(page.get_by_label("Sort by")).to_have_value("is_active")
    page.get_by_label("Sort by").select_option("")
    page.get_by_role("button", name="Sort").click()
    page.wait_for_url("**/list?sort=-name")
    shown = names(page)
    assert shown == sorted(shown, reverse=True)


@BOTH
def test_dates_are_walked_from_year_to_day(site: Site, visit: Callable[..., Visitor], scripts: bool):
    page = visit(site, java_script_enabled=scripts).sign_in().go("/admin/user/list")
    page.locator(".tools").get_by_role("link", name="Created at").click()
    page.get_by_role("link", name=re.compile(r"^Within 20\d\d$")).last.click()
    expect(page.get_by_role("link", name="All years")).to_be_visible()
    month = page.locator(".date-step").last.get_by_role("link").first
    words = month.inner_text().split()
    month.click()

    expect(page.get_by_role("list", name="Filters in use")).to_contain_text(f"Created in {words[0]} 20")
    expect(page.locator(".page-head .count")).to_have_text(words[1])


def test_the_list_jumps_to_a_value(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/list?sort=user_name")
    page.get_by_label("Jump to user name").fill("m")
    page.keyboard.press("Enter")

    page.wait_for_url("**jump=m**")
    assert page.locator("tbody td").first.inner_text() >= "m"
    page.get_by_label("Previous page").click()
    page.wait_for_url("**before=**")
    assert page.locator("tbody tr").last.locator("td").first.inner_text() < "m"


def test_the_exact_number_comes_on_click(site: Site, page: Page, monkeypatch: pytest.MonkeyPatch):
    page.goto(f"{site.address}/admin/user/list?is_active=yes")
    number = page.locator(".page-head .count").inner_text()
    monkeypatch.setattr(lists, "quick_count", lambda *arguments: Count(10, exact=False))
    page.goto(f"{site.address}/admin/user/list?is_active=yes")
    page.get_by_role("link", name="10+").click()

    expect(page.locator(".page-head .count")).to_have_text(number)
    assert page.url.endswith("/admin/user/list?is_active=yes")


def test_a_number_that_takes_long_follows_the_page(site: Site, page: Page, monkeypatch: pytest.MonkeyPatch):
    page.goto(f"{site.address}/admin/user/list?is_active=yes")
    number = page.locator(".page-head .count").inner_text()
    monkeypatch.setattr(lists, "quick_count", lambda *arguments: None)
    page.goto(f"{site.address}/admin/user/list?is_active=yes")

    expect(page.locator(".page-head .count")).to_have_text(number)
    expect(page.locator(".pager-text")).to_contain_text(f" of {number}")


def test_a_record_leads_on_in_its_list_and_back_to_its_row(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/list?is_active=yes&sort=user_name")
    shown = names(page)
    page.locator("tbody th a").nth(3).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(shown[3])
    page.keyboard.press("j")
    expect(heading).to_have_text(shown[4])
    page.get_by_label("Next in the list").click()
    expect(heading).to_have_text(shown[5])
    page.get_by_label("Previous in the list").click()
    expect(heading).to_have_text(shown[4])

    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Users").click()
    expect(page.locator("tr.current th")).to_have_text(shown[4])
    assert "is_active=yes&sort=user_name" in page.url


@pytest.mark.parametrize("tool", ["Filter", "Sort", "Created at"])
def test_popups_fit_on_a_narrow_screen(site: Site, visit: Callable[..., Visitor], tool: str):
    page = visit(site, viewport={"width": 360, "height": 640}).sign_in().go("/admin/user/list?is_active=yes")
    page.locator(".tools").get_by_role("link", name=tool, exact=True).click()
    expect(page.locator("#panel")).to_be_in_viewport(ratio=1)
    if tool == "Filter":
        opened(page).get_by_role("link", name="Created at").click()
        expect(page.get_by_role("button", name="Apply")).to_be_attached()
        expect(page.locator("#panel")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
