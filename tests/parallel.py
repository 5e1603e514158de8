"""Several things done at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from admin_site.database import Database


def at_once(database: Database, *works: Callable[[Any], Any]) -> list[Any]:
    """Run each work in a thread and a transaction of its own; return its result, or what it raised."""
    start = Barrier(len(works))

    def run(work: Callable[[Any], Any]) -> Any:
        try:
            with database.session() as session:
                start.wait(timeout=10)
                return work(session)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
