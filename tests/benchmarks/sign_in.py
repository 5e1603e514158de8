"""What a rush at the entrance costs everybody else, and what it costs to know who asks."""

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from admin_site.config import Settings
from admin_site.database import Database
from admin_site.models import Role, RoleGrant, User, user_roles
from admin_site.ops.migrate import migrate
from admin_site.security.passwords import PASSWORDS
from admin_site.services.sessions import identify, start_session
from tests.benchmarks.databases import postgresql
from tests.benchmarks.servers import PASSWORD, Client, Served
from tests.factories import make_user

HEALTH_EVERY = 0.02  # seconds between two questions to /healthz
_BUILT = {"unaudited": "rows of a benchmark"}


@dataclass(frozen=True)
class Rush:
    """What was answered to all who signed in at once, and how long /healthz took meanwhile, in seconds."""

    statuses: Sequence[int]
    seconds: float
    health: Sequence[float]

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.health, n=20)[-1]


@contextmanager
def people(number: int) -> Iterator[str]:
    """Yield the URL of a database with so many people, whose passwords are hashed as on a real site."""
    with postgresql() as url:
        migrate(Settings(_env_file=None, database_url=url))
        password_hash = PASSWORDS.hash(PASSWORD)
        with Database(url) as database, database.session() as session:
            for count in range(number):
                make_user(session, user_name=f"person-{count}", password_hash=password_hash)
            make_user(session, user_name="ada", password_hash=password_hash, is_superuser=True)
        yield url


def rush(site: Served, number: int) -> Rush:
    """Let so many people sign in at once."""
    health: list[float] = []
    statuses: list[int] = []
    start, is_over = threading.Barrier(number + 1), threading.Event()

    def watch() -> None:
        client = Client(site.client.port)
        while not is_over.is_set():
            answer = client.get("/healthz")
            assert answer.status == 200, answer
            health.append(answer.seconds)
            time.sleep(HEALTH_EVERY)

    def sign_in(count: int) -> None:
        client = Client(site.client.port)
        client.get("/healthz")  # connected before it begins
        start.wait()
        answer = client.post("/admin/login", username=f"person-{count}", password=PASSWORD)
        statuses.append(answer.status)

    threads = [threading.Thread(target=sign_in, args=(count,)) for count in range(number)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    watcher = threading.Thread(target=watch)
    watcher.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    is_over.set()
    watcher.join()
    return Rush(statuses, seconds, health)


def identity_costs(url: str, rounds: int) -> dict[str, float]:
    """Return the median milliseconds it takes to find out who asks, by who it is and what else is stored."""
    with Database(url) as database:
        with database.session() as session:
            clerk, mighty = make_user(session), make_user(session)
            _give(session, clerk, roles=2, grants=10)
            clerks, mightys = start_session(session, clerk), start_session(session, mighty)
        costs = {"somebody with 20 grants": _cost(database, clerks, rounds)}
        with database.session() as session:
            _give(session, None, roles=10_000, grants=1)
        costs["the same beside 10,000 roles and 10,000 grants"] = _cost(database, clerks, rounds)
        with database.session() as session:
            _give(session, mighty, roles=100, grants=100)
        costs["somebody with 10,000 grants in 100 roles"] = _cost(database, mightys, rounds)
    return costs


def _give(session: Session, user: User | None, *, roles: int, grants: int) -> None:
    """Store so many roles with so many grants each, those of one like those of the others, for `user`."""
    first = (session.scalar(select(func.max(Role.role_id))) or 0) + 1
    role_ids = range(first, first + roles)
    role_rows = [{"role_id": number, "name": f"Role {number}"} for number in role_ids]
    session.execute(insert(Role), role_rows, execution_options=_BUILT)
    if user is not None:
        held = [{"user_id": user.user_id, "role_id": number} for number in role_ids]
        session.execute(insert(user_roles), held, execution_options=_BUILT)
    granted = [
        {"role_id": number, "model": f"model-{count // 10}", "action": f"action-{count % 10}"}
        for number in role_ids
        for count in range(grants)
    ]
    session.execute(insert(RoleGrant), granted, execution_options=_BUILT)


def _analyze(database: Database) -> None:
    """Let the database count its rows, as PostgreSQL does by itself a minute after so many came."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _cost(database: Database, token: str, rounds: int) -> float:
    _analyze(database)
    taken = []
    for _ in range(rounds):
        with database.session() as session:
            session.connection()
            start = time.perf_counter()
            assert identify(session, token) is not None
            taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000
