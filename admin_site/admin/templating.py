"""Templates and the files they refer to."""

from collections.abc import Callable
from functools import cache, lru_cache, partial
from hashlib import blake2s
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from admin_site.admin.compiled import COMPILED
from admin_site.languages import say_number, show

PACKAGE = Path(__file__).resolve().parent.parent
STATIC = PACKAGE / "static"
MAX_ICONS = 500  # drawn ones that are kept


def make_environment(templates_dir: str, base_path: str, language: str) -> Environment:
    """Return the environment of our templates, for a site mounted at `base_path` that speaks a language.

    A file of the same name in `templates_dir` comes before ours.
    """
    ours = PackageLoader("admin_site", "templates")
    # Pages written for SQLAdmin extend its layout by this name.
    theirs = DictLoader({"sqladmin/layout.html": '{% extends "layout.html" %}'})
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(templates_dir), ours, theirs]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=COMPILED,
    )
    # A global and not a variable of each page, since macros see no variables of the page that imports them.
    static = cache(lambda path: f"{base_path}/statics/{path}?v={version(path)}")
    environment.globals |= {
        "static": static,
        "_": partial(show, language),
        "_n": partial(say_number, language),
        "draw_icon": lru_cache(MAX_ICONS)(partial(_icon, static)),
        "dialogs": cache(lambda: Markup(environment.get_template("_dialogs.html").render())),  # noqa: S704
    }
    return environment


def _icon(static: Callable[[str], str], name: str, css_class: str = "") -> Markup:
    """Return an icon of static/icons.svg, a table where nobody chose one."""
    drawing = (name or "table").split(" ")[-1].replace("fa-", "")
    svg = Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>')
    return svg.format(f"icon {css_class}".rstrip(), static("icons.svg"), drawing)


@cache
def version(path: str) -> str:
    """Return a digest of a static file, for its URL: a changed file is a new address."""
    return blake2s((STATIC / path).read_bytes(), digest_size=5).hexdigest()


class VersionedFiles(StaticFiles):
    """Our static files: a browser keeps for good what it asks for by version, and asks again for the rest."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        is_versioned = scope["query_string"].startswith(b"v=")
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if is_versioned else "no-cache"
        )
        return response


class PageTemplates:
    """What a custom SQLAdmin page knows as `self.templates`."""

    def __init__(self, site: Any) -> None:
        self._site = site

    async def TemplateResponse(  # noqa: N802 - SQLAdmin's name
        self, request: Request, name: str, context: dict[str, Any] | None = None, status_code: int = 200
    ) -> HTMLResponse:
        response: HTMLResponse = self._site.render(request, name, status=status_code, **(context or {}))
        return response
