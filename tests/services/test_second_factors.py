"""A second factor of sign-in: codes of an authenticator, and those that stand in for a lost one."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select, text

from admin_site.errors import Conflict, Invalid, LinkExpired
from admin_site.models import AuditEntry, LinkPurpose, OutgoingMail, RecoveryCode, SecondFactor, User
from admin_site.services import second_factors
from admin_site.services.links import create_link, peek_link
from admin_site.services.sessions import identify, start_session
from tests.factories import PASSWORD, make_user
from tests.parallel import at_once

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def code_of(secret, moment=NOW):
    return pyotp.TOTP(secret).at(moment)


def turned_on(session, user, **options):
    """Give `user` a second factor; return its secret and the recovery codes."""
    offer = second_factors.offer(session, user, now=NOW)
    return offer.secret, second_factors.confirm(session, user, code_of(offer.secret), now=NOW, **options)


def events(session):
    return session.scalars(select(AuditEntry.action).order_by(AuditEntry.entry_id)).all()


def test_an_offer_asks_nobody_for_a_code_before_it_is_confirmed(session):
    user = make_user(session)

    offer = second_factors.offer(session, user, issuer="Northwind", now=NOW)

    assert not second_factors.is_on(session, user)
    assert not second_factors.verify(session, user, code_of(offer.secret), now=NOW)
    assert f"secret={offer.secret}" in offer.uri
    assert "issuer=Northwind" in offer.uri
    assert offer.secret not in repr(offer)


def test_an_offer_is_the_same_for_an_hour_and_another_one_then(session):
    user = make_user(session)
    first = second_factors.offer(session, user, now=NOW)

    again = second_factors.offer(session, user, now=NOW + timedelta(minutes=59))
    later = second_factors.offer(session, user, now=NOW + timedelta(minutes=60))

    assert again == first
    assert later.secret != first.secret
    with pytest.raises(Invalid):
        second_factors.confirm(session, user, code_of(first.secret, NOW + timedelta(minutes=60)), now=NOW)


def test_a_right_code_turns_it_on_and_gives_ten_recovery_codes(session):
    user = make_user(session)

    _, codes = turned_on(session, user)

    assert second_factors.is_on(session, user)
    assert len(set(codes)) == second_factors.codes_left(session, user) == 10
    assert "add_second_factor" in events(session)
    assert session.scalars(select(OutgoingMail.kind)).all() == ["second_factor_added"]


@pytest.mark.parametrize("typed", ["", "000000", "abc", "x" * 10_000])
def test_a_wrong_code_turns_nothing_on(session, typed):
    user = make_user(session)
    second_factors.offer(session, user, now=NOW)

    with pytest.raises(Invalid) as refusal:
        second_factors.confirm(session, user, typed, now=NOW)

    assert refusal.value.errors.keys() == {"code"}
    assert not second_factors.is_on(session, user)


def test_nothing_is_confirmed_that_was_not_offered_or_an_hour_ago(session):
    user = make_user(session)
    with pytest.raises(Invalid):
        second_factors.confirm(session, user, "000000", now=NOW)

    offer, late = second_factors.offer(session, user, now=NOW), NOW + timedelta(hours=1)
    with pytest.raises(Invalid):
        second_factors.confirm(session, user, code_of(offer.secret, late), now=late)


def test_who_has_one_is_offered_no_second_one(session):
    user = make_user(session)
    secret, _ = turned_on(session, user)

    with pytest.raises(Conflict):
        second_factors.offer(session, user, now=NOW)
    with pytest.raises(Conflict):
        second_factors.confirm(session, user, code_of(secret, LATER), now=LATER)


def test_of_two_who_confirm_at_once_one_is_told_the_codes(database):
    with database.session() as session:
        key = make_user(session).user_id
        secret = second_factors.offer(session, session.get(User, key), now=NOW).secret

    def confirm(session):
        return second_factors.confirm(session, session.get(User, key), code_of(secret), now=NOW)

    results = at_once(database, confirm, confirm)

    assert sorted(type(result).__name__ for result in results) in (
        ["Conflict", "list"],
        ["OperationalError", "list"],
    )


def test_each_code_works_once(session):
    user = make_user(session)
    secret, _ = turned_on(session, user)

    assert not second_factors.verify(session, user, code_of(secret), now=NOW), "it was typed to turn it on"
    assert second_factors.verify(session, user, code_of(secret, LATER), now=LATER)
    assert not second_factors.verify(session, user, code_of(secret, LATER), now=LATER)
    before = LATER - timedelta(seconds=30)
    assert not second_factors.verify(session, user, code_of(secret, before), now=LATER)


def test_each_recovery_code_works_once_and_says_so(session):
    user = make_user(session)
    _, codes = turned_on(session, user)

    assert second_factors.verify(session, user, codes[0].upper(), now=NOW)
    assert not second_factors.verify(session, user, codes[0], now=NOW)
    assert second_factors.verify(session, user, codes[1].replace("-", ""), now=NOW)
    assert second_factors.codes_left(session, user) == 8
    assert events(session)[-2:] == ["use_recovery_code"] * 2
    assert session.scalars(select(OutgoingMail.kind)).all()[-2:] == ["recovery_code_used"] * 2


@pytest.mark.parametrize("kind", ["code", "recovery code"])
def test_of_two_who_type_one_code_at_once_one_succeeds(database, kind):
    with database.session() as session:
        user = make_user(session)
        key = user.user_id
        secret, codes = turned_on(session, user)
    typed = code_of(secret, LATER) if kind == "code" else codes[0]

    def verify(session):
        return second_factors.verify(session, session.get(User, key), typed, now=LATER)

    results = at_once(database, verify, verify)

    assert sorted(map(str, results))[-1] == "True"
    assert results.count(True) == 1


def test_codes_of_one_person_are_of_no_use_to_another(session):
    ada, eve = make_user(session), make_user(session)
    secret, codes = turned_on(session, ada)
    turned_on(session, eve)

    assert not second_factors.verify(session, eve, code_of(secret, LATER), now=LATER)
    assert not second_factors.verify(session, eve, codes[0], now=LATER)
    assert second_factors.verify(session, ada, codes[0], now=LATER)


def test_only_hashes_of_recovery_codes_are_stored(session):
    user = make_user(session)
    _, codes = turned_on(session, user)

    stored = session.scalars(select(RecoveryCode.code_hash)).all()

    plain = {code.replace("-", "") for code in codes}
    assert not plain & set(stored)
    assert {len(digest) for digest in stored} == {64}
    assert not second_factors.verify(session, user, stored[0], now=LATER)


def test_new_recovery_codes_take_the_place_of_the_earlier_ones(session):
    user = make_user(session)
    _, earlier = turned_on(session, user)
    second_factors.verify(session, user, earlier[0], now=NOW)

    codes = second_factors.renew_codes(session, user, now=LATER)

    assert second_factors.codes_left(session, user) == len(codes) == 10
    assert not any(second_factors.verify(session, user, code, now=LATER) for code in earlier)
    assert second_factors.verify(session, user, codes[0], now=LATER)
    with pytest.raises(Conflict):
        second_factors.renew_codes(session, make_user(session))


def test_setting_one_up_ends_the_other_sessions_and_the_links(session):
    user = make_user(session)
    here, elsewhere = start_session(session, user, now=NOW), start_session(session, user, now=NOW)
    link = create_link(session, user, LinkPurpose.RESET_PASSWORD, now=NOW)
    kept = identify(session, here, now=NOW).session_id

    turned_on(session, user, keep_session=kept)

    assert identify(session, here, now=NOW) is not None
    assert identify(session, elsewhere, now=NOW) is None
    with pytest.raises(LinkExpired):
        peek_link(session, link.token, now=NOW)


def test_removing_it_takes_the_codes_along_and_ends_the_other_sessions(session):
    user = make_user(session)
    secret, codes = turned_on(session, user)
    here, elsewhere = start_session(session, user, now=NOW), start_session(session, user, now=NOW)
    kept = identify(session, here, now=NOW).session_id

    second_factors.remove(session, user, keep_session=kept, now=LATER)

    assert not second_factors.is_on(session, user)
    assert session.scalars(select(RecoveryCode)).all() == session.scalars(select(SecondFactor)).all() == []
    assert not second_factors.verify(session, user, code_of(secret, LATER), now=LATER)
    assert not second_factors.verify(session, user, codes[0], now=LATER)
    assert identify(session, here, now=NOW) is not None
    assert identify(session, elsewhere, now=NOW) is None
    assert events(session)[-1] == "remove_second_factor"


def test_removing_what_is_not_there_does_nothing(session):
    user = make_user(session, signed_in_on=1)

    second_factors.remove(session, user)

    assert len(user.sessions) == 1
    assert events(session) == ["create"]


@pytest.mark.parametrize(
    ("chosen_at", "has_to_change"), [(None, False), (NOW - timedelta(days=1), False), (LATER, True)]
)
def test_a_password_that_was_allowed_to_be_short_has_to_be_changed_without_a_second_factor(
    session, chosen_at, has_to_change
):
    user = make_user(session, password=PASSWORD)
    turned_on(session, user)
    user.password_changed_at = chosen_at

    second_factors.remove(session, user, now=LATER)

    assert user.must_change_password is has_to_change


def test_after_removing_it_another_one_can_be_set_up(session):
    user = make_user(session)
    former, _ = turned_on(session, user)
    second_factors.remove(session, user, now=NOW)

    secret, _ = turned_on(session, user)

    assert secret != former
    assert user.second_factor.confirmed_at == NOW


def test_no_secret_of_it_stands_in_the_trail(session):
    user = make_user(session)
    secret, codes = turned_on(session, user)
    second_factors.verify(session, user, codes[0], now=LATER)
    second_factors.remove(session, user, now=LATER)

    trail = str(session.execute(text("SELECT * FROM audit_entries")).all())

    assert secret not in trail
    assert not any(code in trail for code in codes)
