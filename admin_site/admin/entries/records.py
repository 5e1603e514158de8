"""Entries for other records: one, or the members of a relation."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, lazyload, selectinload, with_parent
from starlette.datastructures import FormData

from admin_site.admin.entries.base import BLANK, NEEDED, UNSET, Control, Unset
from admin_site.descriptions import Description, Field, Relation, describe
from admin_site.errors import NotFound
from admin_site.keys import Scope, decode_key, encode_key, find
from admin_site.listing import LABEL, Listing, lookup
from admin_site.listing.loading import settle
from admin_site.services.records import Members
from admin_site.values import from_text, to_text

LOOKUP_SIZE = 25
MEMBERS_SHOWN = 50
NO_SUCH_RECORD = "Choose a record that exists."


@dataclass(frozen=True)
class Lookup:
    """Where a browser searches the records of a relation, which of them this person may see, or why none."""

    url: str = ""
    scope: Scope | None = None
    locked: str = ""


class LookupEntry:
    """One other record, found by searching; the key of that record travels."""

    def __init__(self, relation: Relation, label: str, lookup: Lookup, help_text: str = "") -> None:
        self.relation = relation
        self.target = describe(relation.target)
        self.name = relation.name
        self.label = label
        self.help = help_text
        self.required = relation.required
        self.lookup = lookup
        self.input_names = {self.name, f"{self.name}:search"}

    def stored(self, session: Session, record: Any) -> str:
        other = getattr(record, self.name) if record is not None else None
        return "" if other is None else encode_key(self.target, self.target.key_of(other))

    def shown(self, session: Session, record: Any) -> str:
        return self.stored(session, record)

    def told(self, session: Session, record: Any) -> str:
        """Return the name of the record that `record` refers to."""
        stored = self.stored(session, record)
        return (
            next((str(option["label"]) for option in self._options(session, [stored])), "") if stored else ""
        )

    def canonical(self, text: str) -> str:
        return text

    def value(self, session: Session, text: str, form: FormData) -> Any:
        if not text:
            if self.required:
                raise ValueError(NEEDED)
            return None
        try:
            return find(session, self.target, decode_key(self.target, text), scope=self.lookup.scope)
        except NotFound as error:
            raise ValueError(NO_SUCH_RECORD) from error

    def initial_value(self, session: Session, text: str, form: FormData) -> Any:
        return UNSET if not text and not self.required else self.value(session, text, form)

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        return {
            "widget": "lookup",
            "lookup_url": self.lookup.url,
            "options": [
                BLANK,
                *(option | {"selected": True} for option in self._options(session, [text] if text else [])),
            ],
        }

    def found(self, session: Session, term: str) -> list[Control]:
        """Return the records that a search offers, as options."""
        found = lookup(session, self.target, term, limit=LOOKUP_SIZE, scope=self.lookup.scope)
        return [self.option(record) for record in found]

    def option(self, record: Any) -> Control:
        key = encode_key(self.target, self.target.key_of(record))
        return {"value": key, "label": self.target.label_of(record)}

    def _options(self, session: Session, keys: Sequence[str]) -> list[Control]:
        options = []
        for key in keys:
            try:
                found = find(session, self.target, decode_key(self.target, key), scope=self.lookup.scope)
                options.append(self.option(found))
            except NotFound:
                options.append({"value": key, "label": key})
        return options


class ReferenceEntry(LookupEntry):
    """A foreign key that no relation covers: the record is looked up, the column's value travels."""

    def __init__(self, field: Field, label: str, lookup: Lookup, help_text: str = "") -> None:
        assert field.target is not None  # noqa: S101 - the caller chose this entry for it
        self.field = field
        self.target = describe(field.target)
        self.target_field = self.target.field(field.target_field)
        self.name = field.name
        self.label = label
        self.help = help_text or field.help
        self.required = not field.nullable
        self.lookup = lookup
        self.input_names = {self.name, f"{self.name}:search"}

    def stored(self, session: Session, record: Any) -> str:
        return "" if record is None else to_text(self.field, getattr(record, self.name))

    def value(self, session: Session, text: str, form: FormData) -> Any:
        if not text:
            if self.required:
                raise ValueError(NEEDED)
            return None
        value = from_text(self.field, text)
        if self._referred(session, value) is None:
            raise ValueError(NO_SUCH_RECORD)
        return value

    def initial_value(self, session: Session, text: str, form: FormData) -> Any:
        return UNSET if not text and not self.field.required else self.value(session, text, form)

    def option(self, record: Any) -> Control:
        value = getattr(record, self.target_field.name)
        return {"value": to_text(self.target_field, value), "label": self.target.label_of(record)}

    def _referred(self, session: Session, value: Any) -> Any:
        attribute = getattr(self.target.model, self.target_field.name)
        every: Select[Any] = select(self.target.model).where(attribute == value)
        statement = every.options(lazyload("*")).limit(1)
        return session.scalars(self.lookup.scope(statement) if self.lookup.scope else statement).first()

    def _options(self, session: Session, keys: Sequence[str]) -> list[Control]:
        options = []
        for key in keys:
            try:
                record = self._referred(session, from_text(self.field, key))
            except ValueError:
                record = None
            options.append({"value": key, "label": key} if record is None else self.option(record))
        return options


@dataclass(frozen=True)
class Crowd:
    """The members of a to-many relation that a page shows, and how many more there are at least."""

    shown: tuple[Any, ...]
    has_more: bool


class MembersEntry(LookupEntry):
    """The members of a to-many relation: who joins and who leaves travels, never the whole collection."""

    def __init__(self, relation: Relation, label: str, lookup: Lookup, help_text: str = "") -> None:
        super().__init__(relation, label, lookup, help_text)
        self.required = False
        self.input_names = {f"{self.name}:add", f"{self.name}:remove", f"{self.name}:search"}

    def change(self, session: Session, form: FormData) -> Members | Unset:
        add = self._records(session, form.getlist(f"{self.name}:add"))
        remove = self._records(session, form.getlist(f"{self.name}:remove"))
        return Members(add, remove) if add or remove else UNSET

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        crowd = (
            members(session, record, self.relation, MEMBERS_SHOWN, self.lookup.scope)
            if record is not None
            else Crowd((), False)
        )
        return {
            "widget": "members",
            "lookup_url": self.lookup.url,
            "members": [self.option(member) | {"url": None} for member in crowd.shown],
            "more_text": f"Only the first {MEMBERS_SHOWN} are shown." if crowd.has_more else "",
            "options": [],
        }

    def posted_options(self, session: Session, form: FormData) -> list[Control]:
        keys = [key for key in form.getlist(f"{self.name}:add") if isinstance(key, str)]
        return [option | {"selected": True} for option in self._options(session, keys)]

    def _records(self, session: Session, keys: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(self.value(session, key, FormData()) for key in keys if isinstance(key, str) and key)


def members(
    session: Session,
    record: Any,
    relation: Relation,
    limit: int,
    scope: Scope | None = None,
    load: Sequence[str] = (),
) -> Crowd:
    """Return the first members of a to-many relation that may be seen, without loading the others.

    `load` names relations of theirs that will be read.
    """
    target = describe(relation.target)
    attribute = getattr(type(record), relation.name)
    every: Select[Any] = select(relation.target).where(with_parent(record, attribute))
    statement = every.options(lazyload("*"))  # labels read relations, some of which refuse to load
    statement = scope(statement) if scope else statement
    by_key = statement.order_by(*(getattr(relation.target, name) for name in target.key))
    loaded = by_key.options(*(selectinload(getattr(relation.target, name)) for name in load))
    found = session.scalars(loaded.limit(limit + 1)).all()
    settle(session, _labels(target), found[:limit], (LABEL,))
    return Crowd(tuple(found[:limit]), len(found) > limit)


@cache
def _labels(description: Description) -> Listing:
    """Return what learns which other records the labels of a class read, to load those all at once."""
    return Listing.of(description, columns=(LABEL,), filters={})


def is_within(session: Session, description: Description, record: Any, scope: Scope | None) -> bool:
    """Return whether a stored record may be seen; without a scope no query is made."""
    if scope is None:
        return True
    with suppress(NotFound):
        return find(session, description, description.key_of(record), scope=scope) is not None
    return False
