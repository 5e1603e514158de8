"""The site over models and views that are not its own."""

from datetime import date
from typing import Any, ClassVar

import pytest
from sqladmin import BaseView, action, expose
from sqlalchemy import ForeignKey, Select, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry, relationship
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.testclient import TestClient

from admin_site import AdminView, Settings, create_app
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.models import AuditEntry, User
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_user


class LibraryBase(DeclarativeBase):
    """The models of somebody who never heard of this project."""


class Author(LibraryBase):
    __tablename__ = "library_authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    born: Mapped[date | None]
    books: Mapped[list["Book"]] = relationship(back_populates="author", cascade="all, delete-orphan")


class Book(LibraryBase):
    __tablename__ = "library_books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("library_authors.id"))
    author: Mapped[Author] = relationship(back_populates="books")


class AuthorView(AdminView, model=Author):
    name = "Writer"
    name_plural = "Writers"
    icon = "fa-solid fa-user"
    column_list: ClassVar = [Author.name, "born", Author.books]
    column_labels: ClassVar = {Author.name: "Full name"}
    column_searchable_list: ClassVar = [Author.name]
    column_sortable_list: ClassVar = [Author.name]
    column_default_sort: ClassVar = (Author.name, True)
    column_formatters: ClassVar = {Author.name: lambda author, _: author.name.upper()}
    form_excluded_columns: ClassVar = [Author.books]
    page_size = 2
    page_size_options: ClassVar = [2, 10]
    can_delete = False
    seen: ClassVar[list[str]] = []

    async def on_model_change(
        self, data: dict[str, Any], model: Any, is_created: bool, request: Request
    ) -> None:
        self.seen.append(f"before {is_created} {sorted(data)}")

    async def after_model_change(
        self, data: dict[str, Any], model: Any, is_created: bool, request: Request
    ) -> None:
        self.seen.append(f"after {model.name}")

    @action(name="greet", label="Say hello", confirmation_message="Really?")
    async def greet(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"hello {request.query_params['pks']}")


class ReportPage(BaseView):
    name = "Report"
    icon = "file-text"

    @expose("/report", methods=["GET"])
    async def report(self, request: Request) -> Any:
        return PlainTextResponse("the report")


@pytest.fixture
def library(database: Database) -> Database:
    LibraryBase.metadata.create_all(database.engine)
    with database.session() as session:
        for name in ("Ann", "Bob", "Cid"):
            session.add(Author(name=name, books=[Book(title=f"{name}'s book")]))
    return database


def test_models_alone_are_enough(library: Database):
    client = a_site(library, models=[LibraryBase])

    assert "Ann&#39;s book" in client.get("/admin/book/list").text
    answer = _post(client, "/admin/book/create", title="New", author="1")
    assert answer.status_code == 303
    assert "Ann" in client.get(answer.headers["location"]).text


@pytest.mark.parametrize("models", [[LibraryBase], [LibraryBase.registry], [Author, Book]])
def test_models_may_be_a_base_a_registry_or_classes(library: Database, models: list[Any]):
    client = a_site(library, models=models)

    assert client.get("/admin/author/list").status_code == 200
    assert client.get("/admin/book/list").status_code == 200


def test_accounts_and_audit_are_always_there_and_the_example_is_not(library: Database):
    client = a_site(library, models=[LibraryBase])

    for page in ("user", "role", "audit-entry"):
        assert client.get(f"/admin/{page}/list").status_code == 200
    assert client.get("/admin/course/list").status_code == 404


def test_changes_of_foreign_models_are_on_record(library: Database, session):
    client = a_site(library, models=[LibraryBase])

    _post(client, "/admin/author/edit/1", name="Anna")

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).one()
    assert (entry.model, entry.key, entry.changes) == ("library_authors", "1", {"name": ["Ann", "Anna"]})


def test_a_hand_written_view_replaces_the_generated_one(library: Database):
    client = a_site(library, models=[LibraryBase], views=[AuthorView])

    page = client.get("/admin/author/list").text

    assert '<h1><span dir="auto">Writers</span>' in page.replace("\n", "")
    assert "Full name" in page
    assert "CID" in page
    assert "BOB" in page
    assert "ANN" not in page
    assert page.index("CID") < page.index("BOB")
    assert client.get("/admin/author/list?sort=born").status_code == 400
    assert client.get("/admin/author/delete?pks=1").status_code == 403


def test_hooks_of_a_hand_written_view_are_called(library: Database):
    client = a_site(library, models=[LibraryBase], views=[AuthorView])
    AuthorView.seen.clear()

    _post(client, "/admin/author/edit/1", name="Anna")

    assert AuthorView.seen == ["before False ['name']", "after Anna"]


def test_an_action_of_sqladmin_asks_and_runs_by_post_only(library: Database):
    client = a_site(library, models=[LibraryBase], views=[AuthorView])
    url = "/admin/author/action/greet?pks=1"

    assert "Say hello" in client.get("/admin/author/details/1").text
    question = client.get(url)
    assert "Really?" in question.text
    assert "hello 1" not in question.text
    assert client.post(url).text == "hello 1"


def test_an_action_needs_its_grant(library: Database):
    client = open_site(
        library.engine.url.render_as_string(hide_password=False), models=[LibraryBase], views=[AuthorView]
    )
    sign_in(client, library, ("author", "list"), ("author", "details"))

    assert client.post("/admin/author/action/greet?pks=1").status_code == 403
    assert "Say hello" not in client.get("/admin/author/details/1").text


def test_a_page_of_ones_own_is_in_the_menu(library: Database):
    client = a_site(library, models=[LibraryBase], views=[ReportPage])

    assert "/admin/report" in client.get("/admin/").text
    assert client.get("/admin/report").text == "the report"


def test_a_page_of_ones_own_is_for_those_who_are_signed_in_and_may(library: Database):
    client = open_site(
        library.engine.url.render_as_string(hide_password=False), models=[LibraryBase], views=[ReportPage]
    )

    assert client.get("/admin/report").status_code == 303
    sign_in(client, library)
    assert client.get("/admin/report").status_code == 403


class OnlyBobView(AdminView, model=Author):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Author).where(Author.name == "Bob")


def test_rows_outside_the_views_query_do_not_exist(library: Database):
    client = a_site(library, models=[LibraryBase], views=[OnlyBobView])

    page = client.get("/admin/author/list").text

    assert "Bob" in page
    assert "Ann" not in page
    assert client.get("/admin/author/details/2").status_code == 200
    for path in ("details/1", "edit/1", "delete?pks=1"):
        assert client.get(f"/admin/author/{path}").status_code == 404
    lookup = client.get("/admin/book/ajax/lookup?name=author&term=a", headers={"accept": "application/json"})
    assert lookup.json()["results"] == []
    refused = _post(client, "/admin/book/create", title="New", author="1")
    assert refused.status_code == 400


def test_two_sites_of_the_same_views_stay_apart(library: Database):
    first = a_site(library, models=[LibraryBase], views=[AuthorView])
    second = a_site(library, models=[LibraryBase, User.registry], views=[AuthorView])

    assert first.get("/admin/author/list").status_code == 200
    assert second.get("/admin/author/list").status_code == 200
    assert first.get("/admin/course/list").status_code == 404
    assert second.get("/admin/course/list").status_code == 200


def test_two_classes_of_one_name_have_addresses_of_their_own(database: Database):
    other = registry()

    @other.mapped
    class Course:
        __tablename__ = "cooking_courses"
        id: Mapped[int] = mapped_column(primary_key=True)
        dish: Mapped[str]

    other.metadata.create_all(database.engine)
    client = a_site(database, models=[User.registry, other])

    identities = [
        view.identity for view in client.app.state.site.model_views if view.model.__name__ == "Course"
    ]
    assert len(set(identities)) == 2
    for identity in identities:
        assert client.get(f"/admin/{identity}/list").status_code == 200


def test_tables_that_clash_with_the_accounts_are_refused_in_words(settings: Settings):
    class Base(DeclarativeBase):
        pass

    class Person(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(ConfigurationError, match="users"):
        create_app(settings, models=[Base])


def test_the_site_may_be_mounted_below_a_path(settings: Settings, database: Database):
    app = create_app(settings)
    outer = Starlette(routes=[Mount("/office", app=app)])
    client = TestClient(outer, follow_redirects=False)

    answer = client.get("/office/admin/user/list")
    assert answer.headers["location"].startswith("/office/admin/login")
    page = client.get("/office/admin/login").text
    assert '"/office/admin/statics/admin.css' in page


@pytest.mark.parametrize("size", [25, 100])
def test_a_list_costs_the_same_number_of_queries_whatever_its_size(database: Database, size: int):
    client = a_site(database)
    costs = []
    for number in (3, 120, 120):  # the first page is the whole list, which nobody has to count
        with database.session() as session:
            for _ in range(number):
                make_user(session)
        client.get(f"/admin/user/list?size={size}")
        costs.append(_queries(client, f"/admin/user/list?size={size}"))

    assert costs[0] < costs[1] == costs[2] <= 8


def _queries(client: TestClient, url: str) -> int:
    statements = []
    engine = client.app.state.site.database.engine

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(url).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def _post(client: TestClient, url: str, **typed: str) -> Any:
    return client.post(url, data=record_form(client.get(url).text).data(**typed))
