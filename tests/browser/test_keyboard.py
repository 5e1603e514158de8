"""The site without a mouse."""

import re

from playwright.sync_api import Page, expect

from tests.browser.sites import Site


def test_slash_goes_to_the_search_and_types_nothing(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/list")
    page.keyboard.press("/")

    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("j/e?k")
    expect(page.locator("#search")).to_have_value("j/e?k")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_j_and_k_walk_the_rows_and_enter_opens_one(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/list")
    names = page.locator("tbody th").all_inner_texts()

    for key in "jjjk":
        page.keyboard.press(key)
    expect(page.locator("tr.current th")).to_have_text(names[1])
    expect(page.locator("tr.current th a")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(names[1])


def test_e_edits_the_row_and_back_returns_to_it(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/list?sort=name")
    names = page.locator("tbody th").all_inner_texts()

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.wait_for_url("**/edit/*")
    page.go_back()

    expect(page.locator("tr.current th")).to_have_text(names[1])


def test_e_edits_the_record_that_is_open(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/list")
    page.locator("tbody th a").first.click()
    page.wait_for_url("**/details/*")
    page.keyboard.press("e")

    page.wait_for_url("**/edit/*")


def test_a_question_mark_opens_the_help_and_escape_closes_it(site: Site, page: Page):
    page.goto(f"{site.address}/admin/")
    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard shortcuts")

    expect(help_dialog).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()


def test_the_palette_goes_to_a_page_by_a_part_of_its_name(site: Site, page: Page):
    page.goto(f"{site.address}/admin/")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Go to a page")
    expect(palette.get_by_role("combobox")).to_be_focused()

    page.keyboard.type("zzzz")
    expect(palette).to_contain_text("Nothing has that name.")
    page.keyboard.press("Control+a")
    page.keyboard.type("ses")
    expect(palette.get_by_role("option").first).to_contain_text("User sessions")
    page.keyboard.press("Control+a")
    page.keyboard.type("cour")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    page.wait_for_url("**/admin/course/list")


def test_control_s_saves_the_form_even_while_typing(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/list")
    page.locator("tbody tr").first.hover()
    page.locator("tbody tr").first.get_by_role("link", name=re.compile("^Edit ")).click()
    page.get_by_label("Description").fill("Written by hand")
    page.keyboard.press("Control+s")

    expect(page.locator(".toasts")).to_contain_text("was saved")
    expect(page.locator(".facts")).to_contain_text("Written by hand")


def test_nothing_happens_while_a_person_types_in_a_form(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/create")
    page.get_by_label("Name").click()
    page.keyboard.type("? / e jk")
    page.get_by_label("Description").click()
    page.keyboard.type("? / e jk")

    expect(page.get_by_label("Name")).to_have_value("? / e jk")
    expect(page.get_by_label("Description")).to_have_value("? / e jk")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_the_first_tab_offers_to_skip_the_menu(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/list")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_every_stop_of_the_tab_key_is_seen(site: Site, page: Page):
    """Each stop differs from its unfocused look by an outline, a ring or a highlighted row."""
    for path in ("/admin/course/list", "/admin/course/create", "/admin/"):
        page.goto(site.address + path)
        stops = 0
        for _ in range(40):
            page.keyboard.press("Tab")
            seen = page.evaluate(FOCUS)
            if seen is None:
                break
            stops += 1
            assert seen["outlined"], f"{path}: {seen['what']}"
            assert seen["inside"], f"{path}: {seen['what']}"
        assert stops >= 15


FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const outlines = (candidate) => {
    const style = getComputedStyle(candidate);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const row = element.closest("tbody tr");
  const box = element.getBoundingClientRect();
  return {
    what: element.outerHTML.slice(0, 120),
    outlined: [element, row, element.closest(".ts-control, .card")].some((part) => part && outlines(part)),
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


def test_the_menu_of_a_row_opens_for_that_row(site: Site, page: Page):
    page.goto(f"{site.address}/admin/course/list")
    rows = page.locator("tbody tr")
    for number in (2, 4):
        row = rows.nth(number)
        name = row.locator("th").inner_text()
        row.hover()
        row.get_by_role("button", name=f"More for {name}").click()
        menu = page.locator("#row-menu")
        expect(menu).to_be_visible()
        address = row.locator("th a").get_attribute("href")
        key = address.rpartition("/")[2]
        expect(menu.get_by_role("link", name="Open")).to_have_attribute(
            "href", re.compile(f"/details/{key}$")
        )
        expect(menu.get_by_role("link", name="Edit")).to_have_attribute("href", re.compile(f"/edit/{key}$"))
        expect(menu.get_by_role("link", name="Delete…")).to_have_attribute("href", re.compile(f"pks={key}$"))

    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(row.get_by_role("button", name=f"More for {name}")).to_be_focused()
