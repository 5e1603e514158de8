"""The languages the site speaks to people: LANGUAGE.po says each of its sentences in another one."""

import re
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup

DEFAULT = "en"
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}
"""Each by its own name."""

_MAX_HEADER = 1_000  # characters that are read of what a browser asks for
_ASKED = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")

_NUMBER = re.compile(r"[0-9](?:[0-9,]*[0-9])?")
_NUMBER_HERE = re.compile("#")


def asked_for(accept_language: str) -> str:
    """Return the language of ours that a browser likes best (RFC 9110, section 12.5.4)."""
    likings: dict[str, float] = {}
    for part in accept_language[:_MAX_HEADER].split(","):
        if (asked := _ASKED.fullmatch(part)) is not None:
            likings.setdefault(asked[1].lower(), float(asked[2] or 1))
    liked = {language: likings.get(language, 0) for language in LANGUAGES}
    best = max(liked, key=lambda language: liked[language])
    return best if liked[best] else DEFAULT


def say(language: str, text: str, /, **facts: object) -> str:
    """Return a sentence in a language, in English where it is not known there, with `%(name)s` told."""
    words = _sentence(language, text)
    return words % facts if facts else words


def say_number(language: str, one: str, many: str, /, number: int, **facts: object) -> str:
    """Return the sentence for a number, which both may tell as `%(number)s`."""
    return _catalogue(language).ngettext(one, many, number) % {"number": number, **facts}


def show(language: str, text: str, /, **facts: object) -> str:
    """Return a sentence as `say` does, for a page: what is told is escaped, the sentence as it is."""
    words = _sentence(language, text)
    return Markup(words) % facts if facts else words  # noqa: S704 - a sentence of the catalogue


def _sentence(language: str, text: str) -> str:
    """Return a sentence of the catalogue. One with numbers in it is found there with # in their places."""
    catalogue = _catalogue(language)
    if not text or type(catalogue) is NullTranslations:
        return text
    known = catalogue.gettext(text)
    if known != text or (numbers := _NUMBER.findall(text)) == []:
        return known
    blank = _NUMBER.sub("#", text)
    known = catalogue.gettext(blank)
    return text if known == blank else _NUMBER_HERE.sub(lambda _: numbers.pop(0), known)


@cache
def _catalogue(language: str) -> NullTranslations:
    """Return what is said in a language; it is read when somebody first asks for it."""
    if language == DEFAULT or language not in LANGUAGES:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO((files(__name__) / f"{language}.po").read_bytes()), locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)
