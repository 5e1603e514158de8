"""The site's commands, run as a person or a platform runs them: in processes of their own."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from admin_site.config import ROOT

SECRET_KEY = "a secret of the tests, long enough"
SECONDS = 120  # until a process that says nothing is ended; a busy machine is slow, not wrong


def command(
    *arguments: str, root: Path = ROOT, stdin: str | bytes = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run one command with these settings alone and return how it ended."""
    done = subprocess.run(
        [sys.executable, "-m", "admin_site", *arguments],
        env=_environment(root, settings),
        cwd=_folder_without_settings(root),
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        timeout=SECONDS,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


class Server:
    """A command that serves; `address` is where it says it listens, `said` what it printed until then."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        while not (address := re.search(r"(?:admin is at|Listening on) (http://[^/\s]+)", self.said)):
            line = process.stdout.readline()
            assert line, f"the server ended: {self.said}{process.stderr.read()}"
            self.said += line
        self.address = address[1]

    def stop(self, number: int) -> tuple[int, str]:
        """Send a signal and return the exit code and what went to stderr."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, errors


@contextmanager
def serving(name: str, root: Path = ROOT, **settings: str) -> Iterator[Server]:
    """Run `run` or `serve` on a free port until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "admin_site", name],
        env=_environment(root, {"PORT": "0"} | settings),
        cwd=_folder_without_settings(root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    watch = threading.Timer(SECONDS, process.kill)
    watch.start()
    try:
        yield Server(process)
    finally:
        watch.cancel()
        process.kill()
        process.communicate()


def _environment(root: Path, settings: dict[str, str]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return inherited | {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"} | settings


def _folder_without_settings(root: Path) -> Path:
    return root / "tests" if (root / ".env").exists() else root
