import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from admin_site.config import ROOT

PACKAGE = ROOT / "admin_site"

# The README ("How it is built") draws these; a new room gets its place here and there.
FLOORS = {
    "entrance": {"__init__", "__main__"},
    "doors": {"app", "cli"},
    "faces": {"admin", "api", "mailing", "middleware", "ops", "seed"},
    "rules": {
        "audit",
        "database",
        "descriptions",
        "exporting",
        "keys",
        "listing",
        "permissions",
        "services",
        "values",
    },
    "nouns": {"models"},
    "ground": {"config", "errors", "languages", "security"},
}
HEIGHTS = {room: -height for height, rooms in enumerate(FLOORS.values()) for room in rooms}
WITHOUT_WEB = {"audit", "exporting", "listing", "permissions", "services"}


def rooms() -> set[str]:
    files = {path.stem for path in PACKAGE.glob("*.py")}
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    return files | folders


@cache
def imports(room: str) -> frozenset[str]:
    """Return the dotted names that the modules of a room import when they run."""
    place = PACKAGE / room
    files = place.rglob("*.py") if place.is_dir() else [PACKAGE / f"{room}.py"]
    return frozenset(name for file in files for name in _imported(ast.parse(file.read_text()), file))


def rooms_below(room: str) -> set[str]:
    """Return the other rooms a room imports from."""
    parts = (name.split(".") for name in imports(room))
    return {part[1] for part in parts if part[0] == "admin_site" and len(part) > 1} - {room}


def _imported(node: ast.AST, file: Path) -> Iterator[str]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{file}: imports are absolute here"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imported(child, file)


@pytest.mark.parametrize("room", sorted(rooms()))
def test_every_room_has_its_floor(room):
    assert room in HEIGHTS


@pytest.mark.parametrize("room", sorted(rooms()))
def test_imports_go_down_only(room):
    upstairs = {other for other in rooms_below(room) if HEIGHTS.get(other, 1) > HEIGHTS[room]}

    assert upstairs == set()


@pytest.mark.parametrize("face", sorted(FLOORS["faces"] & rooms()))
def test_faces_never_import_each_other(face):
    assert rooms_below(face) & FLOORS["faces"] == set()


@pytest.mark.parametrize("floor", FLOORS)
def test_rooms_of_one_floor_form_no_circle(floor):
    graph = {room: rooms_below(room) & FLOORS[floor] for room in FLOORS[floor] & rooms()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("room", sorted(WITHOUT_WEB & rooms()))
def test_rules_know_nothing_of_the_web(room):
    assert {name.split(".")[0] for name in imports(room)} & {"starlette", "fastapi", "sqladmin"} == set()


def test_the_folder_of_revisions_is_no_package():
    assert not (ROOT / "alembic" / "__init__.py").exists()
    assert not (ROOT / "alembic" / "versions" / "__init__.py").exists()


WATCH = """
import importlib, json, os, pkgutil, sys
from pathlib import Path

import pydantic_settings, sqlalchemy

root, deeds = Path(sys.argv[1]), []

def watch(event, arguments):
    if event in ("sqlite3.connect", "socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir"):
        deeds.append(f"{event} {arguments}")
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = Path(os.path.abspath(os.fsdecode(arguments[0])))
        is_mine = path.is_relative_to(root) or path.is_relative_to(Path.cwd())
        if is_mine and not path.is_relative_to(sys.prefix) and path.suffix not in (".py", ".pyc"):
            if ".pyc." not in path.name:
                deeds.append(f"open {path}")

def forbid(kind):
    def make(self, *_, **__):
        raise AssertionError(f"{kind.__name__} made by an import")
    kind.__init__ = make

forbid(sqlalchemy.Engine)
forbid(pydantic_settings.BaseSettings)
sys.addaudithook(watch)
import admin_site
names = [module.name for module in pkgutil.walk_packages(admin_site.__path__, "admin_site.")]
for name in names:
    importlib.import_module(name)
print(json.dumps({"names": names, "deeds": deeds}))
"""


def test_importing_any_module_does_nothing(tmp_path):
    (tmp_path / ".env").write_text("SITE_TITLE=Read me not\n")
    command = [sys.executable, "-c", WATCH, str(ROOT)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert "admin_site.database" in report["names"]
    assert report["deeds"] == []
