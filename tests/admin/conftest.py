"""Signed-in browsers over a database of our own models."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from admin_site.database import Database
from tests.admin.sites import a_site


@pytest.fixture
def client(database: Database) -> TestClient:
    """A superuser's browser."""
    return a_site(database)


@pytest.fixture
def statements(client: TestClient) -> Iterator[list[str]]:
    """What the site of the superuser's browser asks the database from now on; clear it as you like."""
    engine, found = client.app.state.site.database.engine, []

    def note(connection, cursor, statement, parameters, context, many) -> None:
        if statement.split(maxsplit=1)[0] not in ("BEGIN", "COMMIT"):
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)
