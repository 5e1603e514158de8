"""No constraint gives anything but words beside a form that still holds all that was typed."""

import re
from html import unescape

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.database import Database
from tests import zoo
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site
from tests.zoo.constraints import LODGES, SHEDS, Lodge, Rental, Shed

TAKEN = "Another record already has this value."
TAKEN_TOGETHER = "Another record already has these values together."
VALID = {"code": "AB-123", "status": "open", "note": "by the sea"}


class Desk:
    """A browser at the form of one model."""

    def __init__(self, database: Database, model: type, identity: str) -> None:
        self.client: TestClient = a_site(database, models=[model])
        self.url = f"/admin/{identity}"

    def add(self, **typed: str) -> str:
        """Return the page that answers a new record, "" where it was saved."""
        return self._save(f"{self.url}/create", typed)

    def change(self, key: int, **typed: str) -> str:
        return self._save(f"{self.url}/edit/{key}", typed)

    def _save(self, url: str, typed: dict[str, str]) -> str:
        form = record_form(self.client.get(url).text)
        answer = self.client.post(url, data=form.data(**typed))
        if answer.status_code == 303:
            return ""
        assert answer.status_code in (400, 409), answer.status_code
        shown = record_form(answer.text).data()
        for name, text in typed.items():
            assert shown[name][-1].strip() == text.strip(), name
        return answer.text


@pytest.fixture
def rentals(database: Database) -> Desk:
    zoo.create(database.engine)
    return Desk(database, Rental, "rental")


@pytest.fixture
def lodges(database: Database, backend: str) -> Desk:
    with database.engine.begin() as connection:
        for statement in LODGES[backend]:
            connection.exec_driver_sql(statement.replace("%", "%%") if backend == "postgresql" else statement)
    return Desk(database, Lodge, "lodge")


def errors(page: str) -> dict[str, str]:
    """Return the words beside the fields of a form, "" for those about all of it."""
    beside = re.findall(r'id="field-(\w+)-error">(?:<svg.*?</svg>)?(.*?)</p>', page, re.DOTALL)
    whole = re.search(r'id="problems".*?<span dir="auto">(.*?)</span>', page, re.DOTALL)
    found = {name: unescape(words).strip() for name, words in beside}
    return found or {"": unescape(whole[1]) if whole else "nothing is said"}


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"code": "ab-123"}, {"code": "Enter 2 capital letters, “-”, 3 to 5 digits."}),
        ({"code": "AB-1234567890"}, {"code": "Enter at most 12 characters (these are 13)."}),
        ({"code": ""}, {"code": "This field needs a value."}),
        ({"status": "lost"}, {"status": "Choose one of the values offered."}),
        ({"guests": "9"}, {"guests": "Enter 8 or less."}),
        ({"starts": "1999-12-31"}, {"starts": "Enter 2000-01-01 or later."}),
        ({"starts": "2026-02-01", "ends": "2026-01-01"}, {"ends": "Ends must not be before starts."}),
        ({"price": "0"}, {"price": "Enter 0.01 or more."}),
        ({"price": "1", "discount": "1.01"}, {"discount": "Discount must be at most price."}),
        ({"email": "nobody"}, {"email": "Enter a text with “@” in it."}),
        ({"note": "   "}, {"note": "Enter more than spaces."}),
        ({"nights": "8"}, {"nights": "Refused by the rule “whole weeks”."}),
        ({"status": "closed"}, {"status": "Status must not be Closed, or ends needs a value."}),
        ({"price": "12345678.5"}, {"price": "Enter at most 6 digits before the point."}),
        (
            {"code": "ab", "guests": "x"},
            {"guests": "Enter a whole number.", "code": "Enter 2 capital letters, “-”, 3 to 5 digits."},
        ),
    ],
    ids=str,
)
def test_what_a_table_asks_is_said_beside_the_field(rentals, session, typed, expected):
    assert errors(rentals.add(**{**VALID, **typed})) == expected
    assert count(session, Rental) == 0


def test_what_others_have_is_said_beside_the_field(rentals, session):
    first = {"email": "Ada@example.org", "plate": "X 1", "room": "7", "starts": "2026-01-01"}
    assert rentals.add(**VALID, **first) == ""

    assert errors(rentals.add(**VALID, email="ada@EXAMPLE.org")) == {"email": TAKEN}
    assert errors(rentals.add(**VALID, plate="X 1")) == {"plate": TAKEN}
    assert rentals.add(**VALID, plate="X 1", is_active="false") == ""
    assert errors(rentals.add(**VALID, room="7", starts="2026-01-01")) == {
        "room": TAKEN_TOGETHER,
        "starts": TAKEN_TOGETHER,
    }
    assert count(session, Rental) == 2


def test_an_old_value_that_breaks_a_rule_is_in_nobodys_way(rentals, session, database, backend):
    """On SQLite; PostgreSQL looks at the whole row again."""
    if backend == "postgresql":
        pytest.skip("PostgreSQL refuses every change of such a row")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql(
            "INSERT INTO zoo_rentals (id, code, status, is_active) VALUES (1, 'old', 'open', 1)"
        )
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")

    assert rentals.change(1, room="8") == ""
    assert session.get(Rental, 1).code == "old"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            {"name": "ab"},
            {
                "sqlite": {"name": "Enter at least 3 characters."},
                "postgresql": {"name": "This value is not allowed."},
            },
        ),
        (
            {"beds": "100"},
            {"sqlite": {"beds": "Enter 99 or less."}, "postgresql": {"beds": "This value is not allowed."}},
        ),
        ({"rooms": "13"}, {"": {"rooms": "This value is not allowed."}}),
        (
            {"beds": "1", "rooms": "2"},
            {"": dict.fromkeys(("beds", "rooms"), "Refused by the rule “beds for rooms”.")},
        ),
        ({"owner": "nobody"}, {"": {"": "The database refuses this: Somebody has to own it."}}),
        (
            {"owner": "needing"},
            {"": {"": "Its table needs a value of “Region”, which this site does not know."}},
        ),
        ({"part_of": "77"}, {"": {"part_of": "x"}}),
    ],
    ids=str,
)
def test_what_only_the_database_knows_is_said_as_well_as_it_can_be(lodges, session, backend, typed, expected):
    found = errors(lodges.add(**typed))

    if "part_of" in typed:  # a reference that is looked at when all is done
        (words,) = found.values()
        assert "refers to" in words
    else:
        assert found == expected.get(backend, expected.get(""))
    assert count(session, Lodge) == 0


def test_what_only_the_database_knows_to_be_computed(database, session):
    with database.engine.begin() as connection:
        connection.exec_driver_sql(SHEDS)
        connection.exec_driver_sql("INSERT INTO sheds (id, beds) VALUES (1, 2)")
    sheds = Desk(database, Shed, "shed")

    assert errors(sheds.change(1, doubled="7")) == {
        "doubled": "The database computes this and takes no value for it."
    }
    assert sheds.change(1, beds="3") == ""
    assert session.get(Shed, 1).doubled == 6


def test_what_only_the_database_knows_to_be_taken(lodges, session):
    assert lodges.add(name="Fox Lodge", phone="1", email_address="fox@example.org") == ""

    assert errors(lodges.add(name="Owl Lodge", phone="1")) == {"phone": TAKEN}
    assert errors(lodges.add(name="Owl Lodge", email_address="FOX@example.org")) == {"email_address": TAKEN}
    assert count(session, Lodge) == 1


def test_a_row_that_a_trigger_lets_vanish_is_not_said_to_be_saved(lodges, session):
    page = lodges.add(owner="ignored")

    assert errors(page)[""] == "The database did not keep this record: a rule of its own let it vanish."
    assert count(session, Lodge) == 0


def test_a_trigger_that_undoes_all_is_passed_on(lodges, session, backend):
    if backend == "postgresql":
        pytest.skip("RAISE(ROLLBACK) is SQLite's")
    assert errors(lodges.add(owner="undone")) == {"": "The database refuses this: All is undone."}
    assert count(session, Lodge) == 0


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"owner": "coded"}, {"": "The database refuses this: Not on Sundays."}),
        ({"owner": "asserted"}, {"": "The database refuses this: Never so."}),
        ({"owner": "later"}, {"": "The database refuses this: Refused at the end."}),
        (
            {"owner": "broken"},
            {"": "The database does not let this be changed here: it may be a view, or kept from this site."},
        ),
        ({"owner": "divided"}, {"": "The database cannot store this value."}),
        ({"owner": "overlap", "beds": "2"}, {"beds": "This collides with another record."}),
        ({"beds": "2", "rooms": "1"}, dict.fromkeys(("beds", "rooms"), TAKEN_TOGETHER)),
    ],
    ids=str,
)
def test_what_postgresql_alone_can_refuse(lodges, session, backend, typed, expected):
    if backend == "sqlite":
        pytest.skip("of PostgreSQL")
    assert lodges.add(beds="1", owner="overlap") == ""
    assert lodges.add(beds="2", rooms="1") == ""

    assert errors(lodges.add(**typed)) == expected
    assert count(session, Lodge) == 2
