"""What people call a record."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from admin_site.descriptions.names import in_snake_case, squashed
from admin_site.descriptions.unreadable import Unreadable

if TYPE_CHECKING:
    from admin_site.descriptions.model import Description, Field

MAX_LABEL = 120
MAX_NAMES = 3  # ways to name a record that are tried one after the other

# Names that name a record, the best first; a pair of names makes one label.
_BEST = (
    ("name",),
    ("full_name",),
    ("display_name",),
    ("first_name", "last_name"),
    ("given_name", "family_name"),
    ("forename", "surname"),
)
_OWN_ENDINGS = (
    "name",
    "title",
    "label",
    "code",
    "number",
    "description",
)  # of the class's own name: order_number
_NAMING = (
    ("title",),
    ("label",),
    ("subject",),
    ("headline",),
    ("user_name",),
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


def defines_str(model: type) -> bool:
    """Whether the class, or a base that is no library's, says how its records are called."""
    for base in model.__mro__:
        if "__str__" in vars(base):
            return base.__module__.partition(".")[0] not in _PLUMBING
    return False


def naming_fields(name: str, model: type, fields: Iterable["Field"]) -> tuple[tuple[str, ...], ...]:
    """Return the fields whose values name a record, the best first; each member makes one label.

    A record that holds nothing in the first is called by the second. `name` is what such records are called.
    """
    naming = [field for field in fields if _can_name(field)]
    groups = dict.fromkeys(_naming_groups(name, model, naming))
    return tuple(groups)[:MAX_NAMES]


def label_of(description: "Description", record: object) -> str:
    """Return what people call the record: on one line, not empty, whatever its `__str__` does."""
    text = ""
    # A __str__ of someone else's may raise anything: a lazy load without a session, None + "text".
    with suppress(Exception):
        text = _called(description, record)
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
        return _one_line(str(record)) if defines_str(type(record)) else ""
    for names in (description.label_fields, *description.other_label_fields):
        values = [getattr(record, name) for name in names]
        words = (_shown(value) for value in values if value is not None and type(value) is not Unreadable)
        if text := _one_line(" ".join(words)):
            return text
    return ""


def _one_line(text: str) -> str:
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(text.split())
    return line if len(line) <= MAX_LABEL else line[: MAX_LABEL - 1].rstrip() + "…"


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _can_name(field: "Field") -> bool:
    return field.kind in ("text", "long_text") and field.column is not None and not field.secret


def _naming_groups(name: str, model: type, fields: list["Field"]) -> Iterator[tuple[str, ...]]:
    by_name = {squashed(field.name): field.name for field in reversed(fields)}
    own = dict.fromkeys((squashed(name), squashed(model.__name__)))
    by_own_name = [(f"{word}{ending}",) for word in own for ending in (*_OWN_ENDINGS, "")]
    for names in (*_BEST, *by_own_name, *_NAMING):
        group = [squashed(part) for part in names]
        if all(part in by_name for part in group):
            yield tuple(by_name[part] for part in group)
    for ending in _NAMING_ENDINGS:
        yield from ((field.name,) for field in fields if in_snake_case(field.name).endswith(ending))
    yield from ((field.name,) for field in fields if field.unique)
