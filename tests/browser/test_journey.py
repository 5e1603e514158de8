"""A newcomer's first quarter of an hour, on the site as its own command starts it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Visitor
from tests.processes import SECRET_KEY, serving

PASSWORD = "a violin under seven clouds"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_newcomer_sets_a_password_finds_edits_and_deletes_and_leaves(
    empty_database_url: str, visit: Callable[..., Visitor], scripts: bool
):
    with serving("run", DATABASE_URL=empty_database_url, SECRET_KEY=SECRET_KEY) as server:
        visitor = visit(server, java_script_enabled=scripts)
        link = re.search(r"http://\S+/admin/set-password/\S+", server.said)

        page = visitor.page
        page.goto(link[0])
        _choose_a_password(page)
        _sign_in(page)
        _find_and_open(page, "Devi Castellano")
        _rename(page, "Devi", "Devika")
        _delete_an_item(page)
        _sign_out(page)

        visitor.go("/admin/user/list")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def _choose_a_password(page: Page) -> None:
    assert page.url.endswith("/admin/set-password"), "the token stays out of the address"
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password is set")


def _sign_in(page: Page) -> None:
    page.get_by_label("Name or e-mail").fill("admin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def _find_and_open(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("searchbox", name="Search user name").fill(name.lower())
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("rowheader", name=name).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def _rename(page: Page, old: str, new: str) -> None:
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("First name").fill(new)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toasts")).to_contain_text(f"{new} Castellano” was saved")
    entry = page.locator(".history-list > li").first
    expect(entry).to_contain_text("admin changed")
    expect(entry.locator(".changes")).to_contain_text("First name")
    expect(entry.locator(".old")).to_have_text(old)
    expect(entry.locator(".new")).to_have_text(new)


def _delete_an_item(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Items", exact=True).click()
    link = page.locator("tbody th a").first
    name, address = link.inner_text(), link.get_attribute("href")
    link.click()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Delete…").click()
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    page.get_by_role("button", name="Delete item").click()
    expect(page.locator(".toasts")).to_contain_text(f"{name}” was deleted")
    expect(page.locator(f'tbody a[href="{address}"]')).to_have_count(0)


def _sign_out(page: Page) -> None:
    page.get_by_role("button", name="account menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
