"""What the README says is so."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from admin_site.cli import app
from admin_site.config import ROOT, Settings

README = (ROOT / "README.md").read_text()
BENCHMARKS = ROOT / "tests" / "benchmarks"
SET_UP = "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt && "
ASIDE = {".git", ".venv", "var", ".env", ".gitignore"}  # not part of what is described
BUILT = {"build", "admin_site.egg-info"}
CACHES = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}


def table(header: str) -> list[list[str]]:
    """Return the cells of the table that begins with this header, without backquotes."""
    lines = README.split(f"| {header} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [
        [re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in line.strip("|").split("|")] for line in lines
    ]


def canonical(requirement: str) -> str:
    return re.split(r"[\[=<>~!; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def requirements(folder: Path = ROOT) -> list[str]:
    lines = (folder / "requirements.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def imported_modules(folder: Path, but: Path | None = None) -> set[str]:
    """Return the top-level names that the Python files of a folder import, without those of one in it."""
    names = set()
    for file in folder.rglob("*.py"):
        if but and file.is_relative_to(but):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(str(node.module).split(".")[0])
    return names


def default_in_words(name: str) -> str:
    default = Settings.model_fields[name].default
    if default is None:
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default).replace(f"{ROOT}/", "")


@pytest.mark.parametrize("job", [".venv/bin/python -m admin_site run", ".venv/bin/pytest -n auto"])
def test_two_lines_set_everything_up(job):
    assert f"```sh\n{SET_UP}{job}\n```" in README


def test_the_continuous_check_runs_the_readmes_test_line():
    extraction = re.search(r"^line=\$\((.+)\)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)[1]

    line = subprocess.run(
        ["bash", "-c", extraction], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert line == f"{SET_UP}.venv/bin/pytest -n auto\n"


def test_the_continuous_check_is_a_program():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111 == 0o111


def test_every_setting_is_in_the_table():
    assert table("Setting | Default | What it says") == [
        [name.upper(), default_in_words(name), field.description]
        for name, field in Settings.model_fields.items()
    ]


def test_the_example_of_an_env_file_has_every_setting():
    names = re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert names == [name.upper() for name in Settings.model_fields]


def test_every_command_is_in_the_table():
    commands = [
        [
            command.name or command.callback.__name__.replace("_", "-"),
            command.callback.__doc__.splitlines()[0],
        ]
        for command in app.registered_commands
    ]

    assert table("Command | What it does") == commands


def test_every_requirement_is_in_the_table_with_its_reason():
    rows = table("Package | Why")

    assert [name for name, _ in rows] == [canonical(requirement) for requirement in requirements()]
    assert all(reason for _, reason in rows)


def test_every_requirement_has_a_range_of_versions():
    assert all(re.search(r"~=|==.+\*|>=.+<", requirement) for requirement in requirements())


def missing(modules: set[str], required: list[str]) -> set[str]:
    """Return which of the modules come from no package that is required."""
    distributions, packages = packages_distributions(), {canonical(line) for line in required}
    return {
        name
        for name in modules - sys.stdlib_module_names - {"admin_site", "tests"}
        if packages.isdisjoint(canonical(part) for part in distributions.get(name, [name]))
    }


def test_every_package_that_is_imported_is_required():
    modules = imported_modules(ROOT / "admin_site") | imported_modules(ROOT / "alembic")

    assert missing(modules | imported_modules(ROOT / "tests", but=BENCHMARKS), requirements()) == set()
    assert missing(imported_modules(BENCHMARKS), [*requirements(), *requirements(BENCHMARKS)]) == set()


def test_the_procfile_migrates_and_serves():
    assert (
        ROOT / "Procfile"
    ).read_text() == "release: python -m admin_site migrate\nweb: python -m admin_site serve\n"


def test_everything_at_the_top_is_described():
    present = {path.name for path in ROOT.iterdir()} - ASIDE - BUILT - CACHES - {"README.md"}

    assert {name.rstrip("/") for name, _ in table("Place | What is there")} == present


def test_every_picture_and_file_it_points_to_is_there():
    targets = re.findall(r"\]\(([^)#]+)\)", README)

    assert [
        target for target in targets if not target.startswith("http") and not (ROOT / target).exists()
    ] == []


def test_the_alembic_folder_does_not_hide_the_package():
    assert not (ROOT / "alembic" / "__init__.py").exists()
