"""Which constraint, and which fields of a form, a refusal is about."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ClauseElement,
    Column,
    ColumnClause,
    Constraint,
    Index,
    Table,
    TextClause,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import CompileError
from sqlalchemy.sql.visitors import iterate

from admin_site.descriptions import Description, Field
from admin_site.descriptions.constraints import checks_of, conditions_in
from admin_site.descriptions.logic import names_in
from admin_site.descriptions.rules import Rule
from admin_site.descriptions.tokens import words_in
from admin_site.services.diagnosis import Diagnosis
from admin_site.services.judgement import judge
from admin_site.services.rules import known

_MAX_NAME = 63  # PostgreSQL's; SQLAlchemy replaces the end of a longer one with a digest
_DIGEST = 8
_SQLITE = sqlite.dialect()

Source = Constraint | Index


def is_own(description: Description, found: Diagnosis) -> bool:
    """Whether it is about a table of the record itself, as far as the driver says which it is."""
    return not found.table or any(_is_it(table, found) for table in _tables(description))


def blamed_fields(description: Description, found: Diagnosis) -> list[str]:
    """Return the fields that it is about, or the relations that stand for them in a form."""
    columns = found.columns or _columns_of(*constraint_of(description, found)) or _hinted(description, found)
    fields = [
        field
        for field in description.fields
        if field.column is not None and _is_meant(field.column, columns, found)
    ]
    return list(dict.fromkeys(_shown_as(description, field, fields) for field in fields))


def blamed_relations(description: Description, found: Diagnosis) -> list[str]:
    """Return the relations to the members, or through the links, that it is about."""
    return [
        name
        for name, relation in description.mapper.relationships.items()
        if any(_is_it(table, found) for table in (relation.secondary, *relation.mapper.tables))
    ]


def refers(description: Description, name: str) -> bool:
    """Whether a field or relation holds a reference to another record."""
    field = next((field for field in description.fields if field.name == name), None)
    if field is not None:
        return field.column is not None and bool(field.column.foreign_keys)
    return description.has(name) and description.relation(name).direction == "many_to_one"


def rule_name(description: Description, found: Diagnosis) -> str:
    """Return a check's name in words; "" when nobody has named it.

    ck_courses_ends_after_start is “ends after start”.
    """
    (constraint, _), name = constraint_of(description, found), found.constraint
    tables = "|".join(re.escape(table.name) for table in _tables(description))
    is_automatic = re.fullmatch(rf"({tables})(_.+)?_check\d*", name) is not None
    if not re.fullmatch(r"\w+", name) or (is_automatic and (constraint is None or not constraint.name)):
        return ""
    words = re.sub(rf"^(ck_|chk_)?(({tables})_)?|_(ck|chk|check)$", "", name)
    return words.replace("_", " ").strip()


def broken_rule(description: Description, found: Diagnosis, values: Mapping[str, Any]) -> Rule | None:
    """Return the one rule that a record cannot have kept, where it is one that is understood."""
    constraint, _ = constraint_of(description, found)
    if constraint is not None:
        rules = [rule for rule in description.rules if rule.constraint is constraint]
    elif found.type_name:
        names = {
            field.name
            for field in description.fields
            if field.column is not None and _is_meant(field.column, (), found)
        }
        rules = [rule for rule in description.rules if rule.constraint is None and {*rule.fields} & names]
    else:
        rules = _unknown_rules(description, found)
    fields = {field.name: field for field in description.fields}
    state = {name: known(value) for name, value in values.items()}
    open_rules = [
        rule for rule in rules if rule.condition is None or judge(rule.condition, state, fields) is not True
    ]
    return open_rules[0] if len(open_rules) == 1 and open_rules[0].fields else None


def _unknown_rules(description: Description, found: Diagnosis) -> list[Rule]:
    """Return the rules of a check that the models do not have, which SQLite calls by its text."""
    columns = {field.column.name: field.name for field in description.fields if field.column is not None}
    is_text = not re.fullmatch(r"\w*", found.constraint)
    conditions = conditions_in(found.constraint, columns) if is_text else ()
    order = list(columns.values())
    return [Rule(None, tuple(sorted(set(names_in(each)), key=order.index)), each) for each in conditions]


def constraint_of(description: Description, found: Diagnosis) -> tuple[Source | None, Table | None]:
    """Return the constraint or unique index that the database names, and whose it is."""
    for table in _tables(description) if found.constraint else ():
        rules: list[Source] = [*table.constraints, *checks_of(table), *table.indexes]
        for rule in rules:
            if _is_called(rule, found.constraint):
                return rule, table
        if (unnamed := _unnamed_check(table, found.constraint)) is not None:
            return unnamed, table
    return None, None


def _is_called(rule: Source, name: str) -> bool:
    own = str(rule.name or "")
    if not own and isinstance(rule, CheckConstraint):  # SQLite calls it by its text
        return _as_called(_sql(rule)).split() == name.split()
    is_cut = len(own) > _MAX_NAME == len(name)
    return own == name or (is_cut and own[: _MAX_NAME - _DIGEST] == name[: _MAX_NAME - _DIGEST])


def _as_called(sql: str) -> str:
    """Return what SQLite calls a check: its text, or the name in quotes that the text begins with."""
    match = re.match(r"""(["'`])(.+?)\1""", sql)
    return match[2] if match else sql


def _sql(rule: CheckConstraint) -> str:
    """Return a check as it stands in the definition of its table on SQLite."""
    options = {"literal_binds": True, "include_table": False}
    try:
        return str(rule.sqltext.compile(dialect=_SQLITE, compile_kwargs=options))
    except CompileError:  # what SQLite cannot express is no constraint there
        return ""


def _unnamed_check(table: Table, name: str) -> CheckConstraint | None:
    """Return the check that PostgreSQL gave this name: table_column_check, table_check, table_check1, ...

    See ChooseConstraintName in its src/backend/catalog/pg_constraint.c.
    """
    match = re.fullmatch(r"(.+_check)(\d*)", name)
    alike = [
        rule
        for rule in checks_of(table)
        if match and not rule.name and _automatic_name(table, rule) == match[1]
    ]
    place = int(match[2] or 0) if match else 0
    return alike[place] if place < len(alike) else None


def _automatic_name(table: Table, rule: CheckConstraint) -> str:
    columns = _columns_of(rule, table)
    return "_".join([table.name, *(columns if len(columns) == 1 else ()), "check"])


def _columns_of(rule: Source | None, table: Table | None) -> frozenset[str]:
    if isinstance(rule, CheckConstraint):
        return frozenset(_columns_in([rule.sqltext], table))
    if isinstance(rule, Index):
        return frozenset(_columns_in(rule.expressions, table))
    return frozenset(column.name for column in getattr(rule, "columns", ()))


def _columns_in(expressions: Iterable[Any], table: Table | None) -> Iterator[str]:
    """Yield the columns of `table` that stand in SQL expressions, also in those written as texts."""
    names = {column.name for column in table.columns} if table is not None else set()
    for expression in expressions:
        for part in iterate(expression) if isinstance(expression, ClauseElement) else ():
            if isinstance(part, ColumnClause):
                yield part.name
            elif isinstance(part, TextClause):
                yield from names & words_in(part.text)


def _hinted(description: Description, found: Diagnosis) -> frozenset[str]:
    """Return the columns that stand in the name of a constraint which the models do not have.

    SQLite calls one without a name by its text. Of uq_boats_home_port, home_port is meant, not port.
    """
    tables = [table for table in _tables(description) if not found.table or _is_it(table, found)]
    columns = {column.name for table in tables for column in table.columns}
    if not re.fullmatch(r"\w*", found.constraint):
        return frozenset(columns & words_in(found.constraint))
    rest, hinted = f"_{found.constraint.lower()}_", set()
    for name in (*(table.name for table in tables), *sorted(columns, key=len, reverse=True)):
        if (sign := f"_{name.lower()}_") in rest:
            rest = rest.replace(sign, "__", 1)
            hinted.add(name)
    return frozenset(hinted & columns)


def _is_meant(column: Column[Any], names: Collection[str], found: Diagnosis) -> bool:
    if found.type_name:
        return getattr(column.type, "name", None) == found.type_name
    return column.name in names and (not found.table or _is_it(column.table, found))


def _shown_as(description: Description, field: Field, together: Iterable[Field]) -> str:
    """Return the relation that stands for a foreign-key field, the best fitting one, or the field itself."""
    names = {field.name for field in together}
    covering = [
        relation
        for relation in description.relations
        if field.name in relation.columns and not relation.read_only
    ]
    best = min(covering, key=lambda relation: len(names ^ set(relation.columns)), default=None)
    return best.name if best is not None else field.name


def _is_it(table: Any, found: Diagnosis) -> bool:
    if not isinstance(table, Table) or table.name != found.table:
        return False
    if table.schema is None:
        return f"{found.schema}.{found.table}" not in table.metadata.tables
    return found.schema in ("", table.schema)


def _tables(description: Description) -> list[Table]:
    return [table for table in description.mapper.tables if isinstance(table, Table)]
