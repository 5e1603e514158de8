"""A new secret key takes the place of the old one, wherever that is kept."""

import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from admin_site import create_app
from admin_site.config import ROOT, Settings
from admin_site.errors import ConfigurationError
from admin_site.models import AuditEntry
from admin_site.ops.local import complete
from admin_site.ops.secret_keys import kept_keys, rotate
from tests.admin.sites import SETTINGS, sign_in
from tests.processes import command

OLD = "the old secret of the tests: long enough"
OLDER = "the older secret of the tests: long enough"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
WEEK_LATER = "2026-03-11"


def settings(**values: str) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    file = tmp_path / ".env"
    file.write_text(f"# Ours\nexport SECRET_KEY = '{OLD}'\nSITE_TITLE=School # the name\n")
    file.chmod(0o640)
    return file


def read(file: Path) -> Settings:
    return Settings(_env_file=file)


def test_the_key_of_an_env_file_is_replaced_there_and_nothing_else(env_file: Path):
    rotation = rotate(read(env_file), env_file=env_file, now=NOW)

    after = read(env_file)
    assert after.secret_keys[0] == rotation.secret_key not in (OLD, "")
    assert after.fallback_keys == [(OLD, WEEK_LATER)]
    assert env_file.read_text() == (
        f"# Ours\nSECRET_KEY={rotation.secret_key}\nSITE_TITLE=School # the name\n"
        f"SECRET_KEY_FALLBACKS={OLD}@{WEEK_LATER}\n"
    )
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o640
    assert list(env_file.parent.iterdir()) == [env_file]
    assert not any(OLD in line or rotation.secret_key in line for line in rotation.words)
    assert f"to the end of {WEEK_LATER} (UTC)" in rotation.words[-1]


def test_keys_of_earlier_rotations_stay_until_their_day_is_over(env_file: Path):
    first = rotate(read(env_file), env_file=env_file, now=NOW).secret_key
    second = rotate(read(env_file), env_file=env_file, now=NOW.replace(day=11)).secret_key
    assert read(env_file).fallback_keys == [(first, "2026-03-18"), (OLD, WEEK_LATER)]

    rotate(read(env_file), env_file=env_file, now=NOW.replace(day=12))

    assert read(env_file).fallback_keys == [(second, "2026-03-19"), (first, "2026-03-18")]


def test_a_key_that_somebody_has_seen_is_dropped_with_all_others(env_file: Path):
    rotate(read(env_file), env_file=env_file, now=NOW)

    rotation = rotate(read(env_file), keep_old=False, env_file=env_file, now=NOW)

    assert read(env_file).secret_keys == (rotation.secret_key,)


@pytest.mark.parametrize(
    "line",
    ["SECRET_KEY='a key of two\nlines, which is long enough'", f"SECRET_KEY={OLD}\nSECRET_KEY={OLDER}"],
)
def test_a_file_that_would_be_read_otherwise_is_left_as_it_is(env_file: Path, line: str):
    env_file.write_text(line)
    before = read(env_file)

    try:
        rotate(before, env_file=env_file, now=NOW)
    except ConfigurationError:
        assert env_file.read_text() == line
    else:
        assert read(env_file).fallback_keys == [(before.secret_keys[0], WEEK_LATER)]
    assert list(env_file.parent.iterdir()) == [env_file]


@pytest.mark.parametrize("key", [OLD + ",", f" {OLD}"])
def test_a_key_that_cannot_be_a_fallback_is_refused_in_words(key: str, tmp_path: Path):
    with pytest.raises(ConfigurationError, match="--drop-old") as refusal:
        rotate(settings(secret_key=key), env_file=tmp_path / ".env", now=NOW)

    assert OLD not in str(refusal.value)
    assert rotate(settings(secret_key=key), keep_old=False, env_file=tmp_path / ".env").fallbacks == ""


def test_a_key_of_the_environment_is_printed_to_be_set_there(env_file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_KEY", OLDER)
    before = env_file.read_text()

    rotation = rotate(read(env_file), env_file=env_file, now=NOW)

    assert f"  SECRET_KEY={rotation.secret_key}" in rotation.words
    assert f"  SECRET_KEY_FALLBACKS={OLDER}@{WEEK_LATER}" in rotation.words
    assert env_file.read_text() == before


def test_the_key_that_run_keeps_is_replaced_where_it_is(tmp_path: Path):
    file = tmp_path / "var" / "secret_key"
    old = kept_keys(file)[0]

    rotation = rotate(settings(), key_file=file, now=datetime.now(UTC))

    after = complete(settings(), "http://127.0.0.1:8000", key_file=file)
    assert after.secret_keys == (rotation.secret_key, old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_where_there_is_no_key_one_is_offered(tmp_path: Path):
    rotation = rotate(settings(), key_file=tmp_path / "none")

    assert rotation.words[-1] == f"  SECRET_KEY={rotation.secret_key}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("until", "counts"), [("", True), ("@2999-01-01", True), ("@2026-01-01", False)])
def test_an_earlier_key_counts_to_the_end_of_its_day(until: str, counts: bool):
    keys = settings(secret_key=OLD, secret_key_fallbacks=f" {OLDER}{until} ,").secret_keys

    assert keys == ((OLD, OLDER) if counts else (OLD,))


def test_a_fallback_that_is_too_short_is_refused(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValueError, match="SECRET_KEY_FALLBACKS"):
        settings(secret_key=OLD, secret_key_fallbacks=f"{OLDER},swordfish@2026-01-01")


@pytest.mark.parametrize(("is_kept", "status"), [(True, 200), (False, 303)])
def test_people_stay_signed_in_while_the_old_key_counts(database_url, database, is_kept: bool, status: int):
    first = Settings(**{**SETTINGS, "secret_key": OLD}, database_url=database_url)
    before = TestClient(create_app(first), follow_redirects=False)
    sign_in(before, database, superuser=True)

    rotation = rotate(first, keep_old=is_kept, env_file=Path("nowhere"))
    keys = {"secret_key": rotation.secret_key, "secret_key_fallbacks": rotation.fallbacks or None}
    then = Settings(**{**SETTINGS, **keys}, database_url=database_url)
    after = TestClient(create_app(then), follow_redirects=False)
    after.cookies.update(before.cookies)

    assert after.get("/admin/").status_code == status


def test_the_command_replaces_the_key_of_this_folder_and_is_on_record(database, database_url, tmp_path):
    (tmp_path / ".env").write_text(f"SECRET_KEY={OLD}\nDATABASE_URL={database_url}\n")

    done = subprocess.run(
        [sys.executable, "-m", "admin_site", "rotate-secret-key"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("A new key is in .env.\n")
    assert read(tmp_path / ".env").secret_keys[1:] == (OLD,)
    with database.session() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.actor_name[:4]) == ("rotate_secret_key", "cli:")
        assert OLD not in str(entry.changes)


def test_the_command_says_what_to_set_where_the_environment_has_the_key(database_url):
    done = command("rotate-secret-key", "--drop-old", DATABASE_URL=database_url, SECRET_KEY=OLD)

    assert done.returncode == 0
    assert "\n  SECRET_KEY_FALLBACKS=\n" in done.stdout
    assert OLD not in done.stdout
    assert "everybody has to sign in again" in done.stdout
