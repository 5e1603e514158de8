"""The inspection itself: what the other tests trust it to find, it finds."""

import pytest
from playwright.sync_api import Page

from tests.browser.inspection import too_faint, without_a_name, wrong
from tests.browser.sites import Site

ADD = """html => {
  const place = document.createElement("div");
  place.innerHTML = html;
  document.querySelector("main").append(place);
}"""
SPOILS = {
    "2 first headings": "<h1>Another</h1>",
    "outside the window": "<p class=spoilt>Too wide</p>",
    "two elements with the id search": "<p id=search>",
    "points nowhere": "<label for=nothing>A label</label>",
    "an icon is empty": "<svg width=16 height=16><use href='/admin/statics/icons.svg#no-such'></use></svg>",
}


@pytest.fixture
def sound(site: Site, page: Page) -> Page:
    page.goto(f"{site.address}/admin/course/list")
    assert wrong(page) + without_a_name(page) + too_faint(page) == []
    return page


@pytest.mark.parametrize("sentence", SPOILS)
def test_a_spoilt_page_is_found_wrong(sound: Page, sentence: str):
    sound.evaluate(ADD, SPOILS[sentence])
    sound.evaluate(
        "for (const element of document.querySelectorAll('.spoilt')) element.style.width = '2000px'"
    )

    assert any(sentence in found for found in wrong(sound))


def test_a_field_without_a_label_is_found(sound: Page):
    sound.evaluate(ADD, "<input>")

    assert without_a_name(sound) == ["a textbox without a name"]


def test_a_faint_text_is_found(sound: Page):
    sound.evaluate(ADD, "<p class=count>Faint</p>")
    sound.evaluate("document.querySelector('p.count').style.opacity = 0.7")

    assert any("Faint" in found for found in too_faint(sound))
