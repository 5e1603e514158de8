"""Instants, days and times on their way through a form: in the viewer's zone, and exact."""

import re
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models.base import Instant
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site

BERLIN = "Europe/Berlin"
LATER = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 in Berlin for the second time that night


class Base(DeclarativeBase):
    pass


class Launch(Base):
    __tablename__ = "launches"

    launch_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    starts_at: Mapped[datetime | None] = mapped_column(Instant)
    moment: Mapped[datetime | None]
    day: Mapped[date | None]
    clock: Mapped[time | None]


@pytest.fixture
def client(database: Database) -> TestClient:
    Base.metadata.create_all(database.engine)
    client = a_site(database, models=[Launch])
    client.cookies.set("zone", BERLIN)
    return client


def stored(database: Database, **values: object) -> str:
    """Store a launch and return the address of its form."""
    with database.session() as session:
        launch = Launch(name="Ariane", **values)
        session.add(launch)
        session.flush()
        return f"/admin/launch/edit/{launch.launch_id}"


def launch(database: Database) -> Launch:
    with database.session() as session:
        return session.query(Launch).one()


def field(html: str, name: str) -> str:
    """Return the tag of an input."""
    return re.search(rf'<input[^>]* name="{name}"[^>]*>', html)[0]


def test_an_instant_is_shown_and_typed_in_the_zone_of_the_viewer(client, database):
    url = stored(database, starts_at=datetime(2026, 7, 1, 10, 30, 15, tzinfo=UTC))

    page = client.get(url).text
    answer = client.post(url, data=record_form(page).data(starts_at="2026-01-02T09:00"))

    assert 'type="datetime-local"' in field(page, "starts_at")
    assert 'value="2026-07-01T12:30:15"' in field(page, "starts_at")
    assert "Europe/Berlin time" in page
    assert answer.status_code == 303
    assert launch(database).starts_at == datetime(2026, 1, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize("cookie", [None, "", "Nowhere/Nothing", "../../etc/passwd", "x" * 5_000])
def test_without_a_zone_that_is_known_times_are_utc_and_the_page_says_so(client, database, cookie):
    client.cookies.delete("zone")
    if cookie is not None:
        client.cookies.set("zone", cookie)
    url = stored(database, starts_at=datetime(2026, 7, 1, 10, 30, tzinfo=UTC))

    page = client.get(url).text
    client.post(url, data=record_form(page).data(starts_at="2026-07-01T11:00:00"))

    assert 'value="2026-07-01T10:30:00"' in field(page, "starts_at")
    assert "UTC time" in page
    assert launch(database).starts_at == datetime(2026, 7, 1, 11, tzinfo=UTC)


def test_a_browser_that_tells_its_zone_after_the_page_was_made_moves_nothing(client, database):
    client.cookies.delete("zone")
    url = stored(database, starts_at=datetime(2026, 7, 1, 10, 30, tzinfo=UTC))
    data = record_form(client.get(url).text).data(name="Vega", starts_at="2026-07-01T11:00")
    client.cookies.set("zone", BERLIN)

    client.post(url, data=data)

    assert launch(database).starts_at == datetime(2026, 7, 1, 11, tzinfo=UTC)


def test_an_untouched_instant_keeps_its_microseconds(client, database):
    exact = datetime(2026, 7, 1, 10, 30, 15, 123456, tzinfo=UTC)
    url = stored(database, starts_at=exact)

    client.post(url, data=record_form(client.get(url).text).data(name="Vega"))

    assert (launch(database).name, launch(database).starts_at) == ("Vega", exact)


def test_an_instant_that_somebody_else_changed_by_less_than_is_shown_is_kept(client, database):
    url = stored(database, starts_at=datetime(2026, 7, 1, 10, 30, 15, tzinfo=UTC))
    untouched = record_form(client.get(url).text).data(name="Vega")
    touched = record_form(client.get(url).text).data(starts_at="2027-01-01T00:00")
    theirs = datetime(2026, 7, 1, 10, 30, 15, 5, tzinfo=UTC)
    with database.session() as session:
        session.get_one(Launch, launch(database).launch_id).starts_at = theirs

    assert client.post(url, data=untouched).status_code == 303
    refused = client.post(url, data=touched)

    assert launch(database).starts_at == theirs
    assert refused.status_code == 409
    assert "2026-07-01 10:30:15.000005 UTC" in refused.text
    assert 'value="2027-01-01T00:00"' in field(refused.text, "starts_at")


def buttons(html: str) -> dict[str, str]:
    """Return what the buttons beside a time that comes twice write into its field."""
    found = re.findall(r'data-fill="field-starts_at" value="([^"]+)"[^>]*>([^<]+)<', html)
    return {label: value for value, label in found}


def test_a_time_that_the_clocks_skip_is_refused_in_words(client, database):
    url = stored(database, starts_at=datetime(2026, 7, 1, tzinfo=UTC))

    answer = client.post(url, data=record_form(client.get(url).text).data(starts_at="2026-03-29T02:30"))

    assert answer.status_code == 400
    assert "The clocks of Europe/Berlin skip this time on that day" in answer.text
    assert 'value="2026-03-29T02:30"' in field(answer.text, "starts_at")


def test_of_a_time_that_comes_twice_nobody_guesses_which_is_meant(client, database):
    url = stored(database)

    asked = client.post(url, data=record_form(client.get(url).text).data(starts_at="2026-10-25T02:30"))

    assert asked.status_code == 400
    assert "Add +02:00 for the first time or +01:00 for the second." in asked.text
    assert 'value="2026-10-25T02:30"' in field(asked.text, "starts_at")
    assert buttons(asked.text) == {
        "First time, UTC+02:00": "2026-10-25 02:30:00+02:00",
        "Second time, UTC+01:00": "2026-10-25 02:30:00+01:00",
    }
    for text, meant in (
        ("2026-10-25 02:30:00+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25 02:30:00+01:00", LATER),
    ):
        client.post(url, data=record_form(client.get(url).text).data(starts_at=text))
        assert launch(database).starts_at == meant


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25 02:30:00+02:00"),
        (LATER, "2026-10-25 02:30:00+01:00"),
        (LATER.replace(microsecond=7), "2026-10-25 02:30:00.000007+01:00"),
    ],
)
def test_each_of_two_times_is_shown_with_its_offset_and_stays(client, database, instant, shown):
    url = stored(database, starts_at=instant)
    page = client.get(url).text

    answer = client.post(url, data=record_form(page).data())

    assert 'type="text"' in field(page, "starts_at")
    assert f'value="{shown}"' in field(page, "starts_at")
    assert len(buttons(page)) == 2
    assert "Nothing was changed" in client.get(answer.headers["location"]).text
    assert launch(database).starts_at == instant


@pytest.mark.parametrize(
    ("name", "value", "kind", "shown"),
    [
        ("moment", datetime(2026, 7, 1, 10, 30), "datetime-local", "2026-07-01T10:30:00"),
        ("moment", datetime(2026, 7, 1, 10, 30, 0, 7), "text", "2026-07-01T10:30:00.000007"),
        ("moment", datetime(1, 1, 1), "text", "0001-01-01T00:00:00"),
        ("moment", datetime(9999, 12, 31, 23, 59, 59), "datetime-local", "9999-12-31T23:59:59"),
        ("starts_at", datetime(1, 1, 1, tzinfo=UTC), "text", "0001-01-01T00:00:00+00:00"),
        ("starts_at", datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "text", "9999-12-31T23:59:00+00:00"),
        ("day", date(2026, 7, 1), "date", "2026-07-01"),
        ("day", date(1, 1, 1), "text", "0001-01-01"),
        ("clock", time(9, 30, 15), "time", "09:30:15"),
        ("clock", time(9, 30, 15, 7), "text", "09:30:15.000007"),
    ],
)
def test_a_picker_shows_what_it_can_hold_and_a_text_the_rest(
    client, database, name: str, value: object, kind: str, shown: str
):
    url = stored(database, **{name: value})
    page = client.get(url).text

    answer = client.post(url, data=record_form(page).data())

    assert f'type="{kind}"' in field(page, name)
    assert f'value="{shown}"' in field(page, name)
    assert "Nothing was changed" in client.get(answer.headers["location"]).text
    assert getattr(launch(database), name) == value


@pytest.mark.parametrize("zone", ["Nowhere/Nothing", "/etc/passwd", "\x00", "x" * 1_000, "Europe"])
def test_a_form_from_a_zone_that_nobody_knows_is_refused(client, database, zone: str):
    url = stored(database)

    answer = client.post(url, data=record_form(client.get(url).text).data() | {":zone": zone})

    assert answer.status_code == 400
    assert "Nothing was saved" in answer.text
