"""Mapped classes of every sort that SQLAlchemy and its PostgreSQL dialect offer, with awkward rows.

`PORTABLE` live on both databases, `POSTGRESQL` on PostgreSQL alone; `VIEWS` are those of the database, which
nothing can be added to; `DESCRIBED_ONLY` need an extension
that the tests' PostgreSQL lacks. `create(engine)` makes their tables, `fill(session)` adds at least two
rows of each class that can have any, and `sample(session, model)` gives the attributes of a new record.
"""

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.zoo import columns, constraints, inheritance, keys, mappings, names, postgresql, relations, rows
from tests.zoo.base import Base
from tests.zoo.samples import sample

PORTABLE: tuple[type, ...] = (
    *columns.MODELS,
    *relations.MODELS,
    *inheritance.MODELS,
    *keys.MODELS,
    *names.MODELS,
    *mappings.MODELS,
    *constraints.MODELS,
)
VIEWS: tuple[type, ...] = (mappings.BoatList,)
POSTGRESQL: tuple[type, ...] = postgresql.MODELS
DESCRIBED_ONLY: tuple[type, ...] = postgresql.DESCRIBED_ONLY

__all__ = [
    "DESCRIBED_ONLY",
    "PORTABLE",
    "POSTGRESQL",
    "VIEWS",
    "create",
    "fill",
    "models_on",
    "new",
    "sample",
]


def models_on(dialect_name: str) -> tuple[type, ...]:
    """Return the classes whose tables `create` makes on this kind of database."""
    return PORTABLE + POSTGRESQL if dialect_name == "postgresql" else PORTABLE


def create(engine: Engine) -> None:
    """Make the tables, and on PostgreSQL the schema, types and domains they need."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text(mappings.BOAT_VIEW))
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA IF NOT EXISTS annex"))
        postgresql.Base.metadata.create_all(engine)


def fill(session: Session) -> None:
    """Add the rows and flush them; the caller commits."""
    rows.add_portable(session)
    if session.get_bind().dialect.name == "postgresql":
        rows.add_postgresql(session)
    session.flush()


def new(session: Session, model: type) -> object:
    """Return a valid new record of a class, not yet added to the session."""
    return model(**sample(session, model))
