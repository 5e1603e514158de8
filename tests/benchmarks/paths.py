"""Where each site of the comparison shows the same pages of the list of people."""

from datetime import UTC, datetime, timedelta

from tests.benchmarks.data import COMMON, RARE
from tests.benchmarks.models import PAGE

PAGES = ("list", "sorted", "last page", "deep page", "search, rare", "search, common")

NAMES = {
    "floor": "by hand",
    "ours": "this admin",
    "sqladmin_site": "SQLAdmin",
    "starlette_admin_site": "starlette-admin",
    "flask_admin_site": "Flask-Admin",
    "django_site": "Django admin",
}

_NUMBERED = ("?page={last}", "?page={deep}")
_PATHS: dict[str, tuple[str, tuple[str, ...]]] = {
    "floor": ("/people", ("",)),
    "ours": (
        "/admin/person/list",
        ("", "?sort=name", "?last=yes", "?jump={middle}", "?search={rare}", "?search={common}"),
    ),
    "sqladmin_site": (
        "/admin/person/list",
        ("", "?sortBy=name&sort=asc", *_NUMBERED, "?search={rare}", "?search={common}"),
    ),
    "starlette_admin_site": (
        "/admin/person/list",
        ("", "?sort=name__asc", *_NUMBERED, "?q={rare}", "?q={common}"),
    ),
    "flask_admin_site": (
        "/admin/person/",
        ("", "?sort=0", *_NUMBERED, "?search={rare}", "?search={common}"),
    ),
    "django_site": (
        "/admin/admin/person/",
        ("", "?o=1", "?p={last}", "?p={deep}", "?q={rare}", "?q={common}"),
    ),
}


def paths_of(site: str, people: int) -> dict[str, str]:
    """Return the addresses of a site's pages by what they show."""
    base, queries = _PATHS[site]
    last = people // PAGE - (site == "flask_admin_site")  # which counts from 0
    middle = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=17) * (people // 2)
    values = {"rare": RARE, "common": COMMON, "last": last, "deep": last // 2, "middle": f"{middle:%Y-%m-%d}"}
    return {page: base + query.format(**values) for page, query in zip(PAGES, queries, strict=False)}
