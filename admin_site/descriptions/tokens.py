"""The words that a SQL expression is made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto


class Sort(StrEnum):
    WORD = auto()
    QUOTED = auto()  # a name in quotes, which keeps its capital letters
    TEXT = auto()
    NUMBER = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True)
class Token:
    sort: Sort
    text: str  # of a quoted name or a text: what stands between the quotes

    @property
    def is_plain(self) -> bool:
        """Whether it may be a part of the language, and no more than that."""
        return self.sort in (Sort.WORD, Sort.SIGN)


class NotUnderstood(Exception):
    """An expression holds something that is not read here."""


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
    | (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")+"|`(?:[^`]|``)+`)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?!\w))
    | (?P<word>[^\W\d]\w*)
    | (?P<sign>!~~\*|!~~|!~\*|!~|~~\*|~~|~\*|~|::|<=|>=|<>|!=|==|[=<>(),.\[\]+-])
    )""",
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r'"((?:[^"]|"")+)"|(\w+)')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'"}


def tokens(sql: str) -> list[Token]:
    """Return the words and signs of an expression, an END after them (raises NotUnderstood)."""
    return [*_tokens(sql.rstrip()), Token(Sort.END, "")]


def words_in(sql: str) -> set[str]:
    """Return every word of an expression, understood or not, that may be the name of a column."""
    without_texts = re.sub(r"'(?:[^']|'')*'", " ", sql)
    return {quoted.replace('""', '"') or plain for quoted, plain in _NAME.findall(without_texts)}


def _tokens(sql: str) -> Iterator[Token]:
    place = 0
    while place < len(sql):
        match = _TOKEN.match(sql, place)
        if match is None:
            raise NotUnderstood
        yield _token(match)
        place = match.end()


def _token(match: re.Match[str]) -> Token:
    kind = match.lastgroup
    text = match[kind] if kind else ""
    if kind == "text":
        return Token(Sort.TEXT, text[1:-1].replace("''", "'"))
    if kind == "escaped":
        return Token(Sort.TEXT, re.sub(r"\\(.)|''", _unescaped, text[2:-1], flags=re.DOTALL))
    if kind == "quoted":
        return Token(Sort.QUOTED, text[1:-1].replace(text[0] * 2, text[0]))
    return Token({"number": Sort.NUMBER, "word": Sort.WORD}.get(kind or "", Sort.SIGN), text)


def _unescaped(match: re.Match[str]) -> str:
    if match[1] is None:
        return "'"
    if match[1] not in _ESCAPES:
        raise NotUnderstood
    return _ESCAPES[match[1]]


class Cursor:
    """A place among the words of an expression."""

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._place = 0

    @property
    def next(self) -> Token:
        return self._words[self._place]

    def advance(self) -> Token:
        """Return the next word and go on to the one after it."""
        token = self.next
        if token.sort is Sort.END:
            raise NotUnderstood
        self._place += 1
        return token

    def is_at(self, *texts: str) -> bool:
        return self.next.is_plain and self.next.text.lower() in texts

    def take(self, text: str) -> bool:
        """Go on if `text` is next, and return whether it was."""
        is_there = self.is_at(text)
        self._place += is_there
        return is_there

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise NotUnderstood

    def end(self) -> None:
        if self.next.sort is not Sort.END:
            raise NotUnderstood
