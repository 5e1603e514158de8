"""Choosing other records: by typing where scripts run, by Find where they do not."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from admin_site.models import Item, User
from tests.browser.sites import Site, Visitor


def an_item(site: Site) -> Item:
    with site.database.session() as session:
        return session.scalars(select(Item).order_by(Item.item_id)).first()


def owner_of(site: Site, item: Item) -> str:
    with site.database.session() as session:
        return session.get(Item, item.item_id).owner.user_name


def a_person(site: Site) -> User:
    with site.database.session() as session:
        return session.scalars(select(User).where(User.user_name == "leon.alonso")).one()


def roles_of(site: Site, user: User) -> set[str]:
    with site.database.session() as session:
        return {role.name for role in session.get(User, user.user_id).roles}


def type_into(page: Page, name: str, term: str) -> None:
    page.locator(f"#field-{name}-field .ts-control").click()
    expect(page.locator(f"#field-{name}-ts-control")).to_be_focused()
    page.keyboard.type(term, delay=20)


def choose(page: Page, name: str, term: str, label: str) -> None:
    type_into(page, name, term)
    page.get_by_role("option", name=label).click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toasts")).to_contain_text("was saved")


def test_typing_offers_records_and_the_chosen_one_is_saved(site: Site, page: Page):
    item = an_item(site)
    page.goto(f"{site.address}/admin/item/edit/{item.item_id}")

    choose(page, "owner", "castell", "Devi Castellano")
    expect(page.locator(".unsaved")).to_be_visible()
    save(page)

    expect(page.locator(".facts")).to_contain_text("Devi Castellano")
    assert owner_of(site, item) == "devi.castellano"


def test_a_term_that_fits_nothing_says_so_and_keeps_the_choice(site: Site, page: Page):
    item = an_item(site)
    owner = owner_of(site, item)
    page.goto(f"{site.address}/admin/item/edit/{item.item_id}")

    type_into(page, "owner", "zzzz")

    expect(page.locator(".ts-dropdown .no-results")).to_have_text("No owner found")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toasts")).to_contain_text("Nothing was changed")
    assert owner_of(site, item) == owner


def test_without_scripts_find_offers_records_and_keeps_what_was_typed(
    site: Site, visit: Callable[..., Visitor]
):
    item = an_item(site)
    page = visit(site, java_script_enabled=False).sign_in().go(f"/admin/item/edit/{item.item_id}")

    page.get_by_label("Title").fill("A kite, mended")
    page.get_by_label("Search Owner").fill("castell")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_label("Title")).to_have_value("A kite, mended")
    page.get_by_role("combobox", name="Owner", exact=True).select_option(label="Devi Castellano")
    save(page)

    assert owner_of(site, item) == "devi.castellano"
    expect(page.get_by_role("heading", level=1)).to_have_text("A kite, mended")


def test_members_are_added_and_removed(site: Site, page: Page):
    person = a_person(site)
    address = f"{site.address}/admin/user/edit/{person.user_id}"

    page.goto(address)
    choose(page, "roles", "supp", "Support")
    page.keyboard.type("aud", delay=20)  # the field is empty again and waits for the next one
    page.get_by_role("option", name="Auditor").click()
    save(page)
    assert roles_of(site, person) == {"Support", "Auditor"}

    page.goto(address)
    page.get_by_label("Remove Support").check()
    save(page)
    assert roles_of(site, person) == {"Auditor"}


def test_without_scripts_members_are_added_and_removed(site: Site, visit: Callable[..., Visitor]):
    person = a_person(site)
    visitor = visit(site, java_script_enabled=False).sign_in()
    address = f"/admin/user/edit/{person.user_id}"

    page = visitor.go(address)
    for term, name in (("supp", "Support"), ("aud", "Auditor")):
        page.get_by_label("Search Roles").fill(term)
        page.locator('button[name=":find"][value="roles"]').click()
        chosen = page.locator("#field-roles option:checked").all_inner_texts()
        page.get_by_label("Roles", exact=True).select_option(label=[*chosen, name])
    save(page)
    assert roles_of(site, person) == {"Support", "Auditor"}

    page = visitor.go(address)
    page.get_by_label("Remove Support").check()
    save(page)
    assert roles_of(site, person) == {"Auditor"}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_record_added_from_another_one_already_knows_it(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    person = a_person(site)
    page = visit(site, java_script_enabled=scripts).sign_in().go(f"/admin/user/details/{person.user_id}")

    page.get_by_role("link", name="Add to Items").click()
    page.get_by_label("Title").fill("A brass compass")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator(".toasts")).to_contain_text("was added")
    with site.database.session() as session:
        item = session.scalars(select(Item).where(Item.title == "A brass compass")).one()
        assert item.owner.user_name == "leon.alonso"


def test_an_answer_that_comes_too_late_changes_nothing(site: Site, page: Page):
    # The whole choice is asked for when the field is entered, and may come after that for the first letters.
    held: list[Route] = []
    whole = re.compile(r"/ajax/lookup\?name=roles&term=$")
    page.goto(f"{site.address}/admin/user/create")
    page.route(whole, lambda route: held.append(route))

    type_into(page, "roles", "aud")
    expect(page.get_by_role("option", name="Auditor")).to_be_visible()
    for route in held:
        with page.expect_response(whole):
            route.continue_()

    expect(page.locator("#field-roles-ts-control")).to_have_value("aud")
    expect(page.get_by_role("option")).to_have_text(["Auditor"])


def test_after_a_refusal_more_members_can_be_added(site: Site, page: Page):
    page.goto(f"{site.address}/admin/user/create")
    page.get_by_label("User name").fill("leon.alonso")
    page.get_by_label("Email address").fill("new@example.org")
    choose(page, "roles", "supp", "Support")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#problems")).to_contain_text("Another record already has this value")

    page.get_by_label("User name").fill("somebody.new")
    choose(page, "roles", "aud", "Auditor")
    page.keyboard.type("reg", delay=20)
    expect(page.locator("#field-roles-ts-control")).to_have_value("reg")
    page.get_by_role("option", name="Registrar").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toasts")).to_contain_text("was added")

    with site.database.session() as session:
        made = session.scalars(select(User).where(User.user_name == "somebody.new")).one()
    assert roles_of(site, made) == {"Support", "Auditor", "Registrar"}


def test_a_choice_opens_when_it_is_used_and_not_by_itself(site: Site, page: Page):
    choices = page.locator(".ts-dropdown:visible")
    page.goto(f"{site.address}/admin/item/create")
    page.get_by_label("Title").fill("Kite")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#field-owner-ts-control")).to_be_focused()
    expect(page.locator("#field-owner-field .field-error")).to_have_text("Choose one.")
    page.wait_for_load_state("networkidle")
    expect(choices).to_have_count(0)

    page.keyboard.press("ArrowDown")
    expect(choices).to_have_count(1)
    page.keyboard.type("leon", delay=20)
    page.get_by_role("option", name="Leon Alonso").click()
    page.wait_for_load_state("networkidle")
    expect(choices).to_have_count(0)


def test_a_required_choice_stands_in_line_with_its_neighbours(site: Site, page: Page):
    page.goto(f"{site.address}/admin/item/create")
    edges = [
        page.locator(field).bounding_box() for field in ("#field-title", "#field-owner-field .ts-control")
    ]

    assert edges[0]["x"] == edges[1]["x"]
    assert edges[0]["width"] == edges[1]["width"]
    assert edges[0]["height"] == edges[1]["height"]
