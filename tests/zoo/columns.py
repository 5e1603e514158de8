"""Every sort of column that both databases have."""

import enum
import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Double,
    Enum,
    Float,
    Identity,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    PickleType,
    SmallInteger,
    String,
    Text,
    Time,
    TypeDecorator,
    Unicode,
    UniqueConstraint,
    Uuid,
    func,
    select,
    text,
)
from sqlalchemy import DateTime as DateTimeType
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import (
    Mapped,
    column_property,
    composite,
    deferred,
    mapped_column,
    query_expression,
    synonym,
)
from sqlalchemy.types import UserDefinedType

from admin_site.models import Instant
from tests.zoo.base import Base, DataclassBase


class Colour(enum.Enum):
    RED = "r e d"
    DARK_GREEN = "dark/green"
    BLUE = "blue,ish"
    AZURE = "blue,ish"  # noqa: PIE796 - an alias


class Mood(enum.StrEnum):
    HAPPY = "happy"
    SO_SO = "so-so"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def texts_of(members: type[enum.Enum]) -> list[str]:
    return [member.value for member in members]


class Scalars(Base):
    """One nullable column of every sort."""

    __tablename__ = "zoo_scalars"

    id: Mapped[int] = mapped_column(primary_key=True)
    short: Mapped[str | None] = mapped_column(String(50), unique=True, doc="At most fifty characters.")
    unlimited: Mapped[str | None] = mapped_column(comment="As long as you like.")
    description: Mapped[str | None]
    long: Mapped[str | None] = mapped_column(Text)
    unicode: Mapped[str | None] = mapped_column(Unicode(2000))
    small: Mapped[int | None] = mapped_column(SmallInteger)
    number: Mapped[int | None] = mapped_column(Integer)
    big: Mapped[int | None] = mapped_column(BigInteger)
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    loose: Mapped[Decimal | None] = mapped_column(Numeric)
    ratio: Mapped[float | None] = mapped_column(Numeric(8, 4, asdecimal=False))
    float_: Mapped[float | None] = mapped_column("float", Float)
    exact_float: Mapped[Decimal | None] = mapped_column(Float(asdecimal=True))
    double: Mapped[float | None] = mapped_column(Double)
    real: Mapped[float | None] = mapped_column(REAL)
    flag: Mapped[bool | None]
    day: Mapped[date | None]
    clock: Mapped[time | None]
    clock_with_zone: Mapped[time | None] = mapped_column(Time(timezone=True))
    naive: Mapped[datetime | None]
    aware: Mapped[datetime | None] = mapped_column(DateTimeType(timezone=True))
    instant: Mapped[datetime | None] = mapped_column(Instant)
    span: Mapped[timedelta | None] = mapped_column(Interval)
    identifier: Mapped[uuid.UUID | None]
    identifier_text: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    blob: Mapped[bytes | None]
    short_blob: Mapped[bytes | None] = mapped_column(LargeBinary(8))
    document: Mapped[Any] = mapped_column(JSON, nullable=True)
    document_or_null: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    tracked: Mapped[dict[str, Any] | None] = mapped_column(MutableDict.as_mutable(JSON()))


class Demands(Base):
    """The same sorts, none of which may be NULL or fills itself."""

    __tablename__ = "zoo_demands"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    long: Mapped[str] = mapped_column(Text)
    number: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Numeric(12, 3))
    float_: Mapped[float] = mapped_column("float")
    flag: Mapped[bool]
    day: Mapped[date]
    clock: Mapped[time]
    naive: Mapped[datetime]
    instant: Mapped[datetime] = mapped_column(Instant)
    span: Mapped[timedelta]
    identifier: Mapped[uuid.UUID]
    blob: Mapped[bytes]
    document: Mapped[Any] = mapped_column(JSON, nullable=False)
    mood: Mapped[Mood]


class Choices(Base):
    """Enums in every way they can be declared."""

    __tablename__ = "zoo_choices"

    id: Mapped[int] = mapped_column(primary_key=True)
    by_name: Mapped[Colour | None] = mapped_column(Enum(Colour, name="zoo_colour"))
    by_value: Mapped[Colour | None] = mapped_column(
        Enum(Colour, name="zoo_colour_value", values_callable=texts_of)
    )
    not_native: Mapped[Colour | None] = mapped_column(
        Enum(
            Colour,
            native_enum=False,
            values_callable=texts_of,
            length=40,
            create_constraint=True,
            name="by_value",
        )
    )
    mood: Mapped[Mood | None]
    plain: Mapped[str | None] = mapped_column(Enum("draft", "in_progress", "A-", "Ü ß", name="zoo_plain"))
    level: Mapped[Level | None] = mapped_column(Enum(Level, native_enum=False))
    chosen: Mapped[Mood] = mapped_column(default=Mood.HAPPY)


class LowerCase(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value.lower() if value is not None else None


class Shouted(TypeDecorator):
    """Says nothing about what it takes, but takes and gives plain text."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value

    def process_result_value(self, value, dialect):
        return value.upper() if value is not None else None


class Plain(TypeDecorator):
    """Changes nothing."""

    impl = Numeric(10, 2)
    cache_ok = True


class JsonText(TypeDecorator[dict]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict | None, dialect):
        return None if value is None else json.dumps(value)

    def process_result_value(self, value, dialect):
        return None if value is None else json.loads(value)


class Unsaid(TypeDecorator):
    """The recipe of SQLAlchemy's documentation, which does not say that it takes dictionaries."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else json.dumps(value)

    def process_result_value(self, value, dialect):
        return None if value is None else json.loads(value)


class LevelNumber(TypeDecorator[Level]):
    impl = Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else int(value)

    def process_result_value(self, value, dialect) -> Level | None:
        return None if value is None else Level(value)


class Cents(TypeDecorator):
    impl = Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else int(value * 100)

    def process_result_value(self, value, dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class UtcDateTime(TypeDecorator):
    """The usual recipe: aware in Python, naive in the database."""

    impl = DateTimeType
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("tzinfo is required")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value, dialect):
        return None if value is None else value.replace(tzinfo=UTC)


class Guid(TypeDecorator):
    """The recipe for UUIDs as texts; what it gives is said by the attribute's Mapped[UUID]."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value.hex

    def process_result_value(self, value, dialect):
        return None if value is None else uuid.UUID(value)


class Point:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def __str__(self) -> str:
        return f"({self.x}, {self.y})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self) -> int:
        return hash((self.x, self.y))

    def __composite_values__(self) -> tuple[int, int]:
        return self.x, self.y


class PointText(TypeDecorator[Point]):
    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else f"{value.x};{value.y}"

    def process_result_value(self, value, dialect):
        return None if value is None else Point(*map(int, value.split(";")))


class Version(UserDefinedType[str]):
    """A type that SQLAlchemy does not know; the driver gives text and takes it."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "VARCHAR(20)"


class Reversed(UserDefinedType[Any]):
    """A type that converts in a way nobody can see."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "VARCHAR(20)"

    def bind_processor(self, dialect):
        return lambda value: None if value is None else value[0][::-1]

    def result_processor(self, dialect, coltype):
        return lambda value: None if value is None else (value[::-1],)


class Decorated(Base):
    __tablename__ = "zoo_decorated"

    id: Mapped[int] = mapped_column(primary_key=True)
    lower: Mapped[str | None] = mapped_column(LowerCase(30))
    shouted: Mapped[str | None] = mapped_column(Shouted)
    plain: Mapped[Decimal | None] = mapped_column(Plain)
    json_text: Mapped[Any] = mapped_column(JsonText, nullable=True)
    unsaid: Mapped[Any] = mapped_column(Unsaid, nullable=True)
    level: Mapped[Any] = mapped_column(LevelNumber, nullable=True)
    cents: Mapped[Any] = mapped_column(Cents, nullable=True)
    utc: Mapped[Any] = mapped_column(UtcDateTime, nullable=True)
    guid: Mapped[uuid.UUID | None] = mapped_column(Guid)
    point: Mapped[Any] = mapped_column(PointText, nullable=True)
    pickled: Mapped[Any] = mapped_column(PickleType, nullable=True)
    version: Mapped[str | None] = mapped_column(Version)
    reversed: Mapped[Any] = mapped_column(Reversed, nullable=True)


def _shout(context) -> str:
    return context.get_current_parameters()["name"].upper()


class Defaults(Base):
    """Columns that fill themselves, each in a way of its own."""

    __tablename__ = "zoo_defaults"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    scalar: Mapped[int] = mapped_column(default=7)
    scalar_zero: Mapped[int] = mapped_column(default=0)
    scalar_false: Mapped[bool] = mapped_column(default=False)
    called: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)
    in_context: Mapped[str] = mapped_column(default=_shout)
    sql: Mapped[datetime] = mapped_column(default=func.now())
    subquery: Mapped[int] = mapped_column(default=select(func.count() * 0 + 3).scalar_subquery())
    server: Mapped[str] = mapped_column(server_default="from the server")
    server_sql: Mapped[int] = mapped_column(server_default=text("(1 + 1)"))
    computed: Mapped[int] = mapped_column(Computed("scalar * 2"))
    touched: Mapped[datetime | None] = mapped_column(onupdate=func.now())
    touched_by_hand: Mapped[str | None] = mapped_column(onupdate="touched", info={"read_only": ""})
    locked: Mapped[str | None] = mapped_column(info={"read_only": "Only the night shift may change it."})


class Limits(Base):
    """Columns that CHECK constraints limit."""

    __tablename__ = "zoo_limits"

    id: Mapped[int] = mapped_column(primary_key=True)
    positive: Mapped[int] = mapped_column(CheckConstraint("positive > 0"))
    percent: Mapped[int | None] = mapped_column(CheckConstraint("percent BETWEEN 0 AND 100"))
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    share: Mapped[float | None]
    word: Mapped[str | None] = mapped_column(CheckConstraint("word <> 'no'"))
    code: Mapped[str | None] = mapped_column(String(3))
    part: Mapped[str | None] = mapped_column(String(3))

    __table_args__ = (
        CheckConstraint("price > 0 AND price <= 1000.5"),
        CheckConstraint("(share >= 0.0) AND (1.0 >= share)"),
        CheckConstraint("price > positive OR positive > 5"),
        UniqueConstraint("code", "part"),
    )


class Person(Base):
    """What no single column stands behind, and columns of a special station."""

    __tablename__ = "zoo_people"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column()
    last_name: Mapped[str]
    born: Mapped[date | None]
    x: Mapped[int | None]
    y: Mapped[int | None]
    secret_word: Mapped[str | None] = mapped_column(info={"secret": True})
    revision: Mapped[int] = mapped_column()
    biography: Mapped[str | None] = deferred(mapped_column(Text))
    portrait: Mapped[bytes | None] = mapped_column(deferred=True, deferred_raiseload=True)

    place: Mapped[Point] = composite(Point, "x", "y")
    surname = synonym("last_name")
    alias_of_secret = synonym("secret_word")
    initial = column_property(func.substr(first_name, 1, 1))
    secret_length = column_property(func.length(secret_word))
    filled_by_query: Mapped[int | None] = query_expression()

    __mapper_args__ = {"version_id_col": revision}

    @hybrid_property
    def full_name(self) -> str:
        return self.first_name + " " + self.last_name

    @full_name.inplace.setter
    def _set_full_name(self, value: str) -> None:
        self.first_name, _, self.last_name = value.partition(" ")

    @hybrid_property
    def is_old(self) -> bool:
        """Whether the person was born before 1950."""
        return self.born < date(1950, 1, 1)

    @hybrid_property
    def only_in_python(self) -> str:
        return ", ".join(sorted([self.first_name, self.last_name]))

    @hybrid_property
    def secret_hint(self) -> str:
        return self.secret_word[:1]


class Product(DataclassBase):
    """A dataclass whose `__init__` insists on values."""

    __tablename__ = "zoo_products"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    stock: Mapped[int] = mapped_column(default=0)
    tags: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    note: Mapped[str | None] = mapped_column(default=None)
    made_on: Mapped[date] = mapped_column(init=False, insert_default=lambda: date(2026, 1, 1))
    maker: Mapped[str] = mapped_column(kw_only=True)


class Reading(Base):
    """Nothing names a row but its key."""

    __tablename__ = "zoo_readings"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]
    is_valid: Mapped[bool] = mapped_column(
        Boolean(create_constraint=True, name="valid_is_boolean"), default=True
    )


MODELS = (Scalars, Demands, Choices, Decorated, Defaults, Limits, Person, Product, Reading)
