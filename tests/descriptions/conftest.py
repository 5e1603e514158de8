import pytest
from sqlalchemy.orm import DeclarativeBase


@pytest.fixture
def base() -> type[DeclarativeBase]:
    """A declarative base of the test's own."""

    class Base(DeclarativeBase):
        pass

    return Base
