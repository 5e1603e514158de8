"""Filters on whether there is anything at all: a value, a related record, members."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from sqlalchemy import ColumnElement, and_, not_, or_

from admin_site.descriptions import Kind
from admin_site.errors import BadRequest
from admin_site.listing.conditions import Condition, Control
from admin_site.listing.paths import Path, foreign_key
from admin_site.listing.readers import read_yes_no
from admin_site.listing.untyped import untyped

_TEXTS = (Kind.TEXT, Kind.LONG_TEXT)
YES_NO = (("yes", "yes"), ("no", "no"))


class YesNoFilter:
    """What filters have in common that are answered by yes or no."""

    @property
    def control(self) -> Control:
        return Control.CHOICES

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        return YES_NO


@dataclass(frozen=True, eq=False)
class AnyFilter(YesNoFilter):
    """Having related records at all."""

    path: Path

    @property
    def label(self) -> str:
        return f"Has any {_lowered(self.path.label)}"

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        values = yes_or_no(self.label, texts)
        has_any = _any(self.path)
        words = (f"{'any' if wanted else 'no'} {_lowered(self.path.label)}" for wanted in values.values())
        return Condition(
            parameter=name,
            texts=tuple(values),
            clause=or_(*(has_any if wanted else not_(has_any) for wanted in values.values())),
            subject="Has",
            shown=tuple(words),
        )


@dataclass(frozen=True, eq=False)
class EmptyFilter(YesNoFilter):
    """Having no value, or no related record."""

    path: Path

    @property
    def label(self) -> str:
        return f"{self.path.label} is empty"

    def parse(self, name: str, texts: Sequence[str], zone: tzinfo) -> Condition:
        values = yes_or_no(self.label, texts)
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


def yes_or_no(label: str, texts: Iterable[str]) -> dict[str, bool]:
    """Return what texts mean, by themselves; raises BadRequest for others than yes and no."""
    try:
        return dict(sorted(map(read_yes_no, texts)))
    except ValueError as error:
        raise BadRequest(f"{label}: {error}") from None


def _any(path: Path) -> ColumnElement[bool]:
    last, owner = path.relations[-1], path.owners[-2]
    attribute = getattr(owner.model, last.name)
    if local := foreign_key(owner, last):
        has_one = and_(*(untyped(getattr(owner.model, name)).is_not(None) for name in local))
    else:
        has_one = attribute.any() if last.many else attribute.has()
    return path.parent.reaches(has_one)


def _lowered(label: str) -> str:
    """Return a label as it stands within a sentence; abbreviations keep their capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
