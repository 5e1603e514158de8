"""The example school."""

import pytest
from sqlalchemy import func, select

from admin_site.database import Database
from admin_site.models import (
    AuditEntry,
    Base,
    Course,
    Enrollment,
    Flow,
    Item,
    Role,
    RoleGrant,
    User,
    UserType,
)
from admin_site.permissions import ACTIONS, Action, allows, allows_some, covers, identity_of, scopes_of
from admin_site.seed import Outcome, is_empty, seed
from admin_site.seed.catalogue import ROLES
from admin_site.seed.names import COMBINATIONS, FIRST_NAMES, LAST_NAMES, Names, plain

SCHOOL = ("course", "enrollment", "user-type")


def contents(database: Database) -> dict[str, list]:
    """Return every row of every table but the audit trail, whose times and change sets are its own."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in Base.metadata.sorted_tables
            if table.name != "audit_entries"
        }


def number_of(database: Database, model: type) -> int:
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_the_school_has_people_of_every_kind_with_courses_flows_and_things(database):
    assert is_empty(database)

    outcome = seed(database, people=300)

    assert outcome == Outcome(added=300, present=0)
    assert not is_empty(database)
    for model in (UserType, Course, Enrollment, Flow, Item, Role):
        assert number_of(database, model) > 0
    with database.session() as session:
        kinds = session.execute(
            select(UserType.name, func.count(User.user_id)).join(User).group_by(UserType.name)
        )
        assert {name for name, number in kinds if number} == {
            "Student", "Teacher", "Staff", "Guardian", "Alumnus"
        }  # fmt: skip
        assert session.scalar(select(func.count()).where(User.flows.any())) > 0
        assert session.scalar(
            select(func.count()).where(Enrollment.associative_data["grade"].as_string() == "B")
        )


def test_the_same_random_seed_gives_the_same_rows(database, tmp_path):
    with Database(f"sqlite:///{tmp_path / 'other.sqlite3'}") as other:
        other.create_tables()
        seed(database, people=40, random_seed=7)
        seed(other, people=40, random_seed=7)

        if database.engine.name == other.engine.name:
            assert contents(database) == contents(other)
        with database.session() as here, other.session() as there:
            people = select(User.user_id, User.user_name, User.age, User.created_at).order_by(User.user_id)
            assert here.execute(people).all() == there.execute(people).all()


def test_another_random_seed_gives_another_school(database):
    seed(database, people=30, random_seed=1)

    assert seed(database, people=30, random_seed=2) == Outcome(added=30, present=0)


def test_a_second_run_adds_nothing(database):
    seed(database, people=30)
    before, entries = contents(database), number_of(database, AuditEntry)

    outcome = seed(database, people=30)

    assert outcome == Outcome(added=0, present=30)
    assert contents(database) == before
    assert number_of(database, AuditEntry) == entries


def test_a_larger_school_keeps_the_people_of_the_smaller_one(database):
    seed(database, people=10)
    before = contents(database)

    assert seed(database, people=25) == Outcome(added=15, present=10)
    assert set(before["users"]) < set(contents(database)["users"])


def test_people_who_were_renamed_or_whose_name_is_taken_are_left_alone(database):
    names = Names(random_seed=1)
    with database.session() as session:
        session.add(User(user_name=names[3].user_name.upper(), email_address="somebody@example.com"))
        session.add(User(user_name="else", email_address=f"{names[4].user_name}@Example.org"))
    assert seed(database, people=10) == Outcome(added=8, present=2)
    with database.session() as session:
        session.scalars(select(User).where(User.user_name == names[0].user_name)).one().user_name = "renamed"

    assert seed(database, people=10) == Outcome(added=0, present=10)


def test_everything_is_in_the_audit_trail(database):
    seed(database, people=20)

    with database.session() as session:
        entries = (
            select(AuditEntry.model, func.count())
            .where(AuditEntry.action == "create")
            .group_by(AuditEntry.model)
        )
        recorded = dict(session.execute(entries).all())
        assert session.scalars(select(AuditEntry.actor_name).distinct()).one().startswith("cli:")
    for model in (User, UserType, Course, Enrollment, Flow, Item, Role, RoleGrant):
        assert recorded[model.__tablename__] == number_of(database, model) > 0


def test_nobody_of_the_school_can_sign_in(database):
    seed(database, people=20)

    with database.session() as session:
        assert session.scalar(select(func.count()).where(User.password_hash.is_not(None))) == 0
        assert session.scalar(select(func.count()).where(User.is_superuser)) == 0


@pytest.fixture
def holders(database, session):
    """Somebody who holds each role, as an identity, by the role's name."""
    seed(database, people=0)
    return {role.name: identity_of(session, role.users[0]) for role in session.scalars(select(Role))}


def test_a_registrar_does_everything_with_school_records_and_cannot_delete_people(holders):
    registrar = holders["Registrar"]

    assert all(allows_some(registrar, action, model) for model in SCHOOL for action in ACTIONS)
    assert allows(registrar, Action.EDIT, "user")
    assert not allows(registrar, Action.DELETE, "user")
    assert not allows(registrar, Action.LIST, "role")


def test_a_registrar_sees_the_enrollments_in_active_courses_alone(holders):
    registrar = holders["Registrar"]

    assert not allows(registrar, Action.LIST, "enrollment")
    assert scopes_of(registrar, "enrollment", *ACTIONS) == {"active-courses"}


def test_an_auditor_reads_everything_and_changes_nothing(holders):
    reads = {action for action in ACTIONS if covers(holders["Auditor"], ("anything", action))}

    assert reads == {Action.LIST, Action.DETAILS}


def test_support_finds_people_and_helps_them_to_sign_in_and_nothing_else(holders):
    helping = {Action.RESET_PASSWORD, Action.UNLOCK, Action.END_SESSIONS}

    assert holders["Support"].grants == {
        ("user", action) for action in {Action.LIST, Action.DETAILS} | helping
    }


def test_progress_tells_of_everybody_once(database):
    told = []

    seed(database, people=2300, advance=told.append)

    assert told == [1000, 1000, 300]


def test_names_are_never_used_twice():
    assert COMBINATIONS > 100_000
    for names in (FIRST_NAMES, LAST_NAMES):
        plains = [plain(name) for name in names]
        assert len(set(plains)) == len(names)
        assert all(name.isalpha() for name in plains)

    source = Names(random_seed=5)
    user_names = [source[index].user_name for index in range(COMBINATIONS + 5)]

    assert len(set(user_names)) == len(user_names)
    assert [name[-1].isdigit() for name in user_names].index(True) == COMBINATIONS


def test_role_holders_are_called_like_nobody_else():
    used = {plain(name) for name in LAST_NAMES}

    assert all(plain(last) not in used for story in ROLES.values() for _, last in story.holders)
