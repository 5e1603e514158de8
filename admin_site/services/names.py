"""The names under which a person signs in: what they may look like, and whose they are."""

import re
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from admin_site.errors import Invalid
from admin_site.models import User
from admin_site.models.audit import ACTORS, CLI
from admin_site.services.constraints import REQUIRED, TAKEN

NAMES = frozenset({"user_name", "email_address"})
FULL_NAME = frozenset({"first_name", "last_name"})
RESERVED = "The site itself is called so in the history of changes. Choose another name."

# Characters that show nothing though Unicode takes them for letters, marks or symbols.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")
# How the audit trail calls those who run commands.
_LIKE_CLI = re.compile(rf"\W*{CLI[:-1]}\s*[^\w\s'.-]")


def is_called(column: Any, name: str) -> ColumnElement[bool]:
    """Return the condition that a column holds `name`, in whatever case."""
    # The database folds the case on both sides, as its unique index does.
    return func.lower(column) == func.lower(name)


def check_names(session: Session, user: User) -> None:
    """Raise Invalid, by field, when a person may not be called so, or somebody else is already."""
    errors = {
        "user_name": _name_error(user.user_name, 150),
        "email_address": _name_error(user.email_address, 254),
    }
    if not errors["email_address"] and "@" not in user.email_address.strip("@"):
        errors["email_address"] = "Enter an e-mail address such as name@example.org."
    if not errors["user_name"] and "@" in user.user_name and not _is_own_address(user):
        errors["user_name"] = "Use no “@”, unless the name is the person's own e-mail address."
    if not errors["user_name"] and set("()") & set(user.user_name):
        errors["user_name"] = "Use no brackets: the history of changes puts the user name between them."
    if not errors["user_name"] and _is_reserved(user.user_name):
        errors["user_name"] = RESERVED
    if not any(errors.values()):
        errors = _taken(session, user)
    if any(errors.values()):
        raise Invalid({name: words for name, words in errors.items() if words})


def check_full_name(user: User) -> None:
    """Raise Invalid when a person would be called what the history calls those who have no account."""
    if _is_reserved(f"{user.first_name or ''} {user.last_name or ''}"):
        raise Invalid({"first_name" if user.first_name else "last_name": RESERVED})


def _is_reserved(name: str) -> bool:
    is_like_a_command = _LIKE_CLI.match(unicodedata.normalize("NFKC", name).casefold())
    return bool(is_like_a_command) or _letters(name) in set(map(_letters, ACTORS))


def _letters(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum())


def _name_error(name: str | None, length: int) -> str:
    if not name:
        return REQUIRED
    if not name.isprintable() or _INVISIBLE.search(name):
        return "Use printable characters only."
    return f"Use at most {length} characters." if len(name) > length else ""


def _is_own_address(user: User) -> bool:
    return user.user_name.casefold() == (user.email_address or "").casefold()


def _taken(session: Session, user: User) -> dict[str, str]:
    """Return which name is somebody else's: one person's user name is not another's address either."""
    has_name, has_email = (
        or_(is_called(User.user_name, name), is_called(User.email_address, name))
        for name in (user.user_name, user.email_address)
    )
    statement = select(has_name, has_email).where(or_(has_name, has_email), User.user_id != user.user_id)
    with session.no_autoflush:  # what is asked about is not stored yet
        rows = session.execute(statement).all()
    return {
        "user_name": TAKEN if any(row[0] for row in rows) else "",
        "email_address": TAKEN if any(row[1] for row in rows) else "",
    }
