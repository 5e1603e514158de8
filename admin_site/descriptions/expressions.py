"""A reader of the expressions of CHECK constraints, as PostgreSQL, SQLite and people write them.

It reads comparisons, BETWEEN, IN, LIKE, regular expressions, IS NULL, AND, OR and NOT of columns
and a few functions of them with constants and with each other; what it does not read it refuses as a whole.

    alternatives  conjunction (OR conjunction)*
    conjunction   negation (AND negation)*
    negation      NOT negation | predicate
    predicate     term (comparison, BETWEEN, IN, LIKE, IS NULL, ...)? | (alternatives)
    term          (name | constant | function | (term)) (::type)*
"""

from collections.abc import Callable, Mapping

from admin_site.descriptions import regexes, wildcards
from admin_site.descriptions.logic import negated, simplified
from admin_site.descriptions.patterns import Pattern
from admin_site.descriptions.rules import (
    AllOf,
    AnyOf,
    Between,
    Comparison,
    Condition,
    Constant,
    IsNull,
    Matches,
    Named,
    Not,
    OneOf,
    Operator,
    Term,
    Truth,
)
from admin_site.descriptions.terms import TermReader
from admin_site.descriptions.tokens import NotUnderstood, Sort, tokens

MAX_LENGTH = 10_000  # characters of an expression

_OPERATORS = {"==": Operator.EQUAL, "!=": Operator.UNEQUAL} | {each.value: each for each in Operator}
_PATTERNS: dict[str, Callable[[str], Pattern]] = {
    "~": regexes.regular,
    "~*": regexes.regular_in_any_case,
    "regexp": regexes.regular,
    "like": wildcards.like,
    "~~": wildcards.like_in_this_case,
    "ilike": wildcards.like_in_any_case,
    "~~*": wildcards.like_in_any_case,
    "glob": wildcards.glob,
    "similar": regexes.similar,
}


def read_check(sql: str, names: Mapping[str, str]) -> Condition | None:
    """Return the condition that `sql` is, or None where it holds anything that is not read here.

    `names` are the names of the conditions' fields by those of the columns.
    """
    if len(sql) > MAX_LENGTH:
        return None
    try:
        return simplified(_Reader(tokens(sql), names).whole())
    except (NotUnderstood, RecursionError):
        return None


def read_term(sql: str, names: Mapping[str, str]) -> Term | None:
    """Return the term that `sql` is, or None where it is no term or not read here."""
    try:
        return _Reader(tokens(sql), names).whole_term()
    except (NotUnderstood, RecursionError):
        return None


class _Reader(TermReader):
    """One pass over the words of an expression."""

    def whole(self) -> Condition:
        found = _as_condition(self.alternatives())
        self.end()
        return found

    def whole_term(self) -> Term:
        found = self.term()
        self.end()
        return found

    # -- What joins conditions ---------------------------------------------------------------------------

    def alternatives(self) -> Term | Condition:
        first = self._conjunction()
        if not self.is_at("or"):
            return first
        parts = [_as_condition(first)]
        while self.take("or"):
            parts.append(_as_condition(self._conjunction()))
        return simplified(AnyOf(tuple(each for part in parts for each in _alternatives_of(part))))

    def _conjunction(self) -> Term | Condition:
        first = self._negation()
        if not self.is_at("and"):
            return first
        parts = [_as_condition(first)]
        while self.take("and"):
            parts.append(_as_condition(self._negation()))
        return AllOf(tuple(parts))

    def _negation(self) -> Term | Condition:
        if self.take("not"):
            return negated(_as_condition(self._negation()))
        return self._predicate()

    # -- What is said of a term --------------------------------------------------------------------------

    def _predicate(self) -> Term | Condition:
        left = self.operand()
        if not isinstance(left, Term):
            return left
        if self.take("is"):
            is_negated = self.take("not")
            self.expect("null")
            return Not(IsNull(left)) if is_negated else IsNull(left)
        if self.take("isnull"):
            return IsNull(left)
        if self.take("notnull"):
            return Not(IsNull(left))
        is_negated = self.take("not") or self.is_at("!~", "!~*", "!~~", "!~~*")
        found = self._test(left)
        if (found is None and is_negated) or (_begins_with_constant(found)):
            raise NotUnderstood
        return left if found is None else negated(found) if is_negated else found

    def _test(self, left: Term) -> Condition | None:
        if self.take("between"):
            least = self.term()
            self.expect("and")
            return Between(left, least, self.term())
        if self.take("in"):
            self.expect("(")
            values = self.constants(")")
            return OneOf(left, values)
        if (sign := self.next.text.lower().removeprefix("!")) in _PATTERNS and self.next.is_plain:
            self.advance()
            return Matches(left, self._pattern(sign))
        if self.next.sort is Sort.SIGN and self.next.text in _OPERATORS:
            return self._comparison(left, _OPERATORS[self.advance().text])
        return None

    def _pattern(self, sign: str) -> Pattern:
        if sign == "similar":
            self.expect("to")
        found = self.term()
        if not isinstance(found, Constant) or not isinstance(found.value, str) or self.is_at("escape"):
            raise NotUnderstood
        return _PATTERNS[sign](found.value)

    def _comparison(self, left: Term, operator: Operator) -> Condition:
        if operator is Operator.EQUAL and self.take("any"):
            return OneOf(left, self.array())
        if operator is Operator.UNEQUAL and self.take("all"):
            return Not(OneOf(left, self.array()))
        right = self.term()
        if isinstance(left, Constant):
            return Comparison(right, operator.mirrored, left)
        return Comparison(left, operator, right)


def _as_condition(found: Term | Condition) -> Condition:
    if isinstance(found, Named):
        return Truth(found)
    if isinstance(found, Term):
        raise NotUnderstood
    return found


def _begins_with_constant(condition: Condition | None) -> bool:
    first = condition.left if isinstance(condition, Comparison) else getattr(condition, "term", None)
    return isinstance(first, Constant)


def _alternatives_of(condition: Condition) -> tuple[Condition, ...]:
    return condition.conditions if isinstance(condition, AnyOf) else (condition,)
