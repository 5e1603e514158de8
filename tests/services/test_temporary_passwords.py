"""Temporary passwords end when their owners come to hold other rights."""

from datetime import timedelta

import pytest

from admin_site.descriptions import describe
from admin_site.models import Role, RoleGrant, User, utc_now
from admin_site.services import records
from admin_site.services.passwords import give_temporary_password
from admin_site.services.records import Members
from tests.factories import CHEAP, an_administrator, make_role, make_user


@pytest.fixture
def role(session):
    return make_role(session, ("course", "list"))


@pytest.fixture
def user(session, role):
    user = make_user(session, roles=(role,))
    give_temporary_password(session, user, passwords=CHEAP)
    session.commit()
    return user


def is_over(session, user) -> bool:
    session.expire_all()
    return user.password_expires_at <= utc_now()


@pytest.mark.parametrize("change", ["superuser", "person", "role", "grant", "deleted role"])
def test_it_ends_by_any_change_of_rights(session, role, user, change: str):
    boss = an_administrator(session)
    other = make_role(session, ("item", "list"))
    grant = role.grants[0]

    {
        "superuser": lambda: records.update(session, boss, describe(User), user, {"is_superuser": True}),
        "person": lambda: records.update(
            session, boss, describe(User), user, {"roles": Members(add=(other,))}
        ),
        "role": lambda: records.update(
            session, boss, describe(Role), role, {"users": Members(remove=(user,))}
        ),
        "grant": lambda: records.update(session, boss, describe(RoleGrant), grant, {"action": "edit"}),
        "deleted role": lambda: records.delete(session, boss, describe(Role), role),
    }[change]()

    assert is_over(session, user)


def test_it_goes_on_after_other_changes(session, user):
    before = user.updated_at
    records.update(session, an_administrator(session), describe(User), user, {"first_name": "Ada"})

    assert not is_over(session, user)
    assert user.updated_at >= before


def test_what_is_no_temporary_password_has_no_end(session, role):
    user = make_user(session, roles=(role,), password_expires_at=utc_now() + timedelta(days=1))

    records.update(session, an_administrator(session), describe(User), user, {"is_superuser": True})

    session.expire_all()
    assert user.password_expires_at > utc_now()
