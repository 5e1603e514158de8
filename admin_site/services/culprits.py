"""Which constraint, and which fields of a form, a refusal is about."""

import re
from collections.abc import Collection, Iterable, Iterator
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
from admin_site.services.diagnosis import Diagnosis, names_in

_MAX_NAME = 63  # PostgreSQL's; SQLAlchemy replaces the end of a longer one with a digest
_DIGEST = 8
_SQLITE = sqlite.dialect()

Rule = Constraint | Index


def is_own(description: Description, found: Diagnosis) -> bool:
    """Whether it is about a table of the record itself, as far as the driver says which it is."""
    return not found.table or any(_is_it(table, found) for table in _tables(description))


def blamed_fields(description: Description, found: Diagnosis) -> list[str]:
    """Return the fields that it is about, or the relations that stand for them in a form."""
    columns = found.columns or _columns_of(*_constraint(description, found))
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
    (constraint, _), name = _constraint(description, found), found.constraint
    tables = "|".join(re.escape(table.name) for table in _tables(description))
    is_automatic = re.fullmatch(rf"({tables})(_.+)?_check\d*", name) is not None
    if not re.fullmatch(r"\w+", name) or (is_automatic and (constraint is None or not constraint.name)):
        return ""
    words = re.sub(rf"^(ck_|chk_)?(({tables})_)?|_(ck|chk|check)$", "", name)
    return words.replace("_", " ").strip()


def _constraint(description: Description, found: Diagnosis) -> tuple[Rule | None, Table | None]:
    """Return the constraint or unique index that the database names, and whose it is."""
    for table in _tables(description) if found.constraint else ():
        rules: list[Rule] = [*table.constraints, *_checks(table), *table.indexes]
        for rule in rules:
            if _is_called(rule, found.constraint):
                return rule, table
        if (unnamed := _unnamed_check(table, found.constraint)) is not None:
            return unnamed, table
    return None, None


def _is_called(rule: Rule, name: str) -> bool:
    own = str(rule.name or "")
    if not own and isinstance(rule, CheckConstraint):  # SQLite calls it by its text
        return _sql(rule).split() == name.split()
    is_cut = len(own) > _MAX_NAME == len(name)
    return own == name or (is_cut and own[: _MAX_NAME - _DIGEST] == name[: _MAX_NAME - _DIGEST])


def _sql(rule: CheckConstraint) -> str:
    """Return a check as it stands in the definition of its table on SQLite."""
    options = {"literal_binds": True, "include_table": False}
    try:
        return str(rule.sqltext.compile(dialect=_SQLITE, compile_kwargs=options))
    except CompileError:  # what SQLite cannot express is no constraint there
        return ""


def _unnamed_check(table: Table, name: str) -> Rule | None:
    """Return the check that PostgreSQL gave this name: table_column_check, table_check, table_check1, ...

    See ChooseConstraintName in its src/backend/catalog/pg_constraint.c.
    """
    match = re.fullmatch(r"(.+_check)(\d*)", name)
    alike = [
        rule
        for rule in _checks(table)
        if match and not rule.name and _automatic_name(table, rule) == match[1]
    ]
    place = int(match[2] or 0) if match else 0
    return alike[place] if place < len(alike) else None


def _automatic_name(table: Table, rule: CheckConstraint) -> str:
    columns = _columns_of(rule, table)
    return "_".join([table.name, *(columns if len(columns) == 1 else ()), "check"])


def _checks(table: Table) -> list[CheckConstraint]:
    """Return the checks of a table in the order of its definition, those of its columns first."""
    of_columns = [rule for column in table.columns for rule in column.constraints]
    own = sorted(table.constraints, key=lambda rule: getattr(rule, "_creation_order", 0))
    return [rule for rule in (*of_columns, *own) if isinstance(rule, CheckConstraint)]


def _columns_of(rule: Rule | None, table: Table | None) -> frozenset[str]:
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
                yield from names & names_in(part.text)


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
