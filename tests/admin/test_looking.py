"""Looking at the site as somebody else does: read-only, for a while, on record with both names."""

from datetime import date, timedelta

import pytest
from sqladmin import BaseView, expose
from sqlalchemy import select, update
from starlette.responses import PlainTextResponse

from admin_site.audit import UNAUDITED
from admin_site.models import AuditEntry, Course, Draft, Role, RoleGrant, User, Viewing, utc_now
from tests.admin.sites import open_site, sign_in
from tests.factories import make_role, make_user

HELPING = ("user", "*"), ("course", "*"), ("report", "*")
REASON = "Ticket 4711: the list of courses is empty"


class Report(BaseView):
    name = "Report"

    @expose("/report", methods=["GET", "POST"])
    async def report(self, request):
        return PlainTextResponse("the report")


@pytest.fixture
def helper(database_url, database):
    client = open_site(database_url, views=[Report])
    sign_in(client, database, *HELPING, first_name="Grace", last_name="Hopper", user_name="grace")
    return client


@pytest.fixture
def ada(database):
    with database.session() as session:
        session.add(Course(name="Algebra", start_date=date(2026, 1, 1), end_date=date(2026, 6, 1)))
        return make_user(
            session,
            first_name="Ada",
            last_name="Lovelace",
            user_name="ada",
            roles=(make_role(session, ("course", "*"), ("report", "*"), name="Teachers"),),
        )


def begin(client, user: User, reason: str = REASON):
    return client.post(f"/admin/support/{user.user_id}/view-as", data={"reason": reason})


def entries(session, action: str):
    return session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()


def test_every_page_is_as_the_other_sees_it_below_a_banner_that_says_so(helper, ada):
    assert begin(helper, ada).headers["location"] == "/admin/"

    for path in ("/admin/", "/admin/course/list", "/admin/nothing", "/admin/user/list"):
        text = helper.get(path).text
        assert "You see the site as <bdi>Ada Lovelace</bdi>" in text
        assert REASON in text
        assert 'action="/admin/stop-viewing"' in text
    assert helper.get("/admin/course/list").status_code == 200
    assert helper.get("/admin/user/list").status_code == 403, "which Ada may not see either"


def test_both_names_are_on_record_from_beginning_to_end(helper, session, ada):
    begin(helper, ada)
    helper.post("/admin/course/create", data={"name": "Botany"})
    helper.post("/admin/stop-viewing")

    (began,), (refused,), (stopped,) = (
        entries(session, action) for action in ("view_as", "refused", "stop_viewing")
    )
    grace = session.scalars(select(User).where(User.user_name == "grace")).one()
    for entry in (began, stopped):
        assert (entry.actor_id, entry.actor_name) == (str(grace.user_id), "Grace Hopper (grace)")
        assert (entry.label, entry.key) == ("Ada Lovelace", str(ada.user_id))
    assert began.changes == {"reason": [None, REASON]}
    assert refused.actor_id == str(grace.user_id)
    assert refused.actor_name == "Grace Hopper (grace) as Ada Lovelace (ada)"


def test_an_export_while_looking_bears_both_names(helper, session, ada):
    begin(helper, ada)
    assert helper.get("/admin/course/export/csv").status_code == 200

    (entry,) = entries(session, "export")
    assert entry.actor_name == "Grace Hopper (grace) as Ada Lovelace (ada)"


@pytest.mark.parametrize(
    "path",
    [
        "/admin/course/create",
        "/admin/course/edit/1",
        "/admin/course/delete?pks=1",
        "/admin/course/edit-rows",
        "/admin/course/columns",
        "/admin/course/views",
        "/admin/drafts",
        "/admin/account/theme",
        "/admin/account/password",
        "/admin/account/sessions",
        "/admin/support/{ada}/view-as",
        "/admin/user/action/reset-password?pks={ada}",
        "/admin/login",
        "/admin/set-password",
        "/admin/report",
    ],
)
def test_nothing_can_be_changed_while_looking(helper, session, ada, path: str):
    begin(helper, ada)

    answer = helper.post(path.format(ada=ada.user_id), data={"name": "Botany", "username": "ada"})

    assert answer.status_code == 403
    assert "Nothing can be changed" in answer.text
    assert session.scalars(select(Course.name)).all() == ["Algebra"]
    assert len(entries(session, "refused")) == 1


@pytest.mark.parametrize("path", ["account", "account/password", "account/second-factor", "set-password"])
def test_what_is_for_the_other_alone_stays_closed(helper, session, ada, path: str):
    begin(helper, ada)

    answer = helper.get(f"/admin/{path}")

    assert answer.status_code == 403
    assert "for Ada Lovelace alone" in answer.text


def test_drafts_of_the_other_stay_their_own(helper, database, ada):
    address = "/admin/course/create"
    with database.session() as session:
        session.add(Draft(user_id=ada.user_id, address=address, fields=[["name", "a secret plan"]]))
    begin(helper, ada)

    for path in (f"{address}?:draft=restore", address, "/admin/", "/admin/draft/list"):
        text = helper.get(path).text
        assert "a secret plan" not in text
        assert "/admin/course/create?" not in text


def test_a_page_of_one_s_own_is_seen_but_answers_no_post(helper, ada):
    begin(helper, ada)

    assert helper.get("/admin/report").text == "the report"
    assert helper.post("/admin/report").status_code == 403


def test_it_ends_when_it_is_stopped(helper, database, ada):
    begin(helper, ada)

    done = helper.post("/admin/stop-viewing")

    assert done.headers["location"] == f"/admin/support/{ada.user_id}"
    assert "You see the site as <bdi>" not in helper.get("/admin/").text
    assert helper.get("/admin/user/list").status_code == 200
    with database.session() as session:
        assert session.scalars(select(Viewing)).all() == []
    assert helper.post("/admin/stop-viewing").status_code == 303, "once more does no harm"


def test_it_ends_after_fifteen_minutes(helper, database, ada):
    begin(helper, ada)
    with database.session() as session:
        viewing = session.scalars(select(Viewing)).one()
        assert viewing.expires_at - viewing.created_at == timedelta(minutes=15)
        over = update(Viewing).values(expires_at=utc_now())
        session.execute(over, execution_options={UNAUDITED: "time passes"})

    assert "You see the site as <bdi>" not in helper.get("/admin/").text


@pytest.mark.parametrize("change", ["more rights", "superuser", "inactive", "deleted"])
def test_it_ends_when_the_other_is_out_of_reach(helper, database, ada, change: str):
    begin(helper, ada)
    with database.session() as session:
        user = session.get_one(User, ada.user_id)
        if change == "deleted":
            session.delete(user)
        elif change == "more rights":
            user.roles[0].grants.append(RoleGrant(model="role", action="list"))
        else:
            user.is_active, user.is_superuser = change != "inactive", change == "superuser"

    assert "You see the site as <bdi>" not in helper.get("/admin/").text


def test_it_ends_when_the_right_to_look_is_taken_away(helper, database, ada):
    begin(helper, ada)
    with database.session() as session:
        role = session.scalars(select(Role).join(Role.users).where(User.user_name == "grace")).one()
        role.grants = [RoleGrant(model="course", action="list")]

    assert "You see the site as <bdi>" not in helper.get("/admin/").text


@pytest.mark.parametrize("reason", ["", "   ", "\u200b\n-", "x" * 301])
def test_without_a_reason_nobody_looks_and_what_was_typed_stays(helper, database, ada, reason: str):
    answer = begin(helper, ada, reason)

    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert reason.strip()[:300] in answer.text
    with database.session() as session:
        assert session.scalars(select(Viewing)).all() == []


def test_signing_out_while_looking_signs_out_who_looks(helper, database, ada):
    begin(helper, ada)

    assert helper.post("/admin/logout").status_code == 303

    assert helper.get("/admin/").status_code == 303
    with database.session() as session:
        (entry,) = entries(session, "sign_out")
        assert entry.actor_name == "Grace Hopper (grace)"


def test_what_the_site_asks_to_know_who_asks_is_one_statement_for_everybody_else(client, statements):
    client.get("/admin/user/list")
    statements.clear()

    client.get("/admin/user/list")

    assert sum("FROM user_sessions" in one or "viewings" in one for one in statements) == 1
