"""A site over a database, and a browser that is signed in to it."""

from collections.abc import Iterable
from typing import Any

from starlette.testclient import TestClient

from admin_site import Settings, create_app
from admin_site.database import Database
from admin_site.permissions import Right
from admin_site.services.sessions import start_session
from tests.factories import make_role, make_user

SETTINGS = {
    "_env_file": None,
    "secret_key": "a secret of the tests, long enough",
    "public_url": "http://testserver",
}


def settings_for(database_url: str) -> Settings:
    return Settings(**SETTINGS, database_url=database_url)


def open_site(database_url: str, **options: Any) -> TestClient:
    """Return a client of a new site that follows no redirects, not signed in."""
    return TestClient(create_app(settings_for(database_url), **options), follow_redirects=False)


def sign_in(
    client: TestClient, database: Database, *grants: Right, superuser: bool = False, **values: Any
) -> Any:
    """Sign `client` in as a new person with these rights; return the person."""
    with database.session() as session:
        roles = (make_role(session, *grants),) if grants else ()
        user = make_user(session, roles=roles, superuser=superuser, **values)
        token = start_session(session, user)
    cookie = client.app.state.site.cookie
    client.cookies.set(cookie.name, cookie.attributes(token)["value"])
    return user


def a_site(database: Database, *, models: Iterable[Any] | None = None, **options: Any) -> TestClient:
    """Return a client signed in as a superuser."""
    url = database.engine.url.render_as_string(hide_password=False)
    client = open_site(url, models=models, **options)
    sign_in(client, database, superuser=True)
    return client
