"""What only PostgreSQL has."""

import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Computed,
    Date,
    Double,
    Enum,
    ForeignKey,
    Identity,
    Integer,
    Numeric,
    String,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from tests.zoo.columns import Colour, texts_of


class Base(DeclarativeBase):
    pass


positive = pg.DOMAIN("zoo_positive", Integer(), check="VALUE > 0")
post_code = pg.DOMAIN("zoo_post_code", String(5), not_null=False, check="VALUE ~ '^[0-9]{5}$'")


class Postgres(Base):
    """One nullable column of every sort."""

    __tablename__ = "zoo_postgres"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jsonb: Mapped[Any] = mapped_column(pg.JSONB, nullable=True)
    jsonb_or_null: Mapped[Any] = mapped_column(pg.JSONB(none_as_null=True), nullable=True)
    json: Mapped[Any] = mapped_column(JSON, nullable=True)
    inet: Mapped[str | None] = mapped_column(pg.INET)
    cidr: Mapped[str | None] = mapped_column(pg.CIDR)
    mac: Mapped[str | None] = mapped_column(pg.MACADDR)
    mac8: Mapped[str | None] = mapped_column(pg.MACADDR8)
    money: Mapped[str | None] = mapped_column(pg.MONEY)
    bits: Mapped[Any] = mapped_column(pg.BIT(4), nullable=True)
    bits_varying: Mapped[Any] = mapped_column(pg.BIT(varying=True), nullable=True)
    words: Mapped[str | None] = mapped_column(Text)
    vector: Mapped[str | None] = mapped_column(
        pg.TSVECTOR, Computed("to_tsvector('simple', coalesce(words, ''))")
    )
    plain_vector: Mapped[str | None] = mapped_column(pg.TSVECTOR)
    ts_query: Mapped[str | None] = mapped_column(pg.TSQUERY)
    oid: Mapped[int | None] = mapped_column(pg.OID)
    reg_class: Mapped[str | None] = mapped_column(pg.REGCLASS)
    positive: Mapped[int | None] = mapped_column(positive)
    post_code: Mapped[str | None] = mapped_column(post_code)
    interval: Mapped[timedelta | None] = mapped_column(pg.INTERVAL)
    short_interval: Mapped[timedelta | None] = mapped_column(pg.INTERVAL(precision=3))
    timestamp: Mapped[datetime | None] = mapped_column(pg.TIMESTAMP(precision=3))
    clock: Mapped[time | None] = mapped_column(pg.TIME(timezone=True))
    native: Mapped[Colour | None] = mapped_column(
        pg.ENUM(Colour, name="zoo_pg_colour", values_callable=texts_of)
    )
    raw: Mapped[bytes | None] = mapped_column(pg.BYTEA)
    exact: Mapped[Decimal | None] = mapped_column(Numeric(30, 10))
    double: Mapped[float | None] = mapped_column(Double)


class Arrays(Base):
    __tablename__ = "zoo_arrays"

    id: Mapped[int] = mapped_column(primary_key=True)
    integers: Mapped[list[int | None] | None] = mapped_column(pg.ARRAY(Integer))
    texts: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    uuids: Mapped[list[uuid.UUID] | None] = mapped_column(pg.ARRAY(Uuid))
    dates: Mapped[list[date] | None] = mapped_column(pg.ARRAY(Date))
    colours: Mapped[list[Colour] | None] = mapped_column(
        pg.ARRAY(Enum(Colour, name="zoo_array_colour", values_callable=texts_of))
    )
    decimals: Mapped[list[Decimal] | None] = mapped_column(pg.ARRAY(Numeric(8, 2)))
    floats: Mapped[list[float] | None] = mapped_column(pg.ARRAY(Double))
    flags: Mapped[list[bool] | None] = mapped_column(pg.ARRAY(Boolean))
    moments: Mapped[list[datetime] | None] = mapped_column(pg.ARRAY(pg.TIMESTAMP(timezone=True)))
    addresses: Mapped[list[str] | None] = mapped_column(pg.ARRAY(pg.INET))
    documents: Mapped[list[Any] | None] = mapped_column(pg.ARRAY(pg.JSONB))
    matrix: Mapped[list[list[int]] | None] = mapped_column(pg.ARRAY(Integer, dimensions=2))
    pair: Mapped[tuple[int, ...] | None] = mapped_column(pg.ARRAY(Integer, as_tuple=True))
    periods: Mapped[list[Any] | None] = mapped_column(pg.ARRAY(pg.DATERANGE))
    raws: Mapped[list[bytes] | None] = mapped_column(pg.ARRAY(pg.BYTEA))
    needed: Mapped[list[str]] = mapped_column(pg.ARRAY(String(10)))
    filled: Mapped[list[int]] = mapped_column(pg.ARRAY(Integer), server_default="{}")


class Ranges(Base):
    __tablename__ = "zoo_ranges"

    id: Mapped[int] = mapped_column(primary_key=True)
    int4: Mapped[pg.Range[int] | None] = mapped_column(pg.INT4RANGE)
    int8: Mapped[pg.Range[int] | None] = mapped_column(pg.INT8RANGE)
    num: Mapped[pg.Range[Decimal] | None] = mapped_column(pg.NUMRANGE)
    dates: Mapped[pg.Range[date] | None] = mapped_column(pg.DATERANGE)
    ts: Mapped[pg.Range[datetime] | None] = mapped_column(pg.TSRANGE)
    tstz: Mapped[pg.Range[datetime] | None] = mapped_column(pg.TSTZRANGE)
    int4s: Mapped[Any] = mapped_column(pg.INT4MULTIRANGE, nullable=True)
    date_ranges: Mapped[Any] = mapped_column(pg.DATEMULTIRANGE, nullable=True)
    tstzs: Mapped[Any] = mapped_column(pg.TSTZMULTIRANGE, nullable=True)


class Host(Base):
    """An address is the key."""

    __tablename__ = "zoo_hosts"

    address: Mapped[str] = mapped_column(pg.INET, primary_key=True)
    name: Mapped[str | None]
    seen_at: Mapped[datetime] = mapped_column(pg.TIMESTAMP(timezone=True), server_default=func.now())


class Ledger(Base):
    """A table in another schema, with the name of one in the first."""

    __tablename__ = "zoo_hosts"
    __table_args__ = {"schema": "annex"}

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    address: Mapped[str | None] = mapped_column(ForeignKey("zoo_hosts.address"))

    host: Mapped[Host | None] = relationship()
    lines: Mapped[list["LedgerLine"]] = relationship(back_populates="ledger", cascade="all, delete-orphan")


class LedgerLine(Base):
    __tablename__ = "ledger_lines"
    __table_args__ = {"schema": "annex"}

    ledger_id: Mapped[int] = mapped_column(ForeignKey("annex.zoo_hosts.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str]

    ledger: Mapped[Ledger] = relationship(back_populates="lines")


class ExtensionBase(DeclarativeBase):
    """For types of contrib extensions, and others that no row of the tests can hold."""


class Extended(ExtensionBase):
    __tablename__ = "zoo_extended"

    id: Mapped[int] = mapped_column(primary_key=True)
    mapping: Mapped[dict[str, str | None] | None] = mapped_column(pg.HSTORE)
    any_case: Mapped[str | None] = mapped_column(pg.CITEXT)
    json_path: Mapped[str | None] = mapped_column(pg.JSONPATH)  # SQLAlchemy 2.1 stores no NULL in it


MODELS = (Postgres, Arrays, Ranges, Host, Ledger, LedgerLine)
DESCRIBED_ONLY = (Extended,)
