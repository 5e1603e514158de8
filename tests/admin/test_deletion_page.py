"""The page that says what deleting a record would do, and does it when that is agreed to."""

import json
import re
import threading
from datetime import date
from typing import Any

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import ForeignKey, Select, String, func, insert, literal, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from starlette.requests import Request
from starlette.testclient import TestClient

from admin_site import AdminView
from admin_site.admin.pages import deletion
from admin_site.audit import UNAUDITED
from admin_site.database import Database
from admin_site.models import AuditEntry, Course, Enrollment, Item, User
from tests.admin.html_forms import deletion_form, words
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_user


class Base(DeclarativeBase):
    pass


class Port(Base):
    __tablename__ = "ports"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))

    ships: Mapped[list["Ship"]] = relationship(back_populates="port", cascade="all, delete-orphan")


class Ship(Base):
    """Deleted by the mapper with its port."""

    __tablename__ = "ships"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    port_id: Mapped[int] = mapped_column(ForeignKey("ports.id"))

    port: Mapped[Port] = relationship(back_populates="ships")


class Cargo(Base):
    """Deleted by the database with its ship."""

    __tablename__ = "cargos"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    ship_id: Mapped[int] = mapped_column(ForeignKey("ships.id", ondelete="CASCADE"))

    ship: Mapped[Ship] = relationship()


class Crate(Base):
    __tablename__ = "crates"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    cargo_id: Mapped[int] = mapped_column(ForeignKey("cargos.id", ondelete="CASCADE"))

    cargo: Mapped[Cargo] = relationship()


class Label(Base):
    """Four steps below the port."""

    __tablename__ = "labels"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    crate_id: Mapped[int] = mapped_column(ForeignKey("crates.id", ondelete="CASCADE"))


class Captain(Base):
    """Loses the ship, and stays."""

    __tablename__ = "captains"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    ship_id: Mapped[int | None] = mapped_column(ForeignKey("ships.id", ondelete="SET NULL"))

    ship: Mapped[Ship | None] = relationship()


class Insurance(Base):
    """Stands in the way of its ship."""

    __tablename__ = "insurances"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    ship_id: Mapped[int] = mapped_column(ForeignKey("ships.id"))

    ship: Mapped[Ship] = relationship()


HIDDEN = "Flying Dutchman"


class Ships(AdminView, model=Ship):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Ship).where(Ship.name != HIDDEN)


class Captains(AdminView, model=Captain):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Captain).where(Captain.name != HIDDEN)


class Insurances(AdminView, model=Insurance):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Insurance).where(Insurance.name != HIDDEN)


class Guarded(AdminView, model=Cargo):
    async def check_can_delete(self, request: Request, model: Any) -> bool:
        return bool(model.name != "Gold")


@pytest.fixture
def sea(database: Database) -> Database:
    Base.metadata.create_all(database.engine)
    return database


@pytest.fixture
def sailor(sea: Database) -> TestClient:
    """A superuser's browser."""
    return a_site(sea, models=[Base])


def stored(database: Database, *records: Any) -> Any:
    with database.new_session_maker()() as session:
        session.add_all(records)
        session.commit()
    return records[0]


def many(database: Database, model: Any, number: int, **values: Any) -> None:
    numbers = select(literal(1).label("n")).cte(recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < number))
    columns = [getattr(model, name) for name in values]
    rows = select(*map(literal, values.values())).select_from(numbers)
    with database.session() as session:
        session.execute(insert(model).from_select(columns, rows), execution_options={UNAUDITED: "a test"})


def number(database: Database, model: type) -> int:
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def url(record: Any) -> str:
    return f"/admin/{type(record).__name__.lower()}/delete?pks={record.id}"


def confirm(client: TestClient, page: str, **typed: str) -> Any:
    """Post the form of a page as it was shown."""
    form = deletion_form(page)
    return client.post(form.action, data=form.data(**typed))


def greeting(client: TestClient, answer: Any) -> str:
    assert answer.status_code == 303, words(answer.text)
    return words(client.get(answer.headers["location"]).text)


# -- What is said --------------------------------------------------------------------------------------------


def a_fleet(database: Database) -> Port:
    """Two ships with two cargos, a crate, two labels and a captain."""
    port = stored(
        database,
        Port(name="Hamburg", ships=[Ship(name="Aurora"), Ship(name="Boreas")]),
    )
    one, other = port.ships
    tea, coffee = Cargo(name="Tea", ship_id=one.id), Cargo(name="Coffee", ship_id=other.id)
    stored(database, tea, coffee, Captain(name="Nemo", ship_id=one.id))
    crate = stored(database, Crate(name="1", cargo_id=tea.id))
    stored(database, Label(name="a", crate_id=crate.id), Label(name="b", crate_id=crate.id))
    return port


def test_a_tree_says_which_kinds_go_through_which_and_who_does_it(sailor, sea):
    page = sailor.get(url(a_fleet(sea))).text

    nested = words(page.replace('<ul class="tally">', "(").replace("</ul>", ")"))
    assert (
        "( Ships deleted one by one 2 ( Cargos deleted by the database 2 ( Crates deleted by the database 1 )"
        " Captains kept, with an empty reference 1 ) Further down: 2 more (Labels) )"
    ) in nested


def test_each_line_leads_to_the_list_of_exactly_these_records(sailor, sea):
    port = a_fleet(sea)
    stored(sea, Port(name="Bremen", ships=[Ship(name="Other")]))
    one, other = port.ships
    page = sailor.get(url(port)).text.replace("&amp;", "&")

    links = dict(re.findall(r'<a href="(/admin/[^"]*)"><span>(\w+)</span>', page))
    assert {name: link for link, name in links.items()} == {
        "Ships": f"/admin/ship/list?port={port.id}",
        "Cargos": f"/admin/cargo/list?ship={one.id}&ship={other.id}",
        "Captains": f"/admin/captain/list?ship={one.id}&ship={other.id}",
        "Crates": links and next(link for link, name in links.items() if name == "Crates"),
    }
    for link, name in links.items():
        shown = sailor.get(link).text
        assert "Other" not in shown, name
    assert "Aurora" in sailor.get(next(iter(links))).text


def test_numbers_end_where_nobody_counts(sailor, sea):
    port = stored(sea, Port(name="Hamburg"))
    many(sea, Ship, 1_200, name="Aurora", port_id=port.id)

    page = words(sailor.get(url(port)).text)

    assert "Ships deleted one by one 1,000+" in page
    assert "1,000+ records are affected" in page


def test_a_deletion_that_takes_nothing_along_says_so(sailor, sea):
    page = sailor.get(url(stored(sea, Port(name="Hamburg")))).text

    assert "Nothing else is deleted with it." in page
    assert re.search(r'<a class="btn" href="/admin/port/details/1" autofocus>Cancel</a>', page)
    assert re.search(r'<button class="btn btn-danger">.*Delete port</button>', page)


def test_what_stands_in_the_way_at_any_depth_is_said_before_the_click(sailor, sea):
    port = a_fleet(sea)
    stored(sea, Insurance(name="Lloyd", ship_id=port.ships[0].id))

    page = sailor.get(url(port)).text
    answer = sailor.post(url(port))

    assert "Hamburg cannot be deleted" in words(page)
    assert "Other records need it." in page
    assert "Insurances refer to its ships 1" in words(page)
    assert re.search(r'<button class="btn btn-danger" disabled aria-describedby="why-not"', page)
    assert answer.status_code == 409
    assert number(sea, Port) == 1


# -- The deed ------------------------------------------------------------------------------------------------


def test_the_greeting_says_what_went_with_it(sailor, sea):
    port = a_fleet(sea)

    said = greeting(sailor, confirm(sailor, sailor.get(url(port)).text))

    assert "Port “Hamburg” was deleted, and with it 2 ships, 2 cargos, 1 crate and 2 more records." in said
    assert [number(sea, model) for model in (Port, Ship, Cargo, Crate, Label, Captain)] == [0, 0, 0, 0, 0, 1]


def test_a_child_that_was_added_meanwhile_is_asked_about(sailor, sea):
    port = a_fleet(sea)
    page = sailor.get(url(port)).text
    stored(sea, Ship(name="Late", port_id=port.id))

    answer = confirm(sailor, page)

    assert answer.status_code == 409
    assert "Since you looked, 1 ship was added." in words(answer.text)
    assert number(sea, Port) == 1
    assert confirm(sailor, answer.text).status_code == 303
    assert number(sea, Ship) == 0


def test_a_grandchild_that_was_added_meanwhile_is_asked_about(sailor, sea):
    port = a_fleet(sea)
    page = sailor.get(url(port)).text
    stored(sea, Cargo(name="Salt", ship_id=port.ships[0].id), Cargo(name="Sugar", ship_id=port.ships[0].id))
    with sea.session() as session:
        session.delete(session.scalars(select(Captain)).one())

    answer = confirm(sailor, page)

    assert answer.status_code == 409
    assert "Since you looked, 2 cargos were added." in words(answer.text)


def test_a_child_that_took_the_place_of_another_is_asked_about(sailor, sea):
    port = stored(sea, Port(name="Hamburg", ships=[Ship(name="Aurora"), Ship(name="Boreas")]))
    page = sailor.get(url(port)).text
    with sea.session() as session:
        session.delete(session.get_one(Ship, port.ships[0].id))
        session.add(Ship(name="Late", port_id=port.id))

    answer = confirm(sailor, page)

    assert answer.status_code == 409
    assert "Since you looked, some ships took the place of others." in words(answer.text)


def test_another_record_in_the_place_of_the_one_that_was_shown_is_asked_about(sailor, sea):
    port = stored(sea, Port(name="Hamburg"))
    page = sailor.get(url(port)).text
    with sea.session() as session:
        session.get_one(Port, port.id).name = "Bremen"

    answer = confirm(sailor, page)

    assert answer.status_code == 409
    assert "it is “Bremen” now" in answer.text


def test_what_nobody_was_shown_is_not_deleted_along(sailor, sea):
    """Without what the page sends along, nothing but the record itself has been agreed to."""
    port, alone = a_fleet(sea), stored(sea, Port(name="Bremen"))

    assert sailor.post(url(port)).status_code == 409
    assert sailor.post(url(alone)).status_code == 303
    assert number(sea, Ship) == 2


@pytest.mark.parametrize("forged", ["x", "WzEsMl0.abc", "{shown}x"])
def test_an_agreement_that_was_tampered_with_deletes_nothing(sailor, sea, forged):
    port = a_fleet(sea)
    page = sailor.get(url(port)).text
    shown = dict(deletion_form(page).pairs)[deletion.SEEN]

    answer = sailor.post(url(port), data={deletion.SEEN: forged.format(shown=shown)})

    assert answer.status_code == 400
    assert "could not be read" in answer.text
    assert number(sea, Port) == 1


def test_an_agreement_is_one_persons_about_one_record(sailor, sea, database):
    port, other = a_fleet(sea), stored(sea, Port(name="Bremen", ships=[Ship(name="Circe")]))
    agreed = deletion_form(sailor.get(url(port)).text).data()
    stranger = a_site(sea, models=[Base])

    assert sailor.post(url(other), data=agreed).status_code == 400
    assert stranger.post(url(port), data=agreed).status_code == 400
    assert number(sea, Port) == 2


# -- Typing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Hamburg", "  Hamburg ", "101"])
def test_more_than_a_hundred_records_go_only_when_it_is_typed(sailor, sea, typed):
    port = stored(sea, Port(name="Hamburg"))
    many(sea, Ship, 101, name="Aurora", port_id=port.id)
    page = sailor.get(url(port)).text

    assert "101 records are affected. To confirm, type Hamburg or 101" in words(page)
    for wrong in ("", "hamburg", "100"):
        answer = confirm(sailor, page, __typed=wrong)
        assert answer.status_code == 400
        assert "Nothing was deleted." in answer.text
        assert dict(deletion_form(answer.text).pairs)[deletion.TYPED] == wrong
        assert number(sea, Ship) == 101
    assert confirm(sailor, page, __typed=typed).status_code == 303
    assert number(sea, Ship) == 0


def test_a_hundred_records_go_by_a_click(sailor, sea):
    port = stored(sea, Port(name="Hamburg"))
    many(sea, Ship, 100, name="Aurora", port_id=port.id)
    page = sailor.get(url(port)).text

    assert deletion.TYPED not in page
    assert confirm(sailor, page).status_code == 303


@pytest.mark.parametrize("name", ["", "   ", "x" * 200])
def test_a_name_that_nobody_can_type_is_not_asked_for(sailor, sea, name):
    port = stored(sea, Port(name=name))
    many(sea, Ship, 1_500, name="Aurora", port_id=port.id)
    page = sailor.get(url(port)).text

    wanted = "1,000" if name.strip() else "Port 1 or 1,000"
    assert f"1,000+ records are affected. To confirm, type {wanted} Cancel" in words(page)
    assert confirm(sailor, page, __typed="1000").status_code == 303


def test_what_takes_too_long_to_count_has_to_be_typed(sailor, sea, monkeypatch):
    port = a_fleet(sea)
    monkeypatch.setattr("admin_site.services.counting.SECONDS_EACH", 0)
    page = sailor.get(url(port)).text

    assert "Ships deleted one by one too many to count in time" in words(page)
    assert confirm(sailor, page).status_code == 400
    answer = confirm(sailor, page, __typed="Hamburg")
    assert "and with it very many ships" in greeting(sailor, answer)


# -- Who may -------------------------------------------------------------------------------------------------

PORTS = [("port", "list"), ("port", "details"), ("port", "delete")]
FLEET = [(kind, action) for kind in ("ship", "cargo", "crate", "label") for action in ("list", "delete")]


def visitor(database: Database, *grants: tuple[str, str], **options: Any) -> TestClient:
    client = open_site(database.engine.url.render_as_string(hide_password=False), models=[Base], **options)
    sign_in(client, database, *grants)
    return client


def test_who_may_not_delete_what_goes_along_may_not_delete_the_record(sea):
    port = a_fleet(sea)
    client = visitor(sea, *PORTS, *FLEET[:-2], ("label", "list"))

    page = client.get(url(port))

    assert page.status_code == 200
    assert "You may not delete labels, and some would be deleted with it." in page.text
    assert 'disabled aria-describedby="why-not"' in page.text
    sealed = deletion_form(visitor(sea, *PORTS, *FLEET).get(url(port)).text).data()
    assert client.post(url(port), data=sealed).status_code == 403
    assert number(sea, Port) == 1
    with sea.session() as session:
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "refused")).all()


def test_who_may_delete_all_of_it_may(sea):
    port = a_fleet(sea)
    client = visitor(sea, *PORTS, *FLEET)

    page = client.get(url(port)).text

    assert "Some records that you may not see lose their reference to it." in page
    assert "Captain" not in page
    assert confirm(client, page, __typed="Hamburg").status_code == 303


def test_kinds_that_a_person_may_not_see_are_neither_named_nor_counted(sea):
    port = a_fleet(sea)
    client = visitor(sea, *PORTS)

    page = client.get(url(port)).text

    assert "Some records that you may not see would be deleted with it, so you may not delete it." in page
    assert not re.search("ship|cargo|crate|label|captain", words(page), re.IGNORECASE)
    assert "tally" not in page


def test_records_outside_the_scope_of_a_person_keep_the_record(sea):
    port = stored(sea, Port(name="Hamburg", ships=[Ship(name="Aurora"), Ship(name=HIDDEN)]))
    client = a_site(sea, models=[Base], views=[Ships])

    page = client.get(url(port))

    assert "Ships deleted one by one 1" in words(page.text)
    assert "Some records that you may not see would be deleted with it" in page.text
    assert client.post(url(port)).status_code == 403
    assert number(sea, Port) == 1


def test_hidden_records_are_not_told_of_when_they_change(sea):
    port = stored(sea, Port(name="Hamburg", ships=[Ship(name="Aurora")]))
    stored(sea, Captain(name="Nemo", ship_id=port.ships[0].id))
    stored(sea, Captain(name=HIDDEN, ship_id=port.ships[0].id))
    client = a_site(sea, models=[Base], views=[Captains])
    page = client.get(url(port)).text
    assert "Captains kept, with an empty reference 1" in words(page)
    assert "Some records that you may not see lose their reference to it." in page
    stored(sea, Captain(name=HIDDEN, ship_id=port.ships[0].id))

    answer = confirm(client, page, __typed="Hamburg")

    assert answer.status_code == 409
    assert "Since you looked, some records that you may not see have changed." in words(answer.text)


def test_what_a_page_sends_along_says_nothing_of_hidden_records(sea):
    port = stored(sea, Port(name="Hamburg", ships=[Ship(name="Aurora")]))
    stored(sea, Captain(name=HIDDEN, ship_id=port.ships[0].id))
    page = a_site(sea, models=[Base], views=[Captains]).get(url(port)).text
    shown = dict(deletion_form(page).pairs)[deletion.SEEN]

    (_, lines) = URLSafeSerializer("any key").loads_unsafe(shown)
    assert sorted(value[0] for name, value in lines.items() if not name.startswith(":")) == [1]
    assert not re.search("captain|ship", json.dumps(lines), re.IGNORECASE)


def test_hidden_records_that_stand_in_the_way_are_not_named(sea):
    port = stored(sea, Port(name="Hamburg", ships=[Ship(name="Aurora")]))
    stored(sea, Insurance(name=HIDDEN, ship_id=port.ships[0].id))
    client = a_site(sea, models=[Base], views=[Insurances])

    page = client.get(url(port)).text

    assert "Some records that you may not see need it." in page
    assert "nsurance" not in page[page.index("<main") :]
    assert client.post(url(port)).status_code == 409


def test_a_views_own_rule_about_single_records_holds_for_what_goes_along(sea):
    port = a_fleet(sea)
    client = a_site(sea, models=[Base], views=[Guarded])
    assert deletion_form(client.get(url(port)).text)
    stored(sea, Cargo(name="Gold", ship_id=port.ships[1].id))

    page = client.get(url(port))

    assert "Some of its cargos may not be deleted by you." in page.text
    assert client.post(url(port)).status_code == 403


def test_what_the_site_keeps_about_a_person_asks_for_no_right_and_no_second_look(database):
    with database.session() as session:
        user = make_user(session, signed_in_on=2)
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, ("user", "list"), ("user", "delete"))
    address = f"/admin/user/delete?pks={user.user_id}"
    page = client.get(address).text
    with database.session() as session:
        make_session_of(session, user)

    assert confirm(client, page).status_code == 303


def make_session_of(session: Session, user: User) -> None:
    from admin_site.services.sessions import start_session

    start_session(session, session.get_one(User, user.user_id))


def test_links_go_without_a_right_to_the_records_that_they_link(client, database):
    with database.session() as session:
        user = make_user(session)
        course = Course(name="Botany", start_date=date(2030, 1, 7))
        session.add_all([Enrollment(user=user, course=course), Item(title="Kite", owner=user)])
    page = words(client.get(f"/admin/course/delete?pks={course.course_id}").text)

    assert "Enrollments deleted by the database 1" in page


# -- Meanwhile -----------------------------------------------------------------------------------------------


def test_of_a_child_added_at_the_same_moment_either_it_or_the_deletion_is_refused(sailor, sea, backend):
    """With real threads: nobody's child is deleted that nobody has agreed to."""
    for _ in range(5):
        port = stored(sea, Port(name="Hamburg", ships=[Ship(name="Aurora")]))
        page = sailor.get(url(port)).text
        start, added = threading.Barrier(2), []

        def add(port=port, start=start, added=added) -> None:
            with sea.new_session_maker()() as session:
                session.add(Ship(name="Late", port_id=port.id))
                start.wait(10)
                try:
                    session.commit()
                    added.append(True)
                except Exception:
                    session.rollback()

        thread = threading.Thread(target=add)
        thread.start()
        start.wait(10)
        answer = confirm(sailor, page)
        thread.join(10)

        with sea.session() as session:
            ships = session.scalars(select(Ship.name).where(Ship.port_id == port.id)).all()
        if added:
            assert answer.status_code == 409
            assert sorted(ships) == ["Aurora", "Late"]
        else:
            assert answer.status_code == 303
            assert ships == []
