"""The sentences that are said in every language, as they stand in templates and in the code."""

import re
from collections.abc import Iterator

from babel.messages.extract import extract
from jinja2.ext import babel_extract

from admin_site.admin import asked_again, held
from admin_site.admin.answering import STATUS, TITLES
from admin_site.admin.pages import account_password, account_second_factor, entrance, forgot
from admin_site.config import ROOT
from admin_site.errors import Invalid, LinkExpired, TooManyAttempts
from admin_site.security import guessing
from admin_site.services import devices, own_account, passwords, preferences, reauthentication, second_factors
from admin_site.services.accounts import SignInRefused
from admin_site.services.code_step import CodeRefused

_NUMBER = re.compile(r"[0-9](?:[0-9,]*[0-9])?")
TITLES_OF_PAGES = (
    "Change your password",
    "Choose a password of your own",
    "Enter your code",
    "Forgot your password?",
    "Look into your mail",
    "Second factor",
    "Set up a second factor",
    "Sign in",
    "Your account",
    "Your recovery codes",
    "Your password is set. Sign in with it.",
    "Language",
    "Time zone",
    "Theme",
    "As this browser asks",
    "As this device is set",
    "Make new recovery codes?",
    "The codes you have stop working at once. The new ones are shown this one time.",
    "Make new codes",
    "Remove your second factor?",
    "Your role needs one, so you set up a new one right after.",
    "Remove second factor",
)

PACKAGE = ROOT / "admin_site"
TEMPLATES = PACKAGE / "templates"
KEYWORDS = {"_": None, "_n": (1, 2), "say": None, "say_number": (2, 3)}

IN_CODE = (
    *own_account.EVENTS.values(),
    *preferences.THEMES.values(),
    *preferences._WRONG.values(),
    *(text for titles in TITLES.values() for text in titles),
    *(title for _, title in STATUS.values()),
    account_password.CHANGED,
    account_password.NOT_THE_SAME,
    account_second_factor.ON_ALREADY,
    account_second_factor.WHAT_GOES,
    asked_again.KEPT,
    asked_again.NO_FILES,
    asked_again.TITLE,
    entrance.TITLE,
    forgot.NOTHING_TYPED,
    forgot.TOO_OFTEN,
    held.ENDED,
    held.KEPT,
    held.NOT_KEPT,
    held.TOO_LARGE,
    devices.UNKNOWN,
    guessing.TOO_LONG,
    passwords.CHANGED_MEANWHILE,
    passwords.SAME_AS_BEFORE,
    reauthentication.WRONG_PASSWORD,
    second_factors.IS_ON,
    second_factors.NO_OFFER,
    second_factors.TWICE,
    second_factors.WRONG_CODE,
    str(CodeRefused()),
    str(LinkExpired()),
    str(SignInRefused()),
    str(TooManyAttempts(60)),
    str(TooManyAttempts(600)),
)


def in_templates() -> Iterator[str]:
    for path in sorted(TEMPLATES.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                for _, _, told, _ in babel_extract(file, KEYWORDS, (), {}):
                    yield from _texts(told)


def in_pages() -> Iterator[str]:
    """Yield what pages say by `visit.say`, and `say_number` with its two sentences."""
    for path in sorted((PACKAGE / "admin").rglob("*.py")):
        with path.open("rb") as file:
            for _, told, _, _ in extract("python", file, KEYWORDS):
                yield from _texts(told)


def refusals_of_passwords() -> Iterator[str]:
    for password in ("short", "maria maria maria", "password12345678", "x" * 2000):
        try:
            guessing.check_password(
                password, user_name="maria", email_address="maria@example.org", names=(), minimum=15
            )
        except Invalid as refusal:
            yield str(refusal)


def every_sentence() -> set[str]:
    """Return all of them; a number that is told when a sentence is made is # in it."""
    said = {_NUMBER.sub("#", text) for text in (*IN_CODE, *TITLES_OF_PAGES, *refusals_of_passwords())}
    return said | set(in_templates()) | set(in_pages())


def _texts(told: str | tuple[str | None, ...]) -> Iterator[str]:
    yield from (text for text in (told if isinstance(told, tuple) else (told,)) if text)
