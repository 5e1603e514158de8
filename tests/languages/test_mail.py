"""Mail is written in the language of who reads it."""

from typing import Any

import pytest

from admin_site.languages import LANGUAGES
from admin_site.mailing.messages import Words, make_environment, write
from admin_site.services.mail import MailKind

TOLD = {
    "site": "Lindenhof",
    "site_url": "https://admin.example.org/admin/",
    "name": "Ada Lovelace",
    "user_name": "ada",
    "when": "2026-11-21 18:00 (UTC)",
    "until": "2026-11-21 19:00 (UTC)",
    "forgot_url": "https://admin.example.org/admin/forgot-password",
    "link": "https://admin.example.org/admin/set-password/xyz",
}


def written(kind: MailKind, language: str, **told: Any) -> Words:
    return write(make_environment("no such folder"), kind, {**TOLD, **told, "language": language})


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
@pytest.mark.parametrize(
    "told",
    [
        {"by": "", "come_from": "", "is_first": False},
        {"by": "Sam Support", "come_from": "192.0.2.7", "is_first": True},
    ],
    ids=["plain", "with-facts"],
)
@pytest.mark.parametrize("kind", MailKind)
def test_every_message_is_written_in_every_language(kind: MailKind, told: dict[str, Any], language: str):
    english, other = written(kind, "en", **told), written(kind, language, **told)

    assert len(other.paragraphs) == len(english.paragraphs)
    assert other.subject != english.subject
    parts = [part for text in english.paragraphs for part in text.split(". ")]
    assert not [part for part in parts if part in " ".join(other.paragraphs)]
    for fact in ("Lindenhof", "“ada”"):
        assert fact.strip("“”") in " ".join((other.subject, *other.paragraphs))


def test_whoever_chose_no_language_that_is_known_is_written_to_in_english():
    told = {"by": "", "come_from": "", "is_first": False}

    assert written(MailKind.PASSWORD_CHANGED, "tlh", **told) == written(
        MailKind.PASSWORD_CHANGED, "en", **told
    )
