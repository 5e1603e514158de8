"""What the site says in other languages."""

import re
from functools import cache

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from admin_site.languages import LANGUAGES, asked_for, say, say_number, show
from tests.languages.sentences import PACKAGE, every_sentence

OTHERS = sorted(set(LANGUAGES) - {"en"})
TOLD = re.compile(r"%\([a-z_]+\)s|#")


@cache
def catalogue(language: str) -> dict[str, Message]:
    """Return the messages of a catalogue by each of their sentences."""
    with (PACKAGE / "languages" / f"{language}.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    return {text: message for message in messages for text in _all(message.id)}


def _all(texts: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_has_its_translation_and_every_translation_a_sentence(language: str):
    assert every_sentence() - set(catalogue(language)) == set()
    assert set(catalogue(language)) - every_sentence() == set()


@pytest.mark.parametrize("language", OTHERS)
def test_every_translation_says_something_and_tells_the_same_facts(language: str):
    for text, message in catalogue(language).items():
        assert not message.fuzzy
        for translated in _all(message.string):
            assert translated.strip(), text
            assert sorted(TOLD.findall(translated)) == sorted(TOLD.findall(text)), text
            assert translated[0].isspace() == text[0].isspace(), text


@pytest.mark.parametrize("language", OTHERS)
def test_the_scripts_of_every_page_say_all_of_their_words(language: str):
    script = (PACKAGE / "static" / "admin.js").read_text()
    said = {
        text
        for call in re.findall(r"inWords\((.*?)\)[.;,]", script)
        for text in re.findall(r'"([^"]+)"', call)
    }
    words = (PACKAGE / "static" / f"words.{language}.js").read_text()
    known = dict(re.findall(r'^  "([^"]+)": "([^"]+)",$', words, re.MULTILINE))

    assert said - {"file", "SELECT"} == set(known)
    assert all(text.count("#") == translated.count("#") for text, translated in known.items())


def test_english_says_what_is_written():
    assert say("en", "Sign in") == "Sign in"
    assert say("en", "At least %(minimum)s of them", minimum=15) == "At least 15 of them"
    assert say("xx", "Sign in") == "Sign in"


def test_what_no_catalogue_knows_is_said_as_it_is():
    assert (
        say("de", "Nobody ever translated this 100 % sentence")
        == "Nobody ever translated this 100 % sentence"
    )
    assert say("de", "") == ""
    assert say("de", "Wait 17 hours") == "Wait 17 hours"


def test_a_number_that_was_told_already_keeps_its_place():
    text = "There were too many wrong attempts to sign in. Wait 12 minutes, then try again."

    assert "Warten Sie 12 Minuten" in say("de", text)
    assert say("es", "Use at most 1,024 characters.") == "Use como mucho 1,024 caracteres."


def test_one_is_told_otherwise_than_many():
    sentences = "%(number)s recovery code left", "%(number)s recovery codes left"

    assert say_number("de", *sentences, 1) == "Noch 1 Ersatzcode"
    assert say_number("es", *sentences, 4) == "Quedan 4 códigos de recuperación"
    assert say_number("en", *sentences, 0) == "0 recovery codes left"


def test_on_a_page_what_is_told_is_escaped():
    assert show("de", "Hello %(name)s,", name="<b>") == "Guten Tag &lt;b&gt;,"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR, es-MX;q=0.7, en;q=0.5", "es"),
        ("fr, it;q=0.5", "en"),
        ("en;q=0.4, de;q=0.5", "de"),
        ("de;q=0, en;q=0.1", "en"),
        ("*", "en"),
        ("DE", "de"),
        ("de;q=2, es", "es"),
        ("\x00de, ;;;, =", "en"),
        ("d" * 100_000, "en"),
        ("de," * 100_000, "de"),
    ],
)
def test_a_browser_is_answered_in_the_language_it_likes_best(header: str, language: str):
    assert asked_for(header) == language
