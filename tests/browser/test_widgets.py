"""Controls that a script makes of texts: rows, documents, ranges, slugs, times that come twice."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import JSON, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from admin_site import AdminView
from tests import zoo
from tests.browser.inspection import wrong
from tests.browser.sites import Site, Visitor
from tests.zoo import columns, postgresql


class Base(DeclarativeBase):
    pass


class Leaflet(Base):
    __tablename__ = "widget_pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    slug: Mapped[str] = mapped_column(String(12))
    settings: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    body: Mapped[str | None] = mapped_column(String(2000))


class LeafletView(AdminView, model=Leaflet):
    form_prepopulated = {"slug": ["title"]}


@pytest.fixture
def widgets(database_url: str, backend: str) -> Iterator[Site]:
    """A site of pages; on PostgreSQL with the lists and ranges of the zoo."""
    models = (postgresql.Arrays, postgresql.Ranges) if backend == "postgresql" else (columns.Scalars,)
    with Site(database_url, models=models, views=[LeafletView]) as site:
        zoo.create(site.database.engine)
        Base.metadata.create_all(site.database.engine)
        yield site


@pytest.fixture
def page(widgets: Site, visit: Callable[..., Visitor]) -> Page:
    visitor = visit(widgets, timezone_id="Europe/Berlin").sign_in()
    visitor.go("/admin/")  # where the browser tells its zone
    return visitor.page


only_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toasts")).to_contain_text("was ")


@only_sqlite
def test_what_is_no_json_is_told_with_its_place_and_json_is_laid_out_without_changing_a_digit(
    widgets: Site, page: Page
):
    page.goto(f"{widgets.address}/admin/leaflet/create")
    area = page.get_by_label("Settings")
    area.fill('{"a": 1.50,\n "b": }')
    expect(page.locator(".json-state")).to_have_text(
        "Line 2, column 7: there is a comma too many before this, or a value is missing."
    )
    page.get_by_label("Title").focus()
    expect(page.locator("#field-settings-field .field-error")).to_contain_text(
        "line 2, column 7", ignore_case=True
    )
    expect(area).to_have_value('{"a": 1.50,\n "b": }')

    area.fill('{"a": 1.50, "b": [12345678901234567890, {}]}')
    page.get_by_role("button", name="Format").click()

    expect(area).to_have_value('{\n  "a": 1.50,\n  "b": [\n    12345678901234567890,\n    {}\n  ]\n}')
    expect(page.locator("#field-settings-field .field-error")).to_have_count(0)


@only_sqlite
def test_a_slug_follows_its_title_until_somebody_types_it(widgets: Site, page: Page):
    page.goto(f"{widgets.address}/admin/leaflet/create")
    title, slug = page.get_by_label("Title"), page.get_by_label("Slug")

    title.press_sequentially("Crème brûlée ñ")
    expect(slug).to_have_value("creme-brulee")
    title.fill("Straße")
    expect(slug).to_have_value("strasse")
    slug.fill("my-own")
    title.fill("Something else")
    expect(slug).to_have_value("my-own")
    slug.fill("")
    title.fill("Back again")
    expect(slug).to_have_value("back-again")
    save(page)

    with widgets.database.session() as session:
        assert session.scalars(select(Leaflet.slug)).all() == ["back-again"]


@only_sqlite
def test_a_text_near_its_limit_counts_what_is_left(widgets: Site, page: Page):
    page.goto(f"{widgets.address}/admin/leaflet/create")
    body = page.get_by_label("Body")
    left = page.locator("#field-body-field .characters-left")

    expect(left).to_be_hidden()
    body.fill("x" * 1990)
    expect(left).to_have_text("10 characters left")
    body.fill("x" * 2001)
    expect(left).to_have_text("1 character too many")


@only_sqlite
def test_a_time_that_comes_twice_is_asked_about_and_the_chosen_one_is_kept(widgets: Site, page: Page):
    page.goto(f"{widgets.address}/admin/scalars/create")
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    instant = page.locator("#field-instant")
    instant.fill("2026-10-25T02:30")
    page.get_by_label("Number").focus()
    page.get_by_role("button", name="Second time, UTC+01:00").click()
    expect(instant).to_have_value("2026-10-25 02:30:00+01:00")
    save(page)

    with widgets.database.session() as session:
        stored = session.scalars(select(columns.Scalars)).one()
        assert stored.instant.isoformat() == "2026-10-25T01:30:00+00:00"


@only_postgresql
def test_a_list_is_edited_with_the_keyboard_alone(widgets: Site, page: Page):
    with widgets.database.session() as session:
        session.add(postgresql.Arrays(id=1, needed=["b"], texts=["one\r\ntwo", "x"], integers=None))
    page.goto(f"{widgets.address}/admin/arrays/edit/1")
    expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    needed = page.locator("#field-needed-field")

    needed.get_by_role("textbox").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("a")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Enter")
    page.keyboard.type("c")
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")
    expect(needed.get_by_role("textbox").nth(1)).to_be_focused()
    needed.get_by_role("button", name="No value").nth(1).press("Enter")
    integers = page.locator("#field-integers-field")
    integers.get_by_role("button", name="Make it an empty list").press("Enter")
    expect(integers).to_contain_text("Empty list")
    page.keyboard.press("Control+s")
    expect(page.locator(".toasts")).to_contain_text("was saved")

    with widgets.database.session() as session:
        stored = session.get_one(postgresql.Arrays, 1)
        assert stored.needed == ["a", None, "b"]
        assert stored.integers == []
        assert stored.texts == ["one\r\ntwo", "x"]


@only_postgresql
def test_a_list_can_be_typed_as_a_text_and_what_is_nested_stays_one(widgets: Site, page: Page):
    with widgets.database.session() as session:
        session.add(postgresql.Arrays(id=1, needed=["b"], texts=[["a"], ["b"]]))
    page.goto(f"{widgets.address}/admin/arrays/edit/1")

    expect(page.locator("#field-texts")).to_have_value('[["a"], ["b"]]')
    needed = page.locator("#field-needed-field")
    needed.get_by_role("button", name="Edit as text").click()
    page.locator("#field-needed").fill('["p", "q"]')
    needed.get_by_role("button", name="Edit as rows").click()
    expect(needed.get_by_role("textbox").nth(1)).to_have_value("q")
    save(page)

    with widgets.database.session() as session:
        stored = session.get_one(postgresql.Arrays, 1)
        assert (stored.needed, stored.texts) == (["p", "q"], [["a"], ["b"]])


@only_postgresql
def test_a_range_has_two_ends_which_may_be_open_and_belong_to_it_or_not(widgets: Site, page: Page):
    with widgets.database.session() as session:
        session.add(postgresql.Ranges(id=1, num=postgresql.pg.Range(1, 2)))
    page.goto(f"{widgets.address}/admin/ranges/edit/1")
    num, whole, tstz = (page.locator(f"#field-{name}-field") for name in ("num", "int4", "tstz"))

    num.get_by_label("included").nth(1).check()
    num.get_by_label("until").fill("2.50")
    whole.get_by_role("combobox").select_option("The empty range")
    tstz.get_by_role("combobox").select_option("A range")
    tstz.get_by_label("from").fill("2026-07-01T10:30:00")
    save(page)

    with widgets.database.session() as session:
        stored = session.get_one(postgresql.Ranges, 1)
        assert (str(stored.num.upper), stored.num.bounds) == ("2.50", "[]")
        assert stored.int4.empty
        assert stored.tstz.lower.isoformat() == "2026-07-01T08:30:00+00:00"
        assert stored.tstz.upper is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@only_postgresql
def test_rows_and_ranges_stay_in_a_narrow_window(widgets: Site, visit: Callable[..., Visitor], scheme: str):
    with widgets.database.session() as session:
        session.add(postgresql.Arrays(id=1, needed=["b", None], moments=[], integers=[1, None]))
        session.add(
            postgresql.Ranges(id=1, num=postgresql.pg.Range(1, 2), dates=postgresql.pg.Range(None, None))
        )
    visitor = visit(widgets, viewport={"width": 360, "height": 780}, color_scheme=scheme).sign_in()

    for path in ("/admin/arrays/edit/1", "/admin/ranges/edit/1"):
        assert wrong(visitor.go(path)) == []
