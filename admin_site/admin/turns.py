"""How long a thread that computes without pause keeps the others of the process waiting."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

SECONDS = 0.0005  # Python's own 0.005 adds up to a tenth of a second where a page takes twenty turns

_lock = Lock()
_usual = [sys.getswitchinterval()]
_working = [0]


@contextmanager
def short_turns() -> Iterator[None]:
    """Let other threads have their turn sooner while long work goes on in this process.

    A page asks the database many times and waits after each for its turn; a download that computes all the
    while would make every one of those waits as long as Python allows a turn to be.
    """
    _begin()
    try:
        yield
    finally:
        _end()


def _begin() -> None:
    with _lock:
        if not _working[0]:
            _usual[0] = sys.getswitchinterval()
            sys.setswitchinterval(min(SECONDS, _usual[0]))
        _working[0] += 1


def _end() -> None:
    with _lock:
        _working[0] -= 1
        if not _working[0]:
            sys.setswitchinterval(_usual[0])
