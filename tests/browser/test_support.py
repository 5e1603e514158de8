"""Somebody has forgotten a password, and a person of the Support role helps."""

from collections.abc import Callable

from playwright.sync_api import expect
from sqlalchemy import select

from admin_site.models import User
from admin_site.permissions import Action
from admin_site.services.sessions import start_session
from tests.browser.inspection import faults, wrong
from tests.browser.sites import Site, Visitor

SUPPORT = (("user", Action.LIST), ("user", Action.DETAILS), ("user", Action.RESET_PASSWORD))
LEAD = (("user", "*"), ("course", "*"))
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
PASSWORD = "seven clouds over a violin"


def a_student(site: Site) -> User:
    with site.database.session() as session:
        return session.scalars(select(User).where(User.user_name == "leon.alonso")).one()


def test_a_reset_shows_a_link_once_that_works_once_in_another_browser(
    site: Site, visit: Callable[..., Visitor]
):
    student = a_student(site)
    support = visit(site).sign_in(*SUPPORT)
    support.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page = support.go(f"/admin/user/details/{student.user_id}")
    page.get_by_role("link", name="Reset password").click()
    expect(page.get_by_role("main")).to_contain_text("Leon Alonso is signed out everywhere")
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    page.get_by_role("button", name="Reset password").click()
    link = page.get_by_label("Link to set a password").input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link

    student_page = visit(site).page
    student_page.goto(link)
    student_page.get_by_label("New password").fill(PASSWORD)
    student_page.get_by_label("The same again").fill(PASSWORD)
    student_page.get_by_role("button", name="Set password").click()
    student_page.get_by_label("Name or e-mail").fill("leon.alonso@example.org")
    student_page.get_by_label("Password", exact=True).fill(PASSWORD)
    student_page.get_by_role("button", name="Sign in").click()
    expect(student_page.get_by_role("heading", name="Home")).to_be_visible()

    late_page = visit(site).page
    late_page.goto(link)
    expect(late_page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    token = link.rpartition("/")[2]
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leon Alonso")
    assert token not in page.content()
    assert token not in support.go(f"/admin/user/action/reset-password?pks={student.user_id}").content()


def test_a_reset_sends_the_person_who_is_signed_in_to_the_sign_in_page(
    site: Site, visit: Callable[..., Visitor]
):
    student = a_student(site)
    with site.database.session() as session:
        token = start_session(session, student)
    theirs = visit(site).sign_in_as(student, token)
    expect(theirs.go("/admin/").get_by_role("heading", name="Home")).to_be_visible()

    page = visit(site).sign_in(*SUPPORT).go(f"/admin/user/action/reset-password?pks={student.user_id}")
    page.get_by_role("button", name="Reset password").click()
    page.get_by_label("Link to set a password").wait_for()

    expect(theirs.go("/admin/").get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_reset_of_a_superuser_is_refused_in_words(site: Site, visit: Callable[..., Visitor]):
    visit(site).sign_in(
        user_name="grace", email_address="grace@example.org", first_name="Grace", last_name="Hopper"
    )
    with site.database.session() as session:
        superuser = session.scalars(select(User).where(User.user_name == "grace")).one()

    page = visit(site).sign_in(*SUPPORT).go(f"/admin/user/action/reset-password?pks={superuser.user_id}")
    page.get_by_role("button", name="Reset password").click()

    expect(page.get_by_role("heading", name="You may not do this")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Grace Hopper holds rights that you lack")


def test_a_person_is_found_from_the_palette_and_signed_out_of_a_lost_phone(
    site: Site, visit: Callable[..., Visitor]
):
    student = a_student(site)
    with site.database.session() as session:
        token = start_session(session, student, ip_address="192.0.2.7", user_agent=IPHONE)
        start_session(session, student, ip_address="198.51.100.9")
    theirs = visit(site).sign_in_as(student, token)
    expect(theirs.go("/admin/").get_by_role("heading", name="Home")).to_be_visible()

    page = visit(site).sign_in(*LEAD).go("/admin/")
    page.keyboard.press("Control+k")
    page.keyboard.type("leon al")
    expect(page.get_by_role("option", selected=True)).to_have_text("Find “leon al” at the support desk")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Leon Alonso")
    phone = page.get_by_role("listitem").filter(has_text="Safari on iPhone")
    expect(phone).to_contain_text("192.0.2.7")
    assert faults(page) == []
    phone.get_by_role("button", name="End Safari on iPhone, 192.0.2.7").click()
    expect(page.get_by_role("status")).to_contain_text("The session is ended.")
    expect(page.get_by_text("Safari on iPhone")).to_have_count(0)
    expect(page.get_by_text("198.51.100.9", exact=True)).to_be_visible()
    expect(theirs.go("/admin/").get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_desk_is_one_step_from_a_row_of_the_list(site: Site, visit: Callable[..., Visitor]):
    page = visit(site).sign_in(*LEAD).go("/admin/user/list?search=leon.alonso")

    page.get_by_role("button", name="More for Leon Alonso").click()
    page.locator("#row-menu").get_by_role("link", name="Support desk").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Leon Alonso")
    expect(page.get_by_role("link", name="Send reset link")).to_be_visible()


def test_somebody_looks_as_a_student_and_the_banner_leads_back(site: Site, visit: Callable[..., Visitor]):
    student = a_student(site)
    page = visit(site).sign_in(*LEAD).go(f"/admin/support/{student.user_id}")

    page.get_by_role("link", name="See the site as they do").click()
    page.get_by_label("Why do you look?").fill("  ")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Say why, in some words")).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Why do you look?").fill("Ticket 4711: no courses in the menu")
    page.get_by_role("button", name="Begin").click()

    banner = page.get_by_role("complementary", name="You see the site as somebody else")
    expect(banner).to_contain_text("You see the site as Leon Alonso")
    expect(banner).to_contain_text("in 15 minutes")
    expect(banner).to_contain_text("Ticket 4711")
    expect(page.get_by_role("link", name="Courses")).to_have_count(0)
    assert faults(page) == []
    banner.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leon Alonso")
    expect(banner).to_have_count(0)
    expect(page.get_by_role("link", name="Courses")).to_be_visible()


def test_the_banner_leaves_a_list_its_place_in_wide_and_narrow_windows(
    site: Site, visit: Callable[..., Visitor]
):
    with site.database.session() as session:
        registrar = session.scalars(select(User).where(User.user_name == "harriet.penhaligon")).one()
    for viewport in ({"width": 1400, "height": 900}, {"width": 360, "height": 780}):
        visitor = visit(site, viewport=viewport).sign_in(
            superuser=True,
            user_name=f"boss{viewport['width']}",
            email_address=f"b{viewport['width']}@example.org",
        )
        page = visitor.go(f"/admin/support/{registrar.user_id}/view-as")
        page.get_by_label("Why do you look?").fill("Ticket 4711")
        page.get_by_role("button", name="Begin").click()
        page = visitor.go(f"/admin/user/details/{registrar.user_id}")
        page.mouse.wheel(0, 3000)
        expect(page.get_by_role("button", name="Stop")).to_be_in_viewport()
        page = visitor.go("/admin/course/list")

        assert wrong(page) == []
        expect(page.get_by_role("button", name="Stop")).to_be_in_viewport()
        page.mouse.wheel(0, 3000)
        expect(page.get_by_role("button", name="Stop")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if viewport["width"] > 1000:
            expect(page.get_by_role("navigation", name="Pages")).to_be_in_viewport()


def test_the_desk_works_without_scripts_and_in_a_narrow_window(site: Site, visit: Callable[..., Visitor]):
    student = a_student(site)
    visitor = visit(site, viewport={"width": 360, "height": 780}, java_script_enabled=False).sign_in(*LEAD)
    page = visitor.go("/admin/support")

    page.get_by_label("Find a person by e-mail, name or key").fill("leon.alonso@example.org")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Deactivate").click()
    page.get_by_role("button", name="Deactivate").click()

    expect(page.get_by_role("list", name="State")).to_contain_text("Deactivated")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("list", name="State")).to_contain_text("Active")
    with site.database.session() as session:
        assert session.get_one(User, student.user_id).is_active
