"""The parts of a regular expression, and what they are called."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# What the members of a bracket are called: one of them, several of them.
_NAMES = {
    frozenset(members): words
    for members, words in (
        (("0-9",), ("digit", "digits")),
        (("A-Z",), ("capital letter", "capital letters")),
        (("a-z",), ("small letter", "small letters")),
        (("A-Z", "a-z"), ("letter", "letters")),
        (("A-Z", "a-z", "0-9"), ("letter or digit", "letters or digits")),
        (("A-Z", "0-9"), ("capital letter or digit", "capital letters or digits")),
        (("a-z", "0-9"), ("small letter or digit", "small letters or digits")),
        (("A-Z", "a-z", "0-9", "_"), ("letter, digit or _", "letters, digits or _")),
        (("a-z", "0-9", "_"), ("small letter, digit or _", "small letters, digits or _")),
        (("a-z", "0-9", r"\-"), ("small letter, digit or -", "small letters, digits or -")),
        (("0-9", "A-F", "a-f"), ("hexadecimal digit", "hexadecimal digits")),
        (("0-9", "a-f"), ("hexadecimal digit", "hexadecimal digits")),
    )
}


@dataclass(frozen=True)
class Piece:
    """A part of a pattern in each of its languages."""

    source: str
    in_browsers: str
    words: str | None = None  # of one; None: it cannot be said
    many: str = ""  # of more than one
    is_text: bool = False  # `words` is the text itself
    is_endless: bool = False  # it repeats without an end


def name_of(members: Sequence[str]) -> tuple[str | None, str]:
    """Return what the members of a bracket are called: one of them (None: it cannot be said), several."""
    return _NAMES.get(frozenset(members), (None, ""))


def counted(piece: Piece, match: re.Match[str]) -> str | None:
    """Return the words of a piece that stands there several times."""
    if not piece.many or match[0] == "?":
        return None
    least, comma, most = match.groups()
    if least is None:
        return piece.many
    if not comma:
        return f"{least} {piece.many}" if least != "1" else f"1 {piece.words}"
    return f"{least} to {most} {piece.many}" if most else f"at least {least} {piece.many}"


def in_words_of(pieces: list[Piece]) -> str:
    """Return the pieces one after the other in words; "" when one of them has none."""
    return ", ".join(_said(pieces)) if all(piece.words is not None for piece in pieces) else ""


def _said(pieces: list[Piece]) -> Iterator[str]:
    text = ""
    for piece in pieces:
        if piece.is_text:
            text += piece.words or ""
            continue
        if text:
            yield f"“{text}”"
        text = ""
        yield f"1 {piece.words}" if piece.many else piece.words or ""
    if text:
        yield f"“{text}”"
