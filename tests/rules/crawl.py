"""Walks a site as a curious person does: every link of every page, until there are no new ones."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

from httpx2 import Response
from starlette.routing import Match
from starlette.testclient import TestClient

LINK = re.compile(r"""(?:href|src|hx-get|data-url|data-href|action)="([^"#]+)[^"]*\"""")
EACH = 4  # addresses of one page that are visited: the record and the query differ, the page is the same


def crawl(client: TestClient, start: str = "/admin/") -> Iterator[tuple[str, Response]]:
    """Yield the address and the answer of each page that `start` leads to.

    Of pages that differ only in the record, the sorting or the filter a few are visited. Forms that change
    something are not sent, and nothing signs out.
    """
    waiting, seen, kinds = deque([start]), {start}, Counter()
    while waiting:
        address = waiting.popleft()
        answer = client.get(address)
        yield address, answer
        targets = LINK.findall(answer.text) if "html" in answer.headers.get("content-type", "") else []
        for target in [*targets, *filter(None, [answer.headers.get("location")])]:
            found = _within(address, unescape(target))
            if found and found not in seen and kinds[_kind(client, found)] < EACH:
                seen.add(found)
                kinds[_kind(client, found)] += 1
                waiting.append(found)


def _within(address: str, target: str) -> str:
    parts = urlsplit(urljoin(f"http://testserver{address}", target))
    if parts.netloc != "testserver" or not parts.path.startswith("/admin") or "/statics/" in parts.path:
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _kind(client: TestClient, address: str) -> tuple[str, str]:
    """Return which page an address leads to, whatever record or query it names."""
    path = urlsplit(address).path
    scope = {"type": "http", "method": "GET", "path": path.removeprefix("/admin"), "headers": []}
    for route in client.app.state.site.admin.router.routes:
        match, found = route.matches(scope)
        if match is Match.FULL:
            return route.name, str(found["path_params"].get("identity", ""))
    return path, ""
