"""Ada cannot sign in: support finds her and sends a link, and she is in again; nobody else is.

SCREENSHOTS=1 takes the pictures of it for the README.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from admin_site.models import SecondFactor, User, utc_now
from admin_site.services.sessions import start_session
from tests.browser.sites import ADA, Site, Visitor
from tests.conftest import _sqlite_url
from tests.factories import CHEAP, PASSWORD, make_role, make_user
from tests.mailing.servers import Mailbox, mail_server

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NEW = "otters 4 lunch"  # shorter than 15 characters: she has a second factor
PICTURES = Path(__file__).parent / "screenshots"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def school(seeded_file: Path, tmp_path: Path, mailbox: Mailbox) -> Iterator[Site]:
    settings = {
        "smtp_host": "127.0.0.1",
        "smtp_port": mailbox.port,
        "smtp_security": "none",
        "mail_from": "office@school.example.org",
    }
    file = Path(shutil.copy(seeded_file, tmp_path / "school.sqlite3"))
    with Site(_sqlite_url(file), settings) as site:
        site.app.state.site.passwords = CHEAP
        yield site


def test_ada_cannot_sign_in_and_support_helps_her(
    school: Site, mailbox: Mailbox, visit: Callable[..., Visitor]
):
    old = her_old_browser(school, visit)
    ada = visit(school)
    devi = signed_in(school, visit, "devi.castellano")
    auditor = signed_in(school, visit, "ottilie.brandvold")

    locked_out(ada)
    picture(ada.page, "story-1-locked-out")
    support_sends_a_link(devi)
    picture(devi.page, "story-2-support-desk")
    sets_a_password(ada, the_link(mailbox))
    signs_in_with_the_second_factor(ada)
    picture(ada.page, "story-3-she-is-in")

    old.page.reload()
    expect(old.page.get_by_role("heading", name="Sign in")).to_be_visible()
    reads_it_all(auditor)
    picture(auditor.page, "story-4-the-auditor-reads")


def her_old_browser(site: Site, visit: Callable[..., Visitor]) -> Visitor:
    """Return the browser in which Ada is signed in already, at home."""
    visitor = visit(site)
    with site.database.session() as session:
        teacher = make_role(session, ("user", "list"), ("user", "details"), name="Teacher")
        ada = make_user(session, password=PASSWORD, roles=(teacher,), **ADA)
        session.add(SecondFactor(user=ada, secret=SECRET, confirmed_at=utc_now()))
        visitor.sign_in_as(ada, start_session(session, ada, is_kept=True))
    expect(visitor.go("/admin/").get_by_role("heading", level=1)).to_be_visible()
    return visitor


def signed_in(site: Site, visit: Callable[..., Visitor], user_name: str) -> Visitor:
    visitor = visit(site)
    with site.database.session() as session:
        user = session.scalars(select(User).where(User.user_name == user_name)).one()
        return visitor.sign_in_as(user, start_session(session, user))


def locked_out(ada: Visitor) -> None:
    page = ada.go("/admin/login")
    for _ in range(12):
        page.get_by_label("Name or e-mail").fill("ada")
        page.get_by_label("Password", exact=True).fill("was it a cello under the clouds?")
        page.get_by_role("button", name="Sign in").click()
        if "There were too many" in page.get_by_role("main").inner_text():
            break
    expect(page.get_by_role("main")).to_contain_text("There were too many wrong attempts")


def support_sends_a_link(devi: Visitor) -> None:
    page = devi.go("/admin/")
    page.keyboard.press("Control+k")
    page.keyboard.type("ada@example.org")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=re.compile("Ada Lovelace")).or_(
        page.get_by_role("heading", name="Ada Lovelace")
    ).first.click()
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    expect(page.get_by_label("State")).to_contain_text("Locked")
    page.get_by_role("link", name="Send reset link").first.click()
    page.get_by_role("button", name="Send reset link").click()
    expect(page.get_by_role("status")).to_contain_text("ada@example.org")


def the_link(mailbox: Mailbox) -> str:
    deadline = time.monotonic() + 15
    while not (messages := [each for each in mailbox.messages if "set-password" in str(each)]):
        assert time.monotonic() < deadline, "no mail came"
        time.sleep(0.05)
    message = messages[-1]
    assert "ada@example.org" in message["to"]
    found = re.search(r"https?://\S+/set-password/\S+", message.get_body(("plain",)).get_content())
    assert found, message
    return found.group()


def sets_a_password(ada: Visitor, link: str) -> None:
    ada.page.goto(link)
    expect(ada.page).to_have_url(re.compile("/set-password$"))
    ada.page.get_by_label("New password", exact=True).fill(NEW)
    ada.page.get_by_label("The same again").fill(NEW)
    ada.page.get_by_role("button", name="Set password").click()
    expect(ada.page.get_by_role("status")).to_contain_text("Your password is set")


def signs_in_with_the_second_factor(ada: Visitor) -> None:
    page = ada.page
    page.get_by_label("Name or e-mail").fill("ada")
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code of your authenticator app").fill(pyotp.TOTP(SECRET).now())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Main")).to_contain_text("Ada Lovelace")


def reads_it_all(auditor: Visitor) -> None:
    page = auditor.go("/admin/audit-entry/list?size=100")
    for words in (
        "failed to sign in",
        "was locked out of",
        "sent a password link",
        "set the password",
        "signed in",
    ):
        expect(page.get_by_role("table")).to_contain_text(words)


def picture(page: Page, name: str) -> None:
    if os.environ.get("SCREENSHOTS") == "1":
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / f"{name}.png", animations="disabled", caret="hide")
