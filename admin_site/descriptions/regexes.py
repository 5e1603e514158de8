"""Regular expressions of SQL as Patterns.

They are read as far as PostgreSQL (https://www.postgresql.org/docs/current/functions-matching.html), Python,
which SQLAlchemy gives to SQLite as REGEXP, and browsers mean the same by them.
"""

import re
import string

from admin_site.descriptions.patterns import Case, Pattern
from admin_site.descriptions.pieces import Piece, counted, in_words_of, name_of
from admin_site.descriptions.tokens import NotUnderstood

_MAX_LENGTH = 500  # characters of a pattern
_MAX_DEPTH = 20
_ANY, _ANY_CHARACTER = r"[\s\S]*", r"[\s\S]"
_BEYOND_ASCII = r"\P{ASCII}"
_QUANTIFIER = re.compile(r"(?:[*+?]|\{([0-9]{1,3})(?:(,)([0-9]{1,3})?)?\})\??")
_SYNTAX = frozenset("\\^$.|?*+()[]{}/")
# What stands in a bracket of a browser's pattern (its flag is v) only after a backslash.
_SYNTAX_OF_BRACKETS = _SYNTAX | frozenset("&-!#%,:;<=>@`~")
_SHORT = {"d": ["0-9"], "w": ["A-Z", "a-z", "0-9", "_"], "s": [r"\s"]}
_POSIX = {
    "alpha": ["A-Z", "a-z"],
    "digit": ["0-9"],
    "alnum": ["A-Z", "a-z", "0-9"],
    "upper": ["A-Z"],
    "lower": ["a-z"],
    "space": [r"\s"],
    "xdigit": ["0-9", "A-F", "a-f"],
}


def regular(source: str) -> Pattern:
    return _pattern(source, Case.DIFFERS)


def regular_in_any_case(source: str) -> Pattern:
    return _pattern(source, Case.IGNORED)


def similar(text: str) -> Pattern:
    """Return a pattern of SIMILAR TO, which is a regular expression of a whole text with LIKE's wildcards."""
    if re.search(r"[\\^$.]", text):
        raise NotUnderstood
    inside, source = False, ""
    for character in text:
        inside = character == "[" or (inside and character != "]")
        source += character if inside else {"%": ".*", "_": "."}.get(character, character)
    return _pattern(f"^(?:{source})$" if "|" in text else f"^{source}$", Case.DIFFERS)


def escaped(text: str) -> str:
    """Return a plain text as a part of a browser's pattern."""
    return "".join(f"\\{each}" if each in _SYNTAX else each for each in text)


def in_any_case(text: str) -> str:
    """Return a plain text as a part of a browser's pattern that takes small letters for capital ones."""
    return "".join(
        f"[{each.lower()}{each.upper()}]" if each in string.ascii_letters else escaped(each) for each in text
    )


def _pattern(source: str, case: Case) -> Pattern:
    has_options = source.startswith("***") or (source.startswith("(?") and not source.startswith("(?:"))
    has_odd_case = case is Case.IGNORED and not source.isascii()
    if len(source) > _MAX_LENGTH or has_options or has_odd_case:
        raise NotUnderstood
    reader = _Reader(source, case)
    found = reader.alternatives()
    if reader.rest:
        raise NotUnderstood
    inner = "".join(piece.in_browsers for piece in found)
    begins = source.startswith("^") and not reader.has_alternatives
    is_whole = begins and found[-1].in_browsers == "$"
    return Pattern(
        "".join(piece.source for piece in found),
        f"(?={inner})" if begins else f"(?={_ANY}(?:{inner}))",
        in_words_of(found[1:-1]) if is_whole else "",
        case,
        is_for_lines=True,
        is_for_ascii=reader.is_for_ascii,
    )


class _Reader:
    """One pass over a regular expression."""

    def __init__(self, source: str, case: Case) -> None:
        self.rest = source
        self.ignores_case = case is Case.IGNORED
        self.is_for_ascii = False
        self.has_alternatives = False  # outside of every group

    def alternatives(self, depth: int = 0) -> list[Piece]:
        found: list[Piece] = []
        while self.rest and not (depth and self.rest[0] == ")"):
            found.append(self._quantified(depth))
        return found

    def _quantified(self, depth: int) -> Piece:
        piece = self._atom(depth)
        match = _QUANTIFIER.match(self.rest)
        if match is None:
            return piece
        # Python would try a repetition within a repetition in every way there is.
        if piece.source in ("^", r"\Z", "|") or piece.is_endless:
            raise NotUnderstood
        self.rest = self.rest[match.end() :]
        if _QUANTIFIER.match(self.rest):
            raise NotUnderstood
        is_endless = match[0][0] in "*+" or (match[2] is not None and not match[3])
        words = counted(piece, match)
        return Piece(piece.source + match[0], piece.in_browsers + match[0], words, is_endless=is_endless)

    def _atom(self, depth: int) -> Piece:
        first, self.rest = self.rest[0], self.rest[1:]
        if first == "(":
            return self._group(depth)
        if first == "[":
            return self._bracket()
        if first == "\\":
            return self._escape()
        if first in _SIGNS:
            self.has_alternatives |= first == "|" and depth == 0
            return _SIGNS[first]
        if first in "*+?{}])":
            raise NotUnderstood
        return self._text(first)

    def _group(self, depth: int) -> Piece:
        self.rest = self.rest.removeprefix("?:")
        if depth > _MAX_DEPTH or self.rest.startswith("?"):
            raise NotUnderstood
        inside = self.alternatives(depth + 1)
        if not self.rest.startswith(")"):
            raise NotUnderstood
        self.rest = self.rest[1:]
        source, in_browsers = "".join(p.source for p in inside), "".join(p.in_browsers for p in inside)
        is_endless = any(piece.is_endless for piece in inside)
        return Piece(f"(?:{source})", f"(?:{in_browsers})", is_endless=is_endless)

    def _escape(self) -> Piece:
        letter, self.rest = self.rest[:1], self.rest[1:]
        if letter.lower() in _SHORT:
            self.is_for_ascii = True
            return self._of(_SHORT[letter.lower()], is_negated=letter.isupper(), is_for_ascii=True)
        if not letter or letter.isalnum():  # PostgreSQL has many more, most of which Python has not
            raise NotUnderstood
        return self._text(letter)

    def _text(self, character: str) -> Piece:
        in_browsers = in_any_case(character) if self.ignores_case else escaped(character)
        return Piece(re.escape(character), in_browsers, character, is_text=True)

    def _bracket(self) -> Piece:
        is_negated = self.rest.startswith("^")
        self.rest = self.rest[is_negated:]
        is_for_ascii = False
        members: list[str] = []
        while not self.rest.startswith("]") or not members:
            found, is_class = self._members()
            is_for_ascii |= is_class
            members += found
        self.rest = self.rest[1:]
        self.is_for_ascii |= is_for_ascii
        return self._of(members, is_negated=is_negated, is_for_ascii=is_for_ascii)

    def _members(self) -> tuple[list[str], bool]:
        """Return the next range, character or class of a bracket, and whether it is a class."""
        if match := re.match(r"\[:([a-z]+):\]|\\([dws])", self.rest):
            self.rest = self.rest[match.end() :]
            if match[1] and match[1] not in _POSIX:
                raise NotUnderstood
            return (_POSIX[match[1]] if match[1] else _SHORT[match[2]]), True
        first = last = self._character()
        if self.rest.startswith("-") and not self.rest.startswith("-]"):
            self.rest = self.rest[1:]
            last = self._character()
        if first > last:
            raise NotUnderstood
        ranges = [(first, last), *(_other_case(first, last) if self.ignores_case else ())]
        return [_range(*ends) for ends in ranges], False

    def _character(self) -> str:
        first, self.rest = self.rest[:1], self.rest[1:]
        if first == "\\":
            first, self.rest = self.rest[:1], self.rest[1:]
            if first.isalnum():
                raise NotUnderstood
        elif first == "[":
            raise NotUnderstood
        if not first:
            raise NotUnderstood
        return first

    def _of(self, members: list[str], *, is_negated: bool, is_for_ascii: bool) -> Piece:
        inside, sign = "".join(dict.fromkeys(members)), "^" if is_negated else ""
        more = _BEYOND_ASCII if is_for_ascii and not is_negated else ""
        one, many = (None, "") if is_negated else name_of(members)
        return Piece(f"[{sign}{inside}]", f"[{sign}{inside}{more}]", one, many)


_SIGNS = {
    "|": Piece("|", "|"),
    "^": Piece("^", "^"),
    "$": Piece(r"\Z", "$"),
    ".": Piece(_ANY_CHARACTER, _ANY_CHARACTER),
}


def _range(first: str, last: str) -> str:
    ends = [f"\\{end}" if end in _SYNTAX_OF_BRACKETS else end for end in (first, last)]
    return ends[0] if first == last else "-".join(ends)


def _other_case(first: str, last: str) -> list[tuple[str, str]]:
    """Return the range of the same letters in the other case."""
    if first.isalpha() and last.isalpha() and first.isupper() == last.isupper():
        return [(first.swapcase(), last.swapcase())]
    letters = set(string.ascii_letters)
    if letters & {chr(code) for code in range(ord(first), ord(last) + 1)}:
        raise NotUnderstood
    return []
