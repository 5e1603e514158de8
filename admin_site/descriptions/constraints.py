"""The rules that the tables of a mapped class have for its fields."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import CheckConstraint, Table, TextClause
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import ClauseElement

from admin_site.descriptions.expressions import read_check
from admin_site.descriptions.logic import conjuncts, names_in
from admin_site.descriptions.places import Place
from admin_site.descriptions.rules import Condition, Rule
from admin_site.descriptions.tokens import words_in

VALUE = "VALUE"
"""What a domain's CHECK calls the value of a column."""

# The first of them that can write an expression does; a "%" is not doubled by this paramstyle.
_DIALECTS: tuple[Dialect, ...] = (PGDialect(paramstyle="named"), sqlite.dialect())  # type: ignore[no-untyped-call]


def rules_of(mapper: Mapper[Any], places: Sequence[Place]) -> tuple[Rule, ...]:
    """Return the rules of the CHECK constraints of a mapper's tables, those that are not understood too.

    A constraint about a column that the class does not have is left to the database.
    """
    tables = (table for table in mapper.tables if isinstance(table, Table))
    return tuple(rule for table in tables for rule in _rules(table, places))


def checks_of(table: Table) -> list[CheckConstraint]:
    """Return the checks of a table in the order of its definition, those of its columns first."""
    of_columns = [rule for column in table.columns for rule in column.constraints]
    own = sorted(table.constraints, key=lambda rule: getattr(rule, "_creation_order", 0))
    return [rule for rule in (*of_columns, *own) if isinstance(rule, CheckConstraint)]


def conditions_in(expression: ClauseElement | str, names: Mapping[str, str]) -> tuple[Condition, ...]:
    """Return the conditions that an expression joins by AND; none where it is not understood.

    `names` are those of the fields by column.
    """
    condition = read_check(sql_of(expression), names)
    return tuple(conjuncts(condition)) if condition is not None else ()


def sql_of(expression: ClauseElement | str) -> str:
    """Return an expression as it was written, or as one of the databases would have it."""
    if isinstance(expression, str):
        return expression
    if isinstance(expression, TextClause):
        return expression.text.replace("\\:", ":")
    options = {"literal_binds": True, "include_table": False}
    for dialect in _DIALECTS:
        try:
            return str(expression.compile(dialect=dialect, compile_kwargs=options))
        except (SQLAlchemyError, NotImplementedError):  # what this dialect, or a literal, cannot express
            continue
    return ""


def name_in_words(constraint: CheckConstraint, table: Table) -> str:
    """Return a check's own name in words, "" when it has none.

    ck_courses_ends_after_start is "ends after start".
    """
    name = str(constraint.name or "")
    own = re.escape(table.name)
    if not re.fullmatch(r"\w+", name):
        return ""
    return re.sub(rf"^(ck_|chk_)?({own}_)?|_(ck|chk|check)$", "", name).replace("_", " ").strip()


def _rules(table: Table, places: Sequence[Place]) -> Iterator[Rule]:
    names = {place.column.name: place.name for place in places if place.table is table}
    order = [place.name for place in places]
    for constraint in checks_of(table):
        if not getattr(constraint, "_type_bound", False):  # it says no more than the type of its column
            yield from _rules_of(constraint, table, names, order)


def _rules_of(
    constraint: CheckConstraint, table: Table, names: Mapping[str, str], order: Sequence[str]
) -> Iterator[Rule]:
    said = {"name": name_in_words(constraint, table), "comment": constraint.comment or ""}
    sql = sql_of(constraint.sqltext)
    conditions = conditions_in(sql, names)
    for condition in conditions:
        yield Rule(constraint, _sorted(names_in(condition), order), condition, **said)
    if not conditions:
        mentioned = {names[word] for word in words_in(sql) & names.keys()}
        yield Rule(constraint, _sorted(mentioned, order), None, **said)


def _sorted(names: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    wanted = set(names)
    return tuple(name for name in order if name in wanted)
