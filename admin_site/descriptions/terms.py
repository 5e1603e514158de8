"""The terms of SQL expressions: columns, constants and functions of them."""

from abc import abstractmethod
from collections.abc import Mapping
from decimal import Decimal

from admin_site.descriptions.rules import Applied, Condition, Constant, Function, Named, Present, Term
from admin_site.descriptions.tokens import Cursor, NotUnderstood, Sort, Token

_FUNCTIONS = {
    "length": Function.LENGTH,
    "char_length": Function.LENGTH,
    "character_length": Function.LENGTH,
    "octet_length": Function.BYTES,
    "lower": Function.LOWER,
    "upper": Function.UPPER,
    "btrim": Function.TRIM,
    "trim": Function.TRIM,
}
_PRESENTS = {
    "current_date": Present(is_day=True),
    "current_timestamp": Present(is_day=False),
    "localtimestamp": Present(is_day=False),
    "now": Present(is_day=False),
}
# Casts of columns that change nothing that is asked here.
_WIDER = frozenset({"text", "varchar", "character varying", "numeric", "decimal", "bigint", "int8"})
_LONG_TYPES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("character",): ("varying",),
    ("double",): ("precision",),
    ("timestamp",): ("with", "time", "zone"),
    ("time",): ("with", "time", "zone"),
}


class TermReader(Cursor):
    """One pass over the words of an expression; `names` are those of fields by column."""

    def __init__(self, words: list[Token], names: Mapping[str, str]) -> None:
        super().__init__(words)
        self._names = names
        self._names_in_any_case = {name.lower(): field for name, field in names.items()}

    @abstractmethod
    def alternatives(self) -> Term | Condition:
        """Return what stands within parentheses."""

    def term(self) -> Term:
        """Return the term that is next."""
        found = self.operand()
        if not isinstance(found, Term):
            raise NotUnderstood
        return found

    def operand(self) -> Term | Condition:
        """Return the term, or the condition in parentheses, that is next."""
        found = self._primary()
        while self.take("::"):
            found = _cast(found, self._type())
        return found

    def _primary(self) -> Term | Condition:
        token = self.advance()
        if token.sort is Sort.TEXT:
            return Constant(token.text)
        if token.sort is Sort.NUMBER:
            return Constant(Decimal(token.text))
        if token.sort is Sort.QUOTED:
            return self._name(token)
        if token.sort is Sort.WORD:
            return self._word(token)
        if token.text == "(":
            found = self.alternatives()
            self.expect(")")
            return found
        if token.text in ("-", "+") and self.next.sort is Sort.NUMBER:
            return Constant(Decimal(token.text + self.advance().text))
        if token.text == "[" and self.next.sort is Sort.WORD:
            name = Token(Sort.QUOTED, self.advance().text)
            self.expect("]")
            return self._name(name)
        raise NotUnderstood

    def _word(self, token: Token) -> Term | Condition:
        word = token.text.lower()
        if word in ("true", "false"):
            return Constant(word == "true")
        if word in ("date", "timestamp", "time") and self.next.sort is Sort.TEXT:
            return Constant(self.advance().text)
        if word in _PRESENTS and word not in self._names_in_any_case:
            if self.take("("):
                self.expect(")")
            return _PRESENTS[word]
        if self.is_at("("):
            return self._function(word)
        return self._name(token)

    def _function(self, word: str) -> Term | Condition:
        found: Term | Condition
        self.expect("(")
        if word == "cast":
            term = self.term()
            self.expect("as")
            found = _cast(term, self._type())
        elif word in _FUNCTIONS:
            if word == "trim" and self.take("both"):
                self.expect("from")
            found = Applied(_FUNCTIONS[word], self.term())
        else:
            raise NotUnderstood
        self.expect(")")
        return found

    def _name(self, token: Token) -> Named:
        while self.take("."):
            token = self.advance()  # what stands before is the table's name
        if token.sort is Sort.QUOTED and token.text in self._names:
            return Named(self._names[token.text])
        if token.sort is Sort.WORD and token.text.lower() in self._names_in_any_case:
            return Named(self._names.get(token.text) or self._names_in_any_case[token.text.lower()])
        raise NotUnderstood

    def constants(self, end: str) -> tuple[Constant, ...]:
        """Return the constants of a list, past the sign that ends it."""
        found: list[Constant] = []
        while not found or self.take(","):
            term = self.term()
            if not isinstance(term, Constant):
                raise NotUnderstood
            found.append(term)
        self.expect(end)
        return tuple(found)

    def array(self) -> tuple[Constant, ...]:
        """Return the constants of PostgreSQL's (ARRAY[...])."""
        self.expect("(")
        if self.is_at("("):
            found = self.array()
        else:
            self.expect("array")
            self.expect("[")
            found = self.constants("]")
        while self.take("::"):
            self._type()
        self.expect(")")
        return found

    def _type(self) -> str:
        """Return the name of a type; with its size, where it has one, it is none of those that are known."""
        name = self.advance()
        words = [name.text.lower() if name.sort is Sort.WORD else name.text]
        while self.take("."):
            words = [self.advance().text]
        for more in _LONG_TYPES.get(tuple(words), ()):
            if self.take(more) or (more == "with" and self.take("without")):
                words.append(more)
        if self.take("("):
            words.append("sized")
            while not self.take(")"):
                self.advance()
        while self.take("["):
            self.expect("]")
        return " ".join(words)


def _cast(found: Term | Condition, type_name: str) -> Term | Condition:
    if isinstance(found, Constant) or type_name in _WIDER:
        return found
    raise NotUnderstood
