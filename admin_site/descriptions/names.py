"""Identifiers of code and tables as the words that people know things by."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Mapper, RelationshipProperty

from admin_site.descriptions.english import in_plural, in_singular

RECORDS = "Records"  # the subject of classes whose module names none

_ACRONYMS = re.compile(
    "api|bic|cpu|csv|dns|ean|faq|ftp|gps|html|https?|iban|id|ips?|isbn|json|pdf|sku|smtp|sms|sql|ssh|ssl|ssn"
    "|tls|ui|ur[il]s?|utc|uuid|vat|xml"
)
_WORD_BREAK = re.compile(r"_+|\W+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LIBRARIES = ("sqlalchemy", "sqlmodel", "pydantic", "builtins", "flask_sqlalchemy")
_PLUMBING = re.compile(
    "__init__|__main__|apps?|base|common|core|database|db|entit(y|ies)|lib|main|mapped|mappers|models?|orm"
    "|schemas?|shared|sql|src|tables"
)
_PLAIN_SCHEMAS = frozenset({"", "public", "main", "dbo"})
_PREFIXES, _SUFFIXES = frozenset({"tbl", "tb"}), frozenset({"model", "table", "orm", "entity"})


def words_of(name: str) -> list[str]:
    """Return the words of an identifier as they are spelled in it, whether Camel or snake."""
    return [word for word in _WORD_BREAK.split(name) if word]


@lru_cache(maxsize=10_000)
def in_words(name: str) -> str:
    """Return an identifier as words: "First name" of first_name, "User type" of UserType."""
    words = words_of(name)
    if not words:
        return name
    is_shouted = name.isupper() and (len(words) > 1 or len(name) > 3)
    words = [_spelled(word, is_shouted) for word in words]
    words[0] = words[0][0].upper() + words[0][1:]
    return " ".join(words)


def in_snake_case(name: str) -> str:
    """Return an identifier as it would be spelled here: FirstName is first_name."""
    return "_".join(words_of(name)).lower()


@lru_cache(maxsize=10_000)
def squashed(name: str) -> str:
    """Return an identifier without what divides its words, in which spellings differ most: firstname."""
    return "".join(words_of(name)).lower()


def slug_of(class_name: str) -> str:
    """Return the identity that SQLAdmin gives to the view of a class: "user-type" of UserType.

    What would stand in the way in an address becomes a dash: a class of a reflected table may have any name.
    """
    dashed = re.sub(r"(.)([A-Z][a-z]+)", r"\1-\2", class_name)
    dashed = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", dashed).lower()
    return dashed if re.fullmatch(r"[\w-]+", dashed) else re.sub(r"\W+", "-", dashed).strip("-")


def subject_of(module: str, schema: str = "") -> str:
    """Return the words for the last part of a module's name that says something, else for the schema."""
    parts = module.split(".")
    if parts[0] in _LIBRARIES:
        parts = []
    while parts and _PLUMBING.fullmatch(parts[-1].lower()):
        parts.pop()
    if parts:
        return in_words(parts[-1].strip("_")) or RECORDS
    return RECORDS if schema.lower() in _PLAIN_SCHEMAS else in_words(schema)


@cache
def name_of(mapper: Mapper[Any]) -> str:
    """Return what one record of a class is called: "Order item" of a table's class order_items."""
    plain = in_words(mapper.class_.__name__)
    for simplify in (_without_plumbing, _as_one):
        simple = simplify(mapper, plain)
        if simple != plain and not _is_taken(mapper, simple, simplify):
            plain = simple
    return plain


def relation_label(prop: RelationshipProperty[Any]) -> str:
    """Return the words for a relation: "Order lines" of orderline_collection, as automap calls it."""
    name = prop.key
    target = prop.mapper
    own = squashed(target.class_.__name__)
    if not prop.uselist:
        return name_of(target) if squashed(name) == own else in_words(name)
    members = name.removesuffix("_collection")
    if members == name:
        return in_words(name)
    return in_plural(name_of(target) if squashed(members) == own else in_words(members))


def _spelled(word: str, is_shouted: bool) -> str:
    is_acronym = word.isupper() and 1 < len(word) < 6 and not is_shouted
    return word.upper() if is_acronym or _ACRONYMS.fullmatch(word.lower()) else word.lower()


def _without_plumbing(mapper: Mapper[Any], name: str) -> str:
    """Return the name without words that tell of tables: "User" of UserModel, "Invoice" of tbl_invoice."""
    words = name.split(" ")
    if len(words) > 1 and words[0].lower() in _PREFIXES:
        words = words[1:]
    if len(words) > 1 and words[-1].lower() in _SUFFIXES:
        words = words[:-1]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def _as_one(mapper: Mapper[Any], name: str) -> str:
    """Return the singular of a class that is called like its table, which is called after many."""
    table = mapper.local_table
    is_named_after = isinstance(table, Table) and squashed(table.name) == squashed(mapper.class_.__name__)
    return in_singular(name) if is_named_after else name


def _is_taken(mapper: Mapper[Any], name: str, simplify: Callable[[Mapper[Any], str], str]) -> bool:
    others = (other for other in mapper.registry.mappers if other is not mapper)
    return any(
        name in (plain, simplify(other, plain))
        for other in others
        for plain in [in_words(other.class_.__name__)]
        if other.class_.__name__ != mapper.class_.__name__
    )
