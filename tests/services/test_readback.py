"""What its type cannot read again is not stored, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Dialect, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator, UserDefinedType

from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.errors import Invalid
from admin_site.permissions import COMMAND_LINE
from admin_site.services import records
from admin_site.services.readback import NOT_READ

MOODS = {"calm": "calm", "wild": "wild"}


class Mood(TypeDecorator[str]):
    """Takes any text and reads only those it knows."""

    impl = String(10)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else MOODS[value]


class Word(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "VARCHAR(10)"

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        def read(value: str | None) -> str | None:
            assert value is None or value.isalpha()
            return value

        return read


class Base(DeclarativeBase):
    pass


class Cat(Base):
    __tablename__ = "cats"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    mood: Mapped[str | None] = mapped_column(Mood)
    word: Mapped[str | None] = mapped_column(Word)


@pytest.fixture
def cats(database: Database) -> Iterator[Session]:
    Base.metadata.create_all(database.engine)
    with database.new_session_maker()() as session:
        yield session


def create(session: Session, **values: Any) -> Cat:
    return records.create(session, COMMAND_LINE, describe(Cat), values)


def update(session: Session, cat: Cat, **values: Any) -> None:
    records.update(session, COMMAND_LINE, describe(Cat), cat, values)


WRONG = [({"mood": "odd"}, "mood"), ({"word": "2"}, "word"), ({"mood": "odd", "word": "fine"}, "mood")]


@pytest.mark.parametrize(("values", "field"), WRONG)
def test_a_new_value_that_cannot_be_read_is_refused_beside_its_field(cats, values, field):
    with pytest.raises(Invalid) as refused:
        create(cats, name="Tom", **values)

    assert refused.value.errors == {field: NOT_READ}


@pytest.mark.parametrize(("values", "field"), WRONG)
def test_a_changed_value_that_cannot_be_read_is_refused_too(cats, values, field):
    cat = create(cats, name="Tom", mood="calm", word="purr")
    cats.commit()

    with pytest.raises(Invalid) as refused:
        update(cats, cat, **values)
    assert refused.value.errors == {field: NOT_READ}

    cats.rollback()
    cats.expunge_all()
    stored = cats.get_one(Cat, "Tom")
    assert (stored.mood, stored.word) == ("calm", "purr")


def test_what_can_be_read_is_stored(cats):
    cat = create(cats, name="Tom", mood="calm")
    update(cats, cat, mood="wild", word=None)
    cats.commit()
    cats.expunge_all()

    stored = cats.get_one(Cat, "Tom")
    assert (stored.mood, stored.word) == ("wild", None)


def test_what_is_unreadable_already_does_not_keep_anybody_from_changing_the_rest(cats):
    cats.add(Cat(name="Tom", mood="odd"))
    cats.commit()
    cats.expunge_all()

    update(cats, cats.get_one(Cat, "Tom"), word="purr")
    cats.commit()
    update(cats, cats.get_one(Cat, "Tom"), mood="calm")
    cats.commit()
    cats.expunge_all()

    assert cats.get_one(Cat, "Tom").mood == "calm"
