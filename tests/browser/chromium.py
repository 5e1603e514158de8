"""The Chromium of this machine, as Playwright drives it."""

import shutil
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """One browser for each set of arguments, started when a test first asks for it."""

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browsers: dict[tuple[str, ...], Browser] = {}

    def started(self, path: str, *arguments: str, **options: Any) -> Browser:
        self._playwright = self._playwright or sync_playwright().start()
        if arguments not in self._browsers:
            self._browsers[arguments] = self._playwright.chromium.launch(
                executable_path=path, args=[*ARGUMENTS, *arguments], **options
            )
        return self._browsers[arguments]

    def close(self) -> None:
        for browser in self._browsers.values():
            browser.close()
        self._browsers.clear()
        if self._playwright is not None:
            self._playwright.stop()
            self._playwright = None


CHROMIUM = pytest.StashKey[Chromium]()
