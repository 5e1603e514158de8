"""Names for addresses, made from texts."""

import re
import unicodedata

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i"}
)
_APOSTROPHES = re.compile("['\u2019]")


def slug_of(text: str, limit: int | None = None) -> str:
    """Return a name for addresses: "Crème brûlée!" is "creme-brulee".

    Latin letters lose their marks; those of other scripts stay, as browsers show them in addresses. One that
    is longer than `limit` is cut between words, if it has several. static/widgets.js does the same.
    """
    plain = "".join(
        _plain(letter) for letter in unicodedata.normalize("NFC", text).lower().translate(_LETTERS)
    )
    letters = [letter if _is_kept(letter) else "-" for letter in _APOSTROPHES.sub("", plain)]
    slug = re.sub("-+", "-", "".join(letters)).strip("-")
    if limit is None or len(slug) <= limit:
        return slug
    cut = slug[:limit]
    whole = cut if slug[limit] == "-" else cut.rpartition("-")[0]
    return (whole or cut).strip("-")


def _plain(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)
    if not ("a" <= base[0] <= "z"):
        return letter
    return "".join(part for part in base if not unicodedata.combining(part))


def _is_kept(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN"
