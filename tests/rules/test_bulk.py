"""The rules where something is done to many records at once."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Select, func, select, update
from starlette.testclient import TestClient

from admin_site import AdminView, audit
from admin_site.database import Database
from admin_site.models import AuditEntry, Course, OutgoingMail, User, UserSession, utc_now
from tests.admin.html_forms import read_forms, words
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import CHEAP, PASSWORD, make_role, make_user

AGAIN = "Enter your password again"
EVERYTHING = [("*", action) for action in ("list", "details", "create", "edit", "delete")]
HELP = [("user", f"action:{slug}") for slug in ("reset-password", "end-sessions")]
DEEDS = ["delete", "action:send-reset-link", "action:end-sessions"]


class OpenCourses(AdminView, model=Course):
    def list_query(self, request: Any) -> Select[Any]:
        return select(Course).where(Course.name != "Secret")


def number(database: Database, model: Any) -> int:
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def store(database: Database, *names: str) -> list[str]:
    with database.session() as session:
        courses = [Course(name=name, start_date=date(2031, 1, 1)) for name in names]
        session.add_all(courses)
        session.flush()
        return [str(course.course_id) for course in courses]


def do(client: TestClient, deed: str, keys: list[str], model: str = "user", **more: str) -> Any:
    """Post the form that does it at once, as nobody is offered it."""
    return client.post(
        f"/admin/{model}/bulk", data={":do": deed, ":keys": ".".join(keys), ":sure": "yes", **more}
    )


def form_with(answer: Any, name: str) -> Any:
    return next(form for form in read_forms(answer.text) if name in [each for each, _ in form.pairs])


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("who", ["a superuser", "somebody with more rights"])
def test_rule_17_nobody_reaches_who_has_more_rights_among_many(database, database_url, deed: str, who: str):
    client = open_site(database_url)
    sign_in(client, database, *EVERYTHING, *HELP)
    with database.session() as session:
        roles = () if who == "a superuser" else (make_role(session, ("*", "*")),)
        mighty = make_user(session, superuser=who == "a superuser", roles=roles, signed_in_on=1)
        others = [make_user(session, signed_in_on=1) for _ in range(2)]
        keys = [str(user.user_id) for user in (others[0], mighty, others[1])]
    people, sessions = number(database, User), number(database, UserSession)

    answer = do(client, deed, keys)

    assert answer.status_code == 403
    assert (number(database, User), number(database, UserSession)) == (people, sessions)
    assert number(database, OutgoingMail) == 0
    with database.session() as session:
        refused = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
        assert refused.changes["reason"][1]


@pytest.mark.parametrize("deed", DEEDS)
def test_rule_17_without_the_right_nothing_is_done_to_many(database, database_url, deed: str):
    client = open_site(database_url)
    sign_in(client, database, ("user", "list"), ("user", "details"), ("user", "edit"))
    with database.session() as session:
        keys = [str(make_user(session, signed_in_on=1).user_id) for _ in range(2)]
    people, sessions = number(database, User), number(database, UserSession)

    assert do(client, deed, keys).status_code == 403
    assert client.post("/admin/user/bulk", data={":do": deed, ":all": "yes"}).status_code == 403
    assert (number(database, User), number(database, UserSession)) == (people, sessions)
    with database.session() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).all()


def test_rule_18_the_superusers_are_not_deleted_all_at_once(database, database_url):
    client = open_site(database_url)
    me = sign_in(client, database, superuser=True)
    with database.session() as session:
        other = make_user(session, superuser=True)

    answer = do(client, "delete", [str(me.user_id), str(other.user_id)])

    assert answer.status_code in (403, 409)
    assert number(database, User) == 2


def test_rule_19_more_than_a_hundred_are_deleted_with_the_password_alone(database, database_url):
    client = open_site(database_url)
    client.app.state.site.passwords = CHEAP
    sign_in(client, database, superuser=True, password=PASSWORD)
    keys = store(database, *(f"Course {number}" for number in range(101)))
    with database.session() as session:
        session.execute(
            update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=15)),
            execution_options={audit.UNAUDITED: "a test"},
        )
    asked = client.post("/admin/course/bulk", data={":do": "delete", ":keys": ".".join(keys)})
    form = form_with(asked, ":sure")

    again = client.post(form.action, data=form.data(__typed="101"))

    assert again.status_code == 403
    assert AGAIN in words(again.text)
    assert number(database, Course) == 101
    form = form_with(again, ":password")
    assert client.post(form.action, data=form.data(**{":password": PASSWORD})).status_code == 303
    assert number(database, Course) == 0


def test_rule_19_up_to_a_hundred_are_deleted_without_asking_again(database, database_url):
    client = open_site(database_url)
    sign_in(client, database, superuser=True, password=PASSWORD)
    keys = store(database, *(f"Course {number}" for number in range(100)))
    with database.session() as session:
        session.execute(
            update(UserSession).values(authenticated_at=utc_now() - timedelta(days=1)),
            execution_options={audit.UNAUDITED: "a test"},
        )
    asked = client.post("/admin/course/bulk", data={":do": "delete", ":keys": ".".join(keys)})
    form = form_with(asked, ":sure")

    assert client.post(form.action, data=form.data()).status_code == 303
    assert number(database, Course) == 0


def test_rule_21_what_is_done_to_many_is_done_by_post_alone(database):
    client = a_site(database)
    keys = store(database, "Botany", "Zoology")

    answer = client.get(f"/admin/course/bulk?:do=delete&:sure=yes&:keys={'.'.join(keys)}&:all=yes")
    elsewhere = client.post(
        "/admin/course/bulk",
        data={":do": "delete", ":keys": ".".join(keys), ":sure": "yes"},
        headers={"origin": "http://evil.example", "sec-fetch-site": "cross-site"},
    )

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/course/list")
    assert elsewhere.status_code == 403
    assert number(database, Course) == 2


@pytest.mark.parametrize("selected", ["by key", "all"])
def test_rule_29_a_hidden_row_is_not_among_many(database, selected: str):
    client = a_site(database, views=[OpenCourses])
    botany, secret = store(database, "Botany", "Secret")

    alone = client.post("/admin/course/bulk", data={":do": "delete", ":keys": secret})
    both = {":all": "yes"} if selected == "all" else {":keys": f"{botany}.{secret}"}
    asked = client.post("/admin/course/bulk", data={":do": "delete", **both})

    assert alone.status_code == 404
    assert "Delete 1 course?" in words(asked.text)
    assert "Secret" not in asked.text
    form = form_with(asked, ":sure")
    assert client.post(form.action, data=form.data()).status_code == 303
    with database.session() as session:
        assert session.scalars(select(Course.name)).all() == ["Secret"]
    assert do(client, "delete", [secret], "course").status_code == 404
    assert number(database, Course) == 1
