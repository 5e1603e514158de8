"""Which passwords somebody would guess."""

import re
import unicodedata
from collections.abc import Iterable

from zxcvbn import zxcvbn

from admin_site.errors import Invalid

MAXIMUM = 1024  # characters
TOO_LONG = f"Use at most {MAXIMUM:,} characters."
MAX_RAW = 4 * MAXIMUM  # before NFKC, whose time grows with the square of some texts' length

_ENOUGH = 8  # characters that must remain when what can be guessed is taken away

# Words with which people begin a password; what follows has to be hard to guess by itself.
_COMMON = (
    "administrator", "password", "passwort", "passw0rd", "p@ssw0rd", "pa$$word", "welcome", "letmein",
    "changeme", "iloveyou", "trustno1", "superuser", "sunshine", "princess", "football", "baseball", "dragon",
    "monkey", "master", "secret", "login", "admin", "access", "hello", "guest", "root", "user", "test",
    "spring", "summer", "autumn", "winter", "sommer", "herbst",
)  # fmt: skip
# Guesses that somebody needs who knows what people choose, as a power of ten and by zxcvbn's reckoning: fewer
# than 10^8 are "somewhat guessable" to it, and a character that follows from nothing counts ten.
_GUESSES = 8
_PIECE = 32  # characters looked at together: zxcvbn's time grows faster than the square of them

# What zxcvbn does not know: other keyboards than the American one, and their rows from top to bottom.
_ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    *("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik", "9ol", "0p", "1qay", "6zhn"),
)
_REPEATED = re.compile(r"(.{4,32}?)\1+", re.DOTALL)
_SEPARATORS = str.maketrans("", "", " \t-_.,@+")


def check_password(
    password: str,
    *,
    user_name: str,
    email_address: str,
    names: Iterable[str | None] = (),
    minimum: int,
) -> None:
    """Raise Invalid, saying what to do better, when a password is too short or can be guessed.

    `names` are further words that anybody would try: the person's names, the site's. Any characters will do;
    nothing is cut off.
    """
    _check_maximum(len(password), MAX_RAW)
    text = normalized(password)
    if len(text) < minimum:
        raise _invalid(
            f"Use at least {minimum} characters. A few words that do not belong together are easy."
        )
    _check_maximum(len(text), MAXIMUM)
    rest = _simplified(text)
    own = (user_name, email_address, *email_address.split("@"), *names)
    words = {_simplified(word) for word in own if word and len(word) <= MAXIMUM}
    rest = _without(rest, sorted(words, key=len, reverse=True))
    if len(rest) < min(_ENOUGH, len(_simplified(text))):
        raise _invalid("Do not make the password of your own name, your e-mail address or the site's name.")
    bare = _without(rest, _COMMON)
    is_hard = _effort(bare) >= min(_ENOUGH, minimum - 2) and _takes(10 ** min(_GUESSES, minimum - 1), bare)
    if not is_hard or _is_stretched(rest, minimum):
        raise _invalid("This password is easy to guess. Use a few words that do not belong together.")


def normalized(password: str) -> str:
    """Return the password as every keyboard means it (NIST SP 800-63B-4, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _check_maximum(length: int, maximum: int) -> None:
    if length > maximum:
        raise _invalid(TOO_LONG)


def _invalid(words: str) -> Invalid:
    return Invalid({"password": words})


def _simplified(text: str) -> str:
    return normalized(text).casefold().translate(_SEPARATORS)


def _without(text: str, words: Iterable[str]) -> str:
    for word in words:
        if len(word) > 2:
            text = text.replace(word, "")
    return text


def _takes(guesses: int, text: str) -> bool:
    """Return whether it takes so many guesses to find a piece of `text`, for somebody who begins with the
    passwords that were found most often, words, names, dates and rows of keys, and puts them together.
    """
    pieces = (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
    return any(zxcvbn(piece)["guesses"] >= guesses for piece in pieces)


def _effort(text: str) -> int:
    """Return how many characters of `text` do not follow from those before them."""
    return min(_period(text), _surprises(text, 1), _surprises(text, 2))


def _is_stretched(text: str, minimum: int) -> bool:
    """Return whether `text` is long enough only because it says something twice."""
    once = _REPEATED.sub(r"\1", text)
    return once != text and len(once) < minimum


def _period(text: str) -> int:
    """Return the length of the shortest piece that makes up the whole text when repeated."""
    return next((size for size in range(1, len(text)) if text[size:] == text[:-size]), len(text))


def _surprises(text: str, stride: int) -> int:
    """Count the characters that do not follow from the one `stride` before them."""
    pairs = zip(text, text[stride:], strict=False)
    return stride + sum(not _follows(before, after) for before, after in pairs)


def _follows(before: str, after: str) -> bool:
    """Return whether two characters are equal or neighbours, in the alphabet or on a keyboard."""
    pair = before + after
    return abs(ord(before) - ord(after)) <= 1 or any(pair in row or pair[::-1] in row for row in _ROWS)
