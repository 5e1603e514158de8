"""The filters every description offers, under their names in a URL.

name=Ann                      is; repeat a parameter for "or"
name__contains=nn             also __starts, __ends
age__gte=18                   also __lte, __gt, __lt
created_at__lte=2024-01-31    a date stands for its whole day, 2024-01 for its month, 2024 for its year
created_at=last-7-days        and other words of `days`, which stay words
is_active=yes                 no, unset
last_name__empty=yes          no
items__any=yes                no, of relations to many
user_type=3                   the related record's key as it stands in that record's own URL
data.colour=red               what a document holds under a key; also __contains, __starts, __empty
name__contains__not=nn        the opposite of any of them
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, or_

from admin_site.descriptions import Description, Field, Kind
from admin_site.errors import BadRequest, NotFound
from admin_site.keys import decode_key, encode_key
from admin_site.listing.conditions import Condition, Control, Filter
from admin_site.listing.days import phrase, within
from admin_site.listing.operators import OPERATORS, Operator
from admin_site.listing.paths import Path, foreign_key, resolve
from admin_site.listing.presence import YES_NO, AnyFilter, EmptyFilter
from admin_site.listing.readers import Reading, read
from admin_site.listing.untyped import has_key

EMPTY = "__empty"
ANY = "__any"
IS = "__is"  # what "is" may be called, and must be where a field bears the name of another parameter

_CONTROLS = {
    Kind.INTEGER: Control.NUMBER,
    Kind.DECIMAL: Control.NUMBER,
    Kind.FLOAT: Control.NUMBER,
    Kind.DATE: Control.DATE,
    Kind.TIME: Control.TIME,
    Kind.DATETIME: Control.MOMENT,
    Kind.INSTANT: Control.MOMENT,
    Kind.BOOLEAN: Control.CHOICES,
    Kind.CHOICE: Control.CHOICES,
}
_AT = re.compile(r" (at|on)$")
_UNSET = ("unset", "unset")
_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)
_DATES = (Kind.DATE, Kind.DATETIME, Kind.INSTANT)


@dataclass(frozen=True, eq=False)
class FieldFilter:
    """A comparison of one field, here or at the end of a path."""

    path: Path
    operator: Operator

    @property
    def field(self) -> Field:
        assert self.path.field is not None  # noqa: S101 - `generated` makes it of fields only
        return self.path.field

    @property
    def label(self) -> str:
        return f"{self.path.label} {self.operator.verb}"

    @property
    def control(self) -> Control:
        return _CONTROLS.get(self.field.kind, Control.TEXT)

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        if self.field.kind is Kind.BOOLEAN:
            return (*YES_NO, _UNSET) if self.field.nullable else YES_NO
        return tuple((choice.text, choice.label) for choice in self.field.choices)

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        values = _distinct(self._read(text, zone) for text in texts)
        is_date = self.field.kind in _DATES
        subject, verb = (_dated if is_date else _plainly)(self.path.label, self.operator.verb)
        return Condition(
            parameter=name,
            texts=tuple(values),
            clause=or_(*map(self._compare, values.values())),
            subject=subject,
            verb=verb,
            shown=tuple(self._days(values, zone) if is_date else self._labels(values)),
        )

    def _labels(self, texts: Iterable[str]) -> Iterator[str]:
        labels = dict(self.choices)
        return (labels.get(text, text) for text in texts)

    def _days(self, values: Mapping[str, Any], zone: tzinfo) -> Iterator[str]:
        say = phrase if self.operator.suffix else within
        for text, value in values.items():
            is_moment = isinstance(value, datetime)
            yield ("" if self.operator.suffix else "at ") + _clock(value, zone) if is_moment else say(text)

    def _read(self, text: str, zone: tzinfo) -> Reading:
        try:
            return read(self.field, text, zone)
        except (ValueError, OverflowError) as error:
            raise BadRequest(f"{self.path.label}: {error}") from None

    def _compare(self, value: Any) -> ColumnElement[bool]:
        return self.path.holds(lambda expression: self.operator.compare(expression, value))


@dataclass(frozen=True, eq=False)
class RelationFilter:
    """Being related to the record of a key."""

    path: Path

    @property
    def label(self) -> str:
        return f"{self.path.label} {self._verb}"

    @property
    def control(self) -> Control:
        return Control.LOOKUP

    @property
    def _verb(self) -> str:
        return "include" if self.path.is_many else "is"

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        return ()

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        keys = _distinct(self._read(text) for text in texts)
        return Condition(
            parameter=name,
            texts=tuple(keys),
            clause=or_(*map(self._has, keys.values())),
            subject=self.path.label,
            verb=self._verb,
            shown=tuple(keys),
            target=self.path.end,
        )

    def _read(self, text: str) -> Reading:
        try:
            key = decode_key(self.path.end, text)
        except NotFound:
            raise BadRequest(f"{self.path.label}: there is no record “{text}”.") from None
        return encode_key(self.path.end, key), key

    def _has(self, key: tuple[Any, ...]) -> ColumnElement[bool]:
        owner, target = self.path.owners[-2:]
        local = foreign_key(owner, self.path.relations[-1])
        if local:  # the foreign key says it without a look at the other table
            return self.path.parent.reaches(has_key(owner, local, key))
        return self.path.reaches(has_key(target, target.key, key))


def generated(description: Description) -> Mapping[str, Filter]:
    """Return every filter the fields and relations of a description offer; nothing secret is among them."""
    stored = (field.name for field in description.fields if field.column is not None)
    return filters_of(description, [*stored, *(relation.name for relation in description.relations)])


def filters_of(description: Description, names: Iterable[str]) -> Mapping[str, Filter]:
    """Return the filters of some fields and relations, dotted paths allowed (raises KeyError for others)."""
    table: dict[str, Filter] = {}
    for name in names:
        path = resolve(description, name)
        if not path.is_secret:
            table |= _filters_on(path)
    return MappingProxyType(table)


def _filters_on(path: Path) -> dict[str, Filter]:
    if path.field is None:
        presence: Filter = AnyFilter(path) if path.is_many else EmptyFilter(path)
        return {path.name: RelationFilter(path), path.name + (ANY if path.is_many else EMPTY): presence}
    table: dict[str, Filter] = {
        path.name + operator.suffix: FieldFilter(path, operator)
        for operator in OPERATORS.get(path.field.kind, ())
    }
    if path.field.nullable or path.field.kind in _TEXTS:
        table[path.name + EMPTY] = EmptyFilter(path)
    return table


def _distinct(readings: Iterable[Reading]) -> dict[str, Any]:
    """Return values by their texts, in the order of the texts: the order they came in means nothing."""
    return dict(sorted(readings, key=lambda reading: reading[0]))


def _plainly(label: str, verb: str) -> tuple[str, str]:
    return label, verb


def _dated(label: str, verb: str) -> tuple[str, str]:
    """Return subject and verb for days that bring their own preposition: "Created", "after"."""
    subject = _AT.sub("", label)
    verb = verb.removesuffix(" on")
    return (subject, verb.removeprefix("is").strip()) if subject != label else (label, verb)


def _clock(moment: datetime, zone: tzinfo) -> str:
    """Return a moment as the clock of `zone` shows it, down to what is not zero."""
    local = moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
    return local.isoformat(" ", "auto" if local.second or local.microsecond else "minutes")
