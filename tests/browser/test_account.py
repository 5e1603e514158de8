"""People look after their own account."""

import json
import re
from collections.abc import Callable

import pyotp
from playwright.sync_api import expect
from sqlalchemy import select

from admin_site.models import User
from admin_site.services.sessions import start_session
from tests.browser.inspection import faults
from tests.browser.sites import Site, Visitor
from tests.factories import CHEAP, PASSWORD

NEW = "nine ladders beside a cello"
PAGES = ("", "/password", "/second-factor", "/second-factor/remove", "/recovery-codes")


def a_person(site: Site, visit: Callable[..., Visitor], **options: object) -> Visitor:
    """Return the browser of a person with a password."""
    site.app.state.site.passwords = CHEAP
    return visit(site, **options).sign_in(password=PASSWORD)


def another_browser(site: Site, visit: Callable[..., Visitor]) -> Visitor:
    with site.database.session() as session:
        user = session.scalars(select(User).where(User.user_name == "ada")).one()
        token = start_session(session, user, ip_address="203.0.113.5", user_agent="Firefox/140.0 (Windows)")
    return visit(site).sign_in_as(user, token)


def test_the_pages_of_an_account_have_no_faults(site: Site, visit: Callable[..., Visitor]):
    visitor = a_person(site, visit)
    for width in (1400, 360):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        for path in PAGES:
            assert faults(visitor.go(f"/admin/account{path}")) == [], (path, width)


def test_somebody_signs_out_the_browser_they_left_elsewhere(site: Site, visit: Callable[..., Visitor]):
    here = a_person(site, visit)
    elsewhere = another_browser(site, visit)
    expect(elsewhere.go("/admin/").get_by_role("heading", name="Home")).to_be_visible()

    page = here.go("/admin/")
    page.get_by_role("button", name="account menu").click()
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("button", name=re.compile("^Sign out ?: Firefox on Windows, 203.0.113.5$")).click()

    expect(page.get_by_role("status").first).to_contain_text("That browser is signed out.")
    expect(page.get_by_text("Firefox on Windows")).to_have_count(0)
    expect(elsewhere.go("/admin/").get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_second_factor_is_set_up_from_the_picture_and_asked_for_at_the_next_sign_in(
    site: Site, visit: Callable[..., Visitor]
):
    here = a_person(site, visit)
    page = here.go("/admin/account")
    page.get_by_role("link", name="Set up").click()
    page.get_by_role("button", name="Set up").click()
    picture = page.get_by_role("img", name="QR code that holds the key below")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    secret = page.locator(".account-secret code").inner_text().replace(" ", "")
    page.get_by_label("Code of the app").fill("000 000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This code is not right.")
    totp = pyotp.TOTP(secret)
    page.get_by_label("Code of the app").fill(totp.now())
    page.get_by_role("button", name="Turn on").dblclick()  # as some do everywhere
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.get_by_role("list", name="Recovery codes").get_by_role("listitem").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert set(codes) <= set(download.value.path().read_text().split())
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    page.get_by_role("button", name="account menu").click()
    page.get_by_role("button", name="Sign out", exact=True).click()

    page.get_by_label("Name or e-mail").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Use a recovery code instead").click()
    page.get_by_label("Recovery code", exact=True).fill(codes[0].upper())
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def test_a_password_is_changed_and_the_wrong_one_is_told_beside_its_field(
    site: Site, visit: Callable[..., Visitor]
):
    page = a_person(site, visit).go("/admin/account/password")
    for label, text in (("Present password", "wrong"), ("New password", NEW), ("The same again", NEW)):
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_label("Present password")).to_be_focused()
    expect(page.get_by_label("Present password")).to_have_accessible_description("This is not your password.")

    for label, text in (("Present password", PASSWORD), ("New password", NEW), ("The same again", NEW)):
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Change password").click()

    expect(page.get_by_role("status").first).to_contain_text("Your password is changed")
    expect(page.get_by_text("The password was changed")).to_be_visible()


def test_the_theme_of_the_menu_is_there_on_every_page_and_in_every_browser(
    site: Site, visit: Callable[..., Visitor]
):
    here = a_person(site, visit)
    page = here.go("/admin/")
    page.get_by_role("button", name="account menu").click()
    with page.expect_response("**/account/theme"):
        page.get_by_role("button", name="Dark theme").click()

    expect(page.locator("html[data-bs-theme=dark]")).to_have_count(1)
    expect(page.get_by_role("button", name="Light theme")).to_be_visible()
    expect(here.go("/admin/user/list").locator("html[data-bs-theme=dark]")).to_have_count(1)
    other = another_browser(site, visit)
    expect(other.go("/admin/").locator("html[data-bs-theme=dark]")).to_have_count(1)


def test_the_theme_changes_without_scripts_and_leads_back(site: Site, visit: Callable[..., Visitor]):
    page = a_person(site, visit, java_script_enabled=False).go("/admin/user/list?sort=user_name")
    page.get_by_role("button", name="account menu").click()

    page.get_by_role("button", name="Dark theme").click()

    expect(page).to_have_url(f"{site.address}/admin/user/list?sort=user_name")
    expect(page.locator("html[data-bs-theme=dark]")).to_have_count(1)


def test_times_are_told_in_the_zone_that_was_chosen(site: Site, visit: Callable[..., Visitor]):
    here = a_person(site, visit, timezone_id="Europe/Lisbon")
    page = here.go("/admin/account")
    page.get_by_label("Time zone").select_option(label="Kathmandu")
    page.get_by_role("button", name="Save preferences").click()
    expect(page.get_by_role("status").first).to_contain_text("Your preferences are saved.")

    shown = page.locator("time:not(.ago)").first
    instant, told = shown.get_attribute("datetime"), shown.inner_text()
    expected = page.evaluate(
        "text => new Intl.DateTimeFormat('sv-SE', {timeZone: 'Asia/Kathmandu', dateStyle: 'short', "
        f"timeStyle: 'short'}}).format(new Date({json.dumps(instant)}))"
    )

    assert told == expected


def test_the_language_is_that_of_the_browser_until_another_is_chosen(
    site: Site, visit: Callable[..., Visitor]
):
    here = a_person(site, visit, locale="de-AT")
    page = here.go("/admin/account")
    expect(page.get_by_role("heading", name="Ihr Konto")).to_be_visible()
    expect(page.locator("html[lang=de]")).to_have_count(1)
    expect(page.get_by_role("button", name="Kontomenü")).to_be_visible()

    page.get_by_label("Sprache").select_option(label="Español")
    page.get_by_role("button", name="Einstellungen speichern").click()

    expect(page.get_by_role("heading", name="Su cuenta")).to_be_visible()
    page.get_by_role("button", name="menú de la cuenta").click()
    expect(page.get_by_role("button", name="Tema oscuro")).to_be_visible()
    page.get_by_role("button", name="Cerrar sesión", exact=True).click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_text("Das wird gebraucht.").first).to_be_visible()
