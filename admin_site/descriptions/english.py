"""The singular and the plural of English words, as far as a few rules and a list of exceptions reach."""

import re
from collections.abc import Callable

_IRREGULAR = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "mouse": "mice",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "quiz": "quizzes",
    "index": "indexes",
    "matrix": "matrices",
    "vertex": "vertices",
    "appendix": "appendices",
    "axis": "axes",
    "criterion": "criteria",
    "phenomenon": "phenomena",
    "medium": "media",
    "shelf": "shelves",
    "half": "halves",
    "leaf": "leaves",
    "wolf": "wolves",
    "knife": "knives",
    "life": "lives",
    "wife": "wives",
    "loaf": "loaves",
    "thief": "thieves",
    "hero": "heroes",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "echo": "echoes",
    "veto": "vetoes",
    "movie": "movies",
    "cookie": "cookies",
    "calorie": "calories",
    "tie": "ties",
    "pie": "pies",
    "cache": "caches",
    "niche": "niches",
    "headache": "headaches",
    "lens": "lenses",
    "bus": "buses",
    "alias": "aliases",
    "atlas": "atlases",
    "bias": "biases",
    "canvas": "canvases",
    "gas": "gases",
}
_SINGULARS = {plural: singular for singular, plural in _IRREGULAR.items()} | {"indices": "index"}
# Words that are both, and those that only look like a plural.
_BOTH = re.compile(
    "news|series|species|(meta)?data|information|equipment|staff|feedback|software|hardware|money|advice|traffic"
    "|research|knowledge|fish|sheep|deer|aircraft|offspring|settings|analytics|statistics|logistics|goods"
    "|sms|dns|gps"
)
_NO_PLURAL = re.compile(r".*(ss|us|is)|chaos|cosmos")  # address, status, analysis
_OF_SIS = re.compile("(lys|thes|gnos|cris)es$")  # analyses, hypotheses
# The singular of these lacks -es: statuses, boxes, branches; but not that of houses and sizes.
_WITH_ES = re.compile(r".*(ss|x|sh|ch|zz|tz|[^aeo]us)es")


def in_plural(words: str) -> str:
    """Return the plural of a phrase, which is that of its last word; a plural stays as it is."""
    return _with_last(words, _plural)


def in_singular(words: str) -> str:
    """Return the singular of a phrase, which is that of its last word; a singular stays as it is."""
    return _with_last(words, _singular)


def _with_last(words: str, change: Callable[[str], str]) -> str:
    *before, last = words.split(" ")
    return " ".join([*before, change(last)])


def _plural(word: str) -> str:
    lower = word.lower()
    if _BOTH.fullmatch(lower) or lower in _SINGULARS or (lower not in _IRREGULAR and _is_plural(word)):
        return word
    if lower in _IRREGULAR:
        return word[0] + _IRREGULAR[lower][1:]
    if lower.endswith("sis"):
        return word[:-2] + "es"
    if re.search("[^aeiou]y$", lower):
        return word[:-1] + "ies"
    return word + ("es" if re.search("(s|x|z|ch|sh)$", lower) else "s")


def _singular(word: str) -> str:
    lower = word.lower()
    if lower in _SINGULARS:
        return word[0] + _SINGULARS[lower][1:]
    if _BOTH.fullmatch(lower) or lower in _IRREGULAR or not _is_plural(word):
        return word
    if _OF_SIS.search(lower):
        return word[:-2] + "is"
    if lower.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if _WITH_ES.fullmatch(lower) else word[:-1]


def _is_plural(word: str) -> bool:
    if word.endswith("s") and word[:-1].isupper():
        return True  # APIs
    return word.lower().endswith("s") and len(word) > 2 and not _NO_PLURAL.fullmatch(word.lower())
