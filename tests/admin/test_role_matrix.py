"""The page of a role's rights: ticks become changes, changes are reviewed, and then saved."""

import os
import re
import subprocess
import sys
import time
from html import unescape

import pytest
from sqlalchemy import Integer, select
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from starlette.testclient import TestClient

from admin_site.admin.pages.role_matrix.form import MOST_MODELS
from admin_site.config import ROOT
from admin_site.database import Database
from admin_site.models import AuditEntry, Role, RoleGrant, User, UserSession, user_roles
from admin_site.permissions import LimitedGrant, Right
from tests.admin.html_forms import PageForm, read_forms, words
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_role, make_user

TELL = """
from admin_site.admin.pages.role_matrix.outcome import as_fact
from admin_site.permissions import LimitedGrant

print(as_fact(LimitedGrant("enrollment", "edit", frozenset({"course", "end_date", "user", "note"}), "open")))
"""
SEES = (("role", "list"), ("role", "details"), ("role-grant", "list"), ("role-grant", "details"))
CHANGES = (("role", "*"), ("role-grant", "*"), ("user", "list"), ("user", "details"))


def store(database: Database, *grants: Right, people: int = 0, name: str = "Clerk") -> str:
    """Store a role that so many people have; return its key."""
    with database.session() as session:
        role = make_role(session, *grants, name=name)
        for number in range(people):
            make_user(session, first_name=f"Ann {number:02}", roles=(role,), signed_in_on=1)
        return str(role.role_id)


def url_of(role: str) -> str:
    return f"/admin/role/permissions/{role}"


def form_in(html: str, name: str = ":base") -> PageForm:
    return next(form for form in read_forms(html) if any(field == name for field, _ in form.pairs))


def ticked(html: str) -> set[str]:
    return {value for name, value in form_in(html).pairs if name == "grant"}


def sent(html: str, *, add: tuple[str, ...] = (), take: tuple[str, ...] = (), **changes: str) -> dict:
    """Return the form of the matrix with ticks added and taken away."""
    data = form_in(html).data(**changes)
    data["grant"] = [cell for cell in (*data.get("grant", ()), *add) if cell not in take]
    return data


def reviewed(client: TestClient, role: str, **ticks) -> str:
    page = client.get(url_of(role))
    answer = client.post(url_of(role), data={**sent(page.text, **ticks), "do": "review"})
    assert answer.status_code == 200, words(answer.text)
    return answer.text


def saved(client: TestClient, role: str, review: str):
    return client.post(url_of(role), data={**form_in(review, ":reviewed").data(), "do": "save"})


def rights_of(session: Session, role: str) -> set[tuple[str, ...]]:
    session.rollback()
    grants = session.scalars(select(RoleGrant).where(RoleGrant.role_id == int(role)))
    return {(grant.model, grant.action, grant.fields, grant.scope) for grant in grants}


def row_of(html: str, model: str) -> str:
    found = re.search(rf'<tbody data-model="{model}".*?</tbody>', html, re.S)
    assert found, f"no row for {model}"
    return found[0]


def box(html: str, cell: str) -> str:
    found = re.search(rf'<input [^>]*name="grant" value="{re.escape(cell)}"[^>]*>', html)
    assert found, f"no cell {cell}"
    return unescape(found[0])


# -- looking -------------------------------------------------------------------------------------------------


def test_a_matrix_shows_what_the_role_holds(database):
    client, role = a_site(database), store(database, ("course", "list"), ("*", "details"))

    page = client.get(url_of(role))

    assert page.status_code == 200
    assert ticked(page.text) == {"course list", "* details"}


def test_a_cell_says_which_wildcard_holds_it(database):
    role = store(database, ("*", "details"), ("course", "*"))
    page = a_site(database).get(url_of(role)).text

    assert "Held by “All models”" in box(page, "item details")
    assert "Held by “All actions”" in box(page, "course edit")
    assert "Held" not in box(page, "item edit")


def test_a_cell_says_what_limited_wildcard_holds_a_part_of_it(database):
    limited = LimitedGrant("enrollment", "*", scope="active-courses")
    page = a_site(database).get(url_of(store(database, limited))).text

    assert "Held in part by “All actions”: Only those in active courses" in box(page, "enrollment edit")


def test_everything_on_everything_holds_every_cell(database):
    page = a_site(database).get(url_of(store(database, ("*", "*")))).text

    for cell in ("* list", "course *", "course edit", "user action:unlock"):
        assert "Held by “All actions on all models”" in box(page, cell)


def test_every_model_has_a_row_in_its_section_and_only_actions_that_make_sense(database):
    client = a_site(database)
    page = client.get(url_of(store(database))).text

    kinds = client.app.state.site.grantable.kinds
    assert set(re.findall(r'<tbody data-model="([^"]+)"', page)) == set(kinds)
    assert 'value="audit-entry edit"' not in page
    assert 'value="course action:unlock"' not in page
    assert 'value="user action:unlock"' in row_of(page, "user")
    assert page.index('rowgroup" colspan') < page.index('data-model="user"')


def test_a_page_tells_who_has_the_role(database):
    client, role = a_site(database), store(database, people=12)

    page = words(client.get(url_of(role)).text)

    assert "Held by 12 people : Ann 00 , Ann 01" in page
    assert "Ann 09 and 2 more" in page
    assert f"/admin/user/list?roles={role}" in client.get(url_of(role)).text


def test_nobody_is_named_to_who_may_not_see_people(database, database_url):
    role, client = store(database, people=1), open_site(database_url)
    sign_in(client, database, *SEES)

    page = client.get(url_of(role)).text

    assert "You may not see who has this role." in page
    assert "Ann 00" not in page


def test_a_role_leads_to_its_matrix_from_its_record_and_from_its_row(database):
    client, role = a_site(database), store(database)

    assert f'href="{url_of(role)}"' in client.get(f"/admin/role/details/{role}").text
    assert 'data-further="/admin/role/permissions"' in client.get("/admin/role/list").text


def test_only_roles_have_a_matrix(database):
    client = a_site(database)

    assert client.get("/admin/course/permissions/1").status_code == 404
    assert client.get("/admin/role/permissions/999").status_code == 404
    assert client.get("/admin/role/permissions/x").status_code == 404


@pytest.mark.parametrize("lacking", range(len(SEES)))
def test_who_may_not_see_all_rights_sees_no_matrix_and_no_way_to_it(database, database_url, lacking):
    role, client = store(database, ("course", "list")), open_site(database_url)
    grants = [grant for number, grant in enumerate(SEES) if number != lacking]
    sign_in(client, database, *grants)

    expected = 200 if SEES[lacking] == ("role", "list") else 403
    assert client.get(url_of(role)).status_code == expected
    if expected == 403 and ("role", "details") in grants:
        assert url_of(role) not in client.get(f"/admin/role/details/{role}").text


def test_who_sees_some_fields_of_rights_alone_sees_no_matrix(database, database_url):
    role, client = store(database), open_site(database_url)
    sign_in(client, database, *SEES[:3], LimitedGrant("role-grant", "details", frozenset({"model"})))

    assert client.get(url_of(role)).status_code == 403


def test_who_may_only_see_rights_changes_none(database, database_url):
    role, client = store(database, ("role", "list")), open_site(database_url)
    sign_in(client, database, *SEES)

    page = client.get(url_of(role)).text

    assert "You may see the rights of roles, but not change them." in page
    assert "Review changes" not in page
    assert "disabled" in box(page, "role list")


def test_a_matrix_that_cannot_be_changed_shows_no_limits_but_those_of_the_role(database, database_url):
    limited = LimitedGrant("enrollment", "list", frozenset({"end_date"}))
    role, client = store(database, limited), open_site(database_url)
    sign_in(client, database, *SEES, LimitedGrant("enrollment", "edit", scope="active-courses"))

    row = row_of(client.get(url_of(role)).text, "enrollment")

    assert "only End date" in row
    assert "active courses" not in row


# -- changing ------------------------------------------------------------------------------------------------


def test_ticks_are_reviewed_and_then_saved(database, session):
    client, role = a_site(database), store(database, ("course", "list"), ("course", "edit"), people=2)

    review = reviewed(client, role, add=("item list", "* details"), take=("course edit",))
    assert rights_of(session, role) == {("course", "list", "", ""), ("course", "edit", "", "")}
    answer = saved(client, role, review)

    assert answer.status_code == 303
    assert answer.headers["location"] == url_of(role)
    assert rights_of(session, role) == {
        ("course", "list", "", ""),
        ("item", "list", "", ""),
        ("*", "details", "", ""),
    }


def test_a_review_says_who_gains_and_who_loses_what(database):
    client, role = a_site(database), store(database, ("course", "edit"), people=12)
    with database.session() as session:
        other = make_role(session, ("item", "*"))
        for user in session.scalars(select(User).where(User.first_name.in_(["Ann 00", "Ann 01"]))):
            user.roles.append(other)

    review = words(reviewed(client, role, add=("item list", "flow list"), take=("course edit",)))

    assert "12 people gain 1 right Ann 00 , Ann 01" in review
    assert "10 people gain 1 right Ann 02 , Ann 03" in review
    assert "Flows: List" in review
    assert "12 people lose 1 right" in review
    assert "Ann 09 and 2 more Courses: Edit" in review
    assert "The 12 people with this role are signed out" in review


def test_a_review_says_that_a_wildcard_is_one(database):
    review = reviewed(a_site(database), store(database), add=("* edit",))

    assert "All models: Edit Wildcard" in words(review)
    assert "Nobody has this role yet." in words(review)


def test_saving_signs_the_people_with_the_role_out_in_one_change_set(database, session):
    client, role = a_site(database), store(database, ("course", "edit"), people=2)

    saved(client, role, reviewed(client, role, add=("item list",), take=("course edit",)))

    members = select(user_roles.c.user_id).where(user_roles.c.role_id == int(role))
    assert session.scalars(select(UserSession).where(UserSession.user_id.in_(members))).all() == []
    of_grants = AuditEntry.model == "role_grants", AuditEntry.actor_id.is_not(None)
    entries = session.scalars(select(AuditEntry).where(*of_grants)).all()
    assert sorted(entry.action for entry in entries) == ["create", "delete"]
    assert len({entry.change_set_id for entry in entries}) == 1


def test_nothing_ticked_is_no_change(database):
    client, role = a_site(database), store(database, ("course", "list"))
    data = {**sent(client.get(url_of(role)).text), "do": "review"}

    answer = client.post(url_of(role), data=data)

    assert answer.status_code == 400
    assert "Nothing is changed yet" in answer.text


def test_back_from_the_review_the_ticks_are_still_there(database, session):
    client, role = a_site(database), store(database, ("course", "list"))
    review = reviewed(client, role, add=("item list",), take=("course list",), second_factor="yes")

    page = client.post(url_of(role), data={**form_in(review, ":reviewed").data(), "do": "back"})

    assert ticked(page.text) == {"item list"}
    assert form_in(page.text).data()["second_factor"] == ["yes"]
    again = client.post(url_of(role), data={**sent(page.text), "do": "review"})
    assert "Items: List" in words(again.text)
    assert rights_of(session, role) == {("course", "list", "", "")}


def test_a_form_sent_twice_is_saved_once(database, session):
    client, role = a_site(database), store(database)
    review = reviewed(client, role, add=("item list",))

    first, second = saved(client, role, review), saved(client, role, review)

    assert (first.status_code, second.status_code) == (303, 303)
    assert rights_of(session, role) == {("item", "list", "", "")}


def test_a_second_factor_is_required_from_the_matrix(database, session):
    client, role = a_site(database), store(database, people=1)

    review = reviewed(client, role, second_factor="yes")
    assert "1 person has none yet" in words(review)
    saved(client, role, review)

    assert session.get_one(Role, int(role)).requires_second_factor
    page = client.get(url_of(role)).text
    data = sent(page)
    del data["second_factor"]
    review = client.post(url_of(role), data={**data, "do": "review"}).text
    assert "not required any more" in review
    saved(client, role, review)
    session.rollback()
    assert not session.get_one(Role, int(role)).requires_second_factor


# -- limits --------------------------------------------------------------------------------------------------


def test_a_cell_is_opened_and_limited_without_scripts(database, session):
    client, role = a_site(database), store(database, ("enrollment", "edit"))
    page = client.get(url_of(role))

    opened = client.post(url_of(role), data={**sent(page.text), ":open": "enrollment edit"})
    assert "Only those in active courses" in opened.text
    data = {
        **sent(opened.text),
        "only:enrollment edit": "some",
        "fields:enrollment edit": ["end_date", "course"],
        "scope:enrollment edit": "active-courses",
    }
    closed = client.post(url_of(role), data={**data, ":open": ""})
    assert "only Course, End date; Only those in active courses" in closed.text
    review = client.post(url_of(role), data={**sent(closed.text), "do": "review"})
    assert "what is left: only Course, End date; Only those in active courses" in words(review.text)
    saved(client, role, review.text)

    assert rights_of(session, role) == {("enrollment", "edit", "course,end_date", "active-courses")}


def test_what_one_process_shows_another_one_takes_for_the_same():
    """Each process has an order of its own for what is in a set, such as the fields of a grant."""
    told = {
        subprocess.run(
            [sys.executable, "-c", TELL],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(1, 6)
    }

    assert len(told) == 1


def test_limits_are_lifted_again(database, session):
    limited = LimitedGrant("enrollment", "edit", frozenset({"end_date"}), "active-courses")
    client, role = a_site(database), store(database, limited)
    page = client.get(url_of(role))
    opened = client.post(url_of(role), data={**sent(page.text), ":open": "enrollment edit"}).text
    assert 'value="end_date" checked' in opened

    data = {**sent(opened), "only:enrollment edit": "all", "scope:enrollment edit": "", "do": "review"}
    review = client.post(url_of(role), data=data).text
    assert "so far only End date; Only those in active courses" in words(review)
    saved(client, role, review)

    assert rights_of(session, role) == {("enrollment", "edit", "", "")}


def test_some_fields_are_at_least_one(database, session):
    client, role = a_site(database), store(database, LimitedGrant("course", "edit", frozenset({"name"})))
    opened = client.post(url_of(role), data={**sent(client.get(url_of(role)).text), ":open": "course edit"})
    data = sent(opened.text)
    del data["fields:course edit"]

    answer = client.post(url_of(role), data={**data, "do": "review"})

    assert answer.status_code == 400
    assert "Tick at least one field" in answer.text
    assert rights_of(session, role) == {("course", "edit", "name", "")}


def test_a_limit_that_is_not_there_any_more_is_refused_at_its_cell(database):
    client, role = a_site(database), store(database, ("course", "edit"))
    data = {**sent(client.get(url_of(role)).text), "fields:course edit": "nmae", "do": "review"}

    answer = client.post(url_of(role), data=data)

    assert answer.status_code == 400
    assert "Courses: Edit : There is no field “nmae”. Did you mean “name”?" in words(answer.text)


# -- what the site does not know -----------------------------------------------------------------------------


def test_unknown_rights_stand_apart_and_can_only_be_taken_away(database, session):
    unknown = ("ghost", "list"), ("course", "action:haunt"), ("audit-entry", "edit")
    client, role = a_site(database), store(database, *unknown, ("course", "list"))
    page = client.get(url_of(role)).text
    assert ticked(page) == {"course list"}
    assert "Rights that this site does not know" in page

    review = reviewed(client, role, drop="ghost list")
    assert "ghost: List" in words(review)
    saved(client, role, review)

    left = {grant[:2] for grant in rights_of(session, role)}
    assert left == {("course", "action:haunt"), ("audit-entry", "edit"), ("course", "list")}


def test_unknown_rights_cannot_be_given(database, session):
    client, role = a_site(database), store(database)
    data = sent(client.get(url_of(role)).text, add=("ghost list",))

    assert client.post(url_of(role), data={**data, "do": "review"}).status_code == 400
    assert rights_of(session, role) == set()


# -- at the same time ----------------------------------------------------------------------------------------


def test_a_right_that_somebody_else_gave_meanwhile_is_kept_and_told(database, session):
    client, role = a_site(database), store(database, ("course", "list"))
    page = client.get(url_of(role)).text
    with database.session() as other:
        other.add(RoleGrant(role_id=int(role), model="flow", action="list"))

    review = client.post(url_of(role), data={**sent(page, add=("item list",)), "do": "review"}).text
    assert "Somebody else changed this role since you opened it." in review
    saved(client, role, review)

    assert {grant[0] for grant in rights_of(session, role)} == {"course", "flow", "item"}


@pytest.mark.parametrize("what", ["right", "member", "another role", "superuser", "second factor"])
def test_what_was_reviewed_is_shown_again_when_it_would_mean_something_else(database, session, what):
    client, role = a_site(database), store(database, ("course", "list"), people=1)
    review = reviewed(client, role, add=("item list",))
    with database.session() as other:
        stored = other.get_one(Role, int(role))
        if what == "right":
            other.add(RoleGrant(role_id=int(role), model="flow", action="list"))
        elif what == "member":
            make_user(other, first_name="Zoe", roles=(stored,))
        elif what == "another role":
            stored.users[0].roles.append(make_role(other, ("item", "*")))
        elif what == "superuser":
            stored.users[0].is_superuser = True
        else:
            stored.requires_second_factor = True
    before = rights_of(session, role)

    answer = saved(client, role, review)

    assert answer.status_code == 409
    assert "changed while you looked at this" in answer.text
    assert rights_of(session, role) == before
    assert saved(client, role, answer.text).status_code == 303
    assert ("item", "list", "", "") in rights_of(session, role)


def test_what_somebody_else_did_already_is_not_done_again(database):
    client, role = a_site(database), store(database)
    review = reviewed(client, role, add=("item list",))
    with database.session() as other:
        other.add(RoleGrant(role_id=int(role), model="item", action="list"))

    answer = saved(client, role, review)

    assert answer.status_code == 303
    assert "The role is like this already." in client.get(url_of(role)).text


def test_a_role_that_is_gone_meanwhile_is_not_found(database):
    client, role = a_site(database), store(database)
    review = reviewed(client, role, add=("item list",))
    with database.session() as other:
        other.delete(other.get_one(Role, int(role)))

    assert saved(client, role, review).status_code == 404


# -- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {":base": "x"},
        {":base": ""},
        {"grant": "course"},
        {"grant": "course list extra"},
        {"do": "nothing"},
        {"do": "save"},
        {"do": "save", ":reviewed": "forged"},
        {"do": "back"},
    ],
)
def test_what_no_form_of_ours_sends_is_refused_in_words(database, session, change):
    client, role = a_site(database), store(database)
    data = sent(client.get(url_of(role)).text)

    answer = client.post(url_of(role), data={**data, "do": "review", **change})

    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert rights_of(session, role) == set()


def test_the_seals_of_one_role_open_no_other(database, session):
    client, role, other = a_site(database), store(database), store(database, name="Other")
    review = reviewed(client, role, add=("item list",))

    assert saved(client, other, review).status_code == 400
    assert rights_of(session, other) == set()


@pytest.mark.parametrize("query", ["q=cour", "q=%00", "q=" + "x" * 500, "page=0", "page=99", "page=x"])
def test_models_are_found_by_the_address_too(database, query):
    client, role = a_site(database), store(database)

    page = client.get(f"{url_of(role)}?{query}")

    assert page.status_code == 200
    found = set(re.findall(r'<tbody data-model="([^"]+)"', page.text))
    if query == "q=cour":
        assert found == {"course"}


def test_rights_of_models_on_another_page_stay_as_they_are(database, session):
    client, role = a_site(database), store(database, ("flow", "list"))
    url = f"{url_of(role)}?q=cour"

    data = {**sent(client.get(url).text, add=("course list",)), "do": "review"}
    review = client.post(url, data=data).text
    client.post(url, data={**form_in(review, ":reviewed").data(), "do": "save"})

    assert {grant[0] for grant in rights_of(session, role)} == {"flow", "course"}


def test_a_site_with_very_many_models_has_pages_and_each_is_saved_by_itself(database, session):
    class Shelf(DeclarativeBase):
        pass

    def shelf(name: str) -> type:
        columns = {"__tablename__": name.lower(), "key": mapped_column(Integer, primary_key=True)}
        return type(name, (Shelf,), columns)

    shelves = [shelf(f"Shelf{number:03}") for number in range(MOST_MODELS + 5)]
    client = a_site(database, models=shelves)
    known = [view.identity for view in client.app.state.site.model_views]
    role = store(database, *((name, "list") for name in known))

    first, second = client.get(url_of(role)).text, client.get(f"{url_of(role)}?page=2").text
    assert len(ticked(first)) == MOST_MODELS
    assert len(ticked(second)) == len(known) - MOST_MODELS
    assert not ticked(first) & ticked(second)
    url = f"{url_of(role)}?page=2"
    review = client.post(url, data={**sent(second, take=tuple(ticked(second))), "do": "review"}).text
    client.post(url, data={**form_in(review, ":reviewed").data(), "do": "save"})

    assert {f"{grant[0]} list" for grant in rights_of(session, role)} == ticked(first)
    assert len(first) < 600_000


# -- much of it ----------------------------------------------------------------------------------------------


def test_ten_thousand_grants_do_not_make_it_crawl(database):
    grants = [(f"model{number}", "list") for number in range(10_000)]
    client, role = a_site(database), store(database, ("course", "list"), people=3)
    with database.session() as session:
        rows = [{"role_id": int(role), "model": model, "action": action} for model, action in grants]
        session.connection().execute(RoleGrant.__table__.insert(), rows)
    client.get(url_of(role))

    begun = time.perf_counter()
    page = client.get(url_of(role))
    review = client.post(url_of(role), data={**sent(page.text, add=("item list",)), "do": "review"})
    answer = saved(client, role, review.text)
    took = time.perf_counter() - begun

    assert answer.status_code == 303
    assert "And 9,900 more" in page.text
    assert len(page.content) < 400_000
    assert took < 5
