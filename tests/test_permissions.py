"""Who may do what."""

import uuid

import pytest
from sqlalchemy import select

from admin_site.errors import Forbidden
from admin_site.models import Role, RoleGrant, User
from admin_site.permissions import (
    ACTIONS,
    BY_FIELD,
    COMMAND_LINE,
    NEVER,
    Action,
    Identity,
    LimitedGrant,
    allows,
    allows_some,
    covers_all,
    fields_of_every_row,
    fields_of_row,
    grantable,
    holds_more,
    identity_of,
    lesser_roles,
    may_grant,
    require,
    right_of,
    scopes_of,
    sign,
    within,
)
from tests.factories import identity_with, make_role, make_user


def someone(*grants, superuser=False):
    limited = frozenset(grant for grant in grants if isinstance(grant, LimitedGrant))
    return Identity(uuid.uuid4(), None, "Someone", superuser, frozenset(grants) - limited, limited=limited)


def test_every_action_is_explained():
    assert set(ACTIONS) == set(Action)
    assert all(words.endswith(".") for words in ACTIONS.values())


@pytest.mark.parametrize("grant", [("course", "edit"), ("course", "*"), ("*", "edit"), ("*", "*")])
def test_a_grant_allows_what_it_names_and_a_wildcard_everything_of_its_kind(grant):
    assert allows(someone(grant), Action.EDIT, "course")


@pytest.mark.parametrize(
    "grant", [("course", "list"), ("courses", "*"), ("user", "edit"), ("*", "list"), ("", "")]
)
def test_a_grant_allows_nothing_else(grant):
    assert not allows(someone(grant), Action.EDIT, "course")


def test_a_superuser_may_do_everything_and_a_stranger_nothing():
    assert allows(someone(superuser=True), "anything", "at-all")
    assert not allows(someone(), Action.LIST, "course")
    assert not allows(None, Action.LIST, "course")


@pytest.mark.parametrize(("model", "action"), sorted(NEVER))
def test_nobody_writes_by_hand_what_the_site_writes(model, action):
    for identity in (someone(superuser=True), someone(("*", "*")), someone((model, action)), COMMAND_LINE):
        assert not allows(identity, action, model)


def test_sessions_can_be_ended_by_hand():
    assert allows(someone(("user-session", "delete")), Action.DELETE, "user-session")


def test_a_refusal_says_what_and_of_which_kind():
    with pytest.raises(Forbidden, match=r"edit records of the kind “user type”"):
        require(someone(), Action.EDIT, "user-type")
    with pytest.raises(Forbidden, match=r"reset password"):
        require(someone(), Action.RESET_PASSWORD, "user")
    with pytest.raises(Forbidden, match=r"Sign in first"):
        require(None, Action.LIST, "course")
    with pytest.raises(Forbidden, match=r"by the site itself"):
        require(someone(superuser=True), Action.EDIT, "audit-entry")
    require(someone(("course", "*")), Action.LIST, "course")


def test_who_holds_more_than_whom():
    reader, editor = someone(("course", "list")), someone(("course", "*"))
    everything, superuser = someone(("*", "*")), someone(superuser=True)

    assert holds_more(reader, editor)
    assert not holds_more(editor, reader)
    assert not holds_more(reader, reader)
    assert holds_more(editor, everything)
    assert holds_more(everything, superuser)
    assert not holds_more(superuser, everything)
    assert not holds_more(superuser, superuser)
    assert holds_more(someone(("course", "list"), ("course", "edit")), editor), (
        "every action is more than two"
    )


def test_an_identity_is_everything_its_roles_grant(session):
    registrar = make_role(session, ("course", "*"), ("enrollment", "*"), name="Registrar")
    auditor = make_role(session, ("*", "list"), name="Auditor")
    idle = make_role(session, name="Idle")
    user = make_user(session, roles=(registrar, auditor, idle), first_name="Maria", last_name="Lindqvist")

    identity = identity_of(session, user)

    assert identity == Identity(
        user_id=user.user_id,
        session_id=None,
        name="Maria Lindqvist",
        is_superuser=False,
        grants=frozenset({("course", "*"), ("enrollment", "*"), ("*", "list")}),
        roles=("Auditor", "Idle", "Registrar"),
        user_name=user.user_name,
    )
    assert identity.signature == f"Maria Lindqvist ({user.user_name})"


def test_a_person_without_roles_has_no_rights(session):
    identity = identity_of(session, make_user(session))

    assert (identity.is_superuser, identity.grants, identity.roles) == (False, frozenset(), ())


def test_rights_that_are_not_in_the_database_do_not_count(session):
    user = make_user(session)
    with session.no_autoflush:
        user.is_superuser = True
        user.roles.append(Role(name="Not yet", grants=[RoleGrant(model="*", action="*")]))

        identity = identity_of(session, user)

    assert (identity.is_superuser, identity.grants) == (False, frozenset())


def test_roles_of_others_do_not_count(session):
    identity_with(session, ("course", "*"))

    assert identity_with(session, ("user", "list")).grants == {("user", "list")}


@pytest.mark.parametrize(
    ("name", "user_name", "signature"),
    [
        ("ada", "ada", "ada"),
        ("Ada Lovelace", "ada", "Ada Lovelace (ada)"),
        ("Ada Lovelace (ada)", "mallory", "Ada Lovelace (ada) (mallory)"),
        ("x" * 301, "y" * 150, "x" * 100 + "… (" + "y" * 150 + ")"),
        ("command line", "", "command line"),
    ],
)
def test_whatever_people_are_called_their_user_name_ends_the_name_on_record(name, user_name, signature):
    assert sign(name, user_name) == signature


LIMITED = {
    "clerk for names": LimitedGrant("course", "edit", frozenset({"name"})),
    "clerk for names and days": LimitedGrant("course", "edit", frozenset({"name", "start_date", "end_date"})),
    "clerk for days": LimitedGrant("course", "edit", frozenset({"end_date", "start_date"})),
    "clerk of open ones": LimitedGrant("course", "edit", scope="open"),
    "clerk of closed ones": LimitedGrant("course", "edit", scope="closed"),
    "clerk for names of open ones": LimitedGrant("course", "edit", frozenset({"name"}), "open"),
    "keeper of open ones": LimitedGrant("course", "*", scope="open"),
    "keeper of names": LimitedGrant("course", "*", frozenset({"name"})),
    "remover of open ones": LimitedGrant("course", "delete", scope="open"),
    "remover of names": LimitedGrant("course", "delete", frozenset({"name"})),
    "reader of open ones": LimitedGrant("*", "list", scope="open"),
}


def test_who_is_within_reach_holds_no_right_that_one_lacks(session):
    people = {
        "nobody": make_user(session),
        "clerk": make_user(session, roles=(make_role(session, ("course", "edit")),)),
        "reader": make_user(session, roles=(make_role(session, ("*", "list")),)),
        "keeper": make_user(session, roles=(make_role(session, ("course", "*")),)),
        "both": make_user(
            session, roles=(make_role(session, ("*", "list")), make_role(session, ("item", "edit")))
        ),
        "all": make_user(session, roles=(make_role(session, ("*", "*")),)),
        **{name: make_user(session, roles=(make_role(session, grant),)) for name, grant in LIMITED.items()},
        "root": make_user(session, superuser=True),
    }
    names = {user.user_id: name for name, user in people.items()}

    roles = {role.role_id: role for role in session.scalars(select(Role))}
    for actor in people.values():
        identity = identity_of(session, actor)
        lesser = set(session.scalars(select(Role.role_id).where(lesser_roles(identity))))
        assert lesser == {
            key for key, role in roles.items() if covers_all(identity, map(right_of, role.grants))
        }
        reached = {
            names[key] for key in session.scalars(select(User.user_id).where(within(identity, User.user_id)))
        }
        others = {
            name for name, user in people.items() if not holds_more(identity, identity_of(session, user))
        }
        assert reached == others
        assert names[actor.user_id] in reached


def test_what_can_be_granted_has_words_and_what_a_site_adds_to_it():
    found = grantable({"course": "Courses", "a-b": "Abbeys"}, {"action:close": "Close"})

    assert list(found.models.items()) == [
        ("*", "All models"),
        ("a-b", "Abbeys (a-b)"),
        ("course", "Courses (course)"),
    ]
    assert found.actions.keys() == {"*", *ACTIONS, "action:close"}
    assert found.actions["list"].startswith("List: See the list")
    assert found.actions["action:close"] == "Close"


@pytest.mark.parametrize(
    ("held", "right"),
    [
        (("course", "edit"), "clerk for names"),
        (("course", "*"), "clerk of open ones"),
        (("*", "edit"), "clerk for names of open ones"),
        (LIMITED["clerk for names and days"], "clerk for days"),
        (LIMITED["clerk for names and days"], "clerk for names of open ones"),
        (LIMITED["clerk of open ones"], "clerk for names of open ones"),
        (LIMITED["keeper of open ones"], "remover of open ones"),
        (LIMITED["keeper of names"], "clerk for names"),
        (LIMITED["clerk for names"], "clerk for names"),
    ],
)
def test_who_holds_a_right_may_grant_what_is_no_more(held, right: str):
    assert may_grant(someone(held), *LIMITED[right])


@pytest.mark.parametrize(
    ("held", "right"),
    [
        (LIMITED["clerk for names"], ("course", "edit")),
        (LIMITED["clerk of open ones"], ("course", "edit")),
        (LIMITED["clerk of open ones"], LIMITED["clerk of closed ones"]),
        (LIMITED["clerk of open ones"], LIMITED["clerk for names"]),
        (LIMITED["clerk for names"], LIMITED["clerk for names and days"]),
        (LIMITED["clerk for days"], LIMITED["clerk for names"]),
        (LIMITED["clerk for names of open ones"], LIMITED["clerk for names"]),
        (LIMITED["clerk for names of open ones"], LIMITED["clerk of open ones"]),
        (LIMITED["keeper of open ones"], ("course", "*")),
        (LIMITED["keeper of names"], LIMITED["remover of names"]),
        (LIMITED["reader of open ones"], ("*", "list")),
        (("*", "*"), ("viewing", "edit")),
    ],
)
def test_nobody_may_grant_more_than_they_hold(held, right):
    assert not may_grant(someone(held), *right)


def test_two_limited_grants_together_are_no_wider_one():
    both = someone(LIMITED["clerk for names"], LIMITED["clerk for days"])

    assert not may_grant(both, *LIMITED["clerk for names and days"])


def test_a_limited_grant_allows_something_and_not_everything():
    clerk = someone(LIMITED["clerk for names of open ones"])

    assert allows_some(clerk, Action.EDIT, "course")
    assert not allows(clerk, Action.EDIT, "course")
    assert not allows_some(clerk, Action.DELETE, "course")
    assert not allows_some(None, Action.EDIT, "course")


def test_a_grant_of_everything_for_some_fields_is_none_for_whole_records():
    keeper = someone(LIMITED["keeper of names"])

    assert {action for action in ACTIONS if allows_some(keeper, action, "course")} == BY_FIELD


@pytest.mark.parametrize(("model", "action"), sorted(NEVER))
def test_a_limited_grant_lets_nobody_write_what_the_site_writes(model, action):
    assert not allows_some(someone(LimitedGrant(model, "*", scope="own")), action, model)


def test_the_rows_and_fields_of_several_grants_are_added_up():
    clerk = someone(
        LimitedGrant("course", "edit", frozenset({"name"}), "open"),
        LimitedGrant("course", "edit", frozenset({"name", "end_date"}), "closed"),
        LimitedGrant("course", "list", frozenset({"name"})),
        LimitedGrant("course", "list", scope="open"),
    )

    assert scopes_of(clerk, "course", "edit") == {"open", "closed"}
    assert scopes_of(clerk, "course", "list") is None
    assert scopes_of(clerk, "course", "delete") == frozenset()
    assert fields_of_every_row(clerk, "edit", "course") == {"name"}
    assert fields_of_every_row(clerk, "list", "course") == {"name"}
    assert fields_of_every_row(clerk, "delete", "course") == frozenset()
    assert fields_of_row(clerk, "edit", "course", {"closed"}.__contains__) == {"name", "end_date"}
    assert fields_of_row(clerk, "list", "course", {"open"}.__contains__) is None
    assert fields_of_row(clerk, "list", "course", {"closed"}.__contains__) == {"name"}


def test_limited_grants_are_read_with_the_others(session):
    grants = (("course", "list"), LIMITED["clerk for names and days"], LIMITED["keeper of open ones"])

    identity = identity_with(session, *grants)

    assert identity.grants == {("course", "list")}
    assert identity.limited == set(grants[1:])
    assert identity.rights == set(grants)


def test_a_grant_keeps_its_fields_in_order(session):
    grant = RoleGrant(role=make_role(session), model="course", action="edit", fields=" name ,end_date,, name")
    session.add(grant)
    session.flush()

    assert (grant.fields, grant.scope) == ("end_date,name", "")
    assert right_of(grant) == LimitedGrant("course", "edit", frozenset({"name", "end_date"}))
