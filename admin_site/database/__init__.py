"""A database: its engine, its tables, and sessions whose changes are audited."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, MetaData, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session, registry, sessionmaker

from admin_site import audit
from admin_site.config import Settings, parse_database_url
from admin_site.database.accounts import place_accounts
from admin_site.database.failures import explain, not_a_url
from admin_site.database.reading import read_anything
from admin_site.database.sqlite import create_sqlite_engine
from admin_site.models import AuditEntry, Base

CONNECT_SECONDS = 10  # how long a server may take to answer

Tables = type[DeclarativeBase] | registry | MetaData


class Database:
    """A pool of connections to one database; leaving its `with` block closes them.

    `base` says whose tables `create_tables` and `drop_tables` mean: ours, unless told otherwise;
    `accounts_schema` where ours are, when another schema than other people's. Nothing is
    opened before the first session. Raises ConfigurationError when no engine can be made of the URL.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        base: Tables | Iterable[Tables] = Base,
        pool_size: int = 5,
        max_overflow: int = 10,
        pool_pre_ping: bool = True,
        accounts_schema: str = "",
    ) -> None:
        self._metadata = _metadata(base)
        self.engine = _create_engine(
            url, pool_size=pool_size, max_overflow=max_overflow, pool_pre_ping=pool_pre_ping
        )
        read_anything(self.engine)
        audit.protect_trail(self.engine, accounts_schema)
        self.accounts_schema = accounts_schema
        if accounts_schema:
            place_accounts(self.engine, accounts_schema)
        self._new_session = self.new_session_maker()

    @classmethod
    def from_settings(cls, settings: Settings, base: Tables | Iterable[Tables] = Base) -> Self:
        return cls(
            settings.sqlalchemy_url,
            base=base,
            pool_size=settings.pool_size,
            max_overflow=settings.max_overflow,
            pool_pre_ping=settings.pool_pre_ping,
            accounts_schema=settings.accounts_schema,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session whose work is committed at the end of the block, or undone when the block raises.

        Isolation is read committed on every database: lock what a decision rests on with `FOR UPDATE`.
        """
        with self._new_session() as session:
            yield session
            session.commit()

    def new_session_maker(self) -> sessionmaker[Session]:
        """Return a factory of audited sessions that nobody else holds, for those who reconfigure theirs."""
        factory = sessionmaker(self.engine, expire_on_commit=False)
        audit.listen(factory)
        return factory

    def create_tables(self) -> None:
        """Create those tables of the base that are not there yet, and the audit trail all sessions write to.

        A database that the site serves is migrated first; this is for further tables in it, and for trials.
        """
        Base.metadata.create_all(self.engine, tables=[Base.metadata.tables[AuditEntry.__tablename__]])
        for metadata in self._metadata:
            metadata.create_all(self.engine)

    def drop_tables(self) -> None:
        """Drop the tables of the base with all they hold; the audit trail stays unless it is one of them."""
        for metadata in reversed(self._metadata):
            metadata.drop_all(self.engine)

    def check(self) -> None:
        """Connect once; raises ConfigurationError, a line that names DATABASE_URL and what to mend."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, self.engine.dialect.loaded_dbapi.Error, OSError, ValueError) as error:
            raise explain(error, self.engine.url) from error

    def close(self) -> None:
        """Close the connections of the pool; a later session opens new ones."""
        self.engine.dispose()


def _metadata(base: Tables | Iterable[Tables]) -> tuple[MetaData, ...]:
    if isinstance(base, MetaData):
        return (base,)
    if isinstance(base, registry) or (isinstance(base, type) and issubclass(base, DeclarativeBase)):
        return (base.metadata,)
    assert isinstance(base, Iterable)  # noqa: S101 - the one kind that is left
    return tuple(dict.fromkeys(metadata for part in base for metadata in _metadata(part)))


def _create_engine(url: str | URL, **pool: Any) -> Engine:
    try:
        url = parse_database_url(url if isinstance(url, str) else url.render_as_string(hide_password=False))
        if url.get_backend_name() == "sqlite":
            engine = create_sqlite_engine(url, **pool)
        else:
            engine = create_engine(_with_defaults(url), hide_parameters=True, **pool)
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise not_a_url() from error
    if engine.dialect.is_async:
        raise not_a_url()
    return engine


def _with_defaults(url: URL) -> URL:
    if url.get_backend_name() != "postgresql":
        return url
    defaults = {"application_name": "admin_site", "connect_timeout": str(CONNECT_SECONDS)}
    return url.update_query_dict({**defaults, **url.query})
