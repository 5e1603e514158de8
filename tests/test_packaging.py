"""The package as pip installs it, far from any clone."""

import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest

from admin_site.config import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PARTS = ("admin_site", "alembic")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def folders_with_modules(name):
    return {file.parent.relative_to(ROOT) for file in (ROOT / name).rglob("*.py")}


def names_in(folder, pattern="*"):
    return {
        str(file.relative_to(folder))
        for file in folder.rglob(pattern)
        if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder into which a wheel of this project was unpacked."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for part in PARTS:
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, source)
    subprocess.run([sys.executable, "-c", BUILD, target], cwd=source, capture_output=True, check=True)
    [wheel] = target.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def run(installed, folder, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_package_needs_what_the_first_part_of_the_requirements_lists():
    first = (ROOT / "requirements.txt").read_text().split("\n\n")[0].splitlines()

    assert PROJECT["project"]["dependencies"] == [line for line in first if not line.startswith("#")]


def test_every_folder_with_modules_is_in_the_package():
    rooms = {str(folder).replace("/", ".") for folder in folders_with_modules("admin_site")}
    migrations = {"admin_site." + str(folder).replace("/", ".") for folder in folders_with_modules("alembic")}

    assert set(PROJECT["tool"]["setuptools"]["packages"]) == rooms | migrations


def test_a_wheel_holds_every_file_of_the_package_and_the_migrations(installed):
    present = names_in(installed / "admin_site")

    assert present == names_in(ROOT / "admin_site") | {
        f"alembic/{name}" for name in names_in(ROOT / "alembic")
    }
    assert not (installed / "alembic").exists()


def test_the_commands_work_without_a_clone_and_keep_their_data_where_they_are_started(installed, tmp_path):
    migrated = run(installed, tmp_path, "-m", "admin_site", "migrate")
    added = run(installed, tmp_path, "-m", "admin_site", "create-user", "ada", "ada@example.org")

    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert (added.returncode, added.stderr) == (0, "")
    assert (tmp_path / "var" / "admin.sqlite3").exists()
    assert not (installed / "var").exists()


def test_the_package_brings_a_command_of_its_name(installed):
    [entry_points] = installed.glob("*.dist-info/entry_points.txt")

    assert "admin-site = admin_site.cli:main" in entry_points.read_text()
