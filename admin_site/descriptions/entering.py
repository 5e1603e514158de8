"""What to enter to keep a rule about one field."""

from dataclasses import replace

from admin_site.descriptions.implied import implied
from admin_site.descriptions.logic import names_in
from admin_site.descriptions.model import Field
from admin_site.descriptions.phrases import (
    EQUALITY,
    NUMBERS,
    TIMES,
    Fields,
    constant_in_words,
    listed,
    term_in_words,
)
from admin_site.descriptions.rules import (
    Applied,
    Between,
    Comparison,
    Condition,
    Constant,
    Function,
    Matches,
    Named,
    Not,
    OneOf,
    Operator,
)

_ENTER_NUMBERS = {
    Operator.EQUAL: "enter {}",
    Operator.UNEQUAL: "enter something other than {}",
    Operator.LESS: "enter less than {}",
    Operator.AT_MOST: "enter {} or less",
    Operator.MORE: "enter more than {}",
    Operator.AT_LEAST: "enter {} or more",
}
_ENTER_TIMES = _ENTER_NUMBERS | {
    Operator.LESS: "enter something before {}",
    Operator.AT_MOST: "enter {} or earlier",
    Operator.MORE: "enter something after {}",
    Operator.AT_LEAST: "enter {} or later",
}
_ENTER_LENGTHS = {
    Operator.EQUAL: "enter exactly {} characters",
    Operator.UNEQUAL: "enter more or fewer than {} characters",
    Operator.LESS: "enter fewer than {} characters",
    Operator.AT_MOST: "enter at most {} characters",
    Operator.MORE: "enter more than {} characters",
    Operator.AT_LEAST: "enter at least {} characters",
}


def entered(condition: Condition, fields: Fields) -> str:
    """Return what to enter to keep a rule about the value of one field alone; "" for another rule."""
    is_negated = isinstance(condition, Not)
    plain = condition.condition if isinstance(condition, Not) else condition
    term = plain.left if isinstance(plain, Comparison) else getattr(plain, "term", None)
    if len(set(names_in(condition))) != 1 or not isinstance(term, Named | Applied):
        return ""
    field = fields[next(names_in(term))]
    if isinstance(plain, OneOf) and isinstance(term, Named):
        options = listed([constant_in_words(value, field) for value in plain.values])
        return f"enter something other than {options}" if is_negated else f"enter {options}"
    if isinstance(plain, Matches) and plain.pattern.words and isinstance(term, Named):
        return (
            f"enter something other than {plain.pattern.words}"
            if is_negated
            else f"enter {plain.pattern.words}"
        )
    is_length = isinstance(term, Applied) and term == Applied(Function.LENGTH, Named(field.name))
    if isinstance(plain, Between) and not is_negated and (is_length or isinstance(term, Named)):
        beside, of_what = (None, " characters") if is_length else (field, "")
        least, most = (term_in_words(end, beside, fields) for end in (plain.least, plain.most))
        return f"enter {least} to {most}{of_what}"
    return _entered_by_comparison(plain, field) if isinstance(plain, Comparison) else ""


def _entered_by_comparison(condition: Comparison, field: Field) -> str:
    left, right = condition.left, condition.right
    if not isinstance(right, Constant):
        return ""
    if isinstance(left, Applied) and left.function is Function.LENGTH and isinstance(left.term, Named):
        return _ENTER_LENGTHS[condition.operator].format(constant_in_words(right, None))
    if isinstance(left, Applied) and left.function is Function.TRIM and _is_not_empty(condition):
        return "enter more than spaces"
    if not isinstance(left, Named):
        return ""
    if _is_not_empty(condition):
        return "enter something"
    facts = implied(replace(field, minimum=None, maximum=None), condition) or {}
    for name, operator in (("minimum", Operator.AT_LEAST), ("maximum", Operator.AT_MOST)):
        if name in facts:  # "1 or more" is clearer than "more than 0"
            condition, right = replace(condition, operator=operator), Constant(str(facts[name]))
    words = _ENTER_TIMES if field.kind in TIMES else _ENTER_NUMBERS
    is_about_order = condition.operator not in EQUALITY
    if is_about_order and field.kind not in (*TIMES, *NUMBERS):
        return ""
    return words[condition.operator].format(constant_in_words(right, field))


def _is_not_empty(condition: Comparison) -> bool:
    return condition.operator is Operator.UNEQUAL and condition.right == Constant("")
