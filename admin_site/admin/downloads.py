"""Files that are made while they are sent.

Pieces are made in worker threads, one after the other and never ahead of a slow reader: between two of them
neither a thread nor the event loop is held. Each is followed by a rest, since a thread that always works
takes Python's interpreter lock from all others: a page that takes it twenty times would wait twenty turns.
"""

from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

import anyio
from anyio import CancelScope, to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

MAX_STALL = 120.0  # seconds a browser may take no byte before it is given up
REST = 0.3  # of the time a piece took, in which other requests have the interpreter to themselves


@dataclass(frozen=True)
class Piece:
    """Some bytes of a file, and how many rows end in them."""

    data: bytes
    rows: int


class Source(Protocol):
    """What makes a file; its methods run in worker threads, one at a time but for `interrupt`."""

    def next(self) -> Piece | None:
        """Return the next piece, or None at the end."""

    def interrupt(self) -> None:
        """Make `next`, which runs at this moment, fail; nobody waits for it any more."""

    def broken(self, rows: int) -> bytes:
        """Return the last words of a file that ends after so many rows because of an error."""

    def close(self, rows: int, *, is_whole: bool) -> None:
        """Give up all that is held; at most `rows` have left, and they are the whole file or not."""


class Download(Response):
    """Sends what `source` makes and closes it, whether the file was sent, broke off or was not wanted."""

    def __init__(self, source: Source, headers: dict[str, str]) -> None:
        self.source = source
        self.status_code = 200
        self.background = None
        self.init_headers(headers)
        self._failure: Exception | None = None
        self._is_making = self._is_gone = self._is_whole = False
        self._rows = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._cancel_when_gone, receive, tasks.cancel_scope)
                with suppress(OSError, TimeoutError):  # the browser is gone, or takes nothing any more
                    await self._send(send)
                tasks.cancel_scope.cancel()
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(self._close)
        if self._failure is not None:
            raise self._failure  # the server cuts the connection, so that nobody takes the file for whole

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        while (piece := await self._next()) is not None:
            self._rows += piece.rows
            await _send_body(send, piece.data)
        if self._failure is None and not self._is_gone:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            self._is_whole = True

    async def _next(self) -> Piece | None:
        """Return the next piece; when it cannot be made the last words of the file, and then nothing."""
        if self._failure is not None:
            return None
        start, self._is_making = monotonic(), True
        try:
            piece = await to_thread.run_sync(self.source.next)
        except Exception as error:  # the model's own code may raise anything
            if self._is_gone:
                return None
            self._failure = error
            piece = Piece(await to_thread.run_sync(self.source.broken, self._rows), 0)
        finally:
            self._is_making = False
        await anyio.sleep(REST * (monotonic() - start))
        return piece

    async def _cancel_when_gone(self, receive: Receive, sending: CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        if self._is_making:
            await to_thread.run_sync(self.source.interrupt)
        sending.cancel()

    def _close(self) -> None:
        self.source.close(self._rows, is_whole=self._is_whole)


async def _send_body(send: Send, data: bytes) -> None:
    if data:
        with anyio.fail_after(MAX_STALL):
            await send({"type": "http.response.body", "body": data, "more_body": True})
