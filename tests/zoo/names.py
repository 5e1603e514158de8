"""Names that get in the way."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tests.zoo import keys
from tests.zoo.base import Base, OtherBase


class Awkward(Base):
    """Columns named like what form libraries and Python objects have."""

    __tablename__ = "zoo_awkward"

    id: Mapped[int] = mapped_column(primary_key=True)
    meta: Mapped[str | None]
    data: Mapped[str | None]
    process: Mapped[str | None]
    validate: Mapped[str | None]
    errors: Mapped[str | None]
    populate_obj: Mapped[str | None]
    items: Mapped[str | None]
    keys: Mapped[str | None]
    get: Mapped[str | None]
    self: Mapped[str | None]
    request: Mapped[str | None]
    action: Mapped[str | None]
    q: Mapped[str | None]
    sort: Mapped[str | None]
    page: Mapped[str | None]
    class_: Mapped[str | None] = mapped_column("class")
    metadata_: Mapped[str | None] = mapped_column("metadata")
    _private: Mapped[str | None] = mapped_column("private")


class Unlike(Base):
    """Every attribute is named unlike its column."""

    __tablename__ = "zoo_unlike"

    number: Mapped[int] = mapped_column("unlike_id", primary_key=True)
    headline: Mapped[str] = mapped_column("hl", String(40), unique=True)
    amount: Mapped[int | None] = mapped_column("headline_amount")
    text_code: Mapped[str | None] = mapped_column("tk", ForeignKey("zoo_text_keys.code"))
    above_number: Mapped[int | None] = mapped_column("parent", ForeignKey("zoo_unlike.unlike_id"))

    text_key: Mapped[keys.TextKey | None] = relationship()


class TextKey(OtherBase):
    """Another class of this name, in another registry and module."""

    __tablename__ = "zoo_other_text_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


MODELS = (Awkward, Unlike, TextKey)
