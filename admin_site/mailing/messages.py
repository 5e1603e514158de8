"""How messages are written: templates/mail/KIND.txt says it all, message.html how that looks."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context

from admin_site.config import Settings
from admin_site.languages import say
from admin_site.models import utc_now
from admin_site.services.mail import MailKind

WIDTH = 72  # characters of a line of text


class BadAddress(ValueError):
    """An address to which no mail can be sent."""


@dataclass(frozen=True)
class Words:
    """What a message says: a subject, and paragraphs of which one may be "words: link"."""

    subject: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(map(_wrapped, self.paragraphs)) + "\n"


def make_environment(templates_dir: str) -> Environment:
    """Return the environment of the templates of mail, of which only what is text is not escaped.

    A file of the same name in `templates_dir` comes before ours.
    """
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(templates_dir), PackageLoader("admin_site", "templates")]),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        auto_reload=False,
    )
    environment.globals["_"] = _say
    return environment


def write(environment: Environment, kind: MailKind, told: Mapping[str, Any]) -> Words:
    """Return the words of a message: the first paragraph of its template is the subject.

    What is told makes no paragraphs of its own, whatever somebody is called.
    """
    in_lines = {name: " ".join(it.split()) if isinstance(it, str) else it for name, it in told.items()}
    rendered = environment.get_template(f"mail/{kind}.txt").render(in_lines)
    subject, *paragraphs = (" ".join(part.split()) for part in rendered.split("\n\n") if part.strip())
    return Words(subject, tuple(paragraphs))


def compose(
    environment: Environment, settings: Settings, recipient: str, words: Words, told: Mapping[str, Any]
) -> EmailMessage:
    """Return a message as text and as HTML (raises BadAddress)."""
    message = EmailMessage(policy=SMTP)
    name, sender = parseaddr(settings.mail_from)
    message["From"] = _address(sender or "admin@localhost", name or settings.site_title)
    message["To"] = _address(recipient)
    message["Subject"] = "".join(char if char.isprintable() else " " for char in words.subject)
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = make_msgid(domain=(sender.rpartition("@")[2] or "localhost"))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is to answer it
    message.set_content(words.text)
    html = environment.get_template("mail/message.html").render({**told, "words": words})
    message.add_alternative(html, subtype="html")
    return message


@pass_context
def _say(context: Context, text: str, /, **facts: object) -> str:
    """Return a sentence in the language of the person who reads it."""
    return say(context["language"], text, **facts)


def _address(text: str, name: str = "") -> Address:
    """Return one address; what a header would take for several, or for a new line, is none."""
    try:
        address = Address("".join(char for char in name if char.isprintable()), addr_spec=text)
        return Address(address.display_name, address.username, address.domain.encode("idna").decode())
    except (HeaderParseError, ValueError, IndexError) as error:
        raise BadAddress(text) from error


def _wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)
