"""How records are created, changed and deleted, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, Column, ForeignKey, String, Table, event, func, inspect, select, text
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    MappedAsDataclass,
    Session,
    WriteOnlyMapped,
    aliased,
    attribute_keyed_dict,
    deferred,
    mapped_column,
    relationship,
    validates,
)

from admin_site import audit
from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.errors import Conflict, Forbidden, Invalid
from admin_site.models import AuditEntry, Course, Enrollment, Flow, Item, Role, User, user_flows
from admin_site.permissions import COMMAND_LINE
from admin_site.services import records
from admin_site.services.aftermath import MAX_LISTED
from admin_site.services.records import Members
from tests import zoo
from tests.factories import an_administrator, identity_with, make_role, make_user
from tests.zoo import columns, inheritance, keys, relations

UNAUDITED = {audit.UNAUDITED: "a test prepares its rows"}


class Base(DeclarativeBase):
    pass


class DataclassBase(MappedAsDataclass, DeclarativeBase):
    metadata = Base.metadata


def link_table(name: str) -> Table:
    return Table(
        name,
        Base.metadata,
        Column("club_id", ForeignKey("clubs.id", ondelete="CASCADE"), primary_key=True),
        Column("fan_id", ForeignKey("fans.id"), primary_key=True),
    )


list_links, set_links, dict_links, dynamic_links, write_only_links, both_links = (
    link_table(f"club_{kind}") for kind in ("list", "set", "dict", "dynamic", "write_only", "both")
)
friend_links = Table(
    "fan_friends",
    Base.metadata,
    Column("one_id", ForeignKey("fans.id", ondelete="CASCADE"), primary_key=True),
    Column("other_id", ForeignKey("fans.id", ondelete="CASCADE"), primary_key=True),
)


class Fan(Base):
    __tablename__ = "fans"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    friends: Mapped[list["Fan"]] = relationship(
        secondary=friend_links,
        primaryjoin=lambda: Fan.id == friend_links.c.one_id,
        secondaryjoin=lambda: Fan.id == friend_links.c.other_id,
        back_populates="friend_of",
    )
    friend_of: Mapped[list["Fan"]] = relationship(
        secondary=friend_links,
        primaryjoin=lambda: Fan.id == friend_links.c.other_id,
        secondaryjoin=lambda: Fan.id == friend_links.c.one_id,
        back_populates="friends",
    )
    clubs: Mapped[list["Club"]] = relationship(secondary=both_links, back_populates="both")


class Club(Base):
    __tablename__ = "clubs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="Club")
    story: Mapped[str | None] = deferred(mapped_column(String), raiseload=True)
    document: Mapped[Any] = mapped_column(JSON, nullable=True)

    as_list: Mapped[list[Fan]] = relationship(secondary=list_links)
    as_set: Mapped[set[Fan]] = relationship(secondary=set_links)
    as_dict: Mapped[dict[str, Fan]] = relationship(
        secondary=dict_links, collection_class=attribute_keyed_dict("name")
    )
    as_dynamic: DynamicMapped[Fan] = relationship(secondary=dynamic_links)
    as_write_only: WriteOnlyMapped[Fan] = relationship(secondary=write_only_links, passive_deletes=True)
    both: Mapped[list[Fan]] = relationship(secondary=both_links, back_populates="clubs")

    owned: Mapped[list["Match"]] = relationship(back_populates="club", cascade="all, delete-orphan")
    named: Mapped[dict[str, "Prize"]] = relationship(collection_class=attribute_keyed_dict("name"))
    seats: Mapped[list["Seat"]] = relationship(back_populates="club")
    notes: Mapped[list["Note"]] = relationship(
        cascade="all", passive_deletes=True, foreign_keys="Note.club_id"
    )
    patron: Mapped["Sponsor | None"] = relationship(back_populates="club", uselist=False)


class Match(Base):
    """Belongs to its club."""

    __tablename__ = "matches"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    club_id: Mapped[int] = mapped_column(ForeignKey("clubs.id"))

    club: Mapped[Club] = relationship(back_populates="owned")
    goals: Mapped[list["Goal"]] = relationship(cascade="all", passive_deletes=True)


class Goal(Base):
    __tablename__ = "goals"

    id: Mapped[int] = mapped_column(primary_key=True)
    minute: Mapped[int]
    match_id: Mapped[int] = mapped_column(ForeignKey("matches.id", ondelete="CASCADE"))


class Prize(Base):
    """Can do without a club."""

    __tablename__ = "prizes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    club_id: Mapped[int | None] = mapped_column(ForeignKey("clubs.id"))


class Seat(Base):
    """Cannot do without a club, although the club does not own it."""

    __tablename__ = "seats"

    id: Mapped[int] = mapped_column(primary_key=True)
    club_id: Mapped[int] = mapped_column(ForeignKey("clubs.id"))

    club: Mapped[Club] = relationship(back_populates="seats")


class Note(Base):
    """Deleted by the database."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str]
    long: Mapped[str | None] = deferred(mapped_column(String))
    club_id: Mapped[int] = mapped_column(ForeignKey("clubs.id", ondelete="CASCADE"))
    mentioned_id: Mapped[int | None] = mapped_column(ForeignKey("clubs.id", ondelete="SET NULL"))


class Sponsor(Base):
    """Its key is its club's."""

    __tablename__ = "sponsors"

    club_id: Mapped[int] = mapped_column(ForeignKey("clubs.id"), primary_key=True)
    name: Mapped[str]

    club: Mapped[Club] = relationship(back_populates="patron")


class Insisting(Base):
    """A constructor that takes what it names and nothing else."""

    __tablename__ = "insisting"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    slug: Mapped[str]
    note: Mapped[str | None]

    def __init__(self, name: str, *, note: str = "by the constructor") -> None:
        self.name, self.slug, self.note = name, name.lower(), note


class Generous(Base):
    """A constructor that takes everything, and adds something."""

    __tablename__ = "generous"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    note: Mapped[str | None]

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"note": "by the constructor", **values})


class Clockwork(Base):
    """A constructor that wants what is no field."""

    __tablename__ = "clockwork"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]

    def __init__(self, clock: Any) -> None:
        self.name = clock.now()


class Careful(Base):
    __tablename__ = "careful"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]

    @validates("name")
    def _check_name(self, _: str, value: str) -> str:
        if value.startswith("_"):
            raise ValueError("A name begins with a letter.")
        return value

    @validates("email")
    def _check_email(self, _: str, value: str) -> str:
        if "@" not in value:
            raise AssertionError
        return value


class Versioned(Base):
    __tablename__ = "versioned"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}


class Crate(DataclassBase):
    """A dataclass that demands its members, and is equal to its like."""

    __tablename__ = "crates"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    label: Mapped[str]
    note: Mapped[str | None]
    bottles: Mapped[list["Bottle"]] = relationship(cascade="all")


class Bottle(DataclassBase):
    __tablename__ = "bottles"

    id: Mapped[int] = mapped_column(primary_key=True, init=False, compare=False)
    wine: Mapped[str]
    crate_id: Mapped[int | None] = mapped_column(ForeignKey("crates.id"), init=False, compare=False)


COLLECTIONS = ("as_list", "as_set", "as_dict", "as_dynamic", "as_write_only", "both")


@pytest.fixture
def club_session(database: Database) -> Iterator[Session]:
    """A session with our tables and those of this module."""
    Base.metadata.create_all(database.engine)
    with database.new_session_maker()() as session:
        yield session


@pytest.fixture
def zoo_session(database: Database) -> Iterator[Session]:
    zoo.create(database.engine)
    with database.new_session_maker()() as session:
        yield session


def create(session: Session, model: type, **values: Any) -> Any:
    return records.create(session, COMMAND_LINE, describe(model), values)


def update(session: Session, record: Any, **values: Any) -> None:
    records.update(session, COMMAND_LINE, describe(type(record)), record, values)


def delete(session: Session, record: Any) -> None:
    records.delete(session, COMMAND_LINE, describe(type(record)), record)


def store(session: Session, *stored: Any) -> Any:
    """Store records in a transaction of their own; the entries about them are forgotten."""
    session.add_all(stored)
    session.commit()
    session.execute(text("DELETE FROM audit_entries"), execution_options=audit.RETENTION)
    session.commit()
    return stored[0] if stored else None


def reloaded(session: Session, record: Any) -> Any:
    """Return the record as a new session would see it."""
    session.commit()
    model, key = type(record), inspect(record).identity
    session.expunge_all()
    return session.get(model, key)


def members(session: Session, record: Any, name: str) -> set[str]:
    """Return the names of those that the database has as members."""
    model = type(record)
    target = aliased(describe(model).relation(name).target)
    joined = select(target.name).select_from(model).join(getattr(model, name).of_type(target))
    return set(session.scalars(joined.where(model.id == record.id)))


def entries(session: Session) -> list[tuple[str, str, dict[str, Any]]]:
    found = session.scalars(select(AuditEntry).order_by(AuditEntry.entry_id))
    return [(entry.action, entry.model, entry.changes) for entry in found]


@contextmanager
def counted(session: Session) -> Iterator[tuple[list[str], list[Any]]]:
    """Give the statements that are executed in the block, and the records that it loads."""
    statements: list[str] = []
    loaded: list[Any] = []

    def note_statement(connection, cursor, statement, parameters, context, many) -> None:
        if statement not in ("BEGIN", "BEGIN IMMEDIATE", "COMMIT"):
            statements.append(statement)

    def note_record(session, record) -> None:
        loaded.append(record)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note_statement)
    event.listen(session, "loaded_as_persistent", note_record)
    try:
        yield statements, loaded
    finally:
        event.remove(engine, "before_cursor_execute", note_statement)
        event.remove(session, "loaded_as_persistent", note_record)


# -- Created -------------------------------------------------------------------------------------------------


def test_a_new_record_has_its_key_its_values_and_its_defaults(session):
    course = create(session, Course, name="Biology", start_date=date(2026, 3, 1))

    assert course.course_id > 0
    course = reloaded(session, course)
    assert (course.name, course.is_active, course.end_date) == ("Biology", True, None)
    assert course.created_at is not None


def test_whoever_may_not_create_edit_or_delete_is_refused(session):
    actor = identity_with(session, ("course", "list"))
    course = Course(name="Biology", start_date=date(2026, 3, 1))
    session.add(course)
    session.flush()
    with pytest.raises(Forbidden):
        records.create(session, actor, describe(Course), {"name": "x", "start_date": date(2026, 3, 1)})
    with pytest.raises(Forbidden):
        records.update(session, actor, describe(Course), course, {"name": "x"})
    with pytest.raises(Forbidden):
        records.delete(session, actor, describe(Course), course)

    assert (course.name, session.scalar(select(func.count()).select_from(Course))) == ("Biology", 1)


def test_guards_are_asked_before_anything_is_written(session):
    actor = identity_with(session, ("user", "*"))
    values = {"user_name": "a", "email_address": "a@b", "is_superuser": True}
    with pytest.raises(Forbidden):
        records.create(session, actor, describe(User), values)
    session.rollback()
    superuser = make_user(session, superuser=True)
    with pytest.raises(Forbidden):
        records.update(session, actor, describe(User), superuser, {"first_name": "x"})
    with pytest.raises(Forbidden):
        records.delete(session, actor, describe(User), superuser)


def test_a_constructor_is_given_what_it_takes(club_session):
    made = create(club_session, Insisting, name="Big Name", slug="slug")
    assert (made.name, made.slug, made.note) == ("Big Name", "slug", "by the constructor")
    assert create(club_session, Generous, name="x").note == "by the constructor"
    assert create(club_session, Generous, name="x", note="mine").note == "mine"


def test_a_constructor_that_cannot_do_without_a_value_says_which(club_session):
    with pytest.raises(Invalid) as refused:
        create(club_session, Insisting, note="x")
    assert refused.value.errors == {"name": "This field needs a value."}


def test_a_constructor_that_wants_what_is_no_field_is_left_out(club_session):
    assert reloaded(club_session, create(club_session, Clockwork, name="x")).name == "x"
    assert create(club_session, Clockwork).name is None


def test_a_dataclass_that_demands_values_may_be_given_none(club_session):
    crate = create(club_session, Crate, label="x")

    assert (crate.note, crate.bottles) == (None, [])


def test_a_dataclass_keeps_its_own_defaults(zoo_session):
    product = create(zoo_session, columns.Product, name="Lamp", price=Decimal("1.00"), maker="M")
    assert (product.stock, product.tags, product.made_on) == (0, [], date(2026, 1, 1))


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"name": "_x", "email": "a@b"}, {"name": "A name begins with a letter."}),
        ({"name": "x", "email": "a"}, {"email": "This value is not allowed."}),
    ],
)
def test_what_a_validating_method_refuses_stands_beside_its_field(club_session, values, errors):
    with pytest.raises(Invalid) as refused:
        create(club_session, Careful, **values)
    assert refused.value.errors == errors
    club_session.rollback()

    careful = store(club_session, Careful(name="x", email="a@b"))
    with pytest.raises(Invalid) as refused:
        update(club_session, careful, **values)
    assert refused.value.errors == errors


def test_every_class_of_the_zoo_can_be_created(zoo_session, backend):
    for model in zoo.models_on(backend):
        description = describe(model)
        if model in zoo.VIEWS:
            continue  # only the database knows that nothing can be added to it
        if reason := description.read_only or description.abstract_reason:
            with pytest.raises(Invalid) as refused:
                create(zoo_session, model)
            assert refused.value.errors == {"": reason}
        else:
            values = zoo.sample(zoo_session, model)
            made = create(zoo_session, model, **values)
            assert type(made) is model
            assert None not in description.key_of(made)
            entry = zoo_session.scalars(select(AuditEntry).order_by(AuditEntry.entry_id.desc())).first()
            assert (entry.action, entry.key) == ("create", audit.record_key(description, made))


def test_a_natural_key_that_is_taken_is_said_to_be(zoo_session):
    known = store(zoo_session, keys.TextKey(code="a"))
    for is_known in (True, False):
        with pytest.raises(Invalid) as refused:
            create(zoo_session, keys.TextKey, code="a")
        assert refused.value.errors == {"code": "Another record already has this value."}
        zoo_session.rollback()
        if is_known:
            zoo_session.expunge(known)


def test_a_key_that_is_left_out_is_said_to_be_needed(zoo_session):
    with pytest.raises(Invalid) as refused:
        create(zoo_session, keys.TextKey, note="x")
    assert refused.value.errors == {"code": "This field needs a value."}


def test_an_association_object_is_created_from_its_two_ends(zoo_session):
    library, patron = relations.Library(name="L"), relations.Patron(name="P")
    zoo_session.add_all([library, patron])
    made = create(zoo_session, relations.Membership, library=library, patron=patron, grade="gold")

    assert (made.library_id, made.patron_id) == (library.id, patron.id)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_new_record_has_the_members_that_join_it(club_session, name):
    ann = store(club_session, Fan(name="Ann"), Fan(name="Bob"))
    club = create(club_session, Club, **{name: Members(add=(ann, ann))})

    assert members(club_session, club, name) == {"Ann"}
    assert entries(club_session)[-1][2][name] == [[], ["Ann"]] or name == "both"


def test_new_members_may_come_into_being_with_their_record(session):
    role = create(session, Role, name="R", users=Members(add=(make_user(session, first_name="Ada"),)))

    assert [str(user) for user in reloaded(session, role).users] == ["Ada"]


@pytest.mark.parametrize(
    "name", ["id2", "initial", "place", "full_name", "surname", "only_in_python", "secret_length"]
)
def test_what_nothing_can_be_stored_in_is_refused(zoo_session, name):
    person = columns.Person(first_name="Ada", last_name="L")
    zoo_session.add(person)
    zoo_session.flush()
    for write in (create, update):
        with pytest.raises(Invalid) as refused:
            write(zoo_session, columns.Person if write is create else person, **{name: "x"})
        assert list(refused.value.errors) == [name]


def test_a_relation_that_only_shows_is_refused(zoo_session):
    part = relations.Part(name="x")
    zoo_session.add(part)
    zoo_session.flush()
    with pytest.raises(Invalid) as refused:
        update(zoo_session, part, namesakes=Members(add=(part,)))
    assert list(refused.value.errors) == ["namesakes"]


@pytest.mark.parametrize("name", ["computed", "id"])
def test_what_the_database_makes_up_is_refused(zoo_session, name):
    with pytest.raises(Invalid) as refused:
        create(zoo_session, columns.Defaults, **{"name": "x", name: 7})
    assert list(refused.value.errors) == [name]


def test_code_may_set_what_people_may_not_type(session):
    moment = date(2020, 1, 1)
    course = create(session, Course, name="x", start_date=moment, created_at=make_user(session).created_at)

    assert course.created_at.year > 2020


# -- Changed -------------------------------------------------------------------------------------------------


def test_only_what_differs_is_written(session):
    flow = store(session, Flow(name="a", description="b"))
    with counted(session) as (statements, _):
        update(session, flow, name="a", description="b", is_active=True)
    assert [statement for statement in statements if not statement.startswith("SELECT")] == []
    assert entries(session) == []

    update(session, flow, name="a", description="c")
    assert entries(session) == [("edit", "flows", {"description": ["b", "c"]})]


def test_the_same_reference_set_again_is_no_change(session):
    user = make_user(session)
    item = store(session, Item(title="x", owner=user))
    session.expire_all()
    update(session, item, owner=user)

    assert entries(session) == []


def test_one_field_costs_few_statements(session):
    course = store(session, Course(name="a", start_date=date(2026, 3, 1)))
    session.expunge_all()
    course = session.get(Course, course.course_id)
    with counted(session) as (statements, _):
        update(session, course, name="b")

    assert [statement.split()[0] for statement in statements] == ["UPDATE", "INSERT"]


def test_the_old_value_is_on_record_though_it_was_not_loaded(club_session):
    club = store(club_session, Club(story="Once"))
    club = reloaded(club_session, club)
    update(club_session, club, story="Twice")

    assert entries(club_session) == [("edit", "clubs", {"story": ["Once", "Twice"]})]


def test_a_record_that_is_gone_cannot_be_changed(club_session, database):
    club = reloaded(club_session, store(club_session, Club(story="Once")))
    with database.session() as other:
        other.execute(text("DELETE FROM clubs"), execution_options=UNAUDITED)
    club_session.rollback()
    with pytest.raises(Conflict):
        update(club_session, club, name="x")
    club_session.rollback()


@pytest.mark.parametrize(
    ("old", "new"),
    [(0, False), (1, 1.0), ([1], [True]), ({"a": 0}, {"a": False}), ({"a": 1, "b": 2}, {"b": 2, "a": 1})],
)
def test_documents_that_only_python_takes_for_equal_are_told_apart(club_session, old, new):
    club = store(club_session, Club(document=old))
    update(club_session, club, document=new)

    assert [changes for _, _, changes in entries(club_session)] == [{"document": [old, new]}]
    assert repr(club.document) == repr(new)


def test_a_document_set_to_its_like_is_no_change(club_session):
    club = store(club_session, Club(document={"a": [1, 2.5, None]}))
    update(club_session, club, document={"a": [1, 2.5, None]})

    assert entries(club_session) == []


def test_a_key_stays_as_it_is(zoo_session):
    record = store(zoo_session, keys.TextKey(code="a"))
    update(zoo_session, record, code="a", note="x")
    with pytest.raises(Invalid) as refused:
        update(zoo_session, record, code="b")
    assert list(refused.value.errors) == ["code"]


def test_of_two_who_change_a_version_the_second_is_told(club_session, database):
    versioned = store(club_session, Versioned(name="a"))
    with database.session() as other:
        update(other, other.get(Versioned, versioned.id), name="b")
    with pytest.raises(Conflict, match="meanwhile"):
        update(club_session, versioned, name="c")


def test_of_two_who_delete_a_record_the_second_is_told(club_session, database):
    club = store(club_session, Club())
    with database.session() as other:
        delete(other, other.get(Club, club.id))
    with pytest.raises(Conflict, match="meanwhile"):
        delete(club_session, club)
    club_session.rollback()

    assert [action for action, _, _ in entries(club_session)] == ["delete"]


# -- Members -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["fresh", "loaded"])
@pytest.mark.parametrize("name", COLLECTIONS)
def test_members_join_and_leave_every_kind_of_collection(club_session, name, state):
    ann, bob, cyd, dan = (Fan(name=each) for each in ("Ann", "Bob", "Cyd", "Dan"))
    store(club_session, ann, bob, cyd, dan)
    club = store(club_session, create(club_session, Club, **{name: Members(add=(ann, bob))}))
    if state == "fresh":
        club_session.expire_all()
    elif name not in ("as_dynamic", "as_write_only"):
        assert len(getattr(club, name)) == 2

    # Ann is a member already, Dan is none: asking for what is so is no error.
    update(club_session, club, **{name: Members(add=(ann, cyd, cyd), remove=(bob, dan))})

    assert members(club_session, club, name) == {"Ann", "Cyd"}
    changes = [changes for _, model, changes in entries(club_session) if model == "clubs"]
    assert changes == [{name: [["Bob"], ["Cyd"]]}]
    club = reloaded(club_session, club)
    if name not in ("as_dynamic", "as_write_only"):
        assert len(getattr(club, name)) == 2


@pytest.mark.parametrize("name", COLLECTIONS)
def test_what_changes_no_membership_leaves_no_record(club_session, name):
    ann, bob = Fan(name="Ann"), Fan(name="Bob")
    store(club_session, ann, bob)
    club = store(club_session, create(club_session, Club, **{name: Members(add=(ann,))}))
    update(club_session, club, **{name: Members(add=(ann, bob), remove=(bob,))})

    assert entries(club_session) == []
    assert members(club_session, club, name) == {"Ann"}


def test_after_a_change_the_collection_holds_everybody(club_session):
    fans = [Fan(name=f"{n}") for n in range(4)]
    club = store(club_session, Club(as_list=fans[:3]), fans[3])
    club_session.expire_all()
    update(club_session, club, as_list=Members(add=(fans[3],)))

    assert club.as_list == fans


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_large_collection_is_never_loaded(club_session, name):
    size = 5_000
    club = store(club_session, Club(), Fan(name="new"))
    table = describe(Club).mapper.relationships[name].secondary
    fans = [{"id": n, "name": f"fan {n}"} for n in range(10, 10 + size)]
    connection = club_session.connection()
    connection.execute(Fan.__table__.insert(), fans)
    connection.execute(table.insert(), [{"club_id": club.id, "fan_id": fan["id"]} for fan in fans])
    club_session.commit()
    club_session.expunge_all()
    club = club_session.get(Club, club.id)
    newcomer, leaver = club_session.scalars(select(Fan).where(Fan.name.in_(["new", "fan 77"]))).all()

    with counted(club_session) as (statements, loaded):
        update(club_session, club, **{name: Members(add=(newcomer, leaver), remove=(leaver, newcomer))})
        update(club_session, club, **{name: Members(add=(newcomer,), remove=(leaver,))})

    assert len(loaded) <= 4
    assert len(statements) < 15
    size_now = select(func.count()).select_from(table).where(table.c.club_id == club.id)
    assert club_session.scalar(size_now) == size


@pytest.mark.parametrize(("name", "mirror"), [("friends", "friend_of"), ("friend_of", "friends")])
def test_members_of_ones_own_kind_join_and_leave(club_session, name, mirror):
    ann, bob = Fan(name="Ann"), Fan(name="Bob")
    store(club_session, ann, bob)
    update(club_session, ann, **{name: Members(add=(bob, ann))})
    assert members(club_session, bob, mirror) == {"Ann"}
    assert members(club_session, ann, mirror) == {"Ann"}

    update(club_session, ann, **{name: Members(remove=(bob,))})
    assert members(club_session, bob, mirror) == set()
    assert members(club_session, ann, name) == {"Ann"}


def test_members_that_can_do_without_lose_their_reference(club_session):
    cup, shield = Prize(name="Cup"), Prize(name="Shield")
    club = store(club_session, Club(named={"Cup": cup}), shield)
    club_session.expire_all()
    update(club_session, club, named=Members(add=(shield,), remove=(cup,)))

    assert (cup.club_id, shield.club_id) == (None, club.id)
    assert sorted(changes["club_id"] == [None, club.id] for _, _, changes in entries(club_session)) == [
        False,
        True,
    ]


def test_members_that_belong_to_a_record_are_deleted_when_they_leave_it(club_session):
    match = Match(name="Final", goals=[Goal(minute=1), Goal(minute=2)])
    club = store(club_session, Club(owned=[match, Match(name="Other")]))
    club_session.expunge_all()
    club, match = club_session.get(Club, club.id), club_session.get(Match, match.id)
    update(club_session, club, owned=Members(remove=(match,)))

    assert members(club_session, club, "owned") == {"Other"}
    assert [(action, model) for action, model, _ in entries(club_session)] == [
        ("delete", "matches"),
        ("delete", "goals"),
        ("delete", "goals"),
    ]


@pytest.mark.parametrize(("name", "model"), [("visits", relations.Visit), ("loans", relations.Loan)])
def test_members_that_are_only_queried_come_and_go_too(zoo_session, name, model):
    words = "note" if name == "visits" else "title"
    library, first, second = (
        relations.Library(name="L"),
        model(**{words: "first"}),
        model(**{words: "second"}),
    )
    store(zoo_session, library)
    update(zoo_session, library, **{name: Members(add=(first, second))})
    store(zoo_session)
    update(zoo_session, library, **{name: Members(add=(second,), remove=(first,))})

    assert zoo_session.scalars(select(getattr(model, words))).all() == ["second"]
    assert [(action, changes[words]) for action, _, changes in entries(zoo_session)] == [
        ("delete", ["first", None])
    ]


def test_members_that_cannot_do_without_stay(club_session):
    seat = Seat()
    club = store(club_session, Club(seats=[seat]))
    with pytest.raises(Conflict, match="cannot be without"):
        update(club_session, club, seats=Members(remove=(seat,)))
    club_session.rollback()

    assert club.seats == [seat]


def test_a_single_member_whose_key_is_its_record_cannot_leave(club_session):
    club = store(club_session, Club(patron=Sponsor(name="Bank")))
    with pytest.raises(Conflict, match="cannot be without"):
        update(club_session, club, patron=None)


def test_equal_dataclasses_are_different_members(club_session):
    one, other = Bottle(wine="Rioja"), Bottle(wine="Rioja")
    crate = store(club_session, Crate(label="x", note=None, bottles=[one]), other)
    assert one == other
    update(club_session, crate, bottles=Members(add=(other,)))

    assert [bottle.id for bottle in crate.bottles] == [one.id, other.id]


def test_a_refusal_leaves_nothing_behind_for_the_next_change(club_session):
    ann = Fan(name="Ann")
    club = store(club_session, Club(seats=[Seat()]), ann)
    with pytest.raises(Conflict):
        update(club_session, club, as_list=Members(add=(ann,)), seats=Members(remove=tuple(club.seats)))
    club_session.rollback()
    club_session.expunge_all()
    fan = create(club_session, Fan, name="Bob")

    assert reloaded(club_session, fan).name == "Bob"


# -- Deleted -------------------------------------------------------------------------------------------------


def test_a_deleted_record_is_on_record_with_all_it_held(club_session):
    fans = {Fan(name="Ann"), Fan(name="Bob")}
    club = store(club_session, Club(story="Once", document={"a": 1}, as_set=fans))
    club_session.expunge_all()
    delete(club_session, club_session.get(Club, club.id))

    assert entries(club_session) == [
        (
            "delete",
            "clubs",
            {
                "id": [club.id, None],
                "name": ["Club", None],
                "story": ["Once", None],
                "document": [{"a": 1}, None],
                "as_set": [["Ann", "Bob"], []],
            },
        )
    ]


def test_what_is_on_record_is_what_was_stored_last(club_session, database):
    club = store(club_session, Club(name="old"))
    with database.session() as other:
        update(other, other.get(Club, club.id), name="new")
    delete(club_session, club)

    assert entries(club_session)[-1][2]["name"] == ["new", None]


def test_what_the_database_deletes_by_itself_is_on_record(club_session):
    club, other = Club(), Club()
    store(club_session, club, other)
    store(
        club_session,
        Note(words="a", long="aa", club_id=club.id),
        Note(words="b", club_id=club.id),
        Note(words="c", club_id=other.id, mentioned_id=club.id),
        Match(name="Final", club=club, goals=[Goal(minute=3)]),
    )
    club_session.expunge_all()
    delete(club_session, club_session.get(Club, club.id))

    found = entries(club_session)
    assert sorted((action, model) for action, model, _ in found) == [
        ("delete", "clubs"),
        ("delete", "goals"),
        ("delete", "matches"),
        ("delete", "notes"),
        ("delete", "notes"),
        ("edit", "notes"),
    ]
    assert next(gone for _, _, gone in found if gone.get("words") == ["a", None])["long"] == ["aa", None]
    assert next(edit for action, _, edit in found if action == "edit") == {"mentioned_id": [club.id, None]}


def test_nothing_is_on_record_twice_when_the_mapper_deletes_what_it_has_loaded(club_session):
    club = store(club_session, Club(notes=[Note(words="a"), Note(words="b")]))
    assert len(club.notes) == 2
    delete(club_session, club)

    assert [model for _, model, _ in entries(club_session)].count("notes") == 2


def test_what_the_database_has_deleted_is_out_of_the_session(club_session):
    club = store(club_session, Club())
    note = store(club_session, Note(words="a", club_id=club.id))
    witness = store(club_session, Club())
    mention = store(club_session, Note(words="b", club_id=witness.id, mentioned_id=club.id))
    delete(club_session, club)

    assert note not in club_session
    assert mention.mentioned_id is None


def test_of_many_rows_that_go_along_the_number_is_on_record(club_session):
    club = store(club_session, Club())
    rows = [{"words": "x", "club_id": club.id} for _ in range(MAX_LISTED + 1)]
    club_session.connection().execute(Note.__table__.insert(), rows)
    store(club_session, Match(name="Final", club=club, goals=[Goal(minute=3)]))
    with counted(club_session) as (_, loaded):
        delete(club_session, club)

    assert len(loaded) < 5
    found = entries(club_session)
    assert sorted(model for _, model, _ in found) == ["clubs", "goals", "matches"]
    of_the_club = next(changes for _, model, changes in found if model == "clubs")
    assert of_the_club["notes rows"] == [MAX_LISTED + 1, 0]


@pytest.mark.parametrize("name", ["as_list", "as_dynamic"])
def test_many_links_are_left_to_the_database(club_session, name):
    club = store(club_session, Club())
    table = describe(Club).mapper.relationships[name].secondary
    fans = [{"id": n, "name": f"fan {n}"} for n in range(MAX_LISTED + 5)]
    connection = club_session.connection()
    connection.execute(Fan.__table__.insert(), fans)
    connection.execute(table.insert(), [{"club_id": club.id, "fan_id": fan["id"]} for fan in fans])
    club_session.commit()
    with counted(club_session) as (_, loaded):
        delete(club_session, club)

    if name == "as_list":
        assert loaded == []
    assert entries(club_session)[0][2][f"{table.name} rows"] == [MAX_LISTED + 5, 0]
    assert club_session.scalar(select(func.count()).select_from(table)) == 0


def test_a_person_is_deleted_with_all_that_belongs_to_them(session):
    user = make_user(session, roles=(make_role(session, name="R"),), signed_in_on=2, first_name="Ada")
    course = Course(name="Biology", start_date=date(2026, 1, 1))
    store(session, course, Enrollment(user=user, course=course), Item(title="Violin", owner=user))
    user.flows = [Flow(name="f")]
    session.commit()
    key = user.user_id
    session.expunge_all()
    records.delete(session, an_administrator(session), describe(User), session.get(User, key))

    found = entries(session)
    assert {(action, model) for action, model, _ in found if action == "delete"} == {
        ("delete", "users"),
        ("delete", "items"),
        ("delete", "enrollments"),
    }
    gone = next(changes for action, model, changes in found if (action, model) == ("delete", "users"))
    assert (gone["roles"], gone["flows"]) == ([["R"], []], [["f"], []])
    assert session.scalar(select(func.count()).select_from(user_flows)) == 0


def test_what_others_need_cannot_be_deleted(session, zoo_session):
    zoo.fill(zoo_session)
    zoo_session.commit()
    for record in (
        zoo_session.scalars(select(relations.Tag)).first(),
        zoo_session.scalars(select(relations.Patron)).first(),
        zoo_session.scalars(select(relations.Library)).first(),
        zoo_session.get(keys.TextKey, "a/b"),
    ):
        with pytest.raises(Conflict) as refused:
            delete(zoo_session, record)
        assert str(refused.value) in (
            "Other records still refer to this one.",
            "Another record cannot be without this one. Delete that one, or move it elsewhere, first.",
        )
        zoo_session.rollback()


def test_a_record_in_several_tables_is_deleted_whole(zoo_session):
    taxi = store(zoo_session, inheritance.Taxi(name="Cab", doors=4, licence="L"))
    zoo_session.expunge_all()
    delete(zoo_session, zoo_session.get(inheritance.Vehicle, taxi.id))

    ((action, model, changes),) = entries(zoo_session)
    assert (action, model, changes["licence"], changes["name"]) == (
        "delete",
        "zoo_vehicles",
        ["L", None],
        ["Cab", None],
    )
    assert zoo_session.scalar(select(func.count()).select_from(inheritance.Vehicle)) == 0


# -- One to one ----------------------------------------------------------------------------------------------


def test_a_partner_who_has_one_already_is_not_taken_away(club_session):
    first, second = store(club_session, Club(name="First")), store(club_session, Club(name="Second"))
    sponsor = store(club_session, Sponsor(club=first, name="Bank"))

    for attempt in (
        lambda: update(club_session, second, patron=sponsor),
        lambda: create(club_session, Club, name="Third", patron=sponsor),
    ):
        with pytest.raises(Invalid) as refused:
            attempt()
        assert refused.value.errors == {"patron": "This record belongs to “First” already."}
        club_session.rollback()
    with pytest.raises(Invalid) as refused:
        create(club_session, Sponsor, name="Shop", club=first)
    assert refused.value.errors == {"club": "This record belongs to “Bank” already."}


def test_a_partner_stays_where_it_is(club_session):
    club = store(club_session, Club(name="First"))
    sponsor = store(club_session, Sponsor(club=club, name="Bank"))

    update(club_session, club, patron=sponsor, name="Last")
    update(club_session, sponsor, club=club, name="Shop")

    assert (reloaded(club_session, club).patron.name, club.name) == ("Shop", "Last")


def test_a_free_partner_is_taken(club_session):
    club = store(club_session, Club(name="First"))

    create(club_session, Sponsor, name="Bank", club=club)

    assert reloaded(club_session, club).patron.name == "Bank"


def test_a_reference_is_required_only_if_none_of_its_columns_can_be_empty():
    assert describe(Seat).relation("club").required
    assert not describe(relations.Part).relation("whole").required
    assert describe(relations.Flat).relation("building").required
