"""A record and its children are saved together or not at all, on both databases."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    UniqueConstraint,
    event,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from admin_site import audit
from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.errors import ConfigurationError, Forbidden, Invalid
from admin_site.models import AuditEntry, Course, Enrollment, Item
from admin_site.permissions import COMMAND_LINE
from admin_site.services import records
from admin_site.services.families import Child, bond_of, save_children
from admin_site.services.positions import renumber
from tests import zoo
from tests.factories import identity_with, make_user
from tests.zoo import relations


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"

    tenant: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str | None]

    lines: Mapped[list["Line"]] = relationship(cascade="all, delete-orphan", order_by="Line.position")
    payments: Mapped[list["Payment"]] = relationship(cascade="all, delete-orphan", back_populates="order")


class Line(Base):
    """Its key holds that of its order and is typed; the order does not know it by another name."""

    __tablename__ = "lines"

    tenant: Mapped[str] = mapped_column(String(20), primary_key=True)
    order_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int]
    slot: Mapped[int | None]
    day: Mapped[date | None]
    name: Mapped[str] = mapped_column(String(40), default="")

    parcels: Mapped[list["Parcel"]] = relationship(cascade="all, delete-orphan", back_populates="line")

    __table_args__ = (
        ForeignKeyConstraint(["tenant", "order_number"], ["orders.tenant", "orders.number"]),
        UniqueConstraint("tenant", "order_number", "position"),
        UniqueConstraint("tenant", "order_number", "name"),
        UniqueConstraint("slot", "day"),
        CheckConstraint("position > 0", name="position_above_zero"),
    )


class Parcel(Base):
    __tablename__ = "parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(20))
    order_number: Mapped[int]
    code: Mapped[str] = mapped_column(String(20))
    weight: Mapped[int]

    line: Mapped[Line] = relationship(back_populates="parcels")

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant", "order_number", "code"], ["lines.tenant", "lines.order_number", "lines.code"]
        ),
        CheckConstraint("weight > 0", name="weight_above_zero"),
    )


class Payment(Base):
    """Joined inheritance: what is unique stands in the first table, the amount of a card in the second."""

    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    tenant: Mapped[str] = mapped_column(String(20))
    order_number: Mapped[int]
    reference: Mapped[str] = mapped_column(String(20), unique=True)

    order: Mapped[Order] = relationship(back_populates="payments")

    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "cash"}
    __table_args__ = (ForeignKeyConstraint(["tenant", "order_number"], ["orders.tenant", "orders.number"]),)


class CardPayment(Payment):
    __tablename__ = "card_payments"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    place: Mapped[int] = mapped_column(unique=True)

    __mapper_args__ = {"polymorphic_identity": "card"}


LINES = bond_of(describe(Order), "lines")
PARCELS = bond_of(describe(Line), "parcels")
PAYMENTS = bond_of(describe(Order), "payments")


@pytest.fixture
def shop(database: Database, session: Session) -> Session:
    Base.metadata.create_all(database.engine)
    return session


@pytest.fixture
def order(shop: Session) -> Order:
    """An order with the lines a, b, c at the positions 1, 2, 3."""
    order = Order(tenant="x/y;z", number=7)
    shop.add(order)
    shop.flush()
    for position, code in enumerate("abc", 1):
        shop.add(Line(tenant=order.tenant, order_number=7, code=code, position=position, name=f"name {code}"))
    shop.commit()
    return order


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    found: list[str] = []

    def note(connection, cursor, statement, parameters, context, many) -> None:
        found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine, "before_cursor_execute", note)


def save(session: Session, parent: object, *children: Child) -> None:
    save_children(session, COMMAND_LINE, parent, children)
    session.commit()


def line(session: Session, code: str) -> Line:
    return session.get(Line, ("x/y;z", 7, code))


def positions(session: Session) -> dict[str, int]:
    session.expire_all()
    return dict(session.execute(select(Line.code, Line.position).order_by(Line.position)).all())


def changed(session: Session, code: str, **values: object) -> Child:
    return Child(LINES, f"lines|k{code}", line(session, code), values)


def test_children_are_removed_changed_and_added_in_one_act(shop: Session, order: Order):
    audit.attribute(shop, audit.Act(None, "somebody"))
    save(
        shop,
        order,
        Child(LINES, "lines|ka", line(shop, "a"), is_removed=True),
        changed(shop, "b", name="other"),
        Child(LINES, "lines|n0", values={"code": "d", "position": 4}),
    )

    assert positions(shop) == {"b": 2, "c": 3, "d": 4}
    assert line(shop, "d").order_number == 7
    entries = shop.scalars(select(AuditEntry).where(AuditEntry.actor_name == "somebody")).all()
    assert sorted(entry.action for entry in entries) == ["create", "delete", "edit"]
    assert len({entry.change_set_id for entry in entries}) == 1


def test_siblings_are_neither_loaded_nor_written(shop: Session, order: Order, statements: list[str]):
    child = changed(shop, "b", name="other")
    shop.get(Order, ("x/y;z", 7))
    statements.clear()

    save(shop, order, child)

    assert [statement for statement in statements if "lines" in statement and "SELECT" in statement] == []
    assert [each.split()[0] for each in statements if each.split()[0] not in ("BEGIN", "COMMIT")] == [
        "UPDATE",  # the row
        "INSERT",  # its entry in the history
    ]


def test_adding_to_many_children_does_not_load_them(
    database: Database, session: Session, statements: list[str]
):
    zoo.create(database.engine)
    building = relations.Building(street="Long", house=1)
    session.add(building)
    session.commit()
    bond = bond_of(describe(relations.Building), "flats")
    assert building.street
    statements.clear()

    save(session, building, Child(bond, "flats|n0", values={"door": "1a"}))

    assert [statement for statement in statements if statement.startswith("SELECT")] == []
    assert session.scalars(select(relations.Flat)).one().building is building


@pytest.mark.parametrize("name", ["shelves", "visits", "loans", "memberships"])
def test_children_of_every_sort_of_collection_are_added(database: Database, session: Session, name: str):
    zoo.create(database.engine)
    library = relations.Library(name="Main")
    patron = relations.Patron(name="Ada")
    session.add_all([library, patron])
    session.commit()
    values = {
        "shelves": {"code": "A"},
        "visits": {"note": "first"},
        "loans": {"title": "Emma"},
        "memberships": {"patron": patron, "grade": "gold"},
    }[name]
    bond = bond_of(describe(relations.Library), name)

    save(session, library, Child(bond, f"{name}|n0", values=values))

    child = session.scalars(select(bond.child.model)).one()
    assert child.library is library
    save(session, library, Child(bond, f"{name}|k", child, is_removed=True))
    assert session.scalars(select(bond.child.model)).all() == []


def test_positions_that_nobody_else_may_have_change_places(shop: Session, order: Order):
    save(shop, order, changed(shop, "a", position=2), changed(shop, "b", position=1))

    assert positions(shop) == {"b": 1, "a": 2, "c": 3}


def test_positions_go_round_in_a_circle(shop: Session, order: Order):
    save(
        shop,
        order,
        changed(shop, "a", position=2),
        changed(shop, "b", position=3),
        changed(shop, "c", position=1),
    )

    assert positions(shop) == {"c": 1, "a": 2, "b": 3}


def test_what_steps_aside_leaves_no_trace_in_the_history(shop: Session, order: Order):
    save(shop, order, changed(shop, "a", position=2), changed(shop, "b", position=1))

    entries = shop.scalars(select(AuditEntry).where(AuditEntry.model == "lines", AuditEntry.action == "edit"))
    assert sorted(str(entry.changes["position"]) for entry in entries) == ["[1, 2]", "[2, 1]"]


def test_a_chain_of_positions_needs_no_value_to_step_aside(
    shop: Session, order: Order, statements: list[str]
):
    children = [
        changed(shop, "a", position=2),
        changed(shop, "b", position=3),
        changed(shop, "c", position=4),
    ]
    statements.clear()

    save(shop, order, *children)

    assert positions(shop) == {"a": 2, "b": 3, "c": 4}
    assert not [statement for statement in statements if "SAVEPOINT" in statement]


def test_texts_and_values_that_may_be_empty_change_places_too(shop: Session, order: Order):
    monday, tuesday = date(2030, 1, 7), date(2030, 1, 8)
    save(shop, order, changed(shop, "a", slot=1, day=monday), changed(shop, "b", slot=1, day=tuesday))
    save(
        shop,
        order,
        changed(shop, "a", name="name b", day=tuesday),
        changed(shop, "b", name="name a", day=monday),
    )

    assert (line(shop, "a").name, line(shop, "a").day) == ("name b", tuesday)
    assert (line(shop, "b").name, line(shop, "b").day) == ("name a", monday)


def test_a_value_moves_from_a_removed_row_to_a_changed_and_from_that_to_a_new_one(
    shop: Session, order: Order
):
    save(
        shop,
        order,
        Child(LINES, "lines|n0", values={"code": "d", "position": 2, "name": "d"}),
        changed(shop, "b", position=1),
        Child(LINES, "lines|ka", line(shop, "a"), is_removed=True),
    )

    assert positions(shop) == {"b": 1, "d": 2, "c": 3}


def test_the_key_of_a_removed_row_can_be_typed_again(shop: Session, order: Order):
    save(
        shop,
        order,
        Child(LINES, "lines|ka", line(shop, "a"), is_removed=True),
        Child(LINES, "lines|n0", values={"code": "a", "position": 1, "name": "new"}),
    )

    assert line(shop, "a").name == "new"


def test_rows_of_joined_tables_swap_what_each_table_keeps_unique(shop: Session, order: Order):
    one, two = (CardPayment(order=order, reference=f"r{number}", place=number) for number in (1, 2))
    shop.add_all([one, two])
    shop.commit()
    cards = bond_of(describe(Order), "payments", describe(CardPayment))

    save(
        shop,
        order,
        Child(cards, "payments|k1", one, {"reference": "r2", "place": 2}),
        Child(cards, "payments|k2", two, {"reference": "r1", "place": 1}),
    )

    assert [(each.reference, each.place) for each in (one, two)] == [("r2", 2), ("r1", 1)]


def test_a_swap_of_related_records_that_only_one_may_have_is_refused_in_words_or_done(
    session: Session, database: Database
):
    ada, grace = make_user(session), make_user(session)
    course = Course(name="Logic", start_date=date(2030, 1, 1))
    session.add(course)
    session.flush()
    first, second = (Enrollment(user=user, course=course) for user in (ada, grace))
    session.add_all([first, second])
    session.commit()
    bond = bond_of(describe(Course), "enrollments")

    with pytest.raises(Invalid) as refusal:
        save(
            session,
            course,
            Child(bond, "enrollments|k1", first, {"user": grace}),
            Child(bond, "enrollments|k2", second, {"user": ada}),
        )
    assert [name.rpartition("|")[0] in ("enrollments|k1", "enrollments|k2") for name in refusal.value.errors]


def test_a_row_of_a_row_is_saved_with_both(shop: Session, order: Order):
    save(
        shop,
        order,
        Child(
            LINES,
            "lines|n0",
            values={"code": "d", "position": 4},
            children=[Child(PARCELS, "lines|n0|parcels|n0", values={"weight": 3})],
        ),
        Child(
            LINES,
            "lines|ka",
            line(shop, "a"),
            children=[Child(PARCELS, "lines|ka|parcels|n0", values={"weight": 5})],
        ),
    )

    found = shop.execute(select(Parcel.code, Parcel.weight).order_by(Parcel.code)).all()
    assert found == [("a", 5), ("d", 3)]


def test_rows_of_a_removed_row_go_with_it(shop: Session, order: Order):
    a = line(shop, "a")
    parcel = Parcel(line=a, weight=1)
    shop.add(parcel)
    shop.commit()

    save(
        shop,
        order,
        Child(LINES, "lines|ka", a, is_removed=True, children=[Child(PARCELS, "p", parcel, {"weight": -1})]),
    )

    assert shop.scalars(select(Parcel)).all() == []


@pytest.mark.parametrize(
    ("child", "name"),
    [
        (lambda session: Child(LINES, "lines|n0", values={"code": "d", "position": 1}), "lines|n0|position"),
        (lambda session: Child(LINES, "lines|n0", values={"code": "d"}), "lines|n0|position"),
        (lambda session: changed(session, "b", position=-1), "lines|kb|position"),
        (
            lambda session: Child(
                LINES,
                "lines|kb",
                line(session, "b"),
                children=[Child(PARCELS, "lines|kb|parcels|n0", values={"weight": 0})],
            ),
            "lines|kb|parcels|n0|weight",
        ),
    ],
)
def test_what_is_refused_is_named_by_row_and_field_and_nothing_is_stored(
    shop: Session, order: Order, child, name
):
    with pytest.raises(Invalid) as refusal:
        save_children(shop, COMMAND_LINE, order, [changed(shop, "a", name="new"), child(shop)])
    shop.rollback()

    assert name in refusal.value.errors
    assert line(shop, "a").name == "name a"


def test_a_row_that_is_gone_is_named(shop: Session, order: Order, database: Database):
    a = line(shop, "a")
    with database.session() as other:
        records.delete(other, COMMAND_LINE, describe(Line), other.get(Line, ("x/y;z", 7, "a")))

    with pytest.raises(Invalid) as refusal:
        save(shop, order, Child(LINES, "lines|ka", a, {"name": "late"}))

    assert list(refusal.value.errors) == ["lines|ka|"]
    assert "meanwhile" in str(refusal.value)


@pytest.mark.parametrize("right", ["create", "edit", "delete"])
def test_each_row_needs_the_right_to_what_becomes_of_it(session: Session, right: str):
    owner = make_user(session)
    item = Item(title="Chess", owner=owner)
    session.add(item)
    session.commit()
    bond = bond_of(describe(type(owner)), "items")
    rows = {
        "create": Child(bond, "items|n0", values={"title": "New"}),
        "edit": Child(bond, "items|k1", item, {"title": "Other"}),
        "delete": Child(bond, "items|k1", item, is_removed=True),
    }
    actor = identity_with(session, ("item", right), ("user", "*"))

    for needed, child in rows.items():
        if needed != right:
            with pytest.raises(Forbidden):
                save_children(session, actor, owner, [child])
    save_children(session, actor, owner, [rows[right]])


@pytest.mark.parametrize(
    ("model", "name", "why"),
    [
        (relations.Library, "name", "no relation"),
        (relations.Library, "tags", "does not lead to children"),
        (relations.Shelf, "library", "does not lead to children"),
        (relations.Library, "first_shelf", "does not lead to children"),
        (relations.Library, "odd_shelves", "rule of its own"),
        (relations.Part, "namesakes", "only shows"),
    ],
)
def test_what_cannot_be_edited_under_its_parent_says_why(model: type, name: str, why: str):
    with pytest.raises(ConfigurationError, match=why):
        bond_of(describe(model), name)


def test_what_says_whose_child_it_is_is_told_apart():
    assert bond_of(describe(relations.Building), "flats").names == {"building", "road", "house_number"}
    assert LINES.names == {"tenant", "order_number"}
    assert bond_of(describe(relations.Planet), "moons").names == {"planet", "planet_number"}


@pytest.mark.parametrize(
    ("positions", "edges", "expected"),
    [
        ([1, 2, 3], {}, [1, 2, 3]),
        ([], {}, []),
        ([None, None], {}, [1, 2]),
        ([10, 30, 20], {}, [10, 11, 20]),
        ([30, 10, 20], {}, [9, 10, 20]),
        ([2, 3, 1], {}, [2, 3, 4]),
        ([3, 1, 2], {}, [1, 2, 3]),
        ([2, 1, 3], {}, [1, 2, 3]),
        ([1, 2, None], {"after": 3, "greatest": 90}, [1, 2, 91]),
        ([1, 2, None], {"after": 9, "greatest": 90}, [1, 2, 3]),
        ([5, None, 6], {}, [5, 6, 7]),
        ([None, 5], {"before": 4}, [5, 6]),
        ([None, 5], {"before": 1}, [2, 5]),
        ([4, 4, 4], {}, [2, 3, 4]),
        ([None], {"before": 7}, [8]),
        ([-5, -9], {}, [-9, -5]),
    ],
)
def test_rows_are_numbered_anew_as_little_as_possible(positions, edges, expected):
    found = renumber(positions, **edges)

    assert found == expected
    assert found == sorted(set(found))
