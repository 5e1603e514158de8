"""Rules in words for whoever types a value: beforehand, and when it breaks them."""

from admin_site.descriptions.entering import entered
from admin_site.descriptions.logic import names_in
from admin_site.descriptions.phrases import Fields, compared, in_sentence, phrase
from admin_site.descriptions.rules import (
    Comparison,
    Condition,
    Named,
    Rule,
)

NOT_ALLOWED = "This value is not allowed."
NOT_ALLOWED_TOGETHER = "These values do not go together."


def broken(rule: Rule, name: str, fields: Fields) -> str:
    """Return what to say beside the field `name` when a rule is broken: a sentence, always.

    "End date must not be before start date.", "Enter 5 digits."
    """
    if rule.condition is not None:
        condition = seen_from(rule.condition, name)
        words = entered(condition, fields) or phrase(condition, fields)
        if words:
            return f"{_capital(words)}."
    if rule.comment:
        return _capital(rule.comment)
    if rule.name:
        return f"Refused by the rule “{rule.name}”."
    return NOT_ALLOWED if len(rule.fields) < 2 else NOT_ALLOWED_TOGETHER


def noted(rule: Rule, name: str, fields: Fields) -> str:
    """Return what to say of a rule beside the field `name` beforehand; "" where there are no words for it.

    "Not before start date"
    """
    if rule.condition is not None:
        condition = seen_from(rule.condition, name)
        if isinstance(condition, Comparison) and condition.left == Named(name):
            return _capital(compared(condition, fields).removeprefix("must ").replace("be ", "", 1))
        if words := phrase(condition, fields):
            return _capital(words.removeprefix(f"{in_sentence(fields[name].label)} "))
    return _capital(rule.comment.rstrip(".")) or (f"Rule: {rule.name}" if rule.name else "")


def seen_from(condition: Condition, name: str) -> Condition:
    """Return a comparison of two fields with the field `name` on its left; another condition as it is."""
    if not isinstance(condition, Comparison) or name in names_in(condition.left):
        return condition
    return Comparison(condition.right, condition.operator.mirrored, condition.left)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
