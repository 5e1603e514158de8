"""The support desk: people are found, how it stands with them is told, and they are helped."""

import re
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from admin_site.errors import TooManyAttempts
from admin_site.models import (
    AuditEntry,
    CredentialToken,
    OutgoingMail,
    SecondFactor,
    User,
    UserSession,
    utc_now,
)
from admin_site.permissions import Action
from admin_site.services import throttling
from admin_site.services.sessions import start_session
from tests.admin.sites import open_site, sign_in
from tests.factories import CHEAP, PASSWORD, make_role, make_user

SEEING = ("user", "list"), ("user", "details")
HELPING = (*SEEING, ("user", "*"))
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"


@pytest.fixture
def helper(database_url, database):
    """The browser of somebody who may do everything to people."""
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    sign_in(client, database, *HELPING, first_name="Grace", last_name="Hopper", user_name="grace")
    return client


@pytest.fixture
def ada(database):
    with database.session() as session:
        user = make_user(
            session,
            first_name="Ada",
            last_name="Lovelace",
            user_name="ada",
            email_address="ada@example.org",
            password=PASSWORD,
        )
        start_session(session, user, ip_address="192.0.2.7", user_agent=FIREFOX)
        start_session(session, user, ip_address="198.51.100.9", user_agent="curl/8")
    return user


def page_of(user: User, deed: str = "") -> str:
    return f"/admin/support/{user.user_id}" + (f"/{deed}" if deed else "")


def main(text: str) -> str:
    """Return the words of the main part of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", text.partition("<main")[2]).split())


def count(database, model) -> int:
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(model))


# -- finding -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "ada@example.org",
        "ADA@Example.org",
        "Ada Lovelace <ada@example.org>",
        "mailto:ada@example.org",
        "ada",
        " lovelace ",
        "Ada Lovelace",
        "{key}",
        "https://admin.example.org/admin/user/details/{key}",
    ],
)
def test_who_is_found_alone_is_shown_at_once(helper, ada, words: str):
    answer = helper.get("/admin/support", params={"q": words.format(key=ada.user_id)})

    assert (answer.status_code, answer.headers["location"]) == (303, page_of(ada))


def test_several_are_listed_with_what_tells_them_apart(helper, database, ada):
    with database.session() as session:
        make_user(session, first_name="Ada", last_name="Byron-Love", user_name="byron", is_active=False)

    page = main(helper.get("/admin/support", params={"q": " love "}).text)

    assert "2 people" in page
    assert "ada@example.org" in page
    assert "Ada Byron-Love Deactivated" in page


def test_an_exact_user_name_is_meant_alone_though_others_have_it_in_theirs(helper, database, ada):
    with database.session() as session:
        make_user(session, user_name="adam")

    assert helper.get("/admin/support?q=ada").headers["location"] == page_of(ada)


@pytest.mark.parametrize("words", ["nobody at all", "x" * 5000, "%", "00000000-0000-4000-8000-000000000000"])
def test_nobody_is_found_in_words(helper, ada, words):
    answer = helper.get("/admin/support", params={"q": words})

    assert answer.status_code == 200
    assert "Nobody found" in answer.text


def test_what_no_name_holds_is_refused_in_words_and_stays_to_be_mended(helper):
    answer = helper.get("/admin/support?q=ada%00<b>")

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "ada" in answer.text.partition('name="q"')[2][:30]


def test_without_the_list_only_the_whole_of_a_name_is_found(database_url, database, ada):
    client = open_site(database_url)
    sign_in(client, database, ("user", "details"), ("user", "action:unlock"))

    assert client.get("/admin/support?q=ada").status_code == 303
    assert "Type the whole of it" in client.get("/admin/support?q=lovel").text


@pytest.mark.parametrize(
    "grants", [(("course", "*"),), SEEING, (("user", "list"), ("user", "action:unlock"))]
)
def test_who_may_help_nobody_has_no_place_at_the_desk(database_url, database, ada, grants):
    client = open_site(database_url)
    sign_in(client, database, *grants)

    assert "Support desk" not in client.get("/admin/").text
    for path in ("/admin/support", page_of(ada), page_of(ada, "unlock")):
        assert client.get(path).status_code == 403


@pytest.mark.parametrize(
    "path", ["/admin/support/x", "/admin/support/{key}/nonsense", "/admin/support/{nobody}"]
)
def test_what_is_not_there_is_not_found(helper, ada, path: str):
    nobody = "00000000-0000-4000-8000-000000000000"

    assert helper.get(path.format(key=ada.user_id, nobody=nobody)).status_code == 404


def test_who_is_locked_out_is_found_without_a_search(helper, database, ada):
    with database.session() as session, suppress(TooManyAttempts):
        boss = make_user(session, first_name="Mary")
        for user in (session.get_one(User, ada.user_id), boss):
            with suppress(TooManyAttempts):
                for _ in range(12):
                    throttling.note_failure(session, user, user.user_name, None)
        throttling.clear(session, boss)

    page = main(helper.get("/admin/support").text)

    assert "Locked out now" in page
    assert "Ada Lovelace" in page
    assert "Mary" not in page, "who need not wait any more"


# -- one person ----------------------------------------------------------------------------------------------


def test_the_page_of_a_person_tells_who_they_are_and_how_it_stands(helper, database, ada):
    with database.session() as session:
        user = session.get_one(User, ada.user_id)
        user.roles = [make_role(session, name="Librarian")]
        session.add(SecondFactor(user_id=ada.user_id, secret="x" * 32, confirmed_at=utc_now()))
        with suppress(TooManyAttempts):
            for _ in range(12):
                throttling.note_failure(session, user, "ada", "192.0.2.7")

    page = main(helper.get(page_of(ada)).text)

    assert "Ada Lovelace" in page
    assert "ada@example.org" in page
    assert "Active Locked" in page
    assert "Locked until" in page
    assert "Roles Librarian" in page
    assert "Second factor On, 0 recovery codes left" in page
    assert "Firefox on Windows 192.0.2.7" in page
    assert "curl 198.51.100.9" in page
    assert "x" * 32 not in page


def test_where_somebody_is_signed_in_is_told_to_who_may_end_it(database_url, database, ada):
    client = open_site(database_url)
    sign_in(client, database, *SEEING, ("user", "action:reset-password"))

    page = main(client.get(page_of(ada)).text)

    assert "192.0.2.7" not in page
    assert "Firefox" not in page
    assert "Not among your rights" in page


def test_a_page_costs_the_same_whatever_somebody_has_done(client, statements, database, ada):
    def cost() -> int:
        statements.clear()
        assert client.get(page_of(ada)).status_code == 200
        return len(statements)

    client.get(page_of(ada))
    before = cost()
    with database.session() as session:
        user = session.get_one(User, ada.user_id)
        user.roles = [make_role(session, ("course", "list")) for _ in range(5)]
        for _ in range(20):
            start_session(session, user)

    assert cost() == before
    assert before < 30


# -- deeds ---------------------------------------------------------------------------------------------------


def test_a_link_is_shown_once_where_no_mail_goes_out(helper, database, ada):
    question = helper.get(page_of(ada, "send-link"))
    assert "signed out everywhere" in question.text
    assert count(database, CredentialToken) == 0

    shown = helper.post(page_of(ada, "send-link"), follow_redirects=True)

    assert "/admin/set-password/" in shown.text
    assert f'href="{page_of(ada)}"' in shown.text
    assert count(database, UserSession) == 1, "that of the helper"


def with_mail(client):
    site = client.app.state.site
    site.settings = site.settings.model_copy(update={"smtp_host": "localhost", "mail_from": "a@example.org"})
    return client


def test_a_link_is_mailed_where_mail_goes_out_and_nobody_else_sees_it(helper, database, session, ada):
    with_mail(helper)
    assert "ada@example.org" in helper.get(page_of(ada, "send-link")).text

    done = helper.post(page_of(ada, "send-link"))

    assert done.headers["location"] == page_of(ada)
    assert session.scalars(select(OutgoingMail.kind)).all() == ["password_link"]
    assert count(database, CredentialToken) == 0, "it is made when it is sent"
    assert count(database, UserSession) == 1


def test_a_link_that_could_be_mailed_is_shown_only_to_who_may_let_people_in(database_url, database, ada):
    client = with_mail(open_site(database_url))
    sign_in(client, database, *SEEING, ("user", "action:reset-password"))
    assert "Show it to me" not in client.get(page_of(ada, "send-link")).text

    client.post(page_of(ada, "send-link"), data={"how": "show"})

    assert count(database, CredentialToken) == 0
    assert count(database, OutgoingMail) == 1


def test_a_temporary_password_is_shown_once_and_has_to_be_changed(
    helper, database, database_url, session, ada
):
    assert "once" in helper.get(page_of(ada, "temporary-password")).text

    shown = helper.post(page_of(ada, "temporary-password"), follow_redirects=True)
    again = helper.get(str(shown.url))

    password = re.search(r'value="([^"]+)" readonly', shown.text)[1]
    assert password not in again.text
    user = session.get_one(User, ada.user_id)
    assert CHEAP.verify(user.password_hash, password)
    assert user.must_change_password
    assert "Temporary password until" in main(helper.get(page_of(ada)).text)
    assert count(database, UserSession) == 1, "that of the helper"


def test_unlocking_lets_somebody_try_again_at_once(helper, database, ada):
    assert "not locked" in main(helper.get(page_of(ada)).text)
    with database.session() as session:
        user = session.get_one(User, ada.user_id)
        with suppress(TooManyAttempts):
            for _ in range(12):
                throttling.note_failure(session, user, "ada", None)

    done = helper.post(page_of(ada, "unlock"), data={"deed": "unlock"})

    assert done.headers["location"] == page_of(ada)
    with database.session() as session:
        assert throttling.blocked_until(session, session.get_one(User, ada.user_id)) is None
    assert "not locked" in main(helper.get(page_of(ada)).text)


def test_one_session_ends_and_the_others_go_on(helper, database, ada):
    with database.session() as session:
        first, second = session.scalars(
            select(UserSession.session_id)
            .where(UserSession.user_id == ada.user_id)
            .order_by(UserSession.ip_address)
        )

    helper.post(page_of(ada, "end-sessions"), data={"session": str(first)})

    with database.session() as session:
        left = session.scalars(select(UserSession.session_id).where(UserSession.user_id == ada.user_id)).all()
    assert left == [second]


def test_a_session_of_somebody_else_does_not_end_by_a_forged_key(helper, database, ada):
    with database.session() as session:
        boss = make_user(session, superuser=True, signed_in_on=1)
        key = boss.sessions[0].session_id

    for named in (str(key), "nonsense"):
        assert helper.post(page_of(ada, "end-sessions"), data={"session": named}).status_code in (303, 400)

    assert count(database, UserSession) == 4


def test_a_second_factor_is_removed_after_a_question(helper, database, ada):
    assert "no second factor" in main(helper.get(page_of(ada)).text)
    with database.session() as session:
        session.add(SecondFactor(user_id=ada.user_id, secret="x" * 32, confirmed_at=utc_now()))

    assert "recovery codes stop working" in helper.get(page_of(ada, "remove-second-factor")).text
    assert helper.post(page_of(ada, "remove-second-factor")).status_code == 303

    assert count(database, SecondFactor) == 0
    assert helper.post(page_of(ada, "remove-second-factor")).status_code == 409


def test_deactivating_signs_out_and_activating_lets_in_again(helper, database, session, ada):
    helper.post(page_of(ada, "deactivate"))
    page = main(helper.get(page_of(ada)).text)
    assert "Deactivated" in page
    assert "Activate them first" in page
    assert count(database, UserSession) == 1

    helper.post(page_of(ada, "activate"))
    assert session.get_one(User, ada.user_id).is_active
    assert helper.post(page_of(ada, "activate")).status_code == 409

    with database.session() as other:
        done = other.scalars(select(AuditEntry.action).order_by(AuditEntry.entry_id)).all()
    assert [action for action in done if action.endswith("activate")] == ["deactivate", "activate"]


def test_a_button_pressed_twice_does_its_deed_once(helper, database, ada):
    nonce = re.search(r'name=":nonce" value="([^"]+)"', helper.get(page_of(ada, "deactivate")).text)[1]

    first = helper.post(page_of(ada, "deactivate"), data={":nonce": nonce})
    second = helper.post(page_of(ada, "deactivate"), data={":nonce": nonce})

    assert first.headers["location"] == second.headers["location"] == page_of(ada)
    with database.session() as session:
        assert session.scalars(select(AuditEntry.action)).all().count("deactivate") == 1


DEEDS = {
    "send-link": Action.RESET_PASSWORD,
    "unlock": Action.UNLOCK,
    "end-sessions": Action.END_SESSIONS,
    "temporary-password": Action.TEMPORARY_PASSWORD,
    "remove-second-factor": Action.REMOVE_SECOND_FACTOR,
    "view-as": Action.VIEW_AS,
    "deactivate": Action.ACTIVATE,
    "activate": Action.ACTIVATE,
}


@pytest.mark.parametrize("deed", DEEDS)
def test_each_deed_is_a_right_of_its_own(database_url, database, ada, deed: str):
    client = open_site(database_url)
    others = {("user", str(action)) for action in DEEDS.values()} - {("user", str(DEEDS[deed]))}
    sign_in(client, database, *SEEING, *sorted(others))
    with database.session() as session:
        before = session.get_one(User, ada.user_id).password_hash

    assert f'href="{page_of(ada, deed)}"' not in client.get(page_of(ada)).text
    assert client.get(page_of(ada, deed)).status_code == 403
    assert client.post(page_of(ada, deed), data={"reason": "a ticket"}).status_code == 403

    with database.session() as session:
        user = session.get_one(User, ada.user_id)
        assert (user.password_hash, user.is_active, len(user.sessions)) == (before, True, 2)
        assert session.scalars(select(AuditEntry.action)).all().count("refused") == 1


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_is_asked_about_and_a_get_changes_nothing(helper, database, ada, deed: str):
    answer = helper.get(page_of(ada, deed))

    assert answer.status_code == 200
    assert '<form method="post"' in answer.text.partition("<main")[2]
    assert "Ada Lovelace" in answer.text
    with database.session() as session:
        user = session.get_one(User, ada.user_id)
        assert (user.is_active, len(user.sessions), user.must_change_password) == (True, 2, False)


def test_people_with_more_rights_are_seen_but_nothing_is_offered(helper, database):
    with database.session() as session:
        boss = make_user(session, superuser=True, first_name="Mary")
        start_session(session, boss, ip_address="203.0.113.77")

    text = helper.get(page_of(boss)).text

    assert "Mary holds rights that you lack" in text
    assert "203.0.113.77" not in text
    assert page_of(boss) + "/" not in text


def test_oneself_is_helped_by_somebody_else(helper, session):
    own = session.scalars(select(User).where(User.user_name == "grace")).one()

    text = helper.get(page_of(own)).text

    assert "your own account" in text
    assert page_of(own) + "/" not in text


# -- ways there ----------------------------------------------------------------------------------------------


def test_the_desk_is_found_from_the_menu_a_record_and_a_row(helper, ada):
    text = helper.get("/admin/").text
    assert 'href="/admin/support"' in text
    assert 'data-find="/admin/support?q="' in text

    assert f'href="{page_of(ada)}"' in helper.get(f"/admin/user/details/{ada.user_id}").text
    assert 'data-further="/admin/support"' in helper.get("/admin/user/list").text
    assert "data-further" not in helper.get("/admin/course/list").text


def test_the_record_s_own_action_sends_the_link_as_the_desk_does(helper, database, ada):
    with_mail(helper)

    done = helper.post(f"/admin/user/action/reset-password?pks={ada.user_id}")

    assert done.headers["location"] == page_of(ada)
    assert count(database, OutgoingMail) == 1
