"""What is read of a request's body, and how much of it."""

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

MAX_FIELDS = 5_000  # of one form; Starlette's own limit of 1,000 is below a wide table's form
MAX_PUBLIC_BODY = 64 * 1024  # bytes anybody may send
MAX_HELD_BODY = 512 * 1024  # bytes anybody may send where a form is held meanwhile
MAX_URLENCODED = 1024 * 1024
MAX_MULTIPART = 64 * 1024 * 1024
MAX_TEXT = 8 * 1024 * 1024  # bytes of one field that is no file


_TOO_LARGE = "exceeded maximum size"  # what Starlette 1 says of a part beyond max_part_size


async def read_form(request: Request, limit: int = 0) -> FormData:
    """Return the form of a request, at most `limit` bytes of it, 0 meaning what the signed-in may send.

    Raises HTTPException with status 413 for more.
    """
    limit = limit or (MAX_MULTIPART if _is_multipart(request) else MAX_URLENCODED)
    bounded = _bounded(request, limit)
    try:
        return await bounded.form(max_fields=MAX_FIELDS, max_files=100, max_part_size=min(limit, MAX_TEXT))
    except ClientDisconnect as error:  # whoever asked has gone: nobody reads the answer
        raise HTTPException(400) from error
    except HTTPException as error:
        if _TOO_LARGE in error.detail:
            raise HTTPException(413) from error
        raise


async def read_texts(request: Request) -> list[tuple[str, str]] | None:
    """Return the texts of a form of somebody who is not signed in, or None when they are too many.

    Its files pass by unread, so that nobody unknown fills memory or disk with them.
    """
    try:
        if not _is_multipart(request):
            form = await read_form(request)
        else:
            stream = _bounded(request, MAX_MULTIPART).stream()
            form = await _Texts(request.headers, stream, max_fields=MAX_FIELDS, max_files=1000).parse()
    except (MultiPartException, HTTPException):
        return None
    await form.close()
    return [(name, text) for name, text in form.multi_items() if isinstance(text, str)]


class _Texts(MultiPartParser):
    """Reads the texts of a form, MAX_URLENCODED bytes at most, and not its files."""

    read = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is not None:
            return
        self.read += end - start
        if self.read > MAX_URLENCODED:
            raise MultiPartException("Too much text.")
        super().on_part_data(data, start, end)


def _is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/")


def _bounded(request: Request, limit: int) -> Request:
    """Return the request, which ends in status 413 when its body is larger than `limit`.

    Files come as multipart, which is read piece by piece; the other form is decoded as a whole.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise HTTPException(413)
    return Request(request.scope, _giving_up(request.receive, limit))


def _giving_up(receive: Receive, limit: int) -> Receive:
    """Return `receive` that gives up on a body beyond `limit`, whatever length it announced."""
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413)
        return message

    return bounded
