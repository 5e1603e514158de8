"""Doing something to many records that are selected in a list: to all of them or to none."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqladmin import action
from sqlalchemy import ForeignKey, Select, String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.testclient import TestClient

from admin_site import AdminView, create_app
from admin_site.admin import selection
from admin_site.admin.actions import bulk_action, record_action
from admin_site.admin.visit import Visit
from admin_site.database import Database
from admin_site.errors import Conflict
from admin_site.models import AuditEntry, OutgoingMail, User, UserSession, utc_now
from admin_site.permissions import identity_of
from admin_site.services.viewing import view_as
from tests.admin.html_forms import PageForm, read_forms, words
from tests.admin.sites import a_site, open_site, settings_for, sign_in
from tests.factories import make_role, make_user

HIDDEN = "Flying Dutchman"


class Base(DeclarativeBase):
    pass


class Ship(Base):
    __tablename__ = "ships"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    is_anchored: Mapped[bool] = mapped_column(default=False)
    flagship_id: Mapped[int | None] = mapped_column(ForeignKey("ships.id"))
    mother_id: Mapped[int | None] = mapped_column(ForeignKey("ships.id", ondelete="CASCADE"))

    flagship: Mapped["Ship | None"] = relationship(remote_side=[id], foreign_keys=[flagship_id])


class Cargo(Base):
    """Deleted by the database with its ship."""

    __tablename__ = "cargos"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    ship_id: Mapped[int] = mapped_column(ForeignKey("ships.id", ondelete="CASCADE"))

    ship: Mapped[Ship] = relationship()


class Insurance(Base):
    """Stands in the way of its ship."""

    __tablename__ = "insurances"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    ship_id: Mapped[int] = mapped_column(ForeignKey("ships.id"))

    ship: Mapped[Ship] = relationship()


class Ships(AdminView, model=Ship):
    def list_query(self, request: Request) -> Select[Any]:
        return select(Ship).where(Ship.name != HIDDEN)

    async def check_can_delete(self, request: Request, model: Any) -> bool:
        return bool(model.name != "Victory")

    async def check_can_edit(self, request: Request, model: Any) -> bool:
        return bool(model.name != "Victory")

    @record_action("Drop anchor", confirmation="{record} stays where it is.", bulk=True)
    def drop_anchor(self, visit: Visit, record: Any) -> str:
        if record.name == "Sunk":
            raise Conflict("It lies on the ground already.")
        record.is_anchored = True
        return f"{record.name} has dropped anchor."

    @bulk_action("Weigh anchor", confirmation="{record} sails.")
    def weigh_anchor(self, visit: Visit, record: Any) -> None:
        record.is_anchored = False

    @action("rename", "Rename", "Give them another name?", add_in_list=True, add_in_detail=False)
    async def rename(self, request: Request) -> Any:
        keys = [int(key) for key in request.query_params["pks"].split(",")]
        with self.session_maker() as session:
            for ship in session.scalars(select(Ship).where(Ship.id.in_(keys))):
                ship.name = f"{ship.name} II"
            session.commit()
        return RedirectResponse("/admin/ship/list", status_code=303)


VIEWS = {"models": [Base], "views": [Ships]}


@pytest.fixture
def sea(database: Database) -> Database:
    Base.metadata.create_all(database.engine)
    return database


@pytest.fixture
def sailor(sea: Database) -> TestClient:
    """A superuser's browser."""
    return a_site(sea, **VIEWS)


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two records in one transaction, five at once."""
    monkeypatch.setattr(selection, "AT_A_TIME", 2)
    monkeypatch.setattr(selection, "MOST", 5)


def stored(database: Database, *records: Any) -> list[int]:
    with database.new_session_maker()() as session:
        session.add_all(records)
        session.commit()
        return [record.id for record in records]


def ships(database: Database, *names: str, **values: Any) -> list[int]:
    return stored(database, *(Ship(name=name, **values) for name in names))


def names(database: Database) -> list[str]:
    with database.session() as session:
        return list(session.scalars(select(Ship.name).order_by(Ship.name)))


def number(database: Database, model: Any) -> int:
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def ask(client: TestClient, do: str, keys: Any = (), url: str = "/admin/ship/bulk", **more: str) -> Any:
    """Press a button of the bar with these rows ticked."""
    return client.post(url, data={":do": do, ":key": [str(key) for key in keys], **more})


def sure_form(html: str) -> PageForm:
    return next(form for form in read_forms(html) if any(name == ":sure" for name, _ in form.pairs))


def agree(client: TestClient, answer: Any, **typed: str) -> Any:
    form = sure_form(answer.text)
    return client.post(form.action, data=form.data(**typed))


def go_on_without(client: TestClient, answer: Any) -> Any:
    form = next(form for form in read_forms(answer.text) if any(name == ":keys" for name, _ in form.pairs))
    assert "Go on without" in answer.text
    return client.post(form.action, data=form.data())


def greeting(client: TestClient, answer: Any) -> str:
    assert answer.status_code == 303, words(answer.text)
    return words(client.get(answer.headers["location"]).text)


# -- In the list ---------------------------------------------------------------------------------------------


def test_each_row_has_a_box_and_the_list_buttons_for_what_is_ticked(sailor, sea):
    ships(sea, "Aurora", "Boreas")

    page = sailor.get("/admin/ship/list").text

    assert re.findall(r"<input type=checkbox name=:key value=(\d+) aria-label=Select>", page) == ["2", "1"]
    buttons = re.findall(r'name=":do" value="([^"]+)" form="selection"', page)
    assert buttons == ["action:drop-anchor", "action:weigh-anchor", "action:rename", "delete"]


def test_there_are_no_boxes_where_there_is_nothing_to_do_with_many(sea):
    ships(sea, "Aurora")
    client = open_site(sea.engine.url.render_as_string(hide_password=False), **VIEWS)
    sign_in(client, sea, ("ship", "list"), ("ship", "details"), ("ship", "edit"))

    page = client.get("/admin/ship/list").text

    assert "checkbox" not in page
    assert ":do" not in page


def test_the_buttons_are_those_of_what_a_person_may_do(sea):
    ships(sea, "Aurora")
    client = open_site(sea.engine.url.render_as_string(hide_password=False), **VIEWS)
    sign_in(client, sea, ("ship", "list"), ("ship", "action:weigh-anchor"))

    page = client.get("/admin/ship/list").text

    assert re.findall(r'name=":do" value="([^"]+)"', page) == ["action:weigh-anchor"]
    assert ask(client, "delete", [1]).status_code == 403
    assert ask(client, "action:drop-anchor", [1]).status_code == 403
    assert ask(client, "action:rename", [1]).status_code == 403
    assert ask(client, "action:weigh-anchor", [1]).status_code == 200


def test_all_that_match_are_offered_where_there_are_more_than_a_page(sailor, sea):
    ships(sea, *(f"Ship {n}" for n in range(30)), "Aurora")

    assert "All 31 of the list" in sailor.get("/admin/ship/list").text
    assert "All 30 that match" in sailor.get("/admin/ship/list?search=ship").text
    assert 'name=":all"' not in sailor.get("/admin/ship/list?search=aurora").text


def test_more_than_are_selected_at_once_are_not_offered_but_said(sailor, sea, monkeypatch):
    monkeypatch.setattr(selection, "MOST", 30)
    ships(sea, *(f"Ship {n}" for n in range(31)))

    page = sailor.get("/admin/ship/list").text

    assert 'name=":all"' not in page
    assert "Search or filter first." in page


def test_without_anything_ticked_nothing_is_asked(sailor, sea):
    ships(sea, "Aurora")

    answer = ask(sailor, "delete")

    assert answer.status_code == 400
    assert "Nothing is ticked." in words(answer.text)


def test_the_address_alone_leads_back_to_the_list(sailor, sea):
    answer = sailor.get("/admin/ship/bulk?name=aurora")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/ship/list?name=aurora"


@pytest.mark.parametrize("do", ["", "action:", "action:sink", "edit", "x" * 5000])
def test_what_nobody_offers_is_not_there(sailor, sea, do):
    assert ask(sailor, do, ships(sea, "Aurora")).status_code == 404


@pytest.mark.parametrize("key", ["", "x", "-1", "9" * 400, "~00", "1;2", "999999"])
def test_keys_of_nothing_find_nothing(sailor, sea, key):
    ships(sea, "Aurora")

    assert ask(sailor, "delete", [key]).status_code in (400, 404)
    assert ask(sailor, "delete", [key, 1]).status_code == 200
    assert names(sea) == ["Aurora"]


# -- Deletion ------------------------------------------------------------------------------------------------


def test_the_question_names_what_goes_and_what_goes_with_it(sailor, sea):
    keys = ships(sea, "Aurora", "Boreas", "Cygnus")
    stored(sea, Cargo(name="Tea", ship_id=keys[0]), Cargo(name="Salt", ship_id=keys[1]))

    page = words(ask(sailor, "delete", keys[:2]).text)

    assert "Delete 2 ships?" in page
    assert "Aurora Boreas What this does to other records Cargos deleted by the database 2" in page
    assert "This cannot be undone." in page
    assert names(sea) == ["Aurora", "Boreas", "Cygnus"]


def test_what_is_ticked_goes_and_nothing_else(sailor, sea):
    keys = ships(sea, "Aurora", "Boreas", "Cygnus")
    stored(sea, Cargo(name="Tea", ship_id=keys[0]), Cargo(name="Salt", ship_id=keys[2]))

    said = greeting(sailor, agree(sailor, ask(sailor, "delete", keys[:2])))

    assert "2 ships were deleted, and with them 1 cargo." in said
    assert names(sea) == ["Cygnus"]
    assert number(sea, Cargo) == 1


def test_all_that_match_are_those_of_every_page_of_the_list(sailor, sea):
    ships(sea, *(f"Ship {n}" for n in range(60)), "Aurora")

    question = ask(sailor, "delete", url="/admin/ship/bulk?search=ship&size=25", **{":all": "yes"})
    said = greeting(sailor, agree(sailor, question))

    assert "and 50 more" in words(question.text)
    assert "60 ships were deleted." in said
    assert names(sea) == ["Aurora"]


def test_one_deletion_of_many_is_one_change_set(sailor, sea):
    agree(sailor, ask(sailor, "delete", ships(sea, "Aurora", "Boreas")))

    with sea.session() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "delete")).all()
        assert sorted(entry.label for entry in entries) == ["Aurora", "Boreas"]
        assert len({entry.change_set_id for entry in entries}) == 1


def test_nothing_goes_without_agreement_to_what_goes_with_it(sailor, sea):
    keys = ships(sea, "Aurora", "Boreas")
    stored(sea, Cargo(name="Tea", ship_id=keys[0]))

    answer = ask(sailor, "delete", keys, **{":sure": "yes"})

    assert answer.status_code == 409
    assert "Look first at what goes with it." in answer.text
    assert names(sea) == ["Aurora", "Boreas"]


def test_what_was_added_meanwhile_is_asked_about(sailor, sea):
    keys = ships(sea, "Aurora", "Boreas")
    question = ask(sailor, "delete", keys)
    stored(sea, Cargo(name="Tea", ship_id=keys[0]))

    answer = agree(sailor, question)

    assert answer.status_code == 409
    assert "Since you looked, 1 cargo was added." in words(answer.text)
    assert agree(sailor, answer).status_code == 303
    assert names(sea) == []


def test_an_agreement_is_to_these_records_alone(sailor, sea):
    aurora, boreas = ships(sea, "Aurora", "Boreas")
    stored(sea, Cargo(name="Tea", ship_id=aurora), Cargo(name="Tea", ship_id=boreas))
    form = sure_form(ask(sailor, "delete", [aurora]).text)

    answer = sailor.post(form.action, data=form.data(__keys=str(boreas)))

    assert answer.status_code == 400
    assert "could not be read" in answer.text
    assert names(sea) == ["Aurora", "Boreas"]


def test_what_is_gone_meanwhile_is_said_and_the_rest_asked_about(sailor, sea):
    keys = ships(sea, "Aurora", "Boreas")
    question = ask(sailor, "delete", keys)
    with sea.session() as session:
        session.delete(session.get_one(Ship, keys[0]))

    answer = agree(sailor, question)

    assert answer.status_code == 409
    assert "1 of what you selected is not there any more" in words(answer.text)
    assert greeting(sailor, agree(sailor, answer)).count("1 ship was deleted.") == 1


def test_a_hidden_record_is_as_if_it_were_not_there(sailor, sea):
    keys = ships(sea, HIDDEN, "Aurora")

    assert ask(sailor, "delete", keys[:1]).status_code == 404
    page = ask(sailor, "delete", keys)
    assert "1 of what you selected is not there any more" in words(page.text)
    assert HIDDEN not in page.text
    assert ask(sailor, "delete", keys, **{":sure": "yes"}).status_code == 409
    everything = agree(sailor, ask(sailor, "delete", **{":all": "yes"}))
    assert everything.status_code == 303
    assert names(sea) == [HIDDEN]


def test_what_stands_in_the_way_is_named_and_the_rest_goes_without_it(sailor, sea):
    keys = ships(sea, "Aurora", "Boreas", "Victory", "Cygnus")
    stored(sea, Insurance(name="Lloyd", ship_id=keys[1]))

    answer = ask(sailor, "delete", keys)

    page = words(answer.text)
    assert "This cannot be done to 2 ships, so it is done to none." in page
    assert "Boreas Other records need it." in page
    assert "Victory You may not delete this ship." in page
    assert not any(name == ":sure" for form in read_forms(answer.text) for name, _ in form.pairs)
    assert names(sea) == ["Aurora", "Boreas", "Cygnus", "Victory"]
    greeting(sailor, agree(sailor, go_on_without(sailor, answer)))
    assert names(sea) == ["Boreas", "Victory"]


def test_a_forged_deletion_of_what_may_not_go_deletes_nothing_and_is_on_record(sailor, sea):
    keys = ships(sea, "Aurora", "Victory")

    answer = ask(sailor, "delete", keys, **{":sure": "yes"})

    assert answer.status_code == 403
    assert names(sea) == ["Aurora", "Victory"]
    with sea.session() as session:
        refused = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
        assert refused.label == "Victory"


def test_records_that_need_each_other_go_together(sailor, sea):
    (flagship,) = ships(sea, "Flagship")
    (other,) = ships(sea, "Other", flagship_id=flagship)

    assert "Other records need it." in words(ask(sailor, "delete", [flagship]).text)
    greeting(sailor, agree(sailor, ask(sailor, "delete", [flagship, other])))
    assert names(sea) == []


def test_records_that_the_database_deletes_with_others_of_them_go_once(sailor, sea):
    (mother,) = ships(sea, "Mother")
    boats = ships(sea, "Boat", "Dinghy", mother_id=mother)
    (last,) = ships(sea, "Raft", mother_id=boats[1])

    said = greeting(sailor, agree(sailor, ask(sailor, "delete", [mother, boats[0], last])))

    assert "3 ships were deleted, and with them 1 ship." in said
    assert names(sea) == []


def test_a_form_that_is_sent_twice_deletes_once(sailor, sea):
    form = sure_form(ask(sailor, "delete", ships(sea, "Aurora", "Boreas")).text)

    first, second = (sailor.post(form.action, data=form.data()) for _ in range(2))

    assert [first.status_code, second.status_code] == [303, 303]
    assert "2 ships were deleted." in greeting(sailor, second)


def test_more_than_a_hundred_are_confirmed_by_their_number(sailor, sea):
    keys = ships(sea, *(f"Ship {n}" for n in range(99)))
    stored(sea, *(Cargo(name="Tea", ship_id=keys[0]) for _ in range(2)))

    question = ask(sailor, "delete", keys)
    wrong = agree(sailor, question, __typed="99")

    assert "101 records are affected. To confirm, type 101" in words(question.text)
    assert wrong.status_code == 400
    assert "This is not what is asked for." in wrong.text
    assert number(sea, Ship) == 99
    assert agree(sailor, wrong, __typed="101").status_code == 303
    assert number(sea, Ship) == 0


def test_a_hundred_go_by_a_click(sailor, sea):
    question = ask(sailor, "delete", ships(sea, *(f"Ship {n}" for n in range(100))))

    assert "To confirm" not in question.text
    assert agree(sailor, question).status_code == 303


def test_more_than_a_hundred_take_the_password_once_more(sailor, sea):
    keys = ships(sea, *(f"Ship {n}" for n in range(101)))
    question = ask(sailor, "delete", keys)
    with sea.session() as session:
        for signed_in in session.scalars(select(UserSession)):
            signed_in.authenticated_at = utc_now() - timedelta(minutes=16)

    answer = agree(sailor, question, __typed="101")

    assert answer.status_code in (401, 403)
    assert "password" in words(answer.text).lower()
    assert number(sea, Ship) == 101


# -- In steps ------------------------------------------------------------------------------------------------


def test_a_large_selection_is_done_step_by_step_under_one_number(sailor, sea, few_steps):
    ships(sea, *"ABCDE")
    question = ask(sailor, "delete", **{":all": "yes"})

    assert "It is done in steps of 2." in words(question.text)
    first = agree(sailor, question)
    assert '<progress class="steps" max="5" value="2"' in first.text
    assert "2 of 5 are done." in words(first.text)
    assert names(sea) == ["C", "D", "E"]
    second = agree(sailor, first)
    assert names(sea) == ["E"]
    assert "5 ships were deleted." in greeting(sailor, agree(sailor, second))
    with sea.session() as session:
        sets = session.scalars(select(AuditEntry.change_set_id).where(AuditEntry.action == "delete")).all()
        assert len(sets) == 5
        assert len(set(sets)) == 1


def test_more_than_the_bound_is_refused_in_words(sailor, sea, few_steps):
    ships(sea, *"ABCDEF")

    answer = ask(sailor, "delete", **{":all": "yes"})

    assert answer.status_code == 400
    assert "Search or filter first." in answer.text


def test_a_step_that_was_sent_before_is_not_done_again(sailor, sea, few_steps):
    ships(sea, *"ABCDE")
    form = sure_form(agree(sailor, ask(sailor, "delete", **{":all": "yes"})).text)

    one, other = (sailor.post(form.action, data=form.data()) for _ in range(2))

    assert one.status_code == other.status_code == 200
    assert names(sea) == ["E"]


def test_a_step_is_one_of_what_was_agreed_to(sailor, sea, few_steps):
    ships(sea, *"ABCDE")
    kept = ships(sea, "Kept")
    form = sure_form(agree(sailor, ask(sailor, "delete", [1, 2, 3, 4, 5])).text)

    forged = sailor.post(form.action, data=form.data(__keys=str(kept[0])))
    broken = sailor.post(form.action, data=form.data(__progress="x"))

    assert [forged.status_code, broken.status_code] == [400, 400]
    assert names(sea) == ["C", "D", "E", "Kept"]


def test_a_step_that_meets_a_hindrance_says_what_is_done_by_then(sailor, sea, few_steps):
    keys = ships(sea, *"ABCDE")
    first = agree(sailor, ask(sailor, "delete", keys))
    stored(sea, Insurance(name="Lloyd", ship_id=keys[3]))

    answer = agree(sailor, first)

    assert answer.status_code == 409
    assert "2 of 5 are done already." in words(answer.text)
    assert names(sea) == ["C", "D", "E"]


# -- Actions -------------------------------------------------------------------------------------------------


def test_an_action_is_done_to_all_that_are_ticked(sailor, sea):
    keys = ships(sea, "Aurora", "Boreas", "Cygnus")

    question = ask(sailor, "action:drop-anchor", keys[:2])
    said = greeting(sailor, agree(sailor, question))

    assert "Drop anchor: 2 ships?" in words(question.text)
    assert "Each of them stays where it is." in question.text
    assert "Drop anchor: done for 2 ships." in said
    with sea.session() as session:
        anchored = session.scalars(select(Ship.name).where(Ship.is_anchored).order_by(Ship.name)).all()
        assert anchored == ["Aurora", "Boreas"]
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).all()
        assert len({entry.change_set_id for entry in entries}) == 1
        assert len(entries) == 2


def test_an_action_that_is_refused_for_one_is_done_to_none(sailor, sea):
    keys = ships(sea, "Aurora", "Sunk", "Boreas")

    answer = agree(sailor, ask(sailor, "action:drop-anchor", keys))

    assert answer.status_code == 409
    assert "This cannot be done to 1 ship, so it is done to none." in words(answer.text)
    assert "Sunk It lies on the ground already." in words(answer.text)
    with sea.session() as session:
        assert not session.scalars(select(Ship).where(Ship.is_anchored)).all()
    greeting(sailor, agree(sailor, go_on_without(sailor, answer)))
    with sea.session() as session:
        assert len(session.scalars(select(Ship).where(Ship.is_anchored)).all()) == 2


def test_an_action_for_many_is_done_to_one_record_from_its_page_as_well(sailor, sea):
    (key,) = ships(sea, "Aurora")
    address = f"/admin/ship/action/drop-anchor?pks={key}"

    assert "Drop anchor?" in sailor.get(address).text
    assert "Aurora has dropped anchor." in greeting(sailor, sailor.post(address))
    with sea.session() as session:
        assert session.get_one(Ship, key).is_anchored


def test_an_action_of_the_list_alone_is_not_on_the_page_of_a_record(sailor, sea):
    (key,) = ships(sea, "Aurora")

    assert "Weigh anchor" not in sailor.get(f"/admin/ship/details/{key}").text
    assert sailor.get(f"/admin/ship/action/weigh-anchor?pks={key}").status_code == 404


def test_an_action_marked_as_sqladmin_does_runs_for_all_that_are_ticked(sailor, sea):
    keys = ships(sea, "Aurora", "Boreas", "Cygnus")

    question = ask(sailor, "action:rename", keys[:2])
    answer = agree(sailor, question)

    assert "Give them another name?" in question.text
    assert answer.headers["location"] == "/admin/ship/list"
    assert names(sea) == ["Aurora II", "Boreas II", "Cygnus"]


def test_an_action_marked_as_sqladmin_does_keeps_from_what_may_not_be_changed(sailor, sea):
    keys = ships(sea, "Aurora", "Victory")

    assert "Victory You may not change this ship." in words(ask(sailor, "action:rename", keys).text)
    assert ask(sailor, "action:rename", keys, **{":sure": "yes"}).status_code == 403
    assert names(sea) == ["Aurora", "Victory"]


# -- People --------------------------------------------------------------------------------------------------


def people(database: Database, *, number: int = 2, **values: Any) -> list[str]:
    with database.session() as session:
        return [str(make_user(session, signed_in_on=1, **values).user_id) for _ in range(number)]


def test_a_helper_sends_links_to_many_people_at_once(database):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, ("user", "list"), ("user", "action:reset-password"))
    keys = people(database)

    answer = agree(client, ask(client, "action:send-reset-link", keys, url="/admin/user/bulk"))

    assert "Send reset link: done for 2 users." in greeting(client, answer)
    with database.session() as session:
        sent = session.scalars(select(OutgoingMail)).all()
        assert sorted(str(mail.user_id) for mail in sent) == sorted(keys)
        assert session.scalar(select(func.count()).select_from(UserSession)) == 1


def test_a_helper_signs_many_people_out(database):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, ("user", "list"), ("user", "action:end-sessions"))

    answer = agree(client, ask(client, "action:end-sessions", people(database), url="/admin/user/bulk"))

    assert answer.status_code == 303
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(UserSession)) == 1


@pytest.mark.parametrize("do", ["action:send-reset-link", "action:end-sessions", "delete"])
def test_who_has_more_rights_stands_in_the_way_of_all(database, do):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    rights = ("list", "delete", "action:reset-password", "action:end-sessions")
    sign_in(client, database, *(("user", right) for right in rights))
    keys, mighty = people(database), people(database, number=1, superuser=True, is_active=True)

    question = ask(client, do, [*keys, *mighty], url="/admin/user/bulk")
    forged = ask(client, do, [*keys, *mighty], url="/admin/user/bulk", **{":sure": "yes"})

    assert "This cannot be done to 1 user" in words(question.text)
    assert forged.status_code == 403
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(UserSession)) == 4
        assert session.scalar(select(func.count()).select_from(User)) == 4
        assert "refused" in session.scalars(select(AuditEntry.action)).all()


def test_not_all_superusers_are_deleted_at_once(client, database):
    with database.session() as session:
        keys = [str(key) for key in session.scalars(select(User.user_id))]
    keys += people(database, superuser=True)

    answer = ask(client, "delete", keys, url="/admin/user/bulk", **{":sure": "yes"})

    assert answer.status_code in (403, 409)
    assert number(database, User) == 3


def test_a_list_costs_no_statement_more_for_its_boxes(client, database, statements):
    client.get("/admin/user/list")
    statements.clear()
    client.get("/admin/user/list")

    assert len(statements) <= 9


def test_who_sees_the_site_as_somebody_else_selects_nothing(database, database_url):
    client = open_site(database_url)
    sign_in(client, database, superuser=True)
    with database.session() as session:
        role = make_role(session, ("user", "list"), ("user", "delete"))
        other = make_user(session, roles=(role,))
        me = session.scalars(select(UserSession)).one()
        view_as(session, identity_of(session, me.user, me.session_id), other, "a question")

    page = client.get("/admin/user/list").text

    assert "checkbox" not in page
    assert ask(client, "delete", [str(other.user_id)], url="/admin/user/bulk").status_code == 403


def test_a_question_that_is_asked_after_the_session_ended_leads_to_the_sign_in_page(sailor, sea):
    keys = ships(sea, "Aurora")
    sailor.cookies.clear()

    answer = ask(sailor, "delete", keys)

    assert answer.status_code == 401
    assert "Sign in" in answer.text
    assert names(sea) == ["Aurora"]


def test_links_for_many_are_not_offered_where_no_mail_goes_out(database, database_url):
    settings = settings_for(database_url).model_copy(update={"public_url": None})
    client = TestClient(create_app(settings), follow_redirects=False)
    sign_in(client, database, ("user", "list"), ("user", "action:reset-password"))

    page = client.get("/admin/user/list").text
    answer = ask(client, "action:send-reset-link", people(database), url="/admin/user/bulk")

    assert re.search(
        r'value="action:send-reset-link" form="selection" disabled title="No mail goes out', page
    )
    assert "No mail goes out of this site yet" in words(answer.text)
    assert not [name for form in read_forms(answer.text) for name, _ in form.pairs if name == ":sure"]
