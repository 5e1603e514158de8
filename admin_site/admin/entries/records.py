"""Entries for one other record."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, lazyload
from starlette.datastructures import FormData

from admin_site.admin.entries.base import BLANK, NEEDED, UNSET, Control
from admin_site.admin.entries.lookups import Lookup, Offer, option_of, search
from admin_site.descriptions import Description, Field, Relation, describe
from admin_site.errors import NotFound
from admin_site.keys import Scope, decode_key, encode_key, find
from admin_site.listing import known
from admin_site.values import from_text, to_text

NO_SUCH_RECORD = "Choose a record that exists."


class LookupEntry:
    """One other record, found by searching; the key of that record travels.

    `is_begun` says that the address of the form filled it in.
    """

    is_begun = False

    _learned: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, relation: Relation, label: str, lookup: Lookup, help_text: str = "") -> None:
        self.relation = relation
        self.target = describe(relation.target)
        self.name = relation.name
        self.label = label
        self.help = help_text
        self.required = relation.required
        self.lookup = lookup

    @property
    def input_names(self) -> set[str]:
        return {self.name, f"{self.name}:search", f"{self.name}:after"}

    def stored(self, session: Session, record: Any) -> str:
        other = getattr(record, self.name) if record is not None else None
        return "" if other is None else encode_key(self.target, self.target.key_of(other))

    def shown(self, session: Session, record: Any) -> str:
        return self.stored(session, record)

    def told(self, session: Session, record: Any) -> str:
        """Return the name of the record that `record` refers to."""
        stored = self.stored(session, record)
        return next((str(option["label"]) for option in self.options(session, [stored])), "")

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
        chosen = [option | {"selected": True} for option in self.options(session, [text])]
        return {
            "widget": "lookup",
            "lookup_url": self.lookup.url,
            "called": self.lookup.called,
            "add_url": self.lookup.add_url,
            "edit_url": self.lookup.edit_url,
            "options": [BLANK, *chosen],
            "chosen": next((option for option in chosen if "record" in option), None),
        }

    def resume(self, session: Session, record: Any, control: Control, form: FormData, pressed: str) -> None:
        """Put back what the page of a posted form showed, and add what its Find button finds.

        It is the way to look records up without JavaScript; `pressed` is the value of the button.
        """
        control["search"] = _text(form, f"{self.name}:search")
        if pressed not in (self.name, f"{self.name}:more"):
            return
        after = _text(form, f"{self.name}:after") if pressed.endswith(":more") else ""
        offer = self.found(session, control["search"], after)
        there = {option["value"] for option in control["options"]}
        control["options"] += [option for option in offer.options if option["value"] not in there]
        control |= {"found_text": offer.text, "after": offer.after}

    def found(self, session: Session, term: str, after: str = "") -> Offer:
        """Return the records that a search offers; `after` leads on from an earlier one."""
        records, after = search(session, self.target, self.lookup, term, after)
        return Offer([self.option(record) for record in records], after)

    def named(self, session: Session, values: Sequence[str]) -> list[Control]:
        """Return the options with these values, as far as they may be chosen."""
        records = self._known(session, values, self.lookup.offered)
        there = [records[value] for value in dict.fromkeys(values) if value in records]
        return [self.option(record) for record in self.lookup.fitting(session, there)]

    def options(self, session: Session, values: Sequence[str]) -> list[Control]:
        """Return an option for each value; that of a record this person may not see is only a value."""
        values = [value for value in values if value]
        records = self._learned
        if any(value not in records for value in values):
            records = self._known(session, values, self.lookup.scope)
        return [
            self.option(records[value]) if value in records else {"value": value, "label": value}
            for value in values
        ]

    def learn(self, session: Session, records: Iterable[Any], values: Iterable[str]) -> None:
        """Look up at once, for `options`, what many records refer to, or what was chosen instead."""
        learned = {} if self.lookup.scope else {self.stored(session, record): record for record in records}
        learned = {value: self._partner(record) for value, record in learned.items() if value}
        unknown = {value for value in values if value and value not in learned}
        self._learned = learned | (self._known(session, unknown, self.lookup.scope) if unknown else {})

    def _partner(self, record: Any) -> Any:
        return getattr(record, self.name)

    def option(self, record: Any) -> Control:
        return option_of(self.target, record)

    def _known(self, session: Session, values: Iterable[str], scope: Scope | None) -> dict[str, Any]:
        """Return by value the records that exist and are within `scope`, with one statement."""
        keys: dict[tuple[Any, ...], str] = {}
        for value in values:
            with suppress(NotFound):
                keys[decode_key(self.target, value)] = value
        found = known(session, self.target, keys, scope)
        return {keys[key]: record for key, record in found.items() if key in keys}


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

    def stored(self, session: Session, record: Any) -> str:
        return "" if record is None else to_text(self.field, getattr(record, self.name))

    def value(self, session: Session, text: str, form: FormData) -> Any:
        if not text:
            if self.required:
                raise ValueError(NEEDED)
            return None
        value = from_text(self.field, text)
        if not self._referred(session, [value], self.lookup.scope):
            raise ValueError(NO_SUCH_RECORD)
        return value

    def initial_value(self, session: Session, text: str, form: FormData) -> Any:
        return UNSET if not text and not self.field.required else self.value(session, text, form)

    def option(self, record: Any) -> Control:
        value = getattr(record, self.target_field.name)
        return option_of(self.target, record, to_text(self.target_field, value))

    def learn(self, session: Session, records: Iterable[Any], values: Iterable[str]) -> None:
        super().learn(session, (), values)

    def named(self, session: Session, values: Sequence[str]) -> list[Control]:
        return super().named(session, values) or self._by_key(session, values)

    def _by_key(self, session: Session, keys: Sequence[str]) -> list[Control]:
        """Return the options of records that are told by their own keys, as a form just saved tells one."""
        records = LookupEntry._known(self, session, keys, self.lookup.offered)
        return [self.option(record) for record in self.lookup.fitting(session, list(records.values()))]

    def _known(self, session: Session, values: Iterable[str], scope: Scope | None) -> dict[str, Any]:
        wanted: dict[Any, str] = {}
        for value in values:
            with suppress(ValueError):
                wanted[from_text(self.field, value)] = value
        found = self._referred(session, list(wanted), scope)
        name = self.target_field.name
        return {wanted[getattr(record, name)]: record for record in found if getattr(record, name) in wanted}

    def _referred(self, session: Session, values: Sequence[Any], scope: Scope | None) -> Sequence[Any]:
        if not values:
            return ()
        attribute = getattr(self.target.model, self.target_field.name)
        every: Select[Any] = select(self.target.model).where(attribute.in_(values))
        statement = every.options(lazyload("*")).limit(len(values))
        return session.scalars(scope(statement) if scope else statement).all()


def is_within(session: Session, description: Description, record: Any, scope: Scope | None) -> bool:
    """Return whether a stored record may be seen; without a scope no query is made."""
    if scope is None:
        return True
    with suppress(NotFound):
        return find(session, description, description.key_of(record), scope=scope) is not None
    return False


def _text(form: FormData, name: str) -> str:
    text = form.get(name)
    return text if isinstance(text, str) else ""
