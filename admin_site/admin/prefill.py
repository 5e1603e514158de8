"""The form of a new record, begun by its address: create?name=Ada&customer=12."""

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, QueryParams

from admin_site.admin.entries import Entry, LookupEntry, MembersEntry, TextEntry
from admin_site.admin.forms import RecordForm
from admin_site.descriptions import Kind

MAX_LENGTH = 10_000  # characters of a value: no address that a server takes has more
_YES_OR_NO = {"1": "true", "yes": "true", "on": "true", "0": "false", "no": "false", "off": "false"}


def begin(form: RecordForm, asked: QueryParams) -> FormData:
    """Return what the address fills in: fields that the form shows, marked there, never secrets or files.

    What is wrong with it stands beside it at once, as if somebody had typed it.
    """
    return FormData(list(_pairs(form.session, form.entries, asked, form.errors)))


def _pairs(
    session: Session, entries: Iterable[Entry], asked: QueryParams, errors: dict[str, str]
) -> Iterator[tuple[str, str]]:
    for entry in entries:
        if entry.name not in asked or isinstance(entry, MembersEntry):
            continue
        if isinstance(entry, TextEntry | LookupEntry):
            text = asked[entry.name][:MAX_LENGTH]
            text = _as_shown(entry, text) if isinstance(entry, TextEntry) else text
            entry.is_begun = True
            try:
                entry.initial_value(session, text, FormData())
            except ValueError as error:
                errors[entry.name] = str(error)
            yield entry.name, text


def _as_shown(entry: TextEntry, text: str) -> str:
    """Return a text of an address in the form that the field's control has for it."""
    if entry.field.kind is Kind.BOOLEAN:
        return _YES_OR_NO.get(text.strip().lower(), text)
    if entry.field.kind is Kind.CHOICE:
        return next(
            (choice.text for choice in entry.field.choices if text in (choice.text, choice.label)), text
        )
    return text
