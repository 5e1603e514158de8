"""Rules 11 and 23: sign-in says nothing of who exists, and leads nowhere but on this site."""

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from sqlalchemy import delete, select
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import AuditEntry, Throttle, User, UserSession
from admin_site.security.passwords import Passwords, Policy
from tests.admin.sites import open_site
from tests.factories import CHEAP, PASSWORD, make_user

SAMPLES = 30
KINDS = ("unknown1", "correct1", "inactive", "passless")  # names of one length, which the page repeats
UNAUDITED = {"unaudited": "a test lets everybody try again"}

TARGETS = [
    "//evil.example",
    "///evil.example",
    "////evil.example/admin/",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/%09/evil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/%2e%2e//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/admin/\r\nSet-Cookie: session=forged",
    "/admin/%0d%0aLocation:%20https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "//testserver@evil.example",
    "http://testserver/admin/",
    "javascript:alert(1)",
    "data:text/html,evil",
    " //evil.example",
    "\u2028//evil.example",
    "/\u0000/evil.example",
    "//evil。example",
    "admin/",
    "?next=//evil.example",
    "/" + "a" * 3000,
]


@pytest.fixture
def ada(database: Database) -> User:
    with database.session() as session:
        return make_user(session, password=PASSWORD, user_name="ada", email_address="ada@example.org")


def attempt(client: TestClient, name: str, password: str = PASSWORD, **fields: str):
    return client.post("/admin/login", data={"username": name, "password": password, **fields})


# --- rule 11 ------------------------------------------------------------------------------------------------


def make_kinds(database: Database, passwords: Passwords) -> None:
    stored = passwords.hash(PASSWORD)
    with database.session() as session:
        make_user(session, user_name="correct1", password_hash=stored)
        make_user(session, user_name="inactive", password_hash=stored, is_active=False)
        make_user(session, user_name="passless")


def forget_failures(database: Database) -> None:
    with database.session() as session:
        session.execute(delete(Throttle), execution_options=UNAUDITED)


def plain(answer, name: str) -> str:
    """Return a page without the name that it repeats and the number that makes each form its own."""
    return re.sub(r'name=":nonce" value="[^"]+"', "", answer.text.replace(name, "NAME"))


def test_rule_11_unknown_known_inactive_and_passwordless_answer_alike(visitor, database, session):
    make_kinds(database, CHEAP)

    rounds = [[attempt(visitor, name, "wrong") for name in KINDS] for _ in range(7)]

    for answers in rounds:
        assert len({answer.status_code for answer in answers}) == 1
        assert len({len(answer.content) for answer in answers}) == 1
        assert len({plain(answer, name).strip() for answer, name in zip(answers, KINDS, strict=True)}) == 1
        assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
    assert {answers[0].status_code for answers in rounds} == {400}
    assert session.scalars(select(UserSession)).all() == []


def test_rule_11_they_are_made_to_wait_after_the_same_number_of_attempts(visitor, database):
    make_kinds(database, CHEAP)

    statuses = []
    for name in KINDS:
        forget_failures(database)
        statuses.append([attempt(visitor, name, "wrong").status_code for _ in range(12)])

    assert statuses == [[400] * 10 + [429] * 2] * len(KINDS)


def test_rule_11_inactive_and_passwordless_wait_even_with_what_would_be_right(visitor, database):
    make_kinds(database, CHEAP)

    answers = [attempt(visitor, "inactive", PASSWORD), attempt(visitor, "passless", "")]

    assert {answer.status_code for answer in answers} == {400}


def test_rule_11_all_take_the_same_time(visitor, database):
    passwords = Passwords(Policy(memory_kib=8 * 1024, time_cost=1, parallelism=1))
    visitor.app.state.site.passwords = passwords
    make_kinds(database, passwords)

    def medians() -> list[tuple[float, ...]]:
        """Return the median seconds of each kind: those that passed, and those of the processor."""
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in KINDS}
        for number in range(SAMPLES):
            forget_failures(database)
            for name in KINDS[number % 4 :] + KINDS[: number % 4]:  # none is always the first of a round
                start = time.perf_counter(), time.process_time()
                assert attempt(visitor, name, "wrong").status_code == 400
                taken[name].append((time.perf_counter() - start[0], time.process_time() - start[1]))
        return [tuple(map(statistics.median, zip(*times, strict=True))) for times in taken.values()]

    attempt(visitor, "warm-up")
    for _ in range(5):  # what a busy machine adds to one of them is gone another time; a leak is not
        times = medians()
        if any(max(each) <= 1.1 * min(each) for each in zip(*times, strict=True)):
            return
    pytest.fail(f"medians in seconds: {dict(zip(KINDS, times, strict=True))}")


def test_rule_11_names_are_not_told_apart_by_their_throttle(visitor, ada):
    for _ in range(10):
        attempt(visitor, "ada", "wrong")

    known, unknown = attempt(visitor, "ada@example.org", "x"), attempt(visitor, "eve@example.org", "x")

    assert (known.status_code, len(known.content)) == (unknown.status_code, len(unknown.content))


@pytest.mark.parametrize(
    "name",
    [
        "аda",  # Cyrillic
        "adа",  # Cyrillic
        "ada\u200b",
        "ada\u0301",
        "a\u00adda",
        "ad\u0251",
        "ada@exampIe.org",
        "ada\x00",
        "%61da",
        "ada'--",
        "*",
    ],
)
def test_rule_28_a_name_that_only_looks_like_another_is_another(visitor, ada, name):
    assert attempt(visitor, name).status_code == 400


@pytest.mark.parametrize(
    "name", ["ada", "ADA", " ada ", "ada\n", "ａｄａ", "ADA@EXAMPLE.ORG", "ａda＠example.org"]
)
def test_rule_28_a_name_signs_in_however_it_is_written(visitor, ada, name):
    assert attempt(visitor, name).status_code == 303


@pytest.mark.parametrize("field", ["username", "password", "next"])
def test_a_megabyte_in_a_field_is_refused_at_once_and_in_words(visitor, session, ada, field):
    typed = {"username": "ada", "password": PASSWORD, field: "x" * 1_000_000}
    start = time.thread_time()
    answer = visitor.post("/admin/login", data=typed)

    assert answer.status_code == 413
    assert "larger than the site accepts" in answer.text
    assert time.thread_time() - start < 1
    assert session.scalars(select(UserSession)).all() == []


def test_what_was_typed_is_nowhere_in_the_database_nor_in_the_answer(visitor, session, ada):
    answers = [attempt(visitor, "swordfish-name", "swordfish-password") for _ in range(7)]

    assert all("swordfish-password" not in answer.text for answer in answers)
    stored = [str(vars(entry)) for entry in session.scalars(select(AuditEntry))]
    stored += [str(vars(row)) for row in session.scalars(select(Throttle))]
    assert not any("swordfish" in text for text in stored)


# --- rule 23 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_rule_23_nobody_is_sent_to_another_site_whatever_the_form_says(visitor, ada, target):
    answer = attempt(visitor, "ada", next=target)

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")
    assert "forged" not in str(answer.headers)


@pytest.mark.parametrize("target", TARGETS)
def test_rule_23_nor_whatever_the_address_says(visitor, ada, target):
    page = visitor.get(f"/admin/login?next={quote(target)}")
    assert 'name="next"' not in page.text
    assert "evil" not in page.text

    attempt(visitor, "ada")
    assert visitor.get(f"/admin/login?next={quote(target)}").headers["location"] == "/admin/"


@pytest.mark.parametrize(
    "target", ["/admin/user/list?search=a//b&sort=-x", "/admin/", "/admin/course/edit/1"]
)
def test_rule_23_a_page_of_this_site_is_where_one_goes_on(visitor, ada, target):
    assert attempt(visitor, "ada", next=target).headers["location"] == target


# --- rule 2 -------------------------------------------------------------------------------------------------


class Slow(Passwords):
    """Passwords of which every hash takes its turn and a while, as real ones do."""

    def verify(self, password_hash: str | None, password: str) -> bool:
        with self._turns:
            time.sleep(0.01)
        return super().verify(password_hash, password)


def test_rule_2_while_fifty_people_sign_in_at_once_everybody_else_is_answered(database_url, database):
    with database.session() as session:
        for number in range(50):
            make_user(session, password=PASSWORD, user_name=f"person{number}")
    client = open_site(database_url)
    client.app.state.site.passwords = Slow(Policy(memory_kib=8, time_cost=1, parallelism=1))

    with client, ThreadPoolExecutor(50) as pool:
        answers = [pool.submit(attempt, client, f"person{number}") for number in range(50)]
        waits = []
        while not all(answer.done() for answer in answers):
            start = time.perf_counter()
            assert client.get("/healthz").status_code == 200
            waits.append(time.perf_counter() - start)
            time.sleep(0.01)

    assert [answer.result().status_code for answer in answers] == [303] * 50
    assert statistics.median(waits) < 0.1
