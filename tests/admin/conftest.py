"""Signed-in browsers over a database of our own models."""

import pytest
from starlette.testclient import TestClient

from admin_site.database import Database
from tests.admin.sites import a_site


@pytest.fixture
def client(database: Database) -> TestClient:
    """A superuser's browser."""
    return a_site(database)
