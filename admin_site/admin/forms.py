"""A form: from a record to controls, and from what was posted to the values that a person changed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from admin_site.admin.comparing import STATE, TAKE, Comparison, choice, is_typed
from admin_site.admin.entries import (
    UNSET,
    Control,
    Entry,
    FileEntry,
    InstantEntry,
    LookupEntry,
    MembersEntry,
    SecretEntry,
    StaticEntry,
    TextEntry,
    zone_name,
)
from admin_site.admin.entries.base import NEEDED
from admin_site.admin.form_state import MINE, ORIGIN, THEIRS, Clash, Known
from admin_site.admin.visit import NONCE
from admin_site.errors import BadRequest, Forbidden, Invalid
from admin_site.security.tokens import Seal

FIND = ":find"
ZONE = ":zone"
SAVE = "save"
DRAFT = ":draft"  # in a form: whether there is a draft of it; in an address: what to do with that
WHO = ":who"
AGAIN = ":again"  # a record that was deleted meanwhile is to be made anew
OURS = frozenset({STATE, FIND, ZONE, SAVE, DRAFT, WHO, NONCE, AGAIN})
MAX_ZONE = 100  # characters of a time zone's name
CHANGED_MEANWHILE = "Somebody else changed this meanwhile. Choose what is saved."
REPLACED_MEANWHILE = (
    "Somebody else changed this meanwhile. Enter yours again to replace theirs, or nothing to keep theirs."
)
NOT_KNOWN = "What this was before is not known. Choose another, or type it."


class RecordForm:
    """The form of one record, new (`record` is None) or stored.

    The page carries digests of the values it was made from, signed by `seal`. What a person did not touch is
    never written, whatever a browser makes of its text; what somebody else changed since the page was made is
    kept (`kept`), or left to the person to choose where both changed the same field (`clashes`). A form that
    is shown again goes on with what its first page knew.
    """

    def __init__(
        self,
        session: Session,
        record: Any,
        entries: Iterable[Entry],
        fixed: Mapping[str, str] | None = None,
        seal: Seal | None = None,
    ) -> None:
        self.session = session
        self.record = record
        self.entries = list(entries)
        self.fixed = fixed or {}
        self.errors: dict[str, str] = {}
        self.clashes: dict[str, Clash] = {}
        self.kept: list[str] = []
        self.owned: Callable[[str], bool] = lambda name: False
        self.faults: Callable[[Mapping[str, Any]], Mapping[str, str]] = lambda values: {}
        self.comparison = Comparison(session, self.entries, seal)
        self._recalled: FormData | None = None

    def controls(self, form: FormData | None = None) -> dict[str, Control]:
        """Return a control for each entry by name: as stored, or as posted with what is wrong with it."""
        if form is not None:
            self.recall(form)
        return {entry.name: self._control(entry, form) for entry in self.entries}

    def recall(self, form: FormData) -> None:
        """Learn from a posted form what its page knew of the record, for showing it again.

        Of a form that does not say, every field that differs from what is stored becomes a clash.
        """
        if self.record is None or self._recalled is form:
            return
        try:
            self._read(form)
        except BadRequest:
            for entry in self.comparison.typed:
                text = _last_text(form, entry.name)
                is_same = text is None or self.comparison.digest(entry, text) in self._now(entry).digests
                if not is_same:
                    self.clashes[entry.name] = Clash(Known(""), None)
        self._recalled = form

    @property
    def zone(self) -> str:
        """The time zone that typed times are meant in, for the page to carry; "" where there are none."""
        zones = [zone_name(entry.zone) for entry in self.entries if isinstance(entry, InstantEntry)]
        return zones[0] if zones else ""

    def state(self) -> str:
        """Return what the page knows of the record, signed for it to carry; "" for a new one."""
        return "" if self.record is None else self.comparison.sign(self.record, self.clashes)

    def changes(self, form: FormData) -> dict[str, Any]:
        """Return the values that the person entered or changed.

        Raises BadRequest when the form is not one of ours, Forbidden for what is fixed for this person, and
        Invalid with a message per entry otherwise.
        """
        self._refuse_unknown(form)
        self.errors = {}
        if self.record is not None:
            self._read(form)
            self._refuse_incomplete(form)
        values: dict[str, Any] = {}
        for entry in self.entries:
            try:
                value = self._change(entry, form)
            except ValueError as error:
                self.errors[entry.name] = str(error)
            else:
                if value is not UNSET:
                    values[entry.name] = value
        if self.errors:
            # All that is wrong is said at once, the rules of the table that saving would come to later, too.
            raise Invalid({**self.faults(values), **self.errors})
        return values

    def _change(self, entry: Entry, form: FormData) -> Any:
        if isinstance(entry, MembersEntry):
            return entry.change(self.session, form)
        if isinstance(entry, FileEntry | SecretEntry):
            return self._change_unseen(entry, form)
        if isinstance(entry, StaticEntry):
            return UNSET
        text = _last_text(form, entry.name)
        if self.record is None:
            if text is None and not _is_required(entry):
                return UNSET
            return entry.initial_value(self.session, _as_typed(text or ""), form)
        return self._change_of_text(entry, text or "", form)

    def _change_unseen(self, entry: FileEntry | SecretEntry, form: FormData) -> Any:
        """Return what replaces a value that the page does not show."""
        value = entry.change(form)
        if self.record is None:
            if value is UNSET and entry.field.required:
                raise ValueError("This field needs a file." if isinstance(entry, FileEntry) else NEEDED)
            return value
        before, now = self.comparison.before(entry), self._now(entry)
        if value is not UNSET and before.digest and now.digest and before != now:
            self.clashes[entry.name] = self.comparison.clash(entry)
            raise ValueError(REPLACED_MEANWHILE)
        return value

    def _change_of_text(self, entry: TextEntry | LookupEntry, text: str, form: FormData) -> Any:
        before, now = self.comparison.before(entry), self._now(entry)
        chosen = form.get(entry.name + TAKE)
        if chosen == ORIGIN:
            text, form = self._origin(entry, form)
        digest = self.comparison.digest(entry, text)
        is_emptied = f"{entry.name}:empty" in form and text == ""
        if chosen == THEIRS or (digest in before.digests | now.digests and not is_emptied):
            if before.digest != now.digest and digest not in now.digests:
                self.kept.append(entry.name)
            return UNSET
        typed = text if chosen == ORIGIN else _as_typed(text, entry.stored(self.session, self.record))
        value = entry.value(self.session, typed, form)
        if before.digest != now.digest:
            chosen_before = self.clashes.get(entry.name)
            self.clashes[entry.name] = chosen_before or self.comparison.clash(entry)
            raise ValueError(CHANGED_MEANWHILE)
        return value

    def _origin(self, entry: TextEntry | LookupEntry, form: FormData) -> tuple[str, FormData]:
        """Return what a field began with, and a form that says that an empty text is meant."""
        origin = self.comparison.origins().get(entry.name)
        if origin is None:
            raise ValueError(NOT_KNOWN)
        return origin, FormData([*form.multi_items(), *([(f"{entry.name}:empty", "true")] * (origin == ""))])

    def _read(self, form: FormData) -> None:
        """Learn what the page of a form knew, and what was chosen there of the fields in conflict."""
        self.comparison.read(form)
        self._recalled = form
        origins = self.comparison.origins()
        for entry in self.comparison.typed:
            if entry.name in origins:
                clash = self.clashes[entry.name] = self.comparison.clash(entry)
                chosen = str(form.get(entry.name + TAKE))
                clash.chosen = chosen if chosen in (THEIRS, ORIGIN) else MINE

    def _refuse_incomplete(self, form: FormData) -> None:
        if missing := [entry.name for entry in self.comparison.typed if entry.name not in form]:
            raise BadRequest(f"The form arrived without “{missing[0]}”. Nothing was saved.")

    def _now(self, entry: Entry) -> Known:
        return self.comparison.now(self.record, entry)

    def _control(self, entry: Entry, form: FormData | None) -> Control:
        error = self.errors.get(entry.name, "")
        text = ""
        if is_typed(entry):
            posted = _last_text(form, entry.name) if form is not None else None
            text = entry.shown(self.session, self.record) if posted is None else posted
        control = {
            "name": entry.name,
            "id": f"field-{entry.name}",
            "label": entry.label,
            "help": entry.help,
            "error": error,
            "required": _is_required(entry),
            "may_be_empty": self.record is not None and text == "",
            "read_only": "",
        } | entry.control(self.session, self.record, text, error)
        if form is not None and isinstance(entry, LookupEntry):
            entry.resume(self.session, self.record, control, form, str(form.get(FIND, "")))
        if entry.name in self.clashes and is_typed(entry):
            control["clash"] = choice(self.session, self.record, entry, self.clashes[entry.name], text)
        return control

    def _refuse_unknown(self, form: FormData) -> None:
        for name in self.fixed.keys() & form.keys():
            raise Forbidden(self.fixed[name])
        known = OURS.union(*(entry.input_names for entry in self.entries))
        known |= {entry.name + TAKE for entry in self.comparison.typed} if self.record is not None else set()
        if unknown := sorted(name for name in set(form.keys()) - known if not self.owned(name)):
            raise BadRequest(f"This form has no field “{unknown[0][:100]}”. Nothing was saved.")
        if self.entries and not form.keys() - OURS and known - OURS:
            raise BadRequest("The form arrived empty. Nothing was saved.")


def posted_zone(form: FormData) -> tzinfo:
    """Return the time zone that the page of a posted form was made for; UTC for one that no page made."""
    try:
        return ZoneInfo(str(form.get(ZONE) or "UTC")[:MAX_ZONE])
    except (KeyError, ValueError, OSError):
        raise BadRequest("This form names a time zone that nobody knows. Nothing was saved.") from None


def _last_text(form: FormData, name: str) -> str | None:
    """Return the last text posted under a name: a ticked box follows the hidden “false” before it."""
    texts = [value for value in form.getlist(name) if isinstance(value, str)]
    return texts[-1] if texts else None


def _as_typed(text: str, stored: str = "") -> str:
    """Return `text` with the line ends it has in the database, since a browser sends every one as CRLF."""
    text = text.replace("\r\n", "\n")
    return text.replace("\n", "\r\n") if "\r\n" in stored else text


def _is_required(entry: Entry) -> bool:
    if isinstance(entry, LookupEntry):
        return entry.required
    return isinstance(entry, (TextEntry, FileEntry, SecretEntry)) and entry.field.required
