"""What a deletion is said to do is what it does, on both databases."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    event,
    insert,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from admin_site.audit import UNAUDITED
from admin_site.database import Database
from admin_site.descriptions import describe, mapped_classes
from admin_site.errors import Conflict
from admin_site.models import (
    AuditEntry,
    Course,
    CredentialToken,
    Enrollment,
    Flow,
    Item,
    UserType,
)
from admin_site.models import Base as OurBase
from admin_site.permissions import COMMAND_LINE
from admin_site.seed import seed
from admin_site.services import records
from admin_site.services.counting import WithinReason
from admin_site.services.deletion import Effect, Manner, consequences
from tests import zoo
from tests.factories import make_role, make_user
from tests.zoo import postgresql

DELETED, CLEARED, BLOCKING = Effect.DELETED, Effect.CLEARED, Effect.BLOCKING


class Base(DeclarativeBase):
    pass


class Firm(Base):
    __tablename__ = "firms"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(10), unique=True)

    teams: Mapped[list["Team"]] = relationship(cascade="all, delete-orphan")
    plans: Mapped[list["Plan"]] = relationship()
    branches: Mapped[list["Branch"]] = relationship(cascade="all", passive_deletes=True)


class Team(Base):
    """Deleted by the mapper: its reference has no rule."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))


class Task(Base):
    """Deleted by the database, below what the mapper deletes."""

    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    helper_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))


class Plan(Base):
    """Loses its firm through the mapper, although the database would delete it."""

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[int | None] = mapped_column(ForeignKey("firms.id", ondelete="CASCADE"))


class Branch(Base):
    """The mapper would delete it if it were loaded; the database has no rule."""

    __tablename__ = "branches"

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))


class Badge(Base):
    """Refers to a unique column that is not the key."""

    __tablename__ = "badges"

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_code: Mapped[str | None] = mapped_column(ForeignKey("firms.code", ondelete="SET NULL"))


class Seal(Base):
    """SET NULL on a column that cannot be NULL."""

    __tablename__ = "seals"

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id", ondelete="SET NULL"))


class Node(Base):
    """A tree that the database deletes."""

    __tablename__ = "nodes"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"))


class Leaf(Base):
    __tablename__ = "leaves"

    id: Mapped[int] = mapped_column(primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id", ondelete="CASCADE"))


class Branchlet(Base):
    """A tree that the mapper deletes."""

    __tablename__ = "branchlets"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branchlets.id"))

    children: Mapped[list["Branchlet"]] = relationship(cascade="all")


class Lot(Base):
    """A composite key, with a composite unique beside it."""

    __tablename__ = "lots"

    street: Mapped[str] = mapped_column(String(20), primary_key=True)
    house: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    north: Mapped[int]
    east: Mapped[int]

    __table_args__ = (UniqueConstraint("north", "east"),)


class Tree(Base):
    __tablename__ = "trees"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_street: Mapped[str | None] = mapped_column(String(20))
    lot_house: Mapped[int | None]
    north: Mapped[int | None]
    east: Mapped[int | None]

    __table_args__ = (
        ForeignKeyConstraint(["lot_street", "lot_house"], ["lots.street", "lots.house"], ondelete="CASCADE"),
        ForeignKeyConstraint(["north", "east"], ["lots.north", "lots.east"], ondelete="SET NULL"),
    )


friends = Table(
    "friends",
    Base.metadata,
    Column("one_id", ForeignKey("people.id"), primary_key=True),
    Column("other_id", ForeignKey("people.id"), primary_key=True),
)


class Human(Base):
    """Friends in one direction only."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)

    friends: Mapped[list["Human"]] = relationship(
        secondary=friends,
        primaryjoin=lambda: Human.id == friends.c.one_id,
        secondaryjoin=lambda: Human.id == friends.c.other_id,
    )


class Owner(Base):
    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)

    animals: Mapped[list["Animal"]] = relationship(cascade="all")


class Animal(Base):
    """Joined tables without a rule: only the mapper can delete its kinds."""

    __tablename__ = "animals"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"))
    keeper_id: Mapped[int | None] = mapped_column(ForeignKey("keepers.id", ondelete="CASCADE"))

    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}


class Dog(Animal):
    __tablename__ = "dogs"

    id: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
    teacher_id: Mapped[int | None] = mapped_column(ForeignKey("animals.id", ondelete="SET NULL"))
    rival_id: Mapped[int | None] = mapped_column(ForeignKey("dogs.id", ondelete="SET NULL"))

    __mapper_args__ = {"polymorphic_identity": "dog", "inherit_condition": id == Animal.id}


class Collar(Base):
    __tablename__ = "collars"

    id: Mapped[int] = mapped_column(primary_key=True)
    dog_id: Mapped[int] = mapped_column(ForeignKey("dogs.id", ondelete="CASCADE"))


class Keeper(Base):
    __tablename__ = "keepers"

    id: Mapped[int] = mapped_column(primary_key=True)


class Herd(Base):
    """The mapper deletes its members one by one, as the database would."""

    __tablename__ = "herds"

    id: Mapped[int] = mapped_column(primary_key=True)

    members: Mapped[list["Cow"]] = relationship(cascade="all, delete-orphan")


class Cow(Base):
    __tablename__ = "cows"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("herds.id", ondelete="CASCADE"))


class Flock(Base):
    """The mapper empties the references of its members one by one, as the database would."""

    __tablename__ = "flocks"

    id: Mapped[int] = mapped_column(primary_key=True)

    members: Mapped[list["Bird"]] = relationship()


class Bird(Base):
    __tablename__ = "birds"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("flocks.id", ondelete="SET NULL"))


class Pack(Base):
    """The database would delete its wolves, but not their cubs."""

    __tablename__ = "packs"

    id: Mapped[int] = mapped_column(primary_key=True)

    wolves: Mapped[list["Wolf"]] = relationship(cascade="all")


class Wolf(Base):
    __tablename__ = "wolves"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("packs.id", ondelete="CASCADE"))

    cubs: Mapped[list["Cub"]] = relationship(cascade="all", lazy="selectin")


class Cub(Base):
    __tablename__ = "cubs"

    id: Mapped[int] = mapped_column(primary_key=True)
    wolf_id: Mapped[int] = mapped_column(ForeignKey("wolves.id"))


class Strict(Base):
    __tablename__ = "stricts"

    id: Mapped[int] = mapped_column(primary_key=True)


class Holder(Base):
    """Both of one row's references go: NO ACTION then lets it, RESTRICT would not."""

    __tablename__ = "holders"

    id: Mapped[int] = mapped_column(primary_key=True)
    strict_id: Mapped[int] = mapped_column(ForeignKey("stricts.id", ondelete="CASCADE"))
    witness_id: Mapped[int | None] = mapped_column(ForeignKey("stricts.id"))


@pytest.fixture
def house(database: Database) -> Iterator[Session]:
    """A session with the tables of this module."""
    Base.metadata.create_all(database.engine)
    with database.new_session_maker()() as session:
        yield session


def store(session: Session, *records_: Any) -> Any:
    session.add_all(records_)
    session.commit()
    return records_[0]


def said(session: Session, record: Any) -> dict[tuple[str, Effect], int]:
    return {(line.table.fullname, line.effect): line.number for line in consequences(session, record)}


def delete(session: Session, record: Any) -> None:
    records.delete(session, COMMAND_LINE, describe(type(record)), record)


def delete_and_commit(session: Session, record: Any) -> None:
    delete(session, record)
    session.commit()


def rows(session: Session, metadata: MetaData) -> dict[str, dict[Any, Any]]:
    """Return all rows by table and key, as the driver gives them."""
    connection = session.connection()
    quote = connection.dialect.identifier_preparer
    found = {}
    for table in metadata.sorted_tables:
        if table.name != "audit_entries":
            names = [*table.primary_key, *(column for column in table.columns if not column.primary_key)]
            columns = ", ".join(quote.format_column(column) for column in names)
            fetched = connection.exec_driver_sql(f"SELECT {columns} FROM {quote.format_table(table)}")
            size = len(list(table.primary_key))
            plain = [[as_bytes(value) for value in row] for row in fetched]
            found[table.fullname] = {repr(row[:size]): repr(row[size:]) for row in plain}
    return found


def as_bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [as_bytes(member) for member in value]
    return bytes(value) if isinstance(value, memoryview) else value


def done(
    before: dict[str, dict[Any, Any]], after: dict[str, dict[Any, Any]], own: set[str]
) -> dict[tuple[str, Effect], int]:
    """Return what became of other rows, in the words of `said`."""
    counted: Counter[tuple[str, Effect]] = Counter()
    for table, stored in before.items():
        gone = stored.keys() - after[table].keys()
        counted[table, DELETED] += len(gone) - (table in own)
        counted[table, CLEARED] += len(
            [key for key in stored.keys() & after[table].keys() if stored[key] != after[table][key]]
        )
    return {place: number for place, number in counted.items() if number}


def check_against_the_deed(session: Session, record: Any, metadata: MetaData) -> dict[Any, int]:
    """Delete the record and compare what became of other rows with what was said before."""
    mapper = inspect(record).mapper
    expected = said(session, record)
    before = rows(session, metadata)
    if any(effect is BLOCKING for _, effect in expected):
        with pytest.raises((Conflict, IntegrityError)):  # the latter by a rule that waits for the commit
            delete_and_commit(session, record)
        session.rollback()
        return expected
    delete(session, record)
    found = done(before, rows(session, metadata), {table.fullname for table in mapper.tables})
    parts = {(table, DELETED) for table in PARTS}
    assert {place: number for place, number in found.items() if place not in parts} == expected
    return expected


PARTS = {"dogs", "zoo_cars", "zoo_taxis", "zoo_trailers", "zoo_circles", "zoo_squares"}  # of joined records


@contextmanager
def statements_of(session: Session) -> Iterator[list[str]]:
    found: list[str] = []

    def note(connection, cursor, statement, parameters, context, many) -> None:
        found.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


# -- Every model ---------------------------------------------------------------------------------------------


def test_what_is_said_of_any_record_of_ours_is_what_happens(database):
    seed(database, people=12)
    for model in set(mapped_classes([OurBase])) - {
        AuditEntry,
        CredentialToken,
    }:  # nobody deletes these by hand
        with database.new_session_maker()() as session:
            for record in session.scalars(select(model).limit(3)).all():
                check_against_the_deed(session, record, OurBase.metadata)
                session.rollback()


def test_what_is_said_of_any_record_of_the_zoo_is_what_happens(database, backend):
    zoo.create(database.engine)
    with database.session() as session:
        zoo.fill(session)
    said_at_all: Counter[Effect] = Counter()
    for model in zoo.models_on(backend):
        if model in zoo.VIEWS or describe(model).read_only:
            continue
        with database.new_session_maker()() as session:
            for record in session.scalars(select(model).limit(3)).unique().all():
                found = check_against_the_deed(session, record, describe(model).mapper.local_table.metadata)
                said_at_all.update(effect for _, effect in found)
                session.rollback()
    assert set(said_at_all) == set(Effect)


# -- One thing at a time -------------------------------------------------------------------------------------


def test_what_the_mapper_deletes_and_what_the_database_deletes_below_it_are_both_said(house):
    firm = store(house, Firm(teams=[Team(), Team()]))
    one, other = firm.teams
    store(house, Task(team_id=one.id), Task(team_id=one.id, helper_id=other.id), Task(team_id=other.id))

    assert said(house, firm) == {("teams", DELETED): 2, ("tasks", DELETED): 3}
    check_against_the_deed(house, firm, Base.metadata)


def test_a_reference_that_the_mapper_empties_first_is_not_deleted_by_the_database(house):
    firm = store(house, Firm(plans=[Plan()]))

    assert said(house, firm) == {("plans", CLEARED): 1}
    check_against_the_deed(house, firm, Base.metadata)


def test_what_a_mapper_leaves_to_a_database_without_a_rule_stands_in_the_way(house):
    firm = store(house, Firm())
    store(house, Branch(firm_id=firm.id))
    house.expire_all()

    assert said(house, firm) == {("branches", BLOCKING): 1}
    check_against_the_deed(house, firm, Base.metadata)


def test_a_reference_to_a_unique_column_that_is_no_key_is_followed(house):
    firm = store(house, Firm(code="F1"), Firm(code="F2"))
    store(house, Badge(firm_code="F1"), Badge(firm_code="F2"), Badge())

    assert said(house, firm) == {("badges", CLEARED): 1}
    check_against_the_deed(house, firm, Base.metadata)


def test_a_reference_that_should_become_empty_but_cannot_stands_in_the_way(house):
    firm = store(house, Firm())
    store(house, Seal(firm_id=firm.id))

    assert said(house, firm) == {("seals", BLOCKING): 1}
    check_against_the_deed(house, firm, Base.metadata)


@pytest.mark.parametrize("depth", [1, 12])
def test_a_tree_is_followed_to_its_ends(house, depth):
    root = top = store(house, Node())
    for _ in range(depth):
        top = store(house, Node(parent_id=top.id), Node(parent_id=top.id))
    store(house, Leaf(node_id=top.id), Leaf(node_id=root.id), Node(), Leaf(node_id=store(house, Node()).id))

    assert said(house, root) == {("nodes", DELETED): 2 * depth, ("leaves", DELETED): 2}
    check_against_the_deed(house, root, Base.metadata)


def test_a_circle_in_a_tree_ends(house):
    one = store(house, Node())
    other = store(house, Node(parent_id=one.id))
    one.parent_id = other.id
    house.commit()

    assert said(house, one) == {("nodes", DELETED): 1}
    check_against_the_deed(house, one, Base.metadata)


def test_a_record_that_refers_to_itself_is_not_its_own_consequence(house, backend):
    one = store(house, Node())
    one.parent_id = one.id
    house.commit()

    assert said(house, one) == {}
    check_against_the_deed(house, one, Base.metadata)


def test_a_tree_that_the_mapper_deletes_is_followed_to_its_ends(house):
    root = store(house, Branchlet(children=[Branchlet(children=[Branchlet(), Branchlet()]), Branchlet()]))
    store(house, Branchlet())

    assert said(house, root) == {("branchlets", DELETED): 4}
    check_against_the_deed(house, root, Base.metadata)


def test_composite_keys_are_compared_as_a_whole(house):
    lot = store(house, Lot(street="a", house=1, north=1, east=2), Lot(street="a", house=2, north=2, east=1))
    store(
        house,
        Tree(lot_street="a", lot_house=1),
        Tree(lot_street="a", lot_house=2),
        Tree(lot_street="a"),
        Tree(north=1, east=2),
        Tree(north=1, east=2),
        Tree(lot_street="a", lot_house=1, north=1, east=2),
    )

    assert said(house, lot) == {("trees", DELETED): 2, ("trees", CLEARED): 2}
    check_against_the_deed(house, lot, Base.metadata)


def test_links_in_the_other_direction_stand_in_the_way(house):
    ann, bob = Human(), Human()
    store(house, ann, bob)
    ann.friends.append(bob)
    house.commit()

    assert said(house, ann) == {("friends", DELETED): 1}
    assert said(house, bob) == {("friends", BLOCKING): 1}
    check_against_the_deed(house, bob, Base.metadata)
    check_against_the_deed(house, ann, Base.metadata)


def test_parts_of_one_record_in_several_tables_count_once(house):
    owner = store(house, Owner(animals=[Dog(), Dog(), Animal()]))
    dog = owner.animals[0]
    store(house, Collar(dog_id=dog.id), Dog(teacher_id=dog.id), Dog(rival_id=dog.id))

    assert said(house, owner) == {
        ("animals", DELETED): 3,
        ("collars", DELETED): 1,
        ("dogs", CLEARED): 2,
    }
    check_against_the_deed(house, owner, Base.metadata)


def test_a_record_in_several_tables_takes_along_what_refers_to_any_of_them(house):
    dog = store(house, Dog())
    store(house, Collar(dog_id=dog.id), Dog(teacher_id=dog.id), Dog(rival_id=dog.id))

    assert said(house, dog) == {("collars", DELETED): 1, ("dogs", CLEARED): 2}
    check_against_the_deed(house, dog, Base.metadata)


def test_a_row_of_several_tables_that_the_database_can_delete_in_one_only_stands_in_the_way(house):
    keeper = store(house, Keeper())
    store(house, Animal(keeper_id=keeper.id), Dog(keeper_id=keeper.id))

    assert said(house, keeper) == {("animals", DELETED): 2, ("dogs", BLOCKING): 1}
    check_against_the_deed(house, keeper, Base.metadata)


def test_what_goes_anyway_does_not_stand_in_the_way(house):
    one = store(house, Strict())
    other = store(house, Strict())
    store(house, Holder(strict_id=one.id, witness_id=one.id))
    assert said(house, one) == {("holders", DELETED): 1}

    store(house, Holder(strict_id=other.id, witness_id=one.id))
    assert said(house, one) == {("holders", DELETED): 1, ("holders", BLOCKING): 1}
    check_against_the_deed(house, one, Base.metadata)


def test_a_table_in_another_schema_is_followed(database, backend):
    if backend == "sqlite":
        pytest.skip("SQLite has no schemas")
    zoo.create(database.engine)
    with database.new_session_maker()() as session:
        line = postgresql.LedgerLine(position=1, words="Ink")
        host = store(session, postgresql.Host(address="10.0.0.1"))
        ledger = store(session, postgresql.Ledger(title="Costs", host=host, lines=[line]))

        assert said(session, ledger) == {("annex.ledger_lines", DELETED): 1}
        assert said(session, host) == {("annex.zoo_hosts", BLOCKING): 1}


def test_deleting_a_person_tells_of_everything_of_theirs(session):
    user = make_user(session, roles=(make_role(session),), signed_in_on=2)
    course = Course(name="Biology", start_date=date(2026, 1, 1))
    session.add_all([course, Enrollment(user=user, course=course), Item(title="Violin", owner=user)])
    user.flows = [Flow(name="a"), Flow(name="b")]
    session.flush()

    assert said(session, user) == {
        ("user_roles", DELETED): 1,
        ("user_flows", DELETED): 2,
        ("user_sessions", DELETED): 2,
        ("enrollments", DELETED): 1,
        ("items", DELETED): 1,
    }


def test_a_user_type_in_use_cannot_go(session):
    user_type = UserType(name="Student")
    make_user(session, user_type=user_type)
    session.commit()

    assert said(session, user_type) == {("users", BLOCKING): 1}


def test_the_number_of_statements_depends_on_tables_alone(session):
    def statements_for(number: int) -> int:
        user = make_user(session)
        session.add_all(Item(title="x", owner=user) for _ in range(number))
        user.flows = [Flow(name=f"{user.user_name} {n}") for n in range(number)]
        session.commit()
        with statements_of(session) as statements:
            consequences(session, user)
        return len(statements)

    assert statements_for(2) == statements_for(40) <= 17


# -- Bounds --------------------------------------------------------------------------------------------------


def many(session: Session, model: Any, number: int, **values: Any) -> None:
    """Store `number` rows with the same values, in one statement."""
    numbers = select(literal(1).label("n")).cte(recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < number))
    columns = [getattr(model, name) for name in values]
    rows_ = select(*map(literal, values.values())).select_from(numbers)
    session.execute(
        insert(model).from_select(columns, rows_, include_defaults=False),
        execution_options={UNAUDITED: "a test"},
    )
    session.commit()


def within_reason(session: Session, record: Any, **options: Any) -> dict[tuple[str, Effect], int | None]:
    lines = consequences(session, record, count=WithinReason(session, **options))
    return {(line.table.fullname, line.effect): line.count.number for line in lines}


def test_rows_are_counted_no_further_than_anybody_reads(house):
    firm = store(house, Firm())
    many(house, Team, 1_500, firm_id=firm.id)
    many(house, Plan, 999, firm_id=firm.id)

    assert within_reason(house, firm) == {("teams", DELETED): 1_001, ("plans", CLEARED): 999}
    assert said(house, firm) == {("teams", DELETED): 1_500, ("plans", CLEARED): 999}


def test_a_tree_is_walked_no_further_than_its_rows_are_counted(house):
    root = store(house, Node())
    many(house, Node, 50_000, parent_id=root.id)
    house.execute(text("ANALYZE"), execution_options={UNAUDITED: "a test"})

    with statements_of(house) as statements:
        assert within_reason(house, root) == {("nodes", DELETED): 1_001}
    (counting,) = [
        statement for statement in statements if "RECURSIVE" in statement and "nodes" in statement
    ][:1]
    assert counting.count("LIMIT") == 2


def test_what_takes_too_long_to_count_is_said_to_be_too_many(house):
    firm = store(house, Firm(teams=[Team()]))

    assert within_reason(house, firm, seconds=0) == dict.fromkeys(
        [("teams", DELETED), ("tasks", DELETED), ("plans", CLEARED), ("badges", CLEARED)], None
    ) | dict.fromkeys([("seals", BLOCKING), ("branches", BLOCKING)], None)


def test_rows_that_took_the_place_of_others_do_not_count_as_the_same(house):
    firm = store(house, Firm(teams=[Team(), Team()]))
    before, same = (consequences(house, firm, count=WithinReason(house))[0].count for _ in range(2))
    house.delete(firm.teams[0])
    store(house, Team(firm_id=firm.id))

    after = consequences(house, firm, count=WithinReason(house))[0].count

    assert before == same
    assert (before.number, after.number) == (2, 2)
    assert before.mark != after.mark


def test_several_records_are_measured_together(house):
    one, other = Node(), Node()
    store(house, one, other)
    store(house, Node(parent_id=one.id), Node(parent_id=other.id), Leaf(node_id=one.id))
    other.parent_id = one.id
    house.commit()

    lines = consequences(house, one, other)
    assert {(line.table.name, line.number) for line in lines} == {("nodes", 2), ("leaves", 1)}


def test_each_line_knows_how_it_is_reached_and_who_does_it(house):
    firm = store(house, Firm(teams=[Team()], plans=[Plan()]))
    store(house, Task(team_id=firm.teams[0].id))
    lines = {line.table.name: line for line in consequences(house, firm)}

    assert lines["teams"].manners == (Manner.MAPPER,)
    assert lines["tasks"].manners == (Manner.CASCADE,)
    assert lines["plans"].manners == (Manner.EMPTIED,)
    assert (lines["teams"].nearest.level, lines["teams"].nearest.above) == (1, None)
    assert (lines["tasks"].nearest.level, lines["tasks"].nearest.above) == (2, Team.__table__)


def test_link_rows_are_told_from_records(session):
    user = make_user(session, roles=(make_role(session),))
    session.commit()

    (links,) = [line for line in consequences(session, user) if line.table.name == "user_roles"]
    assert links.manners == (Manner.LINKS,)


@pytest.mark.parametrize(("model", "member", "word"), [(Herd, Cow, "rows"), (Flock, Bird, "references")])
def test_many_children_that_the_database_can_deal_with_are_not_loaded(house, model, member, word):
    owner, few = model(), model()
    store(house, owner, few)
    many(house, member, 1_200, owner_id=owner.id)
    many(house, member, 3, owner_id=few.id)

    with statements_of(house) as statements:
        delete(house, owner)
    house.commit()

    assert len(statements) < 15
    assert not any(isinstance(each, member) for each in house.identity_map.values())
    later = select(AuditEntry).where(AuditEntry.action != "create")
    entry = house.scalars(later).one()
    assert entry.changes[f"{member.__tablename__} {word}"] == [1_200, 0]
    left = Counter(house.scalars(select(member.owner_id)))
    assert left == ({few.id: 3, None: 1_200} if model is Flock else {few.id: 3})

    delete(house, few)
    house.commit()
    assert len(house.scalars(later).all()) == 1 + 1 + 3


def test_many_children_whose_own_children_only_the_mapper_deletes_are_loaded(house):
    owner = store(house, Pack())
    many(house, Wolf, 1_001, owner_id=owner.id)
    wolf = house.scalars(select(Wolf).limit(1)).one()
    store(house, Cub(wolf_id=wolf.id))
    house.expire_all()

    delete(house, owner)
    house.commit()

    assert house.scalars(select(Cub)).all() == house.scalars(select(Wolf)).all() == []


# -- Meanwhile -----------------------------------------------------------------------------------------------


def test_nobody_can_add_to_what_is_deleted_once_it_was_counted(house, database, backend):
    """At every level: a child of the record, and a child of its child."""
    firm = store(house, Firm(teams=[Team()]))
    team_id, firm_id = firm.teams[0].id, firm.id
    late = [Team(firm_id=firm_id), Task(team_id=team_id)]
    is_counted, ends = threading.Event(), []

    def add(record: Any) -> None:
        is_counted.wait(10)
        with database.new_session_maker()() as session:
            session.add(record)
            try:
                session.commit()
            except (IntegrityError, OperationalError) as error:
                ends.append((type(record), type(error), monotonic()))

    threads = [threading.Thread(target=add, args=(record,)) for record in late]
    for thread in threads:
        thread.start()
    counted: list[Any] = []

    def agree() -> None:
        counted.extend(consequences(house, firm, is_locking=True))
        is_counted.set()
        for thread in threads:
            thread.join(0.3)

    records.delete(house, COMMAND_LINE, describe(Firm), firm, agree=agree)
    house.commit()
    done_at = monotonic()
    for thread in threads:
        thread.join(10)

    assert {(line.table.name, line.number) for line in counted} == {("teams", 1)}
    assert {model for model, _, _ in ends} == {Team, Task}
    assert all(at >= done_at - 0.3 for _, _, at in ends)
    with database.new_session_maker()() as session:
        assert session.scalars(select(Team)).all() == session.scalars(select(Task)).all() == []


def test_asking_changes_nothing(session):
    user = make_user(session)
    session.commit()
    user.first_name = "unsaved"
    with statements_of(session) as statements:
        consequences(session, user)

    assert not [statement for statement in statements if not statement.startswith(("SELECT", "BEGIN"))]
