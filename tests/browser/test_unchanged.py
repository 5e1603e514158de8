"""What a real browser makes of awkward values on their way through a form."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import Table, select, text

from admin_site.descriptions import describe
from admin_site.keys import encode_key
from tests import zoo
from tests.browser.inspection import wrong
from tests.browser.sites import Site, Visitor
from tests.zoo import columns, postgresql

MODELS = {
    "sqlite": (columns.Scalars, columns.Demands, columns.Choices, columns.Decorated, columns.Person),
    "postgresql": (postgresql.Postgres, postgresql.Arrays, postgresql.Ranges),
}


@pytest.fixture
def zoo_site(backend: str, database_url: str) -> Iterator[Site]:
    with Site(database_url, models={*MODELS["sqlite"], *MODELS[backend]}) as site:
        zoo.create(site.database.engine)
        with site.database.session() as session:
            zoo.fill(session)
        yield site


def rows(site: Site, model: type) -> list[str]:
    """Return everything stored in the tables of a model, as the driver gives it."""
    tables = [table for table in describe(model).mapper.tables if isinstance(table, Table)]
    with site.database.engine.connect() as connection:
        return [
            repr([plain(value) for value in row])
            for table in tables
            for row in connection.execute(select(text("*")).select_from(table).order_by(*table.primary_key))
        ]


def plain(value: object) -> object:
    """Return a value of the driver with bytes for the views of memory that PostgreSQL's gives."""
    if isinstance(value, list):
        return [plain(part) for part in value]
    return bytes(value) if isinstance(value, memoryview) else value


def keys(site: Site, model: type) -> list[str]:
    description = describe(model)
    with site.database.session() as session:
        return [
            encode_key(description, description.key_of(record)) for record in session.scalars(select(model))
        ]


def test_a_form_saved_unchanged_changes_nothing(zoo_site: Site, backend: str, visit: Callable[..., Visitor]):
    page = visit(zoo_site, java_script_enabled=backend == "sqlite").sign_in().page
    # A hundred pages are opened, and how they look changes nothing of what is sent.
    page.route("**/*.css?*", lambda route: route.fulfill(body="", content_type="text/css"))
    for model in MODELS[backend]:
        identity = describe(model).identity
        before = rows(zoo_site, model)
        assert before
        for key in keys(zoo_site, model):
            page.goto(f"{zoo_site.address}/admin/{identity}/edit/{key}")
            page.get_by_role("button", name="Save", exact=True).click()
            expect(page.locator(".toasts"), f"{identity} {key}").to_contain_text("Nothing was changed")
        assert rows(zoo_site, model) == before


def test_what_is_typed_is_what_is_stored(zoo_site: Site, visit: Callable[..., Visitor]):
    visitor = visit(zoo_site, timezone_id="America/New_York").sign_in()
    visitor.go("/admin/")  # where the browser tells its zone
    page = visitor.go("/admin/scalars/create")
    page.locator("summary", has_text="More").click()
    page.locator("#field-long").fill("several\nlines\n\n ")
    page.locator("#field-description").fill("\n leading line end, and spaces  ")
    page.locator("#field-number").fill("-42")
    page.locator("#field-price").fill("1234.500")
    page.locator("#field-document").fill('{"b": [1, null, "x"], "a": {}}')
    page.locator("#field-instant").fill("2026-03-01T09:30:15")
    page.locator("#field-blob").set_input_files(
        {"name": "a.bin", "mimeType": "", "buffer": bytes(range(256))}
    )
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toasts")).to_contain_text("was added")

    with zoo_site.database.session() as session:
        made = session.scalars(select(columns.Scalars).order_by(columns.Scalars.id.desc())).first()
        assert made.long == "several\nlines\n\n "
        assert made.description == "\n leading line end, and spaces  "
        assert made.number == -42
        assert str(made.price) == "1234.500"
        assert list(made.document) == ["b", "a"]
        assert made.instant.isoformat() == "2026-03-01T14:30:15+00:00"
        assert made.blob == bytes(range(256))


def test_every_page_of_every_sort_of_column_stays_in_a_narrow_window(
    zoo_site: Site, backend: str, visit: Callable[..., Visitor]
):
    page = visit(zoo_site, viewport={"width": 360, "height": 780}).sign_in().page
    found = []
    for model in MODELS[backend]:
        identity = describe(model).identity
        key = keys(zoo_site, model)[-1]
        for path in ("list", "create", f"details/{key}", f"edit/{key}"):
            page.goto(f"{zoo_site.address}/admin/{identity}/{path}")
            found += [f"{identity}/{path}: {fault}" for fault in wrong(page)]

    assert "\n".join(found) == ""
