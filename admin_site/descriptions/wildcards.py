"""The wildcards of LIKE and GLOB as Patterns."""

import re
from dataclasses import replace

from admin_site.descriptions.patterns import Case, Pattern
from admin_site.descriptions.regexes import escaped, in_any_case
from admin_site.descriptions.tokens import NotUnderstood

_ANY, _ONE = r"[\s\S]*", r"[\s\S]"


def like(text: str) -> Pattern:
    """Return a pattern of LIKE, which takes small letters for capital ones on SQLite alone."""
    return _of_like(text, Case.UNSAID)


def like_in_this_case(text: str) -> Pattern:
    return _of_like(text, Case.DIFFERS)


def like_in_any_case(text: str) -> Pattern:
    if not text.isascii():
        raise NotUnderstood
    return _of_like(text, Case.IGNORED)


def glob(text: str) -> Pattern:
    """Return a pattern of SQLite's GLOB, without brackets."""
    if "[" in text:
        raise NotUnderstood
    return _pattern(re.split(r"([*?])", text), "*", "?", Case.DIFFERS)


def _of_like(text: str, case: Case) -> Pattern:
    if "\\" in text:  # it stands for itself on SQLite alone
        raise NotUnderstood
    return _pattern(re.split("([%_])", text), "%", "_", case)


def _pattern(parts: list[str], many: str, one: str, case: Case) -> Pattern:
    """Return the pattern of a whole text in which wildcards stand between plain parts."""
    wildcards = {many: _ANY, one: _ONE}
    write = escaped if case is Case.DIFFERS else in_any_case
    source = "".join(wildcards.get(part, re.escape(part)) for part in parts)
    in_browsers = "".join(wildcards.get(part) or write(part) for part in parts)
    found = Pattern(rf"\A(?:{source})\Z", f"(?={in_browsers}$)", case=case)
    return replace(found, words=_words([part for part in parts if part], many, one))


def _words(parts: list[str], many: str, one: str) -> str:
    plain = [part for part in parts if part not in (many, one)]
    if len(plain) != 1 or one in parts or len(parts) > 3:
        return ""
    if parts[0] == many and parts[-1] == many:
        return f"a text with “{plain[0]}” in it"
    if parts[-1] == many:
        return f"a text that begins with “{plain[0]}”"
    return f"a text that ends with “{plain[0]}”" if parts[0] == many else f"“{plain[0]}”"
