"""The first page: what needs attention, how much there is, and what changed lately."""

import re
from datetime import date, timedelta

from sqlalchemy import select, text
from starlette.testclient import TestClient

from admin_site import audit, create_app
from admin_site.database import Database
from admin_site.models import AuditEntry, Course, Item, User, utc_now
from tests.admin.sites import open_site, settings_for, sign_in
from tests.factories import make_user


def sentences(html: str) -> list[str]:
    """Return what the page tells of the latest changes, without its marks."""
    feed = html[html.index('class="feed"') :].partition("</ul>")[0] if 'class="feed"' in html else ""
    found = re.findall(r'<span class="feed-text">(.*?)</span>\s*<time', feed, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", sentence).split()) for sentence in found]


def cards(html: str) -> dict[str, str]:
    """Return by its label what stands on each card."""
    found = re.findall(r'<li class="card.*?</li>', html, re.DOTALL)
    told = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", card)).strip() for card in found]
    return {re.match(r"[A-Za-z ]+?(?= \d| –| Not|$)", card)[0]: card for card in told}


def test_changes_read_as_sentences(client, database):
    with database.session() as session:
        audit.attribute(session, audit.Act(actor_id="1", actor_name="Ada Lovelace"))
        course = Course(name="Robotics", start_date=date(2030, 1, 1))
        session.add(course)
        leon = make_user(session, first_name="Leon", last_name="Alonso")
    with database.session() as session:
        audit.attribute(session, audit.Act(actor_id="1", actor_name="Ada Lovelace"))
        session.get_one(Course, course.course_id).name = "Robotics II"
        audit.note(session, "reset_password", session.get_one(User, leon.user_id))

    page = client.get("/admin/").text

    told = sentences(page)
    assert "Ada Lovelace changed course Robotics II" in told
    assert "Ada Lovelace reset the password of Leon Alonso" in told
    assert "Ada Lovelace added course Robotics" in told
    assert f'href="/admin/course/details/{course.course_id}"' in page


def test_many_records_of_one_act_are_one_sentence(client, database):
    with database.session() as session:
        audit.attribute(session, audit.COMMAND_LINE)
        owner = make_user(session, first_name="Leon")
        session.add_all([Item(title=f"Kite {number}", owner=owner) for number in range(7)])

    assert "The command line added 7 items" in sentences(client.get("/admin/").text)


def test_who_may_see_little_is_told_little(database_url, database):
    visitor = open_site(database_url)
    sign_in(visitor, database, ("course", "list"))
    with database.session() as session:
        session.add(Course(name="Secret course", start_date=date(2030, 1, 1)))

    page = visitor.get("/admin/").text

    assert list(cards(page)) == ["Courses"]
    assert sentences(page) == []
    assert "Secret course" not in page


def test_each_kind_has_its_number_and_how_many_are_new(client, database):
    with database.session() as session:
        long_ago = utc_now() - timedelta(days=400)
        new = [Course(name=f"c{number}", start_date=date(2030, 1, 1)) for number in range(3)]
        session.add_all([*new, Course(name="old", start_date=date(2020, 1, 1), created_at=long_ago)])

    page = client.get("/admin/").text

    assert cards(page)["Courses"] == "Courses 4 3 new in 7 days"
    url = re.search(r'href="(/admin/course/list\?[^"]+)">3 new', page)[1].replace("&amp;", "&")
    assert client.get(url).text.count('href="details/') == 3


def test_a_missing_table_spoils_its_own_card_alone(client, database):
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE items"))

    answer = client.get("/admin/")

    assert answer.status_code == 200
    assert cards(answer.text)["Items"] == "Items Not there yet: run migrate"
    assert cards(answer.text)["Users"].startswith("Users 1")
    assert "The database is behind the code: items cannot be read" in answer.text
    assert sentences(answer.text)


def test_what_takes_too_long_is_left_out(database, database_url):
    settings = settings_for(database_url).model_copy(update={"list_time_limit": 1e-9})
    client = TestClient(create_app(settings))
    sign_in(client, database, superuser=True)

    page = client.get("/admin/").text

    assert cards(page)["Users"] == "Users –"
    assert "This takes too long just now." in page


def test_failed_sign_ins_are_told_to_who_may_see_the_trail(client, database, database_url):
    visitor = open_site(database_url)
    for _ in range(2):
        visitor.post("/admin/login", data={"username": "nobody", "password": "wrong"})
    sign_in(visitor, database, ("user", "list"))

    assert "2 sign-ins have failed in the last 24 hours." in client.get("/admin/").text
    assert "failed in the last 24 hours" not in visitor.get("/admin/").text
    assert client.get("/admin/audit-entry/list?action=sign_in_failed").text.count("failed to sign in") >= 2


def test_an_empty_site_says_so(client: TestClient, database: Database):
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries"), execution_options=audit.RETENTION)
    with database.session() as session:
        assert session.scalars(select(AuditEntry)).all() == []

    assert "Nothing has been changed yet." in client.get("/admin/").text
