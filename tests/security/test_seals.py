"""What pages carry signed, and what becomes of it when somebody else touches it."""

import pytest

from admin_site.security.tokens import Seals

SEALS = Seals("a secret of the tests, long enough")
SEAL = SEALS.about("form", "ada", "course", "1")
FACTS = {"values": {"name": ["0123456789abcdef", "", "Botany ☃ \ud800"]}}


def test_what_was_signed_is_read_again():
    assert SEAL.read(SEAL.sign(FACTS)) == FACTS


def test_long_facts_are_compressed():
    facts = {"texts": ["the same text again and again " * 10] * 100}

    assert len(SEAL.sign(facts)) < 2_000
    assert SEAL.read(SEAL.sign(facts)) == facts


@pytest.mark.parametrize("part", range(5))
def test_a_changed_text_is_refused(part: int):
    signed = SEAL.sign(FACTS)
    place = part * len(signed) // 5
    changed = signed[:place] + ("A" if signed[place] != "A" else "B") + signed[place + 1 :]

    with pytest.raises(ValueError, match="not signed"):
        SEAL.read(changed)


@pytest.mark.parametrize("text", ["", ".", "{}", "\u2603", "\ud800", "a.b.c", "x" * 1_000_000])
def test_a_text_that_nobody_signed_is_refused(text: str):
    with pytest.raises(ValueError, match="not signed"):
        SEAL.read(text)


@pytest.mark.parametrize(
    "other",
    [
        SEALS.about("form", "bob", "course", "1"),
        SEALS.about("form", "ada", "course", "2"),
        SEALS.about("form", "ada", "cours", "e1"),
        Seals("another secret of the tests, long enough").about("form", "ada", "course", "1"),
    ],
)
def test_a_seal_opens_nothing_about_another_subject(other):
    with pytest.raises(ValueError, match="not signed"):
        other.read(SEAL.sign(FACTS))
    assert other.digest(b"Botany") != SEAL.digest(b"Botany")


def test_digests_are_those_of_their_content():
    assert SEAL.digest(b"Botany") == SEAL.digest(b"Botany") != SEAL.digest(b"Botanx")
