"""The filters every description offers, under their names in a URL.

name=Ann                      is; repeat a parameter for "or"
name__contains=nn             also __starts, __ends
age__gte=18                   also __lte, __gt, __lt
created_at__lte=2024-01-31    a date stands for its whole day
is_active=yes                 no, unset
last_name__empty=yes          no
user_type=3                   the related record's key as it stands in that record's own URL
name__contains__not=nn        the opposite of any of them
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_

from admin_site.descriptions import Description, Field, Kind
from admin_site.errors import BadRequest, NotFound
from admin_site.keys import decode_key, encode_key
from admin_site.listing.conditions import Condition, Control, Filter
from admin_site.listing.operators import OPERATORS, Operator
from admin_site.listing.paths import Path, foreign_key, resolve
from admin_site.listing.readers import Reading, read, read_yes_no
from admin_site.listing.untyped import has_key, untyped

EMPTY = "__empty"
IS = "__is"  # what "is" may be called, and must be where a field bears the name of another parameter

_CONTROLS = {
    Kind.INTEGER: Control.NUMBER,
    Kind.DECIMAL: Control.NUMBER,
    Kind.FLOAT: Control.NUMBER,
    Kind.DATE: Control.DATE,
    Kind.DATETIME: Control.MOMENT,
    Kind.INSTANT: Control.MOMENT,
    Kind.BOOLEAN: Control.CHOICES,
    Kind.CHOICE: Control.CHOICES,
}
_YES_NO = (("yes", "yes"), ("no", "no"))
_UNSET = ("unset", "unset")
_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)


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
            return (*_YES_NO, _UNSET) if self.field.nullable else _YES_NO
        return tuple((choice.text, choice.label) for choice in self.field.choices)

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        values = _distinct(self._read(text, zone) for text in texts)
        labels = dict(self.choices)
        return Condition(
            parameter=name,
            texts=tuple(values),
            clause=or_(*map(self._compare, values.values())),
            subject=self.path.label,
            verb=self.operator.verb,
            shown=tuple(labels.get(text, text) for text in values),
        )

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
            return _before_last(self.path).reaches(has_key(owner, local, key))
        return self.path.reaches(has_key(target, target.key, key))


@dataclass(frozen=True, eq=False)
class EmptyFilter:
    """Having no value, or no related record."""

    path: Path

    @property
    def label(self) -> str:
        return f"{self.path.label} is empty"

    @property
    def control(self) -> Control:
        return Control.CHOICES

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        return _YES_NO

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        try:
            values = _distinct(map(read_yes_no, texts))
        except ValueError as error:
            raise BadRequest(f"{self.label}: {error}") from None
        is_empty = self._is_empty()
        return Condition(
            parameter=name,
            texts=tuple(values),
            clause=or_(*(is_empty if wanted else not_(is_empty) for wanted in values.values())),
            subject=self.path.label,
            verb=" or ".join("is empty" if wanted else "is not empty" for wanted in values.values()),
        )

    def _is_empty(self) -> ColumnElement[bool]:
        field = self.path.field
        if field is None:
            return not_(_any(self.path))
        if field.kind in _TEXTS:
            return self.path.holds(lambda text: or_(untyped(text).is_(None), untyped(text) == ""))
        return self.path.holds(lambda value: untyped(value).is_(None))


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
        return {path.name: RelationFilter(path), path.name + EMPTY: EmptyFilter(path)}
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


def _before_last(path: Path) -> Path:
    return Path(path.name, path.start, path.relations[:-1], None)


def _any(path: Path) -> ColumnElement[bool]:
    last, owner = path.relations[-1], path.owners[-2]
    attribute = getattr(owner.model, last.name)
    if local := foreign_key(owner, last):
        has_one = and_(*(untyped(getattr(owner.model, name)).is_not(None) for name in local))
    else:
        has_one = attribute.any() if last.many else attribute.has()
    return _before_last(path).reaches(has_one)
