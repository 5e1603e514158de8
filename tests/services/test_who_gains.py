from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from admin_site.models import Role, SecondFactor, User, utc_now
from admin_site.permissions import LimitedGrant, Right
from admin_site.services.who_gains import NAMED, effects, holders, without_second_factor
from tests.factories import make_role, make_user

EDIT: Right = ("course", "edit")
SOME = LimitedGrant("course", "edit", frozenset({"name"}))


def names(crowd) -> list[str]:
    return [user.user_name for user in crowd.first]


def gaining(session: Session, role: Role, before: set[Right], after: set[Right], **options) -> dict:
    found = effects(session, role, before, after, gained=after - before, lost=before - after, **options)
    assert found.gains.keys() == after - before
    assert found.losses.keys() == before - after
    return {right: names(crowd) for right, crowd in {**found.gains, **found.losses}.items()}


@contextmanager
def counting(session: Session) -> Iterator[list[str]]:
    statements: list[str] = []
    engine = session.get_bind()

    def note(conn, cursor, statement, *_):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_members_of_a_role_gain_and_lose_what_it_does(session):
    role = make_role(session)
    make_user(session, user_name="ann", roles=(role,))
    make_user(session, user_name="stranger")

    assert gaining(session, role, set(), {EDIT}) == {EDIT: ["ann"]}
    assert gaining(session, role, {EDIT}, set()) == {EDIT: ["ann"]}


def test_superusers_gain_and_lose_nothing(session):
    role = make_role(session)
    make_user(session, superuser=True, roles=(role,))

    assert gaining(session, role, set(), {EDIT}) == {EDIT: []}


@pytest.mark.parametrize("held", [EDIT, ("course", "*"), ("*", "edit"), ("*", "*")])
def test_who_holds_it_through_another_role_does_not_change(session, held):
    role, other = make_role(session), make_role(session, held)
    make_user(session, user_name="ann", roles=(role,))
    make_user(session, user_name="bob", roles=(role, other))

    assert gaining(session, role, set(), {EDIT}) == {EDIT: ["ann"]}
    assert gaining(session, role, {EDIT}, set()) == {EDIT: ["ann"]}


@pytest.mark.parametrize("held", [("course", "list"), ("item", "*"), ("*", "list"), SOME])
def test_another_role_that_holds_less_does_not_count(session, held):
    role, other = make_role(session), make_role(session, held)
    make_user(session, user_name="bob", roles=(role, other))

    assert gaining(session, role, set(), {EDIT}) == {EDIT: ["bob"]}


def test_what_a_wildcard_of_the_role_itself_covers_is_neither_gained_nor_lost(session):
    role, wide = make_role(session), ("course", "*")
    make_user(session, user_name="ann", roles=(role,))

    assert gaining(session, role, {wide}, {wide, EDIT}) == {EDIT: []}
    assert gaining(session, role, {wide, EDIT}, {wide}) == {EDIT: []}
    assert gaining(session, role, {EDIT}, {wide}) == {wide: ["ann"], EDIT: []}


def test_a_limit_takes_the_whole_right_from_those_who_hold_it_nowhere_else(session):
    role, other = make_role(session), make_role(session, EDIT)
    make_user(session, user_name="ann", roles=(role,))
    make_user(session, user_name="bob", roles=(role, other))

    assert gaining(session, role, {EDIT}, {SOME}) == {EDIT: ["ann"], SOME: []}
    assert gaining(session, role, {SOME}, {EDIT}) == {EDIT: ["ann"], SOME: []}


def test_many_people_are_counted_and_the_first_are_named(session):
    role = make_role(session)
    for number in range(NAMED + 3):
        make_user(session, first_name=f"Ann {number:02}", roles=(role,))

    crowd = effects(session, role, set(), {EDIT}, gained=[EDIT]).gains[EDIT]

    assert crowd.number == NAMED + 3
    assert [user.first_name for user in crowd.first] == [f"Ann {number:02}" for number in range(NAMED)]
    assert holders(session, role).number == NAMED + 3


def test_people_outside_of_a_scope_are_neither_counted_nor_named(session):
    role = make_role(session)
    make_user(session, user_name="ann", roles=(role,))
    make_user(session, user_name="hidden", roles=(role,))

    def scope(statement):
        return statement.where(User.user_name != "hidden")

    assert gaining(session, role, set(), {EDIT}, scope=scope) == {EDIT: ["ann"]}
    assert names(holders(session, role, scope)) == ["ann"]


def test_those_without_a_second_factor_are_found(session):
    role = make_role(session)
    for name, factor in {
        "ann": None,
        "bob": SecondFactor(secret="x" * 32),
        "cleo": SecondFactor(secret="x" * 32, confirmed_at=utc_now()),
    }.items():
        make_user(session, user_name=name, roles=(role,), second_factor=factor)

    assert names(without_second_factor(session, role)) == ["ann", "bob"]


def test_a_hundred_rights_take_three_queries(session):
    role, others = make_role(session), [make_role(session, ("item", "list")) for _ in range(5)]
    for other in others:
        make_user(session, roles=(role, other))
    rights = {(f"model{number}", "edit") for number in range(100)}
    session.flush()

    with counting(session) as statements:
        found = effects(session, role, set(), rights, gained=rights)

    assert {crowd.number for crowd in found.gains.values()} == {5}
    assert len(statements) <= 3
