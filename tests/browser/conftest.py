"""A real Chromium in front of a real server over a seeded database.

The tests skip where no Chromium is installed; BROWSER_TESTS=required makes that a failure.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from admin_site.database import Database
from admin_site.seed import seed
from tests.browser.chromium import CHROMIUM, Chromium, find_chromium
from tests.browser.sites import Site, Visitor
from tests.conftest import _sqlite_url

HERE = Path(__file__).parent
MISSING = "no Chromium is installed, so nothing was tested in a browser (Debian: apt install chromium)"
DEFAULTS = {"viewport": {"width": 1400, "height": 900}, "reduced_motion": "reduce"}
PEOPLE = 60
TIMEOUT = 15_000  # milliseconds; a busy machine is slow, not wrong


@pytest.fixture(scope="session")
def chromium_path() -> str:
    if os.environ.get("BROWSER_TESTS") == "later":
        pytest.skip("the tests in a browser are a step of their own")
    path = find_chromium()
    if path is None and os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(MISSING)
    if path is None:
        pytest.skip(MISSING)
    return path


@pytest.fixture
def chromium(pytestconfig: pytest.Config, chromium_path: str) -> Browser:
    return pytestconfig.stash.setdefault(CHROMIUM, Chromium()).started(chromium_path)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Close the browser before tests of other folders: while Playwright is open no event loop can run."""
    if (nextitem is None or HERE not in nextitem.path.parents) and CHROMIUM in item.config.stash:
        item.config.stash[CHROMIUM].close()


def pytest_terminal_summary(terminalreporter) -> None:
    if find_chromium() is None and any(
        "/browser/" in report.nodeid for report in terminalreporter.getreports("skipped")
    ):
        terminalreporter.write_line(f"Browser tests: {MISSING}.", yellow=True)


@pytest.fixture(scope="session")
def seeded_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated and seeded SQLite file to copy."""
    file = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("browser") / "seeded.sqlite3"))
    with Database(_sqlite_url(file)) as database:
        seed(database, people=PEOPLE)
    return file


@pytest.fixture
def site(seeded_file: Path, tmp_path: Path) -> Iterator[Site]:
    """A site of our own models on a database of the test's own, and its server."""
    with Site(_sqlite_url(Path(shutil.copy(seeded_file, tmp_path / "site.sqlite3")))) as site:
        yield site


@pytest.fixture(scope="module")
def shared_site(seeded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site for the tests of a module that change nothing."""
    file = tmp_path_factory.mktemp("shared") / "site.sqlite3"
    with Site(_sqlite_url(Path(shutil.copy(seeded_file, file)))) as site:
        yield site


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Opens a browser profile of its own for a site; what went wrong in it fails the test at the end."""
    with ExitStack() as stack:
        visitors: list[Visitor] = []

        def open_profile(site: Site, **options: object) -> Visitor:
            context = chromium.new_context(**(DEFAULTS | options))
            context.set_default_timeout(TIMEOUT)
            stack.callback(context.close)
            visitors.append(Visitor(site, context))
            return visitors[-1]

        yield open_profile
        problems = [problem for visitor in visitors for problem in visitor.problems]
    assert problems == []


@pytest.fixture
def page(site: Site, visit: Callable[..., Visitor]) -> Page:
    """A page of a superuser who is signed in."""
    return visit(site).sign_in().page
