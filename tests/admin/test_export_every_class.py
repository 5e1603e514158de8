"""An export of every mapped class, as its list has it."""

import csv
import io
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from admin_site.admin.views import AdminView
from admin_site.database import Database
from admin_site.descriptions import Kind
from admin_site.listing import LABEL, ListQuery, fetch
from admin_site.values import to_json
from tests import zoo
from tests.admin.sites import a_site
from tests.exported import sheet_rows


@pytest.fixture
def site(database: Database, backend: str) -> TestClient:
    """A superuser's browser on a site of the zoo."""
    zoo.create(database.engine)
    with database.session() as session:
        zoo.fill(session)
    return a_site(database, models=zoo.models_on(backend))


def test_every_class_is_exported_as_its_list_has_it(site: TestClient, database: Database, backend: str):
    views = [view for view in site.app.state.site.model_views if view.model in zoo.models_on(backend)]

    assert len(views) > 50
    wrong = {}
    for view in views:
        names = _names(view)
        with database.session() as session:
            query = ListQuery.parse([("size", "100"), ("columns", ",".join(names))], view.listing)
            page = fetch(session, view.listing, query)
            expected = [[page.label(record), *_values(view, record, names[1:])] for record in page.rows]
        found = _exports(site, view, names)
        if found["raw", "json"] != expected or found["shown", "jsonl"] != len(expected):
            wrong[view.identity] = (expected, found)
        elif found["shown", "xlsx"] != len(expected) or found["raw", "csv"] != len(expected):
            wrong[view.identity] = found
    assert wrong == {}


def _names(view: AdminView) -> list[str]:
    """Return the label and every field that a list can show."""
    fields = {field.name for field in view.description.fields if field.kind is not Kind.BINARY}
    names = [name for name in view.export_options.names if name in view.listing.choosable & fields]
    return [LABEL, *names]


def _values(view: AdminView, record: Any, names: list[str]) -> list[Any]:
    return [_value(view, record, name) for name in names]


def _value(view: AdminView, record: Any, name: str) -> Any:
    try:
        value = getattr(record, name)
    except Exception:  # a hybrid that fails
        return "?"
    field = view.description.field(name)
    is_float = field.kind is Kind.FLOAT and isinstance(value, Decimal)
    return float(value) if is_float else to_json(field, value)


def _exports(client: TestClient, view: AdminView, names: list[str]) -> dict[tuple[str, str], Any]:
    """Return the rows of a file of JSON, and how many full rows the other files have."""
    found: dict[tuple[str, str], Any] = {}
    for values, format_name in (("raw", "json"), ("raw", "csv"), ("shown", "jsonl"), ("shown", "xlsx")):
        asked = urlencode({"columns": ",".join(names), ":values": values})
        answer = client.get(f"/admin/{view.identity}/export/{format_name}?{asked}")
        assert answer.status_code == 200, (view.identity, answer.text[:2000])
        rows = _rows(answer, format_name)
        is_full = all(len(row) == len(names) for row in rows)
        found[values, format_name] = rows if format_name == "json" else len(rows) if is_full else rows
    return found


def _rows(answer: Any, format_name: str) -> list[list[Any]]:
    if format_name == "xlsx":
        return sheet_rows(answer.content)[1:]
    if format_name == "csv":
        return list(csv.reader(io.StringIO(answer.text, newline="")))[1:]
    lines = answer.text.split("\n")[:-1]
    rows = answer.json() if format_name == "json" else [json.loads(line) for line in lines]
    return [list(row.values()) for row in rows]
