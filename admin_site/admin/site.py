"""SQLAdmin's Admin with our pages behind its paths and route names."""

from collections.abc import Sequence
from functools import cache, cached_property, partial
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter
from itsdangerous import URLSafeSerializer
from sqladmin import Admin, BaseView
from sqlalchemy import Table
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route

from admin_site import audit
from admin_site.admin import exports, pages
from admin_site.admin.actions import act
from admin_site.admin.answering import endpoint, failure_page, http_error_page, refusal_of_own_page
from admin_site.admin.backends import Grants, SignedIn
from admin_site.admin.bodies import MAX_HELD_BODY, MAX_PUBLIC_BODY
from admin_site.admin.flashes import Flashes
from admin_site.admin.generate import view_classes
from admin_site.admin.granting import granting_of
from admin_site.admin.held import to_sign_in
from admin_site.admin.look import look_of
from admin_site.admin.looking import banner
from admin_site.admin.shell import menu, person, support
from admin_site.admin.templating import STATIC, PageTemplates, VersionedFiles, make_environment
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Page
from admin_site.config import Settings
from admin_site.database import Database
from admin_site.database.views import views_in
from admin_site.errors import NotFound
from admin_site.permissions import Grantable, Identity, grantable
from admin_site.security.passwords import Passwords
from admin_site.security.tokens import Seals, SessionCookie

BASE_PATH = "/admin"
ENTRANCE_THREADS = 8  # for the pages of people who are not signed in yet
SAFE_AND_FORMS = ["GET", "POST"]


class AdminSite(Admin):
    """The admin over one database and a list of models."""

    def __init__(
        self,
        app: Starlette,
        database: Database,
        settings: Settings,
        models: Sequence[type],
        views: Sequence[type[AdminView] | type[BaseView]] = (),
        templates_dir: str = "templates",
    ) -> None:
        self.database = database
        self.settings: Settings = settings
        self._environment_at = cache(partial(make_environment, templates_dir))
        assert settings.secret_key is not None  # noqa: S101 - create_app makes sure
        keys = settings.secret_keys
        self.cookie = SessionCookie(*keys, is_secure=settings.is_secure)
        self.link_signer = URLSafeSerializer(keys[::-1], salt="password link")  # the last one signs
        self.seals = Seals(*keys)
        self.entrance = CapacityLimiter(ENTRANCE_THREADS)
        self.downloads = BoundedSemaphore(exports.AT_ONCE)
        # What everybody tries first: the name of the site, and where it stands.
        host = urlsplit(settings.address).hostname or ""
        self.passwords = Passwords(site_names=(settings.site_title, host))
        self.flashes = Flashes(*keys, path=BASE_PATH, is_secure=settings.is_secure)
        self.links = Flashes(*keys, path=BASE_PATH, is_secure=settings.is_secure, cookie="reset_link")
        super().__init__(
            app,
            session_maker=database.new_session_maker(),
            base_url=BASE_PATH,
            title=settings.site_title,
            templates_dir=templates_dir,
            authentication_backend=SignedIn(
                lambda request: to_sign_in(self, request), partial(refusal_of_own_page, self)
            ),
            authorization_backend=Grants(),
        )
        self.templates = PageTemplates(self)  # type: ignore[assignment]  # the one method that pages call
        self.admin.router.routes = self._routes()
        self.admin.exception_handlers = {
            HTTPException: partial(http_error_page, self),
            Exception: partial(failure_page, self),
        }
        written = [view for view in views if issubclass(view, AdminView)]
        for view in view_classes(models, written):
            self.add_view(view)
        for page in views:
            if not issubclass(page, AdminView):
                self.add_view(page)
        self._views_by_model = {view.model: view for view in self.model_views}
        for own in self.model_views:
            own.offer_related(self.view_of)
            own.link_inlines(self.view_of)
        self.views_by_table = {
            audit.model_name(view.description): view for view in reversed(self.model_views)
        }
        self._knows_database = False
        self._views_by_identity = {view.identity: view for view in self.model_views}

    @cached_property
    def grantable(self) -> Grantable:
        """What roles may be granted here."""
        views = self.model_views
        actions = {f"action:{slug}": label for view in views for slug, label, _ in view.action_buttons()}
        listed = {
            f"action:{slug}": label for view in views for slug, label in view._custom_actions_in_list.items()
        }
        bulk = {item.right: item.label for view in views for item in view.bulk_actions.values()}
        return grantable(
            {view.identity: view.name_plural for view in views},
            {**bulk, **listed, **actions},
            map(granting_of, views),
        )

    @property
    def model_views(self) -> list[AdminView]:
        return [view for view in self.views if isinstance(view, AdminView)]

    def find_view(self, identity: str) -> AdminView:
        try:
            return self._views_by_identity[identity]
        except KeyError:
            raise NotFound(f"There is no model “{identity[:100]}” here.") from None

    def view_of(self, model: type) -> AdminView | None:
        """Return the view of a model, or of the nearest class it inherits from."""
        return next(
            (self._views_by_model[base] for base in model.__mro__ if base in self._views_by_model), None
        )

    def look_at_database(self) -> None:
        """Find out, once, which models stand for views of the database.

        It takes a connection, of which a database in memory has no second one: ask before a session begins.
        """
        if self._knows_database:
            return
        tables = {view: view.description.mapper.local_table for view in self.model_views}
        named = {view: table for view, table in tables.items() if isinstance(table, Table)}
        found = views_in(self.database.engine, {table.schema for table in named.values()})
        for view, table in named.items():
            is_marked = table.info.get("read_only") is False
            view.is_database_view = (table.schema, table.name) in found and not is_marked
        self._knows_database = True

    def table_name(self, table: Table) -> str:
        """Return what people call the rows of a table."""
        view = next((view for view in self.model_views if view.description.mapper.local_table is table), None)
        return view.name_plural if view else table.name.replace("_", " ").capitalize()

    def base_path(self, request: Request) -> str:
        """Return the path the admin is mounted at, behind whatever proxy there is."""
        root: str = request.scope.get("root_path", "")
        return root if root.endswith(BASE_PATH) else root + BASE_PATH

    def render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Return a page; what every page shows is added to `context`."""
        base = self.base_path(request)
        identity: Identity | None = request.state.who.find()
        request.state.identity = identity
        message = self.flashes.read(request)
        look = look_of(request, identity)
        shared = {
            "request": request,
            "status": status,
            "site": {
                "title": self.settings.site_title,
                "home_url": f"{base}/",
                "sign_out_url": f"{base}/logout",
                "account_url": f"{base}/account",
                "menu": menu(self, request) if identity else [],
                "support": support(self, request) if identity else None,
            },
            "identity": person(self, request, identity) if identity else None,
            "flashes": [message] if message else [],
            "page": {"title": context.get("title", ""), "home": template == "home.html"},
            "environment": "",
            "preferences": look,
            "looking": banner(self, request, identity),
        }
        html = self._environment_at(base, look.language).get_template(template).render(shared | context)
        response = HTMLResponse(html, status_code=status)
        if message:
            self.flashes.clear(response)
        return response

    def _handle_action_decorated_func(self, func: Any, view: Any, view_instance: Any) -> None:
        """Take a method marked with SQLAdmin's `@action`; our action page runs it."""
        slug = getattr(func, "_slug", None)
        if slug is None or not hasattr(func, "_action"):
            return
        view_instance.sqladmin_actions[slug] = func
        if func._add_in_list:
            view_instance._custom_actions_in_list[slug] = func._label
        if func._add_in_detail:
            view_instance._custom_actions_in_detail[slug] = func._label
        if func._confirmation_message:
            view_instance._custom_actions_confirmation[slug] = func._confirmation_message

    def _routes(self) -> list[BaseRoute]:
        """Return our pages at SQLAdmin's paths under its names; its routes to files on disk are left out."""
        signed_in: list[tuple[str, str, Page, list[str]]] = [
            ("/", "index", pages.home, ["GET"]),
            ("/{identity}/list", "list", pages.list_records, ["GET"]),
            ("/{identity}/count", "list_count", pages.count_records, ["GET"]),
            ("/{identity}/filters", "list_filters", pages.choose_filter, ["GET"]),
            ("/{identity}/filters/lookup", "list_lookup", pages.look_up_filter, ["GET"]),
            ("/{identity}/filters/counts", "list_facets", pages.count_choices, ["GET"]),
            ("/{identity}/sort", "list_sort", pages.choose_sort, ["GET"]),
            ("/{identity}/dates", "list_dates", pages.drill_down, ["GET"]),
            ("/{identity}/columns", "list_columns", pages.choose_columns, SAFE_AND_FORMS),
            ("/{identity}/views", "list_views", pages.add_view, SAFE_AND_FORMS),
            ("/{identity}/views/{number:int}", "list_view", pages.change_view, SAFE_AND_FORMS),
            ("/{identity}/bulk", "list_bulk", pages.act_on_many, SAFE_AND_FORMS),
            ("/{identity}/edit-rows", "list_edit_rows", pages.edit_rows, SAFE_AND_FORMS),
            ("/{identity}/export", "export_choice", pages.choose_export, ["GET"]),
            ("/{identity}/export/{export_type}", "export", pages.export_records, ["GET"]),
            ("/{identity}/details/{pk:path}", "details", pages.show_record, ["GET"]),
            ("/{identity}/file/{name}/{pk:path}", "file", pages.download_file, ["GET"]),
            ("/{identity}/create", "create", pages.create_record, SAFE_AND_FORMS),
            ("/{identity}/check", "check_field", pages.check_field, ["POST"]),
            ("/{identity}/edit/{pk:path}", "edit", pages.edit_record, SAFE_AND_FORMS),
            ("/{identity}/delete", "delete", pages.delete_record, SAFE_AND_FORMS),
            ("/{identity}/ajax/lookup", "ajax_lookup", pages.look_up, ["GET"]),
            ("/{identity}/members/{pk:path}", "members", pages.show_members, ["GET"]),
            ("/{identity}/action/{slug}", "action", act, SAFE_AND_FORMS),
            ("/{identity}/reset-link/{pk:path}", "reset_link", pages.show_reset_link, ["GET"]),
            ("/{identity}/permissions/{pk:path}", "role_permissions", pages.edit_permissions, SAFE_AND_FORMS),
            ("/support", "support", pages.find_people, ["GET"]),
            ("/support/{pk:uuid}", "support_person", pages.show_person, ["GET"]),
            ("/support/{pk:uuid}/{deed}", "support_deed", pages.do_deed, SAFE_AND_FORMS),
            ("/stop-viewing", "stop_viewing", pages.stop_looking, ["POST"]),
            ("/drafts", "drafts", pages.change_draft, ["POST"]),
            ("/confirm-password", "confirm_password", pages.confirm_password, SAFE_AND_FORMS),
            ("/account", "account", pages.show_account, ["GET"]),
            ("/account/password", "account_password", pages.change_password, SAFE_AND_FORMS),
            ("/account/second-factor", "account_second_factor", pages.second_factor, SAFE_AND_FORMS),
            (
                "/account/second-factor/remove",
                "account_remove_second_factor",
                pages.remove_second_factor,
                SAFE_AND_FORMS,
            ),
            ("/account/recovery-codes", "account_recovery_codes", pages.renew_recovery_codes, SAFE_AND_FORMS),
            ("/account/sessions", "account_sessions", pages.end_own_sessions, ["POST"]),
            ("/account/preferences", "account_preferences", pages.change_preferences, ["POST"]),
            ("/account/theme", "account_theme", pages.change_theme, ["POST"]),
            ("/logout", "logout", pages.sign_out, ["POST"]),
        ]
        open_to_all: list[tuple[str, str, Page, list[str], int]] = [
            ("/login", "login", pages.sign_in, SAFE_AND_FORMS, MAX_HELD_BODY),
            ("/login/code", "login_code", pages.enter_code, SAFE_AND_FORMS, MAX_HELD_BODY),
            ("/forgot-password", "forgot_password", pages.forgot_password, SAFE_AND_FORMS, MAX_PUBLIC_BODY),
            ("/set-password/{token}", "password_link", pages.open_password_link, ["GET"], MAX_PUBLIC_BODY),
            ("/set-password", "set_password", pages.set_password, SAFE_AND_FORMS, MAX_PUBLIC_BODY),
        ]
        return [
            Mount("/statics", app=VersionedFiles(directory=STATIC), name="statics"),
            *(
                Route(path, endpoint(self, page, public=most), name=name, methods=methods)
                for path, name, page, methods, most in open_to_all
            ),
            *(
                Route(path, endpoint(self, page), name=name, methods=methods)
                for path, name, page, methods in signed_in
            ),
        ]
