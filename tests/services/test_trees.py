"""Records that lie below each other, and none below itself."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import ForeignKey, ForeignKeyConstraint, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.errors import ConfigurationError, Conflict, Invalid
from admin_site.permissions import COMMAND_LINE
from admin_site.services import records
from admin_site.services.members import Members
from admin_site.services.trees import as_tree, fitting


class Base(DeclarativeBase):
    pass


class Branch(Base):
    """Marked on the relation itself."""

    __tablename__ = "branches"

    branch_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branches.branch_id"))

    parent: Mapped["Branch | None"] = relationship(
        back_populates="children", remote_side=[branch_id], info={"tree": True}
    )
    children: Mapped[list["Branch"]] = relationship(back_populates="parent")

    def __str__(self) -> str:
        return self.name


class Account(Base):
    """A composite key, of which the tenant is a part on both sides; marked by nobody."""

    __tablename__ = "accounts"

    tenant: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    sums_into: Mapped[str | None] = mapped_column()

    total: Mapped["Account | None"] = relationship(remote_side=[tenant, code], info={"tree": True})

    __table_args__ = (ForeignKeyConstraint(["tenant", "sums_into"], ["accounts.tenant", "accounts.code"]),)

    def __str__(self) -> str:
        return self.code


class Employee(Base):
    __tablename__ = "employees"

    employee_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="employee")

    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "employee"}


class Manager(Employee):
    """The foreign key lies in the table of the class below."""

    __tablename__ = "managers"

    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.employee_id"), primary_key=True)
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("employees.employee_id"))

    boss: Mapped[Employee | None] = relationship(foreign_keys=[boss_id], info={"tree": True})

    __mapper_args__ = {
        "polymorphic_identity": "manager",
        "inherit_condition": employee_id == Employee.employee_id,
    }


BRANCHES = describe(Branch)


@pytest.fixture
def branches(database: Database) -> Iterator[Session]:
    """A session on a database with a root, two branches on it, and twigs on each."""
    Base.metadata.create_all(database.engine)
    with database.new_session_maker()() as session:
        session.add_all(
            [
                Branch(branch_id=1, name="root"),
                Branch(branch_id=2, name="left", parent_id=1),
                Branch(branch_id=3, name="right", parent_id=1),
                Branch(branch_id=4, name="left twig", parent_id=2),
                Branch(branch_id=5, name="right twig", parent_id=3),
            ]
        )
        session.commit()
        yield session
    Base.metadata.drop_all(database.engine)


def branch(session: Session, number: int) -> Branch:
    return session.get_one(Branch, number)


def update(session: Session, record: object, **values: object) -> None:
    records.update(session, COMMAND_LINE, describe(type(record)), record, values)


def refusal(session: Session, record: object, **values: object) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        update(session, record, **values)
    session.rollback()
    return refused.value.errors


@pytest.mark.parametrize("below", [2, 4])
def test_a_record_is_put_below_none_of_those_below_it(branches: Session, below: int) -> None:
    errors = refusal(branches, branch(branches, 1), parent=branch(branches, below))

    name = branch(branches, below).name
    assert errors == {"parent": f"“{name}” lies below this record, so it cannot be its parent too."}
    assert branch(branches, 1).parent_id is None


def test_a_record_is_not_put_below_itself(branches: Session) -> None:
    one = branch(branches, 2)

    assert refusal(branches, one, parent=one) == {"parent": "A record cannot be its own parent."}
    assert refusal(branches, branch(branches, 2), parent_id=2) == {
        "parent_id": "A record cannot be its own parent."
    }


def test_the_foreign_key_alone_closes_no_circle_either(branches: Session) -> None:
    assert list(refusal(branches, branch(branches, 1), parent_id=4)) == ["parent_id"]


def test_a_record_moves_to_another_branch_and_to_the_top(branches: Session) -> None:
    update(branches, branch(branches, 2), parent=branch(branches, 5))
    update(branches, branch(branches, 3), parent=None)
    branches.commit()

    assert branch(branches, 2).parent.name == "right twig"
    assert branch(branches, 3).parent is None


def test_none_of_those_above_a_record_becomes_one_of_its_members(branches: Session) -> None:
    twig = branch(branches, 4)

    errors = refusal(branches, twig, children=Members(add=[branch(branches, 1)]))
    assert errors == {"children": "“root” lies above this record, so it cannot be one of its children too."}
    errors = refusal(branches, branch(branches, 4), children=Members(add=[branch(branches, 4)]))
    assert errors == {"children": "A record cannot be one of its own children."}

    update(branches, branch(branches, 4), children=Members(add=[branch(branches, 3)]))
    branches.commit()
    assert branch(branches, 3).parent_id == 4


def test_what_changes_with_the_same_save_counts(branches: Session) -> None:
    # Below the right one, with the right one below it: a circle that is stored nowhere yet.
    both = {"parent": branch(branches, 3), "children": Members(add=[branch(branches, 3)])}
    assert set(refusal(branches, branch(branches, 2), **both)) == {"parent", "children"}

    # One who leaves may be above, though not with the same save: the database would see a circle.
    twig, left = branch(branches, 4), branch(branches, 2)
    with pytest.raises(Conflict, match="one change after another"):
        update(branches, left, parent=twig, children=Members(remove=[twig]))
    branches.rollback()
    update(branches, left, children=Members(remove=[twig]))
    update(branches, left, parent=twig)
    branches.commit()
    assert left.parent_id == 4


def test_records_that_refer_to_each_other_are_refused_in_words(branches: Session) -> None:
    one, other = branch(branches, 4), branch(branches, 5)
    plain = replace(
        BRANCHES, relations=tuple(replace(relation, tree=False) for relation in BRANCHES.relations)
    )
    with pytest.raises(Conflict, match="in a circle"):
        records.update(
            branches, COMMAND_LINE, plain, one, {"parent": other, "children": Members(add=[other])}
        )


def test_a_new_record_closes_no_circle_with_what_it_takes_along(branches: Session) -> None:
    values = {
        "branch_id": 9,
        "name": "new",
        "parent": branch(branches, 4),
        "children": Members(add=[branch(branches, 2)]),
    }
    with pytest.raises(Invalid) as refused:
        records.create(branches, COMMAND_LINE, BRANCHES, values)
    assert set(refused.value.errors) == {"parent", "children"}
    branches.rollback()

    values = {
        "branch_id": 9,
        "name": "new",
        "parent": branch(branches, 1),
        "children": Members(add=[branch(branches, 2)]),
    }
    made = records.create(branches, COMMAND_LINE, BRANCHES, values)
    branches.commit()
    assert branch(branches, 2).parent is made


def test_one_statement_reads_the_chain_however_long_it_is(branches: Session) -> None:
    for number in range(100, 300):
        branches.add(Branch(branch_id=number, name=str(number), parent_id=number - 1 if number > 100 else 5))
        branches.flush()
    branches.commit()
    last, left = branch(branches, 299), branch(branches, 2)
    heard: list[str] = []
    event.listen(branches.get_bind(), "before_cursor_execute", lambda *given: heard.append(given[2]))

    update(branches, left, parent=last)

    assert len([statement for statement in heard if "RECURSIVE" in statement]) == 1
    assert list(refusal(branches, branch(branches, 3), parent=branch(branches, 299))) == ["parent"]


def test_a_circle_that_is_stored_already_is_left_and_can_be_mended(branches: Session) -> None:
    branch(branches, 1).parent_id = 4  # past the services
    branches.commit()

    assert list(refusal(branches, branch(branches, 2), parent=branch(branches, 4))) == ["parent"]
    update(branches, branch(branches, 5), parent=branch(branches, 4))
    update(branches, branch(branches, 1), parent=None)
    branches.commit()


def test_composite_keys_make_trees(branches: Session) -> None:
    accounts = [Account(tenant=tenant, code=code) for tenant in (1, 2) for code in "abc"]
    branches.add_all(accounts)
    branches.commit()
    first = {account.code: account for account in accounts if account.tenant == 1}
    update(branches, first["b"], total=first["a"])
    update(branches, first["c"], sums_into="b")
    branches.commit()

    errors = refusal(branches, branches.get_one(Account, (1, "a")), sums_into="c")
    assert errors == {"sums_into": "“1 / c” lies below this record, so it cannot be its total too."}
    update(branches, branches.get_one(Account, (2, "a")), sums_into="c")


def test_a_tree_may_lie_in_the_table_of_a_class_below(branches: Session) -> None:
    clerk, low, high = Employee(name="clerk"), Manager(name="low"), Manager(name="high")
    branches.add_all([clerk, low, high])
    branches.commit()
    update(branches, low, boss=high)
    update(branches, high, boss=clerk)
    branches.commit()

    assert list(refusal(branches, high, boss=low)) == ["boss"]


def test_what_would_close_a_circle_does_not_fit(branches: Session) -> None:
    everybody = list(branches.scalars(select(Branch).order_by(Branch.branch_id)))

    def names(number: int, name: str) -> list[str]:
        found = fitting(branches, BRANCHES, branch(branches, number), name, everybody)
        return [one.name for one in found]

    assert names(2, "parent") == ["root", "right", "right twig"]
    assert names(2, "parent_id") == ["root", "right", "right twig"]
    assert names(4, "children") == ["right", "right twig"]
    assert len(names(2, "name")) == 5


def test_a_view_can_say_what_a_model_does_not() -> None:
    relations = tuple(replace(relation, tree=False) for relation in BRANCHES.relations)

    marked = as_tree(replace(BRANCHES, relations=relations), "parent")

    assert [relation.name for relation in marked.relations if relation.tree] == ["parent"]
    for name in ("children", "name", "nothing"):
        with pytest.raises(ConfigurationError):
            as_tree(BRANCHES, name)


def test_two_people_who_move_two_records_below_each_other_make_no_circle(
    branches: Session, database: Database
) -> None:
    outcomes: dict[int, str] = {}
    together = threading.Barrier(2, timeout=20)

    def move(number: int, below: int) -> None:
        try:
            with database.session() as session:
                moved, above = branch(session, number), branch(session, below)
                together.wait()
                update(session, moved, parent=above)
            outcomes[number] = "moved"
        except Invalid as error:
            outcomes[number] = str(error)

    threads = [threading.Thread(target=move, args=pair) for pair in ((2, 3), (3, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(words == "moved" for words in outcomes.values()) == [False, True]
    assert "lies below this record" in "".join(outcomes.values())
    branches.expire_all()
    assert {branch(branches, 2).parent_id, branch(branches, 3).parent_id} & {1}
