"""What the audit trail holds after every sort of change, on both databases."""

import math
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Computed,
    ForeignKey,
    MetaData,
    String,
    Table,
    delete,
    event,
    insert,
    inspect,
    null,
    select,
    table,
    text,
    update,
)
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, deferred, mapped_column, relationship
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.types import JSON, PickleType

from admin_site import audit
from admin_site.audit.labels import MAX_LOADS
from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.models import AuditEntry, Course, Enrollment, Flow, Item, Role, User, UserType, utc_now
from admin_site.services import sessions
from admin_site.values import to_json
from tests import zoo
from tests.factories import make_role, make_user
from tests.zoo import columns, inheritance, keys, names, relations
from tests.zoo.constraints import Rental

CANARY = "canary-3c9e"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    pass


class Shop(Base):
    __tablename__ = "shops"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(2000))
    visits: Mapped[int] = mapped_column(default=0)
    twice: Mapped[int] = mapped_column(Computed("visits * 2"))
    story: Mapped[str | None] = deferred(mapped_column(String))
    tracked: Mapped[dict[str, Any] | None] = mapped_column(MutableDict.as_mutable(JSON()))
    document: Mapped[Any] = mapped_column(JSON, nullable=True)
    stuff: Mapped[Any] = mapped_column(PickleType, nullable=True)
    seen: Mapped[int | None] = mapped_column(info={"audited": False})
    pin: Mapped[str | None] = mapped_column(info={"secret": True})
    revision: Mapped[int] = mapped_column()
    saved_by: Mapped[str | None] = mapped_column(onupdate="somebody")

    orders: Mapped[list["Order"]] = relationship(back_populates="shop", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": revision}


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    remarks: Mapped[str | None] = deferred(mapped_column(String))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))

    shop: Mapped[Shop] = relationship(back_populates="orders")

    def __str__(self) -> str:
        return f"Order {self.number} of {self.shop.name}"


class LongKey(Base):
    __tablename__ = "long_keys"

    code: Mapped[str] = mapped_column(primary_key=True)


class Vessel(Base):
    __tablename__ = "vessels"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    length: Mapped[int | None]


class Steamer(Vessel):
    """Inherits the attributes, not the table."""

    __tablename__ = "steamers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    length: Mapped[int | None]
    funnels: Mapped[int]

    __mapper_args__ = {"concrete": True}


class Unequal:
    """Compared it gives no truth, as arrays do."""

    def __eq__(self, other: object) -> Any:
        return [True, False]

    def __bool__(self) -> bool:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def shop_session(database: Database) -> Iterator[Session]:
    """A session with our tables and those of this module."""
    Base.metadata.create_all(database.engine)
    with database.new_session_maker()() as session:
        yield session


@pytest.fixture
def zoo_database(database: Database) -> Database:
    zoo.create(database.engine)
    return database


def written_models(backend: str) -> list[type]:
    """Return the classes of the zoo whose records are rows that can be saved."""
    models = (model for model in zoo.models_on(backend) if model not in zoo.VIEWS)
    return [model for model in models if not describe(model).read_only]


def make_shop(session: Session, **values: Any) -> Shop:
    """Store a shop and forget the entry about it."""
    shop = Shop(**{"name": "Corner shop", **values})
    session.add(shop)
    session.flush()
    forget(session)
    return shop


def forget(session: Session) -> None:
    session.execute(delete(AuditEntry), execution_options=audit.RETENTION)


def entries(session: Session, action: str | None = None) -> list[AuditEntry]:
    statement = select(AuditEntry).order_by(AuditEntry.entry_id)
    if action:
        statement = statement.where(AuditEntry.action == action)
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def the_entry(session: Session) -> AuditEntry:
    (entry,) = entries(session)
    return entry


def brief(session: Session) -> list[tuple[str, str, str]]:
    return [(entry.action, entry.model, entry.label) for entry in entries(session)]


@contextmanager
def statements_of(session: Session) -> Iterator[list[str]]:
    found: list[str] = []

    def note(connection, cursor, statement, parameters, context, many) -> None:
        if statement not in ("BEGIN", "BEGIN IMMEDIATE", "COMMIT"):
            found.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


# -- One transaction -----------------------------------------------------------------------------------------


def test_a_change_and_its_entry_are_one_transaction(database):
    with database.session() as session:
        session.add(Flow(name="kept"))
    with database.new_session_maker()() as session:
        session.add(Flow(name="lost"))
        session.flush()
        assert len(entries(session)) == 2
        session.rollback()

    with database.session() as session:
        assert brief(session) == [("create", "flows", "kept")]


def test_a_rolled_back_savepoint_takes_its_entries_along(session):
    session.add(Flow(name="outer"))
    session.flush()
    savepoint = session.begin_nested()
    session.add(Flow(name="inner"))
    session.flush()
    savepoint.rollback()
    with session.begin_nested():
        session.add(Flow(name="second"))
    session.commit()

    assert [entry.label for entry in entries(session)] == ["outer", "second"]


def test_two_sessions_at_once_record_their_own_acts(database):
    ada, bob = (audit.Act(actor_id=str(uuid.uuid4()), actor_name=name) for name in ("Ada", "Bob"))
    factory = database.new_session_maker()
    with factory() as one, factory() as other:
        audit.attribute(one, ada)
        audit.attribute(other, bob)
        other.scalars(select(Flow)).all()
        one.add(Flow(name="of Ada"))
        one.commit()
        other.add(Flow(name="of Bob"))
        other.commit()

        assert [(entry.label, entry.actor_name) for entry in entries(one)] == [
            ("of Ada", "Ada"),
            ("of Bob", "Bob"),
        ]


def test_a_flush_that_fails_leaves_nothing(session):
    session.add(Flow(name="once"))
    session.commit()
    session.add(Flow(name="once"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        session.flush()
    session.rollback()

    assert [entry.label for entry in entries(session)] == ["once"]


# -- Who -----------------------------------------------------------------------------------------------------


def test_entries_of_one_act_share_a_change_set(session):
    first = audit.Act("1", "Ada", request_id="r1", ip_address="192.0.2.7")
    audit.attribute(session, first)
    session.add_all([Flow(name="a"), Role(name="b")])
    session.flush()
    session.add(Flow(name="c"))
    session.flush()
    audit.attribute(session, audit.Act("1", "Ada"))
    session.add(Flow(name="d"))
    session.flush()

    *together, last = entries(session)
    assert {entry.change_set_id for entry in together} == {first.change_set_id}
    assert last.change_set_id != first.change_set_id
    assert (together[0].actor_id, together[0].request_id, together[0].ip_address) == ("1", "r1", "192.0.2.7")


def test_the_actor_is_a_snapshot_that_outlives_the_person(session):
    user = make_user(session, first_name="Ada", last_name="L")
    audit.attribute(session, audit.Act(str(user.user_id), str(user)))
    session.add(Flow(name="kept"))
    session.flush()
    key = str(user.user_id)
    session.delete(user)
    session.flush()

    kept = next(entry for entry in entries(session) if entry.model == "flows")
    assert (kept.actor_id, kept.actor_name) == (key, "Ada L")


def test_who_is_not_named_is_the_system(session):
    session.add(Flow(name="a"))
    session.flush()

    assert (the_entry(session).actor_id, the_entry(session).actor_name) == (None, "system")


def test_control_characters_and_long_words_fit_every_column(session):
    long = "x\0\n\x1b[31m\u202e\ud800" + "y" * 5000
    audit.attribute(session, audit.Act(long, long, request_id=long, ip_address=long))
    audit.note(session, "sign_in_failed" + long, label=long, changes={"reason": [None, long]})

    entry = the_entry(session)
    for value in (
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.label,
        entry.request_id,
        entry.ip_address,
    ):
        assert value.isprintable()
    assert len(entry.actor_name) == len(entry.label) == 300
    assert entry.changes["reason"][1].startswith("x\\u0000\n")


# -- Created -------------------------------------------------------------------------------------------------


def test_every_kind_of_value_of_a_new_record_is_recorded_exactly(zoo_database, backend):
    with zoo_database.session() as session:
        zoo.fill(session)

    with zoo_database.session() as session:
        found = {(entry.model, entry.key): entry for entry in entries(session, "create")}
        records = [
            record for model in written_models(backend) for record in session.scalars(select(model)).unique()
        ]
        assert len(records) > 150
        for record in records:
            description = describe(type(record))
            entry = found[audit.model_name(description), audit.record_key(description, record)]
            recorded = {name: new for name, (old, new) in entry.changes.items() if old is None}
            assert_same(recorded, stored_values(session, record))


def stored_values(session: Session, record: Any) -> dict[str, Any]:
    """Return what the database holds of a record, as an entry shows it."""
    fields = [field for field in describe(type(record)).fields if field.column is not None]
    session.refresh(record, [field.name for field in fields])
    values = {field.name: to_json(field, getattr(record, field.name)) for field in fields}
    secret = {field.name for field in fields if field.secret}
    return {
        name: audit.SECRET if name in secret else value for name, value in values.items() if value is not None
    }


def assert_same(recorded: dict[str, Any], stored: dict[str, Any]) -> None:
    assert recorded.keys() == stored.keys()
    for name, value in stored.items():
        assert recorded[name] == value or as_number(recorded[name]) == as_number(value), name


def as_number(value: Any) -> float:
    """Return the number a text means: SQLite writes some numbers with other digits than they came with."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan  # equal to nothing


def test_what_the_database_fills_in_is_recorded(zoo_database):
    with zoo_database.session() as session:
        record = columns.Defaults(name="x")
        session.add(record)
        session.flush()

        changes = the_entry(session).changes
        assert {name: new for name, (_, new) in changes.items()} == {
            "id": record.id,
            "name": "x",
            "scalar": 7,
            "scalar_zero": 0,
            "scalar_false": False,
            "called": str(record.called),
            "in_context": "X",
            "sql": record.sql.isoformat(sep=" ") if "T" not in changes["sql"][1] else record.sql.isoformat(),
            "subquery": 3,
            "server": "from the server",
            "server_sql": 2,
            "computed": 14,
        }
        assert the_entry(session).key == str(record.id)


def test_nothing_is_said_of_columns_left_empty(session):
    session.add(Flow(name="x"))
    session.flush()

    assert set(the_entry(session).changes) == {"flow_id", "name", "is_active", "created_at"}


def test_members_of_a_new_record_are_recorded_by_name(session):
    user = make_user(session, first_name="Ada")
    forget(session)
    session.add(Flow(name="x", users=[user]))
    session.flush()

    made, edited = sorted(entries(session), key=lambda entry: entry.model)
    assert made.changes["users"] == [[], ["Ada"]]
    assert (edited.model, edited.changes) == ("users", {"flows": [[], ["x"]]})


# -- Changed -------------------------------------------------------------------------------------------------


def test_only_what_changed_is_recorded(session):
    course = Course(name="Biology", start_date=utc_now().date())
    session.add(course)
    session.flush()
    forget(session)

    course.name = "Botany"
    course.is_active = True
    session.flush()

    entry = the_entry(session)
    assert (entry.action, entry.label, entry.changes) == ("edit", "Botany", {"name": ["Biology", "Botany"]})


def test_every_kind_of_value_that_is_emptied_is_recorded_exactly(zoo_database, backend):
    with zoo_database.session() as session:
        zoo.fill(session)
        forget(session)

    with zoo_database.session() as session:
        expected: dict[tuple[str, str], dict[str, Any]] = {}
        for model in written_models(backend):
            for record in session.scalars(select(model)).unique():
                changes = empty_what_may_be(session, record)
                description = describe(type(record))
                place = audit.model_name(description), audit.record_key(description, record)
                if changes:
                    expected[place] = expected.get(place, {}) | changes
        session.flush()

        found = {(entry.model, entry.key): entry.changes for entry in entries(session, "edit")}
        assert len(found) > 80
        assert found.keys() == expected.keys()
        for place, changes in expected.items():
            assert all(new is None for _, new in found[place].values())
            assert_same(olds(found[place]), olds(changes))


def olds(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: old for name, (old, _) in changes.items()}


NULL_DOCUMENTS = ("document", "jsonb", "json")  # None means JSON's null to these columns


NEEDED_BY_A_RULE = {(Rental, "ends")}  # a CHECK wants it of those that are closed


def empty_what_may_be(session: Session, record: Any) -> dict[str, Any]:
    description = describe(type(record))
    stored = stored_values(session, record)
    changes = {}
    for field in description.fields:
        relation_keys = {name for relation in description.relations for name in relation.columns}
        may_be = field.nullable and not field.read_only and field.column is not None
        may_be = may_be and (type(record), field.name) not in NEEDED_BY_A_RULE
        if may_be and field.name in stored and field.name not in relation_keys:
            setattr(record, field.name, null() if field.name in NULL_DOCUMENTS else None)
            changes[field.name] = [stored[field.name], None]
    return changes


def test_the_same_value_set_again_is_no_change(shop_session):
    shop = make_shop(shop_session, document={"a": 1}, tracked={"b": 2})
    shop.name = "Corner shop"
    shop.document = {"a": 1}
    flag_modified(shop, "document")
    flag_modified(shop, "tracked")
    shop_session.flush()

    assert entries(shop_session) == []


def test_a_document_in_which_one_becomes_true_is_changed(shop_session):
    shop = make_shop(shop_session, document={"a": 1})
    shop.document = {"a": True}
    flag_modified(shop, "document")
    shop_session.flush()

    assert the_entry(shop_session).changes == {"document": [{"a": 1}, {"a": True}]}


def test_a_value_changed_in_its_place_keeps_its_old_state_in_the_entry(shop_session):
    shop = make_shop(shop_session, tracked={"a": 1})
    shop.tracked["b"] = 2
    shop_session.flush()

    assert the_entry(shop_session).changes == {"tracked": [{"a": 1}, {"a": 1, "b": 2}]}


@pytest.mark.parametrize("expired", [True, False], ids=["expired", "deferred"])
def test_the_old_value_is_known_though_it_was_never_loaded(shop_session, expired):
    shop = make_shop(shop_session, story="Once")
    key = shop.id
    shop_session.commit()
    if expired:
        shop_session.expire(shop)
    else:
        shop_session.expunge_all()
        shop = shop_session.get(Shop, key)
    shop.story = "Twice"
    shop_session.flush()

    assert the_entry(shop_session).changes == {"story": ["Once", "Twice"]}


def test_what_a_sql_expression_makes_of_a_value_is_recorded(shop_session):
    shop = make_shop(shop_session, visits=3)
    shop.visits = Shop.visits + 1
    shop_session.flush()

    assert the_entry(shop_session).changes == {"visits": [3, 4]}
    assert shop.visits == 4


def test_a_reference_set_through_a_relation_is_recorded_with_its_old_value(shop_session):
    first, second = make_shop(shop_session), make_shop(shop_session, name="Other")
    order = Order(number=1, shop=first)
    shop_session.add(order)
    shop_session.commit()
    forget(shop_session)
    shop_session.expire(order)

    order.shop = second
    shop_session.flush()

    assert the_entry(shop_session).changes == {"shop_id": [first.id, second.id]}


def test_what_is_set_whenever_a_row_is_saved_has_no_part_in_an_edit(shop_session):
    shop = make_shop(shop_session)
    shop.visits = 2
    shop_session.flush()

    assert (shop.revision, shop.saved_by) == (2, "somebody")
    assert the_entry(shop_session).changes == {"visits": [0, 2]}


def test_values_that_cannot_be_compared_are_changed(shop_session):
    shop = make_shop(shop_session, stuff=Unequal())
    shop.stuff = Unequal()
    shop_session.flush()

    assert list(the_entry(shop_session).changes) == ["stuff"]


@pytest.mark.parametrize("side", ["users", "flows"])
@pytest.mark.parametrize("loaded", [True, False], ids=["loaded", "unloaded"])
def test_members_are_recorded_on_both_sides_whichever_is_changed(session, side, loaded):
    user, flow = make_user(session, first_name="Ada"), Flow(name="x")
    session.add(flow)
    session.commit()
    forget(session)
    if not loaded:
        session.expire_all()
    for change in ("append", "remove"):
        getattr(user.flows if side == "users" else flow.users, change)(flow if side == "users" else user)
        session.flush()

    changes = {
        (entry.model, name): value for entry in entries(session) for name, value in entry.changes.items()
    }
    assert len(entries(session)) == 4
    assert changes == {("users", "flows"): [["x"], []], ("flows", "users"): [["Ada"], []]}


def test_members_of_an_unloaded_collection_are_recorded_without_loading_it(session):
    role = make_role(session, name="Many")
    people = [make_user(session, roles=(role,)) for _ in range(30)]
    newcomer = make_user(session, first_name="New")
    session.commit()
    forget(session)
    session.expire(role, ["users"])

    newcomer.roles.append(role)
    with statements_of(session) as statements:
        session.flush()

    assert "users" not in inspect(role).dict
    assert not [statement for statement in statements if "SELECT" in statement]
    assert {entry.model: entry.changes for entry in entries(session)} == {
        "users": {"roles": [[], ["Many"]]},
        "roles": {"users": [[], ["New"]]},
    }
    assert len(people) == 30


def test_what_a_view_only_relation_holds_is_no_change(zoo_database):
    with zoo_database.session() as session:
        part = relations.Part(name="a")
        session.add(part)
        session.flush()
        forget(session)
        part.namesakes.append(part)
        session.flush()

        assert entries(session) == []


def test_a_changed_key_is_recorded_under_the_new_one(zoo_database):
    with zoo_database.session() as session:
        record = keys.TextKey(code="old")
        session.add(record)
        session.flush()
        forget(session)
        record.code = "new/1"
        session.flush()

        assert (the_entry(session).key, the_entry(session).changes) == ("new~2F1", {"code": ["old", "new/1"]})


# -- Deleted -------------------------------------------------------------------------------------------------


def test_the_entry_of_a_deleted_record_of_any_kind_holds_all_that_is_gone(zoo_database, backend):
    for model in written_models(backend):
        if describe(model).abstract_reason:
            continue
        with zoo_database.session() as session:
            record = zoo.new(session, model)
            session.add(record)
            session.flush()
            key = describe(model).key_of(record)
            stored = stored_values(session, record)
        with zoo_database.session() as session:
            forget(session)
            session.delete(session.get(model, key))
            session.flush()

            entry = the_entry(session)
            gone = {name: old for name, (old, new) in entry.changes.items() if new is None}
            assert entry.action == "delete"
            assert entry.key == audit.record_key(describe(model), record)
            assert gone == stored


def test_orphans_are_recorded_with_what_they_held(shop_session):
    shop = make_shop(shop_session, orders=[Order(number=1, remarks="in haste"), Order(number=2)])
    first, second = shop.orders
    shop_session.commit()
    shop_session.expire_all()

    shop.orders.remove(first)
    shop_session.flush()

    assert brief(shop_session) == [("delete", "orders", "Order 1 of Corner shop")] or brief(shop_session) == [
        ("delete", "orders", f"Order {first.id}")
    ]
    assert the_entry(shop_session).changes["remarks"] == ["in haste", None]
    assert second in shop.orders


def test_what_a_mapper_deletes_along_is_recorded_with_what_it_held(shop_session):
    shop = make_shop(shop_session, story="Once", orders=[Order(number=n, remarks="x") for n in range(3)])
    shop_session.commit()
    shop_session.expunge_all()
    shop = shop_session.get(Shop, shop.id)

    with statements_of(shop_session) as statements:
        shop_session.delete(shop)
        shop_session.flush()

    found = entries(shop_session, "delete")
    assert sorted(entry.model for entry in found) == ["orders", "orders", "orders", "shops"]
    for entry in found:
        assert entry.changes["story" if entry.model == "shops" else "remarks"][1] is None
    assert len(statements) == 6, statements  # two SELECTs for what is deferred, one for the orders


def test_members_of_a_deleted_record_are_recorded(session):
    role = make_role(session, name="Support")
    for name in ("Bob", "Ada"):
        make_user(session, first_name=name, roles=(role,))
    session.commit()
    forget(session)

    session.delete(role)
    session.flush()

    entry = next(entry for entry in entries(session) if entry.model == "roles")
    assert entry.changes["users"] == [["Ada", "Bob"], []]


def test_a_record_that_gives_its_row_to_another_is_recorded_as_deleted(zoo_database):
    with zoo_database.session() as session:
        session.add(keys.TextKey(code="a", note="old"))
        session.flush()
        forget(session)
        session.delete(session.get(keys.TextKey, "a"))
        session.add(keys.TextKey(code="a", note="new"))
        session.flush()

        assert {entry.action: entry.changes for entry in entries(session)} == {
            "delete": {"code": ["a", None], "note": ["old", None]},
            "create": {"code": [None, "a"], "note": [None, "new"]},
        }


# -- What is not said ----------------------------------------------------------------------------------------


def test_a_secret_is_found_nowhere(shop_session):
    shop = make_shop(shop_session, pin=CANARY)
    shop.pin = CANARY + "2"
    shop_session.flush()
    shop.pin = None
    shop_session.flush()
    shop.pin = CANARY
    shop_session.flush()
    shop_session.delete(shop)
    shop_session.flush()
    user = make_user(shop_session, password="a violin under seven clouds")
    user.password_hash = CANARY
    shop_session.flush()

    found = entries(shop_session)
    secret = audit.SECRET
    assert [entry.changes.get("pin") for entry in found if entry.model == "shops"] == [
        [secret, secret],
        [secret, None],
        [None, secret],
        [secret, None],
    ]
    rows = shop_session.execute(text("SELECT * FROM audit_entries")).all()
    assert CANARY not in str(rows)
    assert "argon2" not in str(rows)


def test_a_column_marked_as_not_audited_leaves_no_trace(shop_session):
    shop = make_shop(shop_session, seen=1)
    shop.seen = 2
    shop_session.flush()
    assert entries(shop_session) == []

    shop_session.delete(shop)
    shop_session.flush()
    assert "seen" not in the_entry(shop_session).changes


def test_sessions_and_links_leave_no_entries_of_their_own(session):
    user = make_user(session)
    forget(session)
    sessions.start_session(session, user)
    session.flush()

    assert entries(session) == []


# -- Names and keys ------------------------------------------------------------------------------------------


def test_a_key_too_long_for_the_trail_is_told_apart_from_its_like(shop_session):
    one, other = LongKey(code="é" * 700 + "1"), LongKey(code="é" * 700 + "2")
    shop_session.add_all([one, other])
    shop_session.flush()

    found = [entry.key for entry in entries(shop_session)]
    assert [len(key) for key in found] == [1000, 1000]
    assert len(set(found)) == 2
    assert found == [audit.record_key(describe(LongKey), record) for record in (one, other)]


def test_a_long_name_is_cut_to_fit(shop_session):
    make_shop(shop_session)
    shop_session.add(Shop(name="n" * 2000))
    shop_session.flush()

    assert len(the_entry(shop_session).label) <= 300


def test_kinds_of_a_record_stand_under_the_name_of_their_first_table(zoo_database):
    with zoo_database.session() as session:
        taxi = inheritance.Taxi(name="Cab", doors=4, licence="L")
        session.add_all([taxi, names.TextKey(name="n")])
        session.flush()

        assert {entry.model for entry in entries(session)} == {"zoo_vehicles", "zoo_other_text_keys"}
        assert audit.record_key(describe(inheritance.Vehicle), taxi) == audit.record_key(
            describe(inheritance.Taxi), taxi
        )


def test_an_event_is_noted_with_or_without_a_record(session):
    user = make_user(session, first_name="Ada")
    forget(session)
    audit.note(session, "sign_in", user)
    audit.note(session, "sign_in_failed", label="unknown name")

    assert [(e.action, e.model, e.key, e.label) for e in entries(session)] == [
        ("sign_in", "users", str(user.user_id), "Ada"),
        ("sign_in_failed", "", "", "unknown name"),
    ]


# -- What would bypass the trail -----------------------------------------------------------------------------

BULK = {
    "orm insert": lambda session: session.execute(insert(Flow), [{"name": "a"}]),
    "orm update": lambda session: session.execute(update(Flow).values(name="a")),
    "orm delete": lambda session: session.execute(delete(Flow)),
    "core delete": lambda session: session.execute(delete(Flow.__table__)),
    "core insert": lambda session: session.execute(insert(Flow.__table__).values(name="a")),
    "returning": lambda session: session.scalars(insert(Flow).returning(Flow), [{"name": "a"}]),
    "query": lambda session: session.query(Flow).delete(),
    "text": lambda session: session.execute(text("  -- tidy up\n delete from flows")),
    "text in with": lambda session: session.execute(
        text("with old as (select 1) update flows set name = 'a'")
    ),
    "typed text": lambda session: session.execute(
        text("update flows set name = 'a' returning flow_id").columns(Flow.flow_id)
    ),
    "bulk_save_objects": lambda session: session.bulk_save_objects([Flow(name="a")]),
    "bulk_insert_mappings": lambda session: session.bulk_insert_mappings(Flow, [{"name": "a"}]),
    "bulk_update_mappings": lambda session: session.bulk_update_mappings(Flow, [{"flow_id": 1}]),
}


@pytest.mark.parametrize("bulk", BULK.values(), ids=BULK)
def test_a_bulk_change_through_a_session_is_refused(session, bulk):
    with pytest.raises(audit.UnauditedStatement):
        bulk(session)


def test_a_bulk_change_that_says_why_it_leaves_no_record_is_done(session):
    session.add(Flow(name="a"))
    session.flush()
    session.execute(update(Flow).values(name="b"), execution_options={audit.UNAUDITED: "a test"})
    session.execute(text("UPDATE flows SET name = 'c'").execution_options(unaudited="a test"))

    assert session.scalar(select(Flow.name).execution_options(populate_existing=True)) == "c"
    assert len(entries(session)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'delete from flows'",
        "select replace('update', 'u', 'x')",
        "/* update */ SELECT 1",
        "SELECT 1 -- delete",
    ],
)
def test_a_text_that_only_reads_is_not_refused(session, statement):
    session.execute(text(statement))


# -- Cost ----------------------------------------------------------------------------------------------------


def test_a_flush_of_many_new_records_costs_few_statements_more(session, backend):
    session.add_all(Flow(name=f"flow {n}") for n in range(1000))
    with statements_of(session) as statements:
        started = time.perf_counter()
        session.flush()
        took = time.perf_counter() - started

    about_entries = [statement for statement in statements if "audit_entries" in statement]
    assert len(about_entries) <= 2
    assert not [statement for statement in statements if statement.startswith("SELECT")]
    assert len(entries(session)) == 1000
    assert took < 10


def test_labels_that_load_what_they_read_do_so_only_a_few_times(shop_session):
    shops = [Shop(name=f"Shop {n}") for n in range(MAX_LOADS * 3)]
    shop_session.add_all([*shops, *(Order(number=n, shop=shop) for n, shop in enumerate(shops))])
    shop_session.commit()
    shop_session.expunge_all()
    orders = shop_session.scalars(select(Order).order_by(Order.number)).all()
    forget(shop_session)

    for order in orders:
        order.number += 1000
    with statements_of(shop_session) as statements:
        shop_session.flush()

    assert len([each for each in statements if each.startswith("SELECT")]) == MAX_LOADS
    labels = [entry.label for entry in entries(shop_session)]
    assert len([label for label in labels if " of Shop " in label]) == MAX_LOADS
    assert set(labels) <= {f"Order {o.number} of {o.shop.name}" for o in orders} | {
        f"Order {o.id}" for o in orders
    }


def test_many_expired_records_are_read_at_once(shop_session):
    number = MAX_LOADS * 3
    shop_session.add_all(Vessel(name=f"Raft {n}") for n in range(number))
    shop_session.commit()
    vessels = shop_session.scalars(select(Vessel)).all()
    forget(shop_session)
    shop_session.expire_all()

    for vessel in vessels:
        vessel.length = 7
    with statements_of(shop_session) as statements:
        shop_session.flush()

    found = entries(shop_session)
    assert {entry.label for entry in found} == {f"Raft {n}" for n in range(number)}
    assert all(entry.changes == {"length": [None, 7]} for entry in found)
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 2


def test_many_values_that_sql_computes_are_all_recorded(shop_session):
    number = MAX_LOADS * 2
    shops = [Shop(name=f"Shop {n}") for n in range(number)]
    shop_session.add_all(shops)
    shop_session.commit()
    forget(shop_session)
    for shop in shops:
        shop.visits = Shop.visits + 1
    shop_session.flush()

    assert [entry.changes for entry in entries(shop_session)] == [{"visits": [0, 1]}] * number


def test_records_of_tables_of_their_own_do_not_share_a_name(shop_session):
    shop_session.add_all([Vessel(id=1, name="Raft"), Steamer(id=1, name="Titanic", funnels=4)])
    shop_session.flush()

    assert {(entry.model, entry.label) for entry in entries(shop_session)} == {
        ("vessels", "Raft"),
        ("steamers", "Titanic"),
    }


def test_an_edit_reads_nothing_more_than_it_needs(session):
    course = Course(name="Biology", start_date=utc_now().date())
    session.add(course)
    session.commit()
    course.name = "Botany"
    with statements_of(session) as statements:
        session.flush()

    assert [statement.split()[0] for statement in statements] == ["UPDATE", "INSERT"]


def test_a_long_list_of_members_is_cut(session):
    role = make_role(session, name="All")
    role.users = [
        User(user_name=f"u{n}", email_address=f"u{n}@example.org", first_name=f"{n:04}") for n in range(1005)
    ]
    session.flush()

    entry = next(entry for entry in entries(session, "edit") if entry.model == "roles")
    assert len(entry.changes["users"][1]) == 1001
    assert entry.changes["users"][1][-1] == "… and 5 more"


def test_the_trail_knows_every_model_of_ours(session):
    user = make_user(session, user_type=UserType(name="Student"))
    course = Course(name="Biology", start_date=utc_now().date())
    session.add_all(
        [course, Item(title="Violin", owner=user), Enrollment(user=user, course=course), Flow(name="f")]
    )
    make_role(session, ("course", "edit"))
    session.flush()

    assert {entry.model for entry in entries(session, "create")} == {
        "courses", "enrollments", "flows", "items", "role_grants", "roles", "user_types", "users"
    }  # fmt: skip


# -- Append-only ---------------------------------------------------------------------------------------------


def rewrite_by_the_session(session: Session) -> None:
    session.scalars(select(AuditEntry)).one().label = "another"
    session.flush()


def delete_by_the_session(session: Session) -> None:
    session.delete(session.scalars(select(AuditEntry)).one())
    session.flush()


REWRITES = {
    "changed": rewrite_by_the_session,
    "deleted": delete_by_the_session,
    "update": lambda session: session.execute(
        update(AuditEntry).values(label="another"), execution_options={audit.UNAUDITED: "no reason"}
    ),
    "delete": lambda session: session.execute(
        delete(AuditEntry.__table__), execution_options={audit.UNAUDITED: "no reason"}
    ),
    "text": lambda session: session.execute(
        text("/* tidy */ DELETE  FROM audit_entries"), execution_options={audit.UNAUDITED: "no reason"}
    ),
    "connection": lambda session: session.connection().execute(delete(AuditEntry)),
    "another name for the table": lambda session: session.connection().execute(
        delete(Table("audit_entries", MetaData()))
    ),
    "the bare table": lambda session: session.connection().execute(delete(table("audit_entries"))),
    "driver": lambda session: session.connection().exec_driver_sql('UPDATE "audit_entries" SET label = 1'),
    "upsert": lambda session: session.connection().exec_driver_sql(
        "INSERT INTO audit_entries (entry_id) VALUES (1) ON CONFLICT (entry_id) DO UPDATE SET label = ''"
    ),
    "named like the retention": lambda session: session.execute(
        delete(AuditEntry), execution_options=dict.fromkeys(audit.RETENTION, "a lie")
    ),
}


@pytest.mark.parametrize("rewrite", REWRITES)
def test_no_entry_is_changed_or_deleted_by_any_session(database, rewrite):
    with database.session() as session:
        audit.note(session, "export", label="people")

    with pytest.raises(audit.AppendOnly), database.session() as session:
        REWRITES[rewrite](session)

    with database.session() as session:
        assert the_entry(session).label == "people"


def test_a_table_of_somebody_else_that_is_called_like_the_trail_may_change(session, backend):
    namesake = Table("audit_entries", MetaData(), Column("label", String), schema="elsewhere")
    connection = session.connection()
    there = "ATTACH ':memory:' AS elsewhere" if backend == "sqlite" else "CREATE SCHEMA elsewhere"
    connection.exec_driver_sql(there)
    namesake.create(connection)
    connection.execute(insert(namesake).values(label="before"))

    connection.execute(update(namesake).values(label="after"))

    assert connection.scalars(select(namesake.c.label)).all() == ["after"]


def test_the_retention_deletes_old_security_events_and_no_history_of_records(database):
    old, new = utc_now() - timedelta(days=400), utc_now()
    with database.session() as session:
        session.add(Flow(name="kept for good"))
        session.flush()
        for action in ("sign_in", "refused", "action:archive"):
            audit.note(session, action, label="old")
        session.execute(update(AuditEntry).values(happened_at=old), execution_options=audit.RETENTION)
        audit.note(session, "sign_in", label="new")

    with database.session() as session:
        assert audit.sweep(session, LONG_AGO, new - timedelta(days=365)) == (2, new - timedelta(days=365))

    with database.session() as session:
        assert [entry.action for entry in entries(session)] == ["create", "action:archive", "sign_in"]


def test_many_old_events_go_in_batches(database, monkeypatch):
    monkeypatch.setattr("admin_site.audit.entries.SWEPT", 2)
    with database.session() as session:
        for number in range(5):
            audit.note(session, "sign_in", label=str(number))

    since, numbers = LONG_AGO, []
    for _ in range(3):
        with database.session() as session:
            number, since = audit.sweep(session, since, utc_now() + timedelta(days=1))
            numbers.append(number)

    assert numbers == [2, 2, 1]


def test_control_characters_are_told_as_what_they_are(session):
    audit.note(session, "sign_in_failed", label="ada\r\nroot signed in\t\x1b[2J\u202e")

    assert the_entry(session).label == r"ada\r\nroot signed in\t\x1b[2J\u202e"


def test_whoever_runs_a_command_is_called_by_the_name_they_signed_in_with(session):
    audit.attribute(session, audit.command_line())
    audit.note(session, "unlock", label="Ada")

    entry = the_entry(session)
    assert (entry.actor_id, entry.ip_address) == (None, None)
    assert entry.actor_name.startswith("cli:")
    assert str(entry) == f"The command line ({entry.actor_name[4:]}) unlocked the account of Ada"
