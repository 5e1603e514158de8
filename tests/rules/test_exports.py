"""Rule 27: a file of a list runs nothing, and is for those alone who may have it."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Select, select
from starlette.testclient import TestClient

from admin_site import AdminView
from admin_site.database import Database
from admin_site.exporting import FORMATS
from admin_site.models import AuditEntry, Course
from tests.admin.sites import a_site, open_site, sign_in
from tests.exported import cells, looks, sheet_rows

BEGINNINGS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
FORMULAS = [f"{beginning}cmd|' /C calc'!A0" for beginning in BEGINNINGS]
EVERY_FORMAT = sorted(FORMATS)
STARTED = {"start_date": date(2031, 1, 1)}


@pytest.fixture
def client(database: Database) -> TestClient:
    """A superuser's browser."""
    return a_site(database)


class OpenCourses(AdminView, model=Course):
    def list_query(self, request: Any) -> Select[Any]:
        return select(Course).where(Course.name != "Secret")


class OddlyNamed(AdminView, model=Course):
    column_labels = {"name": "=1+1", "description": "@SUM(A1)"}


def store(database: Database, *names: str, **values: Any) -> None:
    with database.session() as session:
        session.add_all(Course(name=name, **STARTED, **values) for name in names)


def lines(content: bytes) -> list[list[str]]:
    """Return the lines of a CSV file as a spreadsheet takes them in."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


READ: dict[str, Callable[[bytes], list[list[Any]]]] = {"csv": lines, "xlsx": sheet_rows}


@pytest.mark.parametrize("values", ["shown", "raw"])
@pytest.mark.parametrize("marked", ["", "yes"])
def test_rule_27_no_cell_of_a_csv_file_begins_like_a_formula(client, database, values: str, marked: str):
    store(database, "x", description="plain")
    for formula in FORMULAS:
        store(database, "y", description=formula)
        store(database, formula)

    file = client.get(
        "/admin/course/export/csv",
        params={"columns": "name,description", ":values": values, ":mark": marked},
    )

    found = [cell for line in lines(file.content)[1:] for cell in line]
    assert [cell for cell in found if cell[:1] in BEGINNINGS] == []
    for formula in FORMULAS:
        assert found.count(f"'{formula}") == 2


@pytest.mark.parametrize("values", ["shown", "raw"])
def test_rule_27_no_cell_of_a_workbook_is_a_formula(client, database, values: str):
    store(database, *FORMULAS)

    file = client.get("/admin/course/export/xlsx", params={"columns": "name", ":values": values})

    found = list(cells(file.content).values())[1:]
    quoted = [looks(file.content)[int(cell.get("s", "0"))].get("quotePrefix") for cell in found]
    assert [cell.get("t") for cell in found] == ["inlineStr"] * len(FORMULAS)
    assert quoted == ["1"] * len(FORMULAS), "it would run once somebody edits the cell"
    assert not any(part.tag.endswith("}f") for cell in found for part in cell.iter())
    assert sorted(row[0] for row in sheet_rows(file.content)[1:]) == sorted(FORMULAS)


def test_rule_27_no_header_is_a_formula(database):
    client = a_site(database, views=[OddlyNamed])
    store(database, "x")

    as_csv, as_workbook = (
        client.get(f"/admin/course/export/{format_name}?columns=name,description").content
        for format_name in ("csv", "xlsx")
    )

    assert lines(as_csv)[0] == ["'=1+1", "'@SUM(A1)"]
    assert [cells(as_workbook)[place].get("t") for place in ("A1", "B1")] == ["inlineStr"] * 2


@pytest.mark.parametrize("format_name", sorted(READ))
def test_rule_27_numbers_below_zero_stay_numbers(client, database, format_name: str):
    """A minus before a number that is none of a person's texts runs nothing."""
    with database.session() as session:
        session.add(Course(course_id=-5, name="x", **STARTED))

    file = client.get(f"/admin/course/export/{format_name}?columns=course_id")

    assert READ[format_name](file.content)[1] in ([-5], ["-5"])


@pytest.mark.parametrize("format_name", EVERY_FORMAT)
@pytest.mark.parametrize("rights", [(), ("list",), ("export",), ("list", "details", "edit", "delete")])
def test_rule_27_an_export_needs_its_own_permission(database, database_url, format_name: str, rights):
    client = open_site(database_url)
    store(database, "Botany")
    sign_in(client, database, *(("course", right) for right in rights))

    answer = client.get(f"/admin/course/export/{format_name}")

    assert answer.status_code == 403
    assert "content-disposition" not in answer.headers
    assert "Botany" not in answer.text
    assert entries(database) == []


@pytest.mark.parametrize("format_name", EVERY_FORMAT)
def test_rule_27_an_export_keeps_the_rows_that_one_may_see(database, format_name: str):
    client = a_site(database, views=[OpenCourses])
    store(database, "Botany", "Secret")

    for query in ("", "?name=Secret", "?search=Secret", "?sort=-name", "?course_id=2", "?size=100"):
        file = client.get(f"/admin/course/export/{format_name}{query}")
        assert file.status_code == 200
        text = str(sheet_rows(file.content)) if format_name == "xlsx" else file.text
        assert "Secret" not in text


@pytest.mark.parametrize("format_name", EVERY_FORMAT)
def test_rule_27_an_export_is_on_record(database, database_url, format_name: str):
    client = open_site(database_url)
    person = sign_in(client, database, ("course", "list"), ("course", "export"))
    store(database, "Botany", "Zoology")

    client.get(f"/admin/course/export/{format_name}?columns=name&name=Botany")

    (entry,) = entries(database)
    assert entry.actor_id == str(person.user_id)
    assert entry.ip_address
    assert entry.changes["list"] == "course"
    assert entry.changes["rows"] == 1
    assert entry.changes["columns"] == ["name"]
    assert entry.changes["query"] == "Name is Botany"
    assert entry.changes["format"] == format_name


def entries(database: Database) -> list[AuditEntry]:
    with database.session() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == "export")))
