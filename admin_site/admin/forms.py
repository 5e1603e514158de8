"""A form: from a record to controls, and from what was posted to the values that a person changed."""

import json
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from hashlib import blake2s
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

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
from admin_site.errors import BadRequest, Forbidden, Invalid

STATE = ":state"
FIND = ":find"
ZONE = ":zone"
SAVE = "save"
OURS = frozenset({STATE, FIND, ZONE, SAVE})
MAX_STATE = 200_000  # characters; a form of 5,000 fields has fewer
MAX_ZONE = 100  # characters of a time zone's name
CHANGED_MEANWHILE = "Somebody else changed this meanwhile. It now holds: {}"


class RecordForm:
    """The form of one record, new (`record` is None) or stored.

    The page carries a digest of every value it was made from. What a person did not touch is never written,
    whatever a browser makes of its text; what somebody else changed since the page was made is kept, or
    refused with words when both changed the same field.
    """

    def __init__(
        self, session: Session, record: Any, entries: Iterable[Entry], fixed: Mapping[str, str] | None = None
    ) -> None:
        self.session = session
        self.record = record
        self.entries = list(entries)
        self.fixed = fixed or {}
        self.errors: dict[str, str] = {}

    def controls(self, form: FormData | None = None) -> dict[str, Control]:
        """Return a control for each entry by name: as stored, or as posted with what is wrong with it."""
        return {entry.name: self._control(entry, form) for entry in self.entries}

    @property
    def zone(self) -> str:
        """The time zone that typed times are meant in, for the page to carry; "" where there are none."""
        zones = [zone_name(entry.zone) for entry in self.entries if isinstance(entry, InstantEntry)]
        return zones[0] if zones else ""

    def state(self) -> str:
        """Return the digests of what the record holds, for the page to carry."""
        digests = {entry.name: ".".join(self._digests(entry)) for entry in self._texts()}
        return json.dumps(digests, separators=(",", ":"))

    def changes(self, form: FormData) -> dict[str, Any]:
        """Return the values that the person entered or changed.

        Raises BadRequest when the form is not one of ours, Forbidden for what is fixed for this person, and
        Invalid with a message per entry otherwise.
        """
        self._refuse_unknown(form)
        before = _posted_state(form, self._texts()) if self.record is not None else None
        values: dict[str, Any] = {}
        for entry in self.entries:
            try:
                value = self._change(entry, form, before)
            except ValueError as error:
                self.errors[entry.name] = str(error)
            else:
                if value is not UNSET:
                    values[entry.name] = value
        if self.errors:
            raise Invalid(self.errors)
        return values

    def _change(self, entry: Entry, form: FormData, before: dict[str, str] | None) -> Any:
        if isinstance(entry, FileEntry):
            value = entry.change(form)
            if value is UNSET and self.record is None and entry.field.required:
                raise ValueError("This field needs a file.")
            return value
        if isinstance(entry, SecretEntry):
            value = entry.change(form)
            if value is UNSET and self.record is None and entry.field.required:
                raise ValueError(NEEDED)
            return value
        if isinstance(entry, MembersEntry):
            return entry.change(self.session, form)
        if isinstance(entry, StaticEntry):
            return UNSET
        text = _last_text(form, entry.name)
        if self.record is None:
            if text is None and not _is_required(entry):
                return UNSET
            return entry.initial_value(self.session, _as_typed(text or ""), form)
        return UNSET if text is None else self._change_of_text(entry, text, form, before)

    def _change_of_text(
        self, entry: TextEntry | LookupEntry, text: str, form: FormData, before: dict[str, str] | None
    ) -> Any:
        exact, *shown = self._digests(entry)
        then, *shown_then = [exact] if before is None else before[entry.name].split(".")
        untouched = {exact, then} if before is None else {exact, then, *shown, *shown_then}
        is_emptied = f"{entry.name}:empty" in form and text == ""
        if _digest(entry.canonical(text)) in untouched and not is_emptied:
            return UNSET
        value = entry.value(self.session, _as_typed(text, entry.stored(self.session, self.record)), form)
        if then != exact:
            told = entry.told(self.session, self.record)
            raise ValueError(CHANGED_MEANWHILE.format(told or "nothing"))
        return value

    def _digests(self, entry: TextEntry | LookupEntry) -> list[str]:
        """Return the digest of what is stored, and that of what the page shows where it says less."""
        texts = entry.stored(self.session, self.record), entry.shown(self.session, self.record)
        return list(dict.fromkeys(_digest(entry.canonical(text)) for text in texts))

    def _texts(self) -> list[TextEntry | LookupEntry]:
        return [
            entry
            for entry in self.entries
            if isinstance(entry, (TextEntry, LookupEntry)) and not isinstance(entry, MembersEntry)
        ]

    def _control(self, entry: Entry, form: FormData | None) -> Control:
        error = self.errors.get(entry.name, "")
        text = ""
        if isinstance(entry, (TextEntry, LookupEntry)) and not isinstance(entry, MembersEntry):
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
            self._offer_found(entry, control, form)
        return control

    def _offer_found(self, entry: LookupEntry, control: Control, form: FormData) -> None:
        """Add what the Find button of this entry found: the way to look records up without JavaScript."""
        if isinstance(entry, MembersEntry):
            control["options"] = entry.posted_options(self.session, form)
        term = form.get(f"{entry.name}:search")
        control["search"] = term if isinstance(term, str) else ""
        if form.get(FIND) == entry.name:
            known = {option["value"] for option in control["options"]}
            found = entry.found(self.session, control["search"])
            control["options"] += [option for option in found if option["value"] not in known]
            control["found_text"] = f"{len(found)} found" if found else "Nothing found"

    def _refuse_unknown(self, form: FormData) -> None:
        for name in self.fixed.keys() & form.keys():
            raise Forbidden(self.fixed[name])
        known = OURS.union(*(entry.input_names for entry in self.entries))
        if unknown := sorted(set(form.keys()) - known):
            raise BadRequest(f"This form has no field “{unknown[0][:100]}”. Nothing was saved.")
        if self.entries and not form.keys() - OURS and known - OURS:
            raise BadRequest("The form arrived empty. Nothing was saved.")


def posted_zone(form: FormData) -> tzinfo:
    """Return the time zone that the page of a posted form was made for; UTC for one that no page made."""
    try:
        return ZoneInfo(str(form.get(ZONE) or "UTC")[:MAX_ZONE])
    except (KeyError, ValueError, OSError):
        raise BadRequest("This form names a time zone that nobody knows. Nothing was saved.") from None


def _posted_state(form: FormData, entries: Iterable[TextEntry | LookupEntry]) -> dict[str, str] | None:
    """Return the digests that the page carried, or None for a form that no page of ours made."""
    text = form.get(STATE)
    if text is None:
        return None
    try:
        state = json.loads(str(text)[:MAX_STATE])
    except (ValueError, RecursionError):
        state = None
    names = [entry.name for entry in entries]
    if not isinstance(state, dict) or any(not isinstance(state.get(name), str) for name in names):
        raise BadRequest(
            "This form is from another version of the page. Open the record again. Nothing was saved."
        )
    if missing := [name for name in names if name not in form]:
        raise BadRequest(f"The form arrived without “{missing[0]}”. Nothing was saved.")
    return state


def _digest(text: str) -> str:
    return blake2s(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


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
