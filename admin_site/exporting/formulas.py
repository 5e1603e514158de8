"""Texts that a spreadsheet would take for formulas.

A cell that begins with one of these characters is run when the file is opened (OWASP, CSV injection). An
apostrophe before it is what spreadsheets themselves write to say "this is text". A text that begins with
apostrophes and then such a character gets one more, so that who takes one away has the exact text back.
"""

import re

DANGEROUS = frozenset("=+-@\t\r\n＝＋－＠")

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # wide forms are taken for narrow ones


def is_formula(text: str) -> bool:
    """Whether `text`, or `text` behind apostrophes, would be run."""
    return _FORMULA.match(text) is not None


def neutral(text: str) -> str:
    """Return `text` so that a spreadsheet shows it and runs nothing."""
    return "'" + text if is_formula(text) else text


def original(text: str) -> str:
    """Return the text that `neutral` was given."""
    return text[1:] if text.startswith("'") and is_formula(text) else text
