"""Terms and conditions as parts of sentences."""

from collections.abc import Mapping
from decimal import Decimal

from admin_site.descriptions.logic import names_in
from admin_site.descriptions.model import Field, Kind
from admin_site.descriptions.rules import (
    AllOf,
    AnyOf,
    Applied,
    Between,
    Comparison,
    Condition,
    Constant,
    Function,
    IsNull,
    Matches,
    Named,
    Not,
    OneOf,
    Operator,
    Present,
    Term,
    Truth,
)

Fields = Mapping[str, Field]

TIMES = (Kind.DATE, Kind.TIME, Kind.DATETIME, Kind.INSTANT)
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.INTERVAL)
EQUALITY = {Operator.EQUAL: "must be", Operator.UNEQUAL: "must not be"}
_OF_NUMBERS = EQUALITY | {
    Operator.LESS: "must be less than",
    Operator.AT_MOST: "must be at most",
    Operator.MORE: "must be more than",
    Operator.AT_LEAST: "must be at least",
}
_OF_TIMES = EQUALITY | {
    Operator.LESS: "must be before",
    Operator.AT_MOST: "must not be after",
    Operator.MORE: "must be after",
    Operator.AT_LEAST: "must not be before",
}
_OF_TEXTS = EQUALITY | {
    Operator.LESS: "must come before",
    Operator.AT_MOST: "must not come after",
    Operator.MORE: "must come after",
    Operator.AT_LEAST: "must not come before",
}
_APPLIED = {
    Function.LENGTH: "the length of {}",
    Function.BYTES: "the size of {} in bytes",
    Function.LOWER: "{} in small letters",
    Function.UPPER: "{} in capital letters",
    Function.TRIM: "{} without spaces around it",
}


def phrase(condition: Condition, fields: Fields) -> str:
    """Return a condition as a main clause, "" where there are no words for it.

    "end date must not be before start date"
    """
    if isinstance(condition, AllOf | AnyOf):
        parts = [phrase(part, fields) for part in condition.conditions]
        return (", or " if isinstance(condition, AnyOf) else " and ").join(parts) if all(parts) else ""
    if isinstance(condition, Comparison):
        subject = condition.left
        if condition.right == Constant("") and isinstance(subject, Applied):
            subject = subject.term  # it is told of that it must not be only spaces
        return f"{term_in_words(subject, None, fields)} {compared(condition, fields)}"
    is_negated = isinstance(condition, Not)
    plain = condition.condition if isinstance(condition, Not) else condition
    if isinstance(plain, Not | AllOf | AnyOf | Comparison):
        return ""
    claim = _claim(plain, is_negated, fields)
    return f"{term_in_words(plain.term, None, fields)} {claim}" if claim else ""


def _claim(condition: Between | OneOf | Matches | IsNull | Truth, is_negated: bool, fields: Fields) -> str:
    must_be = "must not be" if is_negated else "must be"
    field = next((fields[name] for name in names_in(condition.term)), None)
    if isinstance(condition, IsNull):
        return "needs a value" if is_negated else "must be empty"
    if isinstance(condition, Truth):
        return "must be no" if is_negated else "must be yes"
    if isinstance(condition, Between):
        least, most = (term_in_words(end, field, fields) for end in (condition.least, condition.most))
        return f"{must_be} between {least} and {most}"
    if isinstance(condition, OneOf):
        return f"{must_be} {listed([constant_in_words(value, field) for value in condition.values])}"
    return f"{must_be} {condition.pattern.words}" if condition.pattern.words else ""


def compared(condition: Comparison, fields: Fields) -> str:
    """Return what a comparison says of its left side."""
    field = next((fields[name] for name in names_in((condition.left, condition.right))), None)
    if condition.right == Constant("") and condition.operator in EQUALITY:
        nothing = "only spaces" if isinstance(condition.left, Applied) else "empty"
        return f"{EQUALITY[condition.operator]} {nothing}"
    kind = Kind.INTEGER if isinstance(condition.left, Applied) else field.kind if field else None
    words = _OF_TIMES if kind in TIMES else _OF_NUMBERS if kind in NUMBERS else _OF_TEXTS
    is_of_fields = isinstance(condition.right, Named) and condition.operator in EQUALITY
    same = "the same as " if is_of_fields else ""
    return f"{words[condition.operator]} {same}{term_in_words(condition.right, field, fields)}"


def term_in_words(term: Term, beside: Field | None, fields: Fields) -> str:
    """Return a term in words; a constant is a value of the field it stands `beside`."""
    if isinstance(term, Named):
        return in_sentence(fields[term.name].label)
    if isinstance(term, Constant):
        return constant_in_words(term, beside)
    if isinstance(term, Present):
        return "today" if term.is_day else "now"
    return _APPLIED[term.function].format(term_in_words(term.term, beside, fields))


def constant_in_words(constant: Constant, field: Field | None) -> str:
    value = constant.value
    if field is not None and field.kind is Kind.BOOLEAN and not isinstance(value, str):
        return "yes" if value else "no"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if field is None or field.kind not in (*TIMES, *NUMBERS):
        choices = field.choices if field is not None else ()
        return next((choice.label for choice in choices if choice.text == value), f"“{value}”")
    return value


def in_sentence(label: str) -> str:
    """Return a label as it stands within a sentence, an acronym as it is."""
    return label[:1].lower() + label[1:] if label[1:2].islower() or len(label) == 1 else label


def listed(words: list[str], last: str = "or") -> str:
    """Return "a, b or c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
