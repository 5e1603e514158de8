"""What all formats have in common: columns of values become columns of texts, which a format joins to rows.

A batch is encoded column by column: its values are nearly always of one type, whose function is then looked
up once and mapped over all of them. A value of another type, which a loose database may hold in any column,
is never an error.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from markupsafe import Markup

from admin_site.exporting.columns import Column, Conversions, conversion_of

Write = Callable[[Any], str]  # the text of one value, never of None

Columns = Sequence[Sequence[Any]]  # some rows, as the values of each column

# What a function raises for a value it does not expect, such as a moment beyond the calendar.
UNWRITABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)

_NONE = type(None)


class Encoder(ABC):
    """Writes one file: `start`, `rows` as often as there are some, `finish`.

    `broken` is written in place of `finish` when the file ends early: it tells whoever opens it.
    """

    empty: ClassVar[str] = ""  # the text of None

    def __init__(self, columns: Sequence[Column], title: str = "") -> None:
        self.columns = tuple(columns)
        self.title = title
        self._conversions = [conversion_of(column, self.conversions) for column in columns]
        self._writers: list[dict[type, Write]] = [{} for _ in columns]

    @abstractmethod
    def start(self) -> bytes: ...

    @abstractmethod
    def rows(self, values: Columns) -> bytes: ...

    @abstractmethod
    def finish(self) -> bytes: ...

    def broken(self, rows: int) -> bytes:
        return f"This file is not complete: it broke off after {rows:,} rows.\r\n".encode()

    @property
    def conversions(self) -> Conversions:
        """What values of some kinds become for this format, and no other."""
        return {}

    @abstractmethod
    def writers(self, column: Column) -> Mapping[type, Write]:
        """Return what writes values of each type; `object` stands for all others."""

    def texts(self, values: Columns) -> list[Iterable[str]]:
        """Return the texts of the columns."""
        return [self._texts(place, each) for place, each in enumerate(values)]

    def many(self, column: Column, values: Sequence[str]) -> Iterable[str] | None:
        """Return the texts of plain strings when there is a quicker way than one by one."""
        return None

    def _texts(self, place: int, values: Sequence[Any]) -> Iterable[str]:
        try:
            return self._together(place, values)
        except UNWRITABLE:
            return [self._alone(place, value) for value in values]

    def _together(self, place: int, values: Sequence[Any]) -> Iterable[str]:
        if convert := self._conversions[place]:
            values = [None if value is None else convert(value) for value in values]
        types = set(map(type, values))
        if len(types) > 1:
            empty, write_as = self.empty, self._writer
            return [empty if value is None else write_as(place, type(value))(value) for value in values]
        kind = types.pop() if types else _NONE
        if kind is _NONE:
            return [self.empty] * len(values)
        if kind is str and (texts := self.many(self.columns[place], values)) is not None:
            return texts
        return [*map(self._writer(place, kind), values)]

    def _alone(self, place: int, value: Any) -> str:
        """Return the text of one value, that of its str() if there is no better one."""
        try:
            (text,) = self._together(place, [value])
        except UNWRITABLE:
            return self._writer(place, str)(plain(value))
        return text

    def _writer(self, place: int, kind: type) -> Write:
        known = self._writers[place]
        if kind not in known:
            table = self.writers(self.columns[place])
            known[kind] = next(table[base] for base in kind.__mro__ if base in table)
        return known[kind]


def plain(value: Any) -> str:
    """Return a value of an unknown type as text, without the tags of what a formatter made for a page."""
    return value.striptags() if isinstance(value, Markup) else str(value)


def size_of(value: Any) -> str:
    """Return what a page says of bytes."""
    return f"{len(value):,} bytes"
