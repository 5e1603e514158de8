"""The rules about the command line, and about who there is before anybody was made."""

import re
import signal
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.models import AuditEntry, CredentialToken, User, UserSession, user_roles
from admin_site.seed import seed
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site, open_site
from tests.commands import Commands, Done
from tests.factories import PASSWORD, make_role, make_user
from tests.processes import SECRET_KEY, serving

KEY = "a secret of the tests that is long enough"
COMMON = ["admin", "root", "administrator", "user", "test", "guest"]
LIKE_ADMIN = ["Admin", "ADMIN", " admin ", "\uff41dmin", "\uff21\uff24\uff2d\uff29\uff2e", "adm\u2170n"]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, database_url: str
) -> Commands:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return Commands(monkeypatch, capsys, folder, database_url)


def people(database: Database) -> list[str]:
    with database.session() as session:
        return list(session.scalars(select(User.user_name).order_by(User.user_name)))


def links_in(said: str) -> list[str]:
    return re.findall(r"/admin/set-password/(\S+)", said)


# -- 17: the command line holds no right of its own ----------------------------------------------------------

AGAINST_THE_MIGHTY = {
    "list-sessions": ["ada"],
    "end-sessions": ["ada"],
    "unlock": ["ada"],
    "grant-role": ["ada", "Guest"],
    "revoke-role": ["ada", "Editor"],
    "reset-password": ["ada"],
}


@pytest.mark.parametrize("name", AGAINST_THE_MIGHTY)
@pytest.mark.parametrize("is_superuser", [True, False])
def test_rule_17_without_force_no_command_touches_a_person_who_holds_rights(
    run: Commands, database: Database, name: str, is_superuser: bool
):
    with database.session() as session:
        editor = make_role(session, ("course", "edit"), name="Editor")
        make_role(session, name="Guest")
        make_user(session, user_name="ada", roles=(editor,), superuser=is_superuser, signed_in_on=1)
        make_user(session, superuser=True)  # who may stay when Ada goes

    refused = run(name, *AGAINST_THE_MIGHTY[name])

    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "--force" in refused.err
    with database.session() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.actor_name.startswith("cli:"))).one()
        assert (entry.action.endswith("refused"), entry.label) == (True, "ada")
        assert len(session.scalars(select(UserSession)).all()) == 1
        assert session.scalars(select(CredentialToken)).all() == []
        assert session.scalars(select(user_roles.c.role_id)).all() == [1]

    assert run(name, *AGAINST_THE_MIGHTY[name], "--force").code == 0


def test_rule_17_without_force_no_command_gives_rights(run: Commands, database: Database):
    with database.session() as session:
        make_role(session, ("course", "edit"), name="Editor")
        make_user(session, user_name="ada")
        make_user(session, user_name="first", superuser=True)

    attempts = [
        ["grant-role", "ada", "Editor"],
        ["create-user", "eve", "eve@example.org", "--role", "Editor"],
        ["create-user", "eve", "eve@example.org", "--superuser"],
    ]
    refused: list[Done] = [run(*arguments) for arguments in attempts]

    assert all(done.code == 1 and "--force" in done.err for done in refused)
    assert people(database) == ["ada", "first"]
    with database.session() as session:
        assert session.scalars(select(user_roles.c.role_id)).all() == []
        actions = select(AuditEntry.action).where(AuditEntry.actor_name.startswith("cli:"))
        assert session.scalars(actions).all() == ["refused"] * 3
    assert [run(*arguments, "--force").code for arguments in attempts[:2]] == [0, 0]


def test_rule_18_no_command_takes_the_last_superuser_away(run: Commands, database: Database):
    with database.session() as session:
        role = make_role(session, ("*", "*"), name="All")
        make_user(session, user_name="ada", superuser=True, roles=(role,))

    assert run("revoke-role", "ada", "All", "--force").code == 0

    with database.session() as session:
        assert session.scalars(select(User)).one().is_superuser


# -- 24: what commands do is on record -----------------------------------------------------------------------


def test_rule_24_a_command_leaves_one_row_in_the_name_of_who_runs_it(run: Commands, database: Database):
    with database.session() as session:
        make_user(session, user_name="ada", signed_in_on=1)

    for arguments in (["end-sessions", "ada"], ["reset-password", "ada"], ["rotate-secret-key"]):
        assert run(*arguments, SECRET_KEY=KEY, USER="mallory", LOGNAME="mallory").code == 0

    with database.session() as session:
        own = select(AuditEntry).where(AuditEntry.actor_name.startswith("cli:")).order_by(AuditEntry.entry_id)
        entries = session.scalars(own).all()
    assert [(entry.action, entry.label) for entry in entries] == [
        ("end_sessions", "ada"),
        ("reset_password", "ada"),
        ("rotate_secret_key", ""),
    ]
    assert len({entry.actor_name for entry in entries}) == 1
    assert "mallory" not in entries[0].actor_name, "the environment says whatever one likes"
    assert len({entry.change_set_id for entry in entries}) == 3


# -- 26: nobody is there by default --------------------------------------------------------------------------


def test_rule_26_a_new_database_has_no_account_and_no_password_opens_it(
    database_url: str, database: Database
):
    visitor = open_site(database_url)

    answers = [
        visitor.post("/admin/login", data={"username": name, "password": password})
        for name, password in [(COMMON[0], COMMON[0]), (COMMON[1], ""), (COMMON[0], "password")]
    ]

    assert people(database) == []
    assert all("set-cookie" not in answer.headers or "session" not in answer.cookies for answer in answers)
    assert visitor.get("/admin/").status_code == 303
    with database.session() as session:
        assert session.scalars(select(UserSession)).all() == []


def test_rule_26_nobody_of_the_example_school_has_a_password_or_may_do_everything(database: Database):
    seed(database, people=5)

    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(User)) > 5
        assert session.scalars(select(User).where(User.password_hash.is_not(None))).all() == []
        assert session.scalars(select(User).where(User.is_superuser)).all() == []
        assert session.scalars(select(CredentialToken)).all() == []


def test_rule_26_the_first_superuser_comes_from_a_link_that_is_printed_once_and_works_once(
    empty_database_url: str,
):
    settings = {"DATABASE_URL": empty_database_url, "SECRET_KEY": SECRET_KEY}
    with serving("run", **settings) as server:
        printed = links_in(server.said)
        site = open_site(empty_database_url)
        form = {"password": PASSWORD, "password_again": PASSWORD}

        opened = site.get(f"/admin/set-password/{printed[0]}")
        first = site.post(opened.headers["location"], data=form)
        again = TestClient(site.app, follow_redirects=True).get(f"/admin/set-password/{printed[0]}")
        errors = server.stop(signal.SIGINT)[1]

    assert len(printed) == 1
    assert (first.status_code, again.status_code) == (303, 410)
    assert "set-password" not in errors
    with Database(empty_database_url) as database, database.session() as session:
        superuser = session.scalars(select(User).where(User.is_superuser)).one()
        assert superuser.password_hash.startswith("$argon2id$")
    with serving("run", **settings) as server:
        assert links_in(server.said) == []


def test_rule_26_or_from_the_command_line_which_shows_no_password(run: Commands, database: Database):
    done = run("create-user", "ada", "ada@example.org", "--superuser")

    assert done.code == 0
    assert len(links_in(done.out)) == 1
    with database.session() as session:
        user = session.scalars(select(User)).one()
        assert (user.is_superuser, user.password_hash) == (True, None)
        assert session.scalars(select(AuditEntry.actor_name)).one().startswith("cli:")


# -- 28: one name, one person --------------------------------------------------------------------------------


@pytest.fixture
def admin(database: Database) -> User:
    with database.session() as session:
        return make_user(session, user_name="admin", email_address="admin@example.org")


@pytest.mark.parametrize("name", LIKE_ADMIN)
def test_rule_28_the_form_refuses_a_name_that_is_like_anothers(database: Database, admin: User, name: str):
    client = a_site(database)
    before = people(database)

    for values in (
        {"user_name": name, "email_address": "other@example.org"},
        {"user_name": "other", "email_address": f"{name.strip()}@Example.Org"},
    ):
        page = client.get("/admin/user/create").text
        answer = client.post("/admin/user/create", data=record_form(page).data(**values))
        assert answer.status_code == 400
        assert "taken" in answer.text or "already" in answer.text

    assert people(database) == before


def test_rule_28_the_command_line_refuses_a_name_that_is_like_anothers(
    run: Commands, database: Database, admin: User
):
    for name in LIKE_ADMIN:
        for arguments in ([name, "other@example.org"], ["other", f"{name.strip()}@Example.Org"]):
            done = run("create-user", *arguments)
            assert (done.code, done.out) == (1, "")
            assert done.err.startswith("Error: ")

    assert people(database) == ["admin"]


def test_rule_28_of_two_who_take_one_name_at_once_one_gets_it(database: Database):
    browsers = [a_site(database) for _ in range(2)]
    before = len(people(database))
    forms = [record_form(browser.get("/admin/user/create").text) for browser in browsers]

    def save(number: int) -> int:
        name = ("Maria", "\uff2d\uff21\uff32\uff29\uff21")[number]
        values = {"user_name": name, "email_address": f"maria{number}@example.org"}
        return browsers[number].post("/admin/user/create", data=forms[number].data(**values)).status_code

    with ThreadPoolExecutor() as pool:
        statuses = sorted(pool.map(save, range(2)))

    assert statuses[0] == 303
    assert statuses[1] in (400, 409)
    assert len(people(database)) == before + 1


@pytest.mark.parametrize("name", LIKE_ADMIN)
def test_rule_28_the_database_refuses_a_name_that_is_like_anothers(
    database: Database, admin: User, name: str
):
    with pytest.raises(IntegrityError), database.session() as session:
        session.add(User(user_name=name, email_address="other@example.org"))
    with pytest.raises(IntegrityError), database.session() as session:
        session.add(User(user_name="other", email_address=f"{name.strip()}@example.org"))

    assert people(database) == ["admin"]


def test_rule_28_the_database_itself_compares_without_regard_to_case(database: Database, admin: User):
    columns = "user_id, user_name, email_address, created_at, updated_at"
    row = "SELECT :key, 'ADMIN', 'other@example.org', created_at, updated_at FROM users"

    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(text(f"INSERT INTO users ({columns}) {row}"), {"key": "0" * 32})


def test_rule_28_names_are_stored_normalised(database: Database):
    with database.session() as session:
        session.add(User(user_name="\uff21da", email_address="\uff21da@example.org"))

    with database.session() as session:
        user = session.scalars(select(User)).one()
        assert (user.user_name, user.email_address) == ("Ada", "Ada@example.org")
        assert unicodedata.is_normalized("NFKC", user.user_name)
