"""What is wrong with a page as it stands in the browser, in sentences."""

from pathlib import Path

from playwright.sync_api import Page

SCRIPTS = {path.stem: path.read_text() for path in Path(__file__).parent.glob("*.js")}
NAMED_ROLES = {
    "button",
    "checkbox",
    "combobox",
    "Date",
    "DateTime",
    "dialog",
    "image",
    "InputTime",
    "link",
    "listbox",
    "menuitem",
    "navigation",
    "radio",
    "region",
    "searchbox",
    "spinbutton",
    "textbox",
}


def faults(page: Page) -> list[str]:
    """Return all that is wrong with a page, and what is too faint on it in the light or in the dark theme."""
    found = wrong(page) + without_a_name(page) + too_faint(page)
    page.emulate_media(color_scheme="dark")
    page.locator("html[data-bs-theme=dark]").wait_for()
    found += [f"dark: {fault}" for fault in too_faint(page)]
    page.emulate_media(color_scheme="light")
    return found


def wrong(page: Page) -> list[str]:
    return page.evaluate(SCRIPTS["inspection"])


def without_a_name(page: Page) -> list[str]:
    """Return what a screen reader could not announce, from the tree that it is given."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        f"a {node['role']['value']} without a name"
        for node in nodes
        if not node["ignored"]
        and node["role"]["value"] in NAMED_ROLES
        and not node.get("name", {}).get("value", "").strip()
    ]


def too_faint(page: Page) -> list[str]:
    contrast = page.evaluate(SCRIPTS["contrast"])
    assert contrast["checked"] > 3
    return contrast["problems"]
