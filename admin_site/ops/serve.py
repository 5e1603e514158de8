"""Server processes that listen, answer and stop."""

import errno
import signal
import socket
from collections.abc import Callable
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from admin_site.errors import ConfigurationError

BACKLOG = 2048
GRACE_SECONDS = 20  # for requests that are under way when the server is told to stop
HEALTH_SECONDS = 30  # a worker that still imports the site on a busy machine is not a hung one

AppFactory = Callable[[], ASGIApp]


def stop_cleanly_on_signals() -> None:
    """From now on SIGTERM and Ctrl-C end this process with exit code 0."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that accepts connections on `host` and `port` (0: any free port).

    Raises ConfigurationError in words when that is not possible.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(
                f"Port {port} on {host} is in use: stop what uses it, or set PORT to another number"
            ) from error
        raise ConfigurationError(f"Cannot listen on {host}, port {port}: {error.strerror}") from error


def address_of(listener: socket.socket) -> str:
    """Return the address to type on this machine to reach `listener`."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound to
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    factory: AppFactory | str, listener: socket.socket, processes: int = 1, log_level: str = "warning"
) -> None:
    """Answer until a signal comes; requests under way are finished first, a process that dies is replaced.

    `factory` makes the app; with several processes it is a name, as "package.module:function", and each of
    them calls it.
    """
    config = _config(factory, processes, log_level)
    if processes == 1:
        uvicorn.Server(config).run(sockets=[listener])
        return
    supervisor = Multiprocess(config, sockets=[listener])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise ConfigurationError("A server process could not start; its own messages say why")


def _config(factory: AppFactory | str, processes: int, log_level: str) -> uvicorn.Config:
    return uvicorn.Config(
        factory,
        factory=True,
        workers=processes,
        log_level=log_level,
        access_log=False,  # the paths of password links would stand in it
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=HEALTH_SECONDS,
    )


def _stop(number: int, frame: object) -> NoReturn:
    # uvicorn 0.54 takes the signals over while it serves and raises them again once it has stopped.
    raise SystemExit(0)
