"""Rule 29: row scope holds everywhere; a hidden row is 404 and never counted. So do the fields of grants."""

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest
from sqladmin import action
from sqlalchemy import Select, event, select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.testclient import TestClient

from admin_site import AdminView
from admin_site.admin.actions import record_action
from admin_site.admin.visit import Visit
from admin_site.database import Database
from admin_site.models import AuditEntry, Course, Enrollment, Item, User
from admin_site.permissions import Identity, LimitedGrant, RowScope
from tests.admin.html_forms import read_forms, record_form
from tests.admin.sites import open_site, sign_in
from tests.factories import make_role, make_user

CANARY = "Alchemy"
REGISTRAR = (
    LimitedGrant("enrollment", "*", scope="active-courses"),
    ("course", "list"),
    ("course", "edit"),
    ("user", "list"),
    ("user", "details"),
    ("user", "edit"),
)


@dataclass
class School:
    """The keys of a person who takes an active and an ended course, and of what that makes."""

    person: str
    open_course: str
    ended_course: str
    other_course: str
    seen: str
    hidden: str


@pytest.fixture
def school(database: Database) -> School:
    with database.session() as session:
        person = make_user(session, first_name="Ada", last_name="Byron")
        courses = [
            Course(name="Botany", start_date=date(2030, 1, 7)),
            Course(name="Ended", start_date=date(2020, 1, 7), is_active=False),
            Course(name="Ended, too", start_date=date(2020, 1, 7), is_active=False),
        ]
        seen, hidden = (
            Enrollment(user=person, course=course, associative_data={"grade": grade})
            for course, grade in zip(courses[:2], ("B", CANARY), strict=True)
        )
        session.add_all([seen, hidden, *courses])
        session.flush()
        return School(
            str(person.user_id),
            str(courses[0].course_id),
            str(courses[1].course_id),
            str(courses[2].course_id),
            str(seen.enrollment_id),
            str(hidden.enrollment_id),
        )


@pytest.fixture
def registrar(database_url: str, database: Database, school: School) -> TestClient:
    client = open_site(database_url)
    sign_in(client, database, *REGISTRAR)
    return client


def stored(session: Session, key: str) -> Enrollment | None:
    session.rollback()
    return session.get(Enrollment, int(key))


# -- rows ------------------------------------------------------------------------------------------------


def test_rule_29_a_list_and_its_counts_leave_out_hidden_rows(registrar: TestClient, school: School):
    page = registrar.get("/admin/enrollment/list")

    assert page.status_code == 200
    assert f"details/{school.seen}" in page.text
    assert f"details/{school.hidden}" not in page.text
    assert "1 of 1" in _text(page.text)
    cards = re.findall(
        r'href="/admin/(\w+)/list".*?card-number">(\d+)<', registrar.get("/admin/").text, re.DOTALL
    )
    assert dict(cards)["enrollment"] == "1"


PAGES = [
    "details/{key}",
    "edit/{key}",
    "delete?pks={key}",
    "members/{key}?name=user",
    "file/associative_data/{key}",
]


@pytest.mark.parametrize("page", PAGES)
def test_rule_29_no_page_of_a_hidden_row_is_found(registrar: TestClient, school: School, page: str):
    hidden = registrar.get(f"/admin/enrollment/{page.format(key=school.hidden)}")
    unknown = registrar.get(f"/admin/enrollment/{page.format(key=987654)}")

    assert hidden.status_code == 404
    assert _words(hidden.text) == _words(unknown.text)


@pytest.mark.parametrize("page", ["details/{key}", "edit/{key}", "delete?pks={key}"])
def test_rule_29_the_pages_of_other_rows_are_there(registrar: TestClient, school: School, page: str):
    assert registrar.get(f"/admin/enrollment/{page.format(key=school.seen)}").status_code == 200


@pytest.mark.parametrize("path", ["edit/{key}", "delete?pks={key}"])
def test_rule_29_a_forged_post_to_a_hidden_row_changes_nothing(
    registrar: TestClient, school: School, session: Session, path: str
):
    form = record_form(registrar.get(f"/admin/enrollment/edit/{school.seen}").text)

    answer = registrar.post(
        f"/admin/enrollment/{path.format(key=school.hidden)}", data=form.data(end_date="2031-01-01")
    )

    assert answer.status_code == 404
    kept = stored(session, school.hidden)
    assert kept is not None
    assert kept.end_date is None


def test_rule_29_search_filters_and_facets_tell_nothing_of_hidden_rows(registrar: TestClient, school: School):
    for asked in ("search=Ended", "search=course:Ended", f"course={school.ended_course}", "course=987654"):
        page = registrar.get(f"/admin/enrollment/list?{asked}")
        assert page.status_code in (200, 400), asked
        assert f"details/{school.hidden}" not in page.text
    facets = registrar.get("/admin/enrollment/filters/counts?name=course")
    assert "Ended" not in facets.text
    assert CANARY not in registrar.get("/admin/enrollment/list?columns=associative_data").text


def test_rule_29_a_limit_costs_a_list_no_further_query(
    database_url: str, database: Database, registrar: TestClient, school: School
):
    whole = open_site(database_url)
    sign_in(whole, database, ("enrollment", "*"), *REGISTRAR[1:])
    url = "/admin/enrollment/list?columns=enrollment_id,enrolled_date"

    assert len(queries(registrar, url)) == len(queries(whole, url))


def queries(client: TestClient, url: str) -> list[str]:
    """Return what a page asks the database when it is shown for the second time."""
    client.get(url)
    statements: list[str] = []
    engine = client.app.state.site.database.engine
    note = lambda *arguments: statements.append(arguments[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(url).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return statements


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_rule_29_an_export_holds_no_hidden_row(registrar: TestClient, school: School, kind: str):
    answer = registrar.get(f"/admin/enrollment/export/{kind}?:columns=all&:headers=names&:values=raw")

    assert answer.status_code == 200
    assert CANARY.encode() not in answer.content
    if kind == "csv":
        assert len(answer.text.strip().splitlines()) == 2


def test_rule_29_a_record_that_others_refer_to_counts_and_names_seen_rows_alone(
    registrar: TestClient, school: School
):
    details = registrar.get(f"/admin/user/details/{school.person}").text
    edit = registrar.get(f"/admin/user/edit/{school.person}").text
    listed = registrar.get("/admin/user/list?columns=user_name,enrollments&sort=user_name").text

    assert f"enrollment/details/{school.seen}" in details
    for page in (details, edit):
        assert f"enrollment/details/{school.hidden}" not in page
        assert f"|k{school.hidden}|" not in page
        assert CANARY not in page
    assert '<span class="num">1</span>' in listed
    assert '<span class="num">2</span>' not in listed


def test_rule_29_a_hidden_row_cannot_be_changed_or_removed_as_one_of_a_parent(
    registrar: TestClient, school: School, session: Session
):
    url = f"/admin/user/edit/{school.person}"
    data = record_form(registrar.get(url).text).data()
    seen = f"enrollments|k{school.seen}|"
    forged = {
        name.replace(seen, f"enrollments|k{school.hidden}|"): value
        for name, value in data.items()
        if name.startswith(seen)
    }
    assert forged

    for more in (
        {f"enrollments|k{school.hidden}|end_date": "2031-01-01"},
        {f"enrollments|k{school.hidden}|:remove": "1"},
    ):
        registrar.post(url, data=data | forged | more)

    kept = stored(session, school.hidden)
    assert kept is not None
    assert kept.end_date is None


def test_rule_29_hidden_rows_are_not_deleted_along_with_what_they_belong_to(
    database_url: str, database: Database, school: School, session: Session
):
    client = open_site(database_url)
    sign_in(client, database, REGISTRAR[0], ("course", "*"), ("user", "list"))
    url = f"/admin/course/delete?pks={school.ended_course}"

    page = client.get(url)
    answer = client.post(url, data={})

    assert "Some records that you may not see would be deleted with it" in page.text
    assert CANARY not in page.text
    assert answer.status_code == 403
    assert stored(session, school.hidden) is not None


@pytest.mark.parametrize("change", [{"end_date": "2031-01-01"}, {"course": "{other}"}, {":remove": "1"}])
def test_rule_29_rows_of_a_parent_are_changed_in_granted_fields_alone(
    database_url: str, database: Database, school: School, session: Session, change: dict[str, str]
):
    client = open_site(database_url)
    rights = [("user", "*"), ("course", "list"), ("enrollment", "list")]
    sign_in(client, database, *rights, LimitedGrant("enrollment", "edit", frozenset({"enrolled_date"})))
    url = f"/admin/user/edit/{school.person}"
    data = record_form(client.get(url).text).data()
    row = f"enrollments|k{school.seen}|"
    assert f"{row}enrolled_date" in data
    assert f"{row}end_date" not in data

    forged = {row + name: text.format(other=school.other_course) for name, text in change.items()}
    refused = client.post(url, data=data | forged)
    session.rollback()
    kept = session.get_one(Enrollment, int(school.seen))
    before = kept.enrolled_date
    allowed = client.post(url, data=data | {f"{row}enrolled_date": "2021-03-04"})

    assert refused.status_code in (400, 403)
    assert (kept.end_date, str(kept.course_id)) == (None, school.open_course)
    assert before != date(2021, 3, 4)
    assert allowed.status_code == 303
    assert stored(session, school.seen).enrolled_date == date(2021, 3, 4)


def test_rule_29_nobody_adds_or_moves_a_record_out_of_their_own_sight(
    registrar: TestClient, school: School, database: Database, session: Session
):
    with database.session() as other:
        newcomer = str(make_user(other).user_id)
    create, edit = "/admin/enrollment/create", f"/admin/enrollment/edit/{school.seen}"
    added = record_form(registrar.get(create).text).data(user=newcomer, course=school.ended_course)
    moved = record_form(registrar.get(edit).text).data(course=school.other_course)

    answers = [registrar.post(create, data=added), registrar.post(edit, data=moved)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert str(stored(session, school.seen).course_id) == school.open_course
    assert len(session.scalars(select(Enrollment)).all()) == 2
    refused = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).all()
    assert len(refused) == 2
    added = record_form(registrar.get(create).text).data(user=newcomer, course=school.open_course)
    assert registrar.post(create, data=added).status_code == 303


def test_rule_29_a_limit_leaves_no_trace_of_hidden_rows_in_the_audit_trail(
    database_url: str, database: Database, school: School
):
    client = open_site(database_url)
    sign_in(client, database, *REGISTRAR, ("audit-entry", "list"), ("audit-entry", "details"))

    trail = client.get("/admin/audit-entry/list")

    assert trail.status_code == 200
    assert "nrollment " + school.hidden not in trail.text
    assert CANARY not in trail.text


def test_rule_29_drafts_and_checks_of_a_hidden_row_are_not_found(registrar: TestClient, school: School):
    draft = {
        "address": f"/admin/enrollment/edit/{school.hidden}",
        "fields": json.dumps([["end_date", "2031-01-01"]]),
    }
    check = {":field": "end_date", ":key": school.hidden, "end_date": "1999-01-01"}

    assert registrar.post("/admin/drafts", data=draft).status_code == 404
    assert registrar.post("/admin/enrollment/check", data=check).json() == {"error": ""}


def test_rule_29_a_grant_whose_scope_is_no_longer_there_leaves_no_row(
    database_url: str, database: Database, school: School
):
    client = open_site(database_url)
    sign_in(client, database, LimitedGrant("enrollment", "*", scope="of-last-year"))

    assert f"details/{school.seen}" not in client.get("/admin/enrollment/list").text
    assert client.get(f"/admin/enrollment/details/{school.seen}").status_code == 404


# -- the hook of a view, and several scopes ----------------------------------------------------------------


class Items(AdminView, model=Item):
    """Everybody's own items, and none that are secret."""

    column_list: ClassVar = ["title", "description", "owner"]
    list_editable: ClassVar = ["title", "description"]
    inlines: ClassVar = []
    row_scopes: ClassVar = {
        "own": RowScope("Their own", lambda statement, who: statement.where(Item.owner_id == who.user_id)),
        "books": RowScope("Books", lambda statement, _: statement.where(Item.title.like("Book%"))),
        "owned-by-ada": RowScope(
            "Ada's", lambda statement, _: statement.join(Item.owner).where(User.first_name == "Ada")
        ),
    }

    @record_action("Polish", confirmation="Polish {record}?", bulk=True)
    def polish(self, visit: Visit, record: Item) -> None:
        record.description = "polished"

    @action("lend", "Lend")
    async def lend(self, request: Request) -> Response:
        return RedirectResponse("/admin/item/list", 303)

    def scope(self, statement: Select[Any], identity: Identity) -> Select[Any]:
        return statement if identity.is_superuser else statement.where(Item.title != "Quidditch")


@pytest.fixture
def items(database: Database) -> dict[str, str]:
    with database.session() as session:
        ada, bob = make_user(session, first_name="Ada"), make_user(session, first_name="Bob")
        rows = [
            Item(title="Book one", description="red", owner=ada),
            Item(title="Book two", description="blue", owner=bob),
            Item(title="Lamp", description="green", owner=ada),
            Item(title="Vase", description="white", owner=bob),
            Item(title="Quidditch", description="black", owner=ada),
        ]
        session.add_all(rows)
        session.flush()
        return {row.title: str(row.item_id) for row in rows}


def client_with(database_url: str, database: Database, *roles: tuple[Any, ...]) -> TestClient:
    """Return the browser of somebody with a role for each tuple of grants, on a site with `Items`."""
    client = open_site(database_url, views=[Items])
    person = sign_in(client, database)
    with database.session() as session:
        user = session.get_one(User, person.user_id)
        user.roles.extend([make_role(session, *grants) for grants in roles])
    return client


def titles(client: TestClient) -> set[str]:
    text = client.get("/admin/item/list").text
    return {title for title in ("Book one", "Book two", "Lamp", "Vase", "Quidditch") if f">{title}<" in text}


def test_rule_29_the_rows_that_a_view_hides_stay_hidden_whatever_is_granted(
    database_url: str, database: Database, items: dict[str, str], session: Session
):
    client = client_with(database_url, database, (("item", "*"), ("user", "list")))

    assert titles(client) == {"Book one", "Book two", "Lamp", "Vase"}
    for page in ("details", "edit"):
        assert client.get(f"/admin/item/{page}/{items['Quidditch']}").status_code == 404
    url = f"/admin/item/edit/{items['Lamp']}"
    answer = client.post(url, data=record_form(client.get(url).text).data(title="Quidditch"))
    assert answer.status_code == 403
    assert session.get_one(Item, int(items["Lamp"])).title == "Lamp"


def test_rule_29_several_grants_are_added_up(database_url: str, database: Database, items: dict[str, str]):
    seeing = ("item", "*")
    client = client_with(
        database_url,
        database,
        (LimitedGrant(*seeing, scope="books"),),
        (LimitedGrant(*seeing, scope="owned-by-ada"),),
    )

    assert titles(client) == {"Book one", "Book two", "Lamp"}
    assert client.get(f"/admin/item/details/{items['Vase']}").status_code == 404


def test_rule_29_a_scope_may_depend_on_who_asks(database_url: str, database: Database, items: dict[str, str]):
    client = client_with(database_url, database, (LimitedGrant("item", "*", scope="own"), ("user", "list")))

    assert titles(client) == set()


def test_rule_29_what_is_seen_and_may_not_be_changed_is_403_and_has_no_button(
    database_url: str, database: Database, items: dict[str, str], session: Session
):
    client = client_with(
        database_url,
        database,
        (
            ("item", "list"),
            LimitedGrant("item", "details", scope="owned-by-ada"),
            LimitedGrant("item", "edit", scope="books"),
            LimitedGrant("item", "delete", scope="books"),
            ("user", "list"),
        ),
    )
    listed = client.get("/admin/item/list").text

    assert f"edit/{items['Book one']}" in listed
    assert f"details/{items['Book one']}" in listed
    assert f"details/{items['Book two']}" not in listed
    assert f"edit/{items['Lamp']}" not in listed
    assert client.get(f"/admin/item/details/{items['Vase']}").status_code == 403
    for path in (f"edit/{items['Vase']}", f"delete?pks={items['Vase']}"):
        assert client.get(f"/admin/item/{path}").status_code == 403
        assert client.post(f"/admin/item/{path}", data={"title": "Broken"}).status_code == 403
    assert session.get_one(Item, int(items["Vase"])).title == "Vase"
    url = f"/admin/item/edit/{items['Book one']}"
    moved = client.post(url, data=record_form(client.get(url).text).data(title="No longer one"))
    assert moved.status_code == 403


@pytest.mark.parametrize("path", ["action/polish?pks={key}", "action/lend?pks={key}"])
def test_rule_29_an_action_is_done_to_the_rows_that_it_was_granted_for(
    database_url: str, database: Database, items: dict[str, str], session: Session, path: str
):
    grants = (
        ("item", "list"),
        ("item", "details"),
        ("user", "list"),
        LimitedGrant("item", "action:polish", scope="books"),
        LimitedGrant("item", "action:lend", scope="books"),
    )
    client = client_with(database_url, database, grants)

    answers = {
        title: client.post(f"/admin/item/{path.format(key=items[title])}").status_code
        for title in ("Book one", "Vase", "Quidditch")
    }

    assert answers == {"Book one": 303, "Vase": 403, "Quidditch": 404}
    assert "action/polish" in client.get(f"/admin/item/details/{items['Book one']}").text
    assert "action/polish" not in client.get(f"/admin/item/details/{items['Vase']}").text


@pytest.mark.parametrize(
    "what", [{":key": ["Book one", "Vase"]}, {":key": ["Book one", "Quidditch"]}, {":all": "1"}]
)
@pytest.mark.parametrize("deed", ["action:polish", "action:lend", "delete"])
def test_rule_29_what_is_done_to_many_is_done_to_none_where_one_was_not_granted(
    database_url: str,
    database: Database,
    items: dict[str, str],
    session: Session,
    deed: str,
    what: dict[str, Any],
):
    grants = (
        ("item", "list"),
        ("item", "details"),
        ("user", "list"),
        LimitedGrant("item", "action:polish", scope="books"),
        LimitedGrant("item", "action:lend", scope="books"),
        LimitedGrant("item", "delete", scope="books"),
    )
    client = client_with(database_url, database, grants)
    keys = {name: [items.get(text, text) for text in texts] for name, texts in what.items()}

    answer = client.post("/admin/item/bulk", data={":do": deed, ":sure": "1", **keys})

    assert answer.status_code in (403, 409)
    kept = session.scalars(select(Item)).all()
    assert len(kept) == len(items)
    assert "polished" not in {item.description for item in kept}


def test_rule_29_what_is_done_to_many_is_done_to_those_that_were_granted(
    database_url: str, database: Database, items: dict[str, str], session: Session
):
    grants = (("item", "list"), ("user", "list"), LimitedGrant("item", "action:polish", scope="books"))
    client = client_with(database_url, database, grants)
    chosen = [items["Book one"], items["Book two"]]

    answer = client.post("/admin/item/bulk", data={":do": "action:polish", ":sure": "1", ":key": chosen})

    assert answer.status_code == 303
    polished = session.scalars(select(Item.title).where(Item.description == "polished"))
    assert set(polished) == {"Book one", "Book two"}


def test_rule_29_rows_edited_in_their_list_are_those_that_may_be_changed(
    database_url: str, database: Database, items: dict[str, str], session: Session
):
    grants = (("item", "list"), LimitedGrant("item", "edit", scope="books"), ("user", "list"))
    client = client_with(database_url, database, grants)
    page = client.get("/admin/item/edit-rows")
    data = next(
        form for form in read_forms(page.text) if form.action.startswith("/admin/item/edit-rows")
    ).data()

    keys = {value[0] for name, value in data.items() if name.endswith("/key")}
    assert items["Book one"] in keys
    place = next(name.split("/")[0] for name, value in data.items() if value == [items["Book one"]])
    forged = data | {f"{place}/key": [items["Vase"]], f"{place}/title": ["Broken"]}
    assert client.post("/admin/item/edit-rows", data=forged).status_code in (403, 400)
    assert session.get_one(Item, int(items["Vase"])).title == "Vase"


# -- fields ------------------------------------------------------------------------------------------------

READS_TITLES = LimitedGrant("item", "list", frozenset({"title", "owner"}))
OPENS_TITLES = LimitedGrant("item", "details", frozenset({"title"}))
EXPORTS = ("item", "export")


@pytest.fixture
def reader(database_url: str, database: Database, items: dict[str, str]) -> TestClient:
    """The browser of somebody who may read titles, and owners in lists."""
    return client_with(database_url, database, (READS_TITLES, OPENS_TITLES, EXPORTS, ("user", "list")))


def test_rule_29_fields_that_were_not_granted_are_on_no_page(reader: TestClient, items: dict[str, str]):
    for page in ("list", f"details/{items['Lamp']}", "export", "columns", "sort", "filters"):
        answer = reader.get(f"/admin/item/{page}")
        assert answer.status_code == 200, page
        assert "green" not in answer.text
        assert "escription" not in answer.text, page
    assert ">Ada<" in reader.get("/admin/item/list").text
    assert ">Owner<" not in reader.get(f"/admin/item/details/{items['Lamp']}").text


@pytest.mark.parametrize(
    "asked",
    [
        "description=green",
        "description__contains=g",
        "sort=description",
    ],
)
def test_rule_29_nothing_is_asked_of_fields_that_were_not_granted(reader: TestClient, asked: str):
    assert reader.get(f"/admin/item/list?{asked}").status_code == 400
    assert reader.get(f"/admin/item/export/csv?{asked}").status_code == 400


@pytest.mark.parametrize("column", ["description", "created_at"])
def test_rule_29_they_are_no_columns_either(reader: TestClient, column: str):
    assert reader.get(f"/admin/item/list?columns={column}").status_code == 400
    assert reader.get(f"/admin/item/export/csv?columns={column}").status_code == 400


def test_rule_29_a_search_does_not_look_into_them(reader: TestClient):
    for term in ("green", "description:green"):
        assert ">Lamp<" not in reader.get(f"/admin/item/list?search={term}").text
    assert ">Lamp<" in reader.get("/admin/item/list?search=lamp").text


@pytest.mark.parametrize("how", ["", "?:columns=all", "?:columns=all&:values=raw"])
def test_rule_29_an_export_holds_none_of_them(reader: TestClient, how: str):
    answer = reader.get(f"/admin/item/export/csv{how}")

    assert answer.status_code == 200
    assert "Lamp" in answer.text
    assert "green" not in answer.text


def test_rule_29_an_export_may_hold_less_than_the_list(
    database_url: str, database: Database, items: dict[str, str]
):
    client = client_with(
        database_url,
        database,
        (("item", "list"), LimitedGrant("item", "export", frozenset({"title"}), "books"), ("user", "list")),
    )

    for asked in (":columns=all", "columns=title,description"):
        text = client.get(f"/admin/item/export/csv?{asked}").text
        assert "Book one" in text
        assert "Lamp" not in text
        assert "red" not in text


def test_rule_29_the_history_tells_of_granted_fields_alone(
    database_url: str, database: Database, reader: TestClient, items: dict[str, str]
):
    with database.session() as session:
        lamp = session.get_one(Item, int(items["Lamp"]))
        lamp.title, lamp.description = "Lantern", "purple"

    page = reader.get(f"/admin/item/details/{items['Lamp']}").text

    assert "Lantern" in page
    assert "purple" not in page
    assert "green" not in page


def test_rule_29_only_granted_fields_are_written(
    database_url: str, database: Database, items: dict[str, str], session: Session
):
    grants = (
        ("item", "list"),
        ("item", "details"),
        ("user", "list"),
        LimitedGrant("item", "edit", frozenset({"description"})),
        LimitedGrant("item", "create", frozenset({"title", "owner"})),
    )
    client = client_with(database_url, database, grants)
    url = f"/admin/item/edit/{items['Lamp']}"
    data = record_form(client.get(url).text).data(description="yellow")
    assert "title" not in data

    forged = client.post(url, data=data | {"title": ["Broken"]})
    assert forged.status_code == 403
    assert session.get_one(Item, int(items["Lamp"])).title == "Lamp"
    assert client.post(url, data=data).status_code == 303
    session.rollback()
    lamp = session.get_one(Item, int(items["Lamp"]))
    assert (lamp.title, lamp.description) == ("Lamp", "yellow")
    create = record_form(client.get("/admin/item/create").text).data(title="Rug", owner=str(lamp.owner_id))
    assert "description" not in create
    assert client.post("/admin/item/create", data=create | {"description": ["x"]}).status_code == 403
    assert client.post("/admin/item/create", data=create).status_code == 303


def test_rule_29_each_row_has_the_fields_of_its_own_grants(
    database_url: str, database: Database, items: dict[str, str]
):
    client = client_with(
        database_url,
        database,
        (LimitedGrant("item", "*", frozenset({"title"})), ("user", "list")),
        (LimitedGrant("item", "*", scope="books"),),
    )

    book, lamp = (client.get(f"/admin/item/edit/{items[title]}").text for title in ("Book one", "Lamp"))

    assert "red" in book
    assert "green" not in lamp
    assert "red" in client.get(f"/admin/item/details/{items['Book one']}").text
    assert "green" not in client.get(f"/admin/item/details/{items['Lamp']}").text
    listed = client.get("/admin/item/list").text
    assert "green" not in listed
    assert client.get(f"/admin/item/delete?pks={items['Lamp']}").status_code == 403
    assert client.get(f"/admin/item/delete?pks={items['Book one']}").status_code == 200


def test_rule_29_related_records_show_no_field_that_was_not_granted(
    database_url: str, database: Database, items: dict[str, str]
):
    client = client_with(
        database_url, database, (("item", "*"), LimitedGrant("user", "list", frozenset({"first_name"})))
    )

    assert client.get("/admin/item/list?columns=title,owner.first_name").status_code == 200
    for asked in (
        "columns=title,owner.email_address",
        f"{urlencode({'owner.email_address': 'x'})}",
        "sort=owner.email_address",
    ):
        assert client.get(f"/admin/item/list?{asked}").status_code == 400, asked


@pytest.mark.parametrize("term", ["person", "example.org"])
def test_rule_29_a_lookup_does_not_look_into_them_either(
    database_url: str, database: Database, items: dict[str, str], term: str
):
    """Nobody can foresee what a person is called, so a lookup would try several of their texts."""
    client = client_with(
        database_url, database, (("item", "*"), LimitedGrant("user", "list", frozenset({"first_name"})))
    )

    found = client.get(f"/admin/item/ajax/lookup?name=owner&term={term}").json()["results"]
    known = client.get("/admin/item/ajax/lookup?name=owner&term=ada").json()["results"]

    assert all(term in option["text"] for option in found)
    assert [option["text"] for option in known] == ["Ada"]


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def _words(page: str) -> str:
    """Return what a page says, without what differs between any two."""
    return re.sub(r"[A-Za-z0-9_.-]{20,}|\d+", "", page)
