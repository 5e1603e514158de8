"""Every page that links lead to, and every refusal: whole, labelled, legible, and quiet in the console."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page

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


def kind(url: str) -> str:
    """Return what makes two addresses the same sort of page; a list's state is the same for every model."""
    parts = urlsplit(url)
    parameters = ",".join(sorted({name for name, _ in parse_qsl(parts.query)}))
    path = re.sub(r"(/(?:details|edit))/.*", r"\1", parts.path)
    return f"list?{parameters}" if path.endswith("/list") and parameters else f"{path}?{parameters}"


def crawl(visitor: Visitor, start: str) -> Iterator[Page]:
    """Open `start` and all that links lead to, one page of each kind."""
    waiting = [visitor.site.address + start]
    met = {kind(waiting[0])}
    while waiting:
        visitor.page.goto(waiting.pop(0))
        yield visitor.page
        for link in visitor.page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            if kind(link) not in met and "," not in kind(link):
                met.add(kind(link))
                waiting.append(link)


def told(page: Page, found: list[str]) -> list[str]:
    return [f"{kind(page.url)}: {fault}" for fault in found]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_that_a_link_leads_to_is_whole_labelled_and_legible(
    shared_site: Site, visit: Callable[..., Visitor], width: str
):
    visitor = visit(shared_site, viewport=WIDTHS[width]).sign_in(superuser=True, **someone(width))

    # Colours are the same at every width.
    inspect = faults if width == "wide" else lambda page: wrong(page) + without_a_name(page)
    seen, found = set(), []
    for page in crawl(visitor, "/admin/"):
        seen.add(kind(page.url))
        found += told(page, inspect(page))

    assert "\n".join(found) == ""
    assert seen >= {f"/admin/course/{page}?" for page in ("list", "details", "create", "edit")}
    assert seen >= {
        "/admin/course/delete?pks",
        "/admin/user/action/reset-password?pks",
        "list?sort",
        "list?after",
    }


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
    whole = visit(shared_site).sign_in(superuser=True, **someone("whole"))
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

        assert "\n".join(found) == ""
        # The pencil of a row is in the row's menu where there is no room for it.
        lost = {name for name in wanted - met if not name.startswith("Edit ")}
        assert lost - {"Narrow menu", "Actions"} == set(), path


def reachable(page: Page) -> set[str]:
    """Return the texts and the names of the controls that can be seen, or scrolled to."""
    return {re.sub(r"Whole|Zoomed", "Someone", name) for name in page.evaluate(REACHABLE)} - {""}


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
