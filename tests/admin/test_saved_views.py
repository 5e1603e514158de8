"""Saved views: tabs above a list, and the forms that save, change and delete one."""

from datetime import date
from html import unescape
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from admin_site import Settings, create_app
from admin_site.database import Database
from admin_site.models import AuditEntry, Course, Role, RoleGrant, SavedView, User
from admin_site.ops.migrate import migrate
from admin_site.services.saved_views import MAX_VIEWS
from tests.admin.html_forms import PageForm, deletion_form, read_forms
from tests.admin.sites import SETTINGS, a_site, open_site, sign_in
from tests.factories import make_role

LIST = "/admin/course/list"


@pytest.fixture(autouse=True)
def courses(request: pytest.FixtureRequest) -> None:
    if "empty_database_url" in request.fixturenames:
        return
    database: Database = request.getfixturevalue("database")
    with database.session() as session:
        for name, is_active in (("Astronomy", True), ("Beekeeping", False), ("Cooking", True)):
            session.add(Course(name=name, start_date=date(2030, 1, 7), is_active=is_active))


def colleagues(database: Database, number: int = 2) -> list[TestClient]:
    """Return browsers of people who hold the same role, which may list courses."""
    url = database.engine.url.render_as_string(hide_password=False)
    clients = [open_site(url) for _ in range(number)]
    rights = (("course", "list"), ("course", "details"))
    people = [sign_in(client, database, *rights) for client in clients]
    with database.session() as session:
        role = make_role(session, name="Teachers")
        role.users.extend([session.get(User, person.user_id) for person in people])
    return clients


def save(client: TestClient, query: str, name: str, **more: str) -> str:
    """Save a view and return where that leads."""
    answer = client.post(f"/admin/course/views?{query}", data={"name": name, **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def change(client: TestClient, view: str, query: str = "", **data: str):
    number = view.rpartition("=")[2]
    return client.post(f"/admin/course/views/{number}?{query}", data=data)


def rows(html: str) -> list[str]:
    return [name for name in ("Astronomy", "Beekeeping", "Cooking") if f">{name}</a>" in html]


def tabs(html: str) -> dict[str, str]:
    """Return the addresses of the tabs by their names, the current one marked with a star before it."""
    if 'class="tabs"' not in html:
        return {}
    found = {}
    for link in html.split('class="tabs"')[1].split("</nav>")[0].split("<a ")[1:]:
        if "<span" in link:
            label = unescape(link.split("<span")[1].split(">", 1)[1].split("</span>")[0])
            mark = "*" if "aria-current" in link else ""
            found[mark + label] = unescape(link.split('href="')[1].split('"')[0])
    return found


def menu(client: TestClient, view: str) -> PageForm:
    number = view.rpartition("=")[2]
    page = client.get(f"/admin/course/views/{number}")
    return next(form for form in read_forms(page.text) if any(name == "name" for name, _ in form.pairs))


def role_id(database: Database, name: str = "Teachers") -> str:
    with database.session() as session:
        return str(session.scalars(select(Role.role_id).where(Role.name == name)).one())


def test_a_view_is_a_tab_that_shows_what_was_saved(client):
    assert tabs(client.get(LIST).text) == {}
    assert "Save view" not in client.get(LIST).text
    page = client.get(f"{LIST}?is_active=yes&sort=-name")
    assert "Save view" in page.text

    view = save(client, "is_active=yes&sort=-name", "Open ones")

    page = client.get(view).text
    assert rows(page) == ["Astronomy", "Cooking"]
    assert page.index("Cooking</a>") < page.index("Astronomy</a>")
    assert tabs(page) == {"All": LIST, "*Open ones": view}
    assert "Save view" not in page
    assert "was saved" in page
    assert tabs(client.get(LIST).text) == {"*All": LIST, "Open ones": view}
    assert rows(client.get(LIST).text) == ["Astronomy", "Beekeeping", "Cooking"]


def test_what_is_changed_in_a_view_stays_in_its_tab_until_it_is_saved(client):
    view = save(client, "is_active=yes", "Open ones")
    page = client.get(f"{LIST}?is_active=no&{urlsplit(view).query}").text

    assert rows(page) == ["Beekeeping"]
    assert "Save view" in page
    assert "Changed, not saved" in page
    assert "*Open ones" in tabs(page)

    answer = change(client, view, f"is_active=no&{urlsplit(view).query}", update="yes")
    assert answer.headers["location"] == view
    page = client.get(view).text
    assert rows(page) == ["Beekeeping"]
    assert "Changed, not saved" not in page


def test_links_within_a_view_carry_all_that_it_asks_for(client):
    view = save(client, "is_active=yes&search=o", "Open ones")
    page = client.get(view).text

    sort = next(part for part in page.split('href="') if part.startswith(f"{LIST}?") and "sort=name" in part)
    url = unescape(sort.split('"')[0])

    assert "is_active=yes" in url
    assert "search=o" in url
    assert urlsplit(view).query in url
    assert rows(client.get(url).text) == ["Astronomy", "Cooking"]


def test_taking_everything_away_leads_to_the_whole_list_and_not_back_into_the_view(client):
    view = save(client, "is_active=yes", "Open ones")
    page = client.get(view).text

    clear = unescape(page.split('chips-clear" href="')[1].split('"')[0])

    page = client.get(clear).text
    assert rows(page) == ["Astronomy", "Beekeeping", "Cooking"]


def test_a_view_keeps_its_columns_whatever_is_remembered_later(client):
    client.post("/admin/course/columns", data={"columns": ["name", "end_date"], "remember": "yes"})
    view = save(client, "sort=name", "Short")
    client.post("/admin/course/columns", data={"columns": ["name", "is_active"], "remember": "yes"})

    head = client.get(view).text.split("<thead>")[1].split("</thead>")[0]

    assert "End date" in head
    assert "Active" not in head


def test_a_list_opens_with_the_view_a_person_chose_and_all_stays_in_reach(client, database):
    view = save(client, "is_active=no", "Closed", default="yes")

    page = client.get(LIST).text
    assert rows(page) == ["Beekeeping"]
    assert tabs(page) == {"All": f"{LIST}?view=all", "*Closed": view}
    page = client.get(f"{LIST}?view=all").text
    assert rows(page) == ["Astronomy", "Beekeeping", "Cooking"]
    assert "*All" in tabs(page)
    page = client.get(f"{LIST}?sort=name").text
    assert rows(page) == ["Astronomy", "Beekeeping", "Cooking"]
    # Links that lead to the list as it is do not fall back into the view.
    page = client.get(f"{LIST}?is_active=yes").text
    clear = unescape(page.split('chips-clear" href="')[1].split('"')[0])
    assert rows(client.get(clear).text) == ["Astronomy", "Beekeeping", "Cooking"]
    assert rows(a_site(database).get(LIST).text) == ["Astronomy", "Beekeeping", "Cooking"]

    assert ("default", "yes") in menu(client, view).pairs
    change(client, view, name="Closed")
    assert rows(client.get(LIST).text) == ["Astronomy", "Beekeeping", "Cooking"]


def test_a_view_is_shared_with_a_role_and_only_its_owner_changes_it(database):
    owner, colleague = colleagues(database)
    stranger = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(stranger, database, ("course", "list"))
    view = save(owner, "is_active=yes", "Open ones")
    assert tabs(colleague.get(LIST).text) == {}
    assert "There is no such view" in colleague.get(view).text
    assert rows(colleague.get(view).text) == ["Astronomy", "Beekeeping", "Cooking"]

    assert change(owner, view, name="Open ones", role=role_id(database)).status_code == 303

    assert rows(colleague.get(view).text) == ["Astronomy", "Cooking"]
    assert "*Open ones" in tabs(colleague.get(view).text)
    assert tabs(stranger.get(LIST).text) == {}
    page = colleague.get(f"/admin/course/views/{view.rpartition('=')[2]}").text
    assert "Saved by" in page
    assert 'name="name"' not in page
    assert 'name="delete"' not in page
    for forged in ({"name": "Mine"}, {"update": "yes"}, {"delete": "yes"}, {"role": ""}):
        assert change(colleague, view, **forged).status_code == 403
    assert change(stranger, view, delete="yes").status_code == 404
    # How the list opens is everybody's own.
    assert change(colleague, view, default="yes").status_code == 303
    assert rows(colleague.get(LIST).text) == ["Astronomy", "Cooking"]
    assert rows(owner.get(LIST).text) == ["Astronomy", "Beekeeping", "Cooking"]
    with database.session() as session:
        saved = session.scalars(select(SavedView)).one()
        assert (saved.name, saved.query.split("&")[0]) == ("Open ones", "is_active=yes")


def test_a_view_is_not_shared_with_a_role_one_does_not_hold(database, client):
    (owner,) = colleagues(database, 1)
    with database.session() as session:
        other = str(make_role(session, name="Board").role_id)
    view = save(owner, "is_active=yes", "Open ones")

    page = owner.get(f"/admin/course/views/{view.rpartition('=')[2]}").text
    assert "Teachers" in page
    assert "Board" not in page
    assert change(owner, view, role=other).status_code == 403
    for nonsense in ("x", "-1", "9" * 30, "99999"):
        assert change(owner, view, role=nonsense).status_code == 400, nonsense

    assert change(client, view, role=other).status_code == 303, "a superuser may"
    assert "Board" in owner.get(f"/admin/course/views/{view.rpartition('=')[2]}").text
    assert change(owner, view, name="Open", role=other).status_code == 303, "it stays as it is"


def test_a_view_is_renamed_and_deleted_from_its_tab(client):
    view = save(client, "is_active=yes", "Open ones", default="yes")
    assert change(client, view, name="Running", default="yes").status_code == 303
    assert "Running" in tabs(client.get(f"{LIST}?view=all").text)

    answer = change(client, view, delete="yes")

    assert answer.headers["location"] == LIST
    assert "was deleted" in client.get(LIST).text
    assert tabs(client.get(LIST).text) == {}
    assert client.get(f"/admin/course/views/{view.rpartition('=')[2]}").status_code == 404


def test_a_name_that_cannot_be_is_refused_beside_it_and_stays_typed(client):
    save(client, "is_active=yes", "Open ones")
    for name in ("", "open ONES", "x" * 61, "  "):
        answer = client.post("/admin/course/views?sort=name", data={"name": name, "default": "yes"})
        assert answer.status_code == 400, name
        form = next(form for form in read_forms(answer.text) if ("name", name) in form.pairs)
        assert ("default", "yes") in form.pairs
        assert 'aria-invalid="true"' in answer.text
    assert list(tabs(client.get(LIST).text)) == ["*All", "Open ones"]


def test_no_more_views_than_there_is_room_for(client, database):
    save(client, "sort=name", "First")
    with database.session() as session:
        owner = session.scalars(select(SavedView.owner_id)).one()
        for number in range(MAX_VIEWS - 1):
            session.add(SavedView(owner_id=owner, model="course", name=f"View {number}", query=""))

    answer = client.post("/admin/course/views?sort=name", data={"name": "One more"})

    assert answer.status_code == 400
    assert f"There are {MAX_VIEWS} views of this list already." in answer.text
    assert client.get(LIST).status_code == 200


def test_a_view_that_asks_for_what_is_gone_opens_with_words(client, database):
    view = save(client, "is_active=yes", "Old")
    with database.session() as session:
        saved = session.scalars(select(SavedView)).one()
        saved.query = "is_active=yes&colour=red&sort=weight&columns=name,weight,end_date"

    page = client.get(view)

    assert page.status_code == 200
    assert "The view “Old” asks for what is gone." in page.text
    assert "This list has no filter “colour”." in page.text
    assert rows(page.text) == ["Astronomy", "Cooking"]
    head = page.text.split("<thead>")[1].split("</thead>")[0]
    assert "End date" in head
    assert change(client, view, "is_active=yes&view=1", update="yes").status_code == 303
    assert "is gone" not in client.get(view).text


@pytest.mark.parametrize("text", ["0", "99999", "9" * 40, "x", "-1", "١", "1 2", "1;2"])
def test_a_view_that_never_was_is_the_whole_list_with_words(client, text: str):
    page = client.get(LIST, params={"view": text})

    assert page.status_code == 200
    assert "There is no such view, or it is not shared with you." in page.text
    assert rows(page.text) == ["Astronomy", "Beekeeping", "Cooking"]
    assert rows(client.get(LIST, params={"view": text, "is_active": "no"}).text) == ["Beekeeping"]
    if text.isdecimal() and text.isascii():
        assert client.get(f"/admin/course/views/{text}").status_code == 404


def test_changes_need_a_post_from_the_site_itself(client):
    view = save(client, "is_active=yes", "Open ones")
    number = view.rpartition("=")[2]

    client.get(f"/admin/course/views/{number}?delete=yes")
    client.get("/admin/course/columns?reset=yes&remember=yes")
    for url in ("/admin/course/views", f"/admin/course/views/{number}", "/admin/course/columns"):
        answer = client.post(url, data={"delete": "yes"}, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
    assert "Open ones" in tabs(client.get(LIST).text)


def test_views_and_columns_are_one_query_of_the_list_and_of_nothing_else(client, database, statements):
    save(client, "is_active=yes", "Open ones")
    client.get(LIST)
    statements.clear()
    client.get(LIST)

    kept = [text for text in statements if "saved_views" in text or "list_preferences" in text]
    assert len(kept) == 1
    statements.clear()
    client.get("/admin/")
    assert not [text for text in statements if "FROM saved_views" in text and "count" not in text]


def test_a_list_without_views_is_hardly_larger(client, database):
    plain = client.get(LIST).text
    save(client, "is_active=yes", "Open ones")
    client.get(LIST)  # which greets with what was done
    with_one = client.get(f"{LIST}?view=all").text

    assert len(with_one) - len(plain) < 400


def test_what_people_keep_of_lists_is_no_news(client, database):
    save(client, "is_active=yes", "Open ones", default="yes")
    client.post("/admin/course/columns", data={"columns": ["name"], "remember": "yes"})

    with database.session() as session:
        written = set(session.scalars(select(AuditEntry.model)))
    assert not written & {"saved_views", "list_preferences"}
    client.get(LIST)  # which greets with what was done
    assert "Open ones" not in client.get("/admin/").text


def test_everybody_finds_their_own_views_among_the_records_and_a_superuser_all(database, client):
    owner, colleague = colleagues(database)
    save(owner, "is_active=yes", "Open ones")
    with database.session() as session:
        for role in session.scalars(select(Role)).all():
            rights = (
                RoleGrant(role=role, model="saved-view", action=action) for action in ("list", "delete")
            )
            session.add_all(rights)

    assert "Open ones" in owner.get("/admin/saved-view/list").text
    assert "Open ones" not in colleague.get("/admin/saved-view/list").text
    assert "Open ones" in client.get("/admin/saved-view/list").text
    with database.session() as session:
        number = session.scalars(select(SavedView.view_id)).one()
    assert colleague.post(f"/admin/saved-view/delete?pks={number}").status_code == 404
    assert client.get(f"/admin/saved-view/edit/{number}").status_code == 403
    assert client.post(f"/admin/saved-view/delete?pks={number}").status_code == 303
    assert tabs(owner.get(LIST).text) == {}


def test_views_go_with_the_person_who_saved_them(database, client):
    (owner,) = colleagues(database, 1)
    save(owner, "is_active=yes", "Open ones", default="yes")
    with database.session() as session:
        person = session.scalars(select(SavedView.owner_id)).one()

    page = client.get(f"/admin/user/delete?pks={person}")
    assert "Saved views" in page.text
    form = deletion_form(page.text)
    assert client.post(form.action, data=form.data()).status_code == 303
    with database.session() as session:
        assert session.scalars(select(SavedView)).all() == []
        assert session.get(User, person) is None


def test_what_people_keep_has_pages_like_every_record(client, database):
    view = save(client, "is_active=yes", "Open ones", default="yes")
    client.post("/admin/course/columns", data={"columns": ["name"], "remember": "yes"})

    assert "Open ones" in client.get(f"/admin/saved-view/details/{view.rpartition('=')[2]}").text
    page = client.get("/admin/list-preference/list").text
    assert "course" in page
    own = unescape(page.split('href="details/')[1].split('"')[0])
    assert "Open ones" in client.get(f"/admin/list-preference/details/{own}").text


def test_views_are_kept_beside_the_accounts_where_those_have_a_schema_of_their_own(empty_database_url):
    settings = Settings(**SETTINGS, database_url=empty_database_url, accounts_schema="admin_site")
    migrate(settings)
    with Database.from_settings(settings) as database:
        client = TestClient(create_app(settings, models=[Role, User]), follow_redirects=False)
        sign_in(client, database, superuser=True)
        answer = client.post("/admin/user/views?is_active=yes", data={"name": "Active", "default": "yes"})
        client.post("/admin/user/columns", data={"columns": ["user_name"], "remember": "yes"})

        assert "Active" in tabs(client.get(answer.headers["location"]).text).popitem()[0]
        with database.session() as session:
            assert session.scalars(select(SavedView.name)).one() == "Active"
