"""Which control a value is given, and that it is the same one for a new and for a stored record."""

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import JSON, String, Text, func, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.testclient import TestClient

from admin_site.database import Database
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site


class Base(DeclarativeBase):
    pass


class Switch(Base):
    __tablename__ = "switches"

    switch_id: Mapped[int] = mapped_column(primary_key=True)
    plain: Mapped[bool]
    begins_on: Mapped[bool] = mapped_column(default=True)
    on_by_database: Mapped[bool] = mapped_column(server_default=true())
    off_by_database: Mapped[bool] = mapped_column(server_default=text("'0'"))
    unset: Mapped[bool | None]
    picture: Mapped[str | None] = mapped_column(String(500))
    homepage_url: Mapped[str | None] = mapped_column(Text)
    remarks: Mapped[str | None] = mapped_column(String(400))
    made_on: Mapped[date] = mapped_column(server_default=func.current_date())
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


@pytest.fixture
def client(database: Database) -> TestClient:
    Base.metadata.create_all(database.engine)
    return a_site(database, models=[Switch])


def widget(html: str, name: str) -> str:
    """Return the class of a control's field, such as "checkbox"."""
    return re.search(rf'class="field field-(\w+)" id="field-{name}-field"', html)[1]


def add(client: TestClient, **typed: str) -> str:
    """Add a switch and return the address of its form."""
    answer = client.post(
        "/admin/switch/create", data=record_form(client.get("/admin/switch/create").text).data(**typed)
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].replace("/details/", "/edit/")


@pytest.mark.parametrize("name", ["plain", "begins_on", "on_by_database", "off_by_database"])
def test_a_yes_or_no_is_a_check_box_on_both_pages(client, name: str):
    new = client.get("/admin/switch/create").text
    stored = client.get(add(client)).text

    assert (widget(new, name), widget(stored, name)) == ("checkbox", "checkbox")


def test_a_new_record_begins_with_what_the_table_would_give_it(client):
    boxes = dict(record_form(client.get("/admin/switch/create").text).pairs)

    assert (boxes["plain"], boxes["begins_on"], boxes["on_by_database"], boxes["off_by_database"]) == (
        "false",
        "true",
        "true",
        "false",
    )


def test_what_may_be_unset_is_a_choice_of_three_on_both_pages(client):
    new = client.get("/admin/switch/create").text
    stored = client.get(add(client)).text

    for page in (new, stored):
        assert widget(page, "unset") == "radio"
        choice = page[page.index('id="field-unset"') :].partition("</div>")[0]
        assert re.findall(r"> ([^<>]+)</label>", choice) == ["Not set", "Yes", "No"]
        assert dict(record_form(page).pairs)["unset"] == ""


def test_a_picture_and_an_address_are_one_line_and_remarks_are_several(client):
    page = client.get("/admin/switch/create").text

    assert (widget(page, "picture"), widget(page, "homepage_url"), widget(page, "remarks")) == (
        "text",
        "text",
        "textarea",
    )
    assert 'inputmode="url"' in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("{not json", "This is not JSON"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ("[1, 2,]", "This is not JSON"),
        ("NaN", "no number in JSON"),
    ],
)
def test_what_is_no_json_is_refused_in_words_and_kept(client, typed: str, words: str):
    data = record_form(client.get("/admin/switch/create").text).data(settings=typed)

    answer = client.post("/admin/switch/create", data=data)

    assert answer.status_code == 400
    assert words in answer.text
    assert dict(record_form(answer.text).pairs)["settings"] == typed
