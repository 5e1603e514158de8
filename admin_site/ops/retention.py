"""Deleting what was kept long enough: by a command, and by the site itself every hour."""

import logging
import random
import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from admin_site import audit
from admin_site.config import Settings
from admin_site.database import Database
from admin_site.errors import AdminSiteError
from admin_site.models import utc_now
from admin_site.ops.alone import alone
from admin_site.services import retention

EVERY = 3600.0  # seconds between two sweeps of a process
FIRST = 60.0  # seconds at most until the first one: processes that start together do not sweep together
EVENTS = "security events"

_LOG = logging.getLogger("admin_site")
_BEFORE_ANYTHING = datetime(1970, 1, 1, tzinfo=UTC)


def sweep(
    settings: Settings, *, now: datetime | None = None, since: datetime = _BEFORE_ANYTHING
) -> dict[str, int] | None:
    """Delete what was kept long enough; return how many rows of each kind that were.

    Each thousand rows are a transaction of their own. None says that another process is sweeping, or
    migrating, and nothing was done. Of security events only those that happened after `since` are looked at.
    """
    now = now or utc_now()
    events_before = now - timedelta(days=settings.security_events_days)
    # Connections of its own: whoever asks for a page waits for none of them.
    own = settings.model_copy(update={"pool_size": 2, "max_overflow": 0})
    with Database.from_settings(own) as database, alone(database.engine, wait=0) as is_alone:
        if not is_alone:
            return None
        numbers = {name: _sweep_all(database, each, now) for name, each in retention.SWEEPS.items()}
        return numbers | {EVENTS: _sweep_events(database, since, events_before)}


class Sweeper:
    """Sweeps every hour, in a thread of its own, while the site serves."""

    def __init__(self, settings: Settings, first: float | None = None, every: float = EVERY) -> None:
        self._settings = settings
        self._first = random.uniform(FIRST / 2, FIRST) if first is None else first  # noqa: S311 - no secret
        self._every = every
        self._since = _BEFORE_ANYTHING
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what a sweep under way has not done yet the next one does."""
        self._is_over.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        pause = self._first
        while not self._is_over.wait(pause):
            pause = self._every
            now = utc_now()
            try:
                numbers = sweep(self._settings, now=now, since=self._since)
            except (AdminSiteError, SQLAlchemyError) as error:
                _LOG.warning("What was kept long enough could not be deleted: %s", type(error).__name__)
                continue
            if numbers is not None:
                self._since = now - timedelta(days=self._settings.security_events_days)


def _sweep_all(database: Database, sweep_some: retention.Sweep, now: datetime) -> int:
    total = 0
    while True:
        with database.session() as session:
            number = sweep_some(session, now)
        total += number
        if number < retention.SWEPT:
            return total


def _sweep_events(database: Database, since: datetime, before: datetime) -> int:
    total = 0
    while since < before:
        with database.session() as session:
            number, since = audit.sweep(session, since, before)
        total += number
    return total
