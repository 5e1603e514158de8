"""What messages say."""

import re
from html.parser import HTMLParser

import pytest

from admin_site import Settings
from admin_site.config import ROOT
from admin_site.mailing.messages import compose, make_environment, write
from admin_site.services.mail import LINK_KINDS, MailKind
from tests.mailing.servers import html_of, text_of

LINK = "https://admin.example.org/admin/set-password/" + "x" * 43
FORGOT = "https://admin.example.org/admin/forgot-password"
TOLD = {
    "site": "The School",
    "site_url": "https://admin.example.org/admin/",
    "language": "en",
    "name": "Ada Lovelace",
    "user_name": "ada",
    "by": "",
    "when": "2026-11-21 18:00 (Europe/Berlin)",
    "come_from": "192.0.2.7",
    "forgot_url": FORGOT,
    "link": "",
}
OF_LINKS = {"link": LINK, "until": "2026-11-21 19:00 (Europe/Berlin)", "is_first": False}
SETTINGS = Settings(_env_file=None, public_url="https://admin.example.org", mail_from="school@example.org")


class Reader(HTMLParser):
    """Reads what a person sees of a page, and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.targets: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "link", "iframe", "form"), tag
        self.targets += [value for name, value in attributes if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def composed(kind: MailKind, **others):
    told = {**TOLD, **(OF_LINKS if kind in LINK_KINDS else {}), **others}
    environment = make_environment("no such folder")
    words = write(environment, kind, told)
    return words, compose(environment, SETTINGS, "ada@example.org", words, told)


@pytest.mark.parametrize("by", ["", "Sam Support"])
@pytest.mark.parametrize("kind", MailKind)
def test_every_message_says_the_same_as_text_and_as_html(kind, by):
    words, message = composed(kind, by=by)
    reader = Reader(html_of(message))
    text = " ".join(text_of(message).split())

    assert "\n" not in words.subject
    assert "The School" in words.subject
    for part in words.paragraphs:
        assert part in text
        label, _, address = part.rpartition(": ")
        assert (label if address in (LINK, FORGOT) else part) in " ".join(reader.words)
    assert "Hello Ada Lovelace," in text
    assert "“ada”" in text
    assert "  " not in text
    assert " ." not in text
    assert " ," not in text


@pytest.mark.parametrize("kind", MailKind)
def test_every_message_leads_to_this_site_alone(kind):
    _, message = composed(kind)
    reader = Reader(html_of(message))

    found = {*re.findall(r"https?://\S+", text_of(message)), *reader.targets}
    expected = {LINK} if kind in LINK_KINDS else set()
    assert found - {FORGOT, "https://admin.example.org/admin/"} == expected


@pytest.mark.parametrize("kind", MailKind)
def test_no_line_of_text_is_long_but_links(kind):
    _, message = composed(kind)

    assert all(len(line) <= 72 or line.startswith("https://") for line in text_of(message).splitlines())


def test_every_kind_has_a_template_and_every_template_a_kind():
    files = {path.stem for path in (ROOT / "admin_site" / "templates" / "mail").glob("*.txt")}

    assert files == set(MailKind)


def test_a_first_password_is_called_one():
    words, _ = composed(MailKind.PASSWORD_LINK, is_first=True)

    assert words.subject == "Choose a password for The School"
    assert any(part == f"Choose a password: {LINK}" for part in words.paragraphs)
    assert not any("new password" in part for part in words.paragraphs)


@pytest.mark.parametrize(
    ("mail_from", "shown"),
    [
        ("school@example.org", "Admin <school@example.org>"),
        ("The Office <office@example.org>", "The Office <office@example.org>"),
        ('"A, B" <office@example.org>', '"A, B" <office@example.org>'),
    ],
)
def test_mail_comes_from_the_sender_of_the_settings(mail_from, shown):
    environment = make_environment("no such folder")
    words = write(environment, MailKind.EMAIL_CHANGED, TOLD)
    settings = SETTINGS.model_copy(update={"mail_from": mail_from})

    assert compose(environment, settings, "ada@example.org", words, TOLD)["From"] == shown
