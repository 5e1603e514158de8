"""People, how they sign in and how their passwords change."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from admin_site import audit
from admin_site.errors import Conflict, Forbidden, Invalid, LinkExpired
from admin_site.models import AuditEntry, CredentialToken, LinkPurpose, User, UserSession
from admin_site.models.accounts import normalize_name
from admin_site.models.audit import NOBODY
from admin_site.permissions import identity_of
from admin_site.security.passwords import Passwords, Policy
from admin_site.security.tokens import hash_token
from admin_site.services import accounts
from admin_site.services.accounts import SignInRefused
from admin_site.services.constraints import TAKEN
from admin_site.services.links import create_link, peek_link
from admin_site.services.sessions import identify, start_session
from tests.factories import CHEAP, PASSWORD, make_role, make_user
from tests.parallel import at_once

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NEW_PASSWORD = "seven clouds over a cello"


def sign_in(session, name, password=PASSWORD, **options):
    return accounts.sign_in(session, name, password, **{"passwords": CHEAP, "now": NOW, **options})


def events(session):
    return session.scalars(select(AuditEntry.action).order_by(AuditEntry.entry_id)).all()


# --- new people ---------------------------------------------------------------------------------------------


def test_a_new_person_has_the_roles_and_the_password_given(session):
    role = make_role(session, ("course", "list"))

    user = accounts.create_user(
        session,
        user_name=" ｍaria ",
        email_address="Maria@example.org",
        password=PASSWORD,
        roles=[role],
        first_name="Maria",
        passwords=CHEAP,
    )

    assert (user.user_name, user.email_address, user.first_name) == ("maria", "Maria@example.org", "Maria")
    assert identity_of(session, user).grants == {("course", "list")}
    assert sign_in(session, "maria")[0] is user


def test_a_new_person_without_a_password_cannot_sign_in(session):
    accounts.create_user(session, user_name="maria", email_address="maria@example.org")

    with pytest.raises(SignInRefused):
        sign_in(session, "maria", "")


@pytest.mark.parametrize("name", ["Admin", "ａdmin", "ADMIN", " admin"])
def test_a_name_is_taken_in_every_case_and_width(session, name):
    make_user(session, user_name="admin", email_address="root@example.org")

    with pytest.raises(Invalid) as refusal:
        accounts.create_user(session, user_name=name, email_address="ROOT@Example.org")

    assert refusal.value.errors.keys() == {"user_name", "email_address"}


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Ärger", "ärger"),
        ("ärger", "ÄRGER"),
        ("Ｏ’ΝΕΙΛ", "o’νειλ"),
        ("Ж", "ж"),
        ("İpek", "İPEK"),
        ("ﬁona", "FIONA"),
    ],
)
def test_a_name_is_taken_in_every_case_of_every_alphabet(session, stored, typed):
    user = accounts.create_user(session, user_name=stored, email_address=f"{stored}@example.org")
    session.commit()

    with pytest.raises(Invalid) as refusal:
        accounts.create_user(session, user_name=typed, email_address=f"{typed}@example.org")
    assert refusal.value.errors == {"user_name": TAKEN, "email_address": TAKEN}
    session.rollback()
    assert {accounts.find_user(session, name).user_id for name in (stored, typed)} == {user.user_id}
    session.add(User(user_name=typed, email_address="other@example.org"))
    with pytest.raises(IntegrityError):  # not only the service says so
        session.flush()


def test_a_name_is_stored_as_it_would_be_stored_again():
    letters = [chr(number) for number in range(0x20, 0x30000) if chr(number).isalpha()]
    for start in range(0, len(letters), 900):
        name = normalize_name("".join(letters[start : start + 900]))
        assert normalize_name(name) == name


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"user_name": "system"}, {"user_name"}),
        ({"user_name": "CLI:root"}, {"user_name"}),
        ({"user_name": "\uff43\uff4c\uff49\uff1a root"}, {"user_name"}),
        ({"user_name": "Command-Line"}, {"user_name"}),
        ({"user_name": "ｎot signed in"}, {"user_name"}),
        ({"user_name": "holder.of.a.link"}, {"user_name"}),
        ({"user_name": "Ada Lovelace (ada)"}, {"user_name"}),
        ({"first_name": "System"}, {"first_name"}),
        ({"first_name": "command", "last_name": "line"}, {"first_name"}),
        ({"last_name": "SYSTEM"}, {"last_name"}),
    ],
)
def test_nobody_is_called_what_the_history_calls_those_without_an_account(session, values, wrong):
    with pytest.raises(Invalid) as refusal:
        accounts.create_user(session, **{"user_name": "maria", "email_address": "maria@example.org"} | values)

    assert refusal.value.errors.keys() == wrong


@pytest.mark.parametrize(
    ("user_name", "email_address", "wrong"),
    [
        ("", "maria@example.org", {"user_name"}),
        ("  ", "", {"user_name", "email_address"}),
        ("m" * 151, "maria@example.org", {"user_name"}),
        ("maria", "m" * 250 + "@x.yz", {"email_address"}),
        ("maria", "maria", {"email_address"}),
        ("maria", "@maria", {"email_address"}),
        ("ma\0ria", "maria@exa\nmple.org", {"user_name", "email_address"}),
        ("ma\u200bria", "maria\u202e@example.org", {"user_name", "email_address"}),
        ("ma\u00adria", "maria\ufeff@example.org", {"user_name", "email_address"}),
        ("ma\u2028ria", "maria@example.org", {"user_name"}),
        ("\u3164", "maria\u2800@example.org", {"user_name", "email_address"}),
        ("other@example.org", "maria@example.org", {"user_name"}),
        ("m" * 100_000, "a" + "\u0301\u0316" * 100_000, {"user_name", "email_address"}),
    ],
)
def test_names_that_cannot_be_are_refused_by_field(session, user_name, email_address, wrong):
    with pytest.raises(Invalid) as refusal:
        accounts.create_user(session, user_name=user_name, email_address=email_address)

    assert refusal.value.errors.keys() == wrong


def test_a_person_may_be_called_by_the_own_address_but_not_by_that_of_another(session):
    own = accounts.create_user(session, user_name="Maria@example.org", email_address="maria@example.org")
    make_user(session, user_name="old@example.org", email_address="new@example.org")

    assert own.user_name == "Maria@example.org"
    with pytest.raises(Invalid) as refusal:
        accounts.create_user(session, user_name="third", email_address="OLD@example.org")
    assert refusal.value.errors == {"email_address": TAKEN}
    with pytest.raises(Invalid) as refusal:
        accounts.create_user(session, user_name="new@example.org", email_address="new@example.org")
    assert refusal.value.errors.keys() == {"user_name", "email_address"}


@pytest.mark.parametrize("password", ["short", "maria@example.org", "aaaaaaaaaaaaaaaaaaa"])
def test_a_weak_password_is_refused_on_every_path(session, password):
    user = make_user(session, user_name="maria", email_address="maria@example.org")
    link = create_link(session, user, LinkPurpose.FIRST_PASSWORD, now=NOW)
    new = {"user_name": "other", "email_address": "maria@example.org"}

    for attempt in (
        lambda: accounts.create_user(session, password=password, **new | {"email_address": "o@example.org"}),
        lambda: accounts.set_password(session, user, password),
        lambda: accounts.redeem_link(session, link.token, password, now=NOW),
    ):
        if password == "maria@example.org" and "create_user" in attempt.__code__.co_names:
            continue  # it is somebody else's name there
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert refusal.value.errors.keys() == {"password"}
    assert user.password_hash is None


def test_of_two_who_take_one_name_at_once_one_gets_it(database):
    def create(number):
        return lambda session: accounts.create_user(
            session, user_name="maria", email_address=f"maria{number}@example.org"
        )

    results = at_once(database, create(1), create(2))

    assert sorted(type(result).__name__ for result in results) == ["Invalid", "User"]


# --- sign-in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["maria", "MARIA", " maria ", "Maria@Example.org", "ｍaria"])
def test_a_person_signs_in_by_name_or_address_in_any_case(session, name):
    user = make_user(session, password=PASSWORD, user_name="Maria", email_address="maria@example.org")

    found, token = sign_in(session, name, ip_address="192.0.2.7", user_agent="Browser\r\n" + "x" * 600)

    assert found is user
    assert user.last_login == NOW
    assert identify(session, token, now=NOW).user_id == user.user_id
    started = session.scalars(select(UserSession)).one()
    assert started.token_hash == hash_token(token)
    assert (started.ip_address, len(started.user_agent)) == ("192.0.2.7", 500)
    assert "\n" not in started.user_agent
    assert "sign_in" in events(session)


def test_signing_in_does_not_count_as_a_change_of_the_person(session):
    user = make_user(session, password=PASSWORD, updated_at=NOW)

    sign_in(session, user.user_name, now=NOW + timedelta(days=1))
    session.expire_all()

    assert user.updated_at == NOW
    assert events(session) == ["create", "sign_in"]


def test_the_name_of_one_person_is_not_the_address_of_another(session):
    victim = make_user(session, password=PASSWORD, user_name="victim", email_address="victim@example.org")
    make_user(session, password=NEW_PASSWORD, user_name="victim@example.org", email_address="victim")

    assert sign_in(session, "victim@example.org")[0] is victim
    assert sign_in(session, "victim")[0] is victim


def test_unknown_wrong_inactive_and_passwordless_are_refused_in_the_same_words(session):
    make_user(session, password=PASSWORD, user_name="right")
    make_user(session, password=PASSWORD, user_name="inactive", is_active=False)
    make_user(session, user_name="passwordless")
    tried = [("nobody", PASSWORD), ("right", "wrong"), ("inactive", PASSWORD), ("passwordless", ""), ("", "")]

    words = []
    for name, password in tried:
        with pytest.raises(SignInRefused) as refusal:
            sign_in(session, name, password)
        words.append(str(refusal.value))

    assert len(set(words)) == 1
    assert session.scalars(select(UserSession)).all() == []
    assert events(session)[-5:] == ["sign_in_failed"] * 5
    assert isinstance(refusal.value, Forbidden)


def test_unknown_wrong_inactive_and_passwordless_are_refused_after_the_same_time(session):
    passwords = Passwords(Policy(memory_kib=16 * 1024, time_cost=2, parallelism=1))
    stored = passwords.hash(PASSWORD)
    make_user(session, user_name="known", password_hash=stored)
    make_user(session, user_name="inactive", password_hash=stored, is_active=False)
    make_user(session, user_name="passwordless")
    session.commit()

    def seconds(name):
        samples = []
        for _ in range(9):
            start = time.thread_time()
            with pytest.raises(SignInRefused):
                sign_in(session, name, "wrong", passwords=passwords)
            samples.append(time.thread_time() - start)
        return min(samples)

    seconds("warm-up")
    times = [seconds(name) for name in ("known", "nobody", "inactive", "passwordless")]

    assert max(times) < 2 * min(times)


def test_an_over_long_name_is_unknown_before_it_is_normalized(session):
    start = time.thread_time()
    with pytest.raises(SignInRefused):
        sign_in(session, "a" + "\u0301\u0316" * 100_000, PASSWORD)

    assert time.thread_time() - start < 1


@pytest.mark.parametrize("name", ["maria", "nobody"])
def test_no_connection_is_held_while_a_password_is_hashed(session, name):
    make_user(session, user_name="maria", password=PASSWORD)
    held = []

    class Watching(Passwords):
        def verify(self, password_hash, password):
            held.append(session.in_transaction())
            return super().verify(password_hash, password)

    with pytest.raises(SignInRefused):
        sign_in(session, name, "wrong", passwords=Watching(Policy(memory_kib=8, time_cost=1, parallelism=1)))

    assert held == [False]


@pytest.mark.parametrize("change", [{"is_active": False}, {"password_hash": CHEAP.hash(NEW_PASSWORD)}])
def test_what_changes_while_a_password_is_hashed_counts(database, change):
    with database.session() as session:
        key = make_user(session, user_name="maria", password=PASSWORD).user_id

    class Slow(Passwords):
        def verify(self, password_hash, password):
            with database.session() as other:
                for name, value in change.items():
                    setattr(other.get(User, key), name, value)
            return super().verify(password_hash, password)

    slow = Slow(Policy(memory_kib=8, time_cost=1, parallelism=1))
    with database.session() as session, pytest.raises(SignInRefused):
        sign_in(session, "maria", passwords=slow)


@pytest.mark.parametrize("name", ["nul\0", "half \ud800", "x" * 100_000, "' OR 1=1 --", "%", "admin\n"])
def test_any_text_can_be_tried_as_a_name(session, name):
    make_user(session, password=PASSWORD, user_name="admin")

    with pytest.raises(SignInRefused):
        sign_in(session, name, "\ud800\0")


def test_what_was_typed_for_an_unknown_name_is_not_kept(session):
    with pytest.raises(SignInRefused):
        sign_in(session, "my secret password", "")

    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.label, entry.key) == ("sign_in_failed", "unknown name", "")


def test_a_weaker_hash_is_replaced_by_a_right_sign_in_only(session):
    stronger = Passwords(Policy(memory_kib=16, time_cost=1, parallelism=1))
    user = make_user(session, password=PASSWORD)
    before = user.password_hash

    with pytest.raises(SignInRefused):
        sign_in(session, user.user_name, "wrong", passwords=stronger)
    assert user.password_hash == before

    sign_in(session, user.user_name, passwords=stronger)
    assert not stronger.needs_rehash(user.password_hash)
    assert stronger.verify(user.password_hash, PASSWORD)


def test_every_sign_in_has_a_session_of_its_own_and_ends_the_one_it_replaces(session):
    user = make_user(session, password=PASSWORD)
    _, first = sign_in(session, user.user_name)
    _, second = sign_in(session, user.user_name)

    _, third = sign_in(session, user.user_name, replaces=first)

    assert len({first, second, third}) == 3
    assert identify(session, first, now=NOW) is None
    assert identify(session, second, now=NOW) is not None
    assert identify(session, third, now=NOW) is not None


def test_signing_in_ends_the_links_of_the_person(session):
    user = make_user(session, password=PASSWORD)
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD, now=NOW)

    sign_in(session, user.user_name)

    with pytest.raises(LinkExpired):
        peek_link(session, link.token, now=NOW)


def test_signing_in_and_out_are_the_deeds_of_the_person(session):
    user = make_user(session, password=PASSWORD, user_name="maria", first_name="Maria")
    audit.attribute(session, audit.Act(None, NOBODY, request_id="r1"))
    with pytest.raises(SignInRefused):
        sign_in(session, "maria", "wrong")
    _, token = sign_in(session, "maria")
    audit.attribute(session, audit.Act(None, NOBODY))
    accounts.sign_out(session, token)

    entries = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("sign"))).all()
    failed, signed_in, signed_out = sorted(entries, key=lambda entry: entry.entry_id)
    assert (failed.actor_id, failed.actor_name) == (None, NOBODY)
    for entry in (signed_in, signed_out):
        assert (entry.actor_id, entry.actor_name) == (str(user.user_id), "Maria (maria)")
    assert signed_in.request_id == "r1"
    assert [str(entry) for entry in (failed, signed_in, signed_out)] == [
        "Somebody not signed in failed to sign in as Maria",
        "Maria (maria) signed in",
        "Maria (maria) signed out",
    ]


def test_signing_out_ends_this_session_only(session):
    user = make_user(session, password=PASSWORD)
    _, first = sign_in(session, user.user_name)
    _, second = sign_in(session, user.user_name)

    accounts.sign_out(session, first)
    accounts.sign_out(session, first)
    accounts.sign_out(session, "no such token")

    assert identify(session, first, now=NOW) is None
    assert identify(session, second, now=NOW) is not None
    assert events(session).count("sign_out") == 1


# --- passwords ----------------------------------------------------------------------------------------------


def test_a_new_password_ends_the_other_sessions_and_the_links(session):
    user = make_user(session, password=PASSWORD, must_change_password=True)
    here, elsewhere = start_session(session, user, now=NOW), start_session(session, user, now=NOW)
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD, now=NOW)
    this_session = identify(session, here, now=NOW).session_id

    accounts.set_password(session, user, NEW_PASSWORD, keep_session=this_session, now=NOW, passwords=CHEAP)

    assert identify(session, here, now=NOW) is not None
    assert identify(session, elsewhere, now=NOW) is None
    assert (user.must_change_password, user.password_changed_at) == (False, NOW)
    with pytest.raises(LinkExpired):
        peek_link(session, link.token, now=NOW)
    with pytest.raises(SignInRefused):
        sign_in(session, user.user_name, PASSWORD)
    assert sign_in(session, user.user_name, NEW_PASSWORD)[0] is user


def test_a_link_sets_the_password_once(session):
    user = make_user(session, signed_in_on=2)
    link = create_link(session, user, LinkPurpose.FIRST_PASSWORD, now=NOW)

    assert accounts.redeem_link(session, link.token, PASSWORD, now=NOW, passwords=CHEAP) is user

    assert user.sessions == []
    assert sign_in(session, user.user_name)[0] is user
    assert "redeem_link" in events(session)
    with pytest.raises(LinkExpired):
        accounts.redeem_link(session, link.token, NEW_PASSWORD, now=NOW, passwords=CHEAP)
    assert sign_in(session, user.user_name)[0] is user


def test_who_has_the_link_is_on_record_and_not_whose_password_it_sets(session):
    user = make_user(session, first_name="Maria")
    link = create_link(session, user, LinkPurpose.FIRST_PASSWORD, now=NOW)

    accounts.redeem_link(session, link.token, NEW_PASSWORD, now=NOW, passwords=CHEAP)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "redeem_link")).one()
    assert (entry.actor_id, str(entry)) == (None, "The holder of a link set the password of Maria")


@pytest.mark.parametrize("door", ["link", "sign-in"])
def test_while_a_password_is_hashed_no_connection_is_held_and_others_write(database, door):
    with database.session() as session:
        user = make_user(session, user_name="maria", password=None if door == "link" else PASSWORD)
        token = create_link(session, user, LinkPurpose.FIRST_PASSWORD).token if door == "link" else ""

    class Watching(Passwords):
        hashed = 0

        def hash(self, password):
            self.hashed += 1
            assert database.engine.pool.checkedout() == 0
            with database.session() as other:
                make_user(other)
            return super().hash(password)

    watching = Watching(Policy(memory_kib=16, time_cost=1, parallelism=1))
    with database.session() as session:
        if door == "link":
            accounts.redeem_link(session, token, NEW_PASSWORD, passwords=watching)
        else:
            accounts.sign_in(session, "maria", PASSWORD, passwords=watching)
    assert watching.hashed == 1


def test_a_refused_password_gives_the_link_back_even_when_the_transaction_is_committed(session):
    user = make_user(session)
    link = create_link(session, user, LinkPurpose.FIRST_PASSWORD, now=NOW)
    session.commit()

    with pytest.raises(Invalid):
        accounts.redeem_link(session, link.token, "too short", now=NOW)
    session.commit()

    assert peek_link(session, link.token, now=NOW) is user


@pytest.mark.parametrize("case", ["unknown", "too old", "of a sibling", "deactivated", "deleted", "odd"])
def test_a_link_that_no_longer_works_is_refused_in_one_way(session, case):
    user = make_user(session)
    link = create_link(session, user, LinkPurpose.FIRST_PASSWORD, now=NOW)
    token, now = link.token, NOW
    if case == "unknown":
        token = "x" * 43
    elif case == "odd":
        token = "\0\ud800" + "x" * 100_000
    elif case == "too old":
        now = NOW + timedelta(hours=1)
    elif case == "of a sibling":
        create_link(session, user, LinkPurpose.RESET_PASSWORD, now=NOW)
    elif case == "deactivated":
        user.is_active = False
    else:
        session.delete(user)
    session.flush()

    with pytest.raises(LinkExpired):
        peek_link(session, token, now=now)
    with pytest.raises(LinkExpired):
        accounts.redeem_link(session, token, PASSWORD, now=now, passwords=CHEAP)


@pytest.mark.parametrize("change", ["promoted", "role", "weakened", "deactivated"])
def test_a_link_works_only_while_its_maker_covers_the_rights_of_its_owner(session, change):
    role = make_role(session, ("user", "*"))
    user, maker = make_user(session, password=PASSWORD), make_user(session, roles=(role,))
    held = make_role(session, ("user", "list"))
    user.roles.append(held)
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD, created_by=maker.user_id, now=NOW)
    session.flush()
    assert peek_link(session, link.token, now=NOW) is user

    if change == "promoted":
        user.is_superuser = True
    elif change == "role":
        user.roles.append(make_role(session, ("course", "edit")))
    elif change == "weakened":
        maker.roles.clear()
    else:
        maker.is_active = False
    session.flush()

    with pytest.raises(LinkExpired):
        peek_link(session, link.token, now=NOW)
    with pytest.raises(LinkExpired):
        accounts.redeem_link(session, link.token, NEW_PASSWORD, now=NOW, passwords=CHEAP)
    assert CHEAP.verify(user.password_hash, PASSWORD)


def test_a_link_of_a_superuser_works_for_everybody(session):
    user, maker = make_user(session, superuser=True), make_user(session, superuser=True)
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD, created_by=maker.user_id, now=NOW)

    assert accounts.redeem_link(session, link.token, PASSWORD, now=NOW, passwords=CHEAP) is user


def test_looking_at_a_link_uses_nothing_up(session):
    user = make_user(session)
    link = create_link(session, user, LinkPurpose.FIRST_PASSWORD, now=NOW)

    for _ in range(3):
        assert peek_link(session, link.token, now=NOW) is user

    assert link.expires_at == NOW + timedelta(hours=1)
    assert link.token not in repr(link)
    assert session.scalars(select(CredentialToken.token_hash)).all() == [hash_token(link.token)]


@pytest.mark.parametrize("peeks", [False, True], ids=["straight", "after looking"])
def test_of_two_who_use_a_link_at_once_one_succeeds(database, peeks):
    with database.session() as session:
        user = make_user(session, user_name="maria")
        link = create_link(session, user, LinkPurpose.FIRST_PASSWORD)

    def redeem(password):
        def work(session):
            if peeks:
                peek_link(session, link.token)
            return accounts.redeem_link(session, link.token, password, passwords=CHEAP)

        return work

    results = at_once(database, *(redeem(f"{PASSWORD} {number}") for number in range(4)))

    assert sum(isinstance(result, User) for result in results) == 1, results
    assert sum(isinstance(result, LinkExpired | Conflict) for result in results) == 3, results


# --- the first superuser ------------------------------------------------------------------------------------


def test_the_first_superuser_sets_the_password_by_a_link(session):
    link = accounts.ensure_superuser(session, now=NOW)

    user = accounts.redeem_link(session, link.token, PASSWORD, now=NOW, passwords=CHEAP)

    assert (user.user_name, user.email_address, link.user_name) == ("admin", "admin@example.org", "admin")
    assert user.is_superuser
    assert user.is_active
    assert link.purpose is LinkPurpose.FIRST_PASSWORD
    assert accounts.ensure_superuser(session, now=NOW) is None


def test_asking_again_for_the_first_superuser_ends_the_earlier_link(session):
    first = accounts.ensure_superuser(session, now=NOW)
    second = accounts.ensure_superuser(session, now=NOW)

    assert len(session.scalars(select(User)).all()) == 1
    assert peek_link(session, second.token, now=NOW).user_name == "admin"
    with pytest.raises(LinkExpired):
        peek_link(session, first.token, now=NOW)


def test_a_superuser_who_cannot_sign_in_does_not_count(session):
    make_user(session, password=PASSWORD, superuser=True, is_active=False)
    waiting = make_user(session, superuser=True)

    link = accounts.ensure_superuser(session, now=NOW)

    assert peek_link(session, link.token, now=NOW) is waiting


def test_somebody_elses_name_is_not_taken_for_the_first_superuser(session):
    make_user(session, password=PASSWORD, user_name="Admin", email_address="someone@example.org")

    link = accounts.ensure_superuser(session, now=NOW)

    assert link.user_name == "admin-2"


# --- secrets ------------------------------------------------------------------------------------------------


def test_no_secret_is_stored_in_clear_or_written_to_the_audit_trail(session):
    user = make_user(session)
    link = create_link(session, user, LinkPurpose.FIRST_PASSWORD, now=NOW)
    accounts.redeem_link(session, link.token, PASSWORD, now=NOW, passwords=CHEAP)
    _, token = sign_in(session, user.user_name)
    session.flush()
    canaries = [PASSWORD, link.token, token]

    for table in ("users", "user_sessions", "credential_tokens", "audit_entries"):
        stored = str(session.execute(text(f"SELECT * FROM {table}")).all())
        assert not any(canary in stored for canary in canaries), table
    trail = str(session.execute(text("SELECT * FROM audit_entries")).all())
    assert user.password_hash not in trail
    assert hash_token(token) not in trail
