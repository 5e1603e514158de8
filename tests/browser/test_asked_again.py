"""A code after the password, and the password asked for again: in pages, in a dialog, before a download."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from admin_site.models import Draft, Role, User, UserSession, utc_now
from admin_site.services import second_factors
from tests.browser.sites import ADA, Site, Visitor
from tests.factories import CHEAP, PASSWORD, make_user

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
AGAIN = "Enter your password again"


@pytest.fixture
def site(site: Site) -> Site:
    site.app.state.site.passwords = CHEAP
    return site


@pytest.fixture
def visit(visit: Callable[..., Visitor]) -> Iterator[Callable[..., Visitor]]:
    """Opens browsers that may note that an answer to a script was 403, as browsers do."""
    visitors = []
    yield lambda site, **options: visitors.append(visit(site, **options)) or visitors[-1]
    for visitor in visitors:
        visitor.problems[:] = [each for each in visitor.problems if "403 (Forbidden)" not in each]


def let_an_hour_pass(site: Site) -> None:
    with site.database.session() as session:
        moment = utc_now() - timedelta(hours=1)
        session.execute(
            update(UserSession).values(authenticated_at=moment), execution_options={"unaudited": "a test"}
        )


def roles(site: Site) -> list[str]:
    with site.database.session() as session:
        return list(session.scalars(select(Role.name)))


def go_on(page: Page, password: str) -> None:
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Go on").click()


@BOTH
def test_who_has_a_second_factor_types_a_code_after_the_password(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    before = utc_now() - timedelta(minutes=10)
    with site.database.session() as session:
        user = make_user(session, password=PASSWORD, superuser=True, **ADA)
        secret = second_factors.offer(session, user, now=before).secret
        codes = second_factors.confirm(session, user, pyotp.TOTP(secret).at(before), now=before)
    visitor = visit(site, java_script_enabled=scripts)
    page = visitor.go("/admin/course/list")

    page.get_by_label("Name or e-mail").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Enter your code")).to_be_visible()
    page.get_by_label("Code of your authenticator app").fill("no code")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This code is not right")).to_be_visible()
    page.get_by_label("Code of your authenticator app").fill(pyotp.TOTP(secret).at(int(time.time())))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{site.address}/admin/course/list")

    visitor.context.clear_cookies()
    page = visitor.go("/admin/login")
    page.get_by_label("Name or e-mail").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Use a recovery code instead").click()
    page.get_by_label("Recovery code", exact=True).fill(codes[3])
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{site.address}/admin/")


@BOTH
def test_a_form_goes_on_after_the_password(site: Site, visit: Callable[..., Visitor], scripts: bool):
    visitor = visit(site, java_script_enabled=scripts).sign_in(password=PASSWORD)
    page = visitor.go("/admin/role/create")
    page.get_by_label("Name").fill("Writers & readers")
    page.get_by_label("Description").fill("Two\nlines")
    let_an_hour_pass(site)

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name=AGAIN)).to_be_visible()
    go_on(page, "not this one")
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    assert "Writers & readers" not in roles(site)
    go_on(page, PASSWORD)

    expect(page.locator(".toasts")).to_contain_text("was added")
    with site.database.session() as session:
        stored = session.scalars(select(Role).where(Role.name == "Writers & readers")).one()
        assert stored.description.replace("\r\n", "\n") == "Two\nlines"
        assert session.scalars(select(Draft)).all() == []


def test_a_dialog_asks_in_its_place(site: Site, visit: Callable[..., Visitor]):
    page = visit(site).sign_in(password=PASSWORD).go("/admin/role-grant/create")
    let_an_hour_pass(site)
    page.locator("a[href*='/role/create']").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Writers")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_role("heading", name=AGAIN)).to_be_visible()
    field = dialog.get_by_label("Password", exact=True)
    expect(field).to_be_focused()

    field.fill("wrong")
    dialog.get_by_role("button", name="Show password").click()
    expect(field).to_have_attribute("type", "text")
    field.press("Enter")
    expect(dialog.get_by_text("This is not your password.")).to_be_visible()
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()

    expect(dialog).not_to_be_attached()
    assert "Writers" in roles(site)
    expect(page.get_by_role("status").filter(has_text="Writers is chosen.")).to_be_attached()


@BOTH
def test_a_download_begins_after_the_password(site: Site, visit: Callable[..., Visitor], scripts: bool):
    visitor = visit(site, java_script_enabled=scripts).sign_in(password=PASSWORD)
    page = visitor.go("/admin/user/export?search=ada")
    let_an_hour_pass(site)

    page.get_by_role("button", name="Download").click()
    expect(page.get_by_role("heading", name=AGAIN)).to_be_visible()
    with page.expect_download() as started:
        go_on(page, PASSWORD)

    assert started.value.suggested_filename.startswith("users")
    expect(page.get_by_role("heading", name="Your download begins")).to_be_visible()
    page.get_by_role("link", name="Back to the export").click()
    expect(page.get_by_text("Search is “ada”")).to_be_visible()


@BOTH
def test_who_has_a_password_for_a_day_comes_no_further_before_it_is_changed(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    until = utc_now() + timedelta(hours=20)
    with site.database.session() as session:
        make_user(session, password=PASSWORD, must_change_password=True, password_expires_at=until, **ADA)
    page = visit(site, java_script_enabled=scripts).go("/admin/login")
    page.get_by_label("Name or e-mail").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(f"{site.address}/admin/account/password")
    page.goto(f"{site.address}/admin/")
    expect(page).to_have_url(f"{site.address}/admin/account/password")
    for name, text in {"current_password": PASSWORD, "password": "seven clouds over a cello"}.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("[name=password_again]").fill("seven clouds over a cello")
    page.get_by_role("button", name="Change password").click()

    expect(page).to_have_url(f"{site.address}/admin/")
    with site.database.session() as session:
        assert not session.scalars(select(User.must_change_password).where(User.user_name == "ada")).one()
