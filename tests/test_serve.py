"""Listening and stopping, with real sockets and real signals."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from admin_site.config import ROOT
from admin_site.errors import ConfigurationError
from admin_site.ops.serve import address_of, listen

SERVER = """
import asyncio, sys
from admin_site.ops.serve import listen, serve, stop_cleanly_on_signals

async def site(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/slow":
        print("under way", flush=True)
        await asyncio.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})

stop_cleanly_on_signals()
listener = listen("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
serve(lambda: site, listener)
"""


ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}

MOUNTED = """
from starlette.applications import Starlette
from starlette.routing import Mount

from admin_site import Settings, create_app
from admin_site.ops.serve import listen, serve, stop_cleanly_on_signals

stop_cleanly_on_signals()
listener = listen("127.0.0.1", 0)
port = listener.getsockname()[1]
settings = Settings(_env_file=None, database_url="sqlite://", public_url=f"http://127.0.0.1:{port}")
site = create_app(settings, templates_dir="broken")
print(port, flush=True)
serve(lambda: Starlette(routes=[Mount("/office", site)]), listener)
"""


@pytest.fixture
def start(tmp_path):
    """Start a server that a script makes; it prints its port, and ends with the test."""
    processes = []

    def start(script: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", script]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def server(start):
    return start(SERVER)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_with_exit_code_0_and_no_traceback(server, number):
    url = f"http://127.0.0.1:{int(server.stdout.readline())}/"
    assert urllib.request.urlopen(url, timeout=20).read() == b"done"

    server.send_signal(number)

    assert server.wait(timeout=20) == 0
    assert server.stderr.read() == b""


def test_a_request_that_is_under_way_is_answered_before_the_server_ends(server):
    port = int(server.stdout.readline())
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert server.stdout.readline() == b"under way\n"

        server.send_signal(signal.SIGTERM)

        answer = b"".join(iter(lambda: client.recv(1000), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"server:" not in answer.lower()
    assert server.wait(timeout=20) == 0


def test_a_failure_inside_a_mounted_site_is_a_page_in_words(start, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "login.html").write_text("{{ 1 // 0 }}")
    server = start(MOUNTED)
    url = f"http://127.0.0.1:{int(server.stdout.readline())}/office/admin/login"

    with pytest.raises(urllib.error.HTTPError) as failure:
        urllib.request.urlopen(url, timeout=20)

    page = failure.value.read().decode()
    assert failure.value.code == 500
    assert "Something broke" in page
    assert "/office/admin/statics/admin.css" in page
    assert "ZeroDivisionError" not in page
    assert "default-src 'self'" in failure.value.headers["Content-Security-Policy"]
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=20) == 0
    assert b"ZeroDivisionError" in server.stderr.read()


def test_a_port_in_use_is_named():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ConfigurationError, match=f"Port {port} on 127.0.0.1 is in use"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.7", "::zz"])
def test_an_address_that_is_not_of_this_machine_is_named(host):
    with pytest.raises(ConfigurationError, match=f"Cannot listen on {host}, port 8000"):
        listen(host, 8000)


@pytest.mark.parametrize(
    ("host", "address"), [("0.0.0.0", "http://127.0.0.1:"), ("127.0.0.1", "http://127.0.0.1:")]
)
def test_the_address_to_type_is_one_of_this_machine(host, address):
    with listen(host, 0) as listener:
        assert address_of(listener) == f"{address}{listener.getsockname()[1]}"
