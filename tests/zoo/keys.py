"""Every sort of key."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import Enum, LargeBinary, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from admin_site.models import Instant
from tests.zoo.base import Base
from tests.zoo.columns import Colour, texts_of


class TextKey(Base):
    __tablename__ = "zoo_text_keys"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    note: Mapped[str | None]


class BytesKey(Base):
    __tablename__ = "zoo_bytes_keys"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    note: Mapped[str | None]


class DateKey(Base):
    __tablename__ = "zoo_date_keys"

    day: Mapped[date] = mapped_column(primary_key=True)
    note: Mapped[str | None]


class InstantKey(Base):
    __tablename__ = "zoo_instant_keys"

    moment: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    note: Mapped[str | None]


class UuidKey(Base):
    __tablename__ = "zoo_uuid_keys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    note: Mapped[str | None]


class NaturalUuidKey(Base):
    __tablename__ = "zoo_natural_uuid_keys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    note: Mapped[str | None]


class NaturalNumberKey(Base):
    __tablename__ = "zoo_natural_number_keys"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str | None]


class ChoiceKey(Base):
    __tablename__ = "zoo_choice_keys"

    colour: Mapped[Colour] = mapped_column(
        Enum(Colour, native_enum=False, values_callable=texts_of), primary_key=True
    )
    note: Mapped[str | None]


class DecimalKey(Base):
    __tablename__ = "zoo_decimal_keys"

    amount: Mapped[Decimal] = mapped_column(Numeric(8, 2), primary_key=True)
    note: Mapped[str | None]


class RenamedKey(Base):
    __tablename__ = "zoo_renamed_keys"

    number: Mapped[int] = mapped_column("renamed_key_id", primary_key=True)
    note: Mapped[str | None] = mapped_column("remark")


class CompositeKey(Base):
    """Three parts in an order that is not the alphabet's."""

    __tablename__ = "zoo_composite_keys"

    street: Mapped[str] = mapped_column(String(50), primary_key=True)
    house: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    built: Mapped[date] = mapped_column(primary_key=True)
    note: Mapped[str | None]


AWKWARD_TEXTS = (
    "plain",
    "",
    " ",
    ".",
    "..",
    "a/b",
    "a%2Fb",
    "a,b;c",
    "#top",
    "what?",
    "50%",
    "tilde~7E",
    "~",
    "~~",
    "two\nlines",
    "carriage\rreturn",
    "crlf\r\n",
    "\ttab",
    "quote\"'<b>&amp;",
    "back\\slash",
    "naïve Ω 日本 \U0001f98a",
    "עברית",
    "\u202eevil",
    "+plus =eq",
    "-dash",
    "new",
    "create",
)
AWKWARD_INSTANT = datetime(2026, 3, 1, 9, 30, 0, 1, tzinfo=UTC)

MODELS = (
    TextKey,
    BytesKey,
    DateKey,
    InstantKey,
    UuidKey,
    NaturalUuidKey,
    NaturalNumberKey,
    ChoiceKey,
    DecimalKey,
    RenamedKey,
    CompositeKey,
)
