"""What people call a record."""

import types as pytypes
from datetime import date

from sqlalchemy import (
    Column,
    Integer,
    String,
    Text,
    create_engine,
)
from sqlalchemy.orm import (
    Mapped,
    Session,
    declarative_base,
    mapped_column,
)

from admin_site.descriptions import Unreadable, describe, mapped_classes
from admin_site.models import User
from tests import zoo
from tests.zoo import columns, keys, names, relations


def test_a_record_is_called_what_its_class_says():
    user = User(user_name="ada", first_name="Ada", last_name="Lovelace")

    assert describe(User).label_fields == ()
    assert describe(User).label_of(user) == "Ada Lovelace"


def test_a_record_is_called_by_its_best_naming_column():
    assert describe(columns.Person).label_fields == ("first_name", "last_name")
    assert describe(columns.Demands).label_fields == ("name",)
    assert describe(names.Unlike).label_fields == ("headline",)
    assert describe(columns.Reading).label_fields == ()
    assert describe(columns.Person).label_of(columns.Person(first_name="Ada", last_name="L.")) == "Ada L."


def test_a_record_without_a_name_is_called_by_its_key():
    assert describe(columns.Reading).label_of(columns.Reading(id=42)) == "Reading 42"
    assert describe(columns.Reading).label_of(columns.Reading()) == "Reading"
    assert describe(keys.BytesKey).label_of(keys.BytesKey(digest=b"\x00\xff")) == "Bytes key 00ff"
    key = keys.CompositeKey(street="a", house=1, built=date(2026, 3, 1))
    assert describe(keys.CompositeKey).label_of(key) == "Composite key a, 1, 2026-03-01"
    assert describe(columns.Demands).label_of(columns.Demands(id=1, name="")) == "Demands 1"


def test_a_label_is_one_line_of_bounded_length():
    label_of = describe(relations.Tag).label_of

    assert label_of(relations.Tag(name=" two\nlines\t")) == "two lines"
    assert len(label_of(relations.Tag(name="x" * 1000))) == 120


def test_a_label_is_never_an_error(base):
    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        what: Mapped[str] = mapped_column(Text)

        def __str__(self) -> str:
            if self.what == "none":
                return None  # type: ignore[return-value]
            if self.what == "empty":
                return " "
            raise RuntimeError

    for what in ("none", "empty", "raise"):
        assert describe(Thing).label_of(Thing(id=1, what=what)) == "Thing 1"


def test_a_label_that_needs_a_lost_session_falls_back_on_the_key():
    engine = create_engine("sqlite://")
    zoo.create(engine)
    with Session(engine) as session:
        library = relations.Library(name="Main")
        loan = relations.Loan(title="Emma", library=library)
        library.loans.add(loan)
        session.add(library)
        session.commit()
        session.refresh(loan, ["id", "title"])
        session.expunge(loan)

    assert describe(relations.Loan).label_of(loan) == "Loan 1"
    engine.dispose()


def test_a_str_of_a_library_is_no_name(base):
    plumbing = pytypes.ModuleType("pydantic.main")
    exec("class BaseModel:\n    def __str__(self): return 'all fields'", vars(plumbing))

    class Thing(plumbing.BaseModel, base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(10))

    assert describe(Thing).label_of(Thing(name="nut")) == "nut"


def test_a_secret_names_nobody(base):
    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(info={"secret": True})

    assert describe(Thing).label_fields == ()


def test_a_class_of_the_older_declarative_base_is_described():
    base = declarative_base()

    class Thing(base):
        __tablename__ = "things"
        id = Column(Integer, primary_key=True)
        name = Column(String(10), nullable=False)

    assert describe(Thing).label_fields == ("name",)
    assert mapped_classes([base]) == (Thing,)


def test_a_person_is_called_by_first_and_last_name_rather_than_by_a_title(base):
    class Employee(base):
        __tablename__ = "employees"
        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str | None]
        firstname: Mapped[str | None]
        lastname: Mapped[str | None]

    assert describe(Employee).label_fields == ("firstname", "lastname")


def test_a_record_whose_name_is_empty_is_called_by_the_next_one_that_names_it(base):
    class Customer(base):
        __tablename__ = "customers"
        id: Mapped[int] = mapped_column(primary_key=True)
        first_name: Mapped[str | None]
        last_name: Mapped[str | None]
        email: Mapped[str | None]

    label_of = describe(Customer).label_of

    assert label_of(Customer(id=7, first_name="Ada", email="ada@example.org")) == "Ada"
    assert label_of(Customer(id=7, first_name=" ", email="ada@example.org")) == "ada@example.org"
    assert label_of(Customer(id=7, first_name=Unreadable("x"), email="a@b")) == "a@b"
    assert label_of(Customer(id=7)) == "Customer 7"
