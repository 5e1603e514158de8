"""Attempts to sign in that have to wait after too many failed ones.

What failed is counted in the database, three times: for the account, for the name that was typed, and for
the address it came from. Names that nobody has are counted as if somebody had them. The answer to an attempt
depends on the name and the address alone: if the two names of a person had one count in sight, ten wrong
attempts with the first would tell that the second is theirs.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Row, Select, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.audit import UNAUDITED
from admin_site.errors import TooManyAttempts
from admin_site.models import Throttle, User, utc_now
from admin_site.models.accounts import normalize_name
from admin_site.security.throttling import ACCOUNT, ADDRESS, Limit, client_of

_INSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_NO_RECORD = {UNAUDITED: "that somebody has to wait is recorded as an event"}
_SECOND = timedelta(seconds=1)

Failures = Row[str, int, datetime, datetime | None]


def check(
    session: Session, user: User | None, name: str, address: str | None, *, now: datetime | None = None
) -> None:
    """Raise TooManyAttempts while attempts have to wait: of `user`, with `name`, or from `address`.

    Without a `user` it is told by the name and the address alone whether they have to.
    """
    now = now or utc_now()
    _refuse(_blocked(session, _keys(user, name, address), now), now)


def is_open(
    session: Session, user: User | None, name: str, address: str | None, *, now: datetime | None = None
) -> bool:
    """Return whether an attempt that proved right may go on, once those who failed meanwhile are counted.

    They may have while a password was hashed: of many guesses sent at once no more are heard than of as many
    sent one after another. What `session` did is committed, so that nobody waits longer for their count.
    """
    now = now or utc_now()
    statement = _in_order(_keys(user, name, address)).with_for_update()
    is_blocked = any(_is_blocked(row, now) for row in session.execute(statement))
    session.commit()
    return not is_blocked


def note_failure(
    session: Session, user: User | None, name: str, address: str | None, *, now: datetime | None = None
) -> None:
    """Count a failed attempt; commit after it, so that nobody waits for the count.

    Raises TooManyAttempts, in the place of any other answer, when others failed so often meanwhile that this
    attempt would have had to wait: it does not count.
    """
    now = now or utc_now()
    account, typed, *place = _keys(user, name, address)
    stored = _lock(session, [account, typed, *place], now)
    _refuse([stored[key] for key in (typed, *place) if _is_blocked(stored[key], now)], now)
    if (until := _count(session, stored[account], ACCOUNT, now)) is not None:
        audit.note(session, "locked", user, label="" if user else "unknown name", changes=_until(until))
    _count(session, stored[typed], ACCOUNT, now)
    for key in place:
        if (until := _count(session, stored[key], ADDRESS, now)) is not None:
            audit.note(session, "throttled", label=client_of(address or ""), changes=_until(until))


def count_request(
    session: Session, subject: str, address: str | None, limit: Limit, *, now: datetime | None = None
) -> None:
    """Count one more request for `subject` from an address, whatever comes of it.

    Raises TooManyAttempts when there were too many: it does not count.
    """
    now = now or utc_now()
    if address is None:
        return
    key = _digest(subject, client_of(address))
    row = _lock(session, [key], now)[key]
    _refuse([row] if _is_blocked(row, now) else [], now)
    _count(session, row, limit, now)


def clear(session: Session, user: User) -> bool:
    """Let `user` try again at once; return whether they had to wait. Addresses still do.

    Call it last: who holds a count waits for nothing else, so that nobody waits in a circle.
    """
    had_to = blocked_until(session, user) is not None
    stored = _in_order(_keys_of(user)).with_only_columns(Throttle.key).with_for_update()
    session.execute(delete(Throttle).where(Throttle.key.in_(stored)), execution_options=_NO_RECORD)
    return had_to


def blocked_until(session: Session, user: User, *, now: datetime | None = None) -> datetime | None:
    """Return until when `user` has to wait, by either of their names; None when they may sign in."""
    blocked = _blocked(session, _keys_of(user), now or utc_now())
    return max((row.blocked_until for row in blocked if row.blocked_until), default=None)


def sweep_throttles(session: Session, now: datetime) -> int:
    """Forget what has not failed for so long that it counts no more; return how many there were."""
    kept = max(ACCOUNT.memory, ADDRESS.memory)
    statement = delete(Throttle).where(Throttle.failed_at < now - kept)
    return cast(CursorResult[Any], session.execute(statement, execution_options=_NO_RECORD)).rowcount


def _keys_of(user: User) -> list[str]:
    return [_account(user, ""), _name(user.user_name), _name(user.email_address)]


def _keys(user: User | None, name: str, address: str | None) -> list[str]:
    return [_account(user, name), _name(name), *_address(address)]


def _account(user: User | None, name: str) -> str:
    return _digest("account", str(user.user_id)) if user else _digest("nobody", _plain(name))


def _name(name: str) -> str:
    return _digest("name", _plain(name))


def _address(address: str | None) -> list[str]:
    return [_digest("address", client_of(address))] if address else []


def _plain(name: str) -> str:
    """Return a name as people are found by it: however it is written it is counted once."""
    return normalize_name(name).lower()


def _digest(*subject: str) -> str:
    return hashlib.sha256("\0".join(subject).encode(errors="surrogatepass")).hexdigest()


def _blocked(session: Session, keys: Iterable[str], now: datetime) -> list[Failures]:
    rows = session.execute(_in_order(keys))
    return [row for row in rows if _is_blocked(row, now)]


def _in_order(keys: Iterable[str]) -> Select[str, int, datetime, datetime | None]:
    """Return the SELECT of what is stored of some keys, in the one order in which rows are held."""
    columns = Throttle.key, Throttle.failures, Throttle.failed_at, Throttle.blocked_until
    return select(*columns).where(Throttle.key.in_(keys)).order_by(Throttle.key)


def _is_blocked(row: Failures, now: datetime) -> bool:
    return row.blocked_until is not None and row.blocked_until > now


def _refuse(blocked: Iterable[Failures], now: datetime) -> None:
    waits = [row.blocked_until - now for row in blocked if row.blocked_until]
    if waits:
        raise TooManyAttempts(math.ceil(max(waits) / _SECOND))


def _lock(session: Session, keys: list[str], now: datetime) -> Mapping[str, Failures]:
    """Return what is stored of each key, which nobody else counts until the transaction ends."""
    rows = [{"key": key, "failures": 0, "failed_at": now} for key in sorted(keys)]
    insert = _INSERT[session.get_bind(Throttle).dialect.name](Throttle).values(rows)
    # An update that changes nothing holds the row and returns it; ON CONFLICT DO NOTHING does neither.
    statement = insert.on_conflict_do_update(
        index_elements=[Throttle.key], set_={"failures": Throttle.failures}
    ).returning(Throttle.key, Throttle.failures, Throttle.failed_at, Throttle.blocked_until)
    found = session.execute(statement, execution_options=_NO_RECORD)
    return {row.key: row for row in found}


def _count(session: Session, row: Failures, limit: Limit, now: datetime) -> datetime | None:
    """Count one more failure, unless it is waiting already; return until when it has to wait from now on."""
    if _is_blocked(row, now):
        return None
    failures = limit.counted(row.failures, now - row.failed_at)
    wait = limit.wait(failures)
    until = now + wait if wait else None
    values = {"failures": failures, "failed_at": now, "blocked_until": until}
    session.execute(
        update(Throttle).where(Throttle.key == row.key).values(values),
        execution_options={**_NO_RECORD, "synchronize_session": False},
    )
    return until


def _until(moment: datetime) -> dict[str, Any]:
    return {"until": [None, moment.isoformat()]}
