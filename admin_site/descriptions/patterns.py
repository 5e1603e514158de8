"""What a text has to look like."""

import re
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cached_property

_MAX_LENGTH = 1000  # characters: Python's search may take the square of it


class Case(StrEnum):
    """Whether capital letters differ from small ones."""

    DIFFERS = auto()
    IGNORED = auto()
    UNSAID = auto()  # it differs on PostgreSQL, but not on SQLite: LIKE


@dataclass(frozen=True)
class Pattern:
    """A pattern that a text has to fit."""

    source: str  # a regular expression of Python's, searched for
    in_browsers: str = ""  # a lookahead for HTML's `pattern` that lets pass whatever fits; "": there is none
    words: str = ""  # what fits, to follow "Enter": "5 digits"; "": it cannot be said
    case: Case = Case.DIFFERS
    is_for_lines: bool = False  # how it takes line ends differs between databases
    is_for_ascii: bool = False  # which other letters and digits it takes differs between databases

    def fits(self, text: str) -> bool | None:
        """Return whether `text` fits; None where databases differ or it is long."""
        if len(text) > _MAX_LENGTH or (self.is_for_lines and ("\n" in text or "\r" in text)) or "\0" in text:
            return None
        if not text.isascii() and (self.is_for_ascii or self.case is Case.IGNORED):
            return None
        found = {re.search(self.source, text, flags) is not None for flags in self._flags}
        return found.pop() if len(found) == 1 else None

    @cached_property
    def _flags(self) -> tuple[re.RegexFlag, ...]:
        flags = (re.NOFLAG, re.IGNORECASE)
        return {Case.DIFFERS: flags[:1], Case.IGNORED: flags[1:], Case.UNSAID: flags}[self.case]
