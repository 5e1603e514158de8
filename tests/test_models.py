import uuid
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, func, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from admin_site.models import (
    Base,
    Course,
    CredentialToken,
    Enrollment,
    Flow,
    Item,
    LinkPurpose,
    Role,
    RoleGrant,
    User,
    UserSession,
    UserType,
    user_flows,
    user_roles,
    utc_now,
)
from admin_site.permissions import allows_some, identity_of
from tests.factories import make_role, make_user

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def a_session_of(user: User, **values) -> UserSession:
    defaults = {
        "token_hash": uuid.uuid4().hex,
        "start_time": NOON,
        "expiration_time": NOON + timedelta(days=7),
        "last_seen_at": NOON,
    }
    return UserSession(user=user, **{**defaults, **values})


def a_link_for(user: User, created_by: User | None = None) -> CredentialToken:
    return CredentialToken(
        user=user,
        created_by=created_by,
        purpose=LinkPurpose.RESET_PASSWORD,
        token_hash=uuid.uuid4().hex,
        created_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )


def a_course(**values) -> Course:
    return Course(**{"name": "Violin", "start_date": date(2026, 3, 1), **values})


def expect_refusal(session, record) -> None:
    session.add(record)
    with pytest.raises(IntegrityError):
        session.flush()


def count(session, table) -> int:
    return session.scalar(select(func.count()).select_from(table))


def run_unaudited(session, statement) -> None:
    """Run a statement as the database alone sees it, without the mapper's own cascades."""
    session.execute(statement, execution_options={"unaudited": "a test of the database"})


# -- Instants ------------------------------------------------------------------------------------------------


def test_an_instant_comes_back_in_utc_whatever_its_time_zone(session):
    in_kolkata = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    user = make_user(session, last_login=in_kolkata)
    session.commit()
    session.expire_all()

    assert user.last_login == NOON
    assert user.last_login.tzinfo is UTC


def test_an_instant_without_a_time_zone_is_refused(session):
    with pytest.raises(StatementError, match="an instant needs a time zone"):
        make_user(session, last_login=NOON.replace(tzinfo=None))


def test_instants_are_compared_as_instants(session):
    make_user(session, user_name="early", last_login=NOON)
    make_user(session, user_name="late", last_login=NOON + timedelta(seconds=1))

    in_new_york = NOON.astimezone(timezone(timedelta(hours=-5)))
    names = session.scalars(select(User.user_name).where(User.last_login > in_new_york)).all()

    assert names == ["late"]


def test_rows_know_when_they_were_created_and_changed(session):
    before = utc_now()
    user = make_user(session)
    session.commit()
    created_at, first_updated_at = user.created_at, user.updated_at
    user.first_name = "Ada"
    session.commit()
    session.expire_all()

    assert before <= created_at == user.created_at <= first_updated_at < user.updated_at <= utc_now()


def test_rows_written_without_the_mapper_have_their_instants_too(session):
    session.connection().execute(text("INSERT INTO user_types (name) VALUES ('Student')"))
    kind = session.scalars(select(UserType)).one()

    assert abs(utc_now() - kind.created_at) < timedelta(minutes=1)
    assert kind.updated_at.tzinfo is UTC


# -- Rules of the database -----------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [0, -1])
def test_an_age_is_positive(session, age):
    with pytest.raises(IntegrityError, match="age_is_positive"):
        make_user(session, age=age)


def test_an_age_may_be_unknown(session):
    assert make_user(session, age=None).age is None
    assert make_user(session, age=1).age == 1


def test_a_course_does_not_end_before_it_starts(session):
    session.add(a_course(end_date=date(2026, 3, 1)))
    session.flush()

    expect_refusal(session, a_course(end_date=date(2026, 2, 28)))


def test_an_enrollment_does_not_end_before_it_begins(session):
    days = {"enrolled_date": date(2026, 3, 1), "end_date": date(2026, 2, 28)}
    expect_refusal(session, Enrollment(user=make_user(session), course=a_course(), **days))


def test_a_session_does_not_expire_before_it_starts(session):
    expect_refusal(session, a_session_of(make_user(session), expiration_time=NOON - timedelta(seconds=1)))


def test_a_link_has_one_of_the_known_purposes(session):
    session.add(a_link_for(make_user(session)))
    session.flush()

    with pytest.raises(IntegrityError, match="purpose"):
        session.connection().execute(text("UPDATE credential_tokens SET purpose = 'party'"))


@pytest.mark.parametrize(
    ("name", "twin"), [("ada", "ADA"), ("Ada", "ada"), ("ada", "  ada "), ("ada", "ａｄａ")]
)
def test_user_names_are_unique_without_regard_to_case_and_width(session, name, twin):
    make_user(session, user_name=name)
    with pytest.raises(IntegrityError):
        make_user(session, user_name=twin)


def test_email_addresses_are_unique_without_regard_to_case(session):
    make_user(session, email_address="Ada@Example.org")
    with pytest.raises(IntegrityError):
        make_user(session, email_address="ada@example.ORG")


@pytest.mark.parametrize("model", [UserType, Role, Flow])
def test_names_of_kinds_roles_and_flows_are_unique(session, model):
    session.add(model(name="Student"))
    session.flush()

    expect_refusal(session, model(name="Student"))


def test_a_role_has_a_grant_once(session):
    role = make_role(session, ("course", "edit"))

    expect_refusal(session, RoleGrant(role=role, model="course", action="edit"))


def test_a_person_takes_a_course_once(session):
    user, course = make_user(session), a_course()
    session.add(Enrollment(user=user, course=course))
    session.flush()

    expect_refusal(session, Enrollment(user=user, course=course))


def test_two_sessions_never_share_a_token(session):
    user = make_user(session)
    session.add(a_session_of(user, token_hash="same"))
    session.flush()

    expect_refusal(session, a_session_of(user, token_hash="same"))


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_every_constraint_has_the_name_the_models_give_it(database):
    inspector = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        of_columns = {each.name for column in table.columns for each in column.constraints}
        names = {each.name for each in table.constraints} | of_columns
        found = {
            inspector.get_pk_constraint(table.name)["name"],
            *(each["name"] for each in inspector.get_unique_constraints(table.name)),
            *(each["name"] for each in inspector.get_foreign_keys(table.name)),
            *(each["name"] for each in inspector.get_check_constraints(table.name)),
        }
        assert found == names
        assert None not in names


def test_every_index_of_the_models_is_there(database):
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
    }
    with database.session() as session:
        found = set(session.scalars(text(catalogue[database.engine.dialect.name])))

    assert {index.name for table in Base.metadata.tables.values() for index in table.indexes} <= found


def test_rules_on_deletion_are_those_of_the_models(database):
    inspector = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        found = {each["name"]: each["options"]["ondelete"] for each in inspector.get_foreign_keys(table.name)}
        assert found == {each.name: each.ondelete for each in table.foreign_key_constraints}


# -- What a deletion takes along -----------------------------------------------------------------------------


def test_a_user_type_in_use_cannot_be_deleted(session):
    kind = UserType(name="Student")
    make_user(session, user_type=kind)
    session.delete(kind)

    with pytest.raises(IntegrityError):
        session.flush()


def test_a_user_type_in_use_cannot_be_deleted_behind_the_mapper_either(session):
    make_user(session, user_type=UserType(name="Student"))

    with pytest.raises(IntegrityError):
        run_unaudited(session, delete(UserType))


def test_a_user_type_nobody_has_can_be_deleted(session):
    kind = UserType(name="Student")
    user = make_user(session, user_type=kind)
    user.user_type = None
    session.flush()
    session.delete(kind)
    session.flush()

    assert count(session, UserType) == 0


def _delete_by_mapper(session, user) -> None:
    session.delete(user)
    session.flush()


def _delete_by_statement(session, user) -> None:
    run_unaudited(session, delete(User).where(User.user_id == user.user_id))


@pytest.mark.parametrize("delete_user", [_delete_by_mapper, _delete_by_statement])
def test_deleting_a_user_deletes_what_belongs_to_them_and_nothing_else(session, delete_user):
    role, flow, course = make_role(session), Flow(name="Intake"), a_course()
    for user in (make_user(session, roles=(role,)), make_user(session, roles=(role,))):
        session.add_all([a_session_of(user), a_link_for(user), Item(title="Violin", owner=user)])
        session.add(Enrollment(user=user, course=course))
        user.flows.append(flow)
    session.commit()
    session.expunge_all()

    delete_user(session, session.get(User, user.user_id))

    for table in (User, UserSession, CredentialToken, Item, Enrollment, user_roles, user_flows):
        assert count(session, table) == 1
    for table in (Role, Flow, Course):
        assert count(session, table) == 1


def test_a_link_outlives_the_person_who_made_it(session):
    helper, helped = make_user(session), make_user(session)
    link = a_link_for(helped, created_by=helper)
    session.add(link)
    session.commit()
    session.delete(helper)
    session.commit()
    session.expire_all()

    assert link.created_by is None
    assert link.user is helped


@pytest.mark.parametrize(
    ("make_parent", "members"),
    [
        (lambda: Course(name="Violin", start_date=date(2026, 3, 1)), Enrollment),
        (lambda: Role(name="Support", grants=[RoleGrant(model="user", action="edit")]), RoleGrant),
    ],
)
def test_deleting_a_course_or_a_role_deletes_its_own_rows_only(session, make_parent, members):
    parent = make_parent()
    user = make_user(session)
    session.add(parent)
    if members is Enrollment:
        parent.enrollments.append(Enrollment(user=user))
    else:
        parent.users.append(user)
    session.commit()
    session.delete(parent)
    session.commit()

    assert count(session, members) == 0
    assert count(session, user_roles) == 0
    assert count(session, User) == 1


def test_a_reference_to_nobody_is_refused(session):
    expect_refusal(session, Item(title="Violin", owner_id=uuid.uuid4()))


# -- Relations -----------------------------------------------------------------------------------------------


def test_an_item_taken_from_its_owner_is_deleted(session):
    user = make_user(session)
    user.items = [Item(title="Violin"), Item(title="Bow")]
    session.commit()
    user.items.remove(user.items[0])
    session.commit()

    assert session.scalars(select(Item.title)).all() == ["Bow"]


@pytest.mark.parametrize(
    ("relation", "make"),
    [
        ("items", lambda user: Item(title="Violin", owner=user)),
        ("sessions", a_session_of),
        ("credential_tokens", a_link_for),
        ("enrollments", lambda user: Enrollment(user=user, course=a_course())),
    ],
)
def test_what_a_user_lets_go_of_is_deleted(session, relation, make):
    user = make_user(session)
    member = make(user)
    session.add(member)
    session.commit()
    assert getattr(user, relation) == [member]

    getattr(user, relation).clear()
    session.commit()

    assert count(session, type(member)) == 0


def test_a_grant_taken_from_its_role_is_deleted(session):
    role = make_role(session, ("course", "edit"), ("course", "list"))
    role.grants.pop()
    session.commit()

    assert count(session, RoleGrant) == 1


def test_people_and_flows_are_many_to_many(session):
    ada, bob = make_user(session), make_user(session)
    intake, exams = Flow(name="Intake"), Flow(name="Exams")
    ada.flows = [intake, exams]
    bob.flows = [intake]
    session.commit()
    session.expire_all()

    assert set(intake.users) == {ada, bob}
    assert exams.users == [ada]

    intake.users.remove(ada)
    session.commit()
    session.expire_all()

    assert ada.flows == [exams]
    assert count(session, Flow) == 2


def test_people_and_roles_are_many_to_many(session):
    role = make_role(session)
    ada, bob = make_user(session, roles=(role,)), make_user(session, roles=(role,))
    session.commit()
    session.expire_all()
    assert set(role.users) == {ada, bob}

    role.users.remove(bob)
    session.commit()

    assert (ada.roles, bob.roles) == ([role], [])


@pytest.mark.parametrize(
    "data", [{"grade": "A", "näme": ["Zoë", 1.5, None]}, {}, {"nothing": None}, None], ids=str
)
def test_an_enrollment_carries_data_of_its_own(session, data):
    enrollment = Enrollment(user=make_user(session), course=a_course(), associative_data=data)
    session.add(enrollment)
    session.commit()
    session.expire_all()

    assert enrollment.associative_data == data
    is_null = session.scalar(select(Enrollment.associative_data.is_(None)))
    assert is_null is (data is None)


def test_an_enrollment_begins_today_unless_told_otherwise(session):
    enrollment = Enrollment(user=make_user(session), course=a_course())
    session.add(enrollment)
    session.flush()

    assert abs(date.today() - enrollment.enrolled_date) <= timedelta(days=1)


# -- Defaults ------------------------------------------------------------------------------------------------


def test_people_are_active_and_ordinary_unless_told_otherwise(session):
    user = make_user(session)
    session.commit()
    session.expire_all()

    assert (user.is_active, user.is_superuser, user.must_change_password) == (True, False, False)


def test_rows_written_without_the_mapper_have_the_same_defaults(session):
    session.connection().execute(
        text("INSERT INTO users (user_id, user_name, email_address) VALUES (:key, 'ada', 'ada@example.org')"),
        {"key": uuid.uuid4().hex},
    )
    user = session.scalars(select(User)).one()

    assert (user.is_active, user.is_superuser, user.must_change_password) == (True, False, False)


def test_keys_of_people_are_not_guessable_numbers(session):
    assert isinstance(make_user(session).user_id, uuid.UUID)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"first_name": "Ada", "last_name": "Lovelace"}, "Ada Lovelace"),
        ({"first_name": "Ada"}, "Ada"),
        ({"user_name": "ada"}, "ada"),
    ],
)
def test_a_person_is_called_by_name(session, values, words):
    assert str(make_user(session, **values)) == words


@pytest.mark.parametrize("column", ["model", "action", "fields", "scope"])
def test_no_text_of_a_grant_holds_what_parts_one_grant_from_another(session, column):
    values = {"model": "course", "action": "list", "fields": "name", "scope": "open"}
    values[column] += "\x1e*\x1f*\x1f\x1f"
    user = make_user(session, roles=(make_role(session),))
    user.roles[0].grants.append(RoleGrant(**values))
    session.flush()

    held = identity_of(session, user)

    assert not allows_some(held, "delete", "item")
    assert len(held.rights) == 1
