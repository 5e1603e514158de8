"""A site that is really served, and people who visit it with a browser."""

import socket
import threading
from collections.abc import Mapping
from typing import Any, Self

import uvicorn
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from admin_site import Settings, create_app
from admin_site.database import Database
from admin_site.models import User
from admin_site.permissions import Grant
from admin_site.services.sessions import start_session
from tests.factories import make_role, make_user
from tests.processes import Server

ADA = {"first_name": "Ada", "last_name": "Lovelace", "user_name": "ada", "email_address": "ada@example.org"}

# Runs in every page before its own scripts, outside its content security policy.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`The policy forbids ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""


class Site:
    """A site over a migrated database, served on a free loopback port in a thread until the block ends.

    `settings` are those that a test needs beside the usual ones.
    """

    def __init__(self, database_url: str, settings: Mapping[str, Any] | None = None, **options: Any) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        own = {
            "_env_file": None,
            "database_url": database_url,
            "secret_key": "a secret of the tests, long enough",
            "public_url": self.address,
        }
        known = Settings(**own | dict(settings or {}))
        self.database = Database.from_settings(known)
        self.app = create_app(known, **options)
        self._server = uvicorn.Server(uvicorn.Config(self.app, log_level="critical", ws="none"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
            assert self._thread.is_alive(), "the server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self.database.close()


class Visitor:
    """One browser profile on a site; it keeps a list of all that a page should never do."""

    def __init__(self, site: Site | Server, context: BrowserContext) -> None:
        self.site = site
        self.context = context
        self.problems: list[str] = []
        self._refused: set[str] = set()
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("request", self._note_request)
        context.on("response", self._note_response)
        context.on("console", self._note_message)
        context.on(
            "weberror", lambda error: self.problems.append(f"{error.page and error.page.url}: {error.error}")
        )
        self.page: Page = context.new_page()

    def sign_in(self, *grants: Grant, superuser: bool | None = None, **values: Any) -> Self:
        """Sign in as Ada Lovelace, with these grants alone or else as a superuser."""
        with self.site.database.session() as session:
            user = make_user(
                session,
                superuser=not grants if superuser is None else superuser,
                roles=(make_role(session, *grants),) if grants else (),
                **(ADA | values),
            )
            self.sign_in_as(user, start_session(session, user))
        return self

    def sign_in_as(self, user: User, token: str) -> Self:
        cookie = self.site.app.state.site.cookie
        value = cookie.attributes(token)["value"]
        self.context.add_cookies([{"name": cookie.name, "value": value, "url": self.site.address}])
        return self

    def go(self, path: str) -> Page:
        """Open `path` of the site; what the server answers is not a problem in itself."""
        self.page.goto(self.site.address + path)
        return self.page

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.site.address + "/", "blob:", "data:")):
            self.problems.append(f"{request.frame.url} asks another host: {request.url}")

    def _note_response(self, response: Any) -> None:
        # Chromium writes an error for a page that is answered 404; that is not the page's fault.
        if response.status >= 400 and response.request.is_navigation_request():
            self._refused.add(response.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if message.text.startswith("Failed to load resource") and message.location["url"] in self._refused:
            return
        self.problems.append(f"{message.page and message.page.url}: {message.text}")
