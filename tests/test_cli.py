"""The commands, run in processes of their own."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import uuid
from contextlib import suppress
from urllib.parse import urlsplit

import httpx2
import pytest
from httpx2 import Client, Response
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from admin_site.cli import app
from admin_site.config import ROOT
from admin_site.database import Database
from admin_site.errors import LinkExpired, TooManyAttempts
from admin_site.models import AuditEntry, OutgoingMail, Role, User, UserSession
from admin_site.ops.secret_keys import kept_keys
from admin_site.ops.serve import listen
from admin_site.security.passwords import PASSWORDS
from admin_site.services import throttling
from admin_site.services.links import peek_link
from admin_site.services.sessions import start_session
from tests.factories import make_role, make_user
from tests.processes import SECRET_KEY, Server, command, serving

PASSWORD = "a violin under seven clouds"
PRODUCTION = {"SECRET_KEY": SECRET_KEY, "PUBLIC_URL": "http://localhost:8000"}

# For what the database has no part in.
ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def process_started(server: Server) -> int:
    """Return the id of the next process that the log says has started to serve."""
    for line in server.process.stderr:
        if started := re.search(r"Started server process \[(\d+)\]", line):
            return int(started[1])
    raise AssertionError("the server ended")


def set_the_password(browser: Client, server: Server) -> None:
    """Follow the link that `run` printed and choose a password, as the first superuser does."""
    assert browser.get(f"{server.address}/admin/set-password/{token_in(server.said)}").status_code == 200
    answer = post(browser, server, "set-password", password=PASSWORD, password_again=PASSWORD)
    assert answer.url.path == "/admin/login"


def sign_in(browser: Client, server: Server) -> Response:
    answer = post(browser, server, "login", username="admin", password=PASSWORD)
    assert answer.url.path == "/admin/"
    return answer


def post(browser: Client, server: Server, path: str, **form: str) -> Response:
    return browser.post(f"{server.address}/admin/{path}", data=form, headers={"Origin": server.address})


def stored(database: Database, name: str) -> User | None:
    with database.session() as session:
        return session.scalars(select(User).where(User.user_name == name)).one_or_none()


def token_in(text: str) -> str:
    return re.search(r"http://\S+/admin/set-password/(\S+)", text)[1]


def is_one_line(text: str) -> bool:
    return text.endswith("\n") and text.count("\n") == 1 and text.startswith("Error: ")


def test_help_names_every_command_and_what_it_does():
    done = command("--help")

    assert done.returncode == 0
    for registered in app.registered_commands:
        name = registered.name or registered.callback.__name__.replace("_", "-")
        assert re.search(rf"^  {name} +\w+", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["seed", "--people", "many"], ["seed", "--people", "-1"]]
)
def test_a_command_line_that_makes_no_sense_is_answered_with_the_usage(arguments):
    done = command(*arguments)

    assert done.returncode == 2
    assert "Usage: python -m admin_site" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:swordfish@localhost/school",
        "postgresql://root:swordfish@localhost:1/school",
        "postgresql://root:swordfish@no-such-host.invalid/school",
        "swordfish",
        "sqlite:////proc/no/such/folder/swordfish",
    ],
)
def test_a_database_url_that_does_not_work_is_one_line_without_the_password(url):
    done = command("migrate", DATABASE_URL=url)

    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert "DATABASE_URL" in done.stderr
    assert "swordfish@" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [["run"], ["serve"], ["seed"], ["reset-password", "ada"]])
def test_every_command_says_in_one_line_that_the_database_does_not_answer(arguments):
    url = "postgresql://root:swordfish@localhost:1/school"

    done = command(*arguments, DATABASE_URL=url, PORT="0", **PRODUCTION)

    assert (done.returncode, done.stdout) == (1, "")
    assert is_one_line(done.stderr)
    assert "swordfish" not in done.stderr


def test_migrate_creates_the_tables_once(empty_database_url):
    first = command("migrate", DATABASE_URL=empty_database_url)
    second = command("migrate", DATABASE_URL=empty_database_url)

    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.startswith("Applied ")
    assert second.stdout == "Nothing to do.\n"
    with Database(empty_database_url) as database, database.session() as session:
        assert session.scalars(select(User)).all() == []


@ON_SQLITE
@pytest.mark.parametrize(
    "arguments", [["serve"], ["seed"], ["create-user", "ada", "ada@example.org"], ["reset-password", "ada"]]
)
def test_a_database_without_tables_is_one_line_that_says_to_migrate(empty_database_url, arguments):
    done = command(*arguments, DATABASE_URL=empty_database_url, PORT="0", **PRODUCTION)

    assert (done.returncode, done.stdout) == (1, "")
    assert is_one_line(done.stderr)
    assert "python -m admin_site migrate" in done.stderr


@ON_SQLITE
def test_serve_answers_on_a_database_that_a_newer_release_has_migrated(database, database_url):
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE admin_site_alembic_version SET version_num = 'fromthefuture'"))

    with serving("serve", DATABASE_URL=database_url, **PRODUCTION) as server:
        assert httpx2.get(f"{server.address}/admin/login", timeout=60).status_code == 200
        code, errors = server.stop(signal.SIGTERM)

    assert code == 0
    assert errors.startswith("Warning: The database is newer than this code")


@ON_SQLITE
@pytest.mark.parametrize("arguments", [["seed"], ["create-user", "ada", "ada@example.org"]])
def test_a_file_that_may_only_be_read_is_one_line(database_url, arguments):
    url = database_url.replace("///", "///file:") + "?mode=ro&uri=true"

    done = command(*arguments, DATABASE_URL=url)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: The database refuses this: the file may only be read\n"


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_missing_right_is_one_line(database, database_url):
    role = f"limited_{uuid.uuid4().hex}"
    with database.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'swordfish'"))
        connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"))
    url = make_url(database_url).set(username=role, password="swordfish")

    done = command("seed", DATABASE_URL=url.render_as_string(hide_password=False))

    with database.engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    assert (done.returncode, done.stdout) == (1, "")
    assert is_one_line(done.stderr)
    assert "permission denied for table" in done.stderr


def test_seed_adds_people_once_and_says_how_many(database_url):
    first = command("seed", "--people", "12", DATABASE_URL=database_url)
    second = command("seed", "--people", "12", "--random-seed", "1", DATABASE_URL=database_url)

    assert first.stdout == "Example data: 12 people added, 0 were there already.\n"
    assert second.stdout == "Example data: 0 people added, 12 were there already.\n"
    assert first.stderr == second.stderr == ""


def test_create_user_prints_a_link_that_works(database, database_url):
    done = command("create-user", "Ada", "ada@example.org", "--superuser", DATABASE_URL=database_url)

    assert done.returncode == 0
    user = stored(database, "Ada")
    assert user.is_superuser
    assert user.password_hash is None
    assert "http://127.0.0.1:8000/admin/set-password/" in done.stdout
    with database.session() as session:
        assert peek_link(session, token_in(done.stdout)).user_name == "Ada"


@ON_SQLITE
def test_links_are_built_from_the_public_url(database_url):
    done = command(
        "create-user",
        "ada",
        "ada@example.org",
        DATABASE_URL=database_url,
        PUBLIC_URL="https://school.example/",
    )

    assert "https://school.example/admin/set-password/" in done.stdout


def test_create_user_takes_roles_and_a_password_from_standard_input(database, database_url):
    with database.session() as session:
        make_role(session, name="Support")
        make_role(session, name="Auditor")

    done = command(
        *("create-user", "ada", "ada@example.org"),
        *("--role", "Support", "--role", "Auditor", "--role", "Support", "--password-stdin"),
        stdin=f"{PASSWORD}\n",
        DATABASE_URL=database_url,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "Added ada.\n", "")
    with database.session() as session:
        user = session.scalars(select(User)).one()
        assert sorted(role.name for role in user.roles) == ["Auditor", "Support"]
        assert PASSWORDS.verify(user.password_hash, PASSWORD)
        actors = set(session.scalars(select(AuditEntry.actor_name)))
    assert len(actors) == 2
    assert {actor.partition(":")[0] for actor in actors} == {"system", "cli"}


@ON_SQLITE
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ADA", "new@example.org"], "User name"),
        (["new", "ADA@example.org"], "Email address"),
        (["", "new@example.org"], "User name"),
        (["new", "no address"], "Email address"),
        (
            ["new", "new@example.org", "--role", "Nonsense"],
            "There is no role “Nonsense”; there are: Support.",
        ),
    ],
)
def test_create_user_refuses_in_one_line(database, database_url, arguments, words):
    with database.session() as session:
        make_user(session, user_name="ada", email_address="ada@example.org")
        make_role(session, name="Support")

    done = command("create-user", *arguments, DATABASE_URL=database_url)

    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert words in done.stderr
    with database.session() as session:
        assert len(session.scalars(select(User)).all()) == 1


@ON_SQLITE
@pytest.mark.parametrize("password", ["", "short", "passwordpassword", b"\xff\xfe not utf-8 at all \xff"])
def test_a_weak_password_is_refused_and_never_repeated(database, database_url, password):
    done = command(
        "create-user", "ada", "ada@example.org", "--password-stdin", stdin=password, DATABASE_URL=database_url
    )

    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert not password or str(password) not in done.stderr
    assert stored(database, "ada") is None


@ON_SQLITE
def test_a_password_made_of_the_sites_title_is_refused(database_url):
    done = command(
        *("create-user", "ada", "ada@example.org", "--password-stdin"),
        stdin="Meadowbrook Manor 1",
        DATABASE_URL=database_url,
        SITE_TITLE="Meadowbrook Manor",
    )

    assert done.returncode == 1
    assert "the site's name" in done.stderr


def test_reset_password_prints_a_link_and_signs_the_person_out(database, database_url):
    with database.session() as session:
        make_user(
            session, user_name="ada", email_address="ada@example.org", password=PASSWORD, signed_in_on=2
        )

    done = command("reset-password", "ADA@example.org", DATABASE_URL=database_url)

    assert done.returncode == 0
    with database.session() as session:
        user = peek_link(session, token_in(done.stdout))
        assert (user.user_name, user.sessions) == ("ada", [])


def test_reset_password_of_somebody_with_rights_needs_force(database, database_url):
    with database.session() as session:
        make_user(session, user_name="ada", superuser=True)

    refused = command("reset-password", "ada", DATABASE_URL=database_url)
    forced = command("reset-password", "ada", "--force", DATABASE_URL=database_url)

    assert (refused.returncode, forced.returncode) == (1, 0)
    assert is_one_line(refused.stderr)
    assert "--force" in refused.stderr
    with database.session() as session:
        assert peek_link(session, token_in(forced.stdout)).user_name == "ada"
        assert "reset_password_refused" in session.scalars(select(AuditEntry.action)).all()


@ON_SQLITE
def test_reset_password_of_nobody_is_one_line(database_url):
    done = command("reset-password", "nobody", DATABASE_URL=database_url)

    assert (done.returncode, done.stderr) == (1, "Error: There is nobody called “nobody”.\n")


@ON_SQLITE
def test_reset_password_by_mail_shows_the_link_to_nobody_here(database, database_url):
    with database.session() as session:
        make_user(session, user_name="ada", email_address="ada@example.org", signed_in_on=1)
    mail = {"SMTP_HOST": "localhost", "MAIL_FROM": "a@example.org", "PUBLIC_URL": "https://a.example"}

    unset = command("reset-password", "ada", "--mail", DATABASE_URL=database_url)
    done = command("reset-password", "ada", "--mail", DATABASE_URL=database_url, **mail)

    assert (unset.returncode, is_one_line(unset.stderr), "SMTP_HOST" in unset.stderr) == (1, True, True)
    assert (done.returncode, done.stdout, done.stderr) == (
        0, "A link to set a password is on its way to ada@example.org.\n", ""
    )  # fmt: skip
    with database.session() as session:
        assert session.scalars(select(OutgoingMail)).one().user.user_name == "ada"
        assert session.scalars(select(UserSession)).all() == []


def test_sessions_are_listed_and_ended_one_by_one_or_all_at_once(database, database_url):
    with database.session() as session:
        ada = make_user(session, user_name="ada")
        for number in range(3):
            start_session(session, ada, ip_address=f"192.0.2.{number}", user_agent="Firefox/140 (Windows NT)")
        ended, *others = [str(key) for key in session.scalars(select(UserSession.session_id))]

    listed = command("list-sessions", "ADA", DATABASE_URL=database_url)
    one = command("end-sessions", "ada", "--session", ended, DATABASE_URL=database_url)
    again = command("end-sessions", "ada", "--session", ended, DATABASE_URL=database_url)
    rest = command("list-sessions", "ada", DATABASE_URL=database_url)
    every = command("end-sessions", "ada", DATABASE_URL=database_url)
    none = command("list-sessions", "ada", DATABASE_URL=database_url)

    assert listed.stdout.startswith("SESSION ")
    assert all(key in listed.stdout for key in (ended, *others))
    assert "192.0.2.1" in listed.stdout
    assert "Firefox on Windows" in listed.stdout
    assert one.stdout == "1 session of ada ended.\n"
    assert (again.returncode, again.stderr) == (1, f"Error: ada has no session {ended}.\n")
    assert ended not in rest.stdout
    assert all(key in rest.stdout for key in others)
    assert every.stdout == "2 sessions of ada ended.\n"
    assert none.stdout == "ada is not signed in anywhere.\n"


def test_a_locked_account_is_unlocked(database, database_url):
    with database.session() as session:
        ada = make_user(session, user_name="ada")
        for _ in range(30):
            with suppress(TooManyAttempts):
                throttling.note_failure(session, ada, "ada", "192.0.2.1")
        assert throttling.blocked_until(session, ada)

    done = command("unlock", "ada", DATABASE_URL=database_url)
    again = command("unlock", "ada", DATABASE_URL=database_url)

    assert (done.stdout, again.stdout) == ("ada may sign in again.\n", "ada was not locked out.\n")
    with database.session() as session:
        assert throttling.blocked_until(session, session.scalars(select(User)).one()) is None


def test_a_role_is_granted_and_revoked(database, database_url):
    with database.session() as session:
        make_role(session, name="Guest")
        make_user(session, user_name="ada", signed_in_on=1)

    done = [
        command(name, "ada", "Guest", DATABASE_URL=database_url).stdout
        for name in ("grant-role", "grant-role", "revoke-role", "revoke-role")
    ]
    unknown = command("grant-role", "ada", "Nonsense", DATABASE_URL=database_url)

    assert done == [
        "ada has now the role Guest.\n",
        "ada has already the role Guest.\n",
        "ada has no longer the role Guest.\n",
        "ada did not have the role Guest.\n",
    ]
    assert unknown.stderr == "Error: There is no role “Nonsense”; there are: Guest.\n"
    with database.session() as session:
        assert session.scalars(select(UserSession)).all() == []
        own = AuditEntry.actor_name.startswith("cli:"), AuditEntry.model == "users"
        edits = select(AuditEntry.changes).where(*own).order_by(AuditEntry.entry_id)
        assert [each["roles"] for each in session.scalars(edits)] == [[[], ["Guest"]], [["Guest"], []]]


@ON_SQLITE
@pytest.mark.parametrize(
    "arguments",
    [
        ["list-sessions"],
        ["end-sessions"],
        ["end-sessions", "--session", str(uuid.UUID(int=1))],
        ["unlock"],
        ["reset-password", "--mail"],
    ],
)
def test_commands_about_nobody_are_one_line(database_url, arguments):
    settings = {"SMTP_HOST": "localhost", "MAIL_FROM": "a@b.example", "PUBLIC_URL": "https://b.example"}

    done = command(*arguments, "nobody", DATABASE_URL=database_url, **settings)

    assert (done.returncode, done.stderr) == (1, "Error: There is nobody called “nobody”.\n")


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"PUBLIC_URL": "https://school.example"}, "SECRET_KEY"),
        ({"SECRET_KEY": SECRET_KEY}, "PUBLIC_URL"),
        ({"SECRET_KEY": SECRET_KEY, "PUBLIC_URL": "http://school.example"}, "https://"),
        ({"SECRET_KEY": "swordfish", "PUBLIC_URL": "https://school.example"}, "SECRET_KEY"),
        ({"SECRET_KEY": SECRET_KEY, "PUBLIC_URL": "https://school.example", "PORT": "http"}, "PORT"),
    ],
)
def test_serve_refuses_unsafe_settings(tmp_path, settings, word):
    done = command("serve", DATABASE_URL=f"sqlite:///{tmp_path}/school.sqlite3", **settings)

    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert word in done.stderr
    assert "swordfish" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("processes", ["1", "2"])
def test_serve_answers_until_a_signal_and_ends_with_exit_code_0(database_url, processes, number):
    with serving("serve", DATABASE_URL=database_url, WEB_CONCURRENCY=processes, **PRODUCTION) as server:
        page = httpx2.get(f"{server.address}/admin/login", timeout=60)
        assert page.status_code == 200
        assert "password" in page.text

        code, errors = server.stop(number)

    assert code == 0
    assert "Traceback" not in errors
    assert "set-password" not in server.said


@ON_SQLITE
def test_serve_adds_no_data(database, database_url):
    with serving("serve", DATABASE_URL=database_url, **PRODUCTION) as server:
        assert httpx2.get(f"{server.address}/healthz", timeout=60).text == "ok"
        server.stop(signal.SIGTERM)

    with database.session() as session:
        assert session.scalars(select(User)).all() == []
        assert session.scalars(select(Role)).all() == []


@ON_SQLITE
def test_serve_replaces_a_process_that_dies(database_url):
    with serving("serve", DATABASE_URL=database_url, WEB_CONCURRENCY="2", **PRODUCTION) as server:
        workers = [process_started(server), process_started(server)]

        os.kill(workers[0], signal.SIGKILL)

        assert process_started(server) not in workers
        assert httpx2.get(f"{server.address}/healthz", timeout=60).text == "ok"
        assert server.stop(signal.SIGTERM)[0] == 0


def test_run_makes_a_working_site_of_an_empty_database_and_keeps_it(empty_database_url):
    settings = {"DATABASE_URL": empty_database_url, "SECRET_KEY": SECRET_KEY}
    with Client(follow_redirects=True, timeout=60) as browser:
        with serving("run", **settings) as server:
            assert "Example data: 200 people added" in server.said
            set_the_password(browser, server)
            assert server.stop(signal.SIGINT) == (0, "")
        with Database(empty_database_url) as database, database.session() as session:
            users = len(session.scalars(select(User)).all())

        with serving("run", **settings) as server:
            assert sign_in(browser, server).status_code == 200
            assert "Example data" not in server.said
            assert "set-password" not in server.said
            assert server.stop(signal.SIGTERM) == (0, "")
    with Database(empty_database_url) as database, database.session() as session:
        assert len(session.scalars(select(User)).all()) == users


@ON_SQLITE
def test_run_prints_a_new_link_as_long_as_nobody_can_get_in(empty_database_url):
    settings = {"DATABASE_URL": empty_database_url, "SECRET_KEY": SECRET_KEY}
    with serving("run", **settings) as server:
        first = token_in(server.said)
    with serving("run", **settings) as server:
        second = token_in(server.said)

    with Database(empty_database_url) as database, database.session() as session:
        assert peek_link(session, second).is_superuser
        with pytest.raises(LinkExpired):
            peek_link(session, first)


def test_run_says_which_port_is_in_use_and_touches_nothing(tmp_path):
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])

        done = command("run", DATABASE_URL=f"sqlite:///{tmp_path}/school.sqlite3", PORT=port)

    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert f"Port {port}" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_fresh_clone_runs_without_any_setting_and_sign_ins_survive_a_restart(tmp_path):
    for part in ("admin_site", "alembic"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "alembic.ini", tmp_path)

    with Client(follow_redirects=True, timeout=60) as browser:
        with serving("run", root=tmp_path) as server:
            set_the_password(browser, server)
            assert sign_in(browser, server).status_code == 200
            address = urlsplit(server.address)
            assert server.stop(signal.SIGINT) == (0, "")

        with serving("run", root=tmp_path, PORT=str(address.port)) as server:
            page = browser.get(f"{server.address}/admin/user/list")
            assert (page.status_code, page.url.path) == (200, "/admin/user/list")

    made = {path.name for path in (tmp_path / "var").iterdir()}
    assert {"admin.sqlite3", "secret_key"} <= made
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_the_kept_key_stays_the_same_and_is_long_enough(tmp_path):
    key, fallbacks = kept_keys(tmp_path / "var" / "secret_key")

    assert len(key) >= 32
    assert fallbacks == ""
    assert kept_keys(tmp_path / "var" / "secret_key") == (key, "")
    assert kept_keys(tmp_path / "other" / "secret_key") != (key, "")


def test_importing_the_commands_starts_nothing():
    loaded = subprocess.run(
        [sys.executable, "-c", "import admin_site.cli, threading; print(threading.active_count())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert loaded.stdout == "1\n"
