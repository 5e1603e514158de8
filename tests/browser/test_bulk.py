"""Doing something to many rows of a list at once."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from admin_site.admin import selection
from admin_site.models import AuditEntry, Course, User, UserSession
from tests.browser.inspection import faults
from tests.browser.sites import Site, Visitor
from tests.factories import make_user

NAMES = ("Algebra", "Botany", "Chemistry", "Drawing")
LIST = "/admin/course/list?search=Bulk&sort=name"


def courses(site: Site, *names: str) -> None:
    with site.database.session() as session:
        session.add_all(Course(name=f"Bulk {name}", start_date=date(2030, 1, 7)) for name in names)


def left(site: Site) -> list[str]:
    with site.database.session() as session:
        found = session.scalars(select(Course.name).where(Course.name.like("Bulk %")).order_by(Course.name))
        return [name.removeprefix("Bulk ") for name in found]


def box(page: Page, name: str):
    return page.get_by_role("checkbox", name=f"Select Bulk {name}")


def count(page: Page):
    return page.locator(".selection-count")


def test_ticking_rows_swaps_the_toolbar_for_what_can_be_done_with_them(site: Site, page: Page):
    courses(site, *NAMES)
    page.goto(site.address + LIST)
    search, bar = page.locator("#search"), page.get_by_role("group", name="Selected rows")
    expect(search).to_be_visible()
    expect(bar).to_be_hidden()
    top = page.locator(".table-frame").bounding_box()

    box(page, "Algebra").check()
    box(page, "Chemistry").check()

    expect(count(page)).to_have_text("2 selected")
    expect(search).to_be_hidden()
    assert page.locator(".table-frame").bounding_box() == top, "the rows stay where they are"
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()
    expect(search).to_be_visible()


def test_shift_ticks_a_range_and_the_head_the_whole_page(site: Site, page: Page):
    courses(site, *NAMES)
    page.goto(site.address + LIST)

    box(page, "Algebra").click()
    box(page, "Chemistry").click(modifiers=["Shift"])
    expect(count(page)).to_have_text("3 selected")
    head = page.get_by_role("checkbox", name="Select all rows of this page")
    assert head.evaluate("(box) => box.indeterminate")
    head.click()
    expect(count(page)).to_have_text("4 selected, all of this page")
    head.click()
    expect(page.get_by_role("group", name="Selected rows")).to_be_hidden()


def test_a_click_beside_the_box_ticks_it_and_does_not_open_the_row(site: Site, page: Page):
    courses(site, *NAMES)
    page.goto(site.address + LIST)
    place = box(page, "Botany").bounding_box()
    assert place is not None

    page.mouse.click(place["x"] - 6, place["y"] + 8)

    expect(box(page, "Botany")).to_be_checked()
    expect(page).to_have_url(site.address + LIST)


def test_rows_are_selected_and_deleted_by_the_keyboard_alone(site: Site, visit: Callable[..., Visitor]):
    courses(site, *NAMES)
    visitor = visit(site).sign_in()
    page = visitor.go(LIST)

    for key in "jxjjx":
        page.keyboard.press(key)
    expect(count(page)).to_have_text("2 selected")
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Selected rows")).to_be_hidden()
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    page.get_by_role("button", name="Delete…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 2 courses?")
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").filter(has_text="were deleted")).to_contain_text(
        "2 courses were deleted."
    )
    assert left(site) == ["Algebra", "Drawing"]
    assert visitor.problems == []


@pytest.mark.parametrize("scripts", [True, False])
def test_all_that_match_go_from_every_page(site: Site, visit: Callable[..., Visitor], scripts: bool):
    courses(site, *(f"{number:02}" for number in range(30)))
    visitor = visit(site, java_script_enabled=scripts).sign_in()
    page = visitor.go(f"{LIST}&size=25")

    if scripts:
        page.get_by_role("checkbox", name="Select all rows of this page").check()
    page.get_by_role("checkbox", name="All 30 that match").check()
    if scripts:
        expect(count(page)).to_have_text("30 selected")
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 30 courses?")
    expect(page.get_by_role("main")).to_contain_text("and 20 more")
    page.get_by_role("button", name="Delete 30 courses").click()

    expect(page.get_by_role("main")).to_contain_text("30 courses were deleted.")
    assert left(site) == []
    with site.database.session() as session:
        deleted = select(AuditEntry.change_set_id).where(AuditEntry.action == "delete")
        assert len(set(session.scalars(deleted))) == 1


def test_without_scripts_boxes_are_ticked_and_a_button_pressed(site: Site, visit: Callable[..., Visitor]):
    courses(site, *NAMES)
    page = visit(site, java_script_enabled=False).sign_in().go(LIST)

    page.get_by_role("row", name="Bulk Botany").get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete 1 course").click()

    expect(page.get_by_role("main")).to_contain_text("1 course was deleted.")
    assert left(site) == ["Algebra", "Chemistry", "Drawing"]


def test_what_takes_long_shows_how_far_it_is_and_ends_by_itself(
    site: Site, visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(selection, "AT_A_TIME", 3)
    courses(site, *(f"{number:02}" for number in range(10)))
    visitor = visit(site).sign_in()
    page = visitor.go(LIST)

    page.get_by_role("checkbox", name="Select all rows of this page").check()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("main")).to_contain_text("It is done in steps of 3.")
    page.get_by_role("button", name="Delete 10 courses").click()

    expect(page.get_by_role("status").filter(has_text="were deleted")).to_contain_text(
        "10 courses were deleted."
    )
    assert left(site) == []
    assert visitor.problems == []


def test_without_scripts_each_step_is_a_click(
    site: Site, visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(selection, "AT_A_TIME", 2)
    courses(site, *NAMES)
    page = visit(site, java_script_enabled=False).sign_in().go(LIST)
    for name in NAMES:
        page.get_by_role("row", name=f"Bulk {name}").get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete 4 courses").click()

    expect(page.get_by_role("main")).to_contain_text("2 of 4 are done.")
    assert left(site) == ["Chemistry", "Drawing"]
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("main")).to_contain_text("4 courses were deleted.")


def test_whoever_stands_in_the_way_is_named_and_left_out(site: Site, visit: Callable[..., Visitor]):
    rights = [("user", right) for right in ("list", "details", "action:end-sessions")]
    with site.database.session() as session:
        for last_name, is_superuser in (("Bulkone", False), ("Bulktwo", False), ("Bulkthree", True)):
            make_user(session, first_name="Zoe", last_name=last_name, superuser=is_superuser, signed_in_on=1)
    visitor = visit(site).sign_in(*rights)
    page = visitor.go("/admin/user/list?search=Bulk")

    page.get_by_role("checkbox", name="Select all rows of this page").check()
    page.get_by_role("button", name="End sessions").click()

    expect(page.get_by_role("alert")).to_contain_text("This cannot be done to 1 user, so it is done to none.")
    expect(page.get_by_role("main")).to_contain_text("Zoe Bulkthree holds rights that you lack")
    page.get_by_role("button", name="Go on without it (2 users)").click()
    page.get_by_role("button", name="End sessions").click()
    expect(page.get_by_role("status").filter(has_text="done for")).to_contain_text("done for 2 users.")
    with site.database.session() as session:
        people = select(User.last_name).join(UserSession).where(User.last_name.like("Bulk%"))
        assert list(session.scalars(people)) == ["Bulkthree"]
    assert visitor.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_narrow_screen_the_bar_stays_in_reach(site: Site, visit: Callable[..., Visitor], scheme: str):
    courses(site, *NAMES)
    visitor = visit(site, viewport={"width": 360, "height": 780}, color_scheme=scheme).sign_in()
    page = visitor.go(LIST)

    box(page, "Algebra").check()
    page.get_by_role("button", name="All of this page").click()

    expect(count(page)).to_have_text("4 selected, all of this page")
    bar = page.get_by_role("group", name="Selected rows").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] == 780
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 4 courses?")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert visitor.problems == []


@pytest.mark.parametrize("width", [1400, 360])
def test_the_bar_and_the_pages_about_many_are_whole_labelled_and_legible(
    site: Site, visit: Callable[..., Visitor], width: int
):
    courses(site, *(f"{number:03}" for number in range(124)))
    page = visit(site, viewport={"width": width, "height": 900}).sign_in().go(f"{LIST}&size=100")
    box(page, "000").check()
    found = faults(page)
    tick_all(page)
    page.get_by_role("checkbox", name="All 124 that match").check()
    found += faults(page)
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("heading", name="Delete 124 courses?").wait_for()
    found += faults(page)
    page.get_by_label("To confirm, type 124").fill("12")
    page.get_by_role("button", name="Delete 124 courses").click()
    page.get_by_role("alert").wait_for()
    found += faults(page)
    page.goto(f"{site.address}/admin/user/list?size=100")
    tick_all(page)
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("alert").wait_for()
    found += faults(page)

    assert "\n".join(found) == ""


def tick_all(page: Page) -> None:
    boxes = page.locator("#selection input[name=':key']:not(:checked)")
    boxes.evaluate_all("(boxes) => boxes.forEach((box) => box.click())")


def test_how_far_it_is_is_whole_labelled_and_legible(
    site: Site, visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(selection, "AT_A_TIME", 2)
    courses(site, *NAMES)
    visitor = visit(site).sign_in()
    page = visitor.go(LIST)
    # The script finds no answer to its next step, so that the page stands still and gives its button back.
    page.route(
        "**/bulk*",
        lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_(),
    )
    page.get_by_role("checkbox", name="Select all rows of this page").check()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete 4 courses").click()

    expect(page.locator("#how-far")).to_have_text("2 of 4 are done. The connection was lost.")
    assert faults(page) == []
    visitor.problems.clear()  # Chromium reports the request that was stopped
    page.unroute_all()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("status").filter(has_text="were deleted")).to_contain_text(
        "4 courses were deleted."
    )
