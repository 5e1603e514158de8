"""The words that people know things by."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from admin_site.descriptions.model import Description, Field

MAX_LABEL = 120

_ACRONYMS = re.compile("api|csv|html|https?|iban|id|ips?|isbn|json|pdf|sku|sql|ui|ur[il]s?|utc|uuid|vat|xml")
_IRREGULAR = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "mouse": "mice",
    "foot": "feet",
    "tooth": "teeth",
    "index": "indexes",
    "shelf": "shelves",
    "half": "halves",
    "leaf": "leaves",
    "wolf": "wolves",
    "knife": "knives",
    "life": "lives",
    "analysis": "analyses",
    "basis": "bases",
    "crisis": "crises",
    "news": "news",
    "series": "series",
    "species": "species",
    "data": "data",
    "metadata": "metadata",
    "information": "information",
    "equipment": "equipment",
    "staff": "staff",
    "feedback": "feedback",
}
_WORD_BREAK = re.compile(r"_+|\W+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Names that name a record, the best first; a pair of names makes one label.
_NAMING = (
    ("name",),
    ("title",),
    ("full_name",),
    ("display_name",),
    ("label",),
    ("subject",),
    ("headline",),
    ("first_name", "last_name"),
    ("user_name",),
    ("username",),
    ("login",),
    ("nickname",),
    ("email",),
    ("email_address",),
    ("code",),
    ("slug",),
    ("number",),
    ("reference",),
    ("caption",),
    ("last_name",),
    ("first_name",),
)
_NAMING_ENDINGS = ("_name", "_title", "_label")
_PLUMBING = ("sqlalchemy", "sqlmodel", "pydantic", "builtins")
_GENERIC_MODULES = ("models", "model", "tables", "entities", "__init__")


def in_words(name: str) -> str:
    """Return an identifier as words: "First name" of first_name, "User type" of UserType."""
    words = [word for word in _WORD_BREAK.split(name) if word]
    words = [_spelled(word) for word in words]
    if not words:
        return name
    words[0] = words[0][0].upper() + words[0][1:]
    return " ".join(words)


def in_plural(words: str) -> str:
    """Return the English plural of a phrase, which is that of its last word."""
    *before, last = words.split(" ")
    plural = _plural(last)
    return " ".join([*before, plural])


def slug_of(class_name: str) -> str:
    """Return the identity that SQLAdmin gives to the view of a class: "user-type" of UserType."""
    dashed = re.sub(r"(.)([A-Z][a-z]+)", r"\1-\2", class_name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", dashed).lower()


def subject_of(module: str) -> str:
    """Return the words for the last part of a module's name that says something."""
    parts = module.split(".")
    while len(parts) > 1 and parts[-1] in _GENERIC_MODULES:
        parts.pop()
    return in_words(parts[-1].strip("_")) or "Records"


def defines_str(model: type) -> bool:
    """Whether the class, or a base that is no library's, says how its records are called."""
    for base in model.__mro__:
        if "__str__" in vars(base):
            return base.__module__.partition(".")[0] not in _PLUMBING
    return False


def naming_fields(model: type, fields: Iterable["Field"]) -> tuple[str, ...]:
    """Return the fields whose values name a record best; none when no field does."""
    named = {_in_snake_case(field.name): field for field in fields if _can_name(field)}
    for names in _naming_candidates(model):
        if all(name in named for name in names):
            return tuple(named[name].name for name in names)
    for ending in _NAMING_ENDINGS:
        for name, field in named.items():
            if name.endswith(ending):
                return (field.name,)
    return tuple(field.name for field in named.values() if field.unique)[:1]


def label_of(description: "Description", record: object) -> str:
    """Return what people call the record: on one line, not empty, whatever its `__str__` does."""
    text = ""
    # A __str__ of someone else's may raise anything: a lazy load without a session, None + "text".
    with suppress(Exception):
        text = _one_line(_called(description, record))
    return text or key_label(description, record)


def key_label(description: "Description", record: object) -> str:
    """Return the model's name and the record's key, such as "User type 42"."""
    try:
        key = description.key_of(record)
    except Exception:  # an expired key of a record without a session cannot be read
        return description.name
    shown = ", ".join(_shown(part) for part in key if part is not None)
    return _one_line(f"{description.name} {shown}") or description.name


def _called(description: "Description", record: object) -> str:
    if not description.label_fields:
        return str(record) if defines_str(type(record)) else ""
    values = [getattr(record, name) for name in description.label_fields]
    return " ".join(_shown(value) for value in values if value is not None)


def _one_line(text: str) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= MAX_LABEL else line[: MAX_LABEL - 1].rstrip() + "…"


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _spelled(word: str) -> str:
    if _ACRONYMS.fullmatch(word.lower()) or (word.isupper() and len(word) > 1 and len(word) < 6):
        return word.upper()
    return word.lower()


def _plural(word: str) -> str:
    lower = word.lower()
    if lower in _IRREGULAR:
        return word[0] + _IRREGULAR[lower][1:]
    if lower.endswith("s") and not lower.endswith(("ss", "us", "is")):
        return word  # it is one already
    if re.search(r"[^aeiou]y$", lower):
        return word[:-1] + "ies"
    if re.search(r"(s|x|z|ch|sh)$", lower):
        return word + "es"
    return word + "s"


def _can_name(field: "Field") -> bool:
    return field.kind in ("text", "long_text") and field.column is not None and not field.secret


def _in_snake_case(name: str) -> str:
    """Return a name as it would be spelled here: FirstName is first_name."""
    return in_words(name).lower().replace(" ", "_")


def _naming_candidates(model: type) -> Sequence[tuple[str, ...]]:
    own = _in_snake_case(model.__name__)
    by_own_name = ((f"{own}_{ending}",) for ending in ("name", "title", "label", "code", "number"))
    return (("name",), ("title",), *by_own_name, (own,), *_NAMING)
