"""Where everything meets: settings, a database and models become an ASGI app."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from secrets import token_urlsafe
from typing import Any

from pydantic import SecretStr
from sqladmin import BaseView
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from admin_site.admin.answering import failure_page, http_error_page
from admin_site.admin.own_views import VIEWS
from admin_site.admin.site import BASE_PATH, AdminSite
from admin_site.admin.views import AdminView
from admin_site.config import Settings, check_for_deployment, load_settings
from admin_site.database import Database
from admin_site.descriptions import mapped_classes
from admin_site.errors import ConfigurationError
from admin_site.middleware import Identification, SameOrigin, SecurityHeaders
from admin_site.models import AuditEntry, Base, CredentialToken, Role, RoleGrant, User, UserSession, UserType

ALWAYS = (User, UserType, Role, RoleGrant, UserSession, CredentialToken, AuditEntry)
"""The accounts and the audit trail, which every site has."""


def create_app(
    settings: Settings | None = None,
    models: Iterable[Any] | None = None,
    views: Sequence[type[AdminView] | type[BaseView]] = (),
    templates_dir: str = "templates",
) -> Starlette:
    """Return the admin site as an ASGI app.

    `models` are declarative bases, registries or mapped classes, our own example by default; a view in
    `views` replaces the one generated for its model, a template in `templates_dir` ours of the same name.
    Raises ConfigurationError when the settings or the models do not fit together.
    """
    settings = settings or load_settings()
    if settings.secret_key is None:  # one process, on this machine: its cookies die with it
        settings = settings.model_copy(update={"secret_key": SecretStr(token_urlsafe(32))})
    classes = _classes(models, settings)
    database = Database.from_settings(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(database.close)

    app = SecureStarlette(routes=[Route("/", _to_admin), Route("/healthz", _healthy)], lifespan=lifespan)
    app.is_secure = settings.is_secure
    own = {view.model for view in views if issubclass(view, AdminView)}
    kept = [view for view in VIEWS if view.model not in own]
    site = AdminSite(app, database, settings, classes, [*kept, *views], templates_dir)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(Identification, database=database, cookie=site.cookie)
    app.add_middleware(SameOrigin, public_url=settings.public_url)
    app.add_exception_handler(HTTPException, partial(http_error_page, site))
    app.add_exception_handler(Exception, partial(failure_page, site))
    app.state.site = site
    return app


class SecureStarlette(Starlette):
    """A Starlette whose every answer, that of its own error handler too, has the security headers."""

    is_secure = True

    def build_middleware_stack(self) -> ASGIApp:
        return SecurityHeaders(super().build_middleware_stack(), is_secure=self.is_secure)


def deployed() -> Starlette:
    """Return the site of this environment, for `serve` (raises ConfigurationError when it is not safe to)."""
    settings = load_settings()
    check_for_deployment(settings)
    return create_app(settings)


def _classes(models: Iterable[Any] | None, settings: Settings) -> list[type]:
    """Return the classes to show: the given ones, then accounts and audit."""
    if models is None:
        return list(mapped_classes([Base]))
    given = mapped_classes(models)
    if not settings.accounts_schema:
        _refuse_clashes(given)
    return list(dict.fromkeys([*given, *ALWAYS]))


def _refuse_clashes(models: Iterable[type]) -> None:
    ours = {table.fullname for table in Base.metadata.tables.values()}
    foreign = {
        table.fullname
        for model in models
        for table in model.__mapper__.tables  # type: ignore[attr-defined]
        if table.metadata is not Base.metadata
    }
    if clashes := sorted(ours & foreign):
        raise ConfigurationError(
            f"Both your models and the admin's accounts have tables called {', '.join(clashes)}. "
            "Set ACCOUNTS_SCHEMA, for example to admin_site, and migrate: the admin then has its own schema."
        )


async def _to_admin(request: Request) -> Response:
    return RedirectResponse(request.scope.get("root_path", "") + BASE_PATH + "/", status_code=303)


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok")
