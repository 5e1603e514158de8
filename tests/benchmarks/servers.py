"""One process for each site of a comparison, and a client that keeps its connection and its cookies."""

import http.client
import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from admin_site.config import ROOT

PASSWORD = "correct horse battery"
STARTS_WITHIN = 60  # seconds
KEPT = "600"  # seconds a connection may wait for its next turn


@dataclass
class Answer:
    """What came back, and when: `first` and `seconds` are counted from before the request was sent."""

    status: int
    body: bytes
    first: float
    seconds: float
    location: str = ""


@dataclass
class Client:
    """Somebody with a browser: one kept connection, and the cookies they were given."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, urlencode(fields), kind)

    def send(self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> Answer:
        sent = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": f"http://127.0.0.1:{self.port}",
            **(headers or {}),
        }
        start = time.perf_counter()
        self._connection.request(method, path, body or None, sent)
        response = self._connection.getresponse()
        first = time.perf_counter() - start
        content = response.read()
        seconds = time.perf_counter() - start
        for header in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return Answer(response.status, content, first, seconds, response.headers.get("Location", ""))


@dataclass
class Served:
    """A site that runs, and somebody signed in to it where it asks for that."""

    name: str
    process: subprocess.Popen[bytes]
    client: Client

    @property
    def peak_memory(self) -> int:
        """The most memory the server ever held, in bytes (VmHWM of Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


@contextmanager
def served(name: str, database_url: str) -> Iterator[Served]:
    """Serve tests.benchmarks.apps.NAME with one process, on a free loopback port, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        _command(f"tests.benchmarks.apps.{name}:app", port),
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url, "PUBLIC_URL": f"http://127.0.0.1:{port}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    )
    try:
        _wait(port, process)
        client = Client(port)
        SIGN_IN.get(name, lambda _: None)(client)
        yield Served(name, process, client)
    finally:
        process.terminate()
        process.communicate()


def _command(app: str, port: int) -> list[str]:
    python = [sys.executable, "-m"]
    if "flask" in app or "django" in app:
        where = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4", "--keep-alive", KEPT]
        return [*python, "gunicorn", "--log-level", "error", *where, app]
    return [
        *python,
        "uvicorn",
        "--port",
        str(port),
        "--timeout-keep-alive",
        KEPT,
        "--log-level",
        "error",
        app,
    ]


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(process.stderr.read().decode())
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("a server did not start")


def _sign_in_here(client: Client) -> None:
    answer = client.post("/admin/login", username="ada", password=PASSWORD)
    assert answer.status == 303, answer.body


def _sign_in_to_django(client: Client) -> None:
    client.get("/admin/login/")
    token = client.cookies["csrftoken"]
    answer = client.post("/admin/login/", username="ada", password=PASSWORD, csrfmiddlewaretoken=token)
    assert answer.status == 302, answer.body


SIGN_IN = {
    "floor": lambda client: client.get("/login"),
    "ours": _sign_in_here,
    "editing": _sign_in_here,
    "django_site": _sign_in_to_django,
}
