"""Every page that links lead to, and every refusal: whole, labelled, legible, and quiet in the console."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from admin_site.models import User
from tests.browser.inspection import faults, without_a_name, wrong
from tests.browser.sites import Site, Visitor

WIDTHS = {"wide": {"width": 1400, "height": 900}, "narrow": {"width": 360, "height": 780}}
FOR_STRANGERS = ("/admin/login", "/admin/set-password", "/admin/set-password/wrong", "/admin/nothing/list")
FORBIDDEN = ("/admin/", "/admin/course/list", "/admin/user/list", "/admin/course/create")
REFUSALS = (
    "/admin/nothing/list",
    "/admin/user/details/nobody",
    "/admin/user/list?sort=password_hash",
    "/admin/user/list?search=zzzzzz",
    "/admin/credential-token/list",
    "/admin/user/action/nothing?pks=x",
    "/admin/audit-entry/create",
)


OF_RECORDS = ("list", "details", "create", "edit", "delete")
OF_LISTS = {"search", "sort", "size", "columns", "view", "after", "before", "last", "page", "jump", "list"}


def page_of(url: str) -> tuple[str, str]:
    """Return which model an address is about and which of its pages it is; a filter is like another."""
    parts = urlsplit(url)
    names = {name for name, _ in parse_qsl(parts.query)}
    known = sorted(name for name in names if name in OF_LISTS)
    asked = [*known, "filter"] if names - set(known) else known
    _, _, model, page, *rest = [*parts.path.split("/"), "", ""]
    page = f"action/{rest[0]}" if page == "action" else page
    return model, f"{page}?{','.join(asked)}"


def is_like(url: str, other_models_too: bool) -> tuple[str, str]:
    """Return what makes two addresses the same sort of page."""
    model, page = page_of(url)
    is_of_model = page.partition("?")[0] in OF_RECORDS and page.endswith(("?", "?filter"))
    return (model if is_of_model and not other_models_too else "", page)


def crawl(visitor: Visitor, *, other_models_too: bool) -> Iterator[Page]:
    """Open all that links lead to, one page of each sort, or each sort of each model.

    It begins with a person to whom everything can be done; to oneself it cannot.
    """
    with visitor.site.database.session() as session:
        person = session.scalars(select(User).where(User.user_name == "leon.alonso")).one()
    waiting = [f"{visitor.site.address}/admin/{page}" for page in ("", f"user/details/{person.user_id}")]
    met = {is_like(address, other_models_too) for address in waiting}
    while waiting:
        visitor.page.goto(waiting.pop(0))
        yield visitor.page
        for link in visitor.page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            sort = is_like(link, other_models_too)
            if sort not in met and "," not in sort[1]:
                met.add(sort)
                waiting.append(link)


def told(page: Page, found: list[str]) -> list[str]:
    return [f"{'/'.join(page_of(page.url))}: {fault}" for fault in found]


def test_every_page_that_a_link_leads_to_is_whole_and_labelled(
    shared_site: Site, visit: Callable[..., Visitor]
):
    visitor = visit(shared_site).sign_in(superuser=True, **someone("whole"))

    seen, found = set(), []
    for page in crawl(visitor, other_models_too=False):
        seen.add(page_of(page.url))
        found += told(page, wrong(page) + without_a_name(page))

    assert "\n".join(found) == ""
    assert seen >= {("course", f"{page}?") for page in ("list", "create")}
    assert {page for _, page in seen} >= {"details?", "edit?", "delete?filter", "list?sort", "list?after"}
    assert {page for _, page in seen} >= {"action/reset-password?filter"}


def test_every_sort_of_page_is_legible_in_light_and_dark(shared_site: Site, visit: Callable[..., Visitor]):
    visitor = visit(shared_site).sign_in(superuser=True, **someone("legible"))

    found = [fault for page in crawl(visitor, other_models_too=True) for fault in told(page, faults(page))]

    assert "\n".join(found) == ""


def test_every_sort_of_page_is_whole_in_a_narrow_window(shared_site: Site, visit: Callable[..., Visitor]):
    visitor = visit(shared_site, viewport=WIDTHS["narrow"]).sign_in(superuser=True, **someone("narrow"))

    found = [
        fault
        for page in crawl(visitor, other_models_too=True)
        for fault in told(page, wrong(page) + without_a_name(page))
    ]

    assert "\n".join(found) == ""


@pytest.mark.parametrize("width", WIDTHS)
def test_every_refusal_is_whole_labelled_and_legible(
    shared_site: Site, visit: Callable[..., Visitor], width: str
):
    visitor = visit(shared_site, viewport=WIDTHS[width])
    page = visitor.page
    found = [fault for path in FOR_STRANGERS for fault in told(page, faults(visitor.go(path)))]
    visitor.go("/admin/login")
    page.fill("#username", "nobody")
    page.fill("#password", "a wrong password")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    found += told(page, faults(page))
    visitor.sign_in(superuser=True, **someone(f"refused-{width}"))
    found += [fault for path in REFUSALS for fault in told(page, faults(visitor.go(path)))]
    visitor.go("/admin/course/create")
    page.get_by_label("Name").fill("A course")
    page.get_by_label("Start date").fill("2030-02-01")
    page.get_by_label("End date").fill("2030-01-01")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("alert").wait_for()
    found += told(page, faults(page))
    limited = visit(shared_site, viewport=WIDTHS[width]).sign_in(
        ("course", "list"), **someone(f"limited-{width}")
    )
    found += [fault for path in FORBIDDEN for fault in told(limited.page, faults(limited.go(path)))]

    assert "\n".join(found) == ""


def test_a_page_zoomed_to_200_percent_loses_nothing(shared_site: Site, visit: Callable[..., Visitor]):
    whole = visit(shared_site).sign_in(superuser=True, **someone("wide"))
    zoomed = visit(shared_site, viewport={"width": 700, "height": 450}, device_scale_factor=2)
    zoomed.sign_in(superuser=True, **someone("zoomed"))
    key = whole.go("/admin/course/list").locator("tbody th a").first.get_attribute("href").rpartition("/")[2]

    for page in (
        "",
        "course/list",
        f"course/details/{key}",
        f"course/edit/{key}",
        f"course/delete?pks={key}",
    ):
        path = f"/admin/{page}"
        wanted = reachable(whole.go(path))
        page = zoomed.go(path)
        found = told(page, wrong(page))
        met = reachable(page)
        for name in ("Menu", "More ways to save"):
            button = page.get_by_role("button", name=name, exact=True)
            if button.is_visible():
                button.click()
                met |= reachable(page)
                page.keyboard.press("Escape")

        if path.endswith("/list"):  # boxes of rows bring the bar that the head's box stands for elsewhere
            page.locator("tbody input[type=checkbox]").first.check()
            if page.locator("[data-select-page]").is_visible():
                met.add("Select all rows of this page")
        assert "\n".join(found) == ""
        # The pencil of a row is in the row's menu where there is no room for it.
        lost = {name for name in wanted - met if not name.startswith("Edit ")}
        assert lost - {"Narrow menu", "Actions"} == set(), path


def reachable(page: Page) -> set[str]:
    """Return the texts and the names of the controls that can be seen, or scrolled to."""
    return {re.sub(r"Wide|Zoomed", "Someone", name) for name in page.evaluate(REACHABLE)} - {""}


REACHABLE = """() => {
  const found = [];
  const parts = "a, button, input, select, textarea, h1, h2, dt, dd, th, td, summary";
  for (const element of document.querySelectorAll(parts)) {
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    found.push(element.ariaLabel || element.labels?.[0]?.textContent.trim() || element.innerText.trim());
  }
  return found;
}"""


def someone(name: str) -> dict[str, str]:
    return {
        "user_name": name,
        "email_address": f"{name}@example.org",
        "first_name": name.title(),
        "last_name": "",
    }
