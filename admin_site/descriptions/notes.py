"""What a form says of rules that the controls of its fields do not tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from admin_site.descriptions.implied import implied
from admin_site.descriptions.model import Field
from admin_site.descriptions.phrases import in_sentence, listed
from admin_site.descriptions.rules import Rule, Unique
from admin_site.descriptions.sentences import noted

UNIQUE = "No two records share it"
UNIQUE_TOGETHER = "No two records have the same {}"


def with_notes(
    fields: Sequence[Field], rules: Iterable[Rule], uniques: Iterable[Unique]
) -> tuple[Field, ...]:
    """Return the fields with sentences about rules, each at the last field that a rule is about."""
    by_name = {field.name: field for field in fields}
    notes: dict[str, list[str]] = {}
    for name, words in (*_of_rules(rules, by_name), *_of_uniques(uniques, by_name)):
        if words and words not in notes.setdefault(name, []):
            notes[name].append(words)
    return tuple(replace(field, notes=tuple(notes.get(field.name, ()))) for field in fields)


def _of_rules(rules: Iterable[Rule], fields: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    for rule in rules:
        place = _place(rule.fields, fields)
        if place is not None and not _is_told(rule, place):
            yield place.name, noted(rule, place.name, fields)


def _of_uniques(uniques: Iterable[Unique], fields: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    for unique in uniques:
        place = _place(unique.fields, fields)
        if place is None or unique.where is not None or place.generated:
            continue
        names = [in_sentence(fields[name].label) for name in unique.fields]
        yield place.name, UNIQUE if len(names) == 1 else UNIQUE_TOGETHER.format(listed(names, "and"))


def _place(names: Iterable[str], fields: Mapping[str, Field]) -> Field | None:
    """Return the last of some fields that people type into."""
    typed = [fields[name] for name in names if not fields[name].read_only]
    return typed[-1] if typed else None


def _is_told(rule: Rule, field: Field) -> bool:
    is_own = rule.fields == (field.name,) and rule.condition is not None
    return (
        is_own
        and rule.condition is not None
        and implied(replace(field, patterns=()), rule.condition) is not None
    )
