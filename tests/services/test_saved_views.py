"""What people keep of lists, and who may change it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import event, func, select

from admin_site.descriptions import describe
from admin_site.errors import Forbidden, Invalid, NotFound
from admin_site.models import AuditEntry, ListPreference, SavedView, User
from admin_site.permissions import identity_of
from admin_site.services import records
from admin_site.services.list_preferences import (
    Preferences,
    forget_columns,
    open_with,
    preferences_of,
    remember_columns,
)
from admin_site.services.saved_views import (
    MAX_NAME,
    MAX_QUERY,
    MAX_VIEWS,
    delete_view,
    find_view,
    rename_view,
    roles_to_share_with,
    save_view,
    share_view,
    update_view,
)
from tests.factories import an_administrator, identity_with, make_role, make_user


@pytest.fixture
def role(session):
    return make_role(session, ("course", "list"))


@pytest.fixture
def actor(session, role):
    return identity_of(session, make_user(session, roles=(role,)))


@pytest.fixture
def colleague(session, role):
    return identity_of(session, make_user(session, roles=(role,)))


def names(session, actor, model="course"):
    return [view.name for view in preferences_of(session, actor, model).views]


def test_a_view_is_its_owners_alone_until_it_is_shared_with_a_role(session, actor, colleague, role):
    view = save_view(session, actor, "course", "Open courses", "is_active=yes")

    assert names(session, actor) == ["Open courses"]
    assert names(session, colleague) == []
    with pytest.raises(NotFound):
        find_view(session, colleague, "course", view.view_id)

    share_view(session, actor, view, role.role_id)
    assert names(session, colleague) == ["Open courses"]
    assert find_view(session, colleague, "course", view.view_id) is view
    assert names(session, identity_with(session, ("course", "list"))) == []

    share_view(session, actor, view, None)
    assert names(session, colleague) == []


def test_a_view_belongs_to_one_list(session, actor):
    view = save_view(session, actor, "course", "Open courses", "is_active=yes")

    assert names(session, actor, "user") == []
    with pytest.raises(NotFound):
        find_view(session, actor, "user", view.view_id)


def test_only_the_owner_or_a_superuser_changes_and_deletes_a_view(session, actor, colleague, role):
    view = save_view(session, actor, "course", "Open courses", "is_active=yes", role.role_id)

    for change in (
        lambda: rename_view(session, colleague, view, "Mine"),
        lambda: update_view(session, colleague, view, ""),
        lambda: share_view(session, colleague, view, None),
        lambda: delete_view(session, colleague, view),
    ):
        with pytest.raises(Forbidden):
            change()
    session.expire_all()
    assert (view.name, view.query, view.role_id) == ("Open courses", "is_active=yes", role.role_id)

    superuser = an_administrator(session)
    rename_view(session, superuser, view, "Courses that run")
    assert names(session, actor) == ["Courses that run"]
    update_view(session, actor, view, "sort=name")
    assert preferences_of(session, actor, "course").views[0].query == "sort=name"
    delete_view(session, superuser, view)
    assert names(session, actor) == []


def test_a_view_is_shared_only_with_roles_one_holds_and_by_a_superuser_with_any(session, actor, role):
    other = make_role(session)
    view = save_view(session, actor, "course", "Open courses", "")

    with pytest.raises(Forbidden, match="role that you hold"):
        share_view(session, actor, view, other.role_id)
    with pytest.raises(Forbidden):
        save_view(session, actor, "course", "Another", "", other.role_id)
    with pytest.raises(Invalid, match="exists"):
        share_view(session, actor, view, 999_999)
    assert roles_to_share_with(session, actor) == [role]

    superuser = an_administrator(session)
    share_view(session, superuser, view, other.role_id)
    assert view.role_id == other.role_id
    assert {role, other} <= set(roles_to_share_with(session, superuser))


def test_sharing_ends_with_the_role_and_with_holding_it(session, actor, colleague, role):
    save_view(session, actor, "course", "Open courses", "", role.role_id)
    person = session.get(User, colleague.user_id)
    person.roles.clear()
    session.flush()
    assert names(session, colleague) == []

    records.delete(session, an_administrator(session), describe(type(role)), role)
    assert names(session, actor) == ["Open courses"]
    assert session.scalars(select(SavedView.role_id)).all() == [None]


def test_a_name_is_taken_once_by_owner_and_list_whatever_its_case(session, actor, colleague):
    view = save_view(session, actor, "course", "  Open \n courses ", "")
    assert view.name == "Open courses"

    with pytest.raises(Invalid, match="already"):
        save_view(session, actor, "course", "OPEN courses", "")
    rename_view(session, actor, view, "open courses")
    other = save_view(session, actor, "course", "Others", "")
    with pytest.raises(Invalid, match="already"):
        rename_view(session, actor, other, "Open Courses")
    save_view(session, actor, "user", "open courses", "")
    save_view(session, colleague, "course", "open courses", "")


@pytest.mark.parametrize("name", ["", "  \n ", "x" * (MAX_NAME + 1), "x" * 10_000, "a\x00b"])
def test_a_name_that_cannot_be_one_is_refused_in_words(session, actor, name):
    with pytest.raises(Invalid) as refused:
        save_view(session, actor, "course", name, "")

    assert refused.value.errors["name"].endswith(".")
    assert names(session, actor) == []


def test_a_query_has_a_length_and_a_list_a_number_of_views(session, actor):
    with pytest.raises(Invalid, match="too long"):
        save_view(session, actor, "course", "Long", "x" * (MAX_QUERY + 1))
    session.add_all(
        SavedView(owner_id=actor.user_id, model="course", name=f"View {number}", query="")
        for number in range(MAX_VIEWS)
    )
    session.flush()

    with pytest.raises(Invalid, match=f"{MAX_VIEWS} views"):
        save_view(session, actor, "course", "One more", "")
    save_view(session, actor, "user", "Of another list", "")


def test_of_two_who_save_a_name_at_once_one_is_told_that_it_is_taken(database, session, actor):
    session.commit()
    start = Barrier(2)

    def save(_):
        with database.session() as own:
            start.wait()
            try:
                save_view(own, actor, "course", "Open", "")
            except Invalid as refused:
                own.rollback()
                return refused.errors
        return {}

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(save, range(2)))

    assert sorted(answers, key=len) == [{}, {"name": "There is a view of this name already."}]
    assert names(session, actor) == ["Open"]


def test_of_two_who_remember_columns_at_once_both_are_heard(database, session, actor):
    session.commit()
    start = Barrier(2)

    def remember(name):
        with database.session() as own:
            start.wait()
            remember_columns(own, actor, "course", [name])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(remember, ["name", "end_date"]))

    assert preferences_of(session, actor, "course").columns in (("name",), ("end_date",))


def test_columns_are_remembered_by_person_and_list_until_they_are_forgotten(session, actor, colleague):
    remember_columns(session, actor, "course", ["name", "end_date"])
    remember_columns(session, actor, "course", ["end_date", "name"])

    assert preferences_of(session, actor, "course").columns == ("end_date", "name")
    assert preferences_of(session, actor, "user") == Preferences()
    assert preferences_of(session, colleague, "course") == Preferences()

    forget_columns(session, actor, "course")
    forget_columns(session, actor, "user")
    assert preferences_of(session, actor, "course") == Preferences()


def test_a_list_opens_with_the_view_each_person_chose_of_those_they_see(session, actor, colleague, role):
    view = save_view(session, actor, "course", "Open courses", "is_active=yes", role.role_id)
    open_with(session, colleague, "course", view)

    assert preferences_of(session, colleague, "course").default.name == "Open courses"
    assert preferences_of(session, actor, "course").default is None

    share_view(session, actor, view, None)
    assert preferences_of(session, colleague, "course").default is None
    open_with(session, actor, "course", view)
    open_with(session, actor, "course", None)
    assert preferences_of(session, actor, "course").default is None
    open_with(session, actor, "course", view)
    delete_view(session, actor, view)
    session.expire_all()
    assert preferences_of(session, actor, "course") == Preferences()


def test_all_that_a_list_needs_is_one_query(session, actor, role):
    view = save_view(session, actor, "course", "Open courses", "is_active=yes", role.role_id)
    save_view(session, actor, "course", "All by name", "sort=name")
    open_with(session, actor, "course", view)
    remember_columns(session, actor, "course", ["name"])
    session.commit()
    statements = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: statements.append(a[2]))

    kept = preferences_of(session, actor, "course")

    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1
    assert kept.columns == ("name",)
    assert kept.default == kept.view(view.view_id)
    assert [item.name for item in kept.views] == ["All by name", "Open courses"]


def test_preferences_and_views_go_with_their_person_and_leave_no_audit_entry(session, actor, colleague, role):
    view = save_view(session, actor, "course", "Open courses", "", role.role_id)
    open_with(session, colleague, "course", view)
    remember_columns(session, actor, "course", ["name"])
    session.flush()
    assert session.scalar(select(func.count()).where(AuditEntry.model.in_(OURS))) == 0

    person = session.get(User, actor.user_id)
    records.delete(session, an_administrator(session), describe(User), person)

    assert session.scalars(select(SavedView)).all() == []
    assert session.scalars(select(ListPreference.user_id)).all() == [colleague.user_id]
    assert session.scalar(select(func.count()).where(AuditEntry.model.in_(OURS))) == 0


OURS = ("saved_views", "list_preferences")
