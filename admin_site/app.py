"""Where everything meets: settings, a database and models become an ASGI app."""

import logging
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from operator import attrgetter
from secrets import token_urlsafe
from typing import Any

from pydantic import SecretStr
from sqladmin import BaseView
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
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
from admin_site.database.neighbours import neighbours
from admin_site.descriptions import mapped_classes
from admin_site.errors import BadRequest, ConfigurationError
from admin_site.exporting import FORMATS
from admin_site.mailing import Mailer, Worker
from admin_site.middleware import Identification, SameOrigin, SecurityHeaders
from admin_site.models import (
    AuditEntry,
    Base,
    CredentialToken,
    ListPreference,
    OutgoingMail,
    RecoveryCode,
    Role,
    RoleGrant,
    SavedView,
    SecondFactor,
    Throttle,
    User,
    UserSession,
    UserType,
    Viewing,
)
from admin_site.ops.retention import Sweeper
from admin_site.ops.status import check_schema

ALWAYS = (
    User,
    UserType,
    Role,
    RoleGrant,
    UserSession,
    CredentialToken,
    AuditEntry,
    SavedView,
    ListPreference,
    SecondFactor,
    RecoveryCode,
    Throttle,
    Viewing,
    OutgoingMail,
)
"""The accounts, the audit trail and what people keep of lists, which every site has."""


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
        await run_in_threadpool(_complain_of_tables, database)
        post = Worker(Mailer(database, settings, templates_dir))
        post.start()
        sweeper = Sweeper(settings)
        sweeper.start()
        yield
        await run_in_threadpool(sweeper.stop)
        await run_in_threadpool(post.stop)
        await run_in_threadpool(database.close)

    app = SecureStarlette(routes=[Route("/", _to_admin), Route("/healthz", _healthy)], lifespan=lifespan)
    app.is_secure = settings.is_secure
    own = {view.model for view in views if issubclass(view, AdminView)}
    kept = [view for view in VIEWS if view.model in classes and view.model not in own]
    site = AdminSite(app, database, settings, classes, [*kept, *views], templates_dir)
    compressed = (*DEFAULT_EXCLUDED_CONTENT_TYPES, FORMATS["xlsx"].media_type)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5, exclude_content_types=compressed)
    app.add_middleware(Identification, database=database, cookie=site.cookie, proxies=settings.proxies)
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


def find_site(name: str) -> AdminSite:
    """Return the admin of an app that `name` says where to find, as "package.module:app".

    Raises BadRequest when there is none.
    """
    module, _, attribute = name.partition(":")
    sys.path.insert(0, "")  # what is in this folder can be imported, as uvicorn lets it
    try:
        app = attrgetter(attribute or "app")(import_module(module))
    except (ValueError, AttributeError) as error:
        raise BadRequest(f"There is no app at {name!r}: {error}") from error
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise BadRequest(f"There is no module {error.name!r} to find an app in") from error
    site = getattr(getattr(app, "state", None), "site", None)
    if not isinstance(site, AdminSite):
        raise BadRequest(f"{name!r} is not what create_app returned")
    return site


def _classes(models: Iterable[Any] | None, settings: Settings) -> list[type]:
    """Return the classes to show: the given ones, then those that every site has."""
    if models is None:
        return list(mapped_classes([Base]))
    given = neighbours(mapped_classes(models), settings)
    return list(dict.fromkeys([*given, *ALWAYS]))


def _complain_of_tables(database: Database) -> None:
    """Say in the log what every sign-in would fail of; the site starts, and works once that is mended."""
    try:
        check_schema(database)
    except ConfigurationError as error:
        logging.getLogger("admin_site").error("%s", error)


async def _to_admin(request: Request) -> Response:
    return RedirectResponse(request.scope.get("root_path", "") + BASE_PATH + "/", status_code=303)


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok")
