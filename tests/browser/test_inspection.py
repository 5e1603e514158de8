"""The inspection itself: what the other tests trust it to find, it finds."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.inspection import too_faint, without_a_name, wrong
from tests.browser.sites import Site, Visitor

SPOIL = """html => {
  const place = document.createElement("div");
  place.innerHTML = html;
  document.querySelector("main").append(place);
  for (const element of place.querySelectorAll(".wide")) element.style.width = "2000px";
  for (const element of place.querySelectorAll(".faint")) element.style.opacity = 0.7;
}"""
ICON = "<svg class=icon aria-hidden=true><path d='M0 0h16v16'></path></svg>"
WRONG = {
    "2 first headings": "<h1>Another</h1>",
    "outside the window": "<p class=wide>Too wide</p>",
    "two elements with the id content": "<p id=content>",
    "points nowhere": "<label for=nothing>A label</label>",
    "an icon is empty": "<svg width=16 height=16><use href='#no-such'></use></svg>",
}
NAMELESS = {
    "a textbox without a name": "<input>",
    "a button without a name": f"<button type=button>{ICON}</button>",
    "a link without a name": f"<a href='/admin/'>{ICON}</a>",
    "a checkbox without a name": "<input type=checkbox>",
    "a combobox without a name": "<select><option>A</select>",
}


@pytest.fixture
def spoilt(shared_site: Site, visit: Callable[..., Visitor]) -> Callable[[str], Page]:
    """Opens a page with nothing wrong and adds something to it."""
    visitor = visit(shared_site)
    page = visitor.go("/admin/login")
    assert wrong(page) + without_a_name(page) + too_faint(page) == []

    def spoil(html: str) -> Page:
        visitor.go("/admin/login").evaluate(SPOIL, html)
        return page

    return spoil


def test_whatever_spoils_a_page_is_found(spoilt: Callable[[str], Page]):
    for sentence, html in WRONG.items():
        assert any(sentence in found for found in wrong(spoilt(html))), sentence


def test_whatever_has_no_name_is_found(spoilt: Callable[[str], Page]):
    for sentence, html in NAMELESS.items():
        assert without_a_name(spoilt(html)) == [sentence]


def test_a_faint_text_is_found(spoilt: Callable[[str], Page]):
    page = spoilt("<p class='quiet faint'>Hardly to be read</p>")

    assert any("Hardly to be read" in found for found in too_faint(page))
