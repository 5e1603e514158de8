"""A role gets other rights, by mouse, by keyboard, on a telephone and without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from admin_site.models import Role, RoleGrant
from admin_site.permissions import LimitedGrant
from tests.browser.inspection import faults
from tests.browser.sites import Site, Visitor

LEAD = (
    ("user", "list"),
    ("user", "details"),
    ("role", "*"),
    ("role-grant", "*"),
    ("course", "*"),
    LimitedGrant("enrollment", "edit", frozenset({"end_date"}), "active-courses"),
)
NARROW = {"width": 360, "height": 780}


def a_role(site: Site, name: str) -> str:
    with site.database.session() as session:
        return str(session.scalars(select(Role.role_id).where(Role.name == name)).one())


def rights_of(site: Site, role: str) -> set[tuple[str, ...]]:
    with site.database.session() as session:
        grants = session.scalars(select(RoleGrant).where(RoleGrant.role_id == int(role)))
        return {(grant.model, grant.action, grant.fields, grant.scope) for grant in grants}


def box(page: Page, name: str):
    return page.get_by_role("checkbox", name=name, exact=True)


def test_rights_are_ticked_reviewed_and_saved(site: Site, visit: Callable[..., Visitor]):
    role = a_role(site, "Registrar")
    page = visit(site).sign_in().go(f"/admin/role/details/{role}")
    page.get_by_role("link", name="Permissions").click()
    assert faults(page) == []

    page.get_by_role("searchbox", name="Find a model").fill("flow")
    expect(box(page, "Courses: List")).to_be_hidden()
    expect(page.get_by_text("1 found")).to_be_visible()
    box(page, "Flows: List").check()
    expect(page.get_by_text("Changes that are not reviewed yet")).to_be_visible()
    page.get_by_role("searchbox", name="Find a model").fill("")
    box(page, "Users: Create").uncheck()
    page.get_by_role("button", name="Review changes").click()

    main = page.get_by_role("main")
    expect(main).to_contain_text("2 people gain")
    expect(main).to_contain_text("Harriet Penhaligon, Tunde Bakare")
    expect(main).to_contain_text("The 2 people with this role are signed out")
    assert faults(page) == []
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status").first).to_contain_text("The permissions of Registrar are changed.")
    expect(box(page, "Flows: List")).to_be_checked()
    expect(box(page, "Users: Create")).not_to_be_checked()
    assert ("flow", "list", "", "") in rights_of(site, role)


def test_a_wildcard_shows_at_once_what_it_holds(site: Site, visit: Callable[..., Visitor]):
    page = visit(site).sign_in().go(f"/admin/role/permissions/{a_role(site, 'Support')}")

    expect(box(page, "Courses: Edit")).to_have_accessible_description("")
    box(page, "Courses: All actions").check()
    expect(box(page, "Courses: Edit")).to_have_accessible_description("Held by “All actions”")
    box(page, "All models: Edit").check()
    expect(box(page, "Courses: Edit")).to_have_accessible_description("Held by “All models”")
    box(page, "All models: Edit").uncheck()
    box(page, "Courses: All actions").uncheck()
    expect(box(page, "Courses: Edit")).to_have_accessible_description("")


def test_a_cell_is_limited_by_keyboard_alone(site: Site, visit: Callable[..., Visitor]):
    role = a_role(site, "Support")
    page = visit(site).sign_in().go(f"/admin/role/permissions/{role}")

    box(page, "Enrollments: Edit").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Limit Enrollments: Edit")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="All fields")).to_be_focused()
    assert faults(page) == []
    page.get_by_role("checkbox", name="End date").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="Only these fields:")).to_be_checked()
    page.get_by_role("radio", name="All rows").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    limit = page.get_by_role("button", name="Limit Enrollments: Edit")
    expect(limit).to_have_accessible_name(
        "Limit Enrollments: Edit (only End date; Only those in active courses)"
    )
    expect(box(page, "Enrollments: Edit")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(box(page, "Enrollments: Create")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(box(page, "Courses: Create")).to_be_focused()
    page.get_by_role("button", name="Review changes").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save changes").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("are changed")
    assert ("enrollment", "edit", "end_date", "active-courses") in rights_of(site, role)


def test_what_somebody_lacks_is_closed_to_them_with_the_reason(site: Site, visit: Callable[..., Visitor]):
    with site.database.session() as session:
        role = Role(name="Clerk", grants=[RoleGrant(model="course", action="list")])
        session.add(role)
        session.flush()
        key = role.role_id
    page = visit(site).sign_in(*LEAD).go(f"/admin/role/permissions/{key}")

    expect(box(page, "Items: List")).to_be_disabled()
    expect(page.get_by_text("you do not hold it yourself, so you may not grant it")).to_be_visible()
    expect(box(page, "Courses: Edit")).to_be_enabled()
    assert faults(page) == []
    box(page, "Enrollments: Edit").check()
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_role("main")).to_contain_text("only End date; Only those in active courses")


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_telephone_each_model_is_a_card(site: Site, visit: Callable[..., Visitor], scripts: bool):
    role = a_role(site, "Registrar")
    options = {"viewport": NARROW, "java_script_enabled": scripts}
    page = visit(site, **options).sign_in().go(f"/admin/role/permissions/{role}")

    if scripts:
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box(page, "Items: Edit").check()
    page.get_by_role("button", name="Limit Items: Edit").click()
    page.get_by_role("radio", name="Only these fields:").check()
    page.get_by_role("checkbox", name="Title", exact=True).check()
    if scripts:
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_role("main")).to_contain_text("Items: Edit (only Title)")
    if scripts:
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Back to the permissions").click()
    expect(box(page, "Items: Edit")).to_be_checked()
    page.get_by_role("button", name="Review changes").click()
    page.get_by_role("button", name="Save changes").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Permissions of Registrar")
    assert ("item", "edit", "title", "") in rights_of(site, role)


def test_looking_at_limits_is_no_change(site: Site, visit: Callable[..., Visitor]):
    with site.database.session() as session:
        grants = [RoleGrant(model="enrollment", action="edit", fields="course,end_date")]
        role = Role(name="Clerk", grants=[*grants, RoleGrant(model="course", action="edit")])
        session.add(role)
        session.flush()
        key = role.role_id
    page = visit(site).sign_in().go(f"/admin/role/permissions/{key}")

    for model in ("Enrollments", "Courses"):
        page.get_by_role("button", name=f"Limit {model}: Edit").click()
        expect(page.get_by_role("group", name=f"Limit “{model}: Edit”")).to_be_visible()
        expect(page.locator(".unsaved")).to_be_empty()
    page.get_by_role("checkbox", name="Name", exact=True).check()
    expect(page.locator(".unsaved")).to_have_text("Changes that are not reviewed yet")


def test_a_page_with_changes_is_not_left_by_mistake(site: Site, visit: Callable[..., Visitor]):
    page = visit(site).sign_in().go(f"/admin/role/permissions/{a_role(site, 'Support')}")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))

    box(page, "Courses: List").check()
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()

    assert asked == ["beforeunload"]
