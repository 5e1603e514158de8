"""A download from the page that offers it."""

import csv
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select

from admin_site.admin.exports import AT_ONCE
from admin_site.models import AuditEntry, Course
from tests.browser.sites import Site, Visitor
from tests.exported import sheet_rows

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def kept(page: Page, folder: Path) -> Path:
    """Press Download; return the file that the browser keeps."""
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    file = folder / started.value.suggested_filename
    started.value.save_as(file)
    return file


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_list_that_is_open_is_downloaded_as_asked(
    shared_site: Site, visit: Callable[..., Visitor], tmp_path: Path, scripts: bool
):
    name = f"ada{scripts}"
    visitor = visit(shared_site, java_script_enabled=scripts)
    visitor.sign_in(user_name=name, email_address=f"{name}@example.org")
    page = visitor.go("/admin/course/list?is_active=yes&sort=name&columns=name,is_active")

    page.get_by_role("link", name="Export").click()
    expect(page.get_by_text("Active is yes")).to_be_visible()
    rows = sheet_rows(kept(page, tmp_path).read_bytes())
    page.get_by_label("CSV", exact=False).first.check()
    page.get_by_label("Names of attributes").check()
    page.get_by_label("As stored").check()
    lines = list(csv.reader(kept(page, tmp_path).read_text().splitlines()))

    assert rows[0] == ["Name", "Active"]
    assert [row[0] for row in rows[1:]] == sorted(row[0] for row in rows[1:])
    assert lines == [["name", "is_active"], *([row[0], "true"] for row in rows[1:])]
    if scripts:
        expect(page.get_by_role("status").filter(has_text="Done")).to_contain_text(".csv")


def test_a_refusal_is_told_on_the_page(shared_site: Site, visit: Callable[..., Visitor]):
    visitor = visit(shared_site).sign_in(user_name="eve", email_address="eve@example.org")
    page = visitor.go("/admin/course/export")
    downloads = shared_site.app.state.site.downloads
    taken = [downloads.acquire(blocking=False) for _ in range(AT_ONCE)]

    page.get_by_role("button", name="Download").click()
    expect(page.get_by_text("downloads are under way already")).to_be_visible()
    for _ in taken:
        downloads.release()

    expect(page.get_by_role("button", name="Download")).to_be_enabled()
    assert ["409" in problem for problem in visitor.problems] == [True]  # Chromium says so by itself
    visitor.problems.clear()


def test_a_download_tells_how_far_it_is_and_can_be_stopped(site: Site, visit: Callable[..., Visitor]):
    with site.database.engine.begin() as connection:
        day = {"start_date": date(2030, 1, 7), "created_at": NOW, "updated_at": NOW}
        connection.execute(insert(Course.__table__), [{"name": f"Course {n}", **day} for n in range(20_000)])
    page = visit(site).sign_in().go("/admin/course/export")

    page.get_by_label("JSON", exact=False).last.check()
    page.locator("input[value=all]").check()  # numbers of relatives take their time
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_text(re.compile(r"of about \d"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()

    expect(page.get_by_role("status").filter(has_text="Stopped")).to_be_visible()
    expect(page.get_by_role("button", name="Download")).to_be_enabled()
    assert when_recorded(site).changes["complete"] is False


def when_recorded(site: Site) -> AuditEntry:
    """Return the entry of the one export, which is made when the server has noticed that it ended."""
    for _ in range(400):
        with site.database.session() as session:
            if entry := session.scalar(select(AuditEntry).where(AuditEntry.action == "export")):
                return entry
        time.sleep(0.05)
    raise AssertionError("the export is not on record")
