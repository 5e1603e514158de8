"""What nobody may do to accounts and rights."""

from datetime import date

import pytest
from sqlalchemy import func, select

from admin_site import audit
from admin_site.descriptions import describe
from admin_site.errors import Conflict, Forbidden, Invalid, LinkExpired
from admin_site.models import (
    AuditEntry,
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
    utc_now,
)
from admin_site.permissions import (
    COMMAND_LINE,
    GrantableModel,
    LimitedGrant,
    grantable,
    identity_of,
    names_in,
    right_of,
)
from admin_site.security.tokens import hash_token
from admin_site.services import records
from admin_site.services.grants import NO_SCOPES, OF_ONE_MODEL, WHOLE_RECORDS, offer
from admin_site.services.guards import LAST_REFUSAL, MAX_REFUSALS, guard, note_refusal
from admin_site.services.links import create_link, peek_link
from admin_site.services.members import Members, change_members
from tests.factories import CHEAP, PASSWORD, an_administrator, identity_with, make_role, make_user
from tests.parallel import at_once

# All that may be granted about accounts, short of being a superuser.
STEWARD = (("user", "*"), ("role", "*"), ("role-grant", "*"), ("user-session", "*"))


def save(session, identity):
    guard(session, identity)
    session.flush()


def refused(session, identity, kind=Forbidden):
    """Return the words of the refusal, after everything was rolled back."""
    with pytest.raises(kind) as refusal:
        guard(session, identity)
    session.rollback()
    return str(refusal.value)


@pytest.fixture
def steward(session):
    identity = identity_with(session, *STEWARD)
    session.commit()
    return identity


@pytest.fixture
def mighty(session):
    """Somebody who holds a right the steward lacks, and is signed in."""
    user = make_user(
        session, roles=(make_role(session, ("course", "edit"), name="Registrar"),), signed_in_on=1
    )
    session.commit()
    return user


@pytest.fixture
def superuser(session):
    make_user(session, superuser=True, password=PASSWORD)  # so that it is not about the last one
    user = make_user(session, superuser=True, password=PASSWORD, signed_in_on=1)
    session.commit()
    return user


# --- people -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_name", "Other"),
        ("email_address", "mine@example.org"),
        ("user_name", "other"),
        ("is_active", False),
        ("age", 33),
    ],
)
def test_nobody_edits_a_person_who_holds_a_right_he_lacks(session, steward, mighty, superuser, name, value):
    for user in (mighty, superuser):
        setattr(user, name, value)
        assert "rights that you lack" in refused(session, steward)


def test_nobody_deletes_a_person_who_holds_a_right_he_lacks(session, steward, mighty, superuser):
    for user in (mighty, superuser):
        session.delete(user)
        assert "rights that you lack" in refused(session, steward)


def test_a_demotion_in_the_same_breath_hides_no_superuser(session, steward, superuser):
    superuser.is_superuser = False
    superuser.first_name = "Other"

    assert "superuser" in refused(session, steward)


def test_people_with_the_same_rights_or_fewer_can_be_edited_and_deleted(session, steward):
    peer = make_user(session, roles=(make_role(session, ("user", "list")),))
    peer.first_name = "Other"
    save(session, steward)
    session.delete(peer)
    save(session, steward)

    own = session.get(User, steward.user_id)
    own.first_name = "Own"
    save(session, steward)

    assert own.first_name == "Own"


def test_only_a_superuser_makes_a_superuser(session, steward):
    own, administrator = session.get(User, steward.user_id), an_administrator(session)
    almost = identity_with(session, ("*", "*"))
    session.commit()

    own.is_superuser = True
    assert "Only a superuser" in refused(session, steward)
    session.add(User(user_name="new", email_address="new@example.org", is_superuser=True))
    assert "Only a superuser" in refused(session, almost)

    own.is_superuser = True
    save(session, administrator)
    assert own.is_superuser


def test_a_new_person_can_be_added(session, steward):
    session.add(User(user_name="new", email_address="new@example.org"))

    save(session, steward)


def test_a_password_is_never_set_by_hand(session, superuser):
    administrator = identity_of(session, superuser)
    user = make_user(session, password=PASSWORD)
    session.commit()

    for value in (CHEAP.hash(PASSWORD), "plain text", None):
        user.password_hash = value
        assert "password" in refused(session, administrator)
        assert user.password_hash != value
    session.add(User(user_name="new", email_address="new@example.org", password_hash="x"))
    assert "password" in refused(session, administrator)


def test_what_belongs_to_others_of_a_person_is_no_edit_of_the_person(session, steward, superuser):
    session.add(Flow(name="Flow", users=[superuser]))
    session.add(Item(title="Item", owner=superuser))

    save(session, steward)


@pytest.mark.parametrize("relation", ["user_type", "flows", "items", "enrollments", "items gone"])
def test_nobody_changes_what_a_person_who_holds_more_refers_to(session, steward, superuser, relation):
    kind, flow, peer = UserType(name="Other"), Flow(name="Flow"), make_user(session)
    enrollment = Enrollment(user=peer, course=Course(name="Course", start_date=date(2026, 1, 1)))
    items = [Item(title="Own", owner=superuser), Item(title="Item", owner=peer)]
    session.add_all([kind, flow, enrollment, *items])
    session.commit()
    users = describe(User)

    def attempt():
        if relation == "user_type":
            superuser.user_type = kind
        elif relation == "items gone":
            change_members(session, superuser, users.relation("items"), Members(remove=[items[0]]))
        else:
            member = {"flows": flow, "items": items[1], "enrollments": enrollment}[relation]
            change_members(session, superuser, users.relation(relation), Members(add=[member]))

    attempt()
    assert "rights that you lack" in refused(session, steward)
    attempt()
    save(session, an_administrator(session))


def test_a_person_is_not_edited_by_changes_from_the_other_side(session, steward, superuser):
    flow, item = Flow(name="Flow"), Item(title="Item", owner=make_user(session))
    session.add_all([flow, item])
    session.commit()
    assert (superuser.flows, superuser.items) == ([], [])

    flow.users.append(superuser)
    item.owner = superuser
    save(session, steward)
    flow.users.remove(superuser)
    save(session, steward)

    assert superuser.items == [item]


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"user_name": "ma\u200bria"}, {"user_name"}),
        ({"user_name": "other@example.org"}, {"user_name"}),
        ({"user_name": "taken"}, {"user_name"}),
        ({"user_name": "m" * 151, "email_address": "maria"}, {"user_name", "email_address"}),
        ({"email_address": "odd@example.org"}, {"email_address"}),
        ({"email_address": "TAKEN@example.org"}, {"email_address"}),
    ],
)
@pytest.mark.parametrize("is_new", [False, True])
def test_names_that_cannot_be_are_refused_whichever_form_they_come_from(session, values, wrong, is_new):
    administrator, user = an_administrator(session), make_user(session)
    make_user(session, user_name="taken", email_address="taken@example.org")
    make_user(session, user_name="odd@example.org")
    session.commit()

    if is_new:
        session.add(User(**{"user_name": "new", "email_address": "new@example.org"} | values))
    else:
        for name, value in values.items():
            setattr(user, name, value)
    with pytest.raises(Invalid) as refusal:
        guard(session, administrator)

    assert refusal.value.errors.keys() == wrong


def test_a_name_of_before_these_rules_is_no_reason_to_refuse_other_changes(session):
    administrator, user = an_administrator(session), make_user(session, user_name="odd@example.com")

    user.first_name = "Maria"
    save(session, administrator)
    user.user_name = user.email_address.upper()
    save(session, administrator)


def test_saving_what_is_stored_already_is_no_edit(session, steward, superuser):
    session.refresh(superuser)

    superuser.first_name = None
    superuser.is_superuser = True
    superuser.roles = []

    save(session, steward)


# --- roles from either side ---------------------------------------------------------------------------------


def test_nobody_gives_a_role_with_rights_he_lacks_from_either_side(session, steward):
    role, own = make_role(session, ("course", "edit")), session.get(User, steward.user_id)
    other = make_user(session)
    session.commit()

    for user in (own, other):
        user.roles.append(role)
        assert "rights that you lack" in refused(session, steward)
        role.users.append(user)
        assert "rights that you lack" in refused(session, steward)
        session.expire_all()
        user.roles = [role]
        assert "rights that you lack" in refused(session, steward)
    session.add(User(user_name="new", email_address="new@example.org", roles=[role]))
    assert "rights that you lack" in refused(session, steward)


def test_the_members_of_a_role_change_without_loading_the_others(session, steward):
    role, user = make_role(session, ("course", "edit")), make_user(session)
    session.commit()
    session.expire_all()

    role.users.append(user)  # the collection of the other side is not loaded

    assert "roles" not in user.__dict__
    assert "rights that you lack" in refused(session, steward)


def test_nobody_takes_a_role_from_a_person_who_holds_more(session, steward, mighty):
    shared = make_role(session, ("user", "list"))
    mighty.roles.append(shared)
    session.commit()

    mighty.roles.remove(shared)
    assert "rights that you lack" in refused(session, steward)
    shared.users.remove(mighty)
    assert "rights that you lack" in refused(session, steward)
    shared.users.append(make_user(session))
    save(session, steward)
    session.delete(shared)
    assert "hold rights that you lack" in refused(session, steward)


def test_a_role_of_rights_one_holds_can_be_given_and_taken(session, steward):
    role, user = make_role(session, ("user", "list"), ("role", "*")), make_user(session)

    user.roles.append(role)
    save(session, steward)
    role.users.remove(user)
    save(session, steward)
    session.delete(role)
    save(session, steward)

    assert identity_of(session, user).roles == ()


def test_nobody_changes_or_deletes_a_role_with_rights_he_lacks(session, steward):
    role = make_role(session, ("course", "edit"))
    session.commit()

    role.name = "Mine"
    assert "rights that you lack" in refused(session, steward)
    session.delete(role)
    assert "rights that you lack" in refused(session, steward)


# --- grants -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grant", [("course", "list"), ("*", "list"), ("user", "*"), ("*", "*")])
def test_nobody_grants_what_he_lacks_in_any_way(session, grant):
    identity = identity_with(session, ("user", "list"), ("role", "*"), ("role-grant", "*"))
    role = make_role(session, ("user", "list"))
    session.commit()
    model, action = grant

    session.add(RoleGrant(role=role, model=model, action=action))
    assert "do not hold" in refused(session, identity)
    session.add(RoleGrant(role_id=role.role_id, model=model, action=action))
    assert "do not hold" in refused(session, identity)
    role.grants.append(RoleGrant(model=model, action=action))
    assert "do not hold" in refused(session, identity)
    session.add(Role(name="New", grants=[RoleGrant(model=model, action=action)]))
    assert "do not hold" in refused(session, identity)
    role.grants[0].model, role.grants[0].action = grant
    assert "do not hold" in refused(session, identity)


def test_nobody_adds_to_or_takes_from_a_role_with_rights_he_lacks(session, steward):
    role, own = make_role(session, ("course", "edit"), ("user", "list")), make_role(session, ("user", "edit"))
    session.commit()
    moved = own.grants[0]

    session.add(RoleGrant(role=role, model="user", action="edit"))
    assert "rights that you lack" in refused(session, steward)
    session.delete(role.grants[1])
    assert "rights that you lack" in refused(session, steward)
    role.grants.pop(1)  # an orphan, deleted by the flush
    assert "rights that you lack" in refused(session, steward)
    role.grants[0].model = "user"
    assert "rights that you lack" in refused(session, steward)
    moved.role = role
    assert "rights that you lack" in refused(session, steward)
    moved.role_id = role.role_id
    assert "rights that you lack" in refused(session, steward)
    role.grants[0].role = own
    assert "do not hold" in refused(session, steward)


def test_what_one_holds_one_may_grant_and_withdraw(session, steward):
    role = Role(name="New", grants=[RoleGrant(model="user", action="list")])
    session.add(role)
    save(session, steward)
    role.grants.append(RoleGrant(model="role", action="*"))
    save(session, steward)
    role.grants.pop()
    save(session, steward)

    assert [(grant.model, grant.action) for grant in role.grants] == [("user", "list")]


# --- what the site writes itself ----------------------------------------------------------------------------


@pytest.mark.parametrize("identity", [None, COMMAND_LINE, "superuser"])
def test_nobody_writes_sessions_links_or_history_by_hand(session, identity):
    identity = an_administrator(session) if identity == "superuser" else identity
    user, now = make_user(session, signed_in_on=1), utc_now()
    create_link(session, user, LinkPurpose.FIRST_PASSWORD)
    session.commit()
    link, entry = session.scalars(select(CredentialToken)).one(), session.scalars(select(AuditEntry)).first()
    forged = {"token_hash": hash_token("known")}

    session.add(UserSession(user=user, start_time=now, expiration_time=now, last_seen_at=now, **forged))
    assert "signs in" in refused(session, identity)
    user.sessions[0].token_hash = hash_token("known")
    assert "signs in" in refused(session, identity)
    user.sessions[0].user = make_user(session)
    assert "signs in" in refused(session, identity)
    session.add(
        CredentialToken(
            user=user, purpose=LinkPurpose.RESET_PASSWORD, created_at=now, expires_at=now, **forged
        )
    )
    assert "by the site itself" in refused(session, identity)
    link.token_hash = hash_token("known")
    assert "by the site itself" in refused(session, identity)
    user.credential_tokens = []
    assert "by the site itself" in refused(session, identity)
    session.delete(link)
    assert "by the site itself" in refused(session, identity)
    entry.actor_name = "somebody else"
    assert "by the site itself" in refused(session, identity)
    session.delete(entry)
    assert "by the site itself" in refused(session, identity)


def test_sessions_are_ended_by_whoever_has_power_over_the_person(session, steward, mighty, superuser):
    plain = make_user(session, signed_in_on=1)
    session.commit()

    for user in (mighty, superuser):
        session.delete(user.sessions[0])
        assert "rights that you lack" in refused(session, steward)
    session.delete(plain.sessions[0])
    save(session, steward)


def test_a_person_goes_with_sessions_and_links(session, steward):
    user = make_user(session, signed_in_on=2)
    create_link(session, user, LinkPurpose.FIRST_PASSWORD)
    session.commit()
    assert len(user.sessions) == 2
    assert len(user.credential_tokens) == 1

    session.delete(user)
    save(session, steward)

    for model in (UserSession, CredentialToken):
        assert session.scalar(select(func.count()).select_from(model)) == 0


# --- sessions and links end with the rights they rest on ----------------------------------------------------


@pytest.mark.parametrize(
    "change", ["deactivated", "demoted", "role given", "role taken", "member", "role gone"]
)
def test_a_change_of_rights_signs_the_person_out_everywhere(session, change):
    administrator = an_administrator(session)
    role, other = make_role(session, ("user", "list")), make_role(session, ("user", "edit"))
    user = make_user(session, roles=(role,), superuser=True, signed_in_on=2)
    session.commit()

    if change == "deactivated":
        user.is_active = False
    elif change == "demoted":
        user.is_superuser = False
    elif change == "role given":
        user.roles.append(other)
    elif change == "role taken":
        user.roles.remove(role)
    elif change == "member":
        other.users.append(user)
    else:
        session.delete(role)
    save(session, administrator)
    session.commit()

    assert session.scalars(select(UserSession)).all() == []


def test_other_changes_leave_the_person_signed_in(session):
    user, administrator = make_user(session, signed_in_on=2), an_administrator(session)

    user.first_name, user.age = "Other", 44
    save(session, administrator)

    assert len(user.sessions) == 2


@pytest.mark.parametrize("change", ["added", "changed", "moved", "taken", "deleted", "role gone"])
def test_a_change_of_a_roles_grants_ends_what_its_members_have_except_the_actors_session(session, change):
    role, other = make_role(session, ("user", "list")), make_role(session, ("user", "edit"))
    user, outsider = make_user(session, roles=(role,), signed_in_on=2), make_user(session, signed_in_on=1)
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD)
    own = make_user(session, superuser=True, signed_in_on=2)
    own.roles.append(role)
    session.commit()
    here = own.sessions[0].session_id
    actor = identity_of(session, own, here)
    kept = {here, outsider.sessions[0].session_id}

    if change == "added":
        session.add(RoleGrant(role_id=role.role_id, model="user", action="edit"))
    elif change == "changed":
        role.grants[0].action = "edit"
    elif change == "moved":
        role.grants[0].role = other
    elif change == "taken":
        role.grants.pop()
    elif change == "deleted":
        session.delete(role.grants[0])
    else:
        session.delete(role)
        kept.remove(here)
    save(session, actor)
    session.commit()

    assert set(session.scalars(select(UserSession.session_id))) == kept
    with pytest.raises(LinkExpired):
        peek_link(session, link.token)


@pytest.mark.parametrize("change", ["promoted", "demoted", "role given", "role taken", "joined", "left"])
def test_links_end_when_the_rights_of_the_person_change(session, change):
    administrator, role = an_administrator(session), make_role(session, ("user", "list"))
    other = make_role(session, ("user", "edit"))
    user = make_user(session, roles=(role,), superuser=change == "demoted")
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD)
    session.commit()

    if change in ("promoted", "demoted"):
        user.is_superuser = change == "promoted"
    elif change == "role given":
        user.roles.append(other)
    elif change == "role taken":
        user.roles.remove(role)
    elif change == "joined":
        other.users.append(user)
    else:
        role.users.remove(user)
    save(session, administrator)

    with pytest.raises(LinkExpired):
        peek_link(session, link.token)


@pytest.mark.parametrize(("name", "value"), [("is_active", False), ("email_address", "other@example.org")])
def test_links_end_when_the_person_is_deactivated_or_gets_another_address(session, name, value):
    user, administrator = make_user(session), an_administrator(session)
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD)

    setattr(user, name, value)
    save(session, administrator)
    user.is_active = True
    session.flush()

    with pytest.raises(LinkExpired):
        peek_link(session, link.token)


# --- the last superuser -------------------------------------------------------------------------------------


def lose(session, user, way):
    if way == "deleted":
        session.delete(user)
    else:
        setattr(user, {"demoted": "is_superuser", "deactivated": "is_active"}[way], False)


WAYS = ("demoted", "deactivated", "deleted")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("password", [None, PASSWORD])
def test_the_last_active_superuser_stays(session, way, password):
    make_user(session, superuser=True, is_active=False, password=PASSWORD)
    last = make_user(session, superuser=True, password=password)
    session.commit()

    for identity in (identity_of(session, last), COMMAND_LINE, None):
        lose(session, last, way)
        assert "last active superuser" in refused(session, identity, Conflict)


@pytest.mark.parametrize("way", WAYS)
def test_of_several_superusers_all_but_one_can_go(session, way):
    first, second = make_user(session, superuser=True), make_user(session, superuser=True)
    session.commit()

    lose(session, first, way)
    save(session, None)
    session.commit()

    lose(session, second, way)
    refused(session, None, Conflict)


def test_one_who_cannot_sign_in_yet_does_not_replace_the_last_superuser(session):
    make_user(session, superuser=True)
    last = make_user(session, superuser=True, password=PASSWORD)
    session.commit()

    last.is_superuser = False

    refused(session, None, Conflict)


@pytest.mark.parametrize("way", WAYS)
def test_two_superusers_cannot_go_in_one_flush(session, way):
    users = [make_user(session, superuser=True) for _ in range(2)]
    session.commit()

    for user in users:
        lose(session, user, way)

    refused(session, None, Conflict)


def test_the_last_superuser_can_change_everything_else(session):
    last = make_user(session, superuser=True)
    last.first_name = "Last"
    last.roles.append(make_role(session))

    save(session, identity_of(session, last))


@pytest.mark.parametrize("ways", [("demoted", "demoted"), ("deactivated", "demoted"), ("deleted", "deleted")])
def test_when_two_superusers_remove_each_other_at_once_one_of_them_stays(database, ways):
    for _ in range(5):
        with database.session() as session:
            for user in session.scalars(select(User)):
                session.delete(user)
            session.flush()
            pair = [identity_of(session, make_user(session, superuser=True)) for _ in range(2)]

        def remove(actor, victim, way):
            def work(session):
                lose(session, session.get(User, victim.user_id), way)
                save(session, actor)

            return work

        results = at_once(database, remove(*pair, ways[0]), remove(*reversed(pair), ways[1]))

        assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"], results
        with database.session() as session:
            left = session.scalars(select(User).where(User.is_superuser, User.is_active)).all()
            assert len(left) == 1


# --- refusals -----------------------------------------------------------------------------------------------


def test_a_refusal_outlives_the_transaction_it_undid(session, steward, superuser):
    superuser.is_active = False
    with pytest.raises(Forbidden) as refusal:
        guard(session, steward)
    session.rollback()

    note_refusal(session, refusal.value, superuser)
    session.commit()

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
    assert entry.changes == {"reason": [None, str(refusal.value)]}
    assert superuser.is_active


def test_a_grant_of_what_there_is_not_is_refused_with_what_could_be_meant(session, superuser):
    role = make_role(session)
    session.commit()
    actor = identity_of(session, superuser)
    offer(session, grantable({"course": "Courses", "user": "Users"}, {"action:close": "Close"}))

    def refusal(**values):
        with pytest.raises(Invalid) as refused:
            records.create(session, actor, describe(RoleGrant), {"role": role, **values})
        session.rollback()
        return refused.value.errors

    assert refusal(model="courses", action="list") == {
        "model": "There is no model “courses”. Did you mean “course”?"
    }
    assert refusal(model="course", action="xyz") == {
        "action": "There is no action “xyz”. There are “*”, “action:activate”, “action:close”, "
        "“action:end-sessions”, “action:remove-second-factor” and others."
    }
    assert refusal(model="user-session", action="edit").keys() == {"model", "action"}
    for model, action in (("course", "list"), ("*", "*"), ("course", "action:close")):
        records.create(session, actor, describe(RoleGrant), {"role": role, "model": model, "action": action})


COURSES = GrantableModel(
    "course",
    "Courses",
    {"list": "List", "delete": "Delete"},
    {"name": "Name", "start_date": "Start date"},
    {"open": "Only open ones"},
)


@pytest.mark.parametrize(
    ("limits", "wrong"),
    [
        ({"fields": "nmae"}, {"fields": "There is no field “nmae”. Did you mean “name”?"}),
        ({"scope": "opne"}, {"scope": "There is no limit “opne”. Did you mean “open”?"}),
        ({"fields": "name", "action": "delete"}, {"fields": WHOLE_RECORDS}),
        ({"fields": "name", "model": "*"}, {"fields": OF_ONE_MODEL.format(what="fields")}),
        ({"scope": "open", "model": "*"}, {"scope": OF_ONE_MODEL.format(what="rows")}),
        ({"scope": "open", "model": "user"}, {"scope": NO_SCOPES}),
        ({"fields": "name", "model": "user"}, {"fields": "There is no field “name” here."}),
    ],
)
def test_a_grant_is_limited_to_fields_and_rows_that_there_are(session, superuser, limits, wrong):
    role = make_role(session)
    session.commit()
    people = GrantableModel("user", "Users", {"list": "List"})
    offer(session, grantable({"course": "Courses", "user": "Users"}, {}, [COURSES, people]))

    values = {"role": role, "model": "course", "action": "list", **limits}
    with pytest.raises(Invalid) as refused:
        records.create(session, identity_of(session, superuser), describe(RoleGrant), values)

    assert refused.value.errors == wrong


@pytest.mark.parametrize(
    "limits",
    [{"fields": "start_date,name"}, {"scope": "open"}, {"action": "*", "fields": "name", "scope": "open"}],
)
def test_a_grant_may_name_fields_and_rows(session, superuser, limits):
    role = make_role(session)
    session.commit()
    offer(session, grantable({"course": "Courses"}, {}, [COURSES]))
    values = {"role": role, "model": "course", "action": "list", **limits}

    grant = records.create(session, identity_of(session, superuser), describe(RoleGrant), values)

    assert right_of(grant) == LimitedGrant(
        "course", values["action"], names_in(limits.get("fields")), limits.get("scope", "")
    )


def test_where_no_site_is_known_only_the_actions_are_checked(session):
    role = make_role(session)
    for model, action in (("book", "list"), ("book", "action:lend")):
        records.create(
            session, COMMAND_LINE, describe(RoleGrant), {"role": role, "model": model, "action": action}
        )

    with pytest.raises(Invalid) as refused:
        records.create(
            session, COMMAND_LINE, describe(RoleGrant), {"role": role, "model": "book", "action": "lst"}
        )

    assert refused.value.errors == {"action": "There is no action “lst”. Did you mean “list”?"}


def test_refusals_do_not_fill_the_trail(session):
    audit.attribute(session, audit.Act("1", "Mallory"))
    for _ in range(MAX_REFUSALS + 5):
        note_refusal(session, Forbidden("No. " * 200), label="/admin/" + "x" * 1000)
    audit.attribute(session, audit.Act("2", "Ada"))
    note_refusal(session, Forbidden("No."), label="/admin/user")

    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.entry_id)).all()
    assert [entry.actor_id for entry in entries] == ["1"] * MAX_REFUSALS + ["2"]
    reasons = [entry.changes["reason"][1] for entry in entries]
    assert (len(reasons[0]), len(entries[0].label)) == (200, 200)
    assert [LAST_REFUSAL in reason for reason in reasons] == [False] * (MAX_REFUSALS - 1) + [True, False]


def test_a_person_cannot_be_renamed_to_what_the_history_calls_others(session, superuser):
    user = make_user(session, first_name="Command")

    with pytest.raises(Invalid) as refused:
        records.update(session, identity_of(session, superuser), describe(User), user, {"last_name": "Line"})

    assert refused.value.errors.keys() == {"first_name"}
