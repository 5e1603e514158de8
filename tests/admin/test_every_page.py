"""Every page of every mapped class: our own models and the zoo, on both databases."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Table, inspect, select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.admin.views import AdminView
from admin_site.database import Database
from admin_site.descriptions import Kind, describe, mapped_classes
from admin_site.keys import decode_key, encode_key
from admin_site.listing import ListQuery, fetch
from admin_site.models import Base, Course, Enrollment, Flow, Item, Role, RoleGrant, User, UserType
from admin_site.permissions import NEVER
from admin_site.seed import seed
from admin_site.values import to_text
from tests import zoo
from tests.admin.html_forms import PageForm, record_form
from tests.admin.sites import a_site
from tests.conftest import _postgresql_database, _sqlite_url

OURS = mapped_classes([Base])
CASES = [
    pytest.param(backend, model, id=f"{backend}-{model.__module__.rpartition('.')[2]}.{model.__qualname__}")
    for backend in ("sqlite", "postgresql")
    for model in (*OURS, *zoo.models_on(backend))
]

CHECKED: dict[type, set[str]] = {
    RoleGrant: {"model", "action", "fields", "scope"}
}  # texts that are not free to choose


class Site:
    """A site with every model on one database, each with rows."""

    def __init__(self, database: Database, models: tuple[type, ...]) -> None:
        self.database = database
        zoo.create(database.engine)
        with database.session() as session:
            zoo.fill(session)
        seed(database, people=12)
        self.client: TestClient = a_site(database, models=models)
        self.client.__enter__()  # else each request starts a thread of its own
        self.site = self.client.app.state.site

    def view(self, model: type) -> AdminView:
        return next(view for view in self.site.model_views if view.model is model)

    def session(self) -> Session:
        return self.database.new_session_maker()()

    def keys(self, model: type) -> list[str]:
        description = describe(model)
        with self.session() as session:
            return [
                encode_key(description, description.key_of(record))
                for record in session.scalars(select(model).limit(5))
            ]

    def rows(self, model: type) -> list[Any]:
        """Return everything stored in the tables of a model, as the driver gives it."""
        tables = [table for table in describe(model).mapper.tables if isinstance(table, Table)]
        with self.database.engine.connect() as connection:
            return [
                sorted(map(_exactly, connection.execute(select(text("*")).select_from(table))))
                for table in tables
            ]


def _exactly(row: Any) -> str:
    return repr([_plain(value) for value in row])


def _plain(value: Any) -> Any:
    """Return a value of the driver with bytes for the views of memory that PostgreSQL's gives."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return bytes(value) if isinstance(value, memoryview) else value


@pytest.fixture(scope="session")
def sites(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Site]]:
    made: dict[str, Site] = {}
    with ExitStack() as stack:

        def site_on(backend: str) -> Site:
            if backend not in made:
                template = request.getfixturevalue(f"{backend}_template")
                if backend == "sqlite":
                    folder = tmp_path_factory.mktemp("every_page")
                    url = _sqlite_url(Path(shutil.copy(template, folder / "admin.sqlite3")))
                else:
                    server = request.getfixturevalue("postgresql_server")
                    url = stack.enter_context(_postgresql_database(server, template))
                database = stack.enter_context(Database(url))
                made[backend] = Site(database, (*OURS, *zoo.models_on(backend)))
            return made[backend]

        yield site_on
        for site in made.values():
            site.client.__exit__(None, None, None)


@pytest.mark.parametrize(("backend", "model"), CASES)
def test_the_list_opens_sorted_and_searched(sites, backend: str, model: type):
    site = sites(backend)
    view = site.view(model)
    url = f"/admin/{view.identity}/list"
    sorted_and_searched = {"sort": view.listing.sortable[0], "search": "a"}

    for page in (site.client.get(url), site.client.get(url, params=sorted_and_searched)):
        assert page.status_code == 200, page.text


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("model", OURS)
def test_a_list_can_be_sorted_by_every_column_and_searched_for_anything(sites, backend: str, model: type):
    """The page is the same for all of these, so the rows alone are read; the zoo's are in tests/listing."""
    site = sites(backend)
    listing = site.view(model).listing
    own = [name for name in listing.sortable if "." not in name]
    sorts = [("sort", name) for name in listing.sortable] + [("sort", f"-{name}") for name in own]
    terms = [("search", term) for term in ("a", "%", "it's", '"two words"', "0", "~")]

    with site.session() as session:
        whole = len(fetch(session, listing, ListQuery.parse([], listing)).rows)
        for pair in (*sorts, *terms):
            page = fetch(session, listing, ListQuery.parse([pair], listing))
            assert len(page.rows) == whole or pair in terms, pair


@pytest.mark.parametrize(("backend", "model"), CASES)
def test_every_record_can_be_seen(sites, backend: str, model: type):
    site = sites(backend)
    view = site.view(model)

    for key in site.keys(model):
        page = site.client.get(f"/admin/{view.identity}/details/{key}")
        assert page.status_code == 200, f"{key}: {page.text}"


@pytest.mark.parametrize(("backend", "model"), CASES)
def test_saving_an_unchanged_form_changes_nothing(sites, backend: str, model: type):
    site = sites(backend)
    view = site.view(model)
    if (view.identity, "edit") in NEVER or view.why_not("edit") or not view.can_edit:
        assert site.client.get(f"/admin/{view.identity}/edit/x").status_code == 403
        return
    before = site.rows(model)

    for key in site.keys(model):
        url = f"/admin/{view.identity}/edit/{key}"
        page = site.client.get(url)
        assert page.status_code == 200, f"{key}: {page.text}"
        answer = site.client.post(url, data=record_form(page.text).data())
        assert answer.status_code == 303, f"{key}: {_problems(answer.text)}"

    assert site.rows(model) == before


@pytest.mark.parametrize(("backend", "model"), CASES)
def test_a_record_is_created_edited_in_one_field_and_deleted(sites, backend: str, model: type):
    site = sites(backend)
    view = site.view(model)
    create = f"/admin/{view.identity}/create"
    if (view.identity, "create") in NEVER or view.why_not("create") or not view.can_create:
        assert site.client.get(create).status_code == 403
        return
    with site.database.session() as session:  # what the sample relates to is stored, the sample is not
        sample = _own_sample(session, model) if model in OURS else zoo.sample(session, model)
        typed = [pair for name, value in sample.items() for pair in _typed(view, name, value)]
    known = _all_keys(site, model)

    page = site.client.get(create)
    assert page.status_code == 200, page.text
    form = record_form(page.text)
    data = {**form.data(), **dict(typed)}
    answer = site.client.post(create, data=data, files=_uploads(view, sample))
    assert answer.status_code == 303, f"{data}: {_problems(answer.text)}"
    (key,) = _all_keys(site, model) - known

    _edit_one_field(site, view, key)
    answer = site.client.post(f"/admin/{view.identity}/delete?pks={quote(key)}")
    assert answer.status_code == 303, _problems(answer.text)
    assert _all_keys(site, model) == known


def _edit_one_field(site: Site, view: AdminView, key: str) -> None:
    """Change the first field that takes another text, and see that no other column moved."""
    url = f"/admin/{view.identity}/edit/{key}"
    form = record_form(site.client.get(url).text)
    for field in view.description.fields:
        text = None if field.name in CHECKED.get(view.model, ()) else _another(field, form)
        if text is None:
            continue
        before = _row(site, view, key)
        answer = site.client.post(url, data=form.data(**{field.name: text}))
        assert answer.status_code == 303, f"{field.name}={text}: {_problems(answer.text)}"
        after = _row(site, view, key)
        changed = {name for name in before if before[name] != after[name]}
        assert changed - _moved_by_saving(view) == {field.name}
        return


def _another(field: Any, form: PageForm) -> str | None:
    """Return a text to type over a field, or None for those whose values are not free to choose."""
    names = {name for name, _ in form.pairs}
    is_free = (
        field.name in names
        and field.column is not None
        and not field.unique
        and not field.column.foreign_keys
        and not field.patterns
    )
    if field.kind is Kind.TEXT and is_free and (field.length or 50) >= 12 and not field.is_decorated:
        return "  a new text"
    if field.kind is Kind.LONG_TEXT and is_free:
        return "\nseveral\n lines \n"
    if field.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT) and is_free and not field.is_decorated:
        return "7"
    if field.kind is Kind.DATE and is_free:
        return "2031-05-06"
    return None


def _moved_by_saving(view: AdminView) -> set[str]:
    """Return the fields that follow others by themselves."""
    return {
        field.name
        for field in view.description.fields
        if field.column is None
        or field.column.computed is not None
        or field.column.onupdate is not None
        or field.column.server_onupdate is not None
        or field.read_only
    }


def _row(site: Site, view: AdminView, key: str) -> dict[str, str]:
    description = view.description
    names = [field.name for field in description.fields if field.column is not None]
    parts = zip(description.key, decode_key(description, key), strict=True)
    statement = select(*(getattr(view.model, name) for name in names)).where(
        *(getattr(view.model, name) == part for name, part in parts)
    )
    with site.session() as session:
        return dict(zip(names, map(repr, session.execute(statement).one()), strict=True))


def _all_keys(site: Site, model: type) -> set[str]:
    description = describe(model)
    with site.session() as session:
        return {
            encode_key(description, description.key_of(record)) for record in session.scalars(select(model))
        }


def _typed(view: AdminView, name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield what a person types or chooses for a value; nothing when a form has no place for it."""
    description = view.description
    relation = next((item for item in description.relations if item.name == name), None)
    if relation is not None:
        if not relation.many and value is not None:
            target = describe(relation.target)
            yield name, encode_key(target, target.key_of(value))
        return
    field = description.field(name)
    covering = next(
        (item for item in description.relations if name in item.columns and not item.read_only), None
    )
    if field.read_only or covering is not None or field.kind is Kind.BINARY:
        return
    yield name, to_text(field, value)
    if value == "" and not field.nullable:
        yield f"{name}:empty", "true"  # what a person ticks when asked whether an empty text is meant


def _uploads(view: AdminView, sample: dict[str, Any]) -> dict[str, tuple[str, bytes]]:
    fields = (
        view.description.field(name) for name in sample if name in {f.name for f in view.description.fields}
    )
    return {field.name: ("file", sample[field.name]) for field in fields if field.kind is Kind.BINARY}


def _own_sample(session: Session, model: type) -> dict[str, Any]:
    return {name: value(session) if callable(value) else value for name, value in OWN_SAMPLES[model].items()}


def _one(model: type) -> Callable[[Session], Any]:
    return lambda session: session.scalars(select(model).order_by(*inspect(model).primary_key)).first()


def _a_course(session: Session) -> Course:
    course = Course(name="Astronomy", start_date=date(2030, 1, 7))
    session.add(course)
    session.flush()
    return course


OWN_SAMPLES: dict[type, dict[str, Any]] = {
    User: {"user_name": "new.person", "email_address": "new.person@example.org", "user_type": _one(UserType)},
    Role: {"name": "A new role"},
    RoleGrant: {"role": _one(Role), "model": "flow", "action": "export"},
    UserType: {"name": "Visitor"},
    Course: {"name": "Beekeeping", "start_date": date(2030, 1, 7), "end_date": date(2030, 6, 7)},
    Enrollment: {"user": _one(User), "course": _a_course, "associative_data": {"a": [0]}},
    Flow: {"name": "A new flow"},
    Item: {"title": "A kite", "owner": _one(User)},
}


def _problems(html: str) -> str:
    return html[html.find("problems") : html.find("</form>")][:3000] if "problems" in html else html[:1500]
