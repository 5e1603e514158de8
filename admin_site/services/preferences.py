"""How a person wants pages to be, kept with their account."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import update
from sqlalchemy.orm import Session

from admin_site.audit import UNAUDITED
from admin_site.errors import Invalid
from admin_site.languages import LANGUAGES
from admin_site.models import User
from admin_site.permissions import Preferences

THEMES = {"light": "Light", "dark": "Dark"}

_NO_RECORD = {UNAUDITED: "how somebody likes pages changes nothing of the record that others see"}

_WRONG = {
    "language": "Choose one of the languages.",
    "time_zone": "Choose one of the time zones.",
    "theme": "Choose light, dark, or as the device says.",
}


_PARTS_OF_THE_WORLD = tuple(
    f"{part}/"
    for part in (
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
)


def choose(session: Session, user: User, chosen: Mapping[str, str]) -> None:
    """Keep what a person chose of `language`, `time_zone` and `theme`; "" leaves it to their browser.

    Raises Invalid with what is wrong by name.
    """
    errors = {name: _WRONG[name] for name, value in chosen.items() if value and value not in choices(name)}
    if errors:
        raise Invalid(errors)
    values = {name: value or None for name, value in chosen.items()}
    own = update(User).where(User.user_id == user.user_id)
    session.execute(own.values(**values, updated_at=User.updated_at), execution_options=_NO_RECORD)
    session.expire(user, list(values))


def choices(name: str) -> frozenset[str]:
    """Return what may be chosen for one of the preferences."""
    if name == "time_zone":
        return frozenset(time_zones())
    return frozenset(LANGUAGES if name == "language" else THEMES)


def stored(user: User) -> Preferences:
    """Return what a person has chosen."""
    return Preferences(user.language or "", user.time_zone or "", user.theme or "")


@cache
def time_zones() -> tuple[str, ...]:
    """Return the time zones of places, and UTC, in alphabetical order."""
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(_PARTS_OF_THE_WORLD)))
