"""Where relations and foreign keys lead."""

from sqlalchemy import (
    ForeignKey,
    Integer,
)
from sqlalchemy.orm import (
    Mapped,
    mapped_column,
    relationship,
)

from admin_site.descriptions import describe
from admin_site.models import User
from tests.zoo import inheritance, names, relations


def test_relations_say_where_they_lead_and_how():
    library = describe(relations.Library)
    facts = {
        item.name: (item.target.__name__, item.direction, item.collection, item.owned, bool(item.read_only))
        for item in library.relations
    }

    assert facts == {
        "tags": ("Tag", "many_to_many", "list", False, False),
        "patrons": ("Patron", "many_to_many", "set", False, False),
        "shelves": ("Shelf", "one_to_many", "dict", True, False),
        "visits": ("Visit", "one_to_many", "dynamic", True, False),
        "loans": ("Loan", "one_to_many", "write_only", True, False),
        "charter": ("Charter", "one_to_many", "", False, False),
        "first_shelf": ("Shelf", "one_to_many", "", False, True),
        "odd_shelves": ("Shelf", "one_to_many", "list", False, True),
        "memberships": ("Membership", "one_to_many", "list", True, False),
    }
    assert not library.relation("charter").many
    assert library.relation("patrons").reverse == "libraries"
    assert library.relation("tags").reverse == ""


def test_a_many_to_one_knows_its_fields():
    flat = describe(relations.Flat).relation("building")
    taker = describe(relations.Transfer).relation("taker")

    assert flat.columns == ("road", "house_number")
    assert flat.required
    assert taker.columns == ("to",)
    assert not describe(inheritance.Car).relation("trailer").required


def test_links_with_data_of_their_own_are_not_made_by_a_relation():
    assert describe(relations.Curator).relation("libraries").read_only
    assert not describe(User).relation("roles").read_only


def test_a_foreign_key_without_a_relation_knows_its_target():
    transfer = describe(relations.Transfer)
    targets = {field.name: (field.target, field.target_field) for field in transfer.fields if field.target}

    assert targets == {"witness_id": (relations.Patron, "id"), "seen_by": (relations.Tag, "name")}
    assert describe(names.Unlike).field("above_number").target_field == "number"


def test_a_foreign_key_that_only_a_view_covers_knows_its_target(base):
    class Owner(base):
        __tablename__ = "owners"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"))
        lost_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"), info={"read_only": "Lost."})
        owner: Mapped[Owner | None] = relationship(foreign_keys=[owner_id], viewonly=True)
        marked: Mapped[Owner | None] = relationship(foreign_keys=[lost_id], info={"read_only": "Marked."})

    description = describe(Thing)

    assert description.field("owner_id").target is Owner
    assert description.relation("owner").read_only
    assert description.relation("owner").columns == ()
    assert description.field("lost_id").target is None
    assert description.relation("marked").read_only == "Marked."
    assert description.relation("marked").columns == ("lost_id",)


def test_a_foreign_key_into_the_unknown_has_no_target(base):
    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        elsewhere: Mapped[int] = mapped_column(Integer, ForeignKey("nowhere.id"))

    assert describe(Thing).field("elsewhere").target is None


def test_a_foreign_key_to_an_inherited_key_names_the_key_people_know(base):
    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column()
        __mapper_args__ = {"polymorphic_on": kind}

    class Toy(Thing):
        __tablename__ = "toys"
        toy_id: Mapped[int] = mapped_column(ForeignKey("things.id"), primary_key=True)
        __mapper_args__ = {"polymorphic_identity": "toy"}

    class Child(base):
        __tablename__ = "children"
        id: Mapped[int] = mapped_column(primary_key=True)
        toy_id: Mapped[int] = mapped_column(ForeignKey("toys.toy_id"))

    field = describe(Child).field("toy_id")

    assert (field.target, field.target_field) == (Toy, "id")
