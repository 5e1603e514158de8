"""What the page of a form knew of its record, beside what is stored by now."""

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, TypeGuard

from markupsafe import Markup
from sqlalchemy import inspect
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from admin_site.admin.cells import show, show_plain
from admin_site.admin.entries import (
    Control,
    Entry,
    FileEntry,
    LookupEntry,
    MembersEntry,
    SecretEntry,
    TextEntry,
)
from admin_site.admin.form_state import Clash, FormState, Known
from admin_site.descriptions import Unreadable
from admin_site.errors import BadRequest
from admin_site.security.tokens import Seal

STATE = ":state"
TAKE = ":take"  # after the name of a field: which of the values that clash is meant
LOST_STATE = (
    "What this page knew of the record did not arrive as it was sent. Nothing was saved. What you typed is "
    "still here: where it differs from what is stored now, choose what is saved."
)

Typed = TextEntry | LookupEntry


class Comparison:
    """Tells of each entry what the page of a posted form knew, and what a page made now knows.

    What is compared are digests, so the page of a form says little more than it shows.
    """

    def __init__(self, session: Session, entries: Iterable[Entry], seal: Seal | None) -> None:
        self.session = session
        self.typed: list[Typed] = [entry for entry in entries if is_typed(entry)]
        self.unseen = [entry for entry in entries if isinstance(entry, FileEntry | SecretEntry)]
        self._seal = seal
        self._state: FormState | None = None

    def read(self, form: FormData) -> None:
        """Learn what the page of a form knew; raises BadRequest when the form does not say."""
        text = form.get(STATE)
        names = [entry.name for entry in self._guarded()]
        try:
            self._state = FormState.read(self.seal, text if isinstance(text, str) else "", names)
        except ValueError as error:
            raise BadRequest(LOST_STATE) from error

    def before(self, entry: Entry) -> Known:
        """Return what the page knew of a field, nothing where no form was read."""
        return self._state.values[entry.name] if self._state else Known("")

    def now(self, record: Any, entry: Entry) -> Known:
        """Return what a page that is made now knows of a field."""
        if isinstance(entry, FileEntry | SecretEntry):
            return Known(self._digest_of_unseen(record, entry.name))
        assert isinstance(entry, TextEntry | LookupEntry)  # noqa: S101 - nothing else is guarded
        stored, shown = entry.stored(self.session, record), entry.shown(self.session, record)
        digest, digest_shown = self.digest(entry, stored), self.digest(entry, shown)
        is_readable = not isinstance(getattr(record, entry.name), Unreadable)
        return Known(digest, digest_shown if digest_shown != digest else "", stored if is_readable else None)

    def origins(self) -> dict[str, str | None]:
        """Return what the fields began with that were in conflict on the page already."""
        return dict(self._state.origins) if self._state else {}

    def clash(self, entry: Entry) -> Clash:
        """Return the conflict about a field of which the page knew something else than is stored."""
        before = self.before(entry)
        return Clash(before, self.origins().get(entry.name, before.text))

    def sign(self, record: Any, clashes: dict[str, Clash]) -> str:
        """Return what the page is to carry: what its form came with, but what it shows by now of clashes."""
        known = dict(self._state.values) if self._state else {}
        for entry in self._guarded():
            if entry.name not in known or entry.name in clashes:
                known[entry.name] = self.now(record, entry)
        origins = {name: clash.origin for name, clash in clashes.items()}
        return FormState(known, origins).sign(self.seal)

    def digest(self, entry: Typed, text: str) -> str:
        return self.seal.digest(entry.canonical(text).encode("utf-8", "surrogatepass"))

    @property
    def seal(self) -> Seal:
        assert self._seal is not None  # noqa: S101 - whoever makes the form of a stored record gives one
        return self._seal

    def _guarded(self) -> Iterator[Entry]:
        """Yield the entries whose changes by somebody else are noticed."""
        yield from self.typed
        yield from self.unseen

    def _digest_of_unseen(self, record: Any, name: str) -> str:
        """Return the digest of a value that the page keeps for itself; "" for one that nobody has loaded."""
        if name in inspect(record).unloaded:
            return ""
        value = getattr(record, name)
        if isinstance(value, bytes | bytearray | memoryview):
            return self.seal.digest(b"\0" + bytes(value))
        return self.seal.digest(repr(value).encode("utf-8", "surrogatepass"))


def is_typed(entry: Entry) -> TypeGuard[Typed]:
    """Return whether the value of an entry travels as a text."""
    return isinstance(entry, TextEntry | LookupEntry) and not isinstance(entry, MembersEntry)


def choice(session: Session, record: Any, entry: Typed, clash: Clash, text: str) -> Control:
    """Return what a page offers of a field that two people changed; `text` is one's own."""
    return {
        "name": entry.name + TAKE,
        "chosen": clash.chosen,
        "who": clash.who,
        "when": clash.when,
        "mine": _seen(session, entry, text),
        "theirs": _seen(session, entry, entry.stored(session, record)),
        "original": None if clash.origin is None else _seen(session, entry, clash.origin),
        "is_known": clash.before.digest != "",
    }


def _seen(session: Session, entry: Typed, text: str) -> Markup:
    """Return a text of a field as a record's page would show its value."""
    try:
        value = entry.value(session, text, FormData([(f"{entry.name}:empty", "true")]))
    except ValueError:
        return show_plain(text)
    if isinstance(entry, TextEntry):
        return show(entry.field, value)
    return show_plain(entry.told(session, SimpleNamespace(**{entry.name: value})) or None)
