"""What one account may do to another, known before it is tried."""

import pytest

from admin_site.descriptions import describe
from admin_site.errors import Conflict, Forbidden
from admin_site.models import Role, User
from admin_site.permissions import Action, identity_of
from admin_site.services import records, support
from admin_site.services.powers import fixed_fields, why_not
from admin_site.services.viewing import view_as
from tests.factories import CHEAP, PASSWORD, an_administrator, identity_with, make_role, make_user

STEWARD = (("user", "*"), ("role", "*"))


def deeds(session, actor, user):
    """Return what may be asked about a person, each with the attempt itself."""
    return {
        Action.EDIT: lambda: records.update(session, actor, describe(User), user, {"age": 50}),
        Action.DELETE: lambda: records.delete(session, actor, describe(User), user),
        Action.RESET_PASSWORD: lambda: support.reset_password(session, actor, user),
        Action.TEMPORARY_PASSWORD: lambda: support.temporary_password(session, actor, user, passwords=CHEAP),
        Action.UNLOCK: lambda: support.unlock(session, actor, user),
        Action.END_SESSIONS: lambda: support.end_sessions_of(session, actor, user),
        Action.ACTIVATE: lambda: (support.deactivate if user.is_active else support.activate)(
            session, actor, user
        ),
        Action.VIEW_AS: lambda: view_as(session, actor, user, "a ticket"),
    }


@pytest.mark.parametrize(
    "action",
    [
        Action.EDIT,
        Action.DELETE,
        Action.RESET_PASSWORD,
        Action.TEMPORARY_PASSWORD,
        Action.UNLOCK,
        Action.END_SESSIONS,
        Action.ACTIVATE,
        Action.VIEW_AS,
    ],
)
@pytest.mark.parametrize("who", ["superuser", "colleague", "oneself", "inactive"])
def test_what_is_said_beforehand_is_what_happens(session, action: Action, who: str):
    helper = make_user(session, roles=(make_role(session, *STEWARD),), signed_in_on=1)
    actor = identity_of(session, helper, helper.sessions[0].session_id)
    user = {
        "superuser": lambda: make_user(session, superuser=True),
        "colleague": lambda: make_user(session, roles=(make_role(session, ("course", "list")),)),
        "oneself": lambda: session.get_one(User, actor.user_id),
        "inactive": lambda: make_user(session, is_active=False),
    }[who]()
    an_administrator(session)
    session.commit()

    reason = why_not(session, actor, action, user)

    if reason:
        with pytest.raises((Forbidden, Conflict)) as refusal:
            deeds(session, actor, user)[action]()
        assert str(refusal.value) == reason
    else:
        deeds(session, actor, user)[action]()


def test_the_last_superuser_and_oneself_are_kept(session):
    only, colleague = (
        make_user(session, superuser=True, password=PASSWORD),
        make_user(session, superuser=True),
    )
    session.commit()

    assert "last active superuser" in why_not(session, identity_of(session, colleague), Action.DELETE, only)
    assert "your own account" in why_not(session, identity_of(session, colleague), Action.DELETE, colleague)
    assert why_not(session, identity_of(session, only), Action.DELETE, colleague) == ""


def test_a_role_that_holds_more_than_oneself_stays_as_it_is(session):
    actor = identity_with(session, *STEWARD)
    wider, narrower = make_role(session, ("course", "edit")), make_role(session, ("user", "list"))
    make_user(session, roles=(narrower,), superuser=True)
    session.commit()

    assert "holds rights that you lack" in why_not(session, actor, Action.EDIT, wider)
    assert why_not(session, actor, Action.EDIT, narrower) == ""
    assert "hold rights that you lack" in why_not(session, actor, Action.DELETE, narrower)


def test_who_is_a_superuser_is_fixed_for_all_but_superusers(session):
    assert list(fixed_fields(identity_with(session, *STEWARD), User)) == ["is_superuser"]
    assert fixed_fields(an_administrator(session), User) == {}
    assert fixed_fields(identity_with(session, *STEWARD), Role) == {}
