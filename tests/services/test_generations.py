"""The order in which records go of which the database deletes some with others of them."""

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from admin_site.services.generations import children_first, may_take_each_other


class Base(DeclarativeBase):
    pass


class Folder(Base):
    """Goes with the one above it."""

    __tablename__ = "folders"

    id: Mapped[int] = mapped_column(primary_key=True)
    above_id: Mapped[int | None] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))


class Person(Base):
    """Is the boss of others, who stay."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class House(Base):
    """Goes with its garden, and the garden with a house."""

    __tablename__ = "houses"

    id: Mapped[int] = mapped_column(primary_key=True)
    garden_id: Mapped[int | None] = mapped_column(ForeignKey("gardens.id", ondelete="CASCADE"))


class Garden(Base):
    __tablename__ = "gardens"

    id: Mapped[int] = mapped_column(primary_key=True)
    house_id: Mapped[int | None] = mapped_column(ForeignKey("houses.id", ondelete="CASCADE"))


@pytest.mark.parametrize(("model", "expected"), [(Folder, True), (Person, False), (House, True)])
def test_only_what_the_database_deletes_with_others_of_its_kind_goes_one_by_one(model, expected):
    assert may_take_each_other([model(id=1), model(id=2)]) is expected
    assert may_take_each_other([model(id=1)]) is False


def test_children_come_before_those_they_refer_to():
    folders = [Folder(id=1), Folder(id=2, above_id=1), Folder(id=3, above_id=2), Folder(id=4, above_id=9)]

    order = [folder.id for folder in children_first(folders)]

    assert sorted(order) == [1, 2, 3, 4]
    assert order.index(3) < order.index(2) < order.index(1)


def test_records_in_a_circle_stay_in_their_order():
    folders = [Folder(id=1, above_id=2), Folder(id=2, above_id=1), Folder(id=3, above_id=3)]

    assert [folder.id for folder in children_first(folders)] == [1, 2, 3]
