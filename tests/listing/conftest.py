"""Sessions on tables other than ours; they keep no audit trail, which would need ours."""

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from admin_site.database import Database
from tests import zoo
from tests.listing import labels


@pytest.fixture
def zoo_session(empty_database_url: str) -> Iterator[Session]:
    with Database(empty_database_url) as database:
        zoo.create(database.engine)
        with Session(database.engine) as session:
            zoo.fill(session)
            session.commit()
            session.expunge_all()
            yield session


@pytest.fixture
def book_session(empty_database_url: str) -> Iterator[Session]:
    with Database(empty_database_url, base=labels.Base) as database:
        database.create_tables()
        with Session(database.engine) as session:
            labels.fill(session)
            session.commit()
            session.expunge_all()
            yield session
