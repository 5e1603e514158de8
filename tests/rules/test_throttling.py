"""Rule 10: attempts to sign in are throttled, by account and by address, in the database."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import Select, select, update
from starlette.testclient import TestClient

from admin_site import Settings, create_app
from admin_site.database import Database
from admin_site.models import AuditEntry, LinkPurpose, Throttle, User, UserSession
from admin_site.services.links import create_link
from tests.admin.sites import SETTINGS
from tests.factories import CHEAP, PASSWORD, make_user
from tests.processes import SECRET_KEY, serving

NEW_PASSWORD = "five cheerful otters swim"
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.4"
UNAUDITED = {"unaudited": "a test turns the clock"}

Open = Callable[..., TestClient]


@pytest.fixture
def browser(database_url: str) -> Open:
    """Return a browser at an address, on a process of its own as far as memory goes."""

    def open_at(address: str = HERE, **settings: str) -> TestClient:
        app = create_app(Settings(**SETTINGS, database_url=database_url, **settings))
        app.state.site.passwords = CHEAP
        return TestClient(app, follow_redirects=False, client=(address, 50000))

    return open_at


@pytest.fixture
def ada(database: Database) -> User:
    with database.session() as session:
        return make_user(session, password=PASSWORD, user_name="ada", email_address="ada@example.org")


def attempt(client: TestClient, name: str = "ada", password: str = "wrong", **headers: str):
    return client.post("/admin/login", data={"username": name, "password": password}, headers=headers)


def fail(client: TestClient, name: str = "ada", times: int = 10) -> None:
    for _ in range(times):
        assert attempt(client, name).status_code == 400


def failed_from() -> Select[tuple[str | None]]:
    return select(AuditEntry.ip_address).where(AuditEntry.action == "sign_in_failed")


def let_pass(database: Database, time: timedelta) -> None:
    """Turn the clock of every count on."""
    with database.session() as session:
        for row in session.execute(select(Throttle.key, Throttle.failed_at, Throttle.blocked_until)).all():
            earlier = {"failed_at": row.failed_at - time}
            if row.blocked_until is not None:
                earlier["blocked_until"] = row.blocked_until - time
            session.execute(
                update(Throttle).where(Throttle.key == row.key).values(earlier), execution_options=UNAUDITED
            )


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_rule_10_after_ten_wrong_attempts_even_the_right_password_waits(browser, session, ada, name):
    client = browser()
    fail(client, name)

    answer = attempt(client, name, PASSWORD)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert "Wait a minute, then try again." in answer.text
    assert f'value="{name}"' in answer.text
    assert PASSWORD not in answer.text
    assert session.scalars(select(UserSession)).all() == []


def test_rule_10_every_process_knows_of_it_and_none_forgets_it_with_its_memory(browser, ada):
    first, second = browser(), browser()
    fail(first, times=5)
    fail(second, times=5)

    assert attempt(first, password=PASSWORD).status_code == 429
    assert attempt(second, password=PASSWORD).status_code == 429
    assert attempt(browser(), password=PASSWORD).status_code == 429


def test_rule_10_it_survives_that_the_server_starts_anew(database_url, ada):
    settings = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_URL": "http://localhost:8000",
    }
    wrong = {"username": "ada", "password": "wrong"}
    statuses = []
    for _ in range(2):
        with serving("serve", **settings) as server:
            for _ in range(6):
                answer = httpx2.post(f"{server.address}/admin/login", data=wrong, timeout=60)
                statuses.append(answer.status_code)
            server.stop(signal.SIGTERM)

    assert statuses == [400] * 10 + [429] * 2


def test_rule_10_another_account_from_elsewhere_is_unaffected(browser, database, ada):
    with database.session() as session:
        make_user(session, password=PASSWORD, user_name="grace")
    fail(browser())

    assert attempt(browser(ELSEWHERE), "grace", PASSWORD).status_code == 303
    assert attempt(browser(HERE), "grace", PASSWORD).status_code == 303
    assert attempt(browser(ELSEWHERE), "ada", PASSWORD).status_code == 429


def test_rule_10_the_wait_doubles_and_clears_by_itself(browser, database, ada):
    client = browser()
    fail(client)
    waits = []
    for _ in range(3):
        waits.append(int(attempt(client).headers["retry-after"]))
        let_pass(database, timedelta(seconds=waits[-1]))
        assert attempt(client).status_code == 400

    assert [round(wait / 60) for wait in waits] == [1, 2, 4]
    let_pass(database, timedelta(minutes=8))
    assert attempt(client, password=PASSWORD).status_code == 303


def test_rule_10_attempts_while_waiting_change_nothing(browser, database, ada):
    client = browser()
    fail(client)
    for _ in range(30):
        assert attempt(client).status_code == 429
    let_pass(database, timedelta(minutes=1))

    assert attempt(client, password=PASSWORD).status_code == 303


def test_rule_10_a_right_password_forgets_what_was_wrong_before(browser, ada):
    client = browser()
    for _ in range(3):
        fail(client, times=9)
        assert attempt(client, password=PASSWORD).status_code == 303


def test_rule_10_a_link_still_works_for_the_last_superuser_and_lets_in_at_once(browser, database, session):
    with database.session() as other:
        boss = make_user(other, user_name="boss", password=PASSWORD, superuser=True)
    client = browser()
    fail(client, "boss")
    assert attempt(client, "boss", PASSWORD).status_code == 429
    link = create_link(session, session.get_one(User, boss.user_id), LinkPurpose.RESET_PASSWORD)
    session.commit()

    client.get(f"/admin/set-password/{link.token}")
    chosen = {"password": NEW_PASSWORD, "password_again": NEW_PASSWORD}
    assert client.post("/admin/set-password", data=chosen).status_code == 303

    assert attempt(client, "boss", NEW_PASSWORD).status_code == 303


def test_rule_10_the_second_name_of_an_account_lets_nobody_guess_on(browser, ada):
    client = browser()
    fail(client, "ada")

    answer = attempt(client, "ada@example.org", PASSWORD)

    assert answer.status_code == 400  # as for any name that was not tried ten times
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("written", ["ADA", " ada ", "ａｄａ", "Ada\u200b"])
def test_rule_10_another_way_to_write_a_name_gives_no_further_guesses(browser, ada, written):
    fail(browser())

    assert attempt(browser(), written, PASSWORD).status_code in (400, 429)
    assert attempt(browser(), "ada", PASSWORD).status_code == 429


def test_rule_10_one_password_tried_at_many_accounts_stops_the_address(browser, database, ada):
    client = browser()
    statuses = [attempt(client, f"person{number}").status_code for number in range(31)]

    assert statuses == [400] * 30 + [429]
    assert attempt(client, "ada", PASSWORD).status_code == 429
    assert attempt(browser(ELSEWHERE), "ada", PASSWORD).status_code == 303
    let_pass(database, timedelta(minutes=1))
    assert attempt(client, "ada", PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"]
)
def test_rule_10_nobody_names_their_own_address(browser, session, ada, header):
    client = browser()
    for number in range(30):
        attempt(client, f"person{number}", **{header: f"203.0.113.{number}"})

    assert attempt(client, "ada", PASSWORD, **{header: "203.0.113.99"}).status_code == 429
    assert set(session.scalars(failed_from())) == {HERE}


@pytest.mark.parametrize("forged", ["", "203.0.113.1, ", "127.0.0.1, 10.0.0.1, ", "nonsense, "])
def test_rule_10_a_configured_proxy_is_believed_as_far_as_it_saw(browser, session, ada, forged):
    proxied = browser("10.0.0.2", trusted_proxies="10.0.0.0/24, 127.0.0.1")
    for number in range(30):
        attempt(proxied, f"person{number}", **{"X-Forwarded-For": f"{forged}{HERE}, 10.0.0.3"})

    assert attempt(proxied, "ada", PASSWORD, **{"X-Forwarded-For": HERE}).status_code == 429
    assert attempt(proxied, "ada", PASSWORD, **{"X-Forwarded-For": ELSEWHERE}).status_code == 303
    assert set(session.scalars(failed_from())) == {HERE}
    assert session.scalars(select(UserSession.ip_address)).all() == [ELSEWHERE]


def test_rule_10_of_many_guesses_at_once_ten_are_heard(browser, ada):
    with browser() as client, ThreadPoolExecutor(16) as pool:  # one event loop, as a server has
        statuses = list(pool.map(lambda _: attempt(client).status_code, range(32)))

    assert sorted(statuses) == [400] * 10 + [429] * 22


def test_rule_10_who_waits_and_since_when_is_on_record_once(browser, session, ada):
    client = browser()
    fail(client)
    attempt(client)

    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.entry_id)).all()
    made = [entry for entry in entries if entry.action in ("sign_in_failed", "locked")]

    assert [entry.action for entry in made].count("sign_in_failed") == 10
    locked = next(entry for entry in made if entry.action == "locked")
    assert (locked.key, locked.ip_address) == (str(ada.user_id), HERE)
    assert [entry.action for entry in made].count("locked") == 1
