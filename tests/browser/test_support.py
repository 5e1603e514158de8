"""Somebody has forgotten a password, and a person of the Support role helps."""

from collections.abc import Callable

from playwright.sync_api import expect
from sqlalchemy import select

from admin_site.models import User
from admin_site.permissions import Action
from admin_site.services.sessions import start_session
from tests.browser.sites import Site, Visitor

SUPPORT = (("user", Action.LIST), ("user", Action.DETAILS), ("user", Action.RESET_PASSWORD))
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
