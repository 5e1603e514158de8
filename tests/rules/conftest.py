"""Browsers over a database, for the rules."""

import pytest
from starlette.testclient import TestClient

from tests.admin.sites import open_site
from tests.factories import CHEAP


@pytest.fixture
def visitor(database_url: str) -> TestClient:
    """A browser that nobody is signed in with."""
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    return client
